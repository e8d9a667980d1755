// SPDX-License-Identifier: Apache-2.0
//! `moat config`: every value with its origin, and the schemas of the files.

use std::path::Path;

use moat_config::{Ignored, Loaded, Origin, Row, Schema, schema};
use serde::Serialize;

use crate::arguments::ConfigVerb;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace_settings;

#[derive(Debug, Serialize)]
struct Shown<'a> {
    key: &'a str,
    value: &'a str,
    origin: String,
    #[serde(flatten)]
    source: Option<Source<'a>>,
}

/// Where a value stands, in parts.
#[derive(Debug, Serialize)]
struct Source<'a> {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

#[derive(Debug, Serialize)]
struct LeftOut<'a> {
    ignored: &'a str,
    why: &'a str,
    #[serde(flatten)]
    source: Source<'a>,
}

/// How much is shown of where values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// What counts.
    Values,
    /// What does not count as well, and the parts of each origin.
    Origins,
}

pub(crate) fn run(
    environment: &Environment,
    overrides: &[String],
    verb: &ConfigVerb,
) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    match verb {
        ConfigVerb::Schema { workspace } => {
            let of = if *workspace { Schema::Workspace } else { Schema::Settings };
            terminal.write(&schema(of));
        }
        ConfigVerb::Show { dir, origin, json } => {
            let loaded = environment.loaded(overrides)?;
            let holds = match environment.workspace(dir.as_deref()) {
                Ok(workspace) => workspace_settings::tightened(&loaded, &workspace),
                Err(failure) if dir.is_some() => return Err(failure),
                // It is told from a directory that is gone as well.
                Err(_nowhere) => loaded,
            };
            let extent = if *origin { Extent::Origins } else { Extent::Values };
            let lines = if *json { json_lines(&holds, extent) } else { text(&holds, extent) };
            for line in lines {
                terminal.write(&format!("{line}\n"));
            }
        }
    }
    Ok(Exit::Success)
}

fn text(holds: &Loaded, extent: Extent) -> Vec<String> {
    let row = |row: &Row| {
        let origin = match (extent, &row.provenance.origin) {
            (Extent::Origins, Origin::Defaults) => "built-in".to_owned(),
            (Extent::Values | Extent::Origins, _) => row.provenance.to_string(),
        };
        format!("{} = {}  # {origin}", row.key, row.value)
    };
    let left_out = |ignored: &Ignored| format!("# {ignored}");
    let rows = holds.rows.iter().map(row);
    let lines: Vec<String> = match extent {
        Extent::Values => rows.collect(),
        Extent::Origins => rows.chain(holds.ignored.iter().map(left_out)).collect(),
    };
    lines.iter().map(|line| moat_base::visible(line).into_owned()).collect()
}

fn json_lines(holds: &Loaded, extent: Extent) -> Vec<String> {
    let row = |row: &Row| {
        let source = match extent {
            Extent::Values => None,
            Extent::Origins => Some(source(&row.provenance.origin, row.provenance.line)),
        };
        let origin = row.provenance.to_string();
        serde_json::to_string(&Shown { key: &row.key, value: &row.value, origin, source })
    };
    let left_out = |ignored: &Ignored| {
        let source = source(&ignored.place.origin, ignored.place.line);
        serde_json::to_string(&LeftOut { ignored: &ignored.key, why: &ignored.why, source })
    };
    let mut lines: Vec<_> = holds.rows.iter().map(row).collect();
    match extent {
        Extent::Values => {}
        Extent::Origins => lines.extend(holds.ignored.iter().map(left_out)),
    }
    lines.into_iter().map(Result::unwrap_or_default).collect()
}

fn source(origin: &Origin, line: usize) -> Source<'_> {
    let (source, file) = match origin {
        Origin::Defaults => ("built-in", None),
        Origin::UserFile(file) => ("user", Some(file.as_path())),
        Origin::CommandLine => ("command-line", None),
        Origin::Requirements(file) => ("requirements", Some(file.as_path())),
        Origin::Workspace(file) => ("workspace", Some(file.as_path())),
    };
    Source { source, file, line: file.map(|_| line) }
}
