// SPDX-License-Identifier: Apache-2.0
//! Reports of JUnit: the console of Maven Surefire and Gradle, and the XML format.
//!
//! Sources: the output of Surefire 2.22 to 3.5 and the JUnit XML that Surefire, pytest
//! and others write. The XML is read tag by tag, not as a document.

use super::text::{Paths, expectation};
use super::{Diagnostic, Draft, Failure};

pub(super) fn junit(lines: &[&str], paths: &Paths) -> Draft {
    if lines.iter().any(|line| line.contains("<testsuite")) {
        return xml(&lines.join("\n"));
    }
    let mut draft = Draft::default();
    let mut counts = (0, 0);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = plain(line);
        if let Some(found) = run_counts(text) {
            if line.contains("Time elapsed") {
                counts.0 += found.0;
                counts.1 += found.1;
            } else {
                counts = found;
            }
        } else if text.contains("<<< FAILURE!") || text.contains("<<< ERROR!") {
            let name = text.split(" -- ").next().unwrap_or(text);
            let name = name.split("  Time elapsed").next().unwrap_or(name).trim();
            let name = old_style(name);
            let (failure, next) = section(&name, lines, at, paths);
            at = next;
            draft.failed.push(failure);
        } else if let Some(error) = compiler(text, line, paths) {
            draft.errors.push(error);
        }
    }
    draft.counts = (counts.1 > 0).then_some(counts);
    draft
}

/// A line without Maven's level.
fn plain(line: &str) -> &str {
    let line = line.trim_start();
    for level in ["[ERROR]", "[INFO]", "[WARNING]"] {
        if let Some(rest) = line.strip_prefix(level) {
            return rest.trim();
        }
    }
    line.trim()
}

/// `testSub(com.x.CalcTest)` as `com.x.CalcTest.testSub`.
fn old_style(name: &str) -> String {
    match name.split_once('(') {
        Some((method, class)) if class.ends_with(')') && class.contains('.') => {
            format!("{}.{method}", class.trim_end_matches(')'))
        }
        Some(_) | None => name.to_owned(),
    }
}

/// Reads `Tests run: 3, Failures: 1, Errors: 0, Skipped: 0` as passed and total.
fn run_counts(text: &str) -> Option<(usize, usize)> {
    let rest = text.split_once("Tests run:")?.1;
    let mut numbers = rest.split([',', ' ']).filter_map(|part| part.trim().parse::<usize>().ok());
    let (run, failures, errors) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let skipped = numbers.next().unwrap_or(0);
    let total = run.saturating_sub(skipped);
    Some((total.saturating_sub(failures + errors), total))
}

fn section(name: &str, lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let mut failure = Failure { name: name.to_owned(), ..Failure::default() };
    let mut message: Vec<&str> = Vec::new();
    let mut at = start;
    while let Some(line) = lines.get(at) {
        let text = line.trim();
        if text.is_empty() || text.starts_with('[') {
            break;
        }
        at += 1;
        if let Some(place) = text.strip_prefix("at ") {
            let method = place.split('(').next().unwrap_or_default();
            let class = method.rsplit_once('.').map_or("", |(class, _)| class);
            let inside =
                place.split_once('(').map_or("", |(_, inside)| inside.trim_end_matches(')'));
            if let Some((file, number)) = inside.split_once(':') {
                let package = class.rsplit_once('.').map_or("", |(package, _)| package);
                for source in ["src/main/java", "src/test/java"] {
                    let path = format!("{source}/{}/{file}", package.replace('.', "/"));
                    if class.ends_with("Test") == source.contains("test")
                        && let Some(frame) = paths.frame(
                            &path,
                            number,
                            method.rsplit('.').next().unwrap_or_default(),
                        )
                    {
                        failure.frames.push(frame);
                    }
                }
            }
        } else {
            message.push(text);
        }
    }
    failure.frames.retain(|frame| {
        let path = frame.file.to_string();
        !["org/junit", "java/", "jdk/", "org/apache", "sun/"]
            .iter()
            .any(|library| path.contains(&format!("java/{library}")))
    });
    failure.frames.reverse();
    failure.message = message.join("\n");
    (failure.expected, failure.actual) = expectation(&failure.message);
    if let Some(last) = failure.frames.last() {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
    }
    (failure, at)
}

/// Reads `/path/File.java:[10,5] message`.
fn compiler(text: &str, line: &str, paths: &Paths) -> Option<Diagnostic> {
    if !line.trim_start().starts_with("[ERROR]") {
        return None;
    }
    let (path, rest) = text.split_once(":[")?;
    let (place, message) = rest.split_once(']')?;
    let (row, column) = place.split_once(',')?;
    Some(Diagnostic {
        message: message.trim().to_owned(),
        file: paths.map(path),
        line: row.parse().ok(),
        column: column.parse().ok(),
    })
}

fn xml(text: &str) -> Draft {
    let mut draft = Draft::default();
    for case in text.split("<testcase").skip(1) {
        let (head, rest) = case.split_once('>').unwrap_or((case, ""));
        let attribute = |tag: &str, name: &str| -> String {
            tag.split_once(&format!(" {name}=\""))
                .and_then(|(_, rest)| rest.split('"').next())
                .map(unescape)
                .unwrap_or_default()
        };
        let class = attribute(head, "classname");
        let name = attribute(head, "name");
        let name = if class.is_empty() { name } else { format!("{class}.{name}") };
        let body =
            if head.ends_with('/') { "" } else { rest.split("</testcase>").next().unwrap_or("") };
        let bad = ["<failure", "<error"].iter().find_map(|tag| body.split_once(tag));
        match bad {
            Some((_, failure)) => {
                let tag = failure.split('>').next().unwrap_or_default();
                let message = attribute(&format!(" {tag}"), "message");
                let (expected, actual) = expectation(&message);
                draft.failed.push(Failure {
                    name,
                    message,
                    expected,
                    actual,
                    ..Failure::default()
                });
            }
            None if body.contains("<skipped") => {}
            None => draft.passed.push(name),
        }
    }
    draft
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#10;", "\n")
        .replace("&amp;", "&")
}
