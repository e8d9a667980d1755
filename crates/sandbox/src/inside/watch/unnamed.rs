// SPDX-License-Identifier: Apache-2.0
//! Open files that no directory names: memory files, and files that were removed.
//!
//! A removed file also lives on in a mapping without a descriptor. Nobody may look at it there,
//! so a process that has one counts as one that hides its files.
//!
//! Invariant: files are only looked at, through the links in `/proc/PID/fd`; none is opened.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, MemfdFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::inside::watch::{Places, directory};
use crate::limits::UNNAMED_FILES_MAX;

/// What open files without a name hold.
#[derive(Debug)]
pub(super) struct Unnamed {
    /// Memory files.
    pub(super) memory_bytes: u64,
    /// Whether a process would not show its files, or there were too many.
    pub(super) hidden: bool,
    removed_bytes: u64,
    /// The device of all memory files.
    memory: Option<u64>,
    /// Those of private file systems, whose removed files count there.
    private: Vec<u64>,
    seen: BTreeSet<(u64, u64)>,
    /// Only the second half of each: a mapping may tell another device.
    inodes: BTreeSet<u64>,
}

impl Unnamed {
    pub(super) fn new(private: &[OwnedFd]) -> Self {
        let device = |place: BorrowedFd<'_>| Some(rustix::fs::fstat(place).ok()?.st_dev);
        let memory = rustix::fs::memfd_create("moat", MemfdFlags::CLOEXEC).ok();
        Self {
            memory_bytes: 0,
            hidden: false,
            removed_bytes: 0,
            memory: memory.and_then(|file| device(file.as_fd())),
            private: private.iter().filter_map(|place| device(place.as_fd())).collect(),
            seen: BTreeSet::new(),
            inodes: BTreeSet::new(),
        }
    }

    /// Adds the open files of one process.
    pub(super) fn add(&mut self, process: BorrowedFd<'_>) {
        let files = directory(process, "fd").and_then(|files| Ok((Dir::read_from(&files)?, files)));
        match files {
            Ok((names, files)) => {
                for name in names.flatten() {
                    self.add_one(files.as_fd(), name.file_name());
                }
            }
            // It is gone.
            Err(Errno::NOENT | Errno::SRCH) => {}
            Err(_closed) => self.hidden = true,
        }
        if !self.hidden {
            self.hidden = has_mapped(process, &self.inodes);
        }
    }

    fn add_one(&mut self, files: BorrowedFd<'_>, name: &std::ffi::CStr) {
        let stat = match rustix::fs::statat(files, name, AtFlags::empty()) {
            Ok(stat) => stat,
            // As root the directory can be listed, but not what it leads to.
            Err(Errno::ACCESS | Errno::PERM) => {
                self.hidden = true;
                return;
            }
            // It is closed by now, or no file.
            Err(_closed) => return,
        };
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !is_file || stat.st_nlink > 0 || self.private.contains(&stat.st_dev) {
            return;
        }
        if self.seen.len() >= UNNAMED_FILES_MAX {
            self.hidden = true;
            return;
        }
        self.inodes.insert(stat.st_ino);
        if self.seen.insert((stat.st_dev, stat.st_ino)) {
            let bytes = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
            if self.memory == Some(stat.st_dev) {
                self.memory_bytes += bytes;
            } else {
                self.removed_bytes += bytes;
            }
        }
    }

    /// What removed files hold on disk; all that is gone there, when something hides.
    pub(super) fn disk_bytes(&self, free_before: u64, places: &Places) -> u64 {
        if self.hidden {
            free_before.saturating_sub(places.free_bytes())
        } else {
            self.removed_bytes
        }
    }
}

/// Whether a process has mapped a removed file, or a memory file, that is none of `known`.
/// One that does not show its mappings shows no descriptors either.
fn has_mapped(process: BorrowedFd<'_>, known: &BTreeSet<u64>) -> bool {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(maps) = rustix::fs::openat(process, "maps", flags, Mode::empty()) else {
        return false;
    };
    let mut maps = BufReader::new(File::from(maps));
    let mut line = Vec::new();
    loop {
        line.clear();
        match maps.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        if removed(&line).is_some_and(|inode| !known.contains(&inode)) {
            return true;
        }
    }
}

/// The inode of a mapping of a removed file; none for other mappings. Segments of System V
/// have a list of their own, and what is shared without a file is found by its pages.
fn removed(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\n").unwrap_or(line).strip_suffix(b" (deleted)")?;
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let inode = str::from_utf8(words.nth(4)?).ok()?.parse().ok()?;
    let name = words.next()?;
    (!name.starts_with(b"/SYSV") && name != b"/dev/zero").then_some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_of_removed_files_are_told_from_others() {
        let cases = [
            ("7f0-7f1 r--s 00000000 fe:00 42                 /w/x (deleted)\n", Some(42)),
            ("7f0-7f1 rw-s 00000000 00:01 7   /memfd:load (deleted)\n", Some(7)),
            ("7f0-7f1 r--s 00000000 fe:00 43  /w/two words (deleted)\n", Some(43)),
            ("7f0-7f1 rw-s 00000000 00:01 5   /dev/zero (deleted)\n", None),
            ("7f0-7f1 rw-s 00000000 00:01 6   /SYSV00000000 (deleted)\n", None),
            ("7f0-7f1 r-xp 00000000 fe:00 44  /usr/bin/env\n", None),
            ("7f0-7f1 rw-p 00000000 00:00 0   [heap]\n", None),
            ("", None),
        ];
        for (line, inode) in cases {
            assert_eq!(removed(line.as_bytes()), inode, "{line}");
        }
    }
}
