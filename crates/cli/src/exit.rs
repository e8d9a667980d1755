// SPDX-License-Identifier: Apache-2.0
//! Exit codes, which scripts rely on: a number never changes its meaning.

use std::process::ExitCode;

use moat_protocol::{CommandEnd, Outcome, RunStatus};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Success,
    /// The task was not solved and nothing was changed, a keep or undo left paths alone, or
    /// `moat doctor` found that less than everything holds, or `moat scan` found what acts.
    NotSolved,
    /// The arguments or the input are wrong.
    Usage,
    /// Something that had to be asked was denied.
    Denied,
    /// The turn was stopped: its time was over, or somebody stopped it from another terminal.
    Stopped,
    /// Moat could not do it here: sandbox, model, session store or broker.
    Environment,
    /// A side effect was interrupted; what it did is not known.
    Unknown,
    /// A person interrupted it (128 + SIGINT).
    Interrupted,
    /// A command that ran in a session ended with this code.
    Command(u8),
}

impl Exit {
    /// The exit code for the end of a command that ran in a session.
    pub(crate) fn of_command(end: &CommandEnd) -> Self {
        match end {
            CommandEnd::Ran { status: RunStatus::Code(code) } => {
                Self::Command(u8::try_from(*code).unwrap_or(u8::MAX))
            }
            CommandEnd::Ran { status: RunStatus::Signal(signal) } => {
                Self::Command(u8::try_from(signal.saturating_add(128)).unwrap_or(u8::MAX))
            }
            CommandEnd::Ran {
                status:
                    RunStatus::TimedOut
                    | RunStatus::Interrupted
                    | RunStatus::OutputLimit
                    | RunStatus::Limit(_),
            } => Self::Stopped,
            CommandEnd::Denied { .. } => Self::Denied,
            CommandEnd::Unknown => Self::Unknown,
        }
    }

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
        Self::from(match exit {
            Exit::Success => 0,
            Exit::NotSolved => 1,
            Exit::Usage => 2,
            Exit::Denied => 3,
            Exit::Stopped => 4,
            Exit::Environment => 5,
            Exit::Unknown => 6,
            Exit::Interrupted => 130,
            Exit::Command(code) => code,
        })
    }
}
