// SPDX-License-Identifier: Apache-2.0
//! `moat session`: look at sessions, move their changes, go on with them.

mod checkpoint;
mod commits;
mod keep;
mod remote;
mod run;

use std::collections::BTreeMap;
use std::path::PathBuf;

use moat_base::TreePath;
use moat_config::Settings as Config;
use moat_engine::{Done, Effect, EffectOutcome, Record, State};
use moat_protocol::{ChangeSet, Op, Outcome, Selection};
use moat_tui::{Detail, Paint, Tone, change_set, count, duration};
use serde::Serialize;

use crate::arguments::SessionVerb;
use crate::command::exec::{After, Opened, attendance, rule};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::{Form, Waited, Wanted};
use crate::sessions::{self, Told, choose, hold, tell, workspace_of};
use crate::start::{self, Egress, Started};
use crate::terminal::{Terminal, complain};

pub(crate) use checkpoint::{CheckpointArguments, RewindArguments};
pub(crate) use commits::CommitsArguments;
pub(crate) use keep::KeepArguments;
pub(crate) use run::RunArguments;

/// Carries a verb out.
pub(crate) fn run(
    environment: &Environment,
    config: Config,
    verb: SessionVerb,
) -> Result<Exit, Failure> {
    match verb {
        SessionVerb::List { json } => {
            environment.give_up_inet()?;
            list(environment, json)
        }
        SessionVerb::Show { id, json } => show(environment, config, id.as_deref(), json),
        SessionVerb::Keep(arguments) => keep::run(environment, config, &arguments),
        SessionVerb::Undo { id, paths, hunk } => {
            let selection = selection(&paths, hunk.as_deref())?;
            undo(environment, config, id.as_deref(), selection)
        }
        SessionVerb::Run(arguments) => run::run(environment, config, &arguments),
        SessionVerb::Checkpoints(arguments) => checkpoint::list(environment, &arguments),
        SessionVerb::Rewind(arguments) => checkpoint::rewind(environment, config, &arguments),
        SessionVerb::Commits(arguments) => commits::run(environment, config, arguments),
        SessionVerb::Resume { id, showing } => {
            resume(environment, config, id.as_deref(), showing.into())
        }
        SessionVerb::Watch { id, showing } => {
            remote::watch(environment, id.as_deref(), showing.into())
        }
        SessionVerb::Steer { id, text } => remote::tell(environment, &id, &Op::Steer { text }),
        SessionVerb::Stop { id } => remote::tell(environment, &id, &Op::Interrupt),
        SessionVerb::Approve { id, request, no } => {
            let answer = if no { moat_protocol::Answer::No } else { moat_protocol::Answer::Once };
            remote::tell(environment, &id, &Op::Approve { request, answer })
        }
        SessionVerb::Check { id, line } => {
            remote::tell(environment, &id, &Op::GiveCheck { line: Some(line) })
        }
        SessionVerb::Rm { id } => {
            environment.give_up_inet()?;
            remove(environment, &id)
        }
    }
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    session: &'a str,
    workspace: Option<&'a str>,
    task: Option<&'a str>,
    outcome: &'a str,
    turns: usize,
}

fn list(environment: &Environment, json: bool) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    let ids = sessions::list(environment)?;
    if ids.is_empty() && !json {
        terminal.write("no sessions yet; start one with `moat exec \"TASK\"`\n");
    }
    for id in ids {
        // One unreadable session does not hide the others.
        let told = match tell(environment, id.clone()) {
            Ok(told) => told,
            Err(failure) => {
                complain(&format!("{id}: {}", failure.report.error));
                continue;
            }
        };
        let task = told.state.turns.last().map(|turn| turn.task.text.as_str());
        let row = Row {
            session: id.as_str(),
            workspace: told.state.workspace.as_deref(),
            task,
            outcome: standing(&told),
            turns: told.state.turns.len(),
        };
        let line = if json {
            serde_json::to_string(&row).unwrap_or_default()
        } else {
            let task = moat_base::clip(task.unwrap_or("(no task)"), 60).to_owned();
            let place = row.workspace.unwrap_or("?");
            moat_base::visible(&format!("{id}  {:<11} {task}  ({place})", row.outcome)).into_owned()
        };
        terminal.write(&format!("{line}\n"));
    }
    Ok(Exit::Success)
}

