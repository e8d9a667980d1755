// SPDX-License-Identifier: Apache-2.0
//! `moat doctor`: starts a real sandbox, attacks it, and says what is enforced.

use moat_base::random_hex;
use moat_sandbox::{Effect, Finding, Launcher, Standing, probe};
use moat_tui::{Paint, Tone};
use serde::Serialize;

use crate::arguments::Doctor;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::start::{Egress, Started};
use crate::terminal::Terminal;

#[derive(Debug, Serialize)]
struct Diagnosis<'a> {
    enforced: bool,
    findings: &'a [Finding],
    directories: [(&'static str, String); 4],
}

pub(crate) fn run(environment: &Environment, arguments: &Doctor) -> Result<Exit, Failure> {
    let started = Started::begin(environment, Egress::None)?;
    let findings = examine(environment, &started.launcher)?;
    let enforced = findings.iter().all(|finding| finding.standing == Standing::Enforced);
    let mut terminal = Terminal::new(environment.output);
    let directories = directories(environment);
    if arguments.json {
        let diagnosis = Diagnosis { enforced, findings: &findings, directories };
        let text = serde_json::to_string_pretty(&diagnosis).unwrap_or_default();
        terminal.write(&format!("{text}\n"));
    } else {
        terminal.write(&text(&findings, environment.paint, arguments.summary));
        if !arguments.summary {
            for (name, path) in directories {
                terminal.write(&format!("{name:<8} {path}\n"));
            }
        }
    }
    Ok(if enforced { Exit::Success } else { Exit::Environment })
}

fn examine(environment: &Environment, launcher: &Launcher) -> Result<Vec<Finding>, Failure> {
    let failed = |error: &std::io::Error| {
        Failure::environment("could not make a place for the trial", "look at the state directory")
            .because(error)
    };
    let name = random_hex(8).map_err(|error| failed(&error))?;
    let scratch = environment.layout.state.join("doctor").join(name);
    environment.fs.create_dir_all(&scratch).map_err(|error| failed(&error))?;
    let findings = probe(launcher, &scratch);
    moat_files::remove_files(&scratch).map_err(|error| failed(&error))?;
    findings.map_err(|error| Failure::of(Exit::Environment, &error))
}

fn directories(environment: &Environment) -> [(&'static str, String); 4] {
    let layout = &environment.layout;
    [
        ("config", layout.config.display().to_string()),
        ("state", layout.state.display().to_string()),
        ("data", layout.data.display().to_string()),
        ("runtime", layout.runtime.display().to_string()),
    ]
}

fn text(findings: &[Finding], paint: Paint, summary: bool) -> String {
    let mut text = String::new();
    for effect in Effect::ALL {
        let of_it: Vec<_> = findings.iter().filter(|finding| finding.effect == effect).collect();
        let holds =
            !of_it.is_empty() && of_it.iter().all(|finding| finding.standing == Standing::Enforced);
        let (mark, tone) = if holds { ("enforced", Tone::Good) } else { ("NOT", Tone::Bad) };
        let tried = if of_it.len() == 1 { "attempt" } else { "attempts" };
        text.push_str(&format!(
            "{} {}  ({} {tried})\n",
            paint.paint(tone, &format!("{mark:<8}")),
            effect.name(),
            of_it.len()
        ));
        for finding in of_it {
            finding_lines(&mut text, finding, paint, summary);
        }
    }
    text
}

fn finding_lines(text: &mut String, finding: &Finding, paint: Paint, summary: bool) {
    match &finding.standing {
        Standing::Enforced if summary => {}
        Standing::Enforced => {
            text.push_str(&format!("           {}\n", paint.paint(Tone::Faint, &finding.attempt)));
        }
        Standing::NotEnforced { why, fix } => {
            let line = format!("{}: {why}", finding.attempt);
            text.push_str(&format!("           {}\n", paint.paint(Tone::Bad, &line)));
            text.push_str(&format!("           fix: {fix}\n"));
        }
    }
}
