// SPDX-License-Identifier: Apache-2.0
//! Search and replace across files.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// A question to the search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum SearchQuery {
    /// Begin a search; what it finds comes as news. One that runs is ended.
    Start {
        /// The number under which the news come.
        search: u32,
        /// What is looked for.
        spec: SearchSpec,
    },
    /// End a search.
    Stop {
        /// Its number.
        search: u32,
    },
    /// Replace what a search found in some files. A file that changed since is left alone.
    Replace {
        /// What is looked for.
        spec: SearchSpec,
        /// What it becomes; with `regex`, `$1` is the first group.
        with: String,
        /// The files.
        paths: Vec<TreePath>,
    },
}

/// An answer of the search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum SearchReply {
    /// It began.
    Started,
    /// It ended, or had ended.
    Stopped,
    /// What was replaced.
    Replaced {
        /// How many places.
        places: u64,
        /// The files that were written.
        files: Vec<TreePath>,
        /// The files that were left alone, and why.
        left: Vec<crate::Refusal>,
    },
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SearchSpec {
    /// The words, or the expression.
    pub pattern: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether upper and lower case differ.
    pub case: bool,
    /// Whether only whole words count.
    pub word: bool,
    /// Globs of which a path must match one; all files where there are none.
    pub include: Vec<String>,
    /// Globs of which a path must match none.
    pub exclude: Vec<String>,
    /// Whether files that the repository ignores are looked at too.
    pub ignored: bool,
}

/// What was found in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SearchHit {
    /// The file.
    pub path: TreePath,
    /// The lines.
    pub lines: Vec<SearchLine>,
}

/// A line that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SearchLine {
    /// Its number, from 1.
    pub line: u32,
    /// Its text; of a long line the part around the first match.
    pub text: String,
    /// The matches in that text: begin and end in UTF-16 units.
    pub matched: Vec<(u32, u32)>,
    /// How many UTF-16 units were cut off before the text.
    pub cut: u32,
}
