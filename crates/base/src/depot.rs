// SPDX-License-Identifier: Apache-2.0
//! The door to large files of Moat's own, such as model weights.
//!
//! [`crate::Fs`] handles files whole; these are streamed and moved. They are
//! written through [`crate::Fs::append`].
//!
//! Invariant: only regular files are opened, so that a FIFO or a device in the
//! place of a file never blocks the caller.

use std::fmt;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags};

/// Whether the last component of a path may be a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It may not.
    Refuse,
    /// It may: the user named the file, and caches of models are made of links.
    Follow,
}

/// What tells whether a file is still the one that was looked at before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length.
    pub length_bytes: u64,
    /// When its content last changed, in nanoseconds since the epoch.
    pub modified_ns: i128,
    /// Its inode.
    pub inode: u64,
}

/// Keeps a lock for as long as it lives; a process that dies gives it up.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its drop")] OwnedFd);

/// Streams, moves and locks large files.
pub trait Depot: Send + Sync + fmt::Debug {
    /// Opens a regular file for reading from its start.
    ///
    /// # Errors
    /// The system's error; `InvalidInput` when it is not a regular file.
    fn open(&self, path: &Path, links: Links) -> io::Result<Box<dyn Read + Send>>;
    /// Describes a regular file; `None` when there is nothing.
    ///
    /// # Errors
    /// The system's error; `InvalidInput` when it is not a regular file.
    fn stamp(&self, path: &Path, links: Links) -> io::Result<Option<Stamp>>;
    /// Moves a file within one file system and makes the move durable.
    ///
    /// # Errors
    /// The system's error; the file is then where it was.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// How many bytes this user may still write below a directory.
    ///
    /// # Errors
    /// The system's error.
    fn free_bytes(&self, directory: &Path) -> io::Result<u64>;
    /// Takes the exclusive lock of a file, which is created when it is missing.
    ///
    /// # Errors
    /// `WouldBlock` when another process has it.
    fn lock(&self, path: &Path) -> io::Result<Lock>;
}

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDepot;

impl Depot for RealDepot {
    fn open(&self, path: &Path, links: Links) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(open(path, links)?))
    }

    fn stamp(&self, path: &Path, links: Links) -> io::Result<Option<Stamp>> {
        let metadata = match open(path, links) {
            Ok(file) => file.metadata()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Stamp {
            length_bytes: metadata.len(),
            modified_ns: i128::from(metadata.mtime()) * 1_000_000_000
                + i128::from(metadata.mtime_nsec()),
            inode: metadata.ino(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        rustix::fs::rename(from, to)?;
        let parent = to.parent().unwrap_or_else(|| Path::new("/"));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(parent, flags, Mode::empty())?;
        Ok(rustix::fs::fsync(directory)?)
    }

    fn free_bytes(&self, directory: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(directory)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Lock(file))
    }
}

fn open(path: &Path, links: Links) -> io::Result<std::fs::File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = match links {
        Links::Refuse => flags | OFlags::NOFOLLOW,
        Links::Follow => flags,
    };
    let file = std::fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fs, RealFs};

    #[test]
    fn only_regular_files_are_opened_and_links_only_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        RealFs.replace(&path("file"), b"abc").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), fifo, Mode::RUSR, 0).unwrap();
        let mut text = String::new();
        let mut file = RealDepot.open(&path("link"), Links::Follow).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert!(RealDepot.open(&path("link"), Links::Refuse).is_err());
        for name in ["fifo", "."] {
            let error = RealDepot.stamp(&path(name), Links::Refuse).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        assert_eq!(RealDepot.stamp(&path("missing"), Links::Refuse).unwrap(), None);
    }

    #[test]
    fn a_lock_is_had_once_and_a_move_keeps_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let lock = RealDepot.lock(&path("lock")).unwrap();
        let second = RealDepot.lock(&path("lock")).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
        drop(lock);
        RealDepot.lock(&path("lock")).unwrap();
        RealFs.replace(&path("a"), b"abc").unwrap();
        let before = RealDepot.stamp(&path("a"), Links::Refuse).unwrap();
        RealDepot.rename(&path("a"), &path("b")).unwrap();
        assert_eq!(RealDepot.stamp(&path("b"), Links::Refuse).unwrap(), before);
        assert!(RealDepot.free_bytes(dir.path()).unwrap() > 0);
    }
}
