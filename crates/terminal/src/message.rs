// SPDX-License-Identifier: Apache-2.0
//! What the keeper and its owner say to each other: lines of JSON on a socket pair.
//!
//! Terminals are named by the path of their device, which both see, so no descriptor has to
//! travel. Both ends are the same binary, so there is no version.
//!
//! Invariant: a line is at most [`MESSAGE_BYTES_MAX`] long; a longer one ends the connection.

use std::io::{self, Write as _};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::limits::MESSAGE_BYTES_MAX;

/// The owner to the keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ToKeeper {
    /// Start a shell.
    Open {
        /// The terminal's number.
        terminal: u32,
        /// The device of the pseudo-terminal, `/dev/pts/N`.
        device: Vec<u8>,
        /// Where the shell begins.
        directory: Vec<u8>,
    },
    /// Start a program without a terminal; what it prints goes into a file.
    Run {
        /// Its number, from the same row as the terminals'.
        terminal: u32,
        /// The program, an absolute path, and its arguments.
        words: Vec<Vec<u8>>,
        /// The file that takes what it prints; nothing for a program that is let go of.
        output: Option<Vec<u8>>,
    },
    /// End a shell and what runs in its terminal.
    End {
        /// The terminal's number.
        terminal: u32,
    },
}

/// The keeper to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FromKeeper {
    /// A shell runs.
    Opened {
        /// The terminal's number.
        terminal: u32,
    },
    /// A shell could not be started.
    Failed {
        /// The terminal's number.
        terminal: u32,
        /// What failed.
        step: String,
        /// The system's error.
        errno: i32,
    },
    /// A shell ended.
    Ended {
        /// The terminal's number.
        terminal: u32,
        /// What it returned; 128 and the signal's number when a signal ended it.
        status: i32,
    },
}

/// Writes one message.
pub(crate) fn send(mut socket: impl io::Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    socket.write_all(&line)
}

/// The lines of a socket, as they come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
}

impl Lines {
    /// Takes what was read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        // Writing to a vector cannot fail.
        let _infallible = self.bytes.write_all(bytes);
    }

    /// The next whole message; `None` when there is none yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for what is no message, or is too long.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else {
            let fits = self.bytes.len() <= MESSAGE_BYTES_MAX;
            return if fits { Ok(None) } else { Err(io::ErrorKind::InvalidData.into()) };
        };
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        Ok(Some(serde_json::from_slice(&line)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let sent = [
            ToKeeper::Open {
                terminal: 1,
                device: b"/dev/pts/1".into(),
                directory: b"/a\n\xff".into(),
            },
            ToKeeper::End { terminal: 2 },
        ];
        let mut bytes = Vec::new();
        for message in &sent {
            send(&mut bytes, message).unwrap();
        }
        for size in [1, 3, 1000] {
            let (mut lines, mut received) = (Lines::default(), Vec::new());
            for piece in bytes.chunks(size) {
                lines.push(piece);
                while let Some(message) = lines.next::<ToKeeper>().unwrap() {
                    received.push(message);
                }
            }
            assert_eq!(received, sent);
        }
    }

    #[test]
    fn what_is_no_message_or_too_long_ends_it() {
        let mut lines = Lines::default();
        lines.push(b"nonsense\n");
        assert!(lines.next::<ToKeeper>().is_err());
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; MESSAGE_BYTES_MAX + 1]);
        assert!(lines.next::<ToKeeper>().is_err());
    }
}
