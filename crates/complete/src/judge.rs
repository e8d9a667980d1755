// SPDX-License-Identifier: Apache-2.0
//! What of a model's answer is shown at the cursor.
//!
//! A completion that is wrong costs more than none: it is read, and it moves the text about.
//! So an answer is cut to the part that belongs to the place, and dropped where it repeats what
//! is there, runs in circles, or closes what nobody opened.
//!
//! Invariant: what is shown is a beginning of the answer, or nothing.

use crate::bracket::Owed;
use crate::limits::LINES_MAX;

/// Whether an answer is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The model ended it, or whoever asked had enough.
    ByItself,
    /// The model was not allowed to write more.
    AtLimit,
}

/// What of `answer` is shown between `before` and `after`; nothing when nothing good is left.
#[must_use]
pub fn judge(before: &str, after: &str, answer: &str, ended: Ended) -> Option<String> {
    let mut shown = answer.get(..cut(before, after, answer)).unwrap_or_default();
    // The last of several lines may be half of one.
    if ended == Ended::AtLimit
        && shown.len() == answer.len()
        && let Some((whole, _half)) = shown.rsplit_once('\n')
    {
        shown = whole;
    }
    let shown = shown.trim_end();
    let useless = shown.trim().is_empty()
        || repeats_before(before, shown)
        || repeats_behind(before, after, shown)
        || circles(shown);
    (!useless).then(|| shown.to_owned())
}

/// Whether more of an answer would not be shown, so that nobody needs to wait for it.
#[must_use]
pub fn is_settled(before: &str, after: &str, so_far: &str) -> bool {
    // What a line is becomes known with its first letter, what it says with its end.
    let begun = so_far.trim_end_matches([' ', '\t']);
    let begun = if begun.ends_with('\n') { begun } else { so_far };
    let place = Place::of(before, after);
    if place.block(begun) < begun.len() {
        return true;
    }
    let whole = so_far.rfind('\n').map_or("", |at| so_far.get(..=at).unwrap_or_default());
    cut(before, after, whole) < whole.len()
}

/// How much of an answer belongs to the place.
fn cut(before: &str, after: &str, answer: &str) -> usize {
    let place = Place::of(before, after);
    let mut shown = answer.get(..place.block(answer)).unwrap_or_default();
    shown = before_repetition(shown, after);
    if place.within_line {
        shown = without_tail(shown, place.rest_of_line.trim());
    }
    if let Some(at) = Owed::at(before, after).first_stray(shown) {
        shown = shown.get(..at).unwrap_or_default();
    }
    lines(shown, LINES_MAX).len()
}

/// Where the cursor stands.
struct Place<'a> {
    indent: usize,
    begins_line: bool,
    within_line: bool,
    rest_of_line: &'a str,
}

impl<'a> Place<'a> {
    fn of(before: &str, after: &'a str) -> Self {
        let line_before = before.rsplit('\n').next().unwrap_or_default();
        let rest_of_line = after.split('\n').next().unwrap_or_default();
        Self {
            indent: indentation(line_before),
            begins_line: line_before.trim().is_empty(),
            within_line: !rest_of_line.trim().is_empty(),
            rest_of_line,
        }
    }

    /// Where the block ends in which the cursor stands: at a line that is indented less, or,
    /// behind a whole statement, at an empty line. In the middle of a line only that line is
    /// completed.
    fn block(&self, answer: &str) -> usize {
        if self.within_line {
            return answer.find('\n').unwrap_or(answer.len());
        }
        let mut length = 0;
        let mut empty = 0;
        for (number, line) in answer.split_inclusive('\n').enumerate() {
            let blank = line.trim().is_empty();
            let first = number == 0;
            if !first && !blank && indentation(line) < self.indent {
                break;
            }
            // At the outermost level another statement is another thing.
            if !first
                && !blank
                && empty > 0
                && (self.indent > 0 || !self.begins_line)
                && indentation(line) <= self.indent
            {
                break;
            }
            empty = if blank && !first { empty + 1 } else { 0 };
            if empty > 1 {
                break;
            }
            length += line.len();
        }
        length
    }
}

/// How many columns a line is indented; a tab counts as eight.
fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 8 } else { 1 }).sum()
}

/// Takes off the end what stands behind the cursor already, such as a closing bracket.
fn without_tail<'a>(shown: &'a str, tail: &str) -> &'a str {
    shown.strip_suffix(tail).unwrap_or(shown)
}

/// The first line below the cursor that says something.
fn line_below(after: &str) -> Option<&str> {
    after.lines().skip(1).map(str::trim).find(|line| line.len() > 2)
}

/// Cuts before a line that stands behind the cursor already.
fn before_repetition<'a>(shown: &'a str, after: &str) -> &'a str {
    let Some(next) = line_below(after) else { return shown };
    let mut length = 0;
    for (number, line) in shown.split_inclusive('\n').enumerate() {
        if number > 0 && line.trim() == next {
            break;
        }
        length += line.len();
    }
    shown.get(..length).unwrap_or(shown)
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

