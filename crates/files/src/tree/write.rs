// SPDX-License-Identifier: Apache-2.0
//! Replacing what a name stands for, in one step.
//!
//! A new file or link is made beside its goal under a name nobody else uses and
//! then renamed over it. Right before the rename the goal is compared with what
//! was observed; what remains is the time of two system calls, which no file
//! system lets a program close for files that others may rename.
//!
//! Source: rename(2), `RENAME_NOREPLACE`.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use moat_base::TreePath;
use rustix::fs::{AtFlags, Gid, Mode, OFlags, RenameFlags, Uid, XattrFlags};
use rustix::io::Errno;

use crate::blob::BlobId;
use crate::file_error::FileError;
use crate::limits::{ATTRIBUTE_BYTES_MAX, NEW_FILE_MODE};
use crate::node::{Node, NodeKind};
use crate::resolver::{self, Parents};
use crate::stat::Stat;
use crate::tree::{DirTree, Durability, Expected, FileMode, Observation, Printed};

pub(crate) fn write(
    tree: &DirTree,
    path: &TreePath,
    bytes: &[u8],
    mode: FileMode,
    expected: Expected,
) -> Result<BlobId, FileError> {
    let current = tree.observe(path)?;
    require(path, current.as_ref(), expected)?;
    let kept = current.as_ref().map_or(NEW_FILE_MODE, |it| it.node.mode);
    let mode = match mode {
        FileMode::Kept => kept,
        FileMode::Set(bits) => bits,
    };
    let id = BlobId::of(bytes);
    let after = Node { kind: NodeKind::File, mode: mode & 0o777, blob: Some(id) };
    tree.place(path, current.as_ref(), &after, bytes)?;
    Ok(id)
}

pub(crate) fn remove(tree: &DirTree, path: &TreePath, expected: Expected) -> Result<(), FileError> {
    let Some(current) = tree.observe(path)? else {
        return match expected {
            Expected::Absent | Expected::Any => Ok(()),
            Expected::Content(_) => Err(FileError::Changed { path: path.clone() }),
        };
    };
    let holds = match expected {
        Expected::Absent => false,
        Expected::Any => true,
        Expected::Content(id) => current.node.blob == Some(id),
    };
    if !holds {
        return Err(FileError::Changed { path: path.clone() });
    }
    tree.unlink(path, &current)
}

fn require(
    path: &TreePath,
    current: Option<&Observation>,
    expected: Expected,
) -> Result<(), FileError> {
    let refused = |reason| Err(FileError::Refused { path: path.clone(), reason });
    let changed = || Err(FileError::Changed { path: path.clone() });
    match current.map(|it| it.node.kind) {
        Some(NodeKind::Directory) => return refused("it is a directory"),
        Some(NodeKind::Link) => return refused("it is a symbolic link"),
        Some(NodeKind::File) | None => {}
    }
    match (expected, current) {
        (Expected::Any, _) | (Expected::Absent, None) => Ok(()),
        (Expected::Content(id), Some(current)) if current.node.blob == Some(id) => Ok(()),
        (Expected::Absent | Expected::Content(_), _) => changed(),
    }
}

/// Whether a name is one that a write uses until its file is whole.
pub(crate) fn is_temporary(name: &[u8]) -> bool {
    name.strip_prefix(b".moat-")
        .and_then(|rest| rest.strip_suffix(b".tmp"))
        .is_some_and(|id| id.len() == 16 && id.iter().all(u8::is_ascii_hexdigit))
}

impl DirTree {
    /// Puts `after` at `path`, where `current` was observed. Both are files or links,
    /// or `after` is a directory and nothing is there.
    pub(crate) fn place(
        &self,
        path: &TreePath,
        current: Option<&Observation>,
        after: &Node,
        bytes: &[u8],
    ) -> Result<(), FileError> {
        let (directory, name) = resolver::parent(self.root(), path, Parents::Created)?;
        let placed = match after.kind {
            NodeKind::Directory => make_directory(directory.as_fd(), name, after.mode),
            NodeKind::File | NodeKind::Link => {
                self.swap_in(&directory, name, current, after, bytes)
            }
        };
        placed.and_then(|()| self.settle(directory.as_fd())).map_err(|error| failure(path, error))
    }

    /// Removes what was observed at `path`; a directory must be empty.
    pub(crate) fn unlink(&self, path: &TreePath, current: &Observation) -> Result<(), FileError> {
        let (directory, name) = resolver::parent(self.root(), path, Parents::Required)?;
        let flags = match current.node.kind {
            NodeKind::Directory => AtFlags::REMOVEDIR,
            NodeKind::File | NodeKind::Link => AtFlags::empty(),
        };
        let same = current.node.kind == NodeKind::Directory
            || Printed::at(directory.as_fd(), name) == Some(Printed::of(&current.stat));
        if !same {
            return Err(FileError::Changed { path: path.clone() });
        }
        rustix::fs::unlinkat(&directory, name, flags)
            .map_err(io::Error::from)
            .and_then(|()| self.settle(directory.as_fd()))
            .map_err(|error| failure(path, error))
    }

    /// Removes a name that is no directory, whatever it is, from an upper that is not mounted.
    pub(crate) fn forget(&self, path: &TreePath) -> Result<(), FileError> {
        let (directory, name) = resolver::parent(self.root(), path, Parents::Required)?;
        rustix::fs::unlinkat(&directory, name, AtFlags::empty())
            .map_err(|errno| failure(path, errno.into()))
    }

    /// Removes an empty directory from an upper that is not mounted.
    pub(crate) fn forget_directory(&self, path: &TreePath) -> Result<(), FileError> {
        let (directory, name) = resolver::parent(self.root(), path, Parents::Required)?;
        rustix::fs::unlinkat(&directory, name, AtFlags::REMOVEDIR)
            .map_err(|errno| failure(path, errno.into()))
    }

