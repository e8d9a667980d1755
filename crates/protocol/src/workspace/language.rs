// SPDX-License-Identifier: Apache-2.0
//! Language servers and inline completion.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// A question about language servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum LanguageQuery {
    /// Which there are for a language, and whether they run.
    Servers {
        /// The language's name, as editors call it: `python`.
        language: String,
    },
    /// A message of the Language Server Protocol to the servers of a language.
    Send {
        /// The language.
        language: String,
        /// The message.
        message: String,
    },
}

/// An answer about language servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum LanguageReply {
    /// The servers.
    Servers {
        /// They.
        servers: Vec<ServerState>,
    },
    /// It was passed on.
    Sent,
}

/// A language server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ServerState {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub running: bool,
    /// Why not, and what a person can do, where it cannot.
    pub missing: Option<String>,
}

/// A question for inline completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum CompletionQuery {
    /// What may stand at the cursor. Questions of this front end with smaller numbers are ended.
    Complete {
        /// A number that grows from question to question: they are answered beside each other,
        /// and one that is late must not end one that is newer.
        number: u32,
        /// The model to ask, by its name; without one, the one that sessions use, which then has
        /// to run on this machine: nothing leaves it by typing unless a person chose so.
        model: Option<String>,
        /// The file.
        path: TreePath,
        /// The language.
        language: String,
        /// What stands before the cursor; at most 16 KiB.
        before: String,
        /// What stands behind the cursor; at most 8 KiB.
        after: String,
        /// Files that were edited or looked at last.
        recent: Vec<TreePath>,
    },
    /// Questions up to this number are no longer of interest.
    Cancel {
        /// The number of the last one.
        number: u32,
    },
}

/// An answer of inline completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum CompletionReply {
    /// What may stand there; nothing where nothing good was found.
    Completed {
        /// The text.
        text: Option<String>,
        /// How long the model took, in milliseconds.
        model_ms: u64,
    },
    /// The question was ended.
    Cancelled,
    /// The model is being loaded; it can be asked again a little later.
    Loading,
    /// The file is one that holds secrets by its name: no model is shown it.
    Withheld,
}
