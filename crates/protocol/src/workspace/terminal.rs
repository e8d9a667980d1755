// SPDX-License-Identifier: Apache-2.0
//! The user's own terminals, on the real tree.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// A question about terminals. What is typed and printed goes in binary frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum TerminalQuery {
    /// Those that there are.
    List,
    /// A new one with the user's shell.
    Open {
        /// Where it begins.
        directory: TreePath,
        /// How wide it is, in characters.
        columns: u16,
        /// How high it is, in lines.
        rows: u16,
    },
    /// Have this front end see what a terminal prints, from what is kept of it on.
    Attach {
        /// Its number.
        terminal: u32,
    },
    /// Tell a terminal its size.
    Resize {
        /// Its number.
        terminal: u32,
        /// How wide it is, in characters.
        columns: u16,
        /// How high it is, in lines.
        rows: u16,
    },
    /// End a terminal and what runs in it.
    Close {
        /// Its number.
        terminal: u32,
    },
}

/// An answer about terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum TerminalReply {
    /// Those that there are.
    Listed {
        /// They.
        terminals: Vec<OpenTerminal>,
    },
    /// It is open, and this front end attached to it.
    Opened {
        /// The terminal.
        terminal: OpenTerminal,
    },
    /// Done.
    Done,
}

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OpenTerminal {
    /// Its number.
    pub terminal: u32,
    /// The program's name.
    pub program: String,
    /// Whether its program ended.
    pub ended: bool,
}
