// SPDX-License-Identifier: Apache-2.0
//! `moat doctor`: starts a real sandbox, attacks it, and says what is enforced.
//!
//! What it prints stands by itself: which program, which kernel, when, what was tried and
//! what came of it. A machine that refuses a sandbox gets the same report, with the refusal.

use moat_base::{Report, Timestamp, random_hex};
use moat_files::BlobId;
use moat_sandbox::{Effect, Error, Examination, Finding, Launcher, Standing, Step};
use moat_tui::{Paint, Tone};
use serde::Serialize;

use crate::arguments::Doctor;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::start::{Egress, Started};
use crate::terminal::Terminal;

#[derive(Debug, Serialize)]
struct Diagnosis {
    /// Whether every attempt was held, on the first step of the ladder.
    enforced: bool,
    machine: Machine,
    /// What a sandbox enforces; nothing when none could be started.
    #[serde(flatten)]
    examination: Option<Examination>,
    /// Why none could be started.
    refused: Option<String>,
    /// What was tried on the way to the step; nothing when the first one worked.
    attempts: Vec<Attempt>,
    directories: [(&'static str, String); 4],
}

/// What the report is about.
#[derive(Debug, Serialize)]
struct Machine {
    version: &'static str,
    program: String,
    sha256: String,
    kernel: String,
    date: Timestamp,
}

#[derive(Debug, Serialize)]
struct Attempt {
    what: String,
    error: Option<String>,
}

pub(crate) fn run(environment: &Environment, arguments: &Doctor) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    if arguments.apparmor_profile {
        environment.give_up_inet()?;
        terminal.write(&profile(&environment.program.display().to_string()));
        return Ok(Exit::Success);
    }
    // It looks at what there is, whatever the configuration asks for.
    let started = Started::begin(environment, Egress::None, Step::Rules)?;
    let diagnosis = diagnose(environment, &started.launcher)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&diagnosis).unwrap_or_default();
        terminal.write(&format!("{text}\n"));
    } else {
        terminal.write(&text(&diagnosis, environment.paint, arguments.summary));
    }
    Ok(if diagnosis.enforced { Exit::Success } else { Exit::Environment })
}

fn diagnose(environment: &Environment, launcher: &Launcher) -> Result<Diagnosis, Failure> {
    let (examination, refused) = match examine(environment, launcher)? {
        Ok(examination) => (Some(examination), None),
        Err(error) => (None, Some(Report::of(&error).to_string())),
    };
    let attempts = launcher.attempts().into_iter().map(|(what, error)| Attempt { what, error });
    let enforced = examination.as_ref().is_some_and(|examination| {
        examination.confinement.is_full()
            && examination.findings.iter().all(|it| it.standing == Standing::Enforced)
    });
    let machine = machine(environment);
    let directories = directories(environment);
    let attempts = attempts.collect();
    Ok(Diagnosis { enforced, machine, examination, refused, attempts, directories })
}

fn examine(
    environment: &Environment,
    launcher: &Launcher,
) -> Result<Result<Examination, Error>, Failure> {
    let failed = |error: &std::io::Error| {
        Failure::environment("could not make a place for the trial", "look at the state directory")
            .because(error)
    };
    let name = random_hex(8).map_err(|error| failed(&error))?;
    let scratch = environment.layout.state.join("doctor").join(name);
    environment.fs.create_dir_all(&scratch).map_err(|error| failed(&error))?;
    let examination = launcher.examine(&scratch);
    moat_files::remove_files(&scratch).map_err(|error| failed(&error))?;
    Ok(examination)
}

