// SPDX-License-Identifier: Apache-2.0
//! Reports of `cargo test` and `cargo nextest`, panics and the compiler's errors.
//!
//! Sources: the output of libtest and rustc 1.70 to 1.95, and of nextest 0.9.

use super::text::{Paths, expectation};
use super::{Diagnostic, Draft, Failure};

pub(super) fn cargo(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut counts = (0, 0);
    let mut counted = false;
    for line in lines {
        if let Some(rest) = line.strip_prefix("test ")
            && let Some((name, word)) = rest.rsplit_once(" ... ")
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name).trim();
            match word.split([' ', ',']).next() {
                Some("ok") => draft.passed.push(name.to_owned()),
                Some("FAILED") => {
                    draft.failed.push(Failure { name: name.to_owned(), ..Failure::default() })
                }
                _ => {}
            }
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            let number = |word: &str| -> usize {
                rest.split([';', '.'])
                    .find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
                    .unwrap_or(0)
            };
            counts.0 += number("passed");
            counts.1 += number("passed") + number("failed");
            counted = true;
        }
    }
    draft.counts = counted.then_some(counts);
    details(&mut draft, lines, paths);
    draft.errors = compiler(lines, paths);
    draft
}

pub(super) fn nextest(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    for line in lines {
        let line = line.trim();
        let Some((word, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with('[')
            && matches!(word, "PASS" | "FAIL" | "SIGABRT" | "SIGSEGV" | "TIMEOUT")
        {
            let name = rest.split_once(']').map_or("", |(_, name)| name.trim());
            let name = match name.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
                Some((_, name)) => name.trim(),
                None => name,
            };
            if word == "PASS" {
                draft.passed.push(name.to_owned());
            } else {
                draft.failed.push(Failure { name: name.to_owned(), ..Failure::default() });
            }
        } else if word == "Summary" {
            let number = |label: &str| -> usize {
                rest.split([',', ':', ']'])
                    .find_map(|part| {
                        let part = part.trim().strip_suffix(label)?;
                        part.trim().split('/').next()?.parse().ok()
                    })
                    .unwrap_or(0)
            };
            let passed = number("passed");
            let total = number("tests run").max(number("test run"));
            draft.counts = Some((passed, total.max(passed + number("failed"))));
        }
    }
    // A failing test is listed again below the summary.
    draft.failed.dedup_by(|a, b| a.name == b.name);
    details(&mut draft, lines, paths);
    draft.errors = compiler(lines, paths);
    draft
}

/// Gives each failed test its panic.
fn details(draft: &mut Draft, lines: &[&str], paths: &Paths) {
    let mut section = String::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(name) =
            line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            section = name.to_owned();
            continue;
        }
        let is_failed = |name: &str, failure: &Failure| {
            failure.name == name || failure.name.ends_with(&format!(" {name}"))
        };
        if !line.contains("panicked at ") {
            // A test that returned an error, or did not panic as it should.
            if (line.starts_with("Error: ") || line.starts_with("note: test did not panic"))
                && let Some(failure) =
                    draft.failed.iter_mut().find(|failure| is_failed(&section, failure))
                && failure.message.is_empty()
            {
                failure.message = (*line).to_owned();
            }
            continue;
        }
        let (panic, next) = panicked(lines, at - 1, paths);
        at = next;
        let thread = panic.name.clone();
        let target = draft
            .failed
            .iter_mut()
            .filter(|failure| failure.message.is_empty())
            .find(|failure| is_failed(&thread, failure) || is_failed(&section, failure));
        if let Some(failure) = target {
            let name = std::mem::take(&mut failure.name);
            *failure = panic;
            failure.name = name;
        }
    }
}