    /// Changes the permission bits of the file or directory that was observed.
    pub(crate) fn set_mode(
        &self,
        path: &TreePath,
        current: &Observation,
        mode: u32,
    ) -> Result<(), FileError> {
        let (directory, name) = resolver::parent(self.root(), path, Parents::Required)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&directory, name, flags, Mode::empty())
            .map_err(io::Error::from)
            .and_then(|fd| {
                let stat = Stat::of(fd.as_fd())?;
                if (stat.device, stat.inode) != (current.stat.device, current.stat.inode) {
                    return Err(io::Error::from(Errno::STALE));
                }
                Ok(rustix::fs::fchmod(&fd, Mode::from_raw_mode(mode))?)
            })
            .and_then(|()| self.settle(directory.as_fd()))
            .map_err(|error| failure(path, error))
    }

    fn swap_in(
        &self,
        directory: &OwnedFd,
        name: &[u8],
        current: Option<&Observation>,
        after: &Node,
        bytes: &[u8],
    ) -> io::Result<()> {
        let temporary = format!(".moat-{}.tmp", moat_base::random_hex(8)?);
        let made = match after.kind {
            NodeKind::Link => {
                rustix::fs::symlinkat(bytes, directory, temporary.as_str()).map_err(Into::into)
            }
            NodeKind::File | NodeKind::Directory => {
                self.fill(directory, (&temporary, name), current, after, bytes)
            }
        };
        let swapped = made.and_then(|()| exchange(directory, &temporary, name, current));
        if swapped.is_err() {
            // The first failure is the one to report; a left-over temporary file is
            // harmless and cannot be helped when even removing it fails.
            let _reported_above =
                rustix::fs::unlinkat(directory, temporary.as_str(), AtFlags::empty());
        }
        swapped
    }

    /// Writes the temporary file with the owner, mode and attributes it will keep.
    fn fill(
        &self,
        directory: &OwnedFd,
        (temporary, name): (&str, &[u8]),
        current: Option<&Observation>,
        after: &Node,
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut file = create(directory.as_fd(), temporary.as_bytes())?;
        file.write_all(bytes)?;
        if let Some(current) = current.filter(|it| it.node.kind == NodeKind::File) {
            let stat = Stat::of(file.as_fd())?;
            if (stat.owner, stat.group) != (current.stat.owner, current.stat.group) {
                let owner = Uid::from_raw(current.stat.owner);
                let group = Gid::from_raw(current.stat.group);
                rustix::fs::fchown(&file, Some(owner), Some(group))?;
            }
            carry_attributes(directory, name, &file)?;
        }
        rustix::fs::fchmod(&file, Mode::from_raw_mode(after.mode))?;
        match self.durability() {
            Durability::Synced => file.sync_all(),
            Durability::Cached => Ok(()),
        }
    }

    pub(super) fn settle(&self, directory: BorrowedFd<'_>) -> io::Result<()> {
        match self.durability() {
            Durability::Synced => Ok(rustix::fs::fsync(directory)?),
            Durability::Cached => Ok(()),
        }
    }
}

/// Makes a new private file.
pub(super) fn create(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(0o600))?.into())
}

fn exchange(
    directory: &OwnedFd,
    temporary: &str,
    name: &[u8],
    current: Option<&Observation>,
) -> io::Result<()> {
    let Some(current) = current else {
        return match rustix::fs::renameat_with(
            directory,
            temporary,
            directory,
            name,
            RenameFlags::NOREPLACE,
        ) {
            // Some network file systems lack the flag: a hard link never replaces either.
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::linkat(directory, temporary, directory, name, AtFlags::empty())?;
                Ok(rustix::fs::unlinkat(directory, temporary, AtFlags::empty())?)
            }
            other => Ok(other?),
        };
    };
    if Printed::at(directory.as_fd(), name) != Some(Printed::of(&current.stat)) {
        return Err(Errno::STALE.into());
    }
    Ok(rustix::fs::renameat(directory, temporary, directory, name)?)
}

/// Copies the user's attributes and the access list of the file `name` to `goal`.
fn carry_attributes(directory: &OwnedFd, name: &[u8], goal: &File) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let source = rustix::fs::openat(directory, name, flags, Mode::empty())?;
    let mut names = vec![0_u8; ATTRIBUTE_BYTES_MAX];
    let length_bytes = match rustix::fs::flistxattr(&source, names.as_mut_slice()) {
        Ok(length_bytes) => length_bytes,
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    let names = names.get(..length_bytes).unwrap_or_default();
    for name in names.split(|byte| *byte == 0) {
        let carried = name == b"system.posix_acl_access"
            || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."));
        if carried {
            let mut value = vec![0_u8; ATTRIBUTE_BYTES_MAX];
            let length_bytes = rustix::fs::fgetxattr(&source, name, value.as_mut_slice())?;
            let value = value.get(..length_bytes).unwrap_or_default();
            rustix::fs::fsetxattr(goal, name, value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

pub(super) fn make_directory(directory: BorrowedFd<'_>, name: &[u8], mode: u32) -> io::Result<()> {
    rustix::fs::mkdirat(directory, name, Mode::from_raw_mode(0o700))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = rustix::fs::openat(directory, name, flags, Mode::empty())?;
    Ok(rustix::fs::fchmod(&made, Mode::from_raw_mode(mode))?)
}

pub(super) fn failure(path: &TreePath, error: io::Error) -> FileError {
    let path = path.clone();
    match Errno::from_io_error(&error) {
        Some(Errno::STALE | Errno::EXIST) => FileError::Changed { path },
        _ => FileError::Write { path, source: error },
    }
}
