// SPDX-License-Identifier: Apache-2.0
//! Exit codes, which scripts rely on: a number never changes its meaning.

use std::process::ExitCode;

use moat_protocol::Outcome;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Success = 0,
    /// The task was not solved and nothing was changed, or a keep or undo left paths alone.
    NotSolved = 1,
    /// The arguments or the input are wrong.
    Usage = 2,
    /// Something that had to be asked was denied.
    Denied = 3,
    /// The turn was stopped: its time was over, or somebody stopped it from another terminal.
    Stopped = 4,
    /// Moat could not do it here: sandbox, model, session store or broker.
    Environment = 5,
    /// A side effect was interrupted; what it did is not known.
    Unknown = 6,
    /// A person interrupted it (128 + SIGINT).
    Interrupted = 130,
}

impl Exit {
    /// The exit code of a turn's outcome.
    pub(crate) const fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Solved
            | Outcome::Unverified { .. }
            | Outcome::NothingToFix
            | Outcome::Answered { .. } => Self::Success,
            Outcome::NotSolved { .. } => Self::NotSolved,
            Outcome::Failed { .. } => Self::Environment,
            Outcome::Stopped { .. } => Self::Stopped,
            Outcome::Denied { .. } => Self::Denied,
            Outcome::Unknown { .. } => Self::Unknown,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
