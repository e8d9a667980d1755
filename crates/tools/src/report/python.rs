// SPDX-License-Identifier: Apache-2.0
//! Reports of pytest and of unittest, and Python tracebacks.
//!
//! Sources: the output of pytest 7 to 9 in its `long`, `short` and `native` styles,
//! and of unittest in Python 3.8 to 3.14.

use super::text::{Paths, expectation};
use super::{Diagnostic, Draft, Failure, Frame};

/// Whether the last lines are those of a quiet pytest run.
pub(super) fn is_pytest_tail(lines: &[&str]) -> bool {
    lines.iter().rev().take(12).any(|line| {
        let line = line.trim_matches(['=', ' ']);
        line.contains(" in ")
            && line.ends_with('s')
            && counts(line).is_some_and(|(_, total)| total > 0)
    }) || lines.iter().any(|line| line.starts_with("FAILED ") && line.contains(".py::"))
}

pub(super) fn pytest(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut sections: Vec<Failure> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some((name, word)) = verbose(line) {
            match word {
                "PASSED" | "XPASS" => draft.passed.push(name.to_owned()),
                "FAILED" | "ERROR" => draft.failed.push(named(name, paths)),
                _ => {}
            }
        } else if let Some(rest) = line.strip_prefix("PASSED ").filter(|rest| rest.contains("::")) {
            draft.passed.push(rest.trim().to_owned());
        } else if let Some(rest) =
            line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR "))
        {
            let (name, message) = rest.split_once(" - ").unwrap_or((rest, ""));
            if name.contains("::") {
                let mut failure = named(name.trim(), paths);
                failure.message = message.to_owned();
                draft.failed.push(failure);
            }
        } else if let Some(title) = title(line, '_') {
            let (section, next) = section(title, lines, at, paths);
            at = next;
            sections.push(section);
        } else if let Some(found) = counts(line.trim_matches(['=', ' ']))
            && line.contains(" in ")
        {
            draft.counts = Some(found);
        }
    }
    merge(&mut draft, sections);
    draft
}

/// A line of `pytest -v`: the node id, then a word.
fn verbose(line: &str) -> Option<(&str, &str)> {
    for word in ["PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL", "XPASS"] {
        if let Some((name, rest)) = line.split_once(&format!(" {word}"))
            && name.contains("::")
            && !name.starts_with(' ')
            && (rest.trim().is_empty() || rest.trim_start().starts_with(['[', '(']))
        {
            return Some((name.trim(), word));
        }
    }
    None
}

fn named(name: &str, paths: &Paths) -> Failure {
    Failure {
        name: name.to_owned(),
        file: name.split("::").next().and_then(|file| paths.map(file)),
        ..Failure::default()
    }
}

/// The title in a line like `____ title ____`.
fn title(line: &str, mark: char) -> Option<&str> {
    let inner = line.trim_matches(mark);
    let marks = line.len() - inner.len();
    let inner = inner.strip_prefix(' ')?.strip_suffix(' ')?;
    let is_rule = inner.chars().all(|character| character == mark || character == ' ');
    (marks >= 2 && line.starts_with(mark) && !is_rule).then_some(inner)
}

/// One failure, from the line after its title to the next title.
fn section(name: &str, lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let mut failure = Failure { name: name.to_owned(), ..Failure::default() };
    let mut messages: Vec<&str> = Vec::new();
    let mut function = String::new();
    let mut at = start;
    while let Some(line) = lines.get(at) {
        if title(line, '_').is_some() || title(line, '=').is_some() {
            break;
        }
        at += 1;
        if title(line, '-').is_some() {
            // Captured output follows; it is not part of the failure's own text.
            while lines
                .get(at)
                .is_some_and(|line| title(line, '_').is_none() && title(line, '=').is_none())
            {
                at += 1;
            }
            break;
        }
        if line.starts_with("E ") || *line == "E" {
            messages.push(line.get(1..).unwrap_or_default());
        } else if let Some(name) = defined(line) {
            function = name.to_owned();
        } else if let Some(frame) = native(line, paths) {
            failure.frames.push(frame);
        } else if let Some(mut frame) = located(line, paths) {
            if frame.function.is_none() && !function.is_empty() {
                frame.function = Some(function.clone());
            }
            failure.frames.push(frame);
        }
    }
    let indent = messages
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let messages: Vec<&str> =
        messages.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    failure.message = messages.join("\n");
    (failure.expected, failure.actual) = expectation(&failure.message);
    if let Some(last) = failure.frames.last() {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
    }
    (failure, at)
}

/// The name in a shown source line like `    def name(...)` or `>   def name`.
fn defined(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(['>', ' ']);
    let rest = rest.strip_prefix("async ").unwrap_or(rest).strip_prefix("def ")?;
    rest.split('(').next().map(str::trim)
}

/// A line `path.py:12: in name` or `path.py:12: Error`.
fn located(line: &str, paths: &Paths) -> Option<Frame> {
    let (path, rest) = line.split_once(".py:")?;
    if path.starts_with(' ') || path.contains(' ') {
        return None;
    }
    let (number, rest) = rest.split_once(':')?;
    let function = rest.trim().strip_prefix("in ").unwrap_or_default();
    paths.frame(&format!("{path}.py"), number, function)
}

