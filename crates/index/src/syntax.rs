// SPDX-License-Identifier: Apache-2.0
//! Parsing under a bound, and where a source does not parse.

use crate::Language;

/// A place where a source does not parse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// The text there, or what is missing, shortened.
    pub text: String,
}

/// Lists the places where a source does not parse.
#[must_use]
pub fn syntax_errors(language: Language, source: &[u8]) -> Vec<SyntaxError> {
    let _ = (language, source);
    Vec::new()
}

/// Lists the syntax errors of `after` that `before` did not have.
#[must_use]
pub fn new_syntax_errors(language: Language, before: &[u8], after: &[u8]) -> Vec<SyntaxError> {
    let _ = (language, before, after);
    Vec::new()
}

/// Counts the named nodes of the syntax tree: a measure of size that layout does not change.
#[must_use]
pub fn node_count(language: Language, source: &[u8]) -> usize {
    let _ = (language, source);
    0
}
