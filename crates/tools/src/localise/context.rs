// SPDX-License-Identifier: Apache-2.0
//! What a prompt shows about a suspect, trimmed to a budget.
//!
//! A small model reads slowly and is led astray by much text, so each part has a
//! share of the budget and the parts stand in the order of their use.

use std::collections::HashSet;
use std::sync::Arc;

use moat_index::{Corpus, Scope, Source, Symbol, SymbolKind, calls, words};

use super::resolve::{Allowance, resolve};
use super::subject::subject;
use super::{Context, Evidence, Section, Suspect};
use crate::Failure;

/// Gathers what a prompt shows about a suspect, in at most `budget_bytes` besides its own source.
#[must_use]
pub fn context(
    corpus: &Corpus<'_>,
    suspect: &Suspect,
    evidence: Evidence<'_>,
    budget_bytes: usize,
) -> Option<Context> {
    let source = corpus.source(&suspect.path)?;
    let symbol = source
        .symbols
        .iter()
        .find(|symbol| symbol.qualified == suspect.qualified && symbol.range == suspect.range)
        .or_else(|| source.symbols.iter().find(|symbol| symbol.qualified == suspect.qualified))?;
    let failures = evidence.report.map_or(&[][..], |report| report.failed.as_slice());
    let failure = pick(failures, suspect);
    let mut left = budget_bytes;
    let said = failure.map_or_else(String::new, told);
    let said = share(&mut left, &said, budget_bytes / 4);
    let test = failure
        .and_then(|failure| subject(corpus, failure))
        .map_or_else(String::new, |subject| text(&subject.source, subject.range));
    let test = share(&mut left, &test, budget_bytes * 2 / 5);
    let mut sections = Vec::new();
    for section in sections_of(corpus, &source, symbol) {
        let cost = section.text.len() + section.title.len();
        if !section.text.trim().is_empty() && cost <= left {
            left -= cost;
            sections.push(section);
        }
    }
    Some(Context {
        path: suspect.path.clone(),
        language: suspect.language,
        qualified: symbol.qualified.clone(),
        source: own(&source, symbol),
        test,
        failure: said,
        sections,
    })
}

/// The failure that says most about the suspect: the shortest that passes through it, else the first.
fn pick<'f>(failures: &'f [Failure], suspect: &Suspect) -> Option<&'f Failure> {
    let name_of = |failure: &&Failure| {
        suspect.reasons.iter().any(|reason| match reason {
            super::Reason::Frame { test, .. } | super::Reason::Called { test, .. } => {
                *test == failure.name
            }
            super::Reason::Diagnostic { .. }
            | super::Reason::Task { .. }
            | super::Reason::Message { .. }
            | super::Reason::Search { .. } => false,
        })
    };
    failures.iter().find(name_of).or_else(|| failures.first())
}

fn told(failure: &Failure) -> String {
    let mut said = format!("{}\n{}", failure.name, failure.message);
    if let Some(expected) = &failure.expected
        && !failure.message.contains(expected.as_str())
    {
        said.push_str(&format!("\nexpected: {expected}"));
    }
    if let Some(actual) = &failure.actual
        && !failure.message.contains(actual.as_str())
    {
        said.push_str(&format!("\nactual: {actual}"));
    }
    said
}

fn share(left: &mut usize, text: &str, most: usize) -> String {
    let clipped = moat_base::clip(text.trim_end(), most.min(*left));
    *left -= clipped.len();
    clipped.to_owned()
}

fn text(source: &Source, range: std::ops::Range<usize>) -> String {
    let start = source
        .bytes
        .get(..range.start)
        .and_then(|head| head.iter().rposition(|byte| *byte == b'\n'))
        .map_or(0, |at| at + 1);
    let blank = source
        .bytes
        .get(start..range.start)
        .is_some_and(|head| head.iter().all(|byte| matches!(byte, b' ' | b'\t')));
    let start = if blank { start } else { range.start };
    String::from_utf8_lossy(source.bytes.get(start..range.end).unwrap_or_default())
        .replace("\r\n", "\n")
        .trim_end()
        .to_owned()
}

/// The function with the line that opens its class or `impl` block.
fn own(source: &Source, symbol: &Symbol) -> String {
    let function = text(source, symbol.range.clone());
    let parent = symbol.parent.and_then(|index| source.symbols.get(index)).filter(|parent| {
        matches!(parent.kind, SymbolKind::Class | SymbolKind::Impl | SymbolKind::Trait)
    });
    match parent {
        Some(parent) if source.language == Some(moat_index::Language::Python) => {
            format!("{}:\n{function}", parent.signature)
        }
        Some(parent) => format!("{} {{\n{function}\n}}", parent.signature),
        None => function,
    }
}

