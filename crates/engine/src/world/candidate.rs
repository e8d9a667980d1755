// SPDX-License-Identifier: Apache-2.0
//! Makes a file out of a model's answer: takes the code, puts it in place, checks
//! the syntax. Pure; the same answer and file always give the same result.

use moat_base::TreePath;
use moat_files::BlobId;
use moat_index::{
    Language, SymbolKind, Target, document, new_syntax_errors, outline, same_code, splice,
};
use moat_protocol::TaskKind;
use moat_tools::{Change, SuiteForm, answer, cost, suite};

use crate::operation::place_of;
use crate::record::{Cost, TestForm, TestPlace};
use crate::state::Turn;

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
/// Of an answer that documents a symbol only the documentation is taken.
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
    let spliced = match kind {
        TaskKind::Document => document(language, before, &code, symbol),
        TaskKind::Write if !has(language, before, symbol) => {
            splice(language, before, &code, Target::Added(symbol))
        }
        TaskKind::Repair | TaskKind::Write | TaskKind::Explain | TaskKind::CommitMessage => {
            splice(language, before, &code, Target::Named(symbol))
        }
    };
    let spliced = spliced.map_err(|error| format!("it cannot be put in place: {error}"))?;
    if spliced.source == before {
        return Err("it changes nothing".into());
    }
    if kind == TaskKind::Repair && same_code(language, before, &spliced.source) {
        return Err("it changes comments or form and no code".into());
    }
    if let Some(error) = new_syntax_errors(language, before, &spliced.source).first() {
        return Err(format!("it does not parse: line {}", error.line));
    }
    let content = BlobId::of(&spliced.source).to_string();
    let symbols = spliced.replaced.into_iter().chain(spliced.added).collect();
    Ok(Candidate { bytes: spliced.source, content, symbols })
}

/// How much each answer to the turn's next request changes; `None` where it cannot be put
/// in place. `read` gives a file of the session.
///
/// A revision is measured against its draft, which is all that it changes: it is one of
/// many, and most of them are never tried.
pub(super) fn costs(
    turn: &Turn,
    draft: Option<&str>,
    texts: &[String],
    read: &dyn Fn(&TreePath) -> Option<Vec<u8>>,
) -> Vec<Option<Cost>> {
    let kind = turn.task.kind;
    if !matches!(kind, TaskKind::Repair | TaskKind::Document) {
        return Vec::new();
    }
    let request = turn.answered().count();
    let measured = texts.iter().map(|text| {
        let place = place_of(turn, request, text)?;
        if let Some(draft) = draft {
            let language = Language::of_label(&place.language)?;
            let after = answer::code(text, language)?;
            return Some(measure(language, draft.as_bytes(), after.as_bytes()));
        }
        let before = read(&place.path)?;
        let language = Language::of(&place.path, &before)?;
        let made = make(kind, &place.path, &before, &place.symbol, text).ok()?;
        Some(measure(language, &before, &made.bytes))
    });
    measured.collect()
}

fn measure(language: Language, before: &[u8], after: &[u8]) -> Cost {
    let cost = cost(&[Change { language: Some(language), before, after }]);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Cost {
        signatures: number(cost.signatures),
        imports: number(cost.imports),
        lines: number(cost.lines),
        nodes: number(cost.nodes),
    }
}

/// Whether a file defines the symbol.
fn has(language: Language, source: &[u8], symbol: &str) -> bool {
    outline(language, source).iter().any(|one| {
        one.kind != SymbolKind::Prototype && (one.qualified == symbol || one.name == symbol)
    })
}

/// Makes a file with tests out of an answer, or says in a few words why that cannot be done.
///
/// `before` is what the file holds, with the function in it where they share one.
pub(super) fn make_tests(
    place: &TestPlace,
    before: &[u8],
    symbol: &str,
    text: &str,
) -> Result<Candidate, String> {
    let form = match place.form {
        TestForm::Unittest => SuiteForm::Unittest,
        TestForm::Pytest => SuiteForm::Pytest,
        TestForm::RustModule => SuiteForm::RustModule,
        TestForm::NodeScript => SuiteForm::NodeScript,
        TestForm::NodeModule => SuiteForm::NodeModule,
    };
    let language = Language::of(&place.path, before)
        .ok_or_else(|| "the language of the test file is not known".to_owned())?;
    let code = answer::code(text, language).ok_or_else(|| "the tests hold no code".to_owned())?;
    let made = suite(form, (symbol, &place.import), before, &code)
        .map_err(|reason| format!("its tests cannot be used: {reason}"))?;
    if let Some(error) = new_syntax_errors(language, before, &made.bytes).first() {
        return Err(format!("its tests do not parse: line {}", error.line));
    }
    let content = BlobId::of(&made.bytes).to_string();
    Ok(Candidate { bytes: made.bytes, content, symbols: made.tests })
}
