// SPDX-License-Identifier: Apache-2.0
//! What a session changed inside a directory of git's own, for a review.
//!
//! Nothing of it is ever kept, so this decides nothing.

use moat_base::{EntryKind, Tree as _, TreePath};
use moat_scan::{Side, Touch, Which, touches};

use super::SurfaceGate;
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