/// Whether the line of the cursor would become the one below it.
fn repeats_behind(before: &str, after: &str, shown: &str) -> bool {
    let line_before = before.rsplit('\n').next().unwrap_or_default();
    let rest_of_line = after.split('\n').next().unwrap_or_default();
    let first = shown.split('\n').next().unwrap_or_default();
    let whole = format!("{line_before}{first}{rest_of_line}");
    !whole.trim().is_empty() && line_below(after) == Some(whole.trim())
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
            (
                "a bracket is there before more",
                "range(",
                "):\n    pass",
                "retries)",
                Some("retries"),
            ),
            ("brackets are there below", "f(\n    a,\n    ", "\n)\n", "b)", Some("b")),
            ("brackets that are owed", "f(a, [", "\n", "b])", Some("b])")),
            ("what comes behind", "a = 1\n", "\nc = 3\n", "b = 2\nc = 3\n", Some("b = 2")),
            ("the line below", "    ", "\n    return a\n", "return a", None),
            ("nothing", "x", "\n", "  \n\n", None),
            ("the line before", "call(one)\n", "\n", "call(one)\n", None),
            ("circles", "", "", "add(1)\nadd(1)\nadd(1)\nadd(1)\n", None),
            ("a bracket nobody opened", "g(", "", "a))\nf)", Some("a)")),
            ("only a bracket nobody opened", "g()", "", ")", None),
            ("its own brackets", "x = ", "\n", "[f(1), {2: 3}]", Some("[f(1), {2: 3}]")),
            ("a bracket in a text", "x = ", "\n", "f(')')", Some("f(')')")),
        ];
        for (what, before, after, answer, shown) in cases {
            let found = judge(before, after, answer, Ended::ByItself);
            assert_eq!(found.as_deref(), *shown, "{what}");
        }
    }

    #[test]
    fn a_long_answer_ends_after_some_lines() {
        let answer: String = (0..40).map(|n| format!("step_{n}()\n")).collect();
        let shown = judge("", "", &answer, Ended::ByItself).unwrap();
        assert_eq!(shown.lines().count(), LINES_MAX);
    }

    #[test]
    fn half_a_line_at_the_limit_is_not_shown_below_whole_ones() {
        let shown = |answer| judge("    ", "\n", answer, Ended::AtLimit);
        assert_eq!(shown("a = 1\n    b = a +").as_deref(), Some("a = 1"));
        assert_eq!(shown("a = long_name").as_deref(), Some("a = long_name"));
        // What was cut elsewhere lost nothing at the limit.
        assert_eq!(shown("a = 1\n    b = 2\nc").as_deref(), Some("a = 1\n    b = 2"));
    }

    #[test]
    fn what_would_not_be_shown_is_not_waited_for() {
        for (before, after, so_far, settled) in [
            ("print(", ")\n", "a, b", false),
            ("print(", ")\n", "a, b)\n", true),
            ("    return ", "\n", "a", false),
            ("    return ", "\n", "a\n", false),
            ("    return ", "\n", "a\n\n\n", true),
            ("    return ", "\n", "a\nd", true),
            ("    return ", "\n", "a\n    ", false),
            ("    return ", "\n", "a\n  ", false),
            ("    return ", "\n", "a\n\n    b", true),
            ("f(", "", "a))", false),
            ("f(", "", "a))\n", true),
            ("", "\nend()\n", "a\nend()", false),
            ("", "\nend()\n", "a\nend()\n", true),
        ] {
            assert_eq!(is_settled(before, after, so_far), settled, "{before:?} {so_far:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_a_beginning_of_the_answer(
            before in "[a-z(){} \n]{0,60}", after in "[a-z(){} \n]{0,60}", answer in "[a-z(){}世\\[\\] \n\t]{0,120}",
        ) {
            if let Some(shown) = judge(&before, &after, &answer, Ended::ByItself) {
                prop_assert!(answer.starts_with(&shown));
                prop_assert!(!shown.trim().is_empty());
                prop_assert!(!shown.ends_with(char::is_whitespace));
                prop_assert!(shown.lines().count() <= LINES_MAX);
            }
        }

        #[test]
        fn what_is_settled_stays_as_it_is(
            before in "[a-z(){} \n]{0,40}", after in "[a-z() \n]{0,30}", so_far in "[a-z(){} \n]{0,60}", more in "[a-z(){} \n]{0,60}",
        ) {
            if is_settled(&before, &after, &so_far) {
                let shown = judge(&before, &after, &so_far, Ended::ByItself);
                let longer = judge(&before, &after, &format!("{so_far}{more}"), Ended::ByItself);
                prop_assert_eq!(shown, longer);
            }
        }
    }
}
