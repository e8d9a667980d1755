// SPDX-License-Identifier: Apache-2.0
//! `moat session`: look at sessions, move their changes, go on with them.

mod checkpoint;
mod commits;
mod fork;
mod keep;
mod remote;
mod run;

use std::path::PathBuf;

use moat_base::{Report, TreePath};
use moat_config::Loaded;
use moat_protocol::{ChangeSet, Envelope, Op, Query, Reply, Selection, SessionSummary, Unreadable};
use moat_tui::{Detail, Paint, Screen, change_set};

use crate::arguments::SessionVerb;
use crate::command::exec::{After, Opened, attendance, rule};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::{Form, Waited, Wanted};
use crate::sessions::{self, Told, choose, hold, tell};
use crate::start::{self, Egress, Started};
use crate::terminal::{Terminal, complain};

pub(crate) use checkpoint::{CheckpointArguments, RewindArguments};
pub(crate) use commits::CommitsArguments;
pub(crate) use fork::ForkArguments;
pub(crate) use keep::KeepArguments;
pub(crate) use run::RunArguments;

/// Carries a verb out.
pub(crate) fn run(
    environment: &Environment,
    loaded: Loaded,
    verb: SessionVerb,
) -> Result<Exit, Failure> {
    match verb {
        SessionVerb::List { json } => {
            environment.give_up_inet()?;
            list(environment, json)
        }
        SessionVerb::Show { id, json } => show(environment, loaded, id.as_deref(), json),
        SessionVerb::Keep(arguments) => keep::run(environment, loaded, &arguments),
        SessionVerb::Undo { id, paths, hunk } => {
            let selection = selection(&paths, hunk.as_deref())?;
            undo(environment, loaded, id.as_deref(), selection)
        }
        SessionVerb::Run(arguments) => run::run(environment, loaded, &arguments),
        SessionVerb::Checkpoints(arguments) => checkpoint::list(environment, &arguments),
        SessionVerb::Rewind(arguments) => checkpoint::rewind(environment, loaded, &arguments),
        SessionVerb::Fork(arguments) => fork::run(environment, &arguments),
        SessionVerb::Commits(arguments) => commits::run(environment, loaded, arguments),
        SessionVerb::Resume { id, showing } => {
            resume(environment, loaded, id.as_deref(), showing.into())
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

fn list(environment: &Environment, json: bool) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    let reply = sessions::answer(environment, Query::Sessions)?;
    let Reply::Sessions { sessions, unreadable } = reply else { return Ok(Exit::Success) };
    if sessions.is_empty() && unreadable.is_empty() && !json {
        terminal.write("no sessions yet; start one with `moat exec \"TASK\"`\n");
    }
    // One unreadable session does not hide the others.
    for Unreadable { session, report } in unreadable {
        complain(&format!("{session}: {}", report.error));
    }
    for summary in sessions {
        let line = if json {
            serde_json::to_string(&summary).unwrap_or_default()
        } else {
            let task = moat_base::clip(summary.task.as_deref().unwrap_or("(no task)"), 60);
            let (id, place) = (&summary.session, summary.workspace.as_deref().unwrap_or("?"));
            let line = format!("{id}  {:<11} {task}  ({place})", summary.standing.words());
            moat_base::visible(&line).into_owned()
        };
        terminal.write(&format!("{line}\n"));
    }
    Ok(Exit::Success)
}

fn show(
    environment: &Environment,
    loaded: Loaded,
    id: Option<&str>,
    json: bool,
) -> Result<Exit, Failure> {
    if json {
        environment.give_up_inet()?;
    }
    let told = tell(environment, choose(environment, id)?)?;
    let mut terminal = Terminal::new(environment.output);
    if json {
        for line in told.records() {
            terminal.write(&format!("{line}\n"));
        }
        return damage(told.broken);
    }
    let reply = sessions::answer(environment, Query::Session { session: told.id.clone() })?;
    let Reply::Session { summary, events, broken } = reply else { return Ok(Exit::Success) };
    terminal.write(&story(&summary, &events, environment.paint));
    damage(broken)?;
    if summary.workspace.is_none() {
        return Ok(Exit::Success);
    }
    let (changes, commits) = match open(environment, loaded, told) {
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

/// What cannot be read to the end is an error, after what can be was shown.
fn damage(broken: Option<Report>) -> Result<Exit, Failure> {
    match broken {
        Some(report) => Err(Failure { report, exit: Exit::Environment }),
        None => Ok(Exit::Success),
    }
}

fn pending(set: &ChangeSet, paint: Paint) -> String {
    let heading = if set.changes.is_empty() { "pending nothing" } else { "pending" };
    format!("{heading}\n{}", change_set(set, paint, Detail::Usual))
}

/// What happened, as a person reads it: each event as it was shown then.
fn story(summary: &SessionSummary, events: &[Envelope], paint: Paint) -> String {
    let screen = Screen::new(paint, Detail::Usual).for_session(summary.session.as_str());
    let mut screen = screen.retelling();
    let mut text: String =
        events.iter().map(|envelope| screen.show(&envelope.event).lines).collect();
    text.push('\n');
    text
}

/// Opens a session for an operation outside a turn.
fn open(environment: &Environment, loaded: Loaded, told: Told) -> Result<Opened, Failure> {
    open_as(environment, loaded, told, Form::Text(Detail::Usual), Egress::None)
}

fn open_as(
    environment: &Environment,
    loaded: Loaded,
    told: Told,
    form: Form,
    egress: Egress,
) -> Result<Opened, Failure> {
    let workspace = workspace(&told)?;
    let started = Started::begin(environment, egress, start::least(&loaded.settings))?;
    let config = started.tightened(&loaded, &workspace)?;
    let held = hold(environment, told.id)?;
    let commands = rule(&config);
    let attendance = attendance(environment, form);
    Opened::start(environment, config, started, held, workspace, commands, (form, attendance))
}

fn workspace(told: &Told) -> Result<PathBuf, Failure> {
    let path = told.workspace().ok_or_else(|| {
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
    loaded: Loaded,
    id: Option<&str>,
    selection: Option<Selection>,
) -> Result<Exit, Failure> {
    let told = tell(environment, choose(environment, id)?)?;
    let kept = told.summary.kept;
    let op = match selection {
        Some(selection) => Op::Discard { selection },
        None if kept => Op::UndoKeep,
        None => Op::Discard { selection: Selection::All },
    };
    let mut opened = open(environment, loaded, told)?;
    let exit = opened.moved(op)?;
    opened.host.close()?;
    Ok(exit)
}

fn resume(
    environment: &Environment,
    loaded: Loaded,
    id: Option<&str>,
    form: Form,
) -> Result<Exit, Failure> {
    let told = tell(environment, choose(environment, id)?)?;
    if !told.summary.resumable {
        return Err(Failure::usage(
            format!("session {} has no unfinished turn", told.id),
            "start a task with `moat exec`",
        ));
    }
    let egress = Egress::of_session(&loaded.settings);
    let opened = open_as(environment, loaded, told, form, egress)?;
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
    sessions::remove(&held.directory).map_err(|error| failed(&error))?;
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
