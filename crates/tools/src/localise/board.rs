// SPDX-License-Identifier: Apache-2.0
//! The board on which evidence against functions adds up.

use std::collections::HashMap;
use std::sync::Arc;

use moat_base::TreePath;
use moat_index::{Corpus, Scope, Source, Symbol, SymbolKind, definitions, enclosing, search};

use super::likeness;
use super::reach::{Key, Reach, Reached, Spectrum, is_constant, nearness};
use super::subject::{Subject, any_tests, is_test_path, passing, subject};
use super::word::{self, Likeness};
use super::{Evidence, Reason, Suspect};
use crate::TestReport;
use crate::limits::SUSPECTS_MAX;

pub(super) struct Board<'c, 't> {
    corpus: &'c Corpus<'t>,
    suspects: HashMap<(TreePath, String, usize), Suspect>,
    reach: Reach<'c, 't>,
    /// Files that the task names, tests among them.
    named: Vec<TreePath>,
}

impl<'c, 't> Board<'c, 't> {
    pub(super) fn new(corpus: &'c Corpus<'t>, task: &str) -> Self {
        let named = word::files(task)
            .iter()
            .filter_map(|name| {
                let path = TreePath::parse(name).ok()?;
                if corpus.text(&path).is_some() {
                    return Some(path);
                }
                let ending = format!("/{name}");
                corpus
                    .walk()
                    .files
                    .iter()
                    .map(|file| file.path.clone())
                    .find(|path| path.to_string().ends_with(&ending))
            })
            .collect();
        Self { corpus, suspects: HashMap::new(), reach: Reach::new(corpus, LOOKUPS_MAX), named }
    }

    fn accuse(&mut self, source: &Arc<Source>, symbol: &Symbol, weight: u32, reason: Reason) {
        let Some(language) = source.language else { return };
        let is_test = symbol.scope == Scope::Test || is_test_path(&source.path);
        if (is_test && !self.named.contains(&source.path)) || !can_be_edited(symbol) {
            return;
        }
        let key = (source.path.clone(), symbol.qualified.clone(), symbol.range.start);
        let suspect = self.suspects.entry(key).or_insert_with(|| Suspect {
            path: source.path.clone(),
            language,
            qualified: symbol.qualified.clone(),
            range: symbol.range.clone(),
            line: symbol.line,
            score: 0,
            reasons: Vec::new(),
        });
        let alike = suspect
            .reasons
            .iter()
            .filter(|other| std::mem::discriminant(*other) == std::mem::discriminant(&reason))
            .count();
        // The second reason of a kind counts half, the third a quarter, and so on.
        let shift = u32::try_from(alike).unwrap_or(u32::MAX);
        suspect.score += weight.checked_shr(shift).unwrap_or(0);
        if alike < REASONS_OF_A_KIND && !suspect.reasons.contains(&reason) {
            suspect.reasons.push(reason);
        }
    }

    /// Weighs the functions on the stacks of failures, those nearest to the failure most.
    pub(super) fn stacks(&mut self, report: &TestReport) {
        for failure in report.failed.iter().take(FAILURES_MAX) {
            let mut weight = FRAME_WEIGHT;
            for frame in failure.frames.iter().rev() {
                let Some(source) = self.corpus.source(&frame.file) else { continue };
                let Some(symbol) = enclosing(&source.symbols, &source.bytes, frame.line) else {
                    continue;
                };
                if is_test_path(&source.path) || symbol.scope == Scope::Test {
                    continue;
                }
                let symbol = symbol.clone();
                let reason = Reason::Frame { test: failure.name.clone(), line: frame.line };
                self.accuse(&source, &symbol, weight, reason);
                weight = weight * 2 / 3;
            }
        }
    }

