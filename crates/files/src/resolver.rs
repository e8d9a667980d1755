// SPDX-License-Identifier: Apache-2.0
//! The one way from a [`TreePath`] to an open file.
//!
//! The kernel resolves the whole path beneath the root's descriptor in one call,
//! so that there is no moment between checking a path and using it. Reading may
//! follow links that stay beneath the root; writing follows none. A file is
//! looked at before it is opened, because opening a device can act; a listing counts
//! as a look.
//!
//! Source: openat2(2), `RESOLVE_BENEATH`, `RESOLVE_NO_MAGICLINKS`,
//! `RESOLVE_NO_SYMLINKS`, `RESOLVE_NO_XDEV`.
//!
//! Invariant: no other module opens a path of a workspace or a session's tree,
//! and every call here names a single component of an open directory or goes
//! through `openat2` with `RESOLVE_BENEATH`.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use moat_base::{TreeError, TreePath};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::limits::RESOLVE_ATTEMPTS_MAX;
use crate::root::{Mounts, Root};
use crate::stat::Stat;

/// Whether links that stay beneath the root are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// Followed, as reading does.
    Beneath,
    /// Refused anywhere in the path, as writing does.
    Refused,
}

/// What to do about directories on the way that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parents {
    /// They are made with mode 0777 less the process's umask.
    Created,
    /// They must exist.
    Required,
}

/// Opens a directory for listing and for operations on its entries.
pub(crate) fn directory(root: &Root, path: &TreePath, links: Links) -> Result<OwnedFd, TreeError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
    open(root, path, flags, links).map_err(|errno| explain(root, path, errno))
}

/// Opens the directory that holds `path` and gives the last component's name.
pub(crate) fn parent<'path>(
    root: &Root,
    path: &'path TreePath,
    parents: Parents,
) -> Result<(OwnedFd, &'path [u8]), TreeError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(TreeError::Refused {
            path: path.clone(),
            reason: "it is the root of the tree",
        });
    };
    match directory(root, &parent, Links::Refused) {
        Err(TreeError::Missing { .. }) if parents == Parents::Created => {
            Ok((create_directories(root, &parent)?, name))
        }
        other => Ok((other?, name)),
    }
}

/// Holds what is at `path`, without following a link there and without opening it.
pub(crate) fn hold(root: &Root, path: &TreePath) -> Result<OwnedFd, TreeError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW;
    open(root, path, flags, Links::Refused).map_err(|errno| explain(root, path, errno))
}

/// Describes what is at `path`, without following a link there.
pub(crate) fn stat(root: &Root, path: &TreePath, links: Links) -> Result<Stat, TreeError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW;
    open(root, path, flags, links)
        .and_then(|fd| Stat::of(fd.as_fd()).map_err(|error| to_errno(&error)))
        .map_err(|errno| explain(root, path, errno))
}

/// Opens a regular file for reading and describes it.
pub(crate) fn file(root: &Root, path: &TreePath, links: Links) -> Result<(File, Stat), TreeError> {
    let fail = |errno| explain(root, path, errno);
    let look = match links {
        Links::Beneath => OFlags::PATH,
        Links::Refused => OFlags::PATH | OFlags::NOFOLLOW,
    };
    let seen = open(root, path, look, links).map_err(fail)?;
    require_regular(path, seen.as_fd())?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = match links {
        Links::Beneath => flags,
        Links::Refused => flags | OFlags::NOFOLLOW,
    };
    let opened = open(root, path, flags, links).map_err(fail)?;
    let stat = require_regular(path, opened.as_fd())?;
    Ok((File::from(opened), stat))
}

/// Opens a file that a listing just called regular, without looking at it first, and
/// describes it.
///
/// Between the listing and this only somebody who may make device nodes on the host
/// can put one in the file's place, and then opening it acts, as with any program.
pub(crate) fn listed_file(root: &Root, path: &TreePath) -> Result<(File, Stat), TreeError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let opened =
        open(root, path, flags, Links::Refused).map_err(|errno| explain(root, path, errno))?;
    let stat = require_regular(path, opened.as_fd())?;
    Ok((File::from(opened), stat))
}

/// Reads a regular file of at most `limit_bytes`; a file that grows meanwhile is refused.
pub(crate) fn read(
    root: &Root,
    path: &TreePath,
    links: Links,
    limit_bytes: u64,
) -> Result<(Vec<u8>, Stat), TreeError> {
    let (file, stat) = file(root, path, links)?;
    let mut bytes = Vec::new();
    append(path, (&file, &stat), limit_bytes, &mut bytes)?;
    Ok((bytes, stat))
}

