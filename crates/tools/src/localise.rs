// SPDX-License-Identifier: Apache-2.0
//! Ranks the functions of a workspace by how likely a failure comes from them.
//!
//! The evidence is weighed: stacks of failures, complaints of the compiler, what the
//! failing tests reach through calls and imports and the passing ones do not, names
//! in the task and in messages, words in common, and last a search. The whole tree
//! is walked only when the evidence at hand names too little.
//!
//! Invariant: a test is never a suspect unless the task names its file.

mod board;
mod context;
mod likeness;
mod reach;
mod resolve;
mod subject;
mod word;

use std::fmt;
use std::ops::Range;

use moat_base::TreePath;
use moat_index::{Corpus, Language};

use self::board::Board;
pub use self::context::context;
pub use self::subject::is_test_path;
pub(crate) use self::word::files;
use crate::TestReport;

/// What localisation has to go by.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What the user asked for.
    pub task: &'a str,
    /// The report of the failing check; without one only the task counts.
    pub report: Option<&'a TestReport>,
}

/// Why a function is a suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The stack of a failure goes through it.
    Frame {
        /// The failing test.
        test: String,
        /// The line of the frame.
        line: usize,
    },
    /// A compiler or interpreter complains about a line of it.
    Diagnostic {
        /// What it says.
        message: String,
    },
    /// A failing test calls it.
    Called {
        /// The failing test.
        test: String,
        /// One for a call in the test itself, two for a call in what it calls, and so on.
        depth: usize,
    },
    /// The task names it.
    Task {
        /// The word of the task.
        word: String,
    },
    /// A failure's message names it.
    Message {
        /// The word of the message.
        word: String,
    },
    /// Its source holds words of the task or of the failure.
    Search {
        /// The words.
        words: Vec<String>,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame { test, line } => write!(f, "the stack of `{test}` passes line {line}"),
            Self::Diagnostic { message } => write!(f, "the compiler says: {message}"),
            Self::Called { test, depth: 1 } => write!(f, "`{test}` calls it"),
            Self::Called { test, depth } => write!(f, "`{test}` reaches it in {depth} calls"),
            Self::Task { word } => write!(f, "the task names `{word}`"),
            Self::Message { word } => write!(f, "the failure names `{word}`"),
            Self::Search { words } => write!(f, "it holds `{}`", words.join("`, `")),
        }
    }
}

/// A function that may be the one to edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The file.
    pub path: TreePath,
    /// The language of the file.
    pub language: Language,
    /// The qualified name, as the outline and the splice write it.
    pub qualified: String,
    /// The bytes of the definition with decorators and doc comments.
    pub range: Range<usize>,
    /// The line of its name, counted from 1.
    pub line: usize,
    /// How likely it is; higher is likelier.
    pub score: u32,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// One part of what a prompt shows besides the function itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is, such as ``constants of `src/a.py` ``.
    pub title: String,
    /// The source or text.
    pub text: String,
}

/// What a prompt shows about one suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The file.
    pub path: TreePath,
    /// The language.
    pub language: Language,
    /// The qualified name.
    pub qualified: String,
    /// The source of the function, with its enclosing class or `impl` line for a method.
    pub source: String,
    /// The source of the failing test, empty for none.
    pub test: String,
    /// What the failing test said, empty for none.
    pub failure: String,
    /// Imports, constants, types and signatures that it uses, most useful first.
    pub sections: Vec<Section>,
}

/// Ranks the functions to edit, likeliest first; never one of a test file, unless the task names it.
#[must_use]
pub fn localise(corpus: &Corpus<'_>, evidence: Evidence<'_>) -> Vec<Suspect> {
    let mut board = Board::new(corpus, evidence.task);
    if let Some(report) = evidence.report {
        board.stacks(report);
        board.diagnostics(report);
        board.calls(report);
    }
    board.task_words(evidence.task);
    if let Some(report) = evidence.report {
        board.message_words(report);
    }
    board.likeness(evidence);
    if board.is_thin() {
        board.search(evidence);
    }
    board.ranked()
}

#[cfg(test)]
mod tests;