    /// Weighs the functions that a compiler or interpreter complains about.
    pub(super) fn diagnostics(&mut self, report: &TestReport) {
        let errors =
            report.errors.iter().take(FAILURES_MAX).map(|error| (error, DIAGNOSTIC_WEIGHT));
        let warnings =
            report.warnings.iter().take(FAILURES_MAX).map(|error| (error, WARNING_WEIGHT));
        for (error, weight) in errors.chain(warnings) {
            let (Some(file), Some(line)) = (&error.file, error.line) else { continue };
            let Some(source) = self.corpus.source(file) else { continue };
            if let Some(symbol) = enclosing(&source.symbols, &source.bytes, line) {
                let symbol = symbol.clone();
                let message = error.message.lines().next().unwrap_or_default().to_owned();
                self.accuse(&source, &symbol, weight, Reason::Diagnostic { message });
            }
        }
    }

    /// Weighs what the failing tests reach and the passing ones do not.
    pub(super) fn calls(&mut self, report: &TestReport) {
        let mut spectra: HashMap<Key, (Spectrum, Reached, String)> = HashMap::new();
        let mut failing_all = 0.0;
        let mut failing: Vec<Subject> = Vec::new();
        let mut tests: Vec<(String, Subject)> = report
            .failed
            .iter()
            .take(TESTS_MAX)
            .filter_map(|failure| Some((failure.name.clone(), subject(self.corpus, failure)?)))
            .collect();
        if tests.is_empty() && !report.is_green() {
            tests = any_tests(self.corpus);
        }
        for (name, subject) in tests {
            failing_all += 1.0;
            for reached in self.reach.of(&subject) {
                let Some(symbol) = reached.meaning.symbol() else { continue };
                let key = (reached.meaning.source.path.clone(), symbol.range.start);
                let near = nearness(reached.depth);
                let entry = spectra
                    .entry(key)
                    .or_insert_with(|| (Spectrum::default(), reached.clone(), name.clone()));
                entry.0.failing += near;
                if reached.depth < entry.1.depth {
                    entry.1 = reached;
                    entry.2.clone_from(&name);
                }
            }
            failing.push(subject);
        }
        for subject in passing(self.corpus, report, &failing) {
            for reached in self.reach.of(&subject) {
                let Some(symbol) = reached.meaning.symbol() else { continue };
                let key = (reached.meaning.source.path.clone(), symbol.range.start);
                if let Some((spectrum, _, _)) = spectra.get_mut(&key) {
                    spectrum.passing += 1.0;
                }
            }
        }
        for (_, (spectrum, reached, test)) in spectra {
            let Some(symbol) = reached.meaning.symbol().cloned() else { continue };
            let share =
                spectrum.suspicion(failing_all) * substance(&reached.meaning.source, &symbol);
            let reason = Reason::Called { test, depth: reached.depth };
            self.accuse(&reached.meaning.source, &symbol, part(CALL_WEIGHT, share), reason);
        }
    }

    /// Weighs how much the words of each suspect are like those of the task and the failures.
    pub(super) fn likeness(&mut self, evidence: Evidence<'_>) {
        let failed = evidence.report.map_or(&[][..], |report| report.failed.as_slice());
        let mut query = vec![(evidence.task, 1.0)];
        for failure in failed.iter().take(TESTS_MAX) {
            query.push((failure.name.as_str(), 0.6));
            query.push((failure.message.as_str(), 0.4));
        }
        let mut keys: Vec<_> = self.suspects.keys().cloned().collect();
        keys.sort();
        let texts: Vec<String> = keys
            .iter()
            .map(|key| {
                let Some((suspect, source)) =
                    self.suspects.get(key).zip(self.corpus.source(&key.0))
                else {
                    return String::new();
                };
                let text = source.bytes.get(suspect.range.clone()).unwrap_or_default();
                String::from_utf8_lossy(text).into_owned()
            })
            .collect();
        for (key, alike) in keys.iter().zip(likeness::compare(&query, &texts)) {
            let weight = part(LIKENESS_WEIGHT, alike.degree);
            if let Some(suspect) = self.suspects.get_mut(key).filter(|_| weight > 0) {
                suspect.score += weight;
                suspect.reasons.push(Reason::Search { words: alike.words });
            }
        }
    }

