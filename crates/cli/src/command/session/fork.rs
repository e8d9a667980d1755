// SPDX-License-Identifier: Apache-2.0
//! `moat session fork`.

use clap::Args;
use moat_base::visible;
use moat_engine::{ForkPoint, Forked};
use moat_tui::count;
use serde::Serialize;

use super::workspace;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::sessions::{choose, fork, tell};
use crate::terminal::Terminal;

/// Paths that are named of those that the new session does not have.
const LEFT_SHOWN_MAX: usize = 20;

/// `moat session fork`.
#[derive(Debug, Args)]
pub(crate) struct ForkArguments {
    /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
    id: Option<String>,
    /// The number of the checkpoint, as `moat session checkpoints` lists it; the end when not given.
    #[arg(long, value_name = "N")]
    at: Option<u32>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a program is told.
#[derive(Debug, Serialize)]
struct Told<'a> {
    session: &'a str,
    from: &'a str,
    checkpoint: u32,
    turns: u32,
    paths: u64,
    left: Vec<Left>,
}

/// A path that the new session does not have.
#[derive(Debug, Serialize)]
struct Left {
    path: String,
    reason: String,
}

/// Makes the new session and says what it holds.
pub(super) fn run(environment: &Environment, arguments: &ForkArguments) -> Result<Exit, Failure> {
    environment.give_up_inet()?;
    let old = tell(environment, choose(environment, arguments.id.as_deref())?)?;
    workspace(&old)?;
    let point = arguments.at.map_or(ForkPoint::End, ForkPoint::Checkpoint);
    let (new, forked) = fork(environment, &old.id, point)?;
    let Forked { checkpoint, turns, files } = forked;
    let left = files.left_out.into_iter();
    let left = left.map(|it| Left { path: it.path.to_string(), reason: it.reason });
    let told = Told {
        session: new.as_str(),
        from: old.id.as_str(),
        checkpoint,
        turns,
        paths: files.paths,
        left: left.collect(),
    };
    let mut terminal = Terminal::new(environment.output);
    terminal.write(&if arguments.json {
        format!("{}\n", serde_json::to_string(&told).unwrap_or_default())
    } else {
        words(&told)
    });
    Ok(Exit::Success)
}

fn words(told: &Told<'_>) -> String {
    let Told { session, from, checkpoint, turns, paths, left } = told;
    let holds = format!(
        "{session}\nforked  from session {from} at checkpoint {checkpoint}; that one stays as it \
         is\nholds   {} and {} of its own\n",
        count(u64::from(*turns), "turn"),
        count(*paths, "path"),
    );
    let more = match left.len().saturating_sub(LEFT_SHOWN_MAX) {
        0 => String::new(),
        more => format!("left    and {more} more; `--json` names all\n"),
    };
    let left = left.iter().take(LEFT_SHOWN_MAX).map(|it| {
        let line = format!("left    {}: {}", it.path, it.reason);
        format!("{}\n", visible(&line).replace('\n', " "))
    });
    let next = format!(
        "next    `moat session show {session}` shows it; `moat session run {session} -- COMMAND` \
         and `moat serve` go on in it\n"
    );
    holds + &left.collect::<String>() + &more + &next
}
