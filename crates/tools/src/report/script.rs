// SPDX-License-Identifier: Apache-2.0
//! Reports of JavaScript runners: TAP, the spec report of `node --test`, Jest, Vitest, Mocha.
//!
//! Sources: the Test Anything Protocol 13 and 14; the output of Node 18 to 24,
//! Jest 29 and 30, Vitest 1 to 3, Mocha 10 and 11.

use super::text::{Paths, expectation};
use super::{Draft, Failure, Frame};

/// Whether the lines are TAP without its version line.
pub(super) fn is_tap(lines: &[&str]) -> bool {
    let is_result = |line: &&&str| {
        line.strip_prefix("not ").unwrap_or(line).strip_prefix("ok ").is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        })
    };
    lines.iter().filter(is_result).count() > 0
}

pub(super) fn tap(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut counts = (None, None);
    // The names of the open groups, by depth of indentation.
    let mut groups: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            groups.retain(|(other, _)| *other < depth);
            groups.push((depth, name.to_owned()));
            continue;
        }
        if let Some(count) = text.strip_prefix("# pass ") {
            counts.0 = count.trim().parse().ok();
        } else if let Some(count) = text.strip_prefix("# tests ") {
            counts.1 = count.trim().parse().ok();
        }
        let (passed, rest) = match (text.strip_prefix("ok "), text.strip_prefix("not ok ")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => continue,
        };
        let rest = rest.trim_start_matches(|first: char| first.is_ascii_digit());
        let name = rest.trim_start().trim_start_matches("- ");
        let (name, directive) = name.split_once(" # ").unwrap_or((name, ""));
        let block = yaml(lines, &mut at);
        let deeper = groups.iter().any(|(other, _)| *other > depth);
        groups.retain(|(other, _)| *other <= depth);
        let group = groups
            .iter()
            .filter(|(other, _)| *other < depth)
            .map(|(_, group)| group.as_str())
            .collect::<Vec<_>>()
            .join(" > ");
        let is_group = deeper || block.iter().any(|line| line.trim() == "type: 'suite'");
        let directive = directive.to_ascii_uppercase();
        if is_group || directive.starts_with("SKIP") || directive.starts_with("TODO") {
            continue;
        }
        let name = if group.is_empty() { name.to_owned() } else { format!("{group} > {name}") };
        if passed {
            draft.passed.push(name);
        } else {
            draft.failed.push(tap_failure(name, &block, paths));
        }
    }
    if let (Some(passed), Some(total)) = counts {
        draft.counts = Some((passed, total));
    }
    draft
}

/// The lines of the YAML block that follows, without its markers and indentation.
fn yaml(lines: &[&str], at: &mut usize) -> Vec<String> {
    let mut block = Vec::new();
    if lines.get(*at).is_none_or(|line| line.trim() != "---") {
        return block;
    }
    let depth = lines.get(*at).map_or(0, |line| line.len() - line.trim_start().len());
    *at += 1;
    while let Some(line) = lines.get(*at) {
        *at += 1;
        if line.trim() == "..." {
            break;
        }
        block.push(line.get(depth..).unwrap_or_else(|| line.trim_start()).to_owned());
    }
    block
}

fn tap_failure(name: String, block: &[String], paths: &Paths) -> Failure {
    let mut failure = Failure { name, ..Failure::default() };
    let mut message = Vec::new();
    let mut at = 0;
    while let Some(line) = block.get(at) {
        at += 1;
        let Some((key, value)) = line.split_once(':').filter(|_| !line.starts_with(' ')) else {
            continue;
        };
        let value = value.trim();
        let mut text = vec![value.trim_matches(['\'', '"']).to_owned()];
        if matches!(value, "|-" | "|" | ">-" | ">" | "") {
            text.clear();
            while block.get(at).is_some_and(|line| line.starts_with(' ') || line.is_empty()) {
                text.push(block.get(at).map_or("", |line| line.trim()).to_owned());
                at += 1;
            }
        }
        let joined = text.join("\n");
        match key {
            "error" | "message" => message.push(joined),
            "expected" => failure.expected = Some(joined),
            "actual" => failure.actual = Some(joined),
            "location" => {
                if let Some((file, line, _)) = paths.place(&joined) {
                    failure.file = Some(file);
                    failure.line = Some(line);
                }
            }
            "stack" => failure.frames = stack(&text, paths),
            _ => {}
        }
    }
    failure.message = message.join("\n").trim().to_owned();
    finish(failure)
}

