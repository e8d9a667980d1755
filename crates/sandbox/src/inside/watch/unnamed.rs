// SPDX-License-Identifier: Apache-2.0
//! Open files that no directory names: memory files, and files that were removed.
//!
//! Invariant: files are only looked at, through the links in `/proc/PID/fd`; none is opened.

use std::collections::BTreeSet;

use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, MemfdFlags};
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
