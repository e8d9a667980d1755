// SPDX-License-Identifier: Apache-2.0
//! Which files and functions are tests, and where the failing ones are.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use moat_base::TreePath;
use moat_index::{Corpus, Language, Scope, Source, SymbolKind, definitions, enclosing};

use crate::{Failure, TestReport};

/// Whether a file is a test, by the customs of its language.
#[must_use]
pub fn is_test_path(path: &TreePath) -> bool {
    let text = path.to_string();
    let mut parts: Vec<&str> = text.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    if parts.iter().any(|part| matches!(*part, "test" | "tests" | "__tests__" | "spec" | "specs")) {
        return true;
    }
    let stem = name.split('.').next().unwrap_or_default();
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(stem, "test" | "tests" | "conftest" | "run_tests" | "runtests" | "check")
        || name.contains(".test.")
        || name.contains(".spec.")
        || (name.ends_with(".java") && stem.ends_with("Test"))
}

/// A stretch of test code.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) source: Arc<Source>,
    pub(super) range: Range<usize>,
}

/// Finds the code of a failing test: by its stack, by its file and name, or by its name alone.
pub(super) fn subject(corpus: &Corpus<'_>, failure: &Failure) -> Option<Subject> {
    let places = failure
        .frames
        .iter()
        .rev()
        .map(|frame| (&frame.file, frame.line))
        .chain(failure.file.as_ref().zip(failure.line));
    let mut whole_file = None;
    for (file, line) in places {
        let Some(source) = corpus.source(file) else { continue };
        let symbol = enclosing(&source.symbols, &source.bytes, line);
        let is_test =
            is_test_path(file) || symbol.is_some_and(|symbol| symbol.scope == Scope::Test);
        if !is_test {
            continue;
        }
        match symbol.filter(|symbol| symbol.kind.is_function()) {
            Some(symbol) => {
                let range = symbol.range.clone();
                return Some(Subject { source, range });
            }
            None => whole_file = Some(around(source, line)),
        }
    }
    by_name(corpus, failure).or(whole_file).or_else(|| {
        // A test file without functions: a script that asserts at its top level.
        let file = failure.file.as_ref().filter(|file| is_test_path(file))?;
        let source = corpus.source(file)?;
        Some(around(source, failure.line.unwrap_or(1)))
    })
}

/// Finds the code of some tests that passed: those that the report names, and in C, whose
/// programs seldom name them, the other tests of the file, up to the failing one if the
/// program stops there.
pub(super) fn passing(
    corpus: &Corpus<'_>,
    report: &TestReport,
    failing: &[Subject],
) -> Vec<Subject> {
    let mut found: Vec<Subject> = report
        .passed
        .iter()
        .take(PASSING_MAX)
        .filter_map(|name| by_name(corpus, &Failure { name: name.clone(), ..Failure::default() }))
        .collect();
    let stops = report.failed.iter().any(|failure| {
        failure.message.starts_with("assertion `") || failure.name.starts_with("sanitizer")
    });
    for subject in failing {
        if subject.source.language != Some(Language::C) {
            continue;
        }
        for symbol in &subject.source.symbols {
            if symbol.kind == SymbolKind::Function
                && symbol.name.starts_with("test")
                && (!stops || symbol.range.end <= subject.range.start)
            {
                found.push(Subject {
                    source: Arc::clone(&subject.source),
                    range: symbol.range.clone(),
                });
            }
        }
    }
    let mut seen = HashSet::new();
    found.retain(|subject| {
        !failing.iter().any(|other| other.is(subject))
            && seen.insert((subject.source.path.clone(), subject.range.start))
    });
    found.truncate(PASSING_MAX);
    found
}

/// The tests of the tree, for a run that does not say which of them failed.
pub(super) fn any_tests(corpus: &Corpus<'_>) -> Vec<(String, Subject)> {
    let mut found = Vec::new();
    for file in corpus.walk().files.iter().filter(|file| is_test_path(&file.path)) {
        let Some(source) = corpus.source(&file.path) else { continue };
        for symbol in source.symbols.iter().filter(|symbol| symbol.kind.is_function()) {
            if symbol.name.to_lowercase().contains("test") || symbol.scope == Scope::Test {
                let subject = Subject { source: Arc::clone(&source), range: symbol.range.clone() };
                found.push((symbol.name.clone(), subject));
            }
        }
        if found.len() >= PASSING_MAX {
            break;
        }
    }
    found.truncate(PASSING_MAX);
    found
}

