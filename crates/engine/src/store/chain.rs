// SPDX-License-Identifier: Apache-2.0
//! The form of a session line and the chain of MACs through them. Pure.
//!
//! A line is `{"v":1,"n":N,"at":T,"record":{…},"mac":"…"}`. The MAC is
//! HMAC-SHA-256 (RFC 2104, FIPS 180-4) under a key of the user over the previous
//! line's MAC and this line's bytes before `,"mac"`, so that a changed, inserted,
//! removed or reordered line is found. Lines removed from the end are not: that
//! takes a witness outside the file.

use hmac::{Hmac, Mac};
use moat_base::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::record::Record;

const VERSION: u32 = 1;
const MAC_PREFIX: &str = ",\"mac\":\"";
const MAC_SUFFIX: &str = "\"}";
const MAC_HEX_BYTES: usize = 64;

/// The key under which a user's sessions are chained.
#[derive(Clone)]
pub struct ChainKey([u8; 32]);

impl ChainKey {
    /// Takes a key from 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChainKey(…)")
    }
}

/// A line of the session as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 0.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub record: Record,
}

/// Where the chain stands: what the next line will be chained to.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    key: ChainKey,
    next: u64,
    mac: [u8; 32],
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// It does not have the form of a line.
    Form,
    /// Its MAC is another: it was changed, or lines before it were.
    Mac,
    /// It is authentic but of another version, or not a record that this version knows.
    Unreadable(String),
}

#[derive(Serialize, Deserialize)]
struct Body<R> {
    v: u32,
    n: u64,
    at: Timestamp,
    record: R,
}

impl Chain {
    /// Starts the chain of a session.
    pub(crate) fn new(key: &ChainKey, session: &SessionId) -> Self {
        let mac = authenticate(key, &[b"moat session 1 ", session.as_str().as_bytes()]);
        Self { key: key.clone(), next: 0, mac }
    }

    /// The number of the next line.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Writes the next line, with its newline.
    pub(crate) fn write(&mut self, at: Timestamp, record: &Record) -> String {
        let body = Body { v: VERSION, n: self.next, at, record };
        // Every record has text keys and serialises without failing.
        let mut line = serde_json::to_string(&body).unwrap_or_default();
        line.pop();
        self.advance(line.as_bytes());
        line.push_str(MAC_PREFIX);
        line.push_str(&hex::encode(self.mac));
        line.push_str(MAC_SUFFIX);
        line.push('\n');
        line
    }

    /// Reads the next line, without its newline.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<Line, Break> {
        let (body, mac) = split(line).ok_or(Break::Form)?;
        let claimed = hex::decode(mac).map_err(|_odd| Break::Form)?;
        let mut hmac = keyed(&self.key);
        hmac.update(&self.mac);
        hmac.update(body);
        hmac.verify_slice(&claimed).map_err(|_mismatch| Break::Mac)?;
        let number = self.next;
        self.advance(body);
        let mut json = body.to_vec();
        json.push(b'}');
        let unreadable = |error: serde_json::Error| Break::Unreadable(error.to_string());
        let body: Body<serde_json::Value> = serde_json::from_slice(&json).map_err(unreadable)?;
        if body.v != VERSION {
            return Err(Break::Unreadable(format!("it is of version {}", body.v)));
        }
        let record = serde_json::from_value(body.record).map_err(unreadable)?;
        Ok(Line { number, at: body.at, record })
    }

    fn advance(&mut self, body: &[u8]) {
        self.mac = authenticate(&self.key, &[&self.mac, body]);
        self.next += 1;
    }
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(MAC_SUFFIX.as_bytes())?;
    let (rest, mac) = line.split_at_checked(line.len().checked_sub(MAC_HEX_BYTES)?)?;
    Some((rest.strip_suffix(MAC_PREFIX.as_bytes())?, mac))
}

fn authenticate(key: &ChainKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = keyed(key);
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
fn keyed(key: &ChainKey) -> Hmac<Sha256> {
    Hmac::new_from_slice(&key.0).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> (Vec<String>, ChainKey, SessionId) {
        let (key, session) = (ChainKey::new([7; 32]), "0123456789".parse().unwrap());
        let mut chain = Chain::new(&key, &session);
        let lines = ["one", "two", "three"]
            .map(|text| chain.write(Timestamp(5), &Record::Steered { text: text.into() }));
        (lines.to_vec(), key, session)
    }

    fn read(lines: &[String], key: &ChainKey, session: &SessionId) -> Result<usize, Break> {
        let mut chain = Chain::new(key, session);
        for line in lines {
            chain.read(line.trim_end_matches('\n').as_bytes())?;
        }
        Ok(lines.len())
    }

    #[test]
    fn what_was_written_is_read() {
        let (lines, key, session) = lines();
        assert_eq!(read(&lines, &key, &session), Ok(3));
    }

    #[test]
    fn any_changed_byte_and_any_moved_line_is_found() {
        let (lines, key, session) = lines();
        for (at, line) in lines.iter().enumerate() {
            for byte in 0..line.len() - 1 {
                let mut changed = line.clone().into_bytes();
                changed[byte] ^= 1;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                let mut tampered = lines.clone();
                tampered[at] = changed;
                assert!(read(&tampered, &key, &session).is_err(), "line {at} byte {byte}");
            }
        }
        let order = [vec![1, 0, 2], vec![0, 2], vec![0, 0, 1, 2], vec![1, 2]];
        for order in order {
            let moved: Vec<_> = order.iter().map(|at: &usize| lines[*at].clone()).collect();
            assert!(read(&moved, &key, &session).is_err(), "{order:?}");
        }
    }

    #[test]
    fn another_key_or_session_does_not_verify() {
        let (lines, key, session) = lines();
        assert_eq!(read(&lines, &ChainKey::new([8; 32]), &session), Err(Break::Mac));
        let other = "9876543210".parse().unwrap();
        assert_eq!(read(&lines, &key, &other), Err(Break::Mac));
    }
}
