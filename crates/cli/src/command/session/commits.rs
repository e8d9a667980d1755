// SPDX-License-Identifier: Apache-2.0
//! `moat session commits`: what a session committed, and taking it into your repository.

use clap::Args;
use moat_config::Loaded;
use moat_protocol::{ChangeClass, ChangeSet, Op};
use moat_tui::{Detail, Paint};

use super::open_as;
use crate::command::exec::Opened;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::{Form, OfCommits, ShowingCommits};
use crate::sessions::{choose, tell};
use crate::start::Egress;

/// `moat session commits`.
#[derive(Debug, Args)]
pub(crate) struct CommitsArguments {
    /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
    id: Option<String>,
    /// Take new commits into refs of their own, `refs/moat/SESSION/BRANCH`, in your repository. No branch of yours moves.
    #[arg(long)]
    keep: bool,
    /// Take only the commits of this branch of the session.
    #[arg(long = "branch", value_name = "NAME", requires = "keep")]
    branches: Vec<String>,
    /// Remove the refs that the last `--keep` made, or move them back to where they were.
    #[arg(long, conflicts_with = "keep")]
    undo: bool,
    /// Print events, one JSON object per line, and nothing else.
    #[arg(long)]
    json: bool,
}

/// Lists, takes or gives back.
pub(super) fn run(
    environment: &Environment,
    loaded: Loaded,
    arguments: CommitsArguments,
) -> Result<Exit, Failure> {
    let told = tell(environment, choose(environment, arguments.id.as_deref())?)?;
    let form = if arguments.json { Form::Json } else { Form::Text(Detail::Usual) };
    let mut opened = open_as(environment, loaded, told, form, Egress::None)?;
    let op = if arguments.keep {
        Op::TakeCommits { branches: arguments.branches }
    } else if arguments.undo {
        Op::ReturnCommits
    } else {
        Op::ShowCommits
    };
    opened.host.send(op);
    let exit = match opened.front.commits(&opened.host, ShowingCommits::Shown)? {
        OfCommits::Pending(commits) if commits.unavailable.is_some() => Exit::Environment,
        OfCommits::Pending(_) | OfCommits::Moved { refused: 0 } => Exit::Success,
        OfCommits::Moved { .. } => Exit::NotSolved,
        OfCommits::Failed(report) => return Err(Failure { report, exit: Exit::Usage }),
        OfCommits::Closed => Exit::Environment,
    };
    opened.host.close()?;
    Ok(exit)
}

impl Opened {
    /// What the session committed, as text for a review; nothing where it did not touch
    /// git's own files.
    pub(super) fn commits_of(&mut self, set: &ChangeSet, paint: Paint) -> Result<String, Failure> {
        if !set.changes.iter().any(|change| change.class == ChangeClass::GitMetadata) {
            return Ok(String::new());
        }
        self.host.send(Op::ShowCommits);
        Ok(match self.front.commits(&self.host, ShowingCommits::Quiet)? {
            OfCommits::Pending(commits) => moat_tui::commits(&commits, paint),
            OfCommits::Failed(report) => format!("{}\n", moat_base::visible(&report.to_string())),
            OfCommits::Moved { .. } | OfCommits::Closed => String::new(),
        })
    }
}