fn standing(told: &Told) -> &'static str {
    if told.broken.is_some() {
        return "damaged";
    }
    match told.state.turns.last() {
        None => "empty",
        Some(turn) if turn.stopped => "stopped",
        Some(turn) => match &turn.finished {
            None => "unfinished",
            Some((Outcome::Solved, _)) => "solved",
            Some((Outcome::Unverified { .. }, _)) => "unverified",
            Some((Outcome::NothingToFix, _)) => "nothing",
            Some((Outcome::NotSolved { .. }, _)) => "not solved",
            Some((Outcome::Failed { .. }, _)) => "failed",
            Some((Outcome::Answered { .. }, _)) => "answered",
            Some((Outcome::Stopped { .. }, _)) => "stopped",
            Some((Outcome::Denied { .. }, _)) => "denied",
            Some((Outcome::Unknown { .. }, _)) => "unknown",
        },
    }
}

fn show(
    environment: &Environment,
    config: Config,
    id: Option<&str>,
    json: bool,
) -> Result<Exit, Failure> {
    if json {
        environment.give_up_inet()?;
    }
    let told = tell(environment, choose(environment, id)?)?;
    let mut terminal = Terminal::new(environment.output);
    if json {
        for line in &told.history.lines {
            let text = serde_json::to_string(&line.record).unwrap_or_default();
            terminal.write(&format!("{text}\n"));
        }
    } else {
        terminal.write(&story(&told, environment.paint));
    }
    if let Some(report) = &told.broken {
        return Err(Failure { report: report.clone(), exit: Exit::Environment });
    }
    if json || told.state.workspace.is_none() {
        return Ok(Exit::Success);
    }
    let (changes, commits) = match open(environment, config, told) {
        Ok(mut opened) => {
            opened.host.send(Op::Show);
            let changes = opened.changes()?;
            let commits = opened.commits_of(&changes, environment.paint)?;
            opened.host.close()?;
            (changes, commits)
        }
        Err(failure) => {
            complain(&failure.report.to_string());
            return Ok(Exit::Success);
        }
    };
    terminal.write(&pending(&changes, environment.paint));
    terminal.write(&commits);
    Ok(Exit::Success)
}

fn pending(set: &ChangeSet, paint: Paint) -> String {
    let heading = if set.changes.is_empty() { "pending nothing" } else { "pending" };
    format!("{heading}\n{}", change_set(set, paint, Detail::Usual))
}

/// The session's turns, as a person reads them.
fn story(told: &Told, paint: Paint) -> String {
    let State { workspace, boundary, turns, .. } = &told.state;
    let label = |word: &str| paint.paint(Tone::Label, &format!("{word:<9}"));
    let mut text = format!("{}{}\n", label("session"), told.id);
    text.push_str(&format!("{} {}\n", label("workspace"), workspace.as_deref().unwrap_or("?")));
    text.push_str(&format!("{}{boundary}\n", label("boundary")));
    for turn in turns {
        text.push_str(&format!("\n{}{}\n", label("task"), turn.task.text));
        for done in &turn.done {
            let took = duration(done.took_ms);
            let decided = decided(done).map_or_else(String::new, |text| format!("  ({text})"));
            text.push_str(&format!("         {}  {took}{decided}\n", done.intent.describe()));
        }
        match &turn.finished {
            Some((outcome, evidence)) => {
                text.push_str(&format!("{}{}\n", label("outcome"), words(outcome)));
                let candidates = count(u64::from(evidence.candidates), "candidate");
                let requests = count(u64::from(evidence.requests), "model request");
                text.push_str(&format!("{}{candidates}, {requests}\n", label("spent")));
            }
            None => text.push_str(&format!("{}not finished\n", label("outcome"))),
        }
    }
    text.push('\n');
    moat_base::visible(&text).into_owned()
}

