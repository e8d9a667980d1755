// SPDX-License-Identifier: Apache-2.0
//! What the path that a person named turned out to be.
//!
//! Invariant: a FIFO, a socket or a device is not opened.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use moat_base::TreePath;
use moat_files::{DirTree, Root};

use crate::error::Error;

/// Something to look through.
#[derive(Debug)]
pub enum Source {
    /// A directory with all that lies beneath it.
    Directory(DirTree),
    /// A regular file, which may be an archive, in its directory.
    File {
        /// Its directory, of which nothing else is opened.
        tree: DirTree,
        /// Its name there.
        name: TreePath,
        /// Its whole path, by which tools know it.
        place: TreePath,
    },
}

impl Source {
    /// Opens what a person named; links on the way are followed once, now.
    ///
    /// # Errors
    /// [`Error`] as its variants say.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::Open { path: path.to_owned(), source };
        let canonical = path.canonicalize().map_err(fail)?;
        let kind = canonical.metadata().map_err(fail)?.file_type();
        if kind.is_dir() {
            return Ok(Self::Directory(tree(&canonical)?));
        }
        if !kind.is_file() {
            return Err(Error::Special { path: path.to_owned() });
        }
        let unnamed = || Error::Special { path: path.to_owned() };
        let name = canonical.file_name().ok_or_else(unnamed)?;
        let parent = canonical.parent().ok_or_else(unnamed)?;
        let path = |bytes: &[u8]| TreePath::from_bytes(bytes).map_err(|_unusual| unnamed());
        let absolute = canonical.as_os_str().as_bytes();
        Ok(Self::File {
            name: path(name.as_bytes())?,
            place: path(absolute.strip_prefix(b"/").unwrap_or(absolute))?,
            tree: tree(parent)?,
        })
    }

    /// The canonical path of what is looked through.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Directory(tree) => tree.root().path().to_owned(),
            Self::File { tree, name, .. } => tree.root().path().join(name.as_path()),
        }
    }
}

fn tree(path: &Path) -> Result<DirTree, Error> {
    let root = Root::open(path).map_err(|source| Error::Root { source: Box::new(source) })?;
    Ok(DirTree::new(root))
}
