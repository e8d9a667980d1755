// SPDX-License-Identifier: Apache-2.0
//! Output made readable: bounded, without colours, with paths of the workspace.

use moat_base::TreePath;

use super::Frame;
use crate::limits::{MESSAGE_BYTES_MAX, OUTPUT_BYTES_MAX, OUTPUT_LINE_BYTES_MAX};

/// Keeps the head and the tail of long output, drops terminal control, cuts long lines.
pub(super) fn clean(output: &[u8]) -> String {
    let half = OUTPUT_BYTES_MAX / 2;
    let bounded = if output.len() > OUTPUT_BYTES_MAX {
        let head = output.get(..half).unwrap_or_default();
        let tail = output.get(output.len() - half..).unwrap_or_default();
        [head, b"\n", tail].concat()
    } else {
        output.to_vec()
    };
    let plain = without_control(&String::from_utf8_lossy(&bounded));
    let mut text = String::with_capacity(plain.len());
    for line in plain.lines() {
        text.push_str(moat_base::clip(line, OUTPUT_LINE_BYTES_MAX));
        text.push('\n');
    }
    text
}

/// Drops control sequences (ECMA-48) and takes a lone carriage return as a new line.
fn without_control(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next() {
                Some('[') => {
                    for next in characters.by_ref() {
                        if ('\u{40}'..='\u{7e}').contains(&next) {
                            break;
                        }
                    }
                }
                Some(']') => {
                    while let Some(next) = characters.next() {
                        if next == '\u{7}' || (next == '\u{1b}' && characters.next().is_some()) {
                            break;
                        }
                    }
                }
                Some(_) | None => {}
            },
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' => plain.push('\n'),
            '\n' | '\t' => plain.push(character),
            other if other.is_control() => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Shortens a message at its end.
pub(super) fn clip_message(message: &mut String) {
    let end = moat_base::clip(message, MESSAGE_BYTES_MAX).len();
    message.truncate(end);
    let end = message.trim_end().len();
    message.truncate(end);
}

/// Maps the paths that programs print to paths of the workspace.
#[derive(Debug)]
pub(super) struct Paths {
    root: String,
}

impl Paths {
    pub(super) fn new(root: &str) -> Self {
        Self { root: root.trim_end_matches('/').to_owned() }
    }

    /// The path inside the workspace; `None` for anything outside, and for installed packages.
    pub(super) fn map(&self, text: &str) -> Option<TreePath> {
        let text = text.trim().strip_prefix("file://").unwrap_or_else(|| text.trim());
        let relative = if text.starts_with('/') {
            text.strip_prefix(&self.root)?.strip_prefix('/')?
        } else {
            text
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                "node_modules" | "site-packages" | ".venv" | "venv" => return None,
                other => parts.push(other),
            }
        }
        if parts.is_empty()
            || relative.contains(['<', '>', '\n'])
            || relative.contains("://")
            || relative.starts_with("node:")
        {
            return None;
        }
        TreePath::from_bytes(parts.join("/").as_bytes()).ok()
    }

    /// Reads `path:line` or `path:line:column`.
    pub(super) fn place(&self, text: &str) -> Option<(TreePath, usize, Option<usize>)> {
        let (text, last) = text.trim().trim_end_matches(':').rsplit_once(':')?;
        let last: usize = last.parse().ok()?;
        if let Some((path, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse::<usize>()
        {
            return Some((self.map(path)?, line, Some(last)));
        }
        Some((self.map(text)?, last, None))
    }

    /// A frame of the workspace.
    pub(super) fn frame(&self, path: &str, line: &str, function: &str) -> Option<Frame> {
        Some(Frame {
            file: self.map(path)?,
            line: line.trim().parse().ok()?,
            function: (!function.is_empty() && !function.starts_with('<'))
                .then(|| function.to_owned()),
        })
    }
}

/// Finds what was expected and what came in a message.
pub(super) fn expectation(message: &str) -> (Option<String>, Option<String>) {
    let mut expected = None;
    let mut actual = None;
    for line in message.lines() {
        let line = line.trim();
        for (head, is_expected) in LABELS {
            if let Some(rest) = strip_label(line, head) {
                let slot = if is_expected { &mut expected } else { &mut actual };
                if slot.is_none() {
                    *slot = Some(value(rest));
                }
            }
        }
    }
    if expected.is_some() && actual.is_some() {
        return (expected, actual);
    }
    for line in message.lines() {
        let line = line.trim();
        if let Some(found) = sentence(line) {
            return (Some(value(found.0)), Some(value(found.1)));
        }
    }
    (expected, actual)
}

/// Reads the forms that put both values into one line, as (expected, actual).
fn sentence(line: &str) -> Option<(&str, &str)> {
    // A line that announces values does not hold them.
    if line.ends_with(':') {
        return None;
    }
    let lower = line.to_lowercase();
    for (head, middle) in [
        ("expected: <", "> but was: <"),
        ("expected ", " but got "),
        ("expected ", ", but got "),
        ("expected ", ", got "),
        ("expected ", " got "),
        ("expected: ", ", got: "),
        ("expected: ", ", actual: "),
        ("expected ", ", found "),
        ("want ", ", got "),
    ] {
        if let Some(start) = lower.find(head)
            && let Some(split) = lower.get(start..).and_then(|rest| rest.find(middle))
        {
            let expected = line.get(start + head.len()..start + split)?;
            let actual = line.get(start + split + middle.len()..)?;
            return Some((expected, actual.trim_end_matches('>')));
        }
    }
    for (head, middle) in [
        ("expected ", " to equal "),
        ("expected ", " to be "),
        ("expected ", " to deeply equal "),
        ("got ", ", expected "),
        ("got ", " expected "),
        ("got ", ", want "),
        (" is ", ", expected "),
        (" was ", ", expected "),
        ("got ", ", wanted "),
    ] {
        if let Some(start) = lower.find(head)
            && let Some(split) = lower.get(start..).and_then(|rest| rest.find(middle))
        {
            let actual = line.get(start + head.len()..start + split)?;
            let expected = line.get(start + split + middle.len()..)?;
            return Some((expected, actual));
        }
    }
    // `assert a == b` of pytest, `a != b` of unittest, `a !== b` of node.
    let rest = line.strip_prefix("AssertionError: ").unwrap_or(line);
    let rest = rest.strip_prefix("AssertionError [ERR_ASSERTION]: ").unwrap_or(rest);
    if let Some(rest) = rest.strip_prefix("assert ") {
        return rest.split_once(" == ").map(|(actual, expected)| (expected, actual));
    }
    for operator in [" !== ", " != ", " == "] {
        if let Some((actual, expected)) = rest.split_once(operator)
            && !actual.is_empty()
        {
            let expected = expected.split(" : ").next().unwrap_or(expected);
            return Some((expected, actual));
        }
    }
    None
}

fn strip_label<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let head = line.get(..label.len())?;
    if !head.eq_ignore_ascii_case(label) {
        return None;
    }
    let rest = line.get(label.len()..)?.trim_start();
    let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix('='))?;
    (!rest.trim().is_empty()).then(|| rest.trim())
}

