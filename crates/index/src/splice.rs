// SPDX-License-Identifier: Apache-2.0
//! Puts code that a model wrote in the place of the symbols of the same names.
//!
//! A small model writes a function well and a patch badly. So any code that it
//! wrote is taken apart into definitions; each definition that the file has is put
//! in the place of the file's, with the indentation, line ends, decorators,
//! visibility and doc comments of the file; helpers and imports that those
//! definitions use are added. Everything else the model wrote is dropped.
//!
//! Invariant: bytes outside the replaced definitions and the named additions are
//! the same before and after, and a file that parsed still parses.
//! Start at [`splice`]; the interesting paths are `pairing` and `render`.

mod addition;
mod comment;
mod documentation;
mod export;
mod fragment;
mod layout;
mod merge;
mod pairing;
mod render;
mod script;

use std::ops::Range;

use moat_base::Hint;
use tree_sitter::Tree;

pub use self::documentation::document;
use self::fragment::Fragment;
use self::layout::Indent;
use crate::limits::SPLICE_CODE_BYTES_MAX;
use crate::syntax::parse;
use crate::usage::words_in;
use crate::{Import, Language, Symbol, SyntaxError, imports, new_syntax_errors, outline};

/// What the code is meant to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Whatever it names.
    Any,
    /// The symbol of this qualified name; others may be replaced besides.
    Named(&'a str),
    /// Nothing: definitions that the file lacks are added at its end.
    New,
    /// Nothing: the definition of this name, which the file lacks, is added at its end
    /// with what it uses.
    Added(&'a str),
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
    /// The code says nothing about the symbol that could document it.
    #[error("the code holds no documentation of `{name}`")]
    NoDocumentation {
        /// The symbol.
        name: String,
    },
    /// The file does not parse, so that nobody can say whether its code stays the same.
    #[error("the file does not parse, so its code cannot be compared")]
    Unparsed {
        /// The first place where it does not.
        error: SyntaxError,
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
        Some(match self {
            Self::TooLong { .. } => "write only the functions that change".to_owned(),
            Self::NoDefinition => "write the whole function, from its first line".to_owned(),
            Self::NothingMatches { .. } | Self::TargetMissing { .. } => {
                "keep the name of the function and write all of it".to_owned()
            }
            Self::Ambiguous { .. } => {
                "write the function inside its class, or name the target in full".to_owned()
            }
            Self::Elided { .. } => "write every line, leave nothing out".to_owned(),
            Self::NoDocumentation { .. } => {
                "write a doc comment or a docstring with the function".to_owned()
            }
            Self::Unparsed { error } => format!("look at line {}: {}", error.line, error.text),
            Self::Encoding => "use only ASCII characters in this file".to_owned(),
            Self::Syntax { errors } => match errors.first() {
                Some(error) => format!("look at line {}: {}", error.line, error.text),
                None => "write the whole function".to_owned(),
            },
        })
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
    if code.len() > SPLICE_CODE_BYTES_MAX {
        return Err(SpliceError::TooLong {
            length_bytes: code.len(),
            limit_bytes: SPLICE_CODE_BYTES_MAX,
        });
    }
    let file = Original::read(language, source);
    let fragment = Fragment::read(language, code).ok_or(SpliceError::NoDefinition)?;
    let mut paired = pairing::pair(&file, &fragment, target)?;
    if let Target::Added(name) = target {
        addition::prune(&fragment, &mut paired, name);
    }
    let mut edits = Vec::new();
    let mut replaced = Vec::new();
    for (unit, symbol) in &paired.pairs {
        replaced.push(symbol.qualified.clone());
        edits.extend(render::replacement(&file, &fragment, unit, symbol));
    }
    let mut added = addition::helpers(&file, &fragment, &paired, target, &mut edits);
    let mut imports = Vec::new();
    added.extend(merge::imports(&file, &fragment, &paired, &mut imports));
    // At one place, as in an empty file, imports go first.
    edits.splice(0..0, imports);
    if let Target::Added(name) = target {
        edits.extend(export::edit(&file, &fragment, name));
    }
    let result = apply(&file, edits)?;
    let errors = new_syntax_errors(language, source, &result);
    if !errors.is_empty() {
        return Err(SpliceError::Syntax { errors });
    }
    Ok(Spliced { source: result, replaced, added })
}

/// Whether the body of a function does nothing yet: `pass`, `todo!()`, only a docstring.
#[must_use]
pub fn is_stub(language: Language, source: &[u8], symbol: &Symbol) -> bool {
    parse(language, source).is_some_and(|tree| fragment::is_stub(language, &tree, source, symbol))
}

/// The file that is edited.
struct Original<'a> {
    language: Language,
    bytes: &'a [u8],
    symbols: Vec<Symbol>,
    imports: Vec<Import>,
    indent: Indent,
    newline: &'static str,
    tree: Option<Tree>,
}

impl<'a> Original<'a> {
    fn read(language: Language, bytes: &'a [u8]) -> Self {
        Self {
            language,
            bytes,
            symbols: outline(language, bytes),
            imports: imports(language, bytes),
            indent: Indent::of(bytes),
            newline: layout::newline(bytes),
            tree: parse(language, bytes),
        }
    }

    fn text(&self, range: Range<usize>) -> String {
        crate::syntax::slice(self.bytes, range)
    }

    fn words(&self, range: Range<usize>) -> Vec<String> {
        self.tree.as_ref().map_or_else(Vec::new, |tree| words_in(tree, self.bytes, range))
    }

    fn is_stub(&self, symbol: &Symbol) -> bool {
        self.tree
            .as_ref()
            .is_some_and(|tree| fragment::is_stub(self.language, tree, self.bytes, symbol))
    }
}

/// A stretch of the file and what takes its place, with line feeds alone.
struct Edit {
    range: Range<usize>,
    text: String,
}

fn apply(file: &Original<'_>, mut edits: Vec<Edit>) -> Result<Vec<u8>, SpliceError> {
    let ascii = edits.iter().all(|edit| edit.text.is_ascii());
    if !ascii && std::str::from_utf8(file.bytes).is_err() {
        return Err(SpliceError::Encoding);
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut result = Vec::with_capacity(file.bytes.len() + 1024);
    let mut done = 0;
    for edit in edits {
        if edit.range.start < done {
            continue;
        }
        result.extend_from_slice(file.bytes.get(done..edit.range.start).unwrap_or_default());
        result.extend_from_slice(edit.text.replace('\n', file.newline).as_bytes());
        done = edit.range.end;
    }
    result.extend_from_slice(file.bytes.get(done..).unwrap_or_default());
    Ok(result)
}

#[cfg(test)]
mod tests;
