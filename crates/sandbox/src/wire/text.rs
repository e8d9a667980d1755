// SPDX-License-Identifier: Apache-2.0
//! How names and words of the system travel: as text where they are text.
//!
//! They are bytes, nearly always UTF-8. Written byte by byte as numbers, which is what the
//! library does with them, a command's environment is four times as long, and is read that
//! much more slowly before every command.
//!
//! Invariant: what is read is what was written, byte for byte.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A word on its way out.
#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A word that came in.
#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Text(String),
    Bytes(Vec<u8>),
}

impl<'a> From<&'a OsStr> for Written<'a> {
    fn from(word: &'a OsStr) -> Self {
        word.to_str().map_or_else(|| Self::Bytes(word.as_bytes()), Self::Text)
    }
}

impl From<Read> for OsString {
    fn from(word: Read) -> Self {
        match word {
            Read::Text(text) => text.into(),
            Read::Bytes(bytes) => Self::from_vec(bytes),
        }
    }
}

/// Writes one word.
pub(super) fn serialize<S: Serializer>(word: &OsStr, to: S) -> Result<S::Ok, S::Error> {
    Written::from(word).serialize(to)
}

/// Reads one word.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<OsString, D::Error> {
    Read::deserialize(from).map(OsString::from)
}

/// The same for many words.
pub(super) mod list {
    use super::{Deserialize, Deserializer, OsString, Read, Serializer, Written};

    /// Writes all of them.
    pub(in super::super) fn serialize<S: Serializer>(
        words: &[OsString],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(words.iter().map(|word| Written::from(word.as_os_str())))
    }

    /// Reads all of them.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<OsString>, D::Error> {
        let words = Vec::<Read>::deserialize(from)?;
        Ok(words.into_iter().map(OsString::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Words {
        #[serde(with = "super")]
        one: OsString,
        #[serde(with = "super::list")]
        many: Vec<OsString>,
    }

    #[test]
    fn every_byte_comes_back_and_text_is_written_as_text() {
        let all: Vec<u8> = (1..=255).collect();
        for bytes in
            [all.as_slice(), b"", b"plain", "gr\u{fc}\u{df}e\n\"\\".as_bytes(), b"\xff\xfe"]
        {
            let word = OsString::from_vec(bytes.to_vec());
            let words = Words { one: word.clone(), many: vec![word, "last".into()] };
            let written = serde_json::to_vec(&words).unwrap();
            assert_eq!(serde_json::from_slice::<Words>(&written).unwrap(), words);
        }
        let plain = Words { one: "a".into(), many: vec!["b".into()] };
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"one":"a","many":["b"]}"#);
    }

    #[test]
    fn what_is_no_word_is_refused() {
        for text in ["{\"one\":1,\"many\":[]}", "{\"one\":[300],\"many\":[]}", "{\"one\":\"\"}"] {
            assert!(serde_json::from_str::<Words>(text).is_err(), "{text}");
        }
    }
}
