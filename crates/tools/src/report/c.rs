// SPDX-License-Identifier: Apache-2.0
//! Reports without a framework: compilers, failed assertions, sanitizers, CTest, make.
//!
//! Sources: diagnostics of gcc 9 to 14, clang 14 to 19 and tsc 5; glibc's assert;
//! AddressSanitizer's stack lines; uncaught errors of Python and Node; CTest 3.

use super::script::{frame as script_frame, stack};
use super::text::{Paths, clip_message, expectation};
use super::{Diagnostic, Draft, Failure, Frame, python, rust};

pub(super) fn plain(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft { errors: rust::compiler(lines, paths), ..Draft::default() };
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if line.starts_with("Traceback (most recent call last):") {
            let (failure, next) = python::traceback(lines, at - 1, paths);
            at = next;
            python_error(&mut draft, failure);
        } else if line.contains("panicked at ") && line.starts_with("thread ") {
            let (mut failure, next) = rust::panicked(lines, at - 1, paths);
            at = next;
            if failure.name.is_empty() {
                failure.name = "panic".to_owned();
            }
            draft.failed.push(failure);
        } else if let Some(failure) = assertion(line, paths).or_else(|| crash(line)) {
            draft.failed.push(failure);
        } else if line.contains("ERROR: AddressSanitizer") || line.contains("runtime error: ") {
            let (failure, next) = sanitizer(lines, at - 1, paths);
            at = next;
            draft.failed.push(failure);
        } else if let Some(error) = compiler(line, paths) {
            draft.errors.push(error);
        } else if let Some(failure) = located(line, paths) {
            match draft.failed.iter_mut().find(|other| other.name == failure.name) {
                Some(other) => {
                    other.message.push('\n');
                    other.message.push_str(&failure.message);
                    clip_message(&mut other.message);
                }
                None => draft.failed.push(failure),
            }
        } else if let Some((failure, next)) = node(lines, at - 1, paths) {
            at = next;
            draft.failed.push(failure);
        } else if let Some((passed, name)) = verdict(line) {
            if passed {
                draft.passed.push(name.to_owned());
            } else {
                draft.failed.push(spoken(name, line, paths));
            }
        }
    }
    draft
}

/// Reads the warnings of gcc and clang, `file.c:12:5: warning: text`.
pub(super) fn warnings(lines: &[&str], paths: &Paths) -> Vec<Diagnostic> {
    lines
        .iter()
        .filter_map(|line| {
            let (place, message) = line.split_once(": warning: ")?;
            let (file, line, column) = paths.place(place)?;
            Some(Diagnostic {
                message: message.to_owned(),
                file: Some(file),
                line: Some(line),
                column,
            })
        })
        .collect()
}

/// What the shell or make says of a program that a signal ended.
fn crash(line: &str) -> Option<Failure> {
    let what =
        ["Segmentation fault", "Floating point exception", "Bus error", "Illegal instruction"]
            .into_iter()
            .find(|what| line.contains(what))?;
    Some(Failure { name: "crash".to_owned(), message: what.to_owned(), ..Failure::default() })
}

fn python_error(draft: &mut Draft, mut failure: Failure) {
    if failure.message.starts_with("SyntaxError")
        || failure.message.starts_with("IndentationError")
        || failure.message.starts_with("ModuleNotFoundError")
        || failure.message.starts_with("ImportError")
    {
        draft.errors.push(Diagnostic {
            message: failure.message,
            file: failure.file,
            line: failure.line,
            column: None,
        });
        return;
    }
    if failure.name.is_empty() {
        failure.name = failure.message.split(':').next().unwrap_or("error").to_owned();
    }
    draft.failed.push(failure);
}

/// Reads `prog: file.c:12: function: Assertion `text' failed.` and BSD's form.
fn assertion(line: &str, paths: &Paths) -> Option<Failure> {
    let (head, text) = if let Some((head, rest)) = line.split_once(": Assertion `") {
        (head, rest.split_once("' failed").map_or(rest, |(text, _)| text))
    } else if let Some(rest) = line.strip_prefix("Assertion failed: (") {
        let (text, rest) = rest.split_once("), function ")?;
        let (function, rest) = rest.split_once(", file ")?;
        let (file, number) = rest.trim_end_matches('.').split_once(", line ")?;
        let frame = paths.frame(file, number, function)?;
        return Some(failed_assertion(text, frame));
    } else {
        return None;
    };
    let mut parts = head.rsplitn(3, ':');
    let function = parts.next()?.trim();
    let number = parts.next()?.trim();
    let place = parts.next()?;
    let file = place.rsplit(": ").next().unwrap_or(place);
    let function = function.split('(').next().unwrap_or(function);
    let function = function.rsplit([' ', '*']).next().unwrap_or(function);
    let frame = paths.frame(file, number, function)?;
    Some(failed_assertion(text, frame))
}

