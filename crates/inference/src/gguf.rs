// SPDX-License-Identifier: Apache-2.0
//! Checks that a model file is a whole GGUF file before anything else reads it.
//!
//! llama.cpp stops the process on some damaged files, so the header is walked
//! here first: magic, version, metadata, and for every tensor that its bytes lie
//! inside the file. That finds a truncated download exactly. What the numbers in
//! the tensors mean is not checked; the registry's sha256 does that.
//!
//! Source: the GGUF specification, `docs/gguf.md` of the ggml project, versions
//! 2 and 3; block sizes from `ggml-common.h` of the pinned llama.cpp.
//!
//! Invariant: nothing is allocated in the size that the file claims before the
//! limit for it was checked.

use std::io::{self, BufReader, Read};

use crate::limits::{
    GGUF_ARRAY_ELEMENTS_MAX, GGUF_HEADER_BYTES_MAX, GGUF_KEYS_MAX, GGUF_STRING_BYTES_MAX,
    GGUF_TENSORS_MAX,
};

/// What a model file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The family of the network, as in `general.architecture`.
    pub architecture: String,
    /// The name that its makers gave it, when there is one.
    pub name: Option<String>,
    /// The longest context that the model was trained for, when it is stated.
    pub context_tokens: Option<u32>,
    /// How many tensors the file holds.
    pub tensors: u64,
}

/// Why a file is not a usable model file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The first bytes are not those of a GGUF file.
    #[error("it is not a GGUF file: it starts with {found:?}")]
    Magic {
        /// The first bytes as text.
        found: String,
    },
    /// The version of the format is not one that is read here.
    #[error("its GGUF version is {version}, and only 2 and 3 are supported")]
    Version {
        /// The version in the file.
        version: u32,
    },
    /// The file ends before its header does.
    #[error("it is truncated: it ends inside its header, at byte {position}")]
    HeaderCut {
        /// Where the file ended.
        position: u64,
    },
    /// The file ends before the last tensor does.
    #[error("it is truncated: it has {have} bytes and needs {need}")]
    DataCut {
        /// The size of the file.
        have: u64,
        /// The size that its header asks for.
        need: u64,
    },
    /// Something in the header cannot be right.
    #[error("its header is damaged: {reason}, at byte {position}")]
    Damaged {
        /// What is wrong.
        reason: &'static str,
        /// Where reading stopped.
        position: u64,
    },
    /// The system could not read the file.
    #[error("it could not be read")]
    Read {
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Walks the header of a model file of `file_bytes` bytes.
///
/// # Errors
/// [`HeaderError`], which says what is wrong and where.
pub fn check(file: impl Read, file_bytes: u64) -> Result<Header, HeaderError> {
    let mut reader =
        Reader { input: BufReader::with_capacity(READ_BUFFER_BYTES, file), position: 0 };
    let mut magic = [0_u8; 4];
    if reader.fill(&mut magic).is_err() || magic != *b"GGUF" {
        return Err(HeaderError::Magic { found: magic.escape_ascii().to_string() });
    }
    let version = reader.u32()?;
    if !(2..=3).contains(&version) {
        return Err(HeaderError::Version { version });
    }
    let tensors = reader.u64()?;
    let keys = reader.u64()?;
    if tensors > GGUF_TENSORS_MAX || keys > GGUF_KEYS_MAX {
        return reader.damaged("it claims too many entries");
    }
    let metadata = read_metadata(&mut reader, keys)?;
    let data_end = read_tensors(&mut reader, tensors)?;
    let start = reader
        .position
        .checked_next_multiple_of(metadata.alignment)
        .and_then(|start| start.checked_add(data_end));
    let Some(need) = start else {
        return reader.damaged("the sizes of its tensors overflow");
    };
    if file_bytes < need {
        return Err(HeaderError::DataCut { have: file_bytes, need });
    }
    Ok(Header {
        architecture: metadata.architecture,
        name: metadata.name,
        context_tokens: metadata.context_tokens,
        tensors,
    })
}

struct Metadata {
    architecture: String,
    name: Option<String>,
    context_tokens: Option<u32>,
    alignment: u64,
}

fn read_metadata<R: Read>(reader: &mut Reader<R>, keys: u64) -> Result<Metadata, HeaderError> {
    let mut architecture = None;
    let mut name = None;
    let mut contexts = Vec::new();
    let mut alignment = ALIGNMENT_DEFAULT;
    for _ in 0..keys {
        let key = reader.text()?;
        let kind = reader.u32()?;
        match (reader.value(kind)?, key.as_str()) {
            (Value::Text(text), "general.architecture") => architecture = Some(text),
            (Value::Text(text), "general.name") => name = Some(text),
            (Value::Number(number), "general.alignment") => alignment = number,
            (Value::Number(number), key) if key.ends_with(".context_length") => {
                contexts.push((key.to_owned(), number));
            }
            (Value::Text(_) | Value::Number(_) | Value::Other, _) => {}
        }
    }
    let Some(architecture) = architecture else {
        return reader.damaged("it names no architecture");
    };
    if !alignment.is_power_of_two() || alignment > ALIGNMENT_MAX {
        return reader.damaged("its alignment is not a power of two");
    }
    let context_key = format!("{architecture}.context_length");
    let context_tokens = contexts
        .iter()
        .find(|(key, _)| *key == context_key)
        .and_then(|(_, number)| u32::try_from(*number).ok());
    Ok(Metadata { architecture, name, context_tokens, alignment })
}

/// Reads the table of tensors and gives the end of the last one, counted from
/// the start of the data.
fn read_tensors<R: Read>(reader: &mut Reader<R>, tensors: u64) -> Result<u64, HeaderError> {
    let mut data_end = 0;
    for _ in 0..tensors {
        reader.text()?;
        let dimensions = reader.u32()?;
        if dimensions > DIMENSIONS_MAX {
            return reader.damaged("a tensor has too many dimensions");
        }
        let mut elements = 1_u64;
        for _ in 0..dimensions {
            let Some(product) = elements.checked_mul(reader.u64()?) else {
                return reader.damaged("the size of a tensor overflows");
            };
            elements = product;
        }
        let kind = reader.u32()?;
        let offset = reader.u64()?;
        let bytes = match block(kind) {
            Some((elements_per_block, block_bytes)) => {
                elements.div_ceil(elements_per_block).checked_mul(block_bytes)
            }
            // A type that this table does not know: llama.cpp decides about it.
            None => Some(0),
        };
        let Some(end) = bytes.and_then(|bytes| offset.checked_add(bytes)) else {
            return reader.damaged("the size of a tensor overflows");
        };
        data_end = data_end.max(end);
    }
    Ok(data_end)
}

/// Elements and bytes of one block of a tensor type.
const fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        24 => (1, 1),
        27 | 28 => (1, 8),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        _ => return None,
    })
}

