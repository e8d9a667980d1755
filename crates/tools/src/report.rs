// SPDX-License-Identifier: Apache-2.0
//! Reads the output of a test run.
//!
//! The form is recognised from the output itself, not from the command, since a
//! Makefile or a script may run anything. One module per family of runners; what
//! none of them knows is read as plain diagnostics, and failing that only the exit
//! status counts.
//!
//! Invariant: reading never fails, and takes memory in proportion to the limits.

mod c;
mod java;
mod python;
mod rust;
mod script;
mod text;

use std::collections::HashSet;

use moat_base::TreePath;

use self::text::{Paths, clean, clip_message};
use crate::limits::{FRAMES_MAX, REPORT_ENTRIES_MAX};

/// How the run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It ran out of time and was stopped.
    TimeOut,
}

impl Exit {
    /// Whether the command said that all is well.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

/// Which form the output has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// pytest.
    Pytest,
    /// Python's unittest.
    Unittest,
    /// `cargo test`.
    CargoTest,
    /// `cargo nextest`.
    Nextest,
    /// The Test Anything Protocol, version 13 or 14, which `node --test` writes.
    Tap,
    /// The `spec` report of `node --test`.
    NodeSpec,
    /// Jest or Vitest.
    Jest,
    /// Mocha's `spec` report.
    Mocha,
    /// CTest.
    Ctest,
    /// JUnit XML or the console of Maven Surefire.
    Junit,
    /// A program that ends at a failed assertion, or a compiler.
    Plain,
    /// None that is known: only the exit status counts.
    Unknown,
}

/// How far the numbers of a report can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Only the exit status is known.
    ExitOnly,
    /// Some failures were read; the list of tests is not complete.
    Partial,
    /// Names and numbers agree with the runner's own summary.
    Full,
}

/// A place in a stack, from the outermost call to the innermost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The file, inside the workspace.
    pub file: TreePath,
    /// The line, counted from 1.
    pub line: usize,
    /// The function, where the stack names it.
    pub function: Option<String>,
}

/// A test that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The test's name as its runner writes it.
    pub name: String,
    /// What it said, shortened.
    pub message: String,
    /// The file of the test or of the failed assertion, inside the workspace.
    pub file: Option<TreePath>,
    /// The line there, counted from 1.
    pub line: Option<usize>,
    /// What was expected, where the output says so.
    pub expected: Option<String>,
    /// What came instead, where the output says so.
    pub actual: Option<String>,
    /// The stack, outermost call first, innermost last; only files of the workspace.
    pub frames: Vec<Frame>,
}

/// An error that kept tests from running: of syntax, of compilation, of an import.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// What is wrong.
    pub message: String,
    /// The file, inside the workspace.
    pub file: Option<TreePath>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column, counted from 1.
    pub column: Option<usize>,
}

/// What a test run said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestReport {
    /// How the run ended.
    pub exit: Exit,
    /// Which form the output has.
    pub format: Format,
    /// The names of the tests that passed, where the output lists them.
    pub passed: Vec<String>,
    /// The tests that failed.
    pub failed: Vec<Failure>,
    /// Errors that kept tests from running.
    pub errors: Vec<Diagnostic>,
    /// Warnings of a compiler about files of the workspace; they fail nothing.
    pub warnings: Vec<Diagnostic>,
    /// How many tests passed, by the runner's own count where there is one.
    pub passed_count: usize,
    /// How many tests ran, by the runner's own count where there is one.
    pub total: usize,
    /// How far this can be relied on.
    pub confidence: Confidence,
}

impl TestReport {
    /// Whether the command said that all is well and no failure was read.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.exit.is_success() && self.failed.is_empty() && self.errors.is_empty()
    }
}

/// What changed from one run to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Tests that failed and now pass.
    pub fixed: Vec<String>,
    /// Tests that passed, or were not there, and now fail.
    pub broken: Vec<String>,
    /// Tests that failed and still fail.
    pub failing: Vec<String>,
    /// Tests that passed and do so still.
    pub passing: Vec<String>,
    /// Tests that passed and were not run again: named in `before`, missing in `after`.
    pub missing: Vec<String>,
}

/// Reads the output of a test run; absolute paths below `root` become paths of the tree.
#[must_use]
pub fn parse(output: &[u8], exit: Exit, root: &str) -> TestReport {
    let text = clean(output);
    let lines: Vec<&str> = text.lines().collect();
    let paths = Paths::new(root);
    let format = recognise(&lines);
    let mut draft = match format {
        Format::Pytest => python::pytest(&lines, &paths),
        Format::Unittest => python::unittest(&lines, &paths),
        Format::CargoTest => rust::cargo(&lines, &paths),
        Format::Nextest => rust::nextest(&lines, &paths),
        Format::Tap => script::tap(&lines, &paths),
        Format::NodeSpec => script::node_spec(&lines, &paths),
        Format::Jest => script::jest(&lines, &paths),
        Format::Mocha => script::mocha(&lines, &paths),
        Format::Ctest => c::ctest(&lines, &paths),
        Format::Junit => java::junit(&lines, &paths),
        Format::Plain | Format::Unknown => c::plain(&lines, &paths),
    };
    if !exit.is_success() && draft.failed.is_empty() && draft.errors.is_empty() {
        let plain = c::plain(&lines, &paths);
        draft.failed = plain.failed;
        draft.errors = plain.errors;
    }
    draft.warnings = c::warnings(&lines, &paths);
    draft.report(exit, format)
}

