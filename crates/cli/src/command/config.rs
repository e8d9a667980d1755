// SPDX-License-Identifier: Apache-2.0
//! `moat config`: every value with its origin.

use serde::Serialize;

use crate::arguments::ConfigVerb;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

#[derive(Debug, Serialize)]
struct Shown<'a> {
    key: &'a str,
    value: &'a str,
    origin: String,
}

pub(crate) fn run(
    environment: &Environment,
    overrides: &[String],
    verb: &ConfigVerb,
) -> Result<Exit, Failure> {
    let ConfigVerb::Show { json } = verb;
    let loaded = environment.loaded(overrides)?;
    let mut terminal = Terminal::new(environment.output);
    for row in &loaded.rows {
        let origin = row.provenance.to_string();
        let line = if *json {
            let shown = Shown { key: &row.key, value: &row.value, origin };
            serde_json::to_string(&shown).unwrap_or_default()
        } else {
            moat_base::visible(&format!("{} = {}  # {origin}", row.key, row.value)).into_owned()
        };
        terminal.write(&format!("{line}\n"));
    }
    Ok(Exit::Success)
}