/// Reads stack lines, innermost first, into frames, outermost first.
pub(super) fn stack<T: AsRef<str>>(lines: &[T], paths: &Paths) -> Vec<Frame> {
    let mut frames: Vec<Frame> =
        lines.iter().filter_map(|line| frame(line.as_ref(), paths)).collect();
    frames.reverse();
    frames
}

/// Reads `at name (path:1:2)`, `at path:1:2`, `name (path:1:2)` or Vitest's `❯ name path:1:2`.
pub(super) fn frame(line: &str, paths: &Paths) -> Option<Frame> {
    let text = line.trim();
    let marked = text.strip_prefix("at ").or_else(|| text.strip_prefix("\u{276f} "));
    let text = marked.unwrap_or(text);
    let (name, place) = match text.rsplit_once(" (").filter(|_| text.ends_with(')')) {
        Some((name, place)) => (name, place.trim_end_matches(')')),
        None if marked.is_some() || text.starts_with('/') || text.starts_with("file:") => {
            text.rsplit_once(' ').unwrap_or(("", text))
        }
        None => return None,
    };
    let (file, line, column) = paths.place(place)?;
    column?;
    let name = name.trim_start_matches("async ").trim_start_matches("new ");
    let last = name.rsplit('.').next().unwrap_or(name).trim();
    let last = last.split(' ').next().unwrap_or(last);
    Some(Frame {
        file,
        line,
        function: (!last.is_empty() && !last.contains('<')).then(|| last.to_owned()),
    })
}

/// Fills in what the message says and where the innermost frame lies.
fn finish(mut failure: Failure) -> Failure {
    let (expected, actual) = expectation(&failure.message);
    failure.expected = failure.expected.or(expected);
    failure.actual = failure.actual.or(actual);
    if let Some(last) = failure.frames.last()
        && failure.file.is_none()
    {
        failure.file = Some(last.file.clone());
        failure.line = Some(last.line);
    }
    failure
}

pub(super) fn node_spec(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut groups: Vec<(usize, String)> = Vec::new();
    let mut counts = (0, 0);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if text.starts_with("\u{2716} failing tests:") {
            break;
        }
        if let Some(name) = text.strip_prefix("\u{25b6} ") {
            groups.retain(|(other, _)| *other < depth);
            groups.push((depth, untimed(name).to_owned()));
        } else if let Some(count) = text.strip_prefix("\u{2139} pass ") {
            counts.0 = count.trim().parse().unwrap_or(0);
        } else if let Some(count) = text.strip_prefix("\u{2139} tests ") {
            counts.1 = count.trim().parse().unwrap_or(0);
        } else if let Some((passed, name)) = marked(text) {
            if groups.iter().any(|(other, group)| *other == depth && group == untimed(name)) {
                continue;
            }
            groups.retain(|(other, _)| *other < depth);
            let mut full: Vec<&str> = groups.iter().map(|(_, group)| group.as_str()).collect();
            full.push(untimed(name));
            let full = full.join(" > ");
            if passed {
                draft.passed.push(full);
            } else {
                draft.failed.push(Failure { name: full, ..Failure::default() });
            }
        }
    }
    draft.counts = Some(counts);
    spec_details(&mut draft, lines, at, paths);
    draft
}

/// The details below `failing tests:`, one section a test.
fn spec_details(draft: &mut Draft, lines: &[&str], start: usize, paths: &Paths) {
    let mut place = None;
    let mut at = start;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(location) = line.strip_prefix("test at ") {
            place = paths.place(location);
            continue;
        }
        let Some((false, name)) = marked(line.trim_start()) else { continue };
        let name = untimed(name);
        let mut body: Vec<&str> = Vec::new();
        while let Some(line) = lines.get(at) {
            if line.starts_with("test at ") || marked(line).is_some() {
                break;
            }
            body.push(line.trim());
            at += 1;
        }
        let tail = format!(" > {name}");
        let Some(failure) = draft.failed.iter_mut().find(|failure| {
            failure.message.is_empty() && (failure.name == name || failure.name.ends_with(&tail))
        }) else {
            continue;
        };
        failure.frames = stack(&body, paths);
        failure.message = before_stack(&body);
        for line in &body {
            if let Some(value) = line.strip_prefix("expected: ") {
                failure.expected = Some(value.trim_end_matches(',').to_owned());
            } else if let Some(value) = line.strip_prefix("actual: ") {
                failure.actual = Some(value.trim_end_matches(',').to_owned());
            }
        }
        if let Some((file, line, _)) = place.take() {
            failure.file = Some(file);
            failure.line = Some(line);
        }
        *failure = finish(std::mem::take(failure));
    }
}