fn sections_of(corpus: &Corpus<'_>, source: &Arc<Source>, symbol: &Symbol) -> Vec<Section> {
    let Some(language) = source.language else {
        return Vec::new();
    };
    let used: HashSet<String> =
        words(language, &source.bytes, symbol.range.clone()).into_iter().collect();
    let mut sections = Vec::new();
    let title = |what: &str, path: &moat_base::TreePath| format!("{what} of {path}");
    let data: Vec<String> = source
        .symbols
        .iter()
        .filter(|other| used.contains(&other.name) && other.range != symbol.range && is_data(other))
        .map(|other| text(source, other.range.clone()))
        .filter(|text| text.len() <= ITEM_BYTES_MAX)
        .collect();
    sections.push(Section { title: title("definitions", &source.path), text: data.join("\n") });
    sections.extend(class_section(source, symbol));
    sections.extend(callee_sections(corpus, source, symbol));
    let imports: Vec<String> = source
        .imports
        .iter()
        .filter(|import| {
            import.bindings.is_empty()
                || import.bindings.iter().any(|binding| used.contains(&binding.name))
        })
        .map(|import| text(source, import.range.clone()))
        .fold(Vec::new(), |mut lines, line| {
            if !lines.contains(&line) {
                lines.push(line);
            }
            lines
        });
    sections.push(Section { title: title("imports", &source.path), text: imports.join("\n") });
    let callers: Vec<String> = source
        .symbols
        .iter()
        .filter(|other| {
            other.kind.is_function()
                && other.scope == Scope::Item
                && other.range != symbol.range
                && calls(language, &source.bytes, other.range.clone()).contains(&symbol.name)
        })
        .map(|other| other.signature.clone())
        .take(CALLERS_MAX)
        .collect();
    sections.push(Section { title: "callers".to_owned(), text: callers.join("\n") });
    sections
}

fn is_data(symbol: &Symbol) -> bool {
    symbol.scope == Scope::Item
        && matches!(
            symbol.kind,
            SymbolKind::Constant
                | SymbolKind::Macro
                | SymbolKind::Struct
                | SymbolKind::Enum
                | SymbolKind::Alias
        )
}

/// The rest of the class: its constructor in full, the others by their signatures, and a struct's fields.
fn class_section(source: &Source, symbol: &Symbol) -> Option<Section> {
    let parent = symbol.parent?;
    let class = source.symbols.get(parent)?;
    let type_name = class.name.rsplit(' ').next().unwrap_or(&class.name);
    let mut lines = Vec::new();
    for other in &source.symbols {
        let is_fields = matches!(other.kind, SymbolKind::Struct | SymbolKind::Enum)
            && other.name == type_name
            && class.kind == SymbolKind::Impl;
        if is_fields {
            lines.push(text(source, other.range.clone()));
        }
        if other.parent != Some(parent) || other.range == symbol.range || !other.kind.is_function()
        {
            continue;
        }
        let is_constructor =
            matches!(other.name.as_str(), "__init__" | "__post_init__" | "constructor" | "new");
        let whole = text(source, other.range.clone());
        if is_constructor && whole.len() <= ITEM_BYTES_MAX {
            lines.push(whole);
        } else {
            lines.push(other.signature.clone());
        }
    }
    Some(Section { title: format!("other members of {type_name}"), text: lines.join("\n") })
}

/// What the function calls: short functions in full, long ones by their signatures.
fn callee_sections(corpus: &Corpus<'_>, source: &Arc<Source>, symbol: &Symbol) -> Vec<Section> {
    let Some(language) = source.language else {
        return Vec::new();
    };
    let mut seen = HashSet::from([symbol.range.start]);
    let mut sections = Vec::new();
    for name in calls(language, &source.bytes, symbol.range.clone()) {
        for meaning in resolve(corpus, source, &name, &mut Allowance(0)).into_iter().take(2) {
            let Some(callee) = meaning.symbol() else { continue };
            let here = meaning.source.path == source.path;
            if (here && !seen.insert(callee.range.start))
                || (here && callee.parent.is_some() && callee.parent == symbol.parent)
                || sections.len() >= CALLEES_MAX
            {
                continue;
            }
            let whole = text(&meaning.source, callee.range.clone());
            sections.push(Section {
                title: format!("{} in {}", callee.qualified, meaning.source.path),
                text: if whole.len() <= ITEM_BYTES_MAX { whole } else { callee.signature.clone() },
            });
        }
    }
    sections
}

/// The longest definition that is shown in full.
const ITEM_BYTES_MAX: usize = 900;

/// The most functions that are shown because the suspect calls them, or calls it.
const CALLEES_MAX: usize = 6;
const CALLERS_MAX: usize = 6;