/// Who let an effect happen; earlier sessions do not tell.
fn decided(done: &Done) -> Option<String> {
    let rule = done.decided.rule.as_deref()?;
    let how = match (&done.outcome, done.decided.approved) {
        (EffectOutcome::Denied { .. }, _) => "denied by",
        (_, true) => "approved when asked by",
        (_, false) => "allowed by",
    };
    Some(format!("{how} {rule}"))
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Solved => "solved".into(),
        Outcome::NothingToFix => "the check passed already".into(),
        Outcome::Unverified { reason }
        | Outcome::NotSolved { reason }
        | Outcome::Failed { reason }
        | Outcome::Stopped { reason }
        | Outcome::Denied { reason } => reason.clone(),
        Outcome::Answered { text } => text.clone(),
        Outcome::Unknown { effect } => format!("not known: it died while it was about to {effect}"),
    }
}

/// Opens a session for an operation outside a turn.
fn open(environment: &Environment, config: Config, told: Told) -> Result<Opened, Failure> {
    open_as(environment, config, told, Form::Text(Detail::Usual), Egress::None)
}

fn open_as(
    environment: &Environment,
    config: Config,
    told: Told,
    form: Form,
    egress: Egress,
) -> Result<Opened, Failure> {
    let workspace = workspace(&told)?;
    let started = Started::begin(environment, egress, start::least(&config))?;
    let held = hold(environment, told.id)?;
    let commands = rule(&config);
    let attendance = attendance(environment, form);
    Opened::start(environment, config, started, held, workspace, commands, (form, attendance))
}

fn workspace(told: &Told) -> Result<PathBuf, Failure> {
    let path = workspace_of(&told.history).ok_or_else(|| {
        Failure::usage(format!("session {} holds nothing", told.id), "start a new one")
    })?;
    if path.is_dir() {
        return Ok(path);
    }
    Err(Failure::usage(
        format!("the workspace `{}` of the session is gone", path.display()),
        "put it back at the same place; the session's own files are still there",
    ))
}

fn undo(
    environment: &Environment,
    config: Config,
    id: Option<&str>,
    selection: Option<Selection>,
) -> Result<Exit, Failure> {
    let told = tell(environment, choose(environment, id)?)?;
    let kept = has_keep(&told);
    let op = match selection {
        Some(selection) => Op::Discard { selection },
        None if kept => Op::UndoKeep,
        None => Op::Discard { selection: Selection::All },
    };
    let mut opened = open(environment, config, told)?;
    let exit = opened.moved(op)?;
    opened.host.close()?;
    Ok(exit)
}

/// Whether a keep stands that was not taken back.
fn has_keep(told: &Told) -> bool {
    let mut intents = BTreeMap::new();
    let mut keeps = 0_i64;
    for line in &told.history.lines {
        if let Record::Intended { effect, intent, .. } = &line.record {
            intents.insert(*effect, intent);
        }
        let Record::Resolved { effect, outcome, .. } = &line.record else { continue };
        let EffectOutcome::Moved { paths, .. } = outcome else { continue };
        if paths.is_empty() {
            continue;
        }
        if let Some(Effect::Keep { .. }) = intents.get(effect) {
            keeps += 1;
        } else if let Some(Effect::UndoKeep) = intents.get(effect) {
            keeps -= 1;
        }
    }
    keeps > 0
}

fn resume(
    environment: &Environment,
    config: Config,
    id: Option<&str>,
    form: Form,
) -> Result<Exit, Failure> {
    let told = tell(environment, choose(environment, id)?)?;
    if told.state.turn().is_none() {
        return Err(Failure::usage(
            format!("session {} has no unfinished turn", told.id),
            "start a task with `moat exec`",
        ));
    }
    let egress = Egress::of_session(&config);
    let opened = open_as(environment, config, told, form, egress)?;
    opened.host.send(Op::Resume);
    opened.turn(After::Nothing)
}