fn before_stack<T: AsRef<str>>(body: &[T]) -> String {
    body.iter()
        .map(AsRef::as_ref)
        .take_while(|line| !line.starts_with("at ") && !line.starts_with("\u{276f} "))
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

/// A line that begins with a tick or a cross.
fn marked(line: &str) -> Option<(bool, &str)> {
    for (mark, passed) in [
        ("\u{2714} ", true),
        ("\u{2713} ", true),
        ("\u{221a} ", true),
        ("\u{2716} ", false),
        ("\u{2715} ", false),
        ("\u{d7} ", false),
        ("\u{2717} ", false),
    ] {
        if let Some(rest) = line.strip_prefix(mark) {
            return Some((passed, rest.trim()));
        }
    }
    None
}

/// A name without the time that follows it.
fn untimed(name: &str) -> &str {
    let name = name.trim();
    let Some((head, tail)) = name.rsplit_once(' ') else { return name };
    if tail.ends_with("s)") && tail.starts_with('(') {
        return head.trim();
    }
    if tail.ends_with("ms") && tail.trim_end_matches("ms").parse::<f64>().is_ok() {
        return head.trim();
    }
    match name.rsplit_once(" (") {
        Some((head, time))
            if time.ends_with("s)") && time.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            head.trim()
        }
        Some(_) | None => name,
    }
}

pub(super) fn jest(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut groups: Vec<(usize, String)> = Vec::new();
    let mut details: Vec<Failure> = Vec::new();
    let mut file = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(found) = jest_counts(text) {
            draft.counts = Some(found);
        } else if let Some(name) = text.strip_prefix("FAIL ").filter(|name| name.contains(" > ")) {
            // Vitest names the file, the groups and the test.
            let name = name.trim().split_once(" > ").map_or(name, |(_, name)| name);
            let (failure, next) = jest_section(name, lines, at, paths);
            at = next;
            details.push(failure);
        } else if let Some(name) = text.strip_prefix("\u{25cf} ") {
            if !name.contains("suite failed to run")
                && !details.iter().any(|other| other.name == joined(name))
            {
                let (failure, next) = jest_section(&joined(name), lines, at, paths);
                at = next;
                details.push(failure);
            }
        } else if text.starts_with("PASS ") || text.starts_with("FAIL ") {
            file = text.split_whitespace().nth(1).and_then(|path| paths.map(path));
            groups.clear();
        } else if let Some((passed, name)) = marked(text) {
            groups.retain(|(other, _)| *other < depth);
            let mut full: Vec<&str> = groups.iter().map(|(_, group)| group.as_str()).collect();
            let name = untimed(name);
            // Vitest: `✓ file > group > test`, or a file with its number of tests.
            if name.ends_with(" tests)") || name.ends_with(" test)") {
                continue;
            }
            full.push(
                name.split_once(".js > ")
                    .or_else(|| name.split_once(".ts > "))
                    .map_or(name, |(_, name)| name),
            );
            let full = full.join(" > ");
            if passed {
                draft.passed.push(full);
            } else {
                draft.failed.push(Failure { name: full, file: file.clone(), ..Failure::default() });
            }
        } else if depth >= 2 && !text.is_empty() && !text.starts_with("at ") && file.is_some() {
            groups.retain(|(other, _)| *other < depth);
            groups.push((depth, text.to_owned()));
        }
    }
    for detail in details {
        let known = draft.failed.iter_mut().find(|failure| {
            failure.name == detail.name || detail.name.ends_with(&format!(" > {}", failure.name))
        });
        match known {
            Some(failure) => {
                let name = failure.name.clone();
                *failure = Failure { name, ..detail };
            }
            None => draft.failed.push(detail),
        }
    }
    draft
}

fn joined(name: &str) -> String {
    name.trim().replace(" \u{203a} ", " > ")
}

/// Reads `Tests: 1 failed, 2 passed, 3 total` or `Tests  1 failed | 2 passed (3)`.
fn jest_counts(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix("Tests")?;
    let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix("  "))?;
    let mut passed = 0;
    let mut total = 0;
    for part in rest.split([',', '|', '(']) {
        let mut words = part.split_whitespace();
        let Some(number) = words.next().and_then(|number| number.parse::<usize>().ok()) else {
            continue;
        };
        match words.next() {
            Some("passed") => {
                passed += number;
                total += number;
            }
            Some("failed") => total += number,
            _ => {}
        }
    }
    (total > 0).then_some((passed, total))
}

