// SPDX-License-Identifier: Apache-2.0
//! Finds words, definitions and references in a tree.

use std::ops::Range;

use moat_base::TreePath;

use crate::Corpus;

/// A line that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The file.
    pub path: TreePath,
    /// The line, counted from 1.
    pub line: usize,
    /// The line's text, shortened.
    pub text: String,
    /// How well it fits; higher is better.
    pub score: u32,
}

/// A symbol, or a use of a name, in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: TreePath,
    /// The symbol: the one that was found, or the one that encloses the use; empty for none.
    pub qualified: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The bytes of the symbol, or of the use.
    pub range: Range<usize>,
}

/// Finds the lines that hold most of the terms, rarest terms first.
#[must_use]
pub fn search(corpus: &Corpus<'_>, terms: &[&str]) -> Vec<Hit> {
    let _ = (corpus, terms);
    Vec::new()
}

/// Finds the symbols whose name, or qualified name, is `name`.
#[must_use]
pub fn definitions(corpus: &Corpus<'_>, name: &str) -> Vec<Place> {
    let _ = (corpus, name);
    Vec::new()
}

/// Finds the places where the identifier `name` is used.
#[must_use]
pub fn references(corpus: &Corpus<'_>, name: &str) -> Vec<Place> {
    let _ = (corpus, name);
    Vec::new()
}
