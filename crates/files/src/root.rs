// SPDX-License-Identifier: Apache-2.0
//! The directory that everything happens beneath, held by descriptor.
//!
//! A path names a directory only for a moment; a descriptor keeps naming the
//! same one while its path is renamed, replaced by a link or deleted.
//!
//! Invariant: no operation on a [`Root`] reaches an object that is not beneath
//! the directory that was opened; see [`crate::resolver`].

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::file_error::FileError;
use crate::stat::Stat;

/// An open directory with the path and the identity it had when it was opened.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    path: PathBuf,
    device: u64,
    inode: u64,
    mounts: Mounts,
}

/// What becomes of other file systems that are mounted beneath a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mounts {
    /// They are a part of the tree.
    Entered,
    /// They are refused.
    Refused,
}

impl Root {
    /// Opens a directory that the user named; links on the way are followed once, now.
    ///
    /// # Errors
    /// [`FileError::OpenRoot`] when it is missing, not a directory or closed to this user.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let fail = |source: io::Error| FileError::OpenRoot { path: path.to_owned(), source };
        let canonical = path.canonicalize().map_err(fail)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, &canonical, flags, Mode::empty())
            .map_err(|error| fail(error.into()))?;
        let root = Self::from_fd(fd, canonical)?;
        // O_PATH succeeds without any permission: list it once, so that the person
        // hears now and not in the middle of a turn.
        let listing = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&root.fd, ".", listing, Mode::empty())
            .map_err(|error| fail(error.into()))?;
        Ok(root)
    }

    /// Takes a directory that another part of the sandbox opened, for example the
    /// merged tree of a session, which has no path in this mount namespace.
    ///
    /// # Errors
    /// [`FileError::OpenRoot`] when the descriptor is not a directory.
    pub fn from_fd(fd: OwnedFd, path: PathBuf) -> Result<Self, FileError> {
        let stat = match Stat::of(fd.as_fd()) {
            Ok(stat) if stat.file_type() == FileType::Directory => stat,
            Ok(_) => {
                let source = io::Error::from(Errno::NOTDIR);
                return Err(FileError::OpenRoot { path, source });
            }
            Err(source) => return Err(FileError::OpenRoot { path, source }),
        };
        let (device, inode, mounts) = (stat.device, stat.inode, Mounts::Entered);
        Ok(Self { fd, path, device, inode, mounts })
    }

    /// Leaves out what other file systems hold that are mounted beneath it, as an overlay
    /// over the directory does.
    #[must_use]
    pub fn without_mounts(mut self) -> Self {
        self.mounts = Mounts::Refused;
        self
    }

    pub(crate) const fn mounts(&self) -> Mounts {
        self.mounts
    }

    /// The canonical path the directory had when it was opened, for showing to people.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the device the directory is on.
    #[must_use]
    pub const fn device(&self) -> u64 {
        self.device
    }

    /// The number of the directory's inode.
    #[must_use]
    pub const fn inode(&self) -> u64 {
        self.inode
    }

    /// Tells whether the directory still exists, under whatever name.
    ///
    /// # Errors
    /// [`FileError::RootGone`] when it was deleted.
    pub fn check(&self) -> Result<(), FileError> {
        match Stat::of(self.fd.as_fd()) {
            Ok(stat) if stat.links > 0 => Ok(()),
            Ok(_) | Err(_) => Err(FileError::RootGone { path: self.path.clone() }),
        }
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use moat_base::Hint as _;

    use super::*;

    #[test]
    fn what_is_not_a_directory_gets_a_hint() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::os::unix::net::UnixDatagram::bind(&file).unwrap();
        for (path, kind) in [
            (file, io::ErrorKind::NotADirectory),
            (dir.path().join("none"), io::ErrorKind::NotFound),
        ] {
            let error = Root::open(&path).unwrap_err();
            assert!(error.hint().is_some());
            let FileError::OpenRoot { source, .. } = error else {
                panic!("{error:?}");
            };
            assert_eq!(source.kind(), kind);
        }
    }

    #[test]
    fn a_root_survives_its_path_and_notices_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::create_dir(&path).unwrap();
        let root = Root::open(&path).unwrap();
        root.check().unwrap();
        std::fs::remove_dir(&path).unwrap();
        assert!(matches!(root.check(), Err(FileError::RootGone { .. })));
    }
}
