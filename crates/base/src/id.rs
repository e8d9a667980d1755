// SPDX-License-Identifier: Apache-2.0
//! Ids that are safe to show, to type and to use as a file name.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Names one session: ten characters of Crockford's base 32 in lower case.
///
/// It carries no time, host or user, and 50 random bits make a clash on one
/// machine a matter for the exclusive creation of the session's directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

/// A text that is not a session id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a session id")]
pub struct IdError {
    text: String,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 10;

impl SessionId {
    /// Draws a fresh id from the kernel's random source.
    ///
    /// # Errors
    /// The system's error when there is no randomness.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0_u8; LENGTH];
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        let text = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
        Ok(Self(text))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        if valid { Ok(Self(text.to_owned())) } else { Err(IdError { text: text.to_owned() }) }
    }
}

impl TryFrom<String> for SessionId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

/// Draws `length_bytes` random bytes and gives them as lower-case hex.
///
/// # Errors
/// The system's error when there is no randomness.
pub fn random_hex(length_bytes: usize) -> io::Result<String> {
    let mut bytes = vec![0_u8; length_bytes];
    getrandom::fill(&mut bytes).map_err(io::Error::from)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_foreign_text_is_refused() {
        let id = SessionId::random().unwrap();
        assert_eq!(id.as_str().parse::<SessionId>().unwrap(), id);
        for text in ["", "../../etc/x", "0123456789a", "012345678I", "012345678\u{e9}"] {
            assert!(text.parse::<SessionId>().is_err(), "{text:?}");
        }
    }
}