impl Subject {
    fn is(&self, other: &Self) -> bool {
        self.source.path == other.source.path && self.range.start == other.range.start
    }
}

fn by_name(corpus: &Corpus<'_>, failure: &Failure) -> Option<Subject> {
    let name = failure.name.split('[').next().unwrap_or(&failure.name);
    let (file, rest) = match name.split_once("::") {
        Some((file, rest)) if file.ends_with(".py") => {
            (TreePath::parse(file).ok(), rest.to_owned())
        }
        Some(_) | None => (failure.file.clone(), name.to_owned()),
    };
    // unittest: `test_x (tests.test_a.TestA.test_x)`.
    let (rest, file) = match rest.split_once(" (") {
        Some((method, path)) if path.ends_with(')') => {
            (method.to_owned(), file.or_else(|| module_file(corpus, path.trim_end_matches(')'))))
        }
        Some(_) | None => (rest.clone(), file),
    };
    // nextest: `crate tests::works`.
    let rest = rest
        .rsplit_once(' ')
        .filter(|(_, last)| last.contains("::"))
        .map_or_else(|| rest.clone(), |(_, last)| last.to_owned());
    let title = rest.replace("::", ".");
    let last = title.rsplit(['.', ' ']).next().unwrap_or(&title).to_owned();
    let fits = |source: &Arc<Source>| {
        let qualified = source.symbols.iter().find(|symbol| {
            symbol.qualified == rest
                || symbol.qualified == title
                || rest.ends_with(&symbol.qualified) && symbol.qualified.contains(" > ")
        });
        let named =
            || source.symbols.iter().find(|symbol| symbol.name == last || symbol.name == rest);
        qualified
            .or_else(named)
            .map(|symbol| Subject { source: Arc::clone(source), range: symbol.range.clone() })
    };
    if let Some(found) = file.as_ref().and_then(|file| corpus.source(file)).as_ref().and_then(fits)
    {
        return Some(found);
    }
    let is_identifier =
        last.chars().all(|character| character.is_alphanumeric() || character == '_');
    if is_identifier && !last.is_empty() && !rest.contains(' ') {
        for place in definitions(corpus, &last) {
            let source = corpus.source(&place.path)?;
            let is_test = is_test_path(&place.path)
                || source
                    .symbols
                    .iter()
                    .any(|symbol| symbol.range == place.range && symbol.scope == Scope::Test);
            if is_test {
                return Some(Subject { source, range: place.range });
            }
        }
        return None;
    }
    let walk = corpus.walk();
    walk.files
        .iter()
        .filter(|file| is_test_path(&file.path))
        .take(TEST_FILES_MAX)
        .filter_map(|file| corpus.source(&file.path))
        .find_map(|source| fits(&source))
}

/// The file of a dotted path whose last parts are a class and a method.
fn module_file(corpus: &Corpus<'_>, dotted: &str) -> Option<TreePath> {
    let parts: Vec<&str> = dotted.split('.').collect();
    (1..=parts.len()).rev().find_map(|length| {
        let path = TreePath::parse(&format!("{}.py", parts.get(..length)?.join("/"))).ok()?;
        corpus.source(&path).map(|source| source.path.clone())
    })
}

/// The lines around a place of a file that has no function there.
fn around(source: Arc<Source>, line: usize) -> Subject {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(
            source
                .bytes
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(at, _)| at + 1),
        )
        .collect();
    let first = starts.get(line.saturating_sub(SCRIPT_LINES)).copied().unwrap_or(0);
    let last = starts.get(line + SCRIPT_LINES / 4).copied().unwrap_or(source.bytes.len());
    Subject { range: first..last, source }
}

/// How many lines before the failing one of a script count as the test.
const SCRIPT_LINES: usize = 40;

/// The most passing tests whose calls are followed.
const PASSING_MAX: usize = 12;

/// The most test files that are read to find a test by its title.
const TEST_FILES_MAX: usize = 500;