/// A line `  File "path", line 12, in name`.
pub(super) fn native(line: &str, paths: &Paths) -> Option<Frame> {
    let rest = line.trim_start().strip_prefix("File \"")?;
    let (path, rest) = rest.split_once("\", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, ""));
    paths.frame(path, number.trim_end_matches(','), function.trim())
}

/// Joins the detailed sections with the named results.
fn merge(draft: &mut Draft, sections: Vec<Failure>) {
    let mut results: Vec<Failure> = Vec::new();
    for failure in draft.failed.drain(..) {
        match results.iter_mut().find(|other| other.name == failure.name) {
            Some(other) if other.message.is_empty() => other.message = failure.message,
            Some(_) => {}
            None => results.push(failure),
        }
    }
    for section in sections {
        if let Some(path) = section.name.strip_prefix("ERROR collecting ") {
            let last = section.frames.last();
            draft.errors.push(Diagnostic {
                message: if section.message.is_empty() {
                    format!("could not collect {path}")
                } else {
                    section.message.clone()
                },
                file: last.map(|frame| frame.file.clone()),
                line: last.map(|frame| frame.line),
                column: None,
            });
            continue;
        }
        let title = section
            .name
            .strip_prefix("ERROR at setup of ")
            .or_else(|| section.name.strip_prefix("ERROR at teardown of "))
            .unwrap_or(&section.name)
            .to_owned();
        let tail = format!("::{}", title.replace('.', "::"));
        let known = results.iter_mut().find(|failure| {
            failure.frames.is_empty()
                && (failure.name.ends_with(&tail) || failure.name.ends_with(&format!("::{title}")))
        });
        match known {
            Some(failure) => {
                let name = std::mem::take(&mut failure.name);
                let short = std::mem::take(&mut failure.message);
                let file = failure.file.clone();
                *failure = section;
                failure.name = name;
                failure.file = failure.file.clone().or(file);
                if failure.message.is_empty() {
                    failure.message = short;
                }
            }
            None => results.push(Failure { name: title, ..section }),
        }
    }
    for failure in &mut results {
        if failure.expected.is_none() {
            (failure.expected, failure.actual) = expectation(&failure.message);
        }
    }
    draft.failed = results;
}

/// Reads `1 failed, 2 passed in 0.03s` as passed and total.
fn counts(line: &str) -> Option<(usize, usize)> {
    let (head, _) = line.split_once(" in ")?;
    let mut passed = 0;
    let mut total = 0;
    for part in head.split(", ") {
        let (number, word) = part.trim().split_once(' ')?;
        let number: usize = number.parse().ok()?;
        match word {
            "passed" | "xpassed" => {
                passed += number;
                total += number;
            }
            "failed" | "error" | "errors" => total += number,
            "skipped" | "xfailed" | "deselected" | "warning" | "warnings" | "rerun" => {}
            _ => return None,
        }
    }
    Some((passed, total))
}

pub(super) fn unittest(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut pending = "";
    let mut total = 0_usize;
    let mut bad = 0_usize;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some((name, word)) = line.rsplit_once(" ... ") {
            let name = if name.contains('(') { name } else { pending };
            if word.trim() == "ok" && !name.is_empty() {
                draft.passed.push(name.trim().to_owned());
            }
            pending = "";
        } else if line.starts_with("test") && line.trim_end().ends_with(')') {
            pending = line;
        } else if let Some(rest) =
            line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: "))
        {
            let (failure, next) = unittest_section(rest.trim(), lines, at, paths);
            at = next;
            if rest.contains("unittest.loader._FailedTest") {
                let last = failure.frames.last();
                draft.errors.push(Diagnostic {
                    message: failure.message.clone(),
                    file: last.map(|frame| frame.file.clone()),
                    line: last.map(|frame| frame.line),
                    column: None,
                });
            } else {
                draft.failed.push(failure);
            }
        } else if let Some(rest) = line.strip_prefix("Ran ") {
            total = rest.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
        } else if line.starts_with("FAILED (") || line.starts_with("OK (") {
            for part in line.split(['(', ')', ',']) {
                let (word, number) = part.split_once('=').unwrap_or(("", "0"));
                let number: usize = number.trim().parse().unwrap_or(0);
                match word.trim() {
                    "failures" | "errors" => bad += number,
                    "skipped" => total = total.saturating_sub(number),
                    _ => {}
                }
            }
        }
    }
    draft.counts = Some((total.saturating_sub(bad), total));
    draft
}

fn unittest_section(name: &str, lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let mut failure = Failure { name: name.to_owned(), ..Failure::default() };
    let mut message: Vec<&str> = Vec::new();
    let mut at = start;
    let mut inside = false;
    while let Some(line) = lines.get(at) {
        if line.starts_with("=====") || (line.starts_with("-----") && at > start + 1) {
            break;
        }
        at += 1;
        if line.starts_with("Traceback (most recent call last):") {
            inside = true;
            message.clear();
        } else if let Some(frame) = native(line, paths) {
            failure.frames.push(frame);
        } else if inside && !line.starts_with(' ') && !line.trim().is_empty() || !message.is_empty()
        {
            message.push(line);
        }
    }
    failure.message = message.join("\n").trim_end().to_owned();
    (failure.expected, failure.actual) = expectation(&failure.message);
    if let Some(last) = failure.frames.last() {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
    }
    (failure, at)
}

/// Reads a traceback that starts at the line, as one failure and the line after it.
pub(super) fn traceback(lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let mut failure = Failure::default();
    let mut at = start + 1;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(frame) = native(line, paths) {
            failure.frames.push(frame);
        } else if !line.starts_with(' ') && !line.trim().is_empty() {
            failure.message = (*line).to_owned();
            break;
        }
    }
    (failure.expected, failure.actual) = expectation(&failure.message);
    if let Some(last) = failure.frames.last() {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
        failure.name = last.function.clone().unwrap_or_default();
    }
    (failure, at)
}
