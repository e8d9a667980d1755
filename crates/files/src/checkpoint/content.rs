// SPDX-License-Identifier: Apache-2.0
//! The contents of files that are too long, or too full of holes, to be hashed.
//!
//! Such a file is shared with the store where the file system can (a reflink), else
//! its data are copied and its holes left as they are. It stands under a random
//! name, not under a hash: nothing is read that need not be.
//!
//! Source: ioctl_ficlone(2); lseek(2), `SEEK_DATA` and `SEEK_HOLE`; copy_file_range(2).
//!
//! Invariant: a stored content is whole and on the disk, or does not exist.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, SeekFrom};
use rustix::io::Errno;

use crate::blob::BlobId;
use crate::checkpoint::fork::{Linked, link};
use crate::limits::{LARGE_COPY_BYTES_MAX, LARGE_PIECES_MAX};

/// The directory of long contents.
#[derive(Debug)]
pub(crate) struct LargeStore {
    directory: OwnedFd,
}

/// What became of storing a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is stored under this name, and took so many bytes of the disk.
    As(BlobId, u64),
    /// It would take more than may be copied.
    TooLarge,
}

impl LargeStore {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        match rustix::fs::mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self { directory: rustix::fs::openat(CWD, path, flags, Mode::empty())? })
    }

    pub(crate) const fn directory(&self) -> &OwnedFd {
        &self.directory
    }

    /// Stores what an open file holds; at most `room_bytes` are copied.
    pub(crate) fn put(&self, source: &File, length_bytes: u64, room: u64) -> io::Result<Kept> {
        let id = BlobId::random()?;
        let temporary = format!("{id}.tmp");
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let goal: File =
            rustix::fs::openat(&self.directory, temporary.as_str(), flags, private)?.into();
        let filled = fill(source, &goal, length_bytes, room.min(LARGE_COPY_BYTES_MAX));
        let filled = filled.and_then(|filled| match filled {
            Some(bytes) => {
                if bytes > 0 {
                    // Nothing could tell later that a part of it did not reach the disk.
                    rustix::fs::fdatasync(&goal)?;
                }
                let (from, to) = (temporary.as_str(), id.to_string());
                rustix::fs::renameat(&self.directory, from, &self.directory, to.as_str())?;
                Ok(Kept::As(id, bytes))
            }
            None => Ok(Kept::TooLarge),
        });
        if !matches!(filled, Ok(Kept::As(..))) {
            // It is swept up with what nobody refers to when even this fails.
            let _swept_later =
                rustix::fs::unlinkat(&self.directory, temporary.as_str(), AtFlags::empty());
        }
        filled
    }

    /// Whether a content is there with this length.
    pub(crate) fn has(&self, id: &BlobId, length_bytes: u64) -> bool {
        let name = id.to_string();
        let stat = rustix::fs::statat(&self.directory, name.as_str(), AtFlags::SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| u64::try_from(stat.st_size).is_ok_and(|it| it == length_bytes))
    }

    /// Gives a content to another store, under the same name.
    pub(crate) fn share(&self, id: &BlobId, other: &Self, length_bytes: u64) -> io::Result<()> {
        if link(&self.directory, &other.directory, id)? == Linked::Now {
            return Ok(());
        }
        let (temporary, name) = (format!("{id}.tmp"), id.to_string());
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let goal = rustix::fs::openat(&other.directory, temporary.as_str(), flags, private)?;
        let goal = File::from(goal);
        self.give(id, &goal, length_bytes)?;
        rustix::fs::fdatasync(&goal)?;
        let (from, to) = (temporary.as_str(), name.as_str());
        Ok(rustix::fs::renameat(&other.directory, from, &other.directory, to)?)
    }

    /// Writes a content into an empty file.
    pub(crate) fn give(&self, id: &BlobId, goal: &File, length_bytes: u64) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name = id.to_string();
        let source = rustix::fs::openat(&self.directory, name.as_str(), flags, Mode::empty())?;
        match fill(&source.into(), goal, length_bytes, u64::MAX)? {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }
}

/// Makes `goal` equal to `source` and gives what it took; `None` when that is more than `room`.
fn fill(source: &File, goal: &File, length: u64, room: u64) -> io::Result<Option<u64>> {
    match rustix::fs::ioctl_ficlone(goal, source) {
        Ok(()) => return Ok(Some(0)),
        Err(
            Errno::OPNOTSUPP
            | Errno::XDEV
            | Errno::INVAL
            | Errno::NOTTY
            | Errno::NOSYS
            | Errno::PERM,
        ) => {}
        Err(errno) => return Err(errno.into()),
    }
    let Some(pieces) = pieces(source, length)? else { return Ok(None) };
    let total: u64 = pieces.iter().map(|(start, end)| end - start).sum();
    if total > room {
        return Ok(None);
    }
    for (start, end) in pieces {
        copy(source, goal, start, end)?;
    }
    rustix::fs::ftruncate(goal, length)?;
    Ok(Some(total))
}

/// Where a file has data, from start to end of each; `None` when there are too many places.
fn pieces(file: &File, length: u64) -> io::Result<Option<Vec<(u64, u64)>>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < length {
        let start = match rustix::fs::seek(file.as_fd(), SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => break,
            Err(errno) => return Err(errno.into()),
        };
        let end = rustix::fs::seek(file.as_fd(), SeekFrom::Hole(start))?.min(length);
        if end <= start {
            break;
        }
        if pieces.len() >= LARGE_PIECES_MAX {
            return Ok(None);
        }
        pieces.push((start, end));
        at = end;
    }
    Ok(Some(pieces))
}

fn copy(source: &File, goal: &File, start: u64, end: u64) -> io::Result<()> {
    let (mut from, mut to) = (start, start);
    while from < end {
        let wanted = usize::try_from(end - from).unwrap_or(usize::MAX).min(COPY_BYTES_AT_ONCE);
        let copied =
            rustix::fs::copy_file_range(source, Some(&mut from), goal, Some(&mut to), wanted)?;
        if copied == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// What is copied by one call.
const COPY_BYTES_AT_ONCE: usize = 64 * 1024 * 1024;
