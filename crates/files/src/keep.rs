// SPDX-License-Identifier: Apache-2.0
//! Taking changes of a session into the user's tree, and taking them back.
//!
//! What is written is what was reviewed: contents come from the stored blobs, not
//! from the session's tree. A record with every step is stored before the first
//! write, so that after a crash each step can be told from the tree itself: it has
//! the old node, the new one, or something newer that is left alone.
//!
//! Invariant: a path that is not exactly what the record says it was is never
//! written, neither by keeping nor by undoing.

mod plan;
mod step;

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

use crate::change::Merge;
use crate::node::Node;
use crate::surface::Confirmed;

pub(crate) use plan::{plan_discard, plan_keep};
pub(crate) use step::{HardLinks, transition};

/// Which changes are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Every edit.
    Edits,
    /// The edits at these paths and beneath them.
    Paths(Vec<TreePath>),
    /// Some hunks of one text, numbered from 1 as the change lists them.
    Hunks {
        /// The path of the text.
        path: TreePath,
        /// The numbers of the hunks.
        hunks: Vec<usize>,
    },
}

/// How far a keep has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Recorded; some steps may have been taken.
    Intended,
    /// Every step was taken or reported.
    Kept,
    /// Being undone; some steps may have been taken back.
    Undoing,
    /// Every step that was taken was taken back.
    Undone,
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Not taken yet.
    Planned,
    /// Taken: the path is now as the step says.
    Done,
    /// Nothing to do: the path was already so.
    AlreadyThere,
    /// Not taken: the path is not what it was when the change was seen.
    Conflict {
        /// Why, in one sentence.
        reason: String,
    },
    /// Not taken: a rule forbids it.
    Refused {
        /// Why, in one sentence.
        reason: String,
    },
    /// Not taken: the system failed. The path is as it was.
    Failed {
        /// Why, in one sentence.
        reason: String,
    },
    /// Taken and taken back.
    Undone,
}

/// One path's part of a keep, of its undoing, or of a change to the session's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepStep {
    /// The path in the tree.
    pub path: TreePath,
    /// What must be there; `None` for nothing.
    pub before: Option<Node>,
    /// What is put there; `None` for nothing.
    pub after: Option<Node>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why taking it back did not work, if it was tried.
    pub not_undone: Option<String>,
    /// Where that is not the step's own two states: what the session's file is compared with
    /// from now on (`session`), and again when the step is taken back (`base`).
    #[serde(default)]
    pub merge: Option<Merge>,
    /// Of a step that touches a surface which acts by itself: the confirmation that it had,
    /// or the one that it lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
}

/// A keep: what was to be written, and what was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepRecord {
    /// Which keep of the session this is, counted from 1.
    pub number: u32,
    /// How far it has come.
    pub phase: Phase,
    /// The steps in the order they are taken.
    pub steps: Vec<KeepStep>,
}

impl KeepRecord {
    /// Whether every step was taken, or was not needed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.outcome, Outcome::Done | Outcome::AlreadyThere))
    }
}
