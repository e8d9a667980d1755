// SPDX-License-Identifier: Apache-2.0
//! What a session changed inside a directory of git's own, for a review, and what may become
//! the configuration of a repository.
//!
//! Invariant: nothing inside a repository is ever kept, so the review of it decides nothing.

use std::collections::BTreeSet;

use moat_base::{EntryKind, Tree as _, TreePath};
use moat_scan::repository::{is_config, is_mark};
use moat_scan::{Side, Touch, Which, touches};

use super::SurfaceGate;
use crate::change::ChangeSet;
use crate::limits::{GIT_ENTRIES_MAX, GIT_FILE_BYTES_MAX};
use crate::tree::DirTree;

impl SurfaceGate<'_> {
    /// The surfaces inside a repository's own directory that the session changed, with the
    /// path of each. What cannot be read is left out, and so is what is the same in the
    /// user's tree.
    #[must_use]
    pub fn inside(upper: &DirTree, real: &DirTree, directory: &TreePath) -> Vec<(TreePath, Touch)> {
        let mut found: Vec<(TreePath, Touch)> = Vec::new();
        let mut waiting = vec![directory.clone()];
        let mut left = GIT_ENTRIES_MAX;
        while let Some(place) = waiting.pop() {
            for (path, kind) in upper.names(&place).unwrap_or_default() {
                if left == 0 {
                    break;
                }
                left -= 1;
                match kind {
                    // Of the objects themselves there are many, and none of them acts.
                    EntryKind::Directory if place.file_name() == Some(b"objects") => {
                        if path.file_name() == Some(b"info") {
                            waiting.push(path);
                        }
                    }
                    EntryKind::Directory => waiting.push(path),
                    EntryKind::File | EntryKind::Link | EntryKind::Special => {
                        if let Some(touch) = touched(directory, &path)
                            && !is_same(upper, real, &path)
                        {
                            found.push((path, touch));
                        }
                    }
                }
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }
}

/// The first surface that a path inside a repository's directory is, whatever that is called.
fn touched(directory: &TreePath, path: &TreePath) -> Option<Touch> {
    let rest = path.as_path().strip_prefix(directory.as_path()).ok()?;
    let name = TreePath::parse(".git").ok()?.join(rest.as_os_str().as_encoded_bytes()).ok()?;
    let mut read = |_which: Which| None;
    touches(&name, Side::Nothing, Side::File, &mut read).into_iter().next()
}

fn is_same(upper: &DirTree, real: &DirTree, path: &TreePath) -> bool {
    let read = |tree: &DirTree| tree.read(path, GIT_FILE_BYTES_MAX).ok();
    read(upper).is_some_and(|bytes| Some(bytes) == read(real))
}

/// The paths of a set that are named as git's configuration is, with a mark of a repository
/// beside them in the user's tree or in the set.
pub(super) fn configs(real: &DirTree, set: &ChangeSet) -> BTreeSet<TreePath> {
    let named = set.edits().filter(|change| change.path.file_name().is_some_and(is_config));
    let there = set.changes.iter().filter(|change| change.after.is_some());
    let marked: BTreeSet<TreePath> = there
        .filter(|change| change.path.file_name().is_some_and(is_mark))
        .map(|change| change.path.parent().unwrap_or_default())
        .collect();
    let beside = |path: &TreePath| {
        let directory = path.parent().unwrap_or_default();
        // What cannot be looked at may have one.
        marked.contains(&directory) || !real.marks(&directory).is_ok_and(|it| it.is_empty())
    };
    named.map(|change| change.path.clone()).filter(beside).collect()
}