    /// Weighs what the task names.
    pub(super) fn task_words(&mut self, task: &str) {
        for path in self.named.clone() {
            let Some(source) = self.corpus.source(&path) else { continue };
            for symbol in source.symbols.iter().filter(|symbol| symbol.kind.is_function()) {
                let word = path.to_string();
                self.accuse(&source, symbol, FILE_WEIGHT, Reason::Task { word });
            }
        }
        for (word, likeness) in word::words(task, TASK_WORDS_MAX) {
            let weight = match likeness {
                Likeness::Name => NAME_WEIGHT,
                Likeness::Plain => NAME_WEIGHT / 2,
            };
            let reason = |word| Reason::Task { word };
            // Words that the known suspects explain need no walk of the tree.
            if likeness == Likeness::Plain && !self.is_thin() {
                self.known_symbols(&word, weight, reason);
            } else {
                self.named_symbols(&word, weight, reason);
            }
        }
    }

    /// Weighs what the messages of failures name.
    pub(super) fn message_words(&mut self, report: &TestReport) {
        let texts = report
            .failed
            .iter()
            .take(TESTS_MAX)
            .map(|failure| failure.message.as_str())
            .chain(report.errors.iter().take(TESTS_MAX).map(|error| error.message.as_str()))
            .collect::<Vec<_>>()
            .join("\n");
        for (word, likeness) in word::words(&texts, MESSAGE_WORDS_MAX) {
            if likeness != Likeness::Name {
                continue;
            }
            let reason = |word| Reason::Message { word };
            if self.is_thin() {
                self.named_symbols(&word, MESSAGE_WEIGHT, reason);
            } else {
                self.known_symbols(&word, MESSAGE_WEIGHT, reason);
            }
        }
    }

    /// Searches the tree for the words of the task and of the failures.
    pub(super) fn search(&mut self, evidence: Evidence<'_>) {
        let mut text = evidence.task.to_owned();
        for failure in
            evidence.report.iter().flat_map(|report| report.failed.iter().take(TESTS_MAX))
        {
            text.push('\n');
            text.push_str(&failure.message);
            text.push(' ');
            text.push_str(&failure.name);
        }
        let words = word::words(&text, SEARCH_WORDS_MAX);
        let terms: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        for hit in search(self.corpus, &terms).into_iter().take(SEARCH_HITS) {
            let Some(source) = self.corpus.source(&hit.path) else { continue };
            let Some(symbol) = enclosing(&source.symbols, &source.bytes, hit.line).cloned() else {
                continue;
            };
            let words = terms
                .iter()
                .filter(|term| hit.text.contains(**term))
                .map(|term| (*term).to_owned())
                .collect();
            self.accuse(
                &source,
                &symbol,
                (hit.score / 8).min(SEARCH_WEIGHT),
                Reason::Search { words },
            );
        }
    }

    fn named_symbols(&mut self, word: &str, weight: u32, reason: impl Fn(String) -> Reason) {
        if self.reach.allowance.0 == 0 {
            return;
        }
        self.reach.allowance.0 -= 1;
        let places = definitions(self.corpus, word);
        // A word that names many things says little about each.
        let crowd = u32::try_from(places.len()).unwrap_or(u32::MAX).max(1);
        for place in places.into_iter().take(SUSPECTS_MAX) {
            let Some(source) = self.corpus.source(&place.path) else { continue };
            let found =
                source.symbols.iter().enumerate().find(|(_, symbol)| symbol.range == place.range);
            let Some((index, symbol)) = found else { continue };
            let weight = (weight / crowd.div_ceil(2)).max(1);
            self.accuse(&source, symbol, weight, reason(word.to_owned()));
            for member in &source.symbols {
                if member.parent == Some(index) && member.kind.is_function() {
                    self.accuse(&source, member, (weight / 4).max(1), reason(word.to_owned()));
                }
            }
        }
    }

