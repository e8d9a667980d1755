// SPDX-License-Identifier: Apache-2.0
//! Since when a file of the user's tree must be unchanged to be what the session began with.
//!
//! A session sees the user's tree as it is whenever its overlay is mounted anew. What it
//! changes after that comes from the newer tree, so the moment moves on with each mount,
//! except for paths that the session had changed before and whose base was not stored.
//!
//! Invariant: the moment of a path is never later than the last mount before the session
//! first changed it.

use std::collections::BTreeSet;

use moat_base::TreePath;

use crate::stat::Moment;

/// The moments of one session.
#[derive(Debug, Clone)]
pub(crate) struct Since {
    begin: Moment,
    latest: Moment,
    older: BTreeSet<TreePath>,
}

impl Since {
    pub(crate) fn new(begin: Moment, latest: Option<Moment>, older: Vec<TreePath>) -> Self {
        Self { begin, latest: latest.unwrap_or(begin), older: older.into_iter().collect() }
    }

    /// The moment for a path: the first one for what is, or is beneath, an older change.
    pub(crate) fn of(&self, path: &TreePath) -> Moment {
        if self.is_older(path) { self.begin } else { self.latest }
    }

    /// Whether a path is, or is beneath, an older change.
    pub(crate) fn is_older(&self, path: &TreePath) -> bool {
        let mut at = Some(path.clone()).filter(|_| !self.older.is_empty());
        while let Some(path) = at {
            if self.older.contains(&path) {
                return true;
            }
            at = path.parent();
        }
        false
    }

    /// Moves on. `older` paths stay with the first moment.
    pub(crate) fn advance(&mut self, now: Moment, older: impl Iterator<Item = TreePath>) {
        self.older.extend(older);
        self.latest = now;
    }

    /// Goes back to what was older in an earlier state. The last mount stays the last: the
    /// session has a fresh one after going back.
    pub(crate) fn return_to(&mut self, older: Vec<TreePath>) {
        self.older = older.into_iter().collect();
    }

    pub(crate) const fn begin(&self) -> Moment {
        self.begin
    }

    pub(crate) const fn latest(&self) -> Moment {
        self.latest
    }

    pub(crate) fn older(&self) -> impl Iterator<Item = &TreePath> {
        self.older.iter()
    }
}