fn value(text: &str) -> String {
    let text = text.trim().trim_end_matches([',', ';']).trim();
    moat_base::clip(text, VALUE_BYTES_MAX).to_owned()
}

/// Labels of values, and whether they label the expected one.
const LABELS: [(&str, bool); 9] = [
    ("expected", true),
    ("want", true),
    ("wanted", true),
    ("right", true),
    ("actual", false),
    ("received", false),
    ("got", false),
    ("left", false),
    ("found", false),
];

/// The longest value that is kept.
const VALUE_BYTES_MAX: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_paths_are_mapped() {
        assert_eq!(clean(b"\x1b[31mred\x1b[0m\r\n50%\r100%\n\xff"), "red\n50%\n100%\n\u{fffd}\n");
        assert_eq!(clean(b"\x1b]0;title\x07x"), "x\n");
        let paths = Paths::new("/home/me/app/");
        let cases: [(&str, Option<&str>); 8] = [
            ("/home/me/app/src/a.py", Some("src/a.py")),
            ("file:///home/me/app/a.js", Some("a.js")),
            ("./src/../lib/a.rs", Some("lib/a.rs")),
            ("/usr/lib/python3/unittest.py", None),
            ("/home/me/app2/a.py", None),
            ("../a.py", None),
            ("node_modules/x/index.js", None),
            ("<string>", None),
        ];
        for (text, expect) in cases {
            assert_eq!(paths.map(text).map(|path| path.to_string()).as_deref(), expect, "{text}");
        }
        let place = paths.place("src/a.c:12:5:").unwrap();
        assert_eq!((place.0.to_string().as_str(), place.1, place.2), ("src/a.c", 12, Some(5)));
    }

    #[test]
    fn expectations_are_found_in_many_words() {
        let cases = [
            ("  left: 1\n right: 2", "2", "1"),
            ("Expected: 4\nReceived: 3", "4", "3"),
            ("expected: <4> but was: <3>", "4", "3"),
            ("assert 3 == 4", "4", "3"),
            ("AssertionError: 'a' != 'b'", "'b'", "'a'"),
            ("3 !== 4", "4", "3"),
            ("expected 4, got 3", "4", "3"),
            ("FAIL: add: expected 5 but got 6", "5", "6"),
            ("expected 3 to equal 4", "4", "3"),
            ("got 3, want 4", "4", "3"),
        ];
        for (message, expected, actual) in cases {
            assert_eq!(
                expectation(message),
                (Some(expected.to_owned()), Some(actual.to_owned())),
                "{message}"
            );
        }
        assert_eq!(expectation("nothing here"), (None, None));
    }

    #[test]
    fn long_output_keeps_its_ends() {
        let mut output = b"first\n".to_vec();
        output.extend(vec![b'x'; OUTPUT_BYTES_MAX]);
        output.extend(b"\nlast\n");
        let text = clean(&output);
        assert!(text.starts_with("first\n") && text.ends_with("last\n"));
        assert!(text.len() < 100_000, "{}", text.len());
    }
}