/// Appends the content of an open regular file of at most `limit_bytes`.
///
/// A read that ends where the file's length says it ends is taken for the end: asking
/// once more would cost as much as the read. On an error `bytes` is as it was.
pub(crate) fn append(
    path: &TreePath,
    (file, stat): (&File, &Stat),
    limit_bytes: u64,
    bytes: &mut Vec<u8>,
) -> Result<(), TreeError> {
    let too_large = || TreeError::TooLarge { path: path.clone(), limit_bytes };
    let (Ok(length), Ok(limit)) =
        (usize::try_from(stat.length_bytes), usize::try_from(limit_bytes))
    else {
        return Err(too_large());
    };
    if length > limit {
        return Err(too_large());
    }
    let start = bytes.len();
    let failed = loop {
        let read = bytes.len() - start;
        if read > limit {
            break Some(too_large());
        }
        // One byte more than is expected, so that the end shows in the same read.
        bytes.reserve(length.saturating_sub(read).saturating_add(1));
        let room = bytes.capacity() - bytes.len();
        match rustix::io::read(file, rustix::buffer::spare_capacity(bytes)) {
            Ok(0) => break None,
            Ok(count) if read + count == length && count < room => break None,
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => {
                break Some(TreeError::Io { path: path.clone(), source: errno.into() });
            }
        }
    };
    failed.map_or(Ok(()), |error| {
        bytes.truncate(start);
        Err(error)
    })
}

/// Turns the system's error at `path` into one that says what it means here.
pub(crate) fn explain(root: &Root, path: &TreePath, errno: Errno) -> TreeError {
    let refused = |reason| TreeError::Refused { path: path.clone(), reason };
    match errno {
        Errno::NOENT if root.check().is_err() => refused("the directory of the tree was deleted"),
        Errno::NOENT => TreeError::Missing { path: path.clone() },
        Errno::XDEV => refused("it leads out of the tree"),
        Errno::LOOP => refused("it is, or goes through, a symbolic link"),
        Errno::NOTDIR => refused("a part of it is not a directory"),
        Errno::ISDIR => refused("it is a directory"),
        Errno::NXIO => refused("it is a FIFO, a socket or a device"),
        Errno::AGAIN => refused("the directories on the way kept changing"),
        other => TreeError::Io { path: path.clone(), source: other.into() },
    }
}

/// The number of a system error, `EIO` when it has none.
pub(crate) fn to_errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

fn require_regular(path: &TreePath, fd: BorrowedFd<'_>) -> Result<Stat, TreeError> {
    let stat = Stat::of(fd).map_err(|source| TreeError::Io { path: path.clone(), source })?;
    let reason = match stat.file_type() {
        FileType::RegularFile => return Ok(stat),
        FileType::Directory => "it is a directory",
        FileType::Symlink => "it is, or goes through, a symbolic link",
        FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => "it is a FIFO, a socket or a device",
    };
    Err(TreeError::Refused { path: path.clone(), reason })
}

fn open(root: &Root, path: &TreePath, flags: OFlags, links: Links) -> Result<OwnedFd, Errno> {
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let resolve = match links {
        Links::Beneath => beneath,
        Links::Refused => beneath | ResolveFlags::NO_SYMLINKS,
    };
    let resolve = match root.mounts() {
        Mounts::Entered => resolve,
        Mounts::Refused => resolve | ResolveFlags::NO_XDEV,
    };
    let name = if path.is_root() { b".".as_slice() } else { path.as_bytes() };
    let flags = flags | OFlags::CLOEXEC;
    // The kernel answers EAGAIN when a rename anywhere on the machine could have
    // hidden an escape; asking again is the documented answer.
    for _attempt in 1..RESOLVE_ATTEMPTS_MAX {
        match rustix::fs::openat2(root, name, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return other,
        }
    }
    rustix::fs::openat2(root, name, flags, Mode::empty(), resolve)
}

fn create_directories(root: &Root, path: &TreePath) -> Result<OwnedFd, TreeError> {
    let mut reached = TreePath::root();
    let mut current = directory(root, &reached, Links::Refused)?;
    for name in path.components() {
        reached = reached.join(name).map_err(|_| TreeError::Refused {
            path: path.clone(),
            reason: "the path is too long",
        })?;
        match rustix::fs::mkdirat(&current, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(explain(root, &reached, errno)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        current = rustix::fs::openat(&current, name, flags, Mode::empty())
            .map_err(|errno| explain(root, &reached, errno))?;
    }
    Ok(current)
}
