// SPDX-License-Identifier: Apache-2.0
//! `moat doctor`: starts a real sandbox, attacks it, and says what is enforced.
//!
//! What it prints stands by itself: which program, which machine, whose configuration, when,
//! what was tried with which control, and what came of it. A machine that refuses a sandbox
//! gets the same report, with the refusal, and so does a configuration that is broken.
//!
//! Invariant: the exit code follows from the verdict, and the verdict from what was tried.

mod configuration;
mod machine;
mod profile;
mod text;

use std::path::{Path, PathBuf};

use moat_base::{Report, random_hex};
use moat_config::{LeastConfinement, Loaded};
use moat_probe::{BrokerPlan, Examination, Look, Standing, Verdict as Found};
use moat_sandbox::{Effect, Error, Launcher, Step};
use serde::Serialize;

use crate::arguments::Doctor;
use crate::broker;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace_settings;
use configuration::Configuration;
use machine::Machine;
use text::Length;

/// The version of the form that `--json` has. A name is only added under the same one.
const SCHEMA: u32 = 1;

/// The whole report.
#[derive(Debug, Serialize)]
struct Diagnosis {
    schema: u32,
    verdict: Verdict,
    /// The verdict in a sentence.
    summary: String,
    machine: Machine,
    /// What should be looked at beside the verdict.
    warnings: Vec<String>,
    configuration: Configuration,
    /// What a sandbox enforces; nothing when none could be started.
    #[serde(flatten)]
    examination: Option<Examination>,
    effects: Vec<Held>,
    /// Why none could be started.
    refused: Option<String>,
    /// What was tried on the way to the step; nothing when the first one worked.
    attempts: Vec<Attempt>,
    workspace: Workspace,
    limits: Vec<configuration::Limit>,
    not_covered: &'static [NotCovered],
    directories: [(&'static str, String); 4],
}

/// What the report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// Every effect holds, on the first step of the ladder.
    Enforced,
    /// Commands run, and less than everything holds or could be proved.
    Partial,
    /// Nothing runs here.
    Refused,
    /// Something got through that is said to be held.
    Broken,
}

/// Whether one effect holds, by what was tried.
#[derive(Debug, Serialize)]
struct Held {
    effect: Effect,
    enforced: bool,
}

#[derive(Debug, Serialize)]
struct Attempt {
    what: String,
    error: Option<String>,
}

/// The workspace that the report was asked for.
#[derive(Debug, Serialize)]
struct Workspace {
    path: PathBuf,
    file_system: Option<machine::FileSystem>,
    #[serde(flatten)]
    look: Option<Look>,
}

/// Something that no attempt shows, because it is outside of the design.
#[derive(Debug, Serialize)]
struct NotCovered {
    what: &'static str,
    see: &'static str,
}

pub(crate) fn run(
    environment: &Environment,
    overrides: &[String],
    arguments: &Doctor,
) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    if arguments.apparmor_profile {
        environment.give_up_inet()?;
        terminal.write(&profile::profile(&environment.program.display().to_string()));
        return Ok(Exit::Success);
    }
    let workspace = environment.workspace(arguments.dir.as_deref())?;
    // It looks at what there is, whatever the configuration asks for. The launcher keeps the
    // network until the controls are made, which it is for.
    let launcher = environment.launcher(Step::Rules)?;
    environment.give_up_inet()?;
    let diagnosis = diagnose(environment, overrides, &launcher, (&workspace, arguments))?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&diagnosis).unwrap_or_default();
        terminal.write(&format!("{text}\n"));
    } else {
        let length = if arguments.summary { Length::Short } else { Length::Whole };
        terminal.write(&text::text(&diagnosis, environment.paint, length));
    }
    Ok(exit(&diagnosis))
}

fn exit(diagnosis: &Diagnosis) -> Exit {
    match diagnosis.verdict {
        Verdict::Refused | Verdict::Broken => Exit::Environment,
        // No other command runs with it either.
        Verdict::Enforced | Verdict::Partial if diagnosis.configuration.error.is_some() => {
            Exit::Usage
        }
        Verdict::Partial => Exit::NotSolved,
        Verdict::Enforced => Exit::Success,
    }
}

