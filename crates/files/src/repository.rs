// SPDX-License-Identifier: Apache-2.0
//! Whether a directory of a tree is, or would become, a git repository.
//!
//! Invariant: what cannot be looked at is an error, never a no.

use moat_base::{EntryKind, Tree as _, TreeError, TreePath};
use moat_scan::repository::{Marks, is_at_top};

use crate::tree::DirTree;

impl DirTree {
    /// The marks in a directory; none where there is no directory.
    pub(crate) fn marks(&self, directory: &TreePath) -> Result<Marks, TreeError> {
        let mut marks = Marks::default();
        let names = match self.names(directory) {
            Err(TreeError::Missing { .. }) => Vec::new(),
            other => other?,
        };
        let real = names.into_iter().filter(|(_, kind)| *kind != EntryKind::Special);
        real.filter_map(|(path, _)| path.file_name().map(<[u8]>::to_vec))
            .for_each(|name| marks.note(&name));
        Ok(marks)
    }

    /// Whether something new at `path` would be in a directory that is a repository then.
    pub(crate) fn becomes_repository(&self, path: &TreePath) -> Result<bool, TreeError> {
        let mut directory = TreePath::root();
        for name in path.components() {
            if is_at_top(name) {
                let mut marks = self.marks(&directory)?;
                marks.note(name);
                let is_root = directory.is_root();
                if marks.are_whole() || (!is_root && marks.are_of_a_repository()) {
                    return Ok(true);
                }
            }
            let Ok(below) = directory.join(name) else { return Ok(false) };
            directory = below;
        }
        Ok(false)
    }
}