/// Reads `file.c:12: in function: text`, or `file.c:12: text`, where the text tells of a failure.
fn located(line: &str, paths: &Paths) -> Option<Failure> {
    let (place, text) = line.split_once(": ")?;
    let (file, number, _) = paths.place(place)?;
    file.extension()?;
    let (function, message) = match text.strip_prefix("in ").and_then(|rest| rest.split_once(": "))
    {
        Some((function, message)) if !function.contains(' ') => (Some(function), message),
        Some(_) | None => (None, text),
    };
    let lower = message.to_ascii_lowercase();
    let tells = ["expected", "fail", "mismatch", "not equal", "wanted", "assert"];
    let is_remark = ["warning", "note", "info"].iter().any(|word| lower.starts_with(word));
    if !tells.iter().any(|word| lower.contains(word)) || is_remark {
        return None;
    }
    let (expected, actual) = expectation(message);
    let function = function.map(|name| name.trim_end_matches("()").to_owned());
    let frame = Frame { file: file.clone(), line: number, function: function.clone() };
    Some(Failure {
        name: function.unwrap_or_else(|| format!("{file}:{number}")),
        message: line.trim().to_owned(),
        file: Some(file),
        line: Some(number),
        expected,
        actual,
        frames: vec![frame],
    })
}

fn failed_assertion(text: &str, frame: Frame) -> Failure {
    let (expected, actual) = expectation(text);
    Failure {
        name: frame.function.clone().unwrap_or_else(|| format!("{}:{}", frame.file, frame.line)),
        message: format!("assertion `{text}` failed"),
        file: Some(frame.file.clone()),
        line: Some(frame.line),
        expected,
        actual,
        frames: vec![frame],
    }
}

fn sanitizer(lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let first = lines.get(start).copied().unwrap_or_default();
    let mut failure = Failure { name: "sanitizer".to_owned(), ..Failure::default() };
    failure.message = first.split_once("ERROR: ").map_or(first, |(_, text)| text).trim().to_owned();
    if let Some((place, message)) = first.split_once(": runtime error: ")
        && let Some((file, line, _)) = paths.place(place)
    {
        failure.message = message.to_owned();
        failure.frames.push(Frame { file, line, function: None });
    }
    let mut at = start + 1;
    let mut seen = false;
    while let Some(line) = lines.get(at) {
        let text = line.trim();
        if !text.starts_with('#') {
            // Only the first stack is that of the error.
            if seen || at > start + 6 {
                break;
            }
            at += 1;
            continue;
        }
        seen = true;
        at += 1;
        if let Some((_, rest)) = text.split_once(" in ") {
            let (function, place) = rest.split_once(' ').unwrap_or((rest, ""));
            if let Some((file, line, _)) = paths.place(place) {
                failure.frames.push(Frame { file, line, function: Some(function.to_owned()) });
            }
        }
    }
    failure.frames.reverse();
    if let Some(last) = failure.frames.last() {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
        if let Some(function) = &last.function {
            failure.name = format!("sanitizer in {function}");
        }
    }
    (failure, at)
}

/// Reads `file.c:12:5: error: text`, `file.ts(12,5): error TS1: text` and the linker's complaints.
fn compiler(line: &str, paths: &Paths) -> Option<Diagnostic> {
    let marks = [": error: ", ": fatal error: ", " - error TS"];
    if let Some((place, message)) = marks.iter().find_map(|mark| line.split_once(mark)) {
        let (file, row, column) = match place.split_once('(') {
            Some((file, rest)) if rest.ends_with(')') => {
                let (row, column) = rest.trim_end_matches(')').split_once(',')?;
                (paths.map(file)?, row.parse().ok()?, column.parse().ok())
            }
            Some(_) | None => paths.place(place)?,
        };
        return Some(Diagnostic {
            message: message.to_owned(),
            file: Some(file),
            line: Some(row),
            column,
        });
    }
    if let Some((place, message)) = line.split_once("): error TS") {
        let (file, rest) = place.split_once('(')?;
        let (row, column) = rest.split_once(',')?;
        return Some(Diagnostic {
            message: format!("TS{message}"),
            file: paths.map(file),
            line: row.parse().ok(),
            column: column.parse().ok(),
        });
    }
    line.contains("undefined reference to").then(|| Diagnostic {
        message: line.rsplit_once(": ").map_or(line, |(_, text)| text).to_owned(),
        file: None,
        line: None,
        column: None,
    })
}