fn diagnose(
    environment: &Environment,
    overrides: &[String],
    launcher: &Launcher,
    (workspace, arguments): (&Path, &Doctor),
) -> Result<Diagnosis, Failure> {
    let loaded = environment.loaded(overrides);
    let loaded = loaded.map(|loaded| workspace_settings::tightened(&loaded, workspace));
    let settings = loaded.as_ref().ok().map(|loaded| &loaded.settings);
    let plan = broker::own_plan(environment, settings);
    let plan = BrokerPlan { read: plan.read, write: plan.write };
    let (examined, look) = examine(environment, launcher, &plan, workspace)?;
    let (examination, refused) = match examined {
        Ok(examination) => (Some(examination), None),
        Err(error) => (None, Some(Report::of(&error).to_string())),
    };
    let machine = Machine::read(environment);
    let floor = settings.map(|settings| settings.least.value);
    let asked = arguments.dir.is_some().then_some(&look);
    let (verdict, summary) = judge(examination.as_ref(), floor, asked);
    let effects = Effect::ALL.into_iter().map(|effect| Held {
        effect,
        enforced: examination.as_ref().is_some_and(|it| it.holds(effect)),
    });
    let attempts = launcher.attempts().into_iter().map(|(what, error)| Attempt { what, error });
    Ok(Diagnosis {
        schema: SCHEMA,
        verdict,
        summary,
        warnings: warnings(&machine, &loaded, &look),
        machine,
        limits: configuration::limits(settings),
        configuration: Configuration::read(environment, &loaded),
        effects: effects.collect(),
        refused,
        attempts: attempts.collect(),
        workspace: Workspace {
            path: workspace.to_owned(),
            file_system: machine::file_system(environment, workspace),
            look: examination.is_some().then_some(look),
        },
        examination,
        not_covered: NOT_COVERED,
        directories: directories(environment),
    })
}

/// Examines the machine and looks at the workspace, in a directory that is removed after.
fn examine(
    environment: &Environment,
    launcher: &Launcher,
    broker: &BrokerPlan,
    workspace: &Path,
) -> Result<(Result<Examination, Error>, Look), Failure> {
    let failed = |error: &std::io::Error| {
        Failure::environment("could not make a place for the trial", "look at the state directory")
            .because(error)
    };
    let name = random_hex(8).map_err(|error| failed(&error))?;
    let scratch = environment.layout.state.join("doctor").join(name);
    environment.fs.create_dir_all(&scratch).map_err(|error| failed(&error))?;
    let examination = moat_probe::examine(launcher, &scratch, broker);
    let look = moat_probe::look(launcher, workspace, &scratch);
    moat_base::remove_files(&scratch).map_err(|error| failed(&error))?;
    Ok((examination, look))
}

