// SPDX-License-Identifier: Apache-2.0
//! Checkpoints, and going back to one.

use moat_base::{Timestamp, TreePath};
use serde::{Deserialize, Serialize};

use crate::{ChangeKind, Refusal, RunStatus};

/// A state of the session that can be returned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Checkpoint {
    /// Its number in the session, from 1. Numbers are never given twice.
    pub number: u32,
    /// When it was taken.
    pub at: Timestamp,
    /// After what, in a few words.
    pub after: String,
    /// How many paths differ from the checkpoint before.
    pub differing: u64,
    /// How many paths it does not cover, because they are too large or cannot be read.
    pub uncovered: u64,
}

/// What is brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RewindScope {
    /// The session's files.
    Code,
    /// What was said and done: the turns.
    Conversation,
    /// Both.
    Both,
}

impl RewindScope {
    /// Whether the session's files are brought back.
    #[must_use]
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::Both)
    }

    /// Whether the turns are brought back.
    #[must_use]
    pub const fn has_conversation(self) -> bool {
        matches!(self, Self::Conversation | Self::Both)
    }
}

/// What becomes of a path, as the session's commands see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PathChange {
    /// The path in the workspace.
    pub path: TreePath,
    /// What happens to it.
    pub kind: ChangeKind,
}

/// What going back to a checkpoint would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RewindPlan {
    /// The checkpoint.
    pub to: u32,
    /// What is brought back.
    pub scope: RewindScope,
    /// What becomes of the session's files; a long list is cut.
    pub changes: Vec<PathChange>,
    /// How many paths that are in all.
    pub changed: u64,
    /// What the checkpoint does not hold, and why.
    pub left: Vec<Refusal>,
    /// Paths that were kept and that the checkpoint has nothing of its own for: the session
    /// will show them as your tree has them.
    pub kept: Vec<TreePath>,
    /// The tasks of the turns that would not count any more.
    pub leaving: Vec<String>,
    /// The tasks of the turns that would count again.
    pub returning: Vec<String>,
}

impl RewindPlan {
    /// A plan in which nothing changes.
    #[must_use]
    pub const fn empty(to: u32, scope: RewindScope) -> Self {
        Self {
            to,
            scope,
            changes: Vec::new(),
            changed: 0,
            left: Vec::new(),
            kept: Vec::new(),
            leaving: Vec::new(),
            returning: Vec::new(),
        }
    }
}

/// What going back to a checkpoint did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Rewound {
    /// The checkpoint.
    pub to: u32,
    /// What was brought back.
    pub scope: RewindScope,
    /// The checkpoint of how it was before: going back to it goes forward again.
    pub before: u32,
    /// What became of the session's files; a long list is cut.
    pub changes: Vec<PathChange>,
    /// How many paths that are in all.
    pub changed: u64,
    /// What is not as the checkpoint says, and why.
    pub left: Vec<Refusal>,
    /// Paths that were kept and are shown as your tree has them.
    pub kept: Vec<TreePath>,
}

/// How a command in the session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum CommandEnd {
    /// It ran.
    Ran {
        /// How it ended.
        status: RunStatus,
    },
    /// It was not allowed.
    Denied {
        /// The rule.
        rule: String,
    },
    /// It was interrupted: what it did to the session's files is not known.
    Unknown,
}
