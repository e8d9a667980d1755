// SPDX-License-Identifier: Apache-2.0
//! The end of what a terminal printed, and where each reader stands in it.
//!
//! A position counts the bytes since the terminal was opened, so a reader knows what it has
//! had, whatever was thrown away.
//!
//! Invariant: at most [`TAIL_BYTES_MAX`] bytes are kept, and none twice.

use std::collections::VecDeque;

use crate::limits::TAIL_BYTES_MAX;

/// The last bytes of a stream.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: VecDeque<u8>,
    /// The position of the first byte that is kept.
    start: u64,
}

impl Tail {
    /// Takes what was printed; the oldest bytes go.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let over = self.bytes.len().saturating_sub(TAIL_BYTES_MAX);
        self.bytes.drain(..over);
        self.start += over as u64;
    }

    /// The position behind the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// How many bytes are kept.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The position from which a new reader begins: where a line begins, if something was
    /// thrown away, so that it does not start within a character or a control sequence.
    pub(crate) fn beginning(&self) -> u64 {
        if self.start == 0 {
            return 0;
        }
        let line = self.bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.start + line as u64
    }

    /// At most `most` bytes from a position on, or from the first that is kept.
    pub(crate) fn piece(&self, at: u64, most: usize) -> Vec<u8> {
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.bytes.iter().skip(from).take(most).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_each_byte_once() {
        let mut tail = Tail::default();
        tail.push(b"one\ntwo\n");
        assert_eq!((tail.beginning(), tail.end()), (0, 8));
        assert_eq!(tail.piece(0, 4), b"one\n");
        assert_eq!(tail.piece(4, 100), b"two\n");
        assert!(tail.piece(8, 100).is_empty());
    }

    #[test]
    fn the_oldest_bytes_go_and_a_reader_begins_with_a_line() {
        let mut tail = Tail::default();
        tail.push(b"first\nsecond\n");
        tail.push(&vec![b'x'; TAIL_BYTES_MAX - 9]);
        assert_eq!(tail.end() - tail.start, TAIL_BYTES_MAX as u64);
        assert_eq!(tail.start, 4);
        assert_eq!(tail.piece(0, 2), b"t\n");
        assert_eq!(tail.beginning(), 6);
        assert_eq!(tail.piece(tail.beginning(), 7), b"second\n");
    }
}
