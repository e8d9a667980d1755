// SPDX-License-Identifier: Apache-2.0
//! Messages on a pipe: a head that says how long the body is, then the body.
//!
//! Source: Language Server Protocol 3.17, "Base Protocol".
//!
//! Invariant: no more than one message and one piece of the pipe is held, whatever comes.

use serde_json::Value;

use crate::limits::{LANGUAGE_HEAD_BYTES_MAX, LANGUAGE_MESSAGE_BYTES_MAX};

/// What came is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonsense(pub(super) &'static str);

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub(super) struct Frames {
    held: Vec<u8>,
    /// How long the body is whose head was read.
    body: Option<usize>,
}

impl Frames {
    /// Takes a piece of the stream and gives the messages that it completes.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<Value>, Nonsense> {
        self.held.extend_from_slice(piece);
        let mut messages = Vec::new();
        let mut rest = self.held.as_slice();
        loop {
            let length = match self.body {
                Some(length) => length,
                None => {
                    let Some((head, behind)) = split_head(rest)? else { break };
                    let length = length_of(head)?;
                    self.body = Some(length);
                    rest = behind;
                    length
                }
            };
            let Some((body, behind)) = rest.split_at_checked(length) else { break };
            let message = serde_json::from_slice(body);
            messages.push(message.map_err(|_error| Nonsense("it sent a body that is no JSON"))?);
            self.body = None;
            rest = behind;
        }
        let kept = rest.len();
        let gone = self.held.len() - kept;
        self.held.drain(..gone);
        Ok(messages)
    }
}

/// A head, and what is behind it.
type Split<'a> = (&'a [u8], &'a [u8]);

fn split_head(bytes: &[u8]) -> Result<Option<Split<'_>>, Nonsense> {
    let window = bytes.get(..LANGUAGE_HEAD_BYTES_MAX).unwrap_or(bytes);
    match memchr::memmem::find(window, b"\r\n\r\n") {
        Some(end) => Ok(bytes.get(..end).zip(bytes.get(end + 4..))),
        None if bytes.len() >= LANGUAGE_HEAD_BYTES_MAX => {
            Err(Nonsense("it printed something that is no message"))
        }
        None => Ok(None),
    }
}

fn length_of(head: &[u8]) -> Result<usize, Nonsense> {
    let head = std::str::from_utf8(head).unwrap_or_default();
    let named = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut lengths = named.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths.next().and_then(|(_, value)| value.trim().parse::<usize>().ok());
    match length {
        Some(length) if length <= LANGUAGE_MESSAGE_BYTES_MAX => Ok(length),
        Some(_) => Err(Nonsense("it sent a message that is too long")),
        None => Err(Nonsense("it printed something that is no message")),
    }
}

/// A message with its head.
pub(super) fn framed(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_come_through_however_the_stream_is_cut() {
        let all = [json!({"id": 1}), json!({"text": "ü\r\n\r\n"}), json!([])];
        let bytes: Vec<u8> = all.iter().flat_map(framed).collect();
        for size in [1, 2, 7, bytes.len()] {
            let mut frames = Frames::default();
            let pieces = bytes.chunks(size);
            let got: Vec<Value> = pieces.flat_map(|piece| frames.take(piece).unwrap()).collect();
            assert_eq!(got, all, "{size}");
            assert!(frames.held.is_empty());
        }
    }

    #[test]
    fn nonsense_is_told_from_messages() {
        let long = format!("Content-Length: {}\r\n\r\n", LANGUAGE_MESSAGE_BYTES_MAX + 1);
        let endless = "x".repeat(LANGUAGE_HEAD_BYTES_MAX);
        let cases = [
            "Content-Length: 3\r\n\r\n{x}",
            "Content-Length: -1\r\n\r\n",
            "Hello: 1\r\n\r\n",
            &long,
            &endless,
        ];
        for case in cases {
            assert!(Frames::default().take(case.as_bytes()).is_err(), "{case:.40}");
        }
        assert_eq!(
            Frames::default().take(b"Content-Type: x\r\ncontent-length: 2\r\n\r\n{}"),
            Ok(vec![json!({})])
        );
        assert_eq!(Frames::default().take(b"Content-Length: 2\r\n\r\n{"), Ok(vec![]));
    }
}
