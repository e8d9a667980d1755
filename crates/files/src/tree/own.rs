// SPDX-License-Identifier: Apache-2.0
//! What a person does with the files of their own tree, beside reading and writing them.
//!
//! An editor opens, names, moves and removes. Each of these is one step of the kernel on
//! names in open directories, so that a crash leaves the state before it or after it.
//!
//! Source: rename(2), `RENAME_NOREPLACE`.
//!
//! Invariant: nothing here replaces what is at a path already, and no link is followed but
//! to open a file for reading.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

use moat_base::{TreeError, TreePath};
use rustix::fs::{AtFlags, FileType, Mode, RenameFlags};
use rustix::io::Errno;

use super::write::{failure, make_directory};
use crate::file_error::FileError;
use crate::resolver::{self, Links, Parents};
use crate::tree::DirTree;

/// The mode of a new directory, less the process's umask.
const NEW_DIRECTORY_MODE: u32 = 0o777;

impl DirTree {
    /// Opens a regular file for reading; links are followed as far as they stay beneath the
    /// root.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say; a FIFO, a socket or a device is not opened.
    pub fn open(&self, path: &TreePath) -> Result<File, TreeError> {
        resolver::file(self.root(), path, Links::Beneath).map(|(file, _stat)| file)
    }

    /// Makes a directory where nothing is yet; missing ones above it are made.
    ///
    /// # Errors
    /// [`FileError::Changed`] when something is there, otherwise as [`DirTree::write`].
    pub fn make_directory(&self, path: &TreePath) -> Result<(), FileError> {
        let (directory, name) = resolver::parent(self.root(), path, Parents::Created)?;
        rustix::fs::mkdirat(&directory, name, Mode::from_raw_mode(NEW_DIRECTORY_MODE))
            .map_err(|errno| failure(path, errno.into()))
    }

    /// Makes a copy of a link, a file or an empty directory of another tree, with its
    /// permission bits, where nothing is yet. A directory can be filled by its owner.
    ///
    /// # Errors
    /// [`FileError::Changed`] when something is there, [`TreeError::Refused`] for what is none
    /// of these, otherwise as [`DirTree::write`].
    pub fn take_copy(&self, to: &TreePath, of: &Self, from: &TreePath) -> Result<(), FileError> {
        let stat = resolver::stat(of.root(), from, Links::Refused)?;
        let (directory, name) = resolver::parent(self.root(), to, Parents::Created)?;
        let failed = |error: io::Error| failure(to, error);
        match stat.file_type() {
            FileType::Symlink => {
                let target = of.link_target(from)?;
                let made = rustix::fs::symlinkat(target, &directory, name);
                made.map_err(|errno| failed(errno.into()))
            }
            FileType::Directory => {
                make_directory(directory.as_fd(), name, stat.permissions() & 0o777 | 0o700)
                    .map_err(failed)
            }
            FileType::RegularFile
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => {
                let (mut source, stat) = resolver::file(of.root(), from, Links::Refused)?;
                let mut target = super::write::create(directory.as_fd(), name).map_err(failed)?;
                let copied = io::copy(&mut source, &mut target).and_then(|_bytes| {
                    let mode = Mode::from_raw_mode(stat.permissions() & 0o777);
                    rustix::fs::fchmod(&target, mode)?;
                    target.sync_all()
                });
                if copied.is_err() {
                    // The first failure is the one to report.
                    let _reported = rustix::fs::unlinkat(&directory, name, AtFlags::empty());
                }
                copied.map_err(failed)
            }
        }
    }

    /// Moves whatever is at `from` to `to` in another tree, or in this one, where nothing is
    /// yet. A link is moved as it is, and nothing is opened.
    ///
    /// # Errors
    /// [`FileError::Changed`] when something is at `to`, [`FileError::Write`] with
    /// [`io::ErrorKind::CrossesDevices`] when it lies on another file system, otherwise as
    /// [`DirTree::write`].
    pub fn move_to(&self, from: &TreePath, other: &Self, to: &TreePath) -> Result<(), FileError> {
        let (source, old) = resolver::parent(self.root(), from, Parents::Required)?;
        resolver::hold(self.root(), from)?;
        let (goal, new) = resolver::parent(other.root(), to, Parents::Created)?;
        let moved = rustix::fs::renameat_with(&source, old, &goal, new, RenameFlags::NOREPLACE);
        moved.map_err(io::Error::from).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::EXIST | Errno::NOTEMPTY) => FileError::Changed { path: to.clone() },
            _ => failure(from, error),
        })?;
        self.settle(source.as_fd())
            .and_then(|()| other.settle(goal.as_fd()))
            .map_err(|error| failure(to, error))
    }

    /// Removes the name of what is at `path`: any file, without opening it, or an empty
    /// directory.
    ///
    /// # Errors
    /// As [`DirTree::remove`].
    pub fn forget_any(&self, path: &TreePath) -> Result<(), FileError> {
        match self.forget(path) {
            Err(FileError::Write { source, .. })
                if Errno::from_io_error(&source) == Some(Errno::ISDIR) =>
            {
                self.forget_directory(path)
            }
            other => other,
        }
    }
}
