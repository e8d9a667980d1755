// SPDX-License-Identifier: Apache-2.0
//! `moat exec`: one turn in a new session.

use std::sync::Arc;
use std::time::Duration;

use moat_config::{CommandApproval, Loaded, Settings as Config};
use moat_engine::{Attendance, LocalWorld, Setback, StartError, StopFlag, WorldSettings};
use moat_policy::CommandRule;
use moat_protocol::{Op, Outcome, Selection, Task, TaskKind};
use moat_sandbox::Limits;
use moat_tui::count;

use crate::arguments::{Exec, Kind};
use crate::environment::{Environment, Input};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::{Form, Front, Waited, Wanted};
use crate::host::{Host, Manner, Unfinished};
use crate::models::{self, Models};
use crate::sessions::{self, Held};
use crate::start::{self, Egress, Started};
use crate::task::kind_of;

const TASK_BYTES_MAX: usize = 64 * 1024;

/// Runs the turn and says how it ended.
pub(crate) fn run(
    environment: &Environment,
    loaded: Loaded,
    arguments: &Exec,
) -> Result<Exit, Failure> {
    let workspace = environment.workspace(arguments.dir.as_deref())?;
    let asked = task(&loaded.settings, arguments)?;
    models::choose(environment, &loaded.settings, &asked.model)?;
    let egress = Egress::of_session(&loaded.settings);
    let started = Started::begin(environment, egress, start::least(&loaded.settings))?;
    let config = started.tightened(&loaded, &workspace)?;
    // Once more: the workspace may allow less.
    let task = task(&config, arguments)?;
    models::choose(environment, &config, &task.model)?;
    let held = sessions::create(environment)?;
    let form = Form::from(arguments.showing);
    let ask = if arguments.ask { CommandRule::Ask } else { rule(&config) };
    let attendance = attendance(environment, form);
    let directory = held.directory.clone();
    let manner = (form, attendance);
    let opened = Opened::start(environment, config, started, held, workspace, ask, manner)
        .inspect_err(|_told_by_the_caller| {
            // A session that never began holds nothing; what cannot be removed is listed as empty.
            let _listed = sessions::remove(&directory);
        })?;
    opened.host.send(Op::Start { task });
    opened.turn(if arguments.keep { After::Keep } else { After::Nothing })
}

/// What to do after a turn that was solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Leave the change pending.
    Nothing,
    /// Write it into the user's tree.
    Keep,
}

/// A session that is open in this process, with its front end.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) host: Host,
    pub(crate) front: Front,
}

impl Opened {
    pub(crate) fn start(
        environment: &Environment,
        config: Config,
        started: Started,
        held: Held,
        workspace: std::path::PathBuf,
        commands: CommandRule,
        (form, attendance): (Form, Attendance),
    ) -> Result<Self, Failure> {
        let manner = Manner { commands, attendance, unfinished: Unfinished::GoesOn };
        let host = open(environment, config, started, held, workspace, manner)?;
        let front = Front::new(environment, &host, form, attendance);
        front.listen(&host)?;
        Ok(Self { host, front })
    }

    /// Shows the running turn to its end, keeps where that is wanted, and closes.
    pub(crate) fn turn(mut self, after: After) -> Result<Exit, Failure> {
        let exit = match self.front.wait(&self.host, Wanted::Turn)? {
            Waited::Turn(outcome) => self.ended(&outcome, after)?,
            Waited::Failed(report) => return Err(Failure { report, exit: Exit::Usage }),
            Waited::Moved { .. }
            | Waited::Changes(_)
            | Waited::Plan(_)
            | Waited::Command(_)
            | Waited::Closed => Exit::Environment,
        };
        self.host.close()?;
        Ok(exit)
    }

    fn ended(&mut self, outcome: &Outcome, after: After) -> Result<Exit, Failure> {
        let changed = matches!(outcome, Outcome::Solved | Outcome::Unverified { .. });
        if changed && after == After::Keep {
            // What acts by itself is left: nobody was shown it for itself.
            let confirmed = Vec::new();
            self.host.send(Op::Keep { selection: Selection::All, confirmed });
            match self.front.wait(&self.host, Wanted::Moved)? {
                Waited::Moved { refused: 0, .. } => {}
                Waited::Moved { .. }
                | Waited::Closed
                | Waited::Turn(_)
                | Waited::Plan(_)
                | Waited::Command(_)
                | Waited::Changes(_) => {
                    return Ok(Exit::NotSolved);
                }
                Waited::Failed(report) => {
                    return Err(Failure { report, exit: Exit::Environment });
                }
            }
        }
        Ok(if self.front.was_interrupted() { Exit::Interrupted } else { Exit::of(outcome) })
    }
}

/// Opens a session's world and starts its engine.
pub(crate) fn open(
    environment: &Environment,
    config: Config,
    started: Started,
    held: Held,
    workspace: std::path::PathBuf,
    manner: Manner,
) -> Result<Host, Failure> {
    let stop = StopFlag::new().map_err(|error| Failure::of(Exit::Environment, &error))?;
    let command_wall = Duration::from_secs(config.limits.command_seconds.value);
    let (bounds, turn_most) = (bounds(&config), turn_most(&config));
    let launcher = Arc::clone(&started.launcher);
    let models = Models::new(environment, started, config, held.id.as_str());
    let settings = WorldSettings {
        launcher,
        fs: Arc::clone(&environment.fs),
        clock: Arc::clone(&environment.clock),
        workspace,
        directory: held.directory.clone(),
        models: Box::new(models),
        command_wall,
        bounds,
        stop: stop.clone(),
    };
    let world = LocalWorld::start(settings).map_err(|error| match error {
        StartError::Workspace(report) => Failure { report, exit: Exit::Usage },
        StartError::Failed(Setback::Failed(report)) => Failure { report, exit: Exit::Environment },
        StartError::Failed(Setback::Stopped) => Failure::environment("stopped", "start it again"),
    })?;
    Host::start(environment, held, world, (stop, turn_most), manner)
}

