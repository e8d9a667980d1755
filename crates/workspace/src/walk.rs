// SPDX-License-Identifier: Apache-2.0
//! Goes through the files of a workspace in the order of their names.
//!
//! `moat-index` has a walk too, which is about sources that are parsed: it leaves out what an
//! environment has to find, such as images, and cannot begin in the middle of a tree.
//!
//! Invariant: a walk opens no file but ignore files, and follows no link.

use std::ops::ControlFlow;

use moat_base::{EntryKind, Tree as _, TreePath};
use moat_files::DirTree;

use crate::limits::DEPTH_MAX;
use crate::rules::{Kind, RuleBook, is_store};

/// Whether ignored files are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// They are.
    Visited,
    /// They are passed over, and what was installed or made.
    PassedOver,
}

/// What a walk is told on its way.
pub(crate) trait Visitor {
    /// Whether a directory is entered.
    fn enters(&mut self, directory: &TreePath) -> bool;
    /// Takes the files that lie in a directory; says whether the walk goes on.
    fn files(&mut self, directory: &TreePath, files: Vec<TreePath>) -> ControlFlow<()>;
}

/// Visits a directory and what lies beneath it. The stores of repositories are never entered.
pub(crate) fn walk(
    tree: &DirTree,
    book: &RuleBook,
    top: &TreePath,
    ignored: Ignored,
    visitor: &mut dyn Visitor,
) -> ControlFlow<()> {
    let mut pending = vec![(top.clone(), top.components().count())];
    while let Some((directory, depth)) = pending.pop() {
        // What cannot be read, or is gone by now, has nothing.
        let Ok(entries) = tree.names(&directory) else { continue };
        let rules = book.of(&directory);
        let passes_over = |path: &TreePath, kind| match ignored {
            Ignored::Visited => kind == Kind::Directory && is_store(path),
            Ignored::PassedOver => rules.passes_over(path, kind),
        };
        let (mut files, mut below) = (Vec::new(), Vec::new());
        for (path, kind) in entries {
            match kind {
                EntryKind::File if !passes_over(&path, Kind::Other) => files.push(path),
                EntryKind::Directory
                    if depth < DEPTH_MAX
                        && !passes_over(&path, Kind::Directory)
                        && visitor.enters(&path) =>
                {
                    below.push((path, depth + 1));
                }
                EntryKind::File | EntryKind::Directory | EntryKind::Link | EntryKind::Special => {}
            }
        }
        visitor.files(&directory, files)?;
        pending.extend(below.into_iter().rev());
    }
    ControlFlow::Continue(())
}
