// SPDX-License-Identifier: Apache-2.0
//! Reading and writing the files of one tree.
//!
//! A [`DirTree`] stands for the user's own tree, for the merged tree of a session,
//! or for the upper directory of an overlay: the rules are the same. A file is
//! never written in place: a new file takes over the name, so that a reader and a
//! crash see the old or the new content whole.
//!
//! Invariant: writing follows no link, not even one inside the tree.

mod look;
mod observe;
mod own;
mod write;

use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

use moat_base::limits::TREE_ENTRIES_MAX;
use moat_base::{Entry, EntryKind, Tree, TreeError, TreePath};
use rustix::fs::{Dir, FileType};

use crate::blob::BlobId;
use crate::file_error::FileError;
use crate::limits::LISTED_PATHS_BYTES_MAX;
use crate::resolver::{self, Links};
use crate::root::Root;
use crate::stat::Stat;

pub use look::{Listing, data_from};
pub(crate) use observe::{Observation, Printed};
pub(crate) use write::is_temporary;

/// A tree of files beneath a [`Root`].
#[derive(Debug, Clone)]
pub struct DirTree {
    root: Arc<Root>,
    durability: Durability,
}

/// Whether a write waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A write that returned survives a power failure: for the user's own tree.
    Synced,
    /// A write may be lost with the machine, not with the process: for sessions.
    Cached,
}

/// The permission bits of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// Those of the file that is replaced, 0644 for a new one.
    Kept,
    /// These; only the nine permission bits count.
    Set(u32),
}

/// What a caller believes to be at a path before writing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Absent,
    /// A regular file with this content.
    Content(BlobId),
    /// A regular file or nothing.
    Any,
}

impl DirTree {
    /// Stands for the tree beneath `root`, with durable writes.
    #[must_use]
    pub fn new(root: Root) -> Self {
        Self { root: Arc::new(root), durability: Durability::Synced }
    }

    /// Stands for a session's tree beneath `root`, whose writes may be lost with the
    /// machine, not with the process.
    #[must_use]
    pub fn cached(root: Root) -> Self {
        Self { root: Arc::new(root), durability: Durability::Cached }
    }

    /// The directory it stands on.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Replaces or creates a regular file, atomically, and gives the id of its content;
    /// missing directories are made.
    ///
    /// # Errors
    /// [`FileError::Changed`] when `expected` does not hold; [`FileError::Refused`]
    /// when there is something else than a regular file, or a link on the way;
    /// [`FileError::Write`] for a full disk and the like. The old content then stands.
    pub fn write(
        &self,
        path: &TreePath,
        bytes: &[u8],
        mode: FileMode,
        expected: Expected,
    ) -> Result<BlobId, FileError> {
        write::write(self, path, bytes, mode, expected)
    }

    /// Removes a regular file, a link (not what it points to) or an empty directory.
    ///
    /// # Errors
    /// As [`DirTree::write`]; a directory that is not empty is [`FileError::Write`].
    pub fn remove(&self, path: &TreePath, expected: Expected) -> Result<(), FileError> {
        write::remove(self, path, expected)
    }

    /// Removes what interrupted writes left in a directory.
    pub(crate) fn sweep(&self, directory: &TreePath) -> Result<(), FileError> {
        for (path, _) in self.states(directory)? {
            if path.file_name().is_some_and(is_temporary) {
                self.remove(&path, Expected::Any)?;
            }
        }
        Ok(())
    }

    pub(crate) const fn durability(&self) -> Durability {
        self.durability
    }

    /// Lists the names in a directory with their state, sorted, links refused on the way.
    pub(crate) fn states(&self, directory: &TreePath) -> Result<Vec<(TreePath, Stat)>, TreeError> {
        list(&self.root, directory, Links::Refused)
    }
}

impl Tree for DirTree {
    fn read(&self, path: &TreePath, limit_bytes: u64) -> Result<Vec<u8>, TreeError> {
        resolver::read(&self.root, path, Links::Beneath, limit_bytes).map(|(bytes, _)| bytes)
    }

    fn list(&self, directory: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let listed = list(&self.root, directory, Links::Beneath)?;
        Ok(listed.into_iter().map(|(path, stat)| entry(path, &stat)).collect())
    }

    fn names(&self, directory: &TreePath) -> Result<Vec<(TreePath, EntryKind)>, TreeError> {
        each(&self.root, directory, Links::Beneath, |fd, name, told| {
            known(fd, name, told).map(kind)
        })
    }

    fn append_listed(
        &self,
        path: &TreePath,
        limit_bytes: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), TreeError> {
        let (file, stat) = resolver::listed_file(&self.root, path)?;
        resolver::append(path, (&file, &stat), limit_bytes, bytes)
    }

    fn entry(&self, path: &TreePath) -> Result<Entry, TreeError> {
        let stat = resolver::stat(&self.root, path, Links::Beneath)?;
        Ok(entry(path.clone(), &stat))
    }
}

pub(crate) fn entry(path: TreePath, stat: &Stat) -> Entry {
    let kind = kind(stat.file_type());
    Entry {
        path,
        kind,
        length_bytes: match kind {
            EntryKind::File => stat.length_bytes,
            EntryKind::Directory | EntryKind::Link | EntryKind::Special => 0,
        },
    }
}

const fn kind(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => EntryKind::Special,
    }
}

/// The kind of an entry, looked at where a file system does not say it in the listing.
fn known(fd: BorrowedFd<'_>, name: &[u8], told: FileType) -> Option<FileType> {
    if told != FileType::Unknown {
        return Some(told);
    }
    Stat::at(fd, name).ok().map(|stat| stat.file_type())
}

/// Entries that vanish between listing and looking are left out, as if listed later.
fn list(
    root: &Root,
    directory: &TreePath,
    links: Links,
) -> Result<Vec<(TreePath, Stat)>, TreeError> {
    each(root, directory, links, |fd, name, _unproved| Stat::at(fd, name).ok())
}

/// Visits a directory and sorts what `look` gives of its entries; names whose path would
/// be longer than a [`TreePath`] may be are left out.
fn each<T>(
    root: &Root,
    directory: &TreePath,
    links: Links,
    look: impl Fn(BorrowedFd<'_>, &[u8], FileType) -> Option<T>,
) -> Result<Vec<(TreePath, T)>, TreeError> {
    let fail = |errno| resolver::explain(root, directory, errno);
    let fd = resolver::directory(root, directory, links)?;
    let (mut entries, mut path_bytes) = (Vec::new(), 0_u64);
    for entry in Dir::read_from(&fd).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let Ok(path) = directory.join(name) else { continue };
        let Some(seen) = look(fd.as_fd(), name, entry.file_type()) else { continue };
        path_bytes += path.as_bytes().len() as u64;
        if entries.len() >= TREE_ENTRIES_MAX || path_bytes > LISTED_PATHS_BYTES_MAX {
            return Err(TreeError::Refused {
                path: directory.clone(),
                reason: "it has too many entries",
            });
        }
        entries.push((path, seen));
    }
    entries.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(entries)
}