enum Value {
    Text(String),
    Number(u64),
    Other,
}

struct Reader<R> {
    input: BufReader<R>,
    position: u64,
}

impl<R: Read> Reader<R> {
    fn damaged<T>(&self, reason: &'static str) -> Result<T, HeaderError> {
        Err(HeaderError::Damaged { reason, position: self.position })
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), HeaderError> {
        if self.position > GGUF_HEADER_BYTES_MAX {
            return self.damaged("it is too long");
        }
        match self.input.read_exact(bytes) {
            Ok(()) => {
                self.position += bytes.len() as u64;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(HeaderError::HeaderCut { position: self.position })
            }
            Err(source) => Err(HeaderError::Read { source }),
        }
    }

    fn skip(&mut self, bytes: u64) -> Result<(), HeaderError> {
        if bytes > GGUF_HEADER_BYTES_MAX {
            return self.damaged("it is too long");
        }
        let skipped = io::copy(&mut self.input.by_ref().take(bytes), &mut io::sink())
            .map_err(|source| HeaderError::Read { source })?;
        self.position += skipped;
        if skipped < bytes {
            return Err(HeaderError::HeaderCut { position: self.position });
        }
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, HeaderError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> Result<u64, HeaderError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn text(&mut self) -> Result<String, HeaderError> {
        let length = self.u64()?;
        if length > GGUF_STRING_BYTES_MAX {
            return self.damaged("a string is too long");
        }
        let mut bytes = Vec::new();
        let read = self
            .input
            .by_ref()
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(|source| HeaderError::Read { source })?;
        self.position += read as u64;
        if (read as u64) < length {
            return Err(HeaderError::HeaderCut { position: self.position });
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn value(&mut self, kind: u32) -> Result<Value, HeaderError> {
        match kind {
            KIND_TEXT => Ok(Value::Text(self.text()?)),
            4 | 5 => Ok(Value::Number(u64::from(self.u32()?))),
            10 | 11 => Ok(Value::Number(self.u64()?)),
            KIND_ARRAY => self.array(),
            _ => match scalar_bytes(kind) {
                Some(bytes) => {
                    self.skip(bytes)?;
                    Ok(Value::Other)
                }
                None => self.damaged("a value has an unknown type"),
            },
        }
    }

    fn array(&mut self) -> Result<Value, HeaderError> {
        let kind = self.u32()?;
        let length = self.u64()?;
        if length > GGUF_ARRAY_ELEMENTS_MAX {
            return self.damaged("an array is too long");
        }
        if kind == KIND_TEXT {
            for _ in 0..length {
                let bytes = self.u64()?;
                if bytes > GGUF_STRING_BYTES_MAX {
                    return self.damaged("a string is too long");
                }
                self.skip(bytes)?;
            }
            return Ok(Value::Other);
        }
        let Some(bytes) = scalar_bytes(kind) else {
            return self.damaged("an array has an unsupported type");
        };
        self.skip(bytes.saturating_mul(length))?;
        Ok(Value::Other)
    }
}

const fn scalar_bytes(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

const KIND_TEXT: u32 = 8;
const KIND_ARRAY: u32 = 9;
const ALIGNMENT_DEFAULT: u64 = 32;
const ALIGNMENT_MAX: u64 = 1 << 20;
const DIMENSIONS_MAX: u32 = 4;
const READ_BUFFER_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &mut Vec<u8>, text: &str) {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }

    /// A file with two tensors of 256 Q4_K and 4 F32 elements.
    fn sample() -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend(2_u64.to_le_bytes());
        bytes.extend(4_u64.to_le_bytes());
        text(&mut bytes, "general.architecture");
        bytes.extend(8_u32.to_le_bytes());
        text(&mut bytes, "qwen2");
        text(&mut bytes, "qwen2.context_length");
        bytes.extend(4_u32.to_le_bytes());
        bytes.extend(32_768_u32.to_le_bytes());
        text(&mut bytes, "tokenizer.ggml.tokens");
        bytes.extend(9_u32.to_le_bytes());
        bytes.extend(8_u32.to_le_bytes());
        bytes.extend(2_u64.to_le_bytes());
        text(&mut bytes, "a");
        text(&mut bytes, "b");
        text(&mut bytes, "tokenizer.ggml.scores");
        bytes.extend(9_u32.to_le_bytes());
        bytes.extend(6_u32.to_le_bytes());
        bytes.extend(2_u64.to_le_bytes());
        bytes.extend([0; 8]);
        for (name, elements, kind, offset) in [("w", 256_u64, 12_u32, 0_u64), ("b", 4, 0, 160)] {
            text(&mut bytes, name);
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(elements.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
        }
        let start = bytes.len().next_multiple_of(32);
        bytes.resize(start + 176, 0);
        bytes
    }

    fn check_bytes(bytes: &[u8]) -> Result<Header, HeaderError> {
        check(bytes, bytes.len() as u64)
    }

    #[test]
    fn a_whole_file_is_read() {
        assert_eq!(
            check_bytes(&sample()).unwrap(),
            Header {
                architecture: "qwen2".to_owned(),
                name: None,
                context_tokens: Some(32_768),
                tensors: 2,
            }
        );
    }

    #[test]
    fn every_truncation_is_found() {
        let whole = sample();
        for length in 0..whole.len() {
            let error = check_bytes(&whole[..length]).unwrap_err();
            let named = match error {
                HeaderError::Magic { .. } => length < 4,
                HeaderError::HeaderCut { .. } => (4..whole.len() - 176).contains(&length),
                HeaderError::DataCut { have, need } => {
                    have == length as u64 && need == whole.len() as u64
                }
                HeaderError::Version { .. }
                | HeaderError::Damaged { .. }
                | HeaderError::Read { .. } => false,
            };
            assert!(named, "{length}");
        }
    }

    #[test]
    fn any_changed_byte_is_an_error_or_a_header_but_never_a_crash() {
        let whole = sample();
        for index in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[index] ^= flip;
                let _either = check_bytes(&bytes);
            }
        }
    }

    #[test]
    fn foreign_files_are_named_as_such() {
        for (bytes, expect) in [
            (b"#!/bin/sh\n".as_slice(), "it is not a GGUF file"),
            (b"", "it is not a GGUF file"),
            (b"GGUF\x01\0\0\0", "its GGUF version is 1"),
        ] {
            let message = check_bytes(bytes).unwrap_err().to_string();
            assert!(message.starts_with(expect), "{message}");
        }
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(u64::MAX.to_le_bytes());
        bytes.extend(u64::MAX.to_le_bytes());
        let message = check_bytes(&bytes).unwrap_err().to_string();
        assert!(message.contains("too many entries"), "{message}");
    }
}
