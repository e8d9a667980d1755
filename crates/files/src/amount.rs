// SPDX-License-Identifier: Apache-2.0
//! Counts what lies in a directory, in slices, so that nobody is kept waiting.
//!
//! What cannot be walked (closed or very deep directories), and what changes its name while
//! the walk comes to it, is told apart, so that a bound cannot be passed by hiding.
//!
//! Invariant: nothing is written or opened but directories, no link is followed and no
//! mounted file system is entered.

use std::collections::HashSet;
use std::os::fd::AsFd;
use std::time::Duration;

use moat_base::Clock;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::limits::DEPTH_MAX;

/// Bytes and files: what is used, free, or allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Bytes.
    pub bytes: u64,
    /// Files, directories and links.
    pub files: u64,
}

impl Amount {
    /// What is free for an ordinary user on the file system of `place`; without end where it
    /// does not tell.
    #[must_use]
    pub fn free(place: impl AsFd) -> Self {
        let size = rustix::fs::fstatvfs(place).ok();
        size.map_or(Self { bytes: u64::MAX, files: u64::MAX }, |size| Self {
            bytes: size.f_bavail.saturating_mul(size.f_frsize),
            // Some file systems make files as they are needed, and count none.
            files: if size.f_files == 0 { u64::MAX } else { size.f_favail },
        })
    }

    /// The size of the file system of `place`; nothing where it does not tell.
    #[must_use]
    pub fn size(place: impl AsFd) -> Self {
        let size = rustix::fs::fstatvfs(place).ok();
        size.map_or_else(Self::default, |size| Self {
            bytes: size.f_blocks.saturating_mul(size.f_frsize),
            files: size.f_files,
        })
    }

    /// What is left when `other` is taken away.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            files: self.files.saturating_sub(other.files),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            files: self.files.saturating_add(other.files),
        }
    }

    /// The larger of each.
    #[must_use]
    pub fn largest(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), files: self.files.max(other.files) }
    }

    /// The smaller of each.
    #[must_use]
    pub fn smallest(self, other: Self) -> Self {
        Self { bytes: self.bytes.min(other.bytes), files: self.files.min(other.files) }
    }

    /// One part in `of`, which is not 0.
    #[must_use]
    pub const fn part(self, of: u64) -> Self {
        Self { bytes: self.bytes / of, files: self.files / of }
    }

    /// Whether one of the two is more than in `other`.
    #[must_use]
    pub const fn exceeds(self, other: Self) -> bool {
        self.bytes > other.bytes || self.files > other.files
    }
}

/// A walk through a directory, under way.
#[derive(Debug)]
pub struct Walk {
    open: Vec<Dir>,
    /// Files with several names, which count once.
    linked: HashSet<u64>,
    used: Amount,
    seen: Seen,
}

/// How much of a directory a walk saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// All of it.
    Whole,
    /// A name was gone when it was looked at: removed, or moved to where the walk had been.
    Moving,
    /// Something could not be looked into.
    Partial,
}

/// Whether a walk is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to count.
    More,
    /// All was counted.
    Done,
}

impl Walk {
    /// Begins at a directory; nothing is counted yet.
    ///
    /// # Errors
    /// The system's error when it cannot be read.
    pub fn new(directory: impl AsFd) -> std::io::Result<Self> {
        Ok(Self {
            open: vec![Dir::read_from(directory)?],
            linked: HashSet::new(),
            used: Amount::default(),
            seen: Seen::Whole,
        })
    }

    /// Counts for about `slice`.
    pub fn step(&mut self, clock: &dyn Clock, slice: Duration) -> Progress {
        let until = clock.monotonic() + slice;
        while clock.monotonic() < until {
            for _ in 0..ENTRIES_PER_LOOK {
                if self.count_one() == Progress::Done {
                    return Progress::Done;
                }
            }
        }
        Progress::More
    }

    /// Counts one name.
    pub fn count_one(&mut self) -> Progress {
        let depth = self.open.len();
        let Some(directory) = self.open.last_mut() else {
            return Progress::Done;
        };
        let entry = match directory.read() {
            Some(Ok(entry)) => entry,
            Some(Err(_changed)) => {
                self.seen = Seen::Partial;
                self.open.pop();
                return Progress::More;
            }
            None => {
                self.open.pop();
                return Progress::More;
            }
        };
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            return Progress::More;
        }
        let Ok(at) = directory.fd() else {
            return Progress::More;
        };
        let Ok(stat) = rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) else {
            self.seen = self.seen.max(Seen::Moving);
            return Progress::More;
        };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if is_directory || stat.st_nlink < 2 || self.linked.insert(stat.st_ino) {
            self.used.files += 1;
            self.used.bytes += u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        }
        if is_directory {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let inside = rustix::fs::openat2(at, name, flags, Mode::empty(), BENEATH);
            let inside = inside.and_then(Dir::new);
            match inside {
                Ok(inside) if depth < DEPTH_MAX => self.open.push(inside),
                Err(Errno::NOENT) => self.seen = self.seen.max(Seen::Moving),
                Ok(_) | Err(_) => self.seen = Seen::Partial,
            }
        }
        Progress::More
    }

    /// How much was seen until now.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// What was counted; at least `most`, the most that there can be, where not all was seen.
    #[must_use]
    pub fn result(&self, most: Amount) -> Amount {
        match self.seen {
            Seen::Whole => self.used,
            Seen::Moving | Seen::Partial => self.used.largest(most),
        }
    }
}

const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_XDEV)
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

/// The clock is not asked for each entry.
const ENTRIES_PER_LOOK: usize = 64;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make the files that are counted")]
mod tests {
    use std::path::Path;

    use moat_base::SystemClock;
    use rustix::fs::CWD;

    use super::*;

    fn walked(directory: &Path) -> Walk {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let place = rustix::fs::openat(CWD, directory, flags, Mode::empty()).unwrap();
        let mut walk = Walk::new(&place).unwrap();
        while walk.step(&SystemClock::new(), Duration::from_millis(1)) == Progress::More {}
        walk
    }

    #[test]
    fn a_walk_counts_blocks_and_files_once() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(at("a/b/file"), vec![1; 1 << 20]).unwrap();
        std::fs::hard_link(at("a/b/file"), at("a/same")).unwrap();
        std::os::unix::fs::symlink("/usr", at("a/link")).unwrap();
        // Long, and without a block.
        std::fs::File::create(at("sparse")).unwrap().set_len(1 << 40).unwrap();
        let walk = walked(scratch.path());
        assert_eq!((walk.used.files, walk.seen), (5, Seen::Whole));
        assert!((1 << 20..2 << 20).contains(&walk.used.bytes), "{:?}", walk.used);
    }

    #[test]
    fn what_lies_too_deep_is_as_large_as_what_is_gone() {
        let scratch = tempfile::tempdir().unwrap();
        let deep = "d/".repeat(DEPTH_MAX + 1);
        std::fs::create_dir_all(scratch.path().join(deep)).unwrap();
        let walk = walked(scratch.path());
        let gone = Amount { bytes: 1 << 40, files: 1 };
        assert_eq!(walk.result(gone).bytes, 1 << 40);
    }
}
