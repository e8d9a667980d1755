// SPDX-License-Identifier: Apache-2.0
//! The change set: what the session would change in the user's tree.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// Its content, and perhaps its mode, is another.
    Modified,
    /// It is gone.
    Deleted,
    /// Only its mode is another.
    Mode,
    /// It became something else: a file, a directory or a link.
    Type,
}

/// Why a change is there, which decides whether it is kept by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeClass {
    /// Source: shown and kept.
    Edit,
    /// Ignored by the repository's rules, or a cache: kept only by name.
    Ignored,
    /// Inside `.git`: never copied file by file.
    GitMetadata,
}

/// One run of changed lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The number by which it is selected, from 1.
    pub number: u32,
    /// The unified diff of this hunk, `@@` line included, made safe to show.
    pub text: String,
}

/// One path of the change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The path in the workspace.
    pub path: TreePath,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Why it is there.
    pub class: ChangeClass,
    /// Lines added; zero for binary content.
    pub lines_added: u32,
    /// Lines removed; zero for binary content.
    pub lines_removed: u32,
    /// The hunks of a text file.
    pub hunks: Vec<Hunk>,
    /// Why it cannot be kept as it is, when it cannot.
    pub conflict: Option<String>,
}

/// Which changes an operation is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "select", rename_all = "snake_case")]
pub enum Selection {
    /// Every change of class [`ChangeClass::Edit`].
    All,
    /// These paths, whatever their class but git metadata.
    Paths {
        /// The paths.
        paths: Vec<TreePath>,
    },
    /// Some hunks of one file.
    Hunks {
        /// The file.
        path: TreePath,
        /// Hunk numbers as shown.
        numbers: Vec<u32>,
    },
}

/// A change that an operation left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The path.
    pub path: TreePath,
    /// Why, in one sentence.
    pub reason: String,
}
