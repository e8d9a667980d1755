// SPDX-License-Identifier: Apache-2.0
//! What of a model's answer is shown at the cursor.
//!
//! A completion that is wrong costs more than none: it is read, and it moves the text about.
//! So an answer is cut to the part that belongs to the place, and dropped where it repeats what
//! is there, runs in circles, or closes what nobody opened.
//!
//! Invariant: what is shown is a beginning of the answer, or nothing.

use crate::limits::LINES_MAX;

/// What of `answer` is shown between `before` and `after`; nothing when nothing good is left.
#[must_use]
pub fn judge(before: &str, after: &str, answer: &str) -> Option<String> {
    let line_before = before.rsplit('\n').next().unwrap_or_default();
    let rest_of_line = after.split('\n').next().unwrap_or_default();
    let mut shown = answer;
    if !rest_of_line.trim().is_empty() {
        // In the middle of a line only that line is completed.
        shown = shown.split('\n').next().unwrap_or_default();
        shown = without_tail(shown, rest_of_line.trim());
    }
    shown = to_block(shown, indentation(line_before), line_before.trim().is_empty());
    shown = before_repetition(shown, after);
    shown = balanced(shown);
    shown = lines(shown, LINES_MAX).trim_end();
    let useless = shown.trim().is_empty() || repeats_before(before, shown) || circles(shown);
    (!useless).then(|| shown.to_owned())
}

/// How many columns a line is indented; a tab counts as eight.
fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 8 } else { 1 }).sum()
}

/// Takes off the end what stands behind the cursor already, such as a closing bracket.
fn without_tail<'a>(shown: &'a str, tail: &str) -> &'a str {
    shown.strip_suffix(tail).unwrap_or(shown)
}

/// Cuts where the block ends in which the cursor stands: at a line that is indented less, or,
/// behind a whole statement, at an empty line.
fn to_block(shown: &str, indent: usize, begins_line: bool) -> &str {
    let mut length = 0;
    let mut empty = 0;
    for (number, line) in shown.split_inclusive('\n').enumerate() {
        let blank = line.trim().is_empty();
        let first = number == 0;
        if !first && !blank && indentation(line) < indent {
            break;
        }
        // At the outermost level another statement is another thing.
        if !first
            && !blank
            && empty > 0
            && (indent > 0 || !begins_line)
            && indentation(line) <= indent
        {
            break;
        }
        empty = if blank && !first { empty + 1 } else { 0 };
        if empty > 1 {
            break;
        }
        length += line.len();
    }
    shown.get(..length).unwrap_or(shown)
}

/// Cuts before a line that stands behind the cursor already.
fn before_repetition<'a>(shown: &'a str, after: &str) -> &'a str {
    let next = after.lines().skip(1).map(str::trim).find(|line| line.len() > 2);
    let Some(next) = next else { return shown };
    let mut length = 0;
    for (number, line) in shown.split_inclusive('\n').enumerate() {
        if number > 0 && line.trim() == next {
            break;
        }
        length += line.len();
    }
    shown.get(..length).unwrap_or(shown)
}

/// Cuts before a bracket that closes what the answer did not open. Brackets in texts count as
/// well: a completion that is cut too early is less of a nuisance than one that breaks a line.
fn balanced(shown: &str) -> &str {
    let mut open = Vec::new();
    for (at, c) in shown.char_indices() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.last() == Some(&c) => {
                open.pop();
            }
            // One that closes what stands before the cursor is the end of a line at most.
            ')' | ']' | '}' if open.is_empty() => {
                let rest = shown.get(at..).unwrap_or_default();
                let end = rest.find('\n').map_or(shown.len(), |end| at + end);
                return shown.get(..end).unwrap_or(shown);
            }
            _ => {}
        }
    }
    shown
}

fn lines(shown: &str, most: usize) -> &str {
    shown
        .match_indices('\n')
        .nth(most - 1)
        .map_or(shown, |(at, _)| shown.get(..at).unwrap_or(shown))
}

/// Whether the answer is the line before the cursor once more.
fn repeats_before(before: &str, shown: &str) -> bool {
    let mut lines = before.lines().rev().map(str::trim).filter(|line| line.len() > 3);
    let first = shown.lines().map(str::trim).find(|line| !line.is_empty());
    lines.next().is_some_and(|line| Some(line) == first)
}

/// Whether a line comes three times.
fn circles(shown: &str) -> bool {
    let lines: Vec<&str> = shown.lines().map(str::trim).filter(|line| line.len() > 3).collect();
    lines.iter().any(|line| lines.iter().filter(|other| *other == line).count() > 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_cut_to_what_belongs_to_the_place() {
        type Case<'c> = (&'c str, &'c str, &'c str, &'c str, Option<&'c str>);
        let cases: &[Case<'_>] = &[
            ("a value", "x = ", "\n", "1", Some("1")),
            (
                "the next function",
                "def f(a):\n    return ",
                "\n",
                "a\n\n\ndef g(b):\n    return b",
                Some("a"),
            ),
            (
                "a body",
                "def f(a):\n",
                "\n",
                "    b = a\n    return b\n\nprint(1)\n",
                Some("    b = a\n    return b\n\nprint(1)"),
            ),
            ("less indented", "    if a:\n        ", "\n", "b()\n    c()\nd()", Some("b()")),
            ("the rest of a line", "print(", ")\n", "a, b)\nprint(c)", Some("a, b")),
            ("a bracket is there", "f(a, ", ")", "b)", Some("b")),
            ("what comes behind", "a = 1\n", "\nc = 3\n", "b = 2\nc = 3\n", Some("b = 2")),
            ("nothing", "x", "\n", "  \n\n", None),
            ("the line before", "call(one)\n", "\n", "call(one)\n", None),
            ("circles", "", "", "add(1)\nadd(1)\nadd(1)\nadd(1)\n", None),
            ("a bracket nobody opened", "g(", "", "a))\nf)", Some("a))")),
            ("its own brackets", "x = ", "\n", "[f(1), {2: 3}]", Some("[f(1), {2: 3}]")),
        ];
        for (what, before, after, answer, shown) in cases {
            assert_eq!(judge(before, after, answer).as_deref(), *shown, "{what}");
        }
    }

    #[test]
    fn a_long_answer_ends_after_some_lines() {
        let answer: String = (0..40).map(|n| format!("step_{n}()\n")).collect();
        let shown = judge("", "", &answer).unwrap();
        assert_eq!(shown.lines().count(), LINES_MAX);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_a_beginning_of_the_answer(
            before in "[a-z(){} \n]{0,60}", after in "[a-z(){} \n]{0,60}", answer in "[a-z(){}世\\[\\] \n\t]{0,120}",
        ) {
            if let Some(shown) = judge(&before, &after, &answer) {
                prop_assert!(answer.starts_with(&shown));
                prop_assert!(!shown.trim().is_empty());
                prop_assert!(!shown.ends_with(char::is_whitespace));
                prop_assert!(shown.lines().count() <= LINES_MAX);
            }
        }
    }
}
