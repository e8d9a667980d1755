// SPDX-License-Identifier: Apache-2.0
//! Which part of a session's changes is compared, when it is known that the rest is as it was.
//!
//! Invariant: what lies beneath a wanted path is wanted.

use std::collections::BTreeSet;

use moat_base::TreePath;

/// Which paths are compared.
#[derive(Debug)]
pub(crate) enum Scope {
    /// All.
    All,
    /// These and what lies beneath them, on the way there through the directories above.
    Paths {
        /// The paths themselves.
        wanted: BTreeSet<TreePath>,
        /// Every directory above one.
        above: BTreeSet<TreePath>,
    },
}

impl Scope {
    pub(crate) fn of(paths: &[TreePath]) -> Self {
        let ups = |path: &TreePath| std::iter::successors(path.parent(), TreePath::parent);
        let above = paths.iter().flat_map(ups).collect();
        Self::Paths { wanted: paths.iter().cloned().collect(), above }
    }

    pub(crate) fn has(&self, path: &TreePath) -> bool {
        match self {
            Self::All => true,
            Self::Paths { wanted, above } => {
                let mut ups = std::iter::successors(Some(path.clone()), TreePath::parent);
                above.contains(path) || ups.any(|path| wanted.contains(&path))
            }
        }
    }
}