/// What a module read, before it is counted.
#[derive(Debug, Default)]
struct Draft {
    passed: Vec<String>,
    failed: Vec<Failure>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// The runner's own counts of passed tests and of tests that ran.
    counts: Option<(usize, usize)>,
}

impl Draft {
    fn report(mut self, exit: Exit, format: Format) -> TestReport {
        let mut seen = HashSet::new();
        self.failed.retain(|failure| seen.insert(failure.name.clone()));
        self.passed.retain(|name| seen.insert(name.clone()));
        let mut seen = HashSet::new();
        self.errors.retain(|error| seen.insert(error.clone()));
        self.passed.truncate(REPORT_ENTRIES_MAX);
        self.failed.truncate(REPORT_ENTRIES_MAX);
        self.errors.truncate(REPORT_ENTRIES_MAX);
        self.warnings.truncate(REPORT_ENTRIES_MAX);
        for failure in &mut self.failed {
            clip_message(&mut failure.message);
            let extra = failure.frames.len().saturating_sub(FRAMES_MAX);
            failure.frames.drain(..extra);
        }
        for error in &mut self.errors {
            clip_message(&mut error.message);
        }
        let listed = self.passed.len() + self.failed.len();
        let (passed_count, total) = self.counts.unwrap_or((self.passed.len(), listed));
        let empty = listed == 0 && self.errors.is_empty() && self.counts.is_none();
        let confidence = if empty {
            Confidence::ExitOnly
        } else if self.counts.is_some() && total == listed && passed_count == self.passed.len() {
            Confidence::Full
        } else {
            Confidence::Partial
        };
        TestReport {
            exit,
            format: if empty && format == Format::Plain { Format::Unknown } else { format },
            passed: self.passed,
            failed: self.failed,
            errors: self.errors,
            warnings: self.warnings,
            passed_count,
            total,
            confidence,
        }
    }
}

/// Decides the form by lines that only one runner writes.
fn recognise(lines: &[&str]) -> Format {
    let any = |test: &dyn Fn(&str) -> bool| lines.iter().any(|line| test(line));
    let starts = |head: &str| any(&|line| line.starts_with(head));
    if any(&|line| line.contains("= test session starts =")) || python::is_pytest_tail(lines) {
        Format::Pytest
    } else if any(&|line| line.trim_start().starts_with("Nextest run"))
        || any(&|line| line.trim_start().starts_with("Summary [") && line.contains("tests run"))
    {
        Format::Nextest
    } else if starts("test result: ")
        || starts("error[E")
        || starts("error: could not compile")
        || any(&|line| line.starts_with("running ") && line.trim_end().ends_with(" tests"))
    {
        Format::CargoTest
    } else if any(&|line| {
        line.starts_with("Ran ") && line.contains(" test") && line.contains(" in ")
    }) {
        Format::Unittest
    } else if any(&|line| line.contains("tests failed out of")) {
        Format::Ctest
    } else if any(&|line| line.contains("Tests run:") && line.contains("Failures:"))
        || any(&|line| line.contains("<testsuite") || line.contains("COMPILATION ERROR"))
    {
        Format::Junit
    } else if starts("TAP version") || script::is_tap(lines) {
        Format::Tap
    } else if any(&|line| line.starts_with("\u{2139} tests ")) {
        Format::NodeSpec
    } else if any(&|line| {
        let line = line.trim_start();
        (line.starts_with("Tests:") && line.ends_with("total"))
            || line.starts_with("Test Files ")
            || line.starts_with("Test Suites:")
    }) {
        Format::Jest
    } else if any(&|line| {
        line.trim_start()
            .split_once(" passing (")
            .is_some_and(|(count, _)| count.parse::<usize>().is_ok())
    }) {
        Format::Mocha
    } else {
        Format::Plain
    }
}

/// Says what changed between two runs of the same check.
#[must_use]
pub fn compare(before: &TestReport, after: &TestReport) -> Comparison {
    let failed_of = |report: &TestReport| -> Vec<String> {
        report.failed.iter().map(|failure| failure.name.clone()).collect()
    };
    let (old_failed, new_failed) = (failed_of(before), failed_of(after));
    let old: HashSet<&str> = old_failed.iter().map(String::as_str).collect();
    let new: HashSet<&str> = new_failed.iter().map(String::as_str).collect();
    let passed: HashSet<&str> = after.passed.iter().map(String::as_str).collect();
    let mut comparison = Comparison::default();
    for name in &old_failed {
        if new.contains(name.as_str()) {
            comparison.failing.push(name.clone());
        } else if passed.contains(name.as_str()) || after.is_green() {
            comparison.fixed.push(name.clone());
        } else if after.passed.is_empty()
            && after.confidence >= Confidence::Partial
            && after.passed_count > before.passed_count
        {
            // The runner counts passes without naming them.
            comparison.fixed.push(name.clone());
        } else {
            comparison.missing.push(name.clone());
        }
    }
    for name in &new_failed {
        if !old.contains(name.as_str()) {
            comparison.broken.push(name.clone());
        }
    }
    for name in &before.passed {
        if passed.contains(name.as_str()) {
            comparison.passing.push(name.clone());
        } else if !new.contains(name.as_str()) && !after.passed.is_empty() {
            comparison.missing.push(name.clone());
        }
    }
    for error in &after.errors {
        if !before.errors.iter().any(|old| old.message == error.message && old.file == error.file) {
            comparison.broken.push(error.message.clone());
        }
    }
    comparison
}

#[cfg(test)]
mod tests;
