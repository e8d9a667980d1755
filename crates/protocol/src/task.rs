// SPDX-License-Identifier: Apache-2.0
//! What a turn is about.

use serde::{Deserialize, Serialize};

/// The kinds of work that the scaffold for small models knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Make a failing check pass without breaking what passed.
    Repair,
    /// Explain a file, a symbol or an error.
    Explain,
    /// Write the documentation of a symbol without changing what it does.
    Document,
    /// Write a function with tests from a signature or a description.
    Write,
    /// Write a commit message for pending changes.
    CommitMessage,
}

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Task {
    /// The user's words.
    pub text: String,
    /// What kind of work it is.
    pub kind: TaskKind,
    /// The command that tells right from wrong, as a shell line; found out when absent.
    pub check: Option<String>,
    /// The model's name in the configuration.
    pub model: String,
    /// The turn ends when this is spent, with the best that it has.
    pub time_limit_ms: u64,
}
