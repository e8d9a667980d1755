// SPDX-License-Identifier: Apache-2.0
//! Moving a file or a directory, also to another file system.
//!
//! Where the kernel can rename it, that is one step. Where it cannot, because the goal lies
//! on another file system or beneath an overlay, it is copied whole and only then removed.
//!
//! Invariant: something is removed only when all of it lies at its goal.

use std::io;

use moat_base::{EntryKind, Tree as _, TreePath};
use moat_files::{DirTree, FileError};

use super::occupied;
use crate::error::Error;
use crate::limits::{COPIED_BYTES_MAX, COPIED_ENTRIES_MAX, DEPTH_MAX};

/// A path of a tree.
type Place<'a> = (&'a DirTree, &'a TreePath);

/// Moves what is at `from` to `to`, where nothing is yet.
pub(super) fn transfer(from: Place<'_>, to: Place<'_>) -> Result<(), Error> {
    match from.0.move_to(from.1, to.0, to.1) {
        Err(FileError::Write { source, .. }) if source.kind() == io::ErrorKind::CrossesDevices => {}
        other => return other.map_err(|error| occupied(error, to.1)),
    }
    let mut copy = Copy { entries: 0, bytes: 0, made: 0 };
    if let Err(error) = copy.all(from, to, 0) {
        if copy.made > 0 {
            // What was copied is in nobody's way for long; the first failure is told.
            let _reported = remove_all(to, 0);
        }
        return Err(error);
    }
    remove_all(from, 0)
}

struct Copy {
    entries: usize,
    bytes: u64,
    made: usize,
}

impl Copy {
    fn all(&mut self, from: Place<'_>, to: Place<'_>, depth: usize) -> Result<(), Error> {
        let refuse = |reason: &str| Error::Refused {
            path: from.1.clone(),
            reason: format!("{reason} to be copied to another file system"),
        };
        let entry = from.0.entry(from.1)?;
        self.entries += 1;
        self.bytes += entry.length_bytes;
        if self.entries > COPIED_ENTRIES_MAX || self.bytes > COPIED_BYTES_MAX || depth > DEPTH_MAX {
            return Err(refuse("it is too large"));
        }
        if entry.kind == EntryKind::Special {
            return Err(refuse("it is a FIFO, a socket or a device, and not"));
        }
        to.0.take_copy(to.1, from.0, from.1).map_err(|error| occupied(error, to.1))?;
        self.made += 1;
        if entry.kind != EntryKind::Directory {
            return Ok(());
        }
        for (path, _kind) in from.0.names(from.1)? {
            let name = path.file_name().unwrap_or_default();
            let goal = to.1.join(name).map_err(|_| refuse("its path is too long"))?;
            self.all((from.0, &path), (to.0, &goal), depth + 1)?;
        }
        Ok(())
    }
}

/// Removes what is at a path, with everything beneath it.
fn remove_all(place: Place<'_>, depth: usize) -> Result<(), Error> {
    let (tree, path) = place;
    if depth <= DEPTH_MAX && tree.entry(path)?.kind == EntryKind::Directory {
        for (below, _kind) in tree.names(path)? {
            remove_all((tree, &below), depth + 1)?;
        }
    }
    Ok(tree.forget_any(path)?)
}
