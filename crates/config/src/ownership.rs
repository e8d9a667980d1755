// SPDX-License-Identifier: Apache-2.0
//! Who may write a file: the check behind administrator requirements and key files.
//!
//! Invariant: a path passes only when no user but root can change what it names,
//! that is, when the file and every directory above it are root's own, are not
//! writable by group or others, and none of them is a link.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::Error;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link or anything else.
    Other,
}

/// Owner, permission bits and kind of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The owner.
    pub uid: u32,
    /// The permission bits.
    pub mode: u32,
    /// What it is.
    pub kind: FileKind,
}

/// Describes paths without following a link in the last component; tests use a table.
pub trait Ownership: fmt::Debug {
    /// Describes one path.
    ///
    /// # Errors
    /// The system's error, `NotFound` when there is nothing.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
}

/// The machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemOwnership;

impl Ownership for SystemOwnership {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let metadata = path.symlink_metadata()?;
        Ok(Stat {
            uid: metadata.uid(),
            mode: metadata.mode() & 0o7777,
            kind: if metadata.is_file() {
                FileKind::File
            } else if metadata.is_dir() {
                FileKind::Directory
            } else {
                FileKind::Other
            },
        })
    }
}

/// Passes when only root can change what `path` names.
pub(crate) fn check_root_only(ownership: &dyn Ownership, path: &Path) -> Result<(), Error> {
    for part in path.ancestors() {
        let stat =
            ownership.stat(part).map_err(|source| Error::Read { path: part.to_owned(), source })?;
        let expected = if part == path { FileKind::File } else { FileKind::Directory };
        let reason = if stat.kind != expected {
            "is a link or of the wrong kind"
        } else if stat.uid != 0 {
            "does not belong to root"
        } else if stat.mode & 0o022 != 0 {
            "can be written by others than root"
        } else {
            continue;
        };
        return Err(Error::Unprotected { path: path.to_owned(), culprit: part.to_owned(), reason });
    }
    Ok(())
}
