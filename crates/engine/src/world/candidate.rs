// SPDX-License-Identifier: Apache-2.0
//! Makes a file out of a model's answer: takes the code, puts it in place, checks
//! the syntax. Pure; the same answer and file always give the same result.

use moat_base::TreePath;
use moat_index::{Language, Target, new_syntax_errors, same_code, splice};
use moat_protocol::TaskKind;
use moat_sandbox::BlobId;
use moat_tools::answer;

/// A file with an answer put in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The whole new content.
    pub(super) bytes: Vec<u8>,
    /// Its SHA-256, as hex.
    pub(super) content: String,
    /// The symbols that were replaced or added.
    pub(super) symbols: Vec<String>,
}

/// Puts an answer in place, or says in a few words why that cannot be done.
///
/// What documents a symbol may change its comments and nothing else.
pub(super) fn make(
    kind: TaskKind,
    path: &TreePath,
    before: &[u8],
    symbol: &str,
    text: &str,
) -> Result<Candidate, String> {
    let language = Language::of(path, before)
        .ok_or_else(|| "the language of the file is not known".to_owned())?;
    let code = answer::code(text, language).ok_or_else(|| "it holds no code".to_owned())?;
    let spliced = splice(language, before, &code, Target::Named(symbol))
        .map_err(|error| format!("it cannot be put in place: {error}"))?;
    if spliced.source == before {
        return Err("it changes nothing".into());
    }
    if let Some(error) = new_syntax_errors(language, before, &spliced.source).first() {
        return Err(format!("it does not parse: line {}", error.line));
    }
    if kind == TaskKind::Document && !same_code(language, before, &spliced.source) {
        return Err("it changes code and not only documentation".into());
    }
    let content = BlobId::of(&spliced.source).to_string();
    let symbols = spliced.replaced.into_iter().chain(spliced.added).collect();
    Ok(Candidate { bytes: spliced.source, content, symbols })
}
