// SPDX-License-Identifier: Apache-2.0
//! `moat session run`: a command of yours inside a session.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use moat_base::TreePath;
use moat_config::Loaded;
use moat_protocol::Op;
use moat_tui::Detail;

use super::{open_as, tree_path};
use crate::command::exec::{Opened, attendance, rule};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::Form;
use crate::sessions::{self, choose, tell};
use crate::start::{self, Egress, Started};

/// `moat session run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
    id: Option<String>,
    /// Begin a new session over the current directory.
    #[arg(long, conflicts_with = "id")]
    new: bool,
    /// The working directory, from the workspace's root; the current one when it is inside.
    #[arg(long, value_name = "PATH")]
    dir: Option<String>,
    /// Print events, one JSON object per line, and nothing else.
    #[arg(long)]
    json: bool,
    /// The command and its arguments; no shell reads them.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs the command and passes its exit code on.
pub(super) fn run(
    environment: &Environment,
    loaded: Loaded,
    arguments: &RunArguments,
) -> Result<Exit, Failure> {
    let argv = arguments.command.iter().map(|word| {
        word.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::usage(
                "a part of the command is not UTF-8",
                "put the command into a script, and run that",
            )
        })
    });
    let argv = argv.collect::<Result<Vec<_>, _>>()?;
    let directory = arguments.dir.as_deref().map(tree_path).transpose()?;
    let form = if arguments.json { Form::Json } else { Form::Text(Detail::Usual) };
    let (mut opened, directory) = if arguments.new {
        let opened = begin(environment, loaded, form)?;
        (opened, directory.unwrap_or_default())
    } else {
        let told = tell(environment, choose(environment, arguments.id.as_deref())?)?;
        let here = here(environment, told.workspace().as_deref());
        let opened = open_as(environment, loaded, told, form, Egress::None)?;
        (opened, directory.unwrap_or(here))
    };
    opened.host.send(Op::Run { argv, directory });
    let ended = opened.front.command(&opened.host, environment.output)?;
    let interrupted = opened.front.was_interrupted();
    opened.host.close()?;
    match ended {
        Err(report) => Err(Failure { report, exit: Exit::Environment }),
        Ok(_) if interrupted => Ok(Exit::Interrupted),
        Ok(end) => Ok(Exit::of_command(&end)),
    }
}

fn begin(environment: &Environment, loaded: Loaded, form: Form) -> Result<Opened, Failure> {
    let workspace = environment.workspace(None)?;
    let started = Started::begin(environment, Egress::None, start::least(&loaded.settings))?;
    let config = started.tightened(&loaded, &workspace)?;
    let held = sessions::create(environment)?;
    let directory = held.directory.clone();
    let (commands, attendance) = (rule(&config), attendance(environment, form));
    let manner = (form, attendance);
    Opened::start(environment, config, started, held, workspace, commands, manner).inspect_err(
        |_told_by_the_caller| {
            // A session that never began holds nothing; what cannot be removed is listed as empty.
            let _listed = sessions::remove(&directory);
        },
    )
}

/// The current directory, as a path in the workspace; its root when it is elsewhere.
fn here(environment: &Environment, workspace: Option<&Path>) -> TreePath {
    let here = environment.workspace(None).ok();
    let inside = here.as_deref().zip(workspace).and_then(|(here, workspace)| {
        let inside = here.strip_prefix(workspace).ok()?;
        TreePath::from_bytes(inside.as_os_str().as_encoded_bytes()).ok()
    });
    inside.unwrap_or_default()
}
