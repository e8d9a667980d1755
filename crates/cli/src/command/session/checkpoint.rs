// SPDX-License-Identifier: Apache-2.0
//! `moat session checkpoints` and `moat session rewind`.

use clap::Args;
use moat_base::visible;
use moat_config::Loaded;
use moat_files::{Checkpoint, Checkpoints};
use moat_protocol::{Op, RewindScope};
use moat_tui::count;

use super::open;
use crate::command::exec::Opened;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::{Answered, Waited, Wanted};
use crate::sessions::{choose, tell};
use crate::terminal::Terminal;

/// `moat session checkpoints`.
#[derive(Debug, Args)]
pub(crate) struct CheckpointArguments {
    /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
    id: Option<String>,
    /// Print one JSON object per line.
    #[arg(long)]
    json: bool,
}

/// `moat session rewind`.
#[derive(Debug, Args)]
pub(crate) struct RewindArguments {
    /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
    id: Option<String>,
    /// The number of the checkpoint, as `moat session checkpoints` lists it.
    #[arg(long, value_name = "N")]
    to: u32,
    /// Bring back the session's files only.
    #[arg(long, conflicts_with = "conversation")]
    code: bool,
    /// Bring back the conversation only.
    #[arg(long)]
    conversation: bool,
    /// Print what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short = 'y', conflicts_with = "dry_run")]
    yes: bool,
}

/// Lists the checkpoints of a session, also of one that is open elsewhere.
pub(super) fn list(
    environment: &Environment,
    arguments: &CheckpointArguments,
) -> Result<Exit, Failure> {
    environment.give_up_inet()?;
    let id = choose(environment, arguments.id.as_deref())?;
    let files = environment.layout.sessions().join(id.as_str()).join("files");
    let list =
        Checkpoints::listed(&files).map_err(|error| Failure::of(Exit::Environment, &error))?;
    let mut terminal = Terminal::new(environment.output);
    for checkpoint in list {
        let line = if arguments.json {
            serde_json::to_string(&shown(&checkpoint)).unwrap_or_default()
        } else {
            visible(&words(&checkpoint)).replace('\n', " ")
        };
        terminal.write(&format!("{line}\n"));
    }
    Ok(Exit::Success)
}

fn shown(checkpoint: &Checkpoint) -> moat_protocol::Checkpoint {
    moat_protocol::Checkpoint {
        number: checkpoint.number,
        at: checkpoint.at,
        after: checkpoint.after.clone(),
        differing: checkpoint.differing,
        uncovered: checkpoint.uncovered,
    }
}

fn words(checkpoint: &Checkpoint) -> String {
    let Checkpoint { number, at, after, differing, uncovered, .. } = checkpoint;
    let differ = match differing {
        0 => "nothing new".into(),
        more => format!("{} new or different", count(*more, "path")),
    };
    let gaps = match uncovered {
        0 => String::new(),
        more => format!(", {} not covered", count(*more, "path")),
    };
    format!("{number:>4}  {at}  {after}  ({differ}{gaps})")
}

/// Shows what going back would do, asks, and goes back.
pub(super) fn rewind(
    environment: &Environment,
    loaded: Loaded,
    arguments: &RewindArguments,
) -> Result<Exit, Failure> {
    let to = arguments.to;
    let scope = match (arguments.code, arguments.conversation) {
        (true, _) => RewindScope::Code,
        (false, true) => RewindScope::Conversation,
        (false, false) => RewindScope::Both,
    };
    let told = tell(environment, choose(environment, arguments.id.as_deref())?)?;
    let mut opened = open(environment, loaded, told)?;
    if !arguments.yes
        && let Some(exit) = opened.declined((to, scope), arguments)?
    {
        opened.host.close()?;
        return Ok(exit);
    }
    opened.host.send(Op::Rewind { to, scope });
    let waited = opened.front.wait(&opened.host, Wanted::Rewound)?;
    opened.host.close()?;
    match waited {
        Waited::Moved { refused: 0 } => Ok(Exit::Success),
        Waited::Moved { .. } => Ok(Exit::NotSolved),
        Waited::Failed(report) => Err(Failure { report, exit: Exit::Usage }),
        Waited::Turn(_)
        | Waited::Changes(_)
        | Waited::Plan(_)
        | Waited::Command(_)
        | Waited::Closed => Ok(Exit::Environment),
    }
}

impl Opened {
    /// Shows what going back would do and asks. Gives how to end when it is not to happen.
    fn declined(
        &mut self,
        (to, scope): (u32, RewindScope),
        arguments: &RewindArguments,
    ) -> Result<Option<Exit>, Failure> {
        self.host.send(Op::PlanRewind { to, scope });
        match self.front.wait(&self.host, Wanted::Plan)? {
            Waited::Plan(_shown) => {}
            Waited::Failed(report) => return Err(Failure { report, exit: Exit::Usage }),
            Waited::Turn(_)
            | Waited::Moved { .. }
            | Waited::Changes(_)
            | Waited::Command(_)
            | Waited::Closed => return Ok(Some(Exit::Environment)),
        }
        if arguments.dry_run {
            return Ok(Some(Exit::Success));
        }
        match self.front.confirms(&self.host)? {
            Answered::Yes => Ok(None),
            Answered::No if self.front.was_interrupted() => Ok(Some(Exit::Interrupted)),
            Answered::No => Ok(Some(Exit::Denied)),
            Answered::Nobody => {
                let hint = "look at it with `--dry-run`, then repeat it with `--yes`";
                Err(Failure::usage("nobody can be asked whether to go back", hint))
            }
        }
    }
}