    /// Weighs the suspects that a word names, themselves or by what they belong to, and looks
    /// nowhere else.
    fn known_symbols(&mut self, word: &str, weight: u32, reason: impl Fn(String) -> Reason) {
        let names = |qualified: &str| qualified.split(['.', ':']).any(|part| part == word);
        let mut known: Vec<_> =
            self.suspects.keys().filter(|(_, qualified, _)| names(qualified)).cloned().collect();
        known.sort();
        // A word that names many things says little about each.
        let crowd = u32::try_from(known.len()).unwrap_or(u32::MAX).max(1);
        for (path, qualified, start) in known {
            let Some(source) = self.corpus.source(&path) else { continue };
            let found = source
                .symbols
                .iter()
                .find(|symbol| symbol.range.start == start && symbol.qualified == qualified);
            let Some(symbol) = found else { continue };
            let share = if symbol.name == word { 1 } else { 4 };
            let weight = (weight / crowd.div_ceil(2) / share).max(1);
            self.accuse(&source, symbol, weight, reason(word.to_owned()));
        }
    }

    pub(super) fn is_thin(&self) -> bool {
        self.suspects.values().filter(|suspect| suspect.score >= THIN_SCORE).count() == 0
    }

    pub(super) fn ranked(self) -> Vec<Suspect> {
        let mut list: Vec<Suspect> = self.suspects.into_values().collect();
        list.sort_by(|a, b| {
            b.score
                .cmp(&a.score)
                .then_with(|| a.path.cmp(&b.path))
                .then_with(|| a.range.start.cmp(&b.range.start))
        });
        list.truncate(SUSPECTS_MAX);
        list
    }
}

/// Whether the symbol is something that a repair may rewrite as a whole.
fn can_be_edited(symbol: &Symbol) -> bool {
    match symbol.kind {
        SymbolKind::Function | SymbolKind::Method | SymbolKind::Constant | SymbolKind::Macro => {
            true
        }
        SymbolKind::Struct | SymbolKind::Enum => true,
        SymbolKind::Class
        | SymbolKind::Trait
        | SymbolKind::Impl
        | SymbolKind::Module
        | SymbolKind::Alias
        | SymbolKind::Prototype => false,
    }
}

fn is_constructor(symbol: &Symbol) -> bool {
    matches!(symbol.name.as_str(), "__init__" | "__post_init__" | "constructor" | "new")
}

/// How much a function can hide: one that only hands a value on hides little.
fn substance(source: &Source, symbol: &Symbol) -> f64 {
    let text = source.bytes.get(symbol.item.clone()).unwrap_or_default();
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter(|line| line.iter().any(u8::is_ascii_alphanumeric))
        .count();
    let size = match lines {
        0..=1 => 0.75,
        2 => 0.85,
        _ => 1.0,
    };
    if is_constructor(symbol) || is_constant(symbol) { size * 0.6 } else { size }
}

/// A share, from 0 to 1, of a weight.
fn part(weight: u32, share: f64) -> u32 {
    let share = share.clamp(0.0, 1.0);
    // Whole numbers below the weight, found without a cast that could cut something off.
    (0..=weight).rev().find(|number| f64::from(*number) <= f64::from(weight) * share).unwrap_or(0)
}

const FRAME_WEIGHT: u32 = 200;
const DIAGNOSTIC_WEIGHT: u32 = 100;
const WARNING_WEIGHT: u32 = 60;
const CALL_WEIGHT: u32 = 120;
const LIKENESS_WEIGHT: u32 = 60;
const NAME_WEIGHT: u32 = 60;
const FILE_WEIGHT: u32 = 12;
const MESSAGE_WEIGHT: u32 = 20;
const SEARCH_WEIGHT: u32 = 60;

/// A board without a suspect of this score needs a search.
const THIN_SCORE: u32 = 25;

/// The most failures whose stacks count.
const FAILURES_MAX: usize = 40;

/// The most failing tests whose calls are followed.
const TESTS_MAX: usize = 8;

/// The most names that are looked up in the whole tree.
const LOOKUPS_MAX: usize = 48;

/// The most words of a task, of messages and of a search.
const TASK_WORDS_MAX: usize = 16;
const MESSAGE_WORDS_MAX: usize = 12;
const SEARCH_WORDS_MAX: usize = 12;

/// The most search hits that count.
const SEARCH_HITS: usize = 60;

/// The most reasons of one kind that are kept for one suspect.
const REASONS_OF_A_KIND: usize = 3;
