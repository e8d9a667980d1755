// SPDX-License-Identifier: Apache-2.0
//! The door through which pure crates read a tree of source files.
//!
//! `moat-sandbox` implements it on directory descriptors, tests on maps.
//!
//! Invariant: an implementation resolves every path beneath its root and follows
//! no link out of it; it never blocks on a FIFO or a device.

use std::fmt;
use std::io;

use crate::TreePath;

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, which is not followed.
    Link,
    /// A FIFO, socket or device, which is never opened.
    Special,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path from the root of the tree.
    pub path: TreePath,
    /// What it is.
    pub kind: EntryKind,
    /// The length of a file in bytes; zero for anything else.
    pub length_bytes: u64,
}

/// Why a tree could not be read at a path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// There is nothing at the path.
    #[error("`{path}` does not exist")]
    Missing {
        /// The path that was asked for.
        path: TreePath,
    },
    /// The path leads out of the tree, or is not of the kind that was asked for.
    #[error("`{path}` was refused: {reason}")]
    Refused {
        /// The path that was asked for.
        path: TreePath,
        /// Why, in a few words.
        reason: &'static str,
    },
    /// The file is longer than the caller's limit.
    #[error("`{path}` has more than {limit_bytes} bytes")]
    TooLarge {
        /// The path that was asked for.
        path: TreePath,
        /// The caller's limit.
        limit_bytes: u64,
    },
    /// The system refused.
    #[error("could not read `{path}`")]
    Io {
        /// The path that was asked for.
        path: TreePath,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Read access to a tree of files.
pub trait Tree: Send + Sync + fmt::Debug {
    /// Reads a regular file of at most `limit_bytes`.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    fn read(&self, path: &TreePath, limit_bytes: u64) -> Result<Vec<u8>, TreeError>;

    /// Lists a directory, sorted by the bytes of the names.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    fn list(&self, directory: &TreePath) -> Result<Vec<Entry>, TreeError>;

    /// Lists a directory as [`Tree::list`] does, by paths and kinds alone, which is
    /// several times faster: no entry is looked at.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    fn names(&self, directory: &TreePath) -> Result<Vec<(TreePath, EntryKind)>, TreeError> {
        let listed = self.list(directory)?;
        Ok(listed.into_iter().map(|entry| (entry.path, entry.kind)).collect())
    }

    /// Appends a file that a listing just called regular to `bytes`, as [`Tree::read`]
    /// would, but follows no link and does not look at the file before it opens it.
    /// An error leaves `bytes` as it was.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    fn append_listed(
        &self,
        path: &TreePath,
        limit_bytes: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), TreeError> {
        bytes.extend(self.read(path, limit_bytes)?);
        Ok(())
    }

    /// Describes what is at a path, without following a link there.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    fn entry(&self, path: &TreePath) -> Result<Entry, TreeError>;
}
