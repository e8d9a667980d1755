// SPDX-License-Identifier: Apache-2.0
//! What the kernel says about one file, in types that are the same everywhere.
//!
//! Source: statx(2).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, FileType, StatxFlags, StatxTimestamp, statx};
use serde::{Deserialize, Serialize};

/// A moment of the kernel's clock for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

/// The identity, the kind and the state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) length_bytes: u64,
    /// What it takes on the disk: less than its length where it has holes.
    pub(crate) allocated_bytes: u64,
    pub(crate) links: u32,
    pub(crate) owner: u32,
    pub(crate) group: u32,
    /// For a device node, which device it is.
    pub(crate) node: (u32, u32),
    pub(crate) changed: Moment,
    pub(crate) modified: Moment,
    mode: u32,
}

impl Stat {
    /// Describes an open file, also one opened with `O_PATH`.
    pub(crate) fn of(fd: BorrowedFd<'_>) -> io::Result<Self> {
        Self::query(fd, c"", AtFlags::EMPTY_PATH)
    }

    /// Describes the entry `name` of an open directory without following a link.
    pub(crate) fn at(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<Self> {
        Self::query(directory, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn query<P: rustix::path::Arg>(
        fd: BorrowedFd<'_>,
        name: P,
        flags: AtFlags,
    ) -> io::Result<Self> {
        let stat = statx(fd.as_fd(), name, flags, StatxFlags::BASIC_STATS)?;
        Ok(Self {
            device: (u64::from(stat.stx_dev_major) << 32) | u64::from(stat.stx_dev_minor),
            inode: stat.stx_ino,
            length_bytes: stat.stx_size,
            allocated_bytes: stat.stx_blocks.saturating_mul(512),
            links: stat.stx_nlink,
            owner: stat.stx_uid,
            group: stat.stx_gid,
            node: (stat.stx_rdev_major, stat.stx_rdev_minor),
            changed: moment(stat.stx_ctime),
            modified: moment(stat.stx_mtime),
            mode: u32::from(stat.stx_mode),
        })
    }

    /// The kind of the file.
    pub(crate) const fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    /// The permission bits, with set-id and sticky bits.
    pub(crate) const fn permissions(&self) -> u32 {
        self.mode & 0o7777
    }

    /// Whether an overlay's upper directory says with this entry that there is none.
    pub(crate) fn is_whiteout(&self) -> bool {
        self.file_type() == FileType::CharacterDevice && self.node == (0, 0)
    }
}

const fn moment(time: StatxTimestamp) -> Moment {
    Moment { seconds: time.tv_sec, nanoseconds: time.tv_nsec }
}