fn jest_section(name: &str, lines: &[&str], start: usize, paths: &Paths) -> (Failure, usize) {
    let mut body: Vec<&str> = Vec::new();
    let mut at = start;
    while let Some(line) = lines.get(at) {
        let text = line.trim_start();
        if text.starts_with("\u{25cf} ")
            || text.starts_with("FAIL ")
            || text.starts_with("Test Suites:")
            || text.starts_with("Test Files ")
            || text.starts_with("PASS ")
        {
            break;
        }
        body.push(line.trim());
        at += 1;
    }
    let message: Vec<&str> = body
        .iter()
        .copied()
        // The excerpt of the source is not part of the message.
        .filter(|line| {
            let line = line.trim_start_matches(['>', ' ']);
            !line.split_once('|').is_some_and(|(number, _)| {
                number.trim().is_empty() || number.trim().parse::<usize>().is_ok()
            })
        })
        .collect();
    let mut failure = Failure {
        name: name.to_owned(),
        message: before_stack(&message),
        frames: stack(&body, paths),
        ..Failure::default()
    };
    for line in &body {
        if let Some(value) =
            line.strip_prefix("Expected: ").or_else(|| line.strip_prefix("- Expected "))
        {
            failure.expected.get_or_insert_with(|| value.to_owned());
        } else if let Some(value) = line.strip_prefix("Received: ") {
            failure.actual.get_or_insert_with(|| value.to_owned());
        }
    }
    (finish(failure), at)
}

pub(super) fn mocha(lines: &[&str], paths: &Paths) -> Draft {
    let mut draft = Draft::default();
    let mut groups: Vec<(usize, String)> = Vec::new();
    let mut counts = (0, 0);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some((count, _)) = text.split_once(" passing (") {
            counts.0 = count.parse().unwrap_or(0);
            break;
        }
        if let Some((passed, name)) = marked(text) {
            let mut full: Vec<&str> = groups
                .iter()
                .filter(|(other, _)| *other < depth)
                .map(|(_, group)| group.as_str())
                .collect();
            full.push(untimed(name));
            if passed {
                draft.passed.push(full.join(" > "));
            }
        } else if numbered(text).is_some() {
            // A failure; it is told in full below.
        } else if depth >= 2 && !text.is_empty() {
            groups.retain(|(other, _)| *other < depth);
            groups.push((depth, text.to_owned()));
        }
    }
    let failing = mocha_failures(&mut draft, lines, at, paths);
    draft.counts = Some((counts.0, counts.0 + failing));
    draft
}

/// Reads the numbered failures below the counts; returns the runner's own count.
fn mocha_failures(draft: &mut Draft, lines: &[&str], start: usize, paths: &Paths) -> usize {
    let mut failing = 0;
    let mut at = start;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = line.trim();
        if let Some(count) = text.strip_suffix(" failing") {
            failing = count.parse().unwrap_or(0);
        }
        let Some(first) = numbered(text) else { continue };
        let mut name = vec![first.trim_end_matches(':').to_owned()];
        let mut open = !first.ends_with(':');
        while let (true, Some(line)) = (open, lines.get(at)) {
            at += 1;
            open = !line.trim().ends_with(':') && !line.trim().is_empty();
            if !line.trim().is_empty() {
                name.push(line.trim().trim_end_matches(':').to_owned());
            }
        }
        let rest = lines.get(at..).unwrap_or_default().iter().map(|line| line.trim());
        let body: Vec<&str> = rest.take_while(|line| numbered(line).is_none()).collect();
        at += body.len();
        let mut failure = Failure {
            name: name.join(" > "),
            message: before_stack(&body),
            frames: stack(&body, paths),
            ..Failure::default()
        };
        let single = |mark: char| {
            let legend = body.iter().position(|line| *line == "+ expected - actual")?;
            let mut found =
                body.get(legend + 1..)?.iter().filter_map(|line| line.strip_prefix(mark));
            found.next().filter(|value| !value.is_empty() && !value.starts_with(' '))
        };
        failure.actual = single('-').map(str::to_owned);
        failure.expected = single('+').map(str::to_owned);
        draft.failed.push(finish(failure));
    }
    failing
}

/// The rest of a line like `1) name`.
fn numbered(text: &str) -> Option<&str> {
    let (number, rest) = text.split_once(") ")?;
    number.parse::<usize>().ok().map(|_| rest)
}