/// Reads a panic that starts at the line, as a failure named after its thread, and the line after it.
pub(super) fn panicked(lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let mut failure = Failure::default();
    let first = lines.get(start).copied().unwrap_or_default();
    failure.name = first.split('\'').nth(1).unwrap_or_default().to_owned();
    let after = first.split_once("panicked at ").map_or("", |(_, after)| after);
    let mut message: Vec<&str> = Vec::new();
    // Before Rust 1.73 the message came first, in quotes.
    let place = match after.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")) {
        Some((text, place)) => {
            message.push(text);
            place
        }
        None => after,
    };
    if let Some((file, line, _)) = paths.place(place) {
        failure.file = Some(file);
        failure.line = Some(line);
    }
    let mut at = start + 1;
    while let Some(line) = lines.get(at) {
        if line.starts_with("stack backtrace:") || line.starts_with("note: ") {
            break;
        }
        if line.trim().is_empty() && !message.is_empty()
            || line.starts_with("---- ")
            || line.starts_with("test ")
        {
            break;
        }
        message.push(line);
        at += 1;
    }
    failure.message = message.join("\n").trim().to_owned();
    (failure.expected, failure.actual) = expectation(&failure.message);
    at = backtrace(lines, at, paths, &mut failure);
    if failure.frames.is_empty()
        && let (Some(file), Some(line)) = (failure.file.clone(), failure.line)
    {
        failure.frames.push(super::Frame { file, line, function: None });
    }
    (failure, at)
}

fn backtrace(lines: &[&str], start: usize, paths: &Paths, failure: &mut Failure) -> usize {
    let mut at = start;
    let mut function = "";
    let mut inside = false;
    while let Some(line) = lines.get(at) {
        let text = line.trim();
        if text.starts_with("stack backtrace:") {
            inside = true;
        } else if !inside && !text.is_empty() && !text.starts_with("note: ") {
            break;
        } else if inside {
            if let Some(place) = text.strip_prefix("at ") {
                let place = paths.place(place);
                if let Some((file, line, _)) = place {
                    failure.frames.push(super::Frame {
                        file,
                        line,
                        function: short_function(function),
                    });
                }
            } else if let Some((number, name)) = text.split_once(": ")
                && number.parse::<usize>().is_ok()
            {
                function = name;
            } else {
                break;
            }
        }
        at += 1;
    }
    failure.frames.reverse();
    at
}

/// The function of a symbol like `crate::module::function` or `<T as Trait>::method`, hash dropped.
fn short_function(name: &str) -> Option<String> {
    let name = name.split("::{{closure}}").next().unwrap_or(name);
    let name = name.split("::{closure").next().unwrap_or(name);
    let last = name.rsplit("::").find(|part| {
        !(part.starts_with('h')
            && part.len() == 17
            && part.chars().skip(1).all(|c| c.is_ascii_hexdigit()))
    })?;
    (!last.is_empty()).then(|| last.to_owned())
}

/// The errors of the compiler; warnings are left out.
pub(super) fn compiler(lines: &[&str], paths: &Paths) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_error = line.starts_with("error[E") || line.starts_with("error: ");
        let is_summary =
            SUMMARIES.iter().any(|summary| line.starts_with(summary)) || line.ends_with(" failed:");
        if !is_error || is_summary {
            continue;
        }
        let place = lines
            .iter()
            .skip(at + 1)
            .take(6)
            .find_map(|line| line.trim_start().strip_prefix("--> "))
            .and_then(|place| paths.place(place));
        let labels: Vec<&str> = lines
            .iter()
            .skip(at + 1)
            .take(14)
            .take_while(|line| !line.trim().is_empty())
            .filter_map(|line| {
                line.split_once('^').map(|(_, label)| label.trim_matches(['^', ' ', '-']))
            })
            .filter(|label| !label.is_empty())
            .collect();
        let mut message = (*line).to_owned();
        if !labels.is_empty() {
            message = format!("{message}: {}", labels.join("; "));
        }
        errors.push(Diagnostic {
            message,
            file: place.as_ref().map(|(file, _, _)| file.clone()),
            line: place.as_ref().map(|(_, line, _)| *line),
            column: place.and_then(|(_, _, column)| column),
        });
    }
    errors
}

const SUMMARIES: [&str; 6] = [
    "error: could not compile",
    "error: aborting due to",
    "error: test failed",
    "error: doctest failed",
    "error: build failed",
    "error: test run failed",
];
