// SPDX-License-Identifier: Apache-2.0
//! Indentation and line ends: what a text uses, and how a text takes another's.

use std::ops::Range;

/// What one level of indentation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indent {
    /// A tab.
    Tab,
    /// This many spaces.
    Spaces(usize),
    /// Nothing is indented.
    Unknown,
}

impl Indent {
    /// Takes the commonest first step of indentation.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut tabs = 0_usize;
        let mut steps = [0_usize; 9];
        let mut last = 0_usize;
        for line in bytes.split(|byte| *byte == b'\n') {
            let spaces = line.iter().take_while(|byte| **byte == b' ').count();
            match line.get(spaces) {
                None | Some(b'\r') => continue,
                Some(b'\t') if spaces == 0 => tabs += 1,
                Some(_) => {
                    if let Some(count) = steps.get_mut(spaces.saturating_sub(last)) {
                        *count += 1;
                    }
                    last = spaces;
                }
            }
        }
        let best = (1..steps.len()).max_by_key(|step| steps.get(*step).copied().unwrap_or(0));
        let (step, count) = match best {
            Some(step) => (step, steps.get(step).copied().unwrap_or(0)),
            None => (0, 0),
        };
        if tabs > 0 && tabs >= count {
            Self::Tab
        } else if count == 0 {
            Self::Unknown
        } else {
            Self::Spaces(step)
        }
    }

    /// One level.
    pub(super) fn one(self) -> String {
        self.write(1)
    }

    fn write(self, levels: usize) -> String {
        match self {
            Self::Tab => "\t".repeat(levels),
            Self::Spaces(width) => " ".repeat(width * levels),
            Self::Unknown => " ".repeat(4 * levels),
        }
    }

    /// Rewrites white space that is counted in these units in units of `to`.
    fn convert(self, blank: &str, to: Self) -> String {
        let width = match self {
            Self::Tab | Self::Unknown => 4,
            Self::Spaces(width) => width.max(1),
        };
        if self == to || to == Self::Unknown || self == Self::Unknown {
            return blank.to_owned();
        }
        let tabs = blank.chars().filter(|character| *character == '\t').count();
        let spaces = blank.len() - tabs;
        let rest = " ".repeat(spaces % width);
        format!("{}{rest}", to.write(tabs + spaces / width))
    }
}

/// The line end that most lines have.
pub(super) fn newline(bytes: &[u8]) -> &'static str {
    let all = memchr::memchr_iter(b'\n', bytes).count();
    let carriage = memchr::memmem::find_iter(bytes, b"\r\n").count();
    if carriage * 2 > all { "\r\n" } else { "\n" }
}

/// How lines move from one place to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    /// The white space before the first line where it comes from.
    pub(super) from: &'a str,
    /// The white space before the first line where it goes.
    pub(super) to: &'a str,
    /// The unit where it comes from.
    pub(super) unit: Indent,
    /// The unit where it goes.
    pub(super) into: Indent,
}

/// Moves the lines of a text after its first one; lines that begin inside `strings` stay.
pub(super) fn reindent(text: &str, strings: &[Range<usize>], move_: Move<'_>) -> String {
    let mut result = String::with_capacity(text.len() + 64);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let protected = strings.iter().any(|string| string.start < start && start < string.end);
        if start == 0 || protected {
            result.push_str(line);
        } else if line.trim().is_empty() {
            result.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else {
            let body = line.trim_start_matches([' ', '\t']);
            let blank = line.strip_suffix(body).unwrap_or_default();
            let inner = blank.strip_prefix(move_.from).unwrap_or_else(|| {
                let keep = blank.len().saturating_sub(move_.from.len());
                blank.get(blank.len() - keep..).unwrap_or_default()
            });
            result.push_str(move_.to);
            result.push_str(&move_.unit.convert(inner, move_.into));
            result.push_str(body);
        }
        start += line.len();
    }
    result
}

/// Takes away the white space that all lines have, and blank lines around them.
pub(super) fn dedent(text: &str) -> String {
    let text = text.trim_end().trim_start_matches(['\n', '\r']);
    let lead = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = text.lines().filter(|line| !line.trim().is_empty()).map(lead).min().unwrap_or(0);
    shift(text, common, 0)
}

/// Takes `width` bytes of white space from every line but the first `skip`.
pub(super) fn shift(text: &str, width: usize, skip: usize) -> String {
    let mut result = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        let cut = if number < skip { 0 } else { width.min(blank) };
        result.push_str(line.get(cut..).unwrap_or_default().trim_end_matches('\r'));
        result.push('\n');
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_recognised_and_converted() {
        for (text, expect) in [
            ("a\n  b\n    c\n", Indent::Spaces(2)),
            ("a\n    b\n        c\n  \n", Indent::Spaces(4)),
            ("a\n\tb\n", Indent::Tab),
            ("a\nb\n", Indent::Unknown),
        ] {
            assert_eq!(Indent::of(text.as_bytes()), expect, "{text:?}");
        }
        assert_eq!(Indent::Spaces(4).convert("        ", Indent::Tab), "\t\t");
        assert_eq!(Indent::Spaces(4).convert("      ", Indent::Spaces(2)), "    ");
        assert_eq!(Indent::Tab.convert("\t\t", Indent::Spaces(2)), "    ");
    }

    #[test]
    fn lines_move_but_not_the_inside_of_strings() {
        let text = "def f():\n    x = '''\nraw\n'''\n\n    return x";
        let string = 17..27;
        let moved = reindent(
            text,
            std::slice::from_ref(&string),
            Move { from: "", to: "\t", unit: Indent::Spaces(4), into: Indent::Tab },
        );
        assert_eq!(moved, "def f():\n\t\tx = '''\nraw\n'''\n\n\t\treturn x");
    }

    #[test]
    fn common_white_space_goes() {
        assert_eq!(dedent("\n    a\n      b\n\n    c\n"), "a\n  b\n\nc\n");
        assert_eq!(newline(b"a\r\nb\r\nc\n"), "\r\n");
        assert_eq!(newline(b"a\nb"), "\n");
    }
}
