// SPDX-License-Identifier: Apache-2.0
//! What becomes of an upper directory that was replaced.
//!
//! The new one is made beside it, and in one step the two change places. So the place where
//! the new one is made is where the old one lies afterwards: when that has something that no
//! checkpoint holds, it is a place that lasts.
//!
//! Invariant: `upper-next` never has anything that no checkpoint holds.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use moat_base::remove_files;
use rustix::fs::AtFlags;

use crate::change::LeftOut;
use crate::checkpoint::manifest::{Entry, Kind, Manifest};
use crate::checkpoint::{Checkpoints, collect, open_directory};
use crate::file_error::FileError;
use crate::resolver::{self, Links, Parents};
use crate::root::Root;
use crate::tree::DirTree;

impl Checkpoints {
    /// Where to make an upper directory that replaces one with these entries. Nothing is there.
    pub(super) fn place_for(&self, current: &Manifest) -> Result<PathBuf, FileError> {
        let newest = self.numbers.last().copied().unwrap_or_default();
        let is_uncovered = |entry: &Entry| matches!(entry.kind, Kind::Uncovered(_));
        if current.entries.iter().any(is_uncovered) {
            let random = moat_base::random_hex(4);
            let random = random.map_err(|source| self.fail("", source))?;
            return Ok(self.upper.with_file_name(format!("{}{random}", prefix(newest))));
        }
        let next = self.next();
        remove_files(&next).map_err(|source| FileError::Store { path: next.clone(), source })?;
        Ok(next)
    }

    /// What was set aside after a checkpoint.
    pub(super) fn aside(&self, number: u32) -> Vec<PathBuf> {
        let Some(parent) = self.upper.parent() else { return Vec::new() };
        let listed = open_directory(parent).and_then(|fd| collect::files(&fd));
        let prefix = prefix(number);
        let names = listed.unwrap_or_default().into_iter().map(|(name, _)| name);
        let ours = names.filter(|name| name.starts_with(prefix.as_bytes()));
        ours.map(|name| parent.join(OsStr::from_bytes(&name))).collect()
    }

    /// Removes from the replaced upper directory, which lies at `place`, all that a checkpoint
    /// holds or the new one has. Tells of the rest, which stays.
    pub(super) fn part_with(&self, old: &Manifest, new: &DirTree, place: &Path) -> Vec<LeftOut> {
        let is_lost = |entry: &&Entry| {
            let stat = resolver::stat(new.root(), &entry.path, Links::Refused);
            matches!(entry.kind, Kind::Uncovered(_))
                && !stat.is_ok_and(|stat| stat.inode == entry.inode)
        };
        let lost: Vec<&Entry> = old.entries.iter().filter(is_lost).collect();
        if lost.is_empty() {
            // What cannot be removed now is removed when the session is opened again, or with
            // the newest checkpoint.
            let _left_for_later = remove_files(place);
            return Vec::new();
        }
        thin_out(old, place);
        let reason = format!("no checkpoint holds it; it was set aside in `{}`", place.display());
        let told = |entry: &Entry| LeftOut { path: entry.path.clone(), reason: reason.clone() };
        lost.into_iter().map(told).collect()
    }

    /// Removes what an interrupted rewind left beside the upper directory.
    pub(super) fn put_in_order(&self) {
        // Where it cannot be removed it is tried again by the next rewind.
        let _tried_again_later = remove_files(&self.next());
    }

    fn next(&self) -> PathBuf {
        self.upper.with_file_name("upper-next")
    }
}

/// Takes from what was set aside the files that a checkpoint holds, so that the disk is not
/// filled with them. What cannot be removed stays.
fn thin_out(old: &Manifest, place: &Path) {
    let Ok(root) = Root::open(place) else { return };
    for entry in &old.entries {
        if matches!(entry.kind, Kind::Directory | Kind::Uncovered(_)) {
            continue;
        }
        let removed = resolver::parent(&root, &entry.path, Parents::Required)
            .map_err(io::Error::other)
            .and_then(|(parent, name)| Ok(rustix::fs::unlinkat(&parent, name, AtFlags::empty())?));
        if let Err(error) = removed {
            tracing::debug!(path = %entry.path, %error, "a copy stays set aside");
        }
    }
}

fn prefix(number: u32) -> String {
    format!("aside-{number:06}-")
}
