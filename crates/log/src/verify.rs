// SPDX-License-Identifier: Apache-2.0
//! Verification: any change of a line, and any line removed, inserted or moved.
//!
//! What a chain alone cannot show is that its last lines were cut off: for that
//! the head must be known from elsewhere ([`Summary::head`]). Signed checkpoints
//! will bring that.

use std::collections::BTreeMap;

use moat_base::{Hint, Timestamp};

use crate::chain::{Line, line_of};
use crate::limits::LINE_BYTES_MAX;
use crate::{Digest, Entry, Event, HashChain, Verdict};

/// What a verified log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many lines there are.
    pub entries: u64,
    /// The hash of the last line; zero when there is none.
    pub head: Digest,
    /// The number of the last line.
    pub sequence: u64,
    /// How many crossings were allowed.
    pub allowed: u64,
    /// How many were denied.
    pub denied: u64,
    /// The `opened` lines without a `closed` line, with the time they were written.
    pub open: BTreeMap<u64, Timestamp>,
}

/// Where a log stops being what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the crossing log does not hold: {reason}")]
pub struct Break {
    /// The line, counted from 1 over everything that was given.
    pub line: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Hint for Break {
    fn hint(&self) -> Option<String> {
        Some("keep the files as they are: the lines before this one are still proven, and the broker does not append to a broken log".to_owned())
    }
}

/// Verifies a whole log.
///
/// # Errors
/// The first line that does not hold.
pub fn verify(bytes: &[u8]) -> Result<Summary, Break> {
    let mut verifier = Verifier::from_start();
    verifier.feed(bytes)?;
    Ok(verifier.summary())
}

/// Verifies a log file by file.
#[derive(Debug, Clone)]
pub struct Verifier {
    start: Start,
    line: u64,
    summary: Summary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Fixed,
    FirstLine,
}

impl Verifier {
    /// Expects the first line of a log.
    #[must_use]
    pub const fn from_start() -> Self {
        Self::new(Start::Fixed)
    }

    /// Takes the first line's place in the chain on trust: for the last file alone.
    #[must_use]
    pub const fn from_anywhere() -> Self {
        Self::new(Start::FirstLine)
    }

    const fn new(start: Start) -> Self {
        let summary = Summary {
            entries: 0,
            head: Digest::ZERO,
            sequence: 0,
            allowed: 0,
            denied: 0,
            open: BTreeMap::new(),
        };
        Self { start, line: 0, summary }
    }

    /// Checks the next lines. Every one must be whole.
    ///
    /// # Errors
    /// The first line that does not hold; the summary stands at the line before.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Break> {
        self.feed_entries(bytes, &mut |_entry| {})
    }

    /// As [`Verifier::feed`], and hands every entry that holds to `each`.
    ///
    /// # Errors
    /// The first line that does not hold; the entries before it were handed out.
    pub fn feed_entries(
        &mut self,
        bytes: &[u8],
        each: &mut dyn FnMut(&Entry),
    ) -> Result<(), Break> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line += 1;
            match self.check(line) {
                Ok(entry) => each(&entry),
                Err(reason) => return Err(Break { line: self.line, reason }),
            }
        }
        Ok(())
    }

    /// What was verified so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary.clone()
    }

    /// The chain to go on with.
    #[must_use]
    pub const fn chain(&self) -> HashChain {
        HashChain::after(self.summary.sequence, self.summary.head)
    }

    fn check(&mut self, bytes: &[u8]) -> Result<Entry, &'static str> {
        if bytes.len() > LINE_BYTES_MAX {
            return Err("it is longer than any line that is written");
        }
        if !bytes.ends_with(b"\n") {
            return Err("it is torn: its end is missing");
        }
        let line: Line =
            serde_json::from_slice(bytes).map_err(|_source| "it is not a line of this log")?;
        let (canonical, hash) =
            line_of(&line.entry).map_err(|_source| "it is not a line of this log")?;
        if canonical.as_bytes() != bytes || hash != line.hash {
            return Err("its content does not match its hash");
        }
        let entry = line.entry;
        let free = self.start == Start::FirstLine && self.summary.entries == 0;
        if !free && entry.sequence != self.summary.sequence + 1 {
            return Err("its number does not follow the line before");
        }
        if !free && entry.previous != self.summary.head {
            return Err("it does not continue the line before");
        }
        if entry.version != 1 {
            return Err("its version is not known");
        }
        self.count(&entry)?;
        self.summary.entries += 1;
        self.summary.sequence = entry.sequence;
        self.summary.head = hash;
        Ok(entry)
    }

    fn count(&mut self, entry: &Entry) -> Result<(), &'static str> {
        match &entry.event {
            Event::Opened(opening) => match opening.verdict {
                Verdict::Allowed => {
                    self.summary.allowed += 1;
                    self.summary.open.insert(entry.sequence, entry.time);
                }
                Verdict::Denied(_) => self.summary.denied += 1,
            },
            Event::Closed(closing) => {
                let known = self.summary.open.remove(&closing.opened).is_some();
                if !known && self.start == Start::Fixed {
                    return Err("it closes a crossing that is not open");
                }
            }
            Event::Recovered(_) => {}
        }
        Ok(())
    }
}