fn remove(environment: &Environment, id: &str) -> Result<Exit, Failure> {
    let id = choose(environment, Some(id))?;
    let held = hold(environment, id)?;
    let failed = |error: &std::io::Error| {
        Failure::environment("could not remove the session", "look at the state directory")
            .because(error)
    };
    moat_files::remove_files(&held.directory).map_err(|error| failed(&error))?;
    drop(held);
    Ok(Exit::Success)
}

fn selection(paths: &[String], hunk: Option<&str>) -> Result<Option<Selection>, Failure> {
    if let Some(text) = hunk {
        let wrong = || {
            Failure::usage(
                format!("`{text}` does not name hunks of a file"),
                "write `PATH:1,3` with the numbers that `moat session show` gives",
            )
        };
        let (path, numbers) = text.rsplit_once(':').ok_or_else(wrong)?;
        let numbers = numbers.split(',').map(|number| number.trim().parse::<u32>());
        let numbers = numbers.collect::<Result<Vec<_>, _>>().map_err(|_not_a_number| wrong())?;
        return Ok(Some(Selection::Hunks { path: tree_path(path)?, numbers }));
    }
    if paths.is_empty() {
        return Ok(None);
    }
    let paths = paths.iter().map(|path| tree_path(path)).collect::<Result<Vec<_>, _>>()?;
    // The workspace itself names no ignored path: it means what no path at all means.
    if paths.iter().all(TreePath::is_root) {
        return Ok(Some(Selection::All));
    }
    if paths.iter().any(TreePath::is_root) {
        return Err(Failure::usage(
            "the whole workspace and a path in it cannot be named together",
            "name the workspace alone, or only paths in it",
        ));
    }
    Ok(Some(Selection::Paths { paths }))
}

fn tree_path(text: &str) -> Result<TreePath, Failure> {
    let wrong = || {
        Failure::usage(
            format!("`{text}` is not a path of the workspace"),
            "write it as `moat session show` does",
        )
    };
    // An empty shell variable is not a wish for everything.
    if text.is_empty() {
        return Err(wrong());
    }
    let path = match text.trim_start_matches("./") {
        "." => "",
        path => path,
    };
    TreePath::parse(path).map_err(|error| wrong().because(&error))
}

impl Opened {
    fn changes(&mut self) -> Result<ChangeSet, Failure> {
        match self.front.quietly(&self.host, Wanted::Changes)? {
            Waited::Changes(set) => Ok(set),
            Waited::Failed(report) => Err(Failure { report, exit: Exit::Environment }),
            Waited::Turn(_)
            | Waited::Moved { .. }
            | Waited::Plan(_)
            | Waited::Command(_)
            | Waited::Closed => Ok(ChangeSet::default()),
        }
    }

    fn moved(&mut self, op: Op) -> Result<Exit, Failure> {
        self.host.send(op);
        match self.front.wait(&self.host, Wanted::Moved)? {
            Waited::Moved { refused: 0, .. } => Ok(Exit::Success),
            Waited::Failed(report) => Err(Failure { report, exit: Exit::Usage }),
            Waited::Moved { .. } => Ok(Exit::NotSolved),
            Waited::Turn(_)
            | Waited::Changes(_)
            | Waited::Plan(_)
            | Waited::Command(_)
            | Waited::Closed => Ok(Exit::Environment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[&str]) -> Result<Option<Selection>, Failure> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        selection(&paths, None)
    }

    #[test]
    fn the_workspace_itself_means_everything_and_nothing_that_is_ignored() {
        assert_eq!(named(&[]).unwrap(), None);
        for paths in [["./"].as_slice(), &["."], &["././"], &["./."], &["./", "."]] {
            assert_eq!(named(paths).unwrap(), Some(Selection::All), "{paths:?}");
        }
        let paths = vec![TreePath::parse("a").unwrap(), TreePath::parse("b/c").unwrap()];
        assert_eq!(named(&["./a", "b/c"]).unwrap(), Some(Selection::Paths { paths }));
        for paths in [["./", "target"].as_slice(), &[""], &["/"], &["../x"], &["a", ""]] {
            let failure = named(paths).unwrap_err();
            assert!(matches!(failure.exit, Exit::Usage), "{paths:?}");
        }
    }
}