/// What it all comes to. `asked` is the look at a workspace that somebody named.
fn judge(
    examination: Option<&Examination>,
    floor: Option<LeastConfinement>,
    asked: Option<&Look>,
) -> (Verdict, String) {
    let Some(examination) = examination else {
        let summary = "nothing runs here: no sandbox could be started";
        return (Verdict::Refused, summary.to_owned());
    };
    if let Some(finding) = examination.broken().next() {
        let summary = format!("do not use Moat here: it got through to {}", finding.attempt);
        return (Verdict::Broken, summary);
    }
    for part in &examination.parts {
        if let Standing::NotEnforced(why) = &part.standing {
            let summary = format!("do not use Moat here: {} is not confined: {why}", part.name);
            return (Verdict::Broken, summary);
        }
    }
    match asked {
        Some(Look::Open { why }) => {
            return (Verdict::Broken, format!("do not use Moat here: {why}"));
        }
        Some(Look::Refused { why }) => {
            return (Verdict::Refused, format!("nothing runs in this workspace: {why}"));
        }
        Some(Look::Overlay | Look::Copy { .. }) | None => {}
    }
    let step = examination.confinement.step.name();
    if floor == Some(LeastConfinement::Full) && !examination.confinement.is_full() {
        let summary = format!("nothing runs here: `sandbox.least` is full, this is {step}");
        return (Verdict::Refused, summary);
    }
    let open: Vec<&str> = Effect::ALL
        .into_iter()
        .filter(|effect| !examination.holds(*effect))
        .map(Effect::name)
        .collect();
    if open.is_empty() && examination.confinement.is_full() {
        let tried = examination.findings.len();
        let held = examination.findings.iter().filter(|it| it.verdict == Found::Enforced).count();
        let summary = format!("every effect holds here; {held} of {tried} attacks were held");
        return (
            Verdict::Enforced,
            match tried - held {
                0 => summary,
                rest => format!("{summary}, {rest} prove nothing on this machine"),
            },
        );
    }
    let lost = match open.as_slice() {
        [] => "less protects it, and every effect holds".to_owned(),
        open => format!("not enforced, or not proved: {}", open.join(", ")),
    };
    (Verdict::Partial, format!("commands are asked for, on the step `{step}`: {lost}"))
}

fn warnings(machine: &Machine, loaded: &Result<Loaded, Failure>, look: &Look) -> Vec<String> {
    let mut warnings = Vec::new();
    match loaded {
        Ok(loaded) => warnings.extend(loaded.ignored.iter().map(ToString::to_string)),
        Err(failure) => {
            let report = failure.report.to_string().replace('\n', "; ");
            warnings.push(format!("the configuration is broken, and no command runs: {report}"));
        }
    }
    warnings.extend(machine.warnings());
    match look {
        Look::Copy { why } => {
            warnings.push(format!("sessions in this workspace work on a copy of it: {why}"));
        }
        Look::Refused { why } => warnings.push(format!("no session can work here: {why}")),
        Look::Open { why } => warnings.push(why.clone()),
        Look::Overlay => {}
    }
    warnings
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

const NOT_COVERED: &[NotCovered] = &[
    NotCovered {
        what: "a flaw in the kernel or the hardware; what the administrator does",
        see: "docs/limits.md, Out of reach",
    },
    NotCovered {
        what: "what you keep: it runs with your rights when you run it",
        see: "docs/limits.md, Out of reach",
    },
    NotCovered {
        what: "your other programs: they are trusted, and can read what you can",
        see: "docs/limits.md, Out of reach",
    },
    NotCovered {
        what: "secrets inside of toolchains, beyond the files known to hold some",
        see: "docs/sandbox.md, What is not covered",
    },
    NotCovered {
        what: "signals to a program outside through time and load",
        see: "docs/limits.md, What the sandbox does not stop",
    },
    NotCovered {
        what: "which server a request goes to, and what it holds: policy decides, not this",
        see: "docs/broker.md",
    },
];

#[cfg(test)]
mod tests {
    use moat_sandbox::Confinement;

    use super::*;

    #[test]
    fn nothing_that_was_not_proved_comes_to_enforced() {
        let confinement =
            Confinement { step: Step::Full, effects: Vec::new(), remarks: Vec::new() };
        let empty = Examination {
            confinement,
            findings: Vec::new(),
            parts: Vec::new(),
            resources: String::new(),
        };
        assert_eq!(judge(None, None, None).0, Verdict::Refused);
        assert_eq!(judge(Some(&empty), None, None).0, Verdict::Partial);
        let full = Some(LeastConfinement::Full);
        assert_eq!(judge(Some(&empty), full, None).0, Verdict::Refused);
        let refused = Look::Refused { why: String::new() };
        assert_eq!(judge(Some(&empty), None, Some(&refused)).0, Verdict::Refused);
        let open = Look::Open { why: String::new() };
        assert_eq!(judge(Some(&empty), None, Some(&open)).0, Verdict::Broken);
    }
}
