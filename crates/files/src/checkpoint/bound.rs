// SPDX-License-Identifier: Apache-2.0
//! How many checkpoints there are, and what they take.
//!
//! Beyond a bound the oldest go, some at a time, and with them the contents that only
//! they named.
//!
//! Invariant: the newest checkpoint never goes, nor one that is returned to.

use std::io;
use std::os::fd::AsFd as _;

use moat_base::remove_files;
use rustix::fs::AtFlags;

use crate::checkpoint::collect::{self, Needed};
use crate::checkpoint::{Checkpoints, head_of, name};
use crate::limits::{
    CHECKPOINT_BYTES_MAX, CHECKPOINT_NEW_BYTES_MAX, CHECKPOINTS_DROPPED, CHECKPOINTS_MAX,
};

/// The bounds of one session's checkpoints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) count: usize,
    /// How many go at once.
    pub(super) dropped: usize,
    /// Where looking for what is not needed begins; more, while it gives nothing.
    pub(super) bytes: u64,
    pub(super) new_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            count: CHECKPOINTS_MAX,
            dropped: CHECKPOINTS_DROPPED,
            bytes: CHECKPOINT_BYTES_MAX,
            new_bytes: CHECKPOINT_NEW_BYTES_MAX,
        }
    }
}

impl Checkpoints {
    /// Drops checkpoints beyond the bounds, and what only they needed.
    pub(super) fn bound(&mut self, pinned: &[u32]) -> io::Result<()> {
        let mut bytes = match self.stored_bytes {
            // What was stored before, or is gone, was added again: count before anything goes.
            Some(bytes) if bytes <= self.bounds.bytes => bytes,
            Some(_) | None => self.count()?,
        };
        self.stored_bytes = Some(bytes);
        let is_over = |checkpoints: &Self, bytes| {
            checkpoints.numbers.len() > checkpoints.bounds.count || bytes > checkpoints.bounds.bytes
        };
        if !is_over(self, bytes) {
            return Ok(());
        }
        // What stays is on the disk before what it stands in for goes.
        rustix::fs::syncfs(&self.directory)?;
        while is_over(self, bytes) {
            let is_going = self.drop_oldest(pinned)?;
            bytes = self.sweep()?;
            self.stored_bytes = Some(bytes);
            if !is_going {
                // All that is left is needed: looking again at once would be in vain.
                let more = bytes.saturating_add(self.bounds.bytes / 8);
                self.bounds.bytes = self.bounds.bytes.max(more);
                break;
            }
        }
        Ok(())
    }

    /// Drops some of the oldest checkpoints, and says whether any could go.
    fn drop_oldest(&mut self, pinned: &[u32]) -> io::Result<bool> {
        let newest = self.numbers.last().copied();
        let may_go = |number: &u32| Some(*number) != newest && !pinned.contains(number);
        let excess = self.numbers.len().saturating_sub(self.bounds.count);
        let count = self.bounds.dropped.min(self.numbers.len().div_ceil(2)).max(excess);
        let going: Vec<u32> = self.numbers.iter().copied().filter(may_go).take(count).collect();
        for number in &going {
            self.fuse.burn()?;
            rustix::fs::unlinkat(&self.directory, name(*number), AtFlags::empty())?;
            self.numbers.retain(|other| other != number);
            for aside in self.aside(*number) {
                let _tried_with_the_session = remove_files(&aside);
            }
        }
        Ok(!going.is_empty())
    }

    fn count(&self) -> io::Result<u64> {
        let mut bytes = 0_u64;
        for directory in [self.blobs.directory(), self.large.directory(), &self.directory] {
            let files = collect::files(directory)?;
            bytes = files.iter().fold(bytes, |sum, (_, length)| sum.saturating_add(*length));
        }
        Ok(bytes)
    }

    /// Removes contents that nothing names, and gives the bytes that the rest takes.
    pub(super) fn sweep(&self) -> io::Result<u64> {
        let mut needed = Needed::default();
        for directory in [&self.directory, &self.files] {
            for (name, _) in collect::files(directory)? {
                if name.ends_with(b".json") || name.ends_with(b".jsonl") {
                    needed.note_file(directory.as_fd(), &name)?;
                }
            }
        }
        for number in &self.numbers {
            // What a checkpoint's origins name is needed with it.
            let origins = head_of(&self.directory, *number).and_then(|head| head.origins);
            if let Some(Ok(text)) = origins.map(|id| self.blobs.get(&id)) {
                needed.note(&text);
            }
        }
        let blobs = collect::sweep(self.blobs.directory(), &needed, &self.fuse)?;
        let large = collect::sweep(self.large.directory(), &needed, &self.fuse)?;
        let manifests = collect::files(&self.directory)?;
        let manifests = manifests.iter().fold(0_u64, |sum, (_, it)| sum.saturating_add(*it));
        Ok(blobs.saturating_add(large).saturating_add(manifests))
    }
}
