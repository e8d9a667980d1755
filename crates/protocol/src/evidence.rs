// SPDX-License-Identifier: Apache-2.0
//! What a turn can show for its claim: commands, tests before and after, outcome.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "status", content = "value", rename_all = "snake_case")]
pub enum RunStatus {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It was ended because its time was over.
    TimedOut,
    /// It was ended because a person interrupted.
    Interrupted,
    /// It was ended because it printed more than the limit.
    OutputLimit,
    /// It was ended at another bound.
    Limit(Bound),
}

/// A bound at which a command is ended, other than its time and its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The memory of its processes together.
    Memory,
    /// What is left of the machine's memory.
    MachineMemory,
    /// What is left of the machine's open files.
    MachineFiles,
    /// Processor time.
    Cpu,
    /// The length of one file.
    FileSize,
    /// What the session may hold on disk.
    Disk,
    /// What is left on the disk that takes the session's changes.
    MachineDisk,
}

impl Bound {
    /// What happened, for a person.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Memory => "its processes together took more memory than they may",
            Self::MachineMemory => "the machine's memory ran low",
            Self::MachineFiles => "the machine's open files ran low",
            Self::Cpu => "it used more processor time than it may",
            Self::FileSize => "it wrote a longer file than it may",
            Self::Disk => "the session holds more than it may",
            Self::MachineDisk => "the disk that takes the session's changes is nearly full",
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Memory => "let it run fewer processes, or raise `limits.command_memory_mib`",
            Self::MachineMemory => "let it run fewer processes, or end other programs",
            Self::MachineFiles => "let it keep fewer files open, or end other programs",
            Self::Cpu => "let it do less at once; see docs/sandbox.md#limits",
            Self::FileSize => "let it write shorter files; see docs/sandbox.md#limits",
            Self::Disk => "let it write less, or raise `limits.session_disk_mib`",
            Self::MachineDisk => "make room there, or set XDG_STATE_HOME to another disk",
        }
    }
}

impl RunStatus {
    /// Whether the command says that all is well.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

/// What a run of the check told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TestSummary {
    /// How the check ended.
    pub status: RunStatus,
    /// Tests known to have passed.
    pub passed: u32,
    /// Tests known to have failed.
    pub failed: u32,
    /// The names of failed tests, at most a few.
    pub failing: Vec<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// A place where the bug may be, with the reasons for the guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Suspect {
    /// The file.
    pub path: TreePath,
    /// The symbol's qualified name.
    pub symbol: String,
    /// Why, in a few words each.
    pub reasons: Vec<String>,
}

/// Everything a reader needs to judge the outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Evidence {
    /// The check as it ran.
    pub check: Option<String>,
    /// What the check said before any change.
    pub before: Option<TestSummary>,
    /// What it said with the change.
    pub after: Option<TestSummary>,
    /// Tests that passed before and do not now; empty in a solved turn.
    pub broken: Vec<String>,
    /// How many answers of the model were tried.
    pub candidates: u32,
    /// Model requests.
    pub requests: u32,
    /// Tokens that the model read.
    pub prompt_tokens: u64,
    /// Tokens that the model wrote.
    pub completion_tokens: u64,
    /// The turn's wall time.
    pub duration_ms: u64,
    /// The best candidate of a repair in which none passed; it was not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub nearest: Option<Nearest>,
}

/// A candidate that came nearer to passing than the others: more tests passed with it, or
/// as many and it changes less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Nearest {
    /// Its number in the turn, from 1.
    pub candidate: u32,
    /// The file that it changes.
    pub path: TreePath,
    /// The symbol that it changes.
    pub symbol: String,
    /// Lines that it removes and adds, where that is known.
    pub lines: Option<u32>,
    /// What the check said with it.
    pub summary: TestSummary,
    /// Tests that passed before and do not with it.
    pub broken: Vec<String>,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The change is there and the check passes with it.
    Solved,
    /// The change is there; no check could judge it.
    Unverified {
        /// Why not.
        reason: String,
    },
    /// The check passed before anything was changed.
    NothingToFix,
    /// No candidate passed; nothing was changed.
    NotSolved {
        /// What was tried and what stood in the way.
        reason: String,
    },
    /// It could not go on for a reason outside the task: the model, the sandbox, the disk.
    Failed {
        /// What could not be done.
        reason: String,
    },
    /// The answer is a text.
    Answered {
        /// The text.
        text: String,
    },
    /// A person stopped it, or its time was over.
    Stopped {
        /// Which of these.
        reason: String,
    },
    /// Something that had to be asked was denied.
    Denied {
        /// What and by which rule.
        reason: String,
    },
    /// The process died inside a side effect; what it did is not known.
    Unknown {
        /// Which effect.
        effect: String,
    },
}