/// How long a turn may last at most, whoever asks for it: where that is the administrator's or
/// the workspace's to say.
fn turn_most(config: &Config) -> Option<Duration> {
    let minutes = &config.limits.turn_minutes;
    minutes.provenance.binds().then(|| Duration::from_secs(minutes.value.saturating_mul(60)))
}

/// Whether somebody can answer: a person at the keyboard, and not a script that reads JSON.
pub(crate) fn attendance(environment: &Environment, form: Form) -> Attendance {
    match (environment.input, form) {
        (Input::Person, Form::Text(_)) => Attendance::Attended,
        (Input::Person | Input::Nobody, _) => Attendance::Headless,
    }
}

/// The configured rule for commands.
pub(crate) const fn rule(config: &Config) -> CommandRule {
    match config.approval.commands.value {
        CommandApproval::Allow => CommandRule::Allow,
        CommandApproval::Ask => CommandRule::Ask,
    }
}

fn task(config: &Config, arguments: &Exec) -> Result<Task, Failure> {
    let text = arguments.task.trim().to_owned();
    if text.is_empty() {
        return Err(Failure::usage("the task is empty", "say in a sentence what is to be done"));
    }
    if text.len() > TASK_BYTES_MAX {
        let hint = "put the details into a file of the workspace and name it in the task";
        return Err(Failure::usage("the task is longer than 64 KiB", hint));
    }
    let kind = arguments.kind.map_or_else(
        || kind_of(&text),
        |kind| match kind {
            Kind::Repair => TaskKind::Repair,
            Kind::Explain => TaskKind::Explain,
            Kind::Document => TaskKind::Document,
            Kind::Write => TaskKind::Write,
            Kind::CommitMessage => TaskKind::CommitMessage,
        },
    );
    let configured = config.limits.turn_minutes.value.saturating_mul(60);
    let limit = arguments.max_time.unwrap_or(configured);
    if limit == 0 {
        return Err(Failure::usage("`--max-time` is zero", "give the turn at least a second"));
    }
    let check = arguments.check.as_deref().map(str::trim).map(str::to_owned);
    if check.as_deref() == Some("") {
        return Err(Failure::usage("`--check` is empty", "give a command, or leave it out"));
    }
    let model = arguments.model.clone().unwrap_or_else(|| models::default_name(config));
    if let Some(reason) = beyond(config, &model, limit) {
        let hint = "leave the flag out; docs/config.md says who can change it";
        return Err(Failure::usage(reason, hint));
    }
    Ok(Task { text, kind, check, model, time_limit_ms: limit.saturating_mul(1000) })
}

/// Why what no flag goes past forbids a turn with this model and time, if they do.
pub(crate) fn beyond(config: &Config, model: &str, seconds: u64) -> Option<String> {
    let time = &config.limits.turn_minutes;
    if time.provenance.binds() && seconds > time.value.saturating_mul(60) {
        let (most, place) = (count(time.value, "minute"), &time.provenance);
        return Some(format!("a turn may last {most} at most, {place}"));
    }
    let default = &config.model_default;
    if default.provenance.binds() && model != models::default_name(config) {
        return Some(format!("the model is {}", default.provenance));
    }
    let weights = &config.embedded.weights;
    let is_weights = model != models::EMBEDDED && !config.models.contains_key(model);
    if weights.provenance.binds() && is_weights && model != weights.value {
        return Some(format!("the weights are {}", weights.provenance));
    }
    None
}

/// The bounds of a command that the user can choose, besides its time.
pub(crate) fn bounds(config: &Config) -> Limits {
    let usual = Limits::default();
    Limits {
        memory_bytes_all: config.limits.command_memory_bytes(usual.memory_bytes_all),
        session_bytes: config.limits.session_disk_mib.value.saturating_mul(1 << 20),
        ..usual
    }
}

#[cfg(test)]
mod tests {
    use moat_config::{Layer, Origin, merge};

    use super::*;

    #[test]
    fn flags_do_not_go_past_what_the_administrator_requires() {
        let config = |text: &str, origin: fn(std::path::PathBuf) -> Origin| {
            let server = "[models.corp]\nurl = \"https://a.example\"\nmodel = \"m\"\n";
            let text = format!("{text}\n{server}");
            let layer = Layer::parse(origin("file.toml".into()), text.as_bytes()).unwrap();
            merge(&[layer]).unwrap().settings
        };
        let time = "limits.turn_minutes = 5";
        let default = "model.default = \"corp\"";
        let weights = "embedded.weights = \"small\"";
        let cases = [
            (time, "embedded", 300, None),
            (time, "embedded", 301, Some("5 minutes at most, required by file.toml:1")),
            (default, "corp", 1, None),
            (default, "embedded", 1, Some("the model is required by file.toml:1")),
            (default, "small", 1, Some("the model is required by")),
            (weights, "embedded", 1, None),
            (weights, "small", 1, None),
            (weights, "corp", 1, None),
            (weights, "large", 1, Some("the weights are required by")),
        ];
        for (text, model, seconds, reason) in cases {
            let said = beyond(&config(text, Origin::Requirements), model, seconds);
            match (&said, reason) {
                (None, None) => {}
                (Some(said), Some(reason)) => assert!(said.contains(reason), "{said}"),
                (None, Some(_)) | (Some(_), None) => panic!("{text} {model} {seconds}: {said:?}"),
            }
            assert_eq!(beyond(&config(text, Origin::UserFile), model, seconds), None);
        }
    }
}