/// Reads an error that Node did not catch: a place, an excerpt, `Error: text`, a stack.
fn node(lines: &[&str], start: usize, paths: &Paths) -> Option<(Failure, usize)> {
    let line = lines.get(start)?;
    let (head, text) = line.split_once(": ")?;
    let class = head.split([' ', '[']).next().unwrap_or_default();
    if !class.ends_with("Error") || line.starts_with(' ') || class.len() > 60 {
        return None;
    }
    let mut body: Vec<&str> = Vec::new();
    let mut at = start + 1;
    let mut found = false;
    while let Some(line) = lines.get(at).filter(|_| at < start + NODE_LINES_MAX) {
        let text = line.trim();
        if text.starts_with("at ") {
            found = true;
        } else if found {
            break;
        }
        body.push(text);
        at += 1;
    }
    if !found {
        return None;
    }
    let mut failure = Failure {
        name: head.to_owned(),
        message: format!("{class}: {text}"),
        frames: stack(&body, paths),
        ..Failure::default()
    };
    let middle: Vec<&str> =
        body.iter().copied().take_while(|line| !line.starts_with("at ")).collect();
    let middle = middle.join("\n");
    if !middle.trim().is_empty() {
        failure.message = format!("{}\n{}", failure.message, middle.trim());
    }
    (failure.expected, failure.actual) = expectation(&failure.message);
    if let Some(last) = failure.frames.last() {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
    }
    debug_assert!(script_frame("", paths).is_none());
    Some((failure, at))
}

/// Reads what simple test programs print: `PASS name`, `FAIL: name`, `name ... ok`, `[FAIL] name`.
fn verdict(line: &str) -> Option<(bool, &str)> {
    let text = line.trim();
    for (word, passed) in [
        ("[PASS]", true),
        ("[ OK ]", true),
        ("[  OK  ]", true),
        ("[FAIL]", false),
        ("PASSED", true),
        ("PASS", true),
        ("FAILED", false),
        ("FAIL", false),
        ("not ok", false),
        ("ok", true),
    ] {
        if let Some(rest) = text.strip_prefix(word)
            && rest.starts_with([':', ' ', '\t'])
        {
            let name = rest.trim_start_matches([':', ' ', '-', '\t']).trim();
            let sane = !name.is_empty() && name.len() < 200 && !name.starts_with('(');
            return sane.then_some((passed, name));
        }
        for join in [" ... ", ": ", "... "] {
            if let Some(name) = text.strip_suffix(word).and_then(|head| head.strip_suffix(join))
                && !name.is_empty()
                && name.len() < 120
                && !name.starts_with("make")
            {
                return Some((passed, name.trim()));
            }
        }
    }
    None
}

/// A failure that is told in one line, perhaps with a place and with values.
fn spoken(name: &str, line: &str, paths: &Paths) -> Failure {
    let (expected, actual) = expectation(line);
    let short = name.split([':', ' ', '(']).next().unwrap_or(name);
    let short =
        if short.is_empty() || paths.place(name.split(' ').next().unwrap_or_default()).is_some() {
            name
        } else {
            short
        };
    let place = line
        .split([' ', '(', ')', ','])
        .find_map(|word| paths.place(word))
        .filter(|(file, _, _)| file.extension().is_some());
    let mut failure = Failure {
        name: short.trim_end_matches(':').to_owned(),
        message: line.trim().to_owned(),
        expected,
        actual,
        ..Failure::default()
    };
    if let Some((file, line, _)) = place {
        failure.file = Some(file.clone());
        failure.line = Some(line);
        failure.frames.push(Frame { file, line, function: None });
    }
    failure
}

pub(super) fn ctest(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft { errors: rust::compiler(lines, paths), ..Draft::default() };
    let mut output: Vec<&str> = Vec::new();
    let mut open: Option<usize> = None;
    let flush = |draft: &mut Draft, open: Option<usize>, output: &mut Vec<&str>| {
        let inner = plain(output, paths);
        if let Some(failure) = open.and_then(|index| draft.failed.get_mut(index)) {
            failure.message = output.join("\n").trim().to_owned();
            if let Some(first) = inner.failed.into_iter().next() {
                let name = std::mem::take(&mut failure.name);
                *failure = Failure { name, ..first };
            }
        }
        draft.errors.extend(inner.errors);
        output.clear();
    };
    for line in lines {
        let Some((_, rest)) = line.split_once(" Test #").or_else(|| line.split_once(" Test  #"))
        else {
            if let Some(rest) = line.split_once("tests failed out of ") {
                let total: usize = rest.1.trim().parse().unwrap_or(0);
                let failed: usize =
                    rest.0.split_whitespace().last().and_then(|n| n.parse().ok()).unwrap_or(0);
                draft.counts = Some((total.saturating_sub(failed), total));
                flush(&mut draft, open.take(), &mut output);
            }
            output.push(line);
            continue;
        };
        flush(&mut draft, open.take(), &mut output);
        let name = rest.split_once(": ").map_or(rest, |(_, name)| name);
        let (name, status) =
            name.split_once(" .").or_else(|| name.split_once("...")).unwrap_or((name, ""));
        let name = name.trim().to_owned();
        if status.contains("Passed") {
            draft.passed.push(name);
        } else if status.contains("***") {
            open = Some(draft.failed.len());
            draft.failed.push(Failure { name, ..Failure::default() });
        }
    }
    flush(&mut draft, open, &mut output);
    draft
}

/// How far below an error's first line its stack may begin and end.
const NODE_LINES_MAX: usize = 80;