fn machine(environment: &Environment) -> Machine {
    let program = environment.fs.read(&environment.program, PROGRAM_BYTES_MAX);
    let sha256 = program.map_or_else(|_| "unknown".into(), |it| BlobId::of(&it).to_string());
    let kernel = environment.fs.read("/proc/sys/kernel/osrelease".as_ref(), 256);
    let kernel = kernel
        .map_or_else(|_| "unknown".into(), |name| String::from_utf8_lossy(&name).trim().to_owned());
    Machine {
        version: env!("CARGO_PKG_VERSION"),
        program: environment.program.display().to_string(),
        sha256,
        kernel,
        date: environment.clock.now(),
    }
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

fn text(diagnosis: &Diagnosis, paint: Paint, summary: bool) -> String {
    let mut text = String::new();
    let machine = &diagnosis.machine;
    for (name, value) in [
        ("moat", machine.version),
        ("program", &machine.program),
        ("sha256", &machine.sha256),
        ("kernel", &machine.kernel),
        ("date", &machine.date.to_string()),
    ] {
        text.push_str(&format!("{name:<8} {value}\n"));
    }
    if let Some(refused) = &diagnosis.refused {
        text.push_str(&format!("{:<8} {}\n", "step", paint.paint(Tone::Bad, "none: refused")));
        text.push_str(&format!("{refused}\n"));
        attempts(&mut text, &diagnosis.attempts, paint);
    }
    if let Some(examination) = &diagnosis.examination {
        let confinement = &examination.confinement;
        let tone = if confinement.is_full() { Tone::Good } else { Tone::Bad };
        text.push_str(&format!("{:<8} {}\n", "step", paint.paint(tone, &confinement.line())));
        text.push_str(&format!("{:<8} {}\n", "limits", examination.resources));
        attempts(&mut text, &diagnosis.attempts, paint);
        effects(&mut text, examination, paint, summary);
    }
    if !summary {
        for (name, path) in &diagnosis.directories {
            text.push_str(&format!("{name:<8} {path}\n"));
        }
    }
    text
}

/// What was tried on the way down the ladder.
fn attempts(text: &mut String, attempts: &[Attempt], paint: Paint) {
    for attempt in attempts {
        let (mark, tone, error) = match &attempt.error {
            None => ("works", Tone::Good, String::new()),
            Some(error) => ("refused", Tone::Bad, format!(": {error}")),
        };
        let mark = paint.paint(tone, &format!("{mark:<8}"));
        text.push_str(&format!("{mark} {}{error}\n", attempt.what));
    }
}

fn effects(text: &mut String, examination: &Examination, paint: Paint, summary: bool) {
    let lost = examination.confinement.lost();
    for effect in Effect::ALL {
        let of_it: Vec<_> =
            examination.findings.iter().filter(|finding| finding.effect == effect).collect();
        let holds = !lost.contains(&effect)
            && !of_it.is_empty()
            && of_it.iter().all(|finding| finding.standing == Standing::Enforced);
        let (mark, tone) = if holds { ("enforced", Tone::Good) } else { ("NOT", Tone::Bad) };
        let tried = if of_it.len() == 1 { "attempt" } else { "attempts" };
        text.push_str(&format!(
            "{} {}  ({} {tried})\n",
            paint.paint(tone, &format!("{mark:<8}")),
            effect.name(),
            of_it.len()
        ));
        for (known, standing) in &examination.confinement.effects {
            if let (true, Standing::NotEnforced { why, fix }) = (*known == effect, standing) {
                text.push_str(&format!("           {}\n", paint.paint(Tone::Bad, why)));
                text.push_str(&format!("           fix: {fix}\n"));
            }
        }
        for finding in of_it {
            finding_lines(text, finding, paint, summary);
        }
    }
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

/// A profile in AppArmor's language that allows this program user namespaces.
fn profile(program: &str) -> String {
    // The name is in quotes, where these two and the signs of a pattern mean something.
    let mut name = String::new();
    for letter in program.chars() {
        if "\"\\*?[]{}^@".contains(letter) {
            name.push('\\');
        }
        name.push(letter);
    }
    format!(
        "# Lets Moat make user namespaces, in which it confines every command.\n\
         # Install as /etc/apparmor.d/moat, then: apparmor_parser -r /etc/apparmor.d/moat\n\
         abi <abi/4.0>,\n\
         include <tunables/global>\n\
         \n\
         profile moat \"{name}\" flags=(unconfined) {{\n\
         \x20 userns,\n\
         \n\
         \x20 include if exists <local/moat>\n\
         }}\n"
    )
}

/// The longest program whose digest is computed.
const PROGRAM_BYTES_MAX: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_names_one_program_exactly() {
        let text = profile("/opt/m\"o{a}t");
        assert!(text.contains("profile moat \"/opt/m\\\"o\\{a\\}t\" flags"), "{text}");
        assert!(text.contains("\n  userns,\n"), "{text}");
    }
}
