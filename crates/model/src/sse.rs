// SPDX-License-Identifier: Apache-2.0
//! Splits a byte stream into server-sent events.
//!
//! Source: WHATWG HTML Living Standard, section 9.2.6 "Interpreting an event
//! stream". Only `data` fields matter here; all others are dropped. Lenient in
//! one point: some servers forget the empty line between events, so a `data`
//! line that follows a complete JSON text starts a new event.
//!
//! Invariant: never holds more than one line and one event, both bounded.

use crate::limits::LINE_BYTES_MAX;

/// A line or an event is longer than [`LINE_BYTES_MAX`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The state between two pieces of input.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_carriage_return: bool,
}

impl Events {
    /// Takes more bytes and appends the data of each event that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<Vec<u8>>) -> Result<(), TooLong> {
        for &byte in bytes {
            let follows = std::mem::replace(&mut self.after_carriage_return, byte == b'\r');
            match byte {
                b'\n' if follows => {}
                b'\n' | b'\r' => self.end_line(events)?,
                _ if self.line.len() >= LINE_BYTES_MAX => return Err(TooLong),
                other => self.line.push(other),
            }
        }
        Ok(())
    }

    /// Ends the input: what is left counts as a last line and event.
    pub(crate) fn finish(&mut self, events: &mut Vec<Vec<u8>>) -> Result<(), TooLong> {
        self.end_line(events)?;
        events.extend(self.data.take());
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<Vec<u8>>) -> Result<(), TooLong> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            events.extend(self.data.take());
            return Ok(());
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        let Some(value) = line.strip_prefix(b"data:") else {
            return Ok(());
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match self.data.take() {
            None => self.data = Some(value.to_vec()),
            Some(before) if is_complete(&before) => {
                events.push(before);
                self.data = Some(value.to_vec());
            }
            Some(mut before) => {
                if before.len() + value.len() >= LINE_BYTES_MAX {
                    return Err(TooLong);
                }
                before.push(b'\n');
                before.extend_from_slice(value);
                self.data = Some(before);
            }
        }
        Ok(())
    }
}

fn is_complete(data: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(input: &[u8], piece: usize) -> Vec<String> {
        let (mut state, mut events) = (Events::default(), Vec::new());
        for bytes in input.chunks(piece) {
            state.push(bytes, &mut events).unwrap();
        }
        state.finish(&mut events).unwrap();
        events.into_iter().map(|event| String::from_utf8(event).unwrap()).collect()
    }

    #[test]
    fn events_are_the_same_however_the_bytes_arrive() {
        let cases: [(&[u8], &[&str]); 8] = [
            (b"data: {}\n\ndata: 1\n\n", &["{}", "1"]),
            (b"data:a\r\n\r\ndata:b\r\n\r\n", &["a", "b"]),
            (b"data:a\r\rdata:b\r\r", &["a", "b"]),
            (b": ping\n\nevent: x\nid: 3\ndata: y\n\n", &["y"]),
            (b"data: {\ndata: }\n\n", &["{\n}"]),
            (b"data: {}\ndata: {}\n", &["{}", "{}"]),
            (b"data: cut", &["cut"]),
            (b"<html>\nno stream\n", &[]),
        ];
        for (input, expect) in cases {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(split(input, piece), expect, "{input:?} by {piece}");
            }
        }
    }

    #[test]
    fn an_endless_line_and_an_endless_event_are_refused() {
        let (mut state, mut events) = (Events::default(), Vec::new());
        assert_eq!(state.push(&vec![b'x'; LINE_BYTES_MAX + 1], &mut events), Err(TooLong));
        let mut state = Events::default();
        let line = [b"data: {".as_slice(), &vec![b'x'; LINE_BYTES_MAX / 2], b"\n"].concat();
        let outcome = (0..4).try_for_each(|_| state.push(&line, &mut events));
        assert_eq!(outcome, Err(TooLong));
        assert!(events.is_empty());
    }
}
