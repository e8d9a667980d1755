// SPDX-License-Identifier: Apache-2.0
//! Puts code that a model wrote in the place of the symbols of the same names.

use moat_base::Hint;

use crate::{Language, SyntaxError};

/// What the code is meant to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Whatever it names.
    Any,
    /// The symbol of this qualified name; others may be replaced besides.
    Named(&'a str),
    /// Nothing: definitions that the file lacks are added at its end.
    New,
}

/// A source with the code in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spliced {
    /// The whole file.
    pub source: Vec<u8>,
    /// The qualified names that the code gave, found in the file.
    pub replaced: Vec<String>,
    /// The names that were added: helpers and imports.
    pub added: Vec<String>,
}

/// Why code could not be put into a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpliceError {
    /// The code is longer than the limit.
    #[error("the code has {length_bytes} bytes, the limit is {limit_bytes}")]
    TooLong {
        /// The length of the code.
        length_bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// The code holds no function, method or type.
    #[error("the code defines nothing")]
    NoDefinition,
    /// Nothing that the code defines is in the file.
    #[error("the file has none of {names:?}")]
    NothingMatches {
        /// What the code defines.
        names: Vec<String>,
    },
    /// The code does not define the target.
    #[error("the code does not define `{target}`")]
    TargetMissing {
        /// The target.
        target: String,
        /// What the code defines.
        names: Vec<String>,
    },
    /// A name of the code fits several symbols of the file.
    #[error("`{name}` could be any of {candidates:?}")]
    Ambiguous {
        /// The name in the code.
        name: String,
        /// The qualified names that it fits.
        candidates: Vec<String>,
    },
    /// The code leaves part of the definition out, as in `... rest unchanged`.
    #[error("the definition of `{name}` is not complete")]
    Elided {
        /// The name in the code.
        name: String,
    },
    /// The file is not UTF-8 and the code is not ASCII.
    #[error("the file is not UTF-8, and the code holds characters beyond ASCII")]
    Encoding,
    /// The file would no longer parse.
    #[error("the file would not parse with the code in place")]
    Syntax {
        /// Where it would not.
        errors: Vec<SyntaxError>,
    },
}

impl Hint for SpliceError {
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Puts `code` into `source`.
///
/// # Errors
/// [`SpliceError`] as its variants say; the source is never half edited.
pub fn splice(
    language: Language,
    source: &[u8],
    code: &str,
    target: Target<'_>,
) -> Result<Spliced, SpliceError> {
    let _ = (language, source, code, target);
    Err(SpliceError::NoDefinition)
}
