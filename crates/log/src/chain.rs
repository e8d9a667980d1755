// SPDX-License-Identifier: Apache-2.0
//! The chain: every line carries the hash of the one before it.
//!
//! A line is `{"entry":ENTRY,"hash":"HEX"}` and a newline. ENTRY is the entry's
//! compact JSON exactly as `serde_json` writes it, and HEX is the SHA-256 of the
//! text `moat crossing v1`, a newline, and those bytes. Any tool with SHA-256 can
//! check it without knowing the fields; reading them back and writing them again
//! must give the same bytes, so that there is one form only.

use moat_base::{Hint, Timestamp};
use serde::{Deserialize, Serialize};

use crate::limits::LINE_BYTES_MAX;
use crate::{Digest, Entry, Event};

/// What fails while a line is made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The entry does not fit a line.
    #[error("the log entry has {bytes} bytes and {LINE_BYTES_MAX} is the most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The sequence numbers are used up.
    #[error("the log has no sequence number left")]
    Full,
    /// The entry could not be written as JSON.
    #[error("could not write the log entry as JSON")]
    Encode {
        /// What `serde_json` said.
        #[source]
        source: serde_json::Error,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::TooLong { .. } => Some("shorten the path of the request".to_owned()),
            Self::Full | Self::Encode { .. } => None,
        }
    }
}

/// Turns events into durable, verifiable lines, in order.
///
/// Implementors give one line per event, ending in a newline, and never two
/// lines for one position. A Merkle tree will implement this beside
/// [`HashChain`]: its line is the leaf, and its tiles follow from the leaves.
pub trait Seal: Send + std::fmt::Debug {
    /// Makes the next line. When the caller cannot write it, it drops this value
    /// and goes on from what is in the file.
    ///
    /// # Errors
    /// As the variants say; the chain is then unchanged.
    fn seal(&mut self, time: Timestamp, event: Event) -> Result<String, Error>;
    /// The sequence number of the last line; 0 before the first.
    fn sequence(&self) -> u64;
    /// The commitment to all lines so far.
    fn head(&self) -> Digest;
}

/// The chain of SHA-256 hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashChain {
    sequence: u64,
    head: Digest,
}

impl HashChain {
    /// The chain before its first line.
    #[must_use]
    pub const fn genesis() -> Self {
        Self::after(0, Digest::ZERO)
    }

    /// The chain after a verified line.
    #[must_use]
    pub const fn after(sequence: u64, head: Digest) -> Self {
        Self { sequence, head }
    }
}

impl Seal for HashChain {
    fn seal(&mut self, time: Timestamp, event: Event) -> Result<String, Error> {
        let sequence = self.sequence.checked_add(1).ok_or(Error::Full)?;
        let entry = Entry { version: 1, sequence, time, previous: self.head, event };
        let (line, hash) = line_of(&entry)?;
        if line.len() > LINE_BYTES_MAX {
            return Err(Error::TooLong { bytes: line.len() });
        }
        *self = Self::after(sequence, hash);
        Ok(line)
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn head(&self) -> Digest {
        self.head
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) entry: Entry,
    pub(crate) hash: Digest,
}

/// Writes an entry in its one form, and gives the line's hash.
pub(crate) fn line_of(entry: &Entry) -> Result<(String, Digest), Error> {
    let body = serde_json::to_string(entry).map_err(|source| Error::Encode { source })?;
    let hash = Digest::of(format!("moat crossing v1\n{body}").as_bytes());
    Ok((format!("{{\"entry\":{body},\"hash\":\"{hash}\"}}\n"), hash))
}
