// SPDX-License-Identifier: Apache-2.0
//! Whether a session can work in one workspace, and how its files would appear.
//!
//! Invariant: nothing is copied, and the workspace stays as it is.

use std::path::Path;

use moat_base::{Report, random_hex};
use moat_sandbox::{Collected, Command, Error, Files, Interrupt, Launcher, Plan, Sandbox};
use serde::Serialize;

/// How a session's files would appear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "files", rename_all = "snake_case")]
pub enum Look {
    /// Under an overlay: a file that was written in it did not reach the workspace.
    Overlay,
    /// As a copy, because no overlay can be laid.
    Copy {
        /// The system's reason.
        why: String,
    },
    /// Not at all.
    Refused {
        /// Why.
        why: String,
    },
    /// Under an overlay that lets changes through.
    Open {
        /// What happened.
        why: String,
    },
}

/// Starts a sandbox over the workspace and writes a file in it. `scratch` is as for
/// [`crate::examine`].
#[must_use]
pub fn look(launcher: &Launcher, workspace: &Path, scratch: &Path) -> Look {
    match tried(launcher, workspace, scratch) {
        Ok(look) => look,
        Err(Error::Copy { source, .. }) => Look::Copy { why: source.to_string() },
        Err(error @ Error::Workspace { .. }) => Look::Refused { why: error.to_string() },
        Err(error) => Look::Refused { why: Report::of(&error).to_string().replace('\n', "; ") },
    }
}

fn tried(launcher: &Launcher, workspace: &Path, scratch: &Path) -> Result<Look, Error> {
    let failed = |source| Error::Start { step: "preparing the look".to_owned(), source };
    let (upper, work) = (scratch.join("look-upper"), scratch.join("look-work"));
    for directory in [&upper, &work] {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    let name = format!(".moat-doctor-{}", random_hex(16).map_err(failed)?);
    let lowers = vec![workspace.to_owned()];
    let files = Files::CopyOnWrite { lowers, upper: upper.clone(), work };
    let plan = Plan::new(workspace, files)?.without_copy();
    let sandbox = Sandbox::start(launcher, &plan)?;
    let command = Command::new(["/usr/bin/touch", &name]);
    let exit = sandbox.run(&command, &mut Collected::default(), &Interrupt::new()?)?;
    Ok(match (exit.success(), upper.join(&name).exists(), workspace.join(&name).exists()) {
        (_, _, true) => Look::Open { why: format!("`{name}` was written into the workspace") },
        (true, true, false) => Look::Overlay,
        (_, _, false) => Look::Refused { why: "nothing can be written in it".to_owned() },
    })
}
