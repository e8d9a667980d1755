// SPDX-License-Identifier: Apache-2.0
//! How far a survey is, for whoever waits for it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that a survey moves and anybody may read meanwhile.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicU64,
    directories: AtomicU64,
    links: AtomicU64,
    bytes: AtomicU64,
    findings: AtomicU64,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Regular files that were read, in part at least.
    pub files: u64,
    /// Directories that were listed.
    pub directories: u64,
    /// Links that were seen; none is followed out of the tree.
    pub links: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Findings so far.
    pub findings: u64,
}

impl Progress {
    /// The counters now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            files: of(&self.files),
            directories: of(&self.directories),
            links: of(&self.links),
            bytes: of(&self.bytes),
            findings: of(&self.findings),
        }
    }

    pub(crate) fn file(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn directory(&self) {
        self.directories.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn link(&self) {
        self.links.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn finding(&self) {
        self.findings.fetch_add(1, Ordering::Relaxed);
    }
}
