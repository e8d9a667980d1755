// SPDX-License-Identifier: Apache-2.0
//! What a session's own files do when the user's tree has changed under them.
//!
//! A file that the session once wrote hides the user's from its commands, also when the
//! session has no change to it any more: it was only opened for writing, or was kept. Where
//! the user went on with such a file, the session's copy gives way.
//!
//! Invariant: only what equals its base gives way, and only while nothing is mounted.

use std::collections::BTreeSet;

use moat_base::TreePath;

use crate::change::{Idle, Scope};
use crate::class::Class;
use crate::file_error::FileError;
use crate::files::origin::unknown;
use crate::files::{SessionFiles, stamp};
use crate::keep::{HardLinks, KeepRecord, Outcome, transition};
use crate::resolver::{self, Links};
use crate::tree::DirTree;
use crate::watch::is_remote;

impl SessionFiles {
    /// Lets the session's copies give way where they are no change and the user's tree has
    /// something newer, and stores the base of every change. What the session changes from
    /// here on comes from the user's tree as it is now.
    ///
    /// Nothing may be mounted over `upper`; what follows is a fresh mount. A copy that cannot
    /// be removed stays, and is stale.
    ///
    /// # Errors
    /// As [`SessionFiles::changes`].
    pub fn give_way(&mut self, real: &DirTree, upper: &DirTree) -> Result<(), FileError> {
        let (set, leavings) = self.compare(real, std::slice::from_ref(upper), &[], Scope::All)?;
        for one in &leavings.idle {
            let (path, left) = match one {
                Idle::Name(path) => {
                    let left = upper.forget(path);
                    if left.is_ok() {
                        self.bases.remove(path);
                    }
                    (path, left)
                }
                Idle::Directory(path) => (path, upper.forget_directory(path)),
                Idle::Mode(path, mode) => (path, self.take_mode(upper, path, *mode)),
            };
            if let Err(error) = left {
                tracing::debug!(%path, %error, "the session's copy stays");
            }
        }
        if !set.truncated {
            // Where the session has nothing of its own it sees what the user has.
            let named = set.changes.iter().filter(|change| change.class != Class::Edit);
            let named: BTreeSet<&TreePath> = named.map(|change| &change.path).collect();
            self.bases.retain(|path, _| {
                let is_inside = |above: &TreePath| named.contains(above);
                leavings.held.contains(path) || ancestors(path).any(|above| is_inside(&above))
            });
            let older = unknown(&set);
            // Another machine's clock stamps the files of a tree that lies there.
            if !is_remote(real.root()) {
                let now = stamp::take(&self.directory).map_err(|source| self.fail("", source))?;
                self.since.advance(now, older);
            }
        }
        self.save_bases()
    }

    /// Puts the session's side of an undone keep back where its copy had given way, so that
    /// an undo leaves the session with its work. `session` is freshly mounted over `upper`.
    ///
    /// # Errors
    /// [`FileError::RootGone`]; a path that the session has something else at is left alone.
    pub fn restore(
        &mut self,
        session: &DirTree,
        upper: &DirTree,
        record: &KeepRecord,
    ) -> Result<(), FileError> {
        session.root().check()?;
        for step in &record.steps {
            let is_there = resolver::stat(upper.root(), &step.path, Links::Refused).is_ok();
            if step.outcome != Outcome::Undone || is_there {
                continue;
            }
            let (goal, base) = match &step.merge {
                Some(merge) => (&merge.session, &merge.base),
                None => (&step.after, &step.before),
            };
            let nodes = (step.before.as_ref(), goal.as_ref());
            let put = transition(session, &self.blobs, &step.path, nodes, HardLinks::Parted);
            if matches!(put, Outcome::Done | Outcome::AlreadyThere) {
                self.bases.insert(step.path.clone(), base.clone());
            }
        }
        self.save_bases()
    }

    fn take_mode(&mut self, upper: &DirTree, path: &TreePath, mode: u32) -> Result<(), FileError> {
        if let Some(seen) = upper.observe(path)? {
            upper.set_mode(path, &seen, mode)?;
            self.bases.remove(path);
        }
        Ok(())
    }
}

/// The directories above a path.
fn ancestors(path: &TreePath) -> impl Iterator<Item = TreePath> {
    std::iter::successors(path.parent(), TreePath::parent)
}
