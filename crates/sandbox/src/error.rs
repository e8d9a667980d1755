// SPDX-License-Identifier: Apache-2.0
//! What can fail between a plan and a finished command.
//!
//! Invariant: no variant means "it ran unconfined"; every failure here happened
//! before the program started, or after it was killed.

use std::io;
use std::path::PathBuf;

use moat_base::Hint;

use crate::{Effect, Step};

/// Why a sandbox, a command or a service could not be started or finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The launcher process could not be started.
    #[error("could not start the launcher `{helper}`")]
    Launcher {
        /// The program that was to be the launcher.
        helper: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The kernel refused a step of building the sandbox.
    #[error("could not start the sandbox: {step}")]
    Start {
        /// What was being done.
        step: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The workspace cannot be confined as it lies.
    #[error("`{path}` cannot be the workspace: {reason}")]
    Workspace {
        /// The workspace.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// The sandbox would start, but not enforce everything.
    #[error("the sandbox would stand on the step `{}` only{}", step.name(), list(lost))]
    Unenforced {
        /// The strongest step that this machine has.
        step: Step,
        /// What would not be enforced.
        lost: Vec<Effect>,
    },
    /// The workspace would have to be copied, and cannot be.
    #[error("could not copy `{path}` for the session")]
    Copy {
        /// What was to be copied.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What the session had changed lay in memory and is not there any more.
    #[error("what the session changed lay in memory at `{place}` and is gone")]
    ChangesLost {
        /// Where it lay.
        place: PathBuf,
    },
    /// The command could not be run.
    #[error("could not run `{program}`: {step}")]
    Run {
        /// The program's name as it was given.
        program: String,
        /// What was being done.
        step: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The sandbox ended while it was in use.
    #[error("the sandbox ended unexpectedly")]
    Gone,
    /// The sandbox was told to end, then killed, and is still there.
    #[error("the sandbox did not end")]
    Lingering,
    /// A message between Moat and its launcher was malformed or did not come.
    #[error("the launcher's answer could not be used: {reason}")]
    Answer {
        /// What was wrong with it.
        reason: &'static str,
    },
    /// A service could not be started.
    #[error("could not start the service `{name}`: {step}")]
    Service {
        /// The service.
        name: String,
        /// What was being done.
        step: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// This process could not give up its rights.
    #[error("could not confine this process: {step}")]
    Lockdown {
        /// What was being done.
        step: &'static str,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

fn list(effects: &[Effect]) -> String {
    let names: Vec<&str> = effects.iter().map(|effect| effect.name()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(", and would not enforce: {}", names.join(", ")),
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Launcher { .. } => {
                "check that the `moat` binary still lies where it was started from"
            }
            Self::Start { step, .. } if step.contains("user namespace") => {
                "this machine forbids unprivileged user namespaces; run `moat doctor` and see docs/sandbox.md#user-namespaces"
            }
            Self::Start { step, .. } if step.contains("overlay") => {
                "the state directory must lie on a file system that can hold an overlay (ext4, xfs, btrfs); set XDG_STATE_HOME to one"
            }
            Self::Copy { .. } => {
                "files are copied where no overlay can be laid; `moat doctor` says why, in a container more room in `/dev/shm` helps, or start in a smaller directory"
            }
            Self::ChangesLost { .. } => {
                "open the session again: it goes on without them, and `moat session rewind` returns to a checkpoint"
            }
            Self::Start { .. } | Self::Unenforced { .. } => {
                "run `moat doctor` to see what this machine can enforce"
            }
            Self::Workspace { .. } => "start in a project directory of its own",
            Self::Run { .. } => "check the command and the program's place in `PATH`",
            Self::Gone | Self::Answer { .. } => "start the session again; its files are kept",
            Self::Lingering => {
                "look for processes that hang in the kernel, on a network disk for example"
            }
            Self::Service { .. } | Self::Lockdown { .. } => {
                "run `moat doctor` to see what this machine can enforce"
            }
        };
        Some(text.to_owned())
    }
}
