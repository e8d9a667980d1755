// SPDX-License-Identifier: Apache-2.0
//! Revisions of a draft: where the model would have written something else, and what.
//!
//! A small model that is asked for a corrected function mostly copies the function.
//! While it copies it is in doubt at the wrong place, and that can be read: the
//! draft is given to the model as if it were its own answer, and at each token the
//! likeliest other tokens are noted. The likeliest of all become branches; each
//! writes the rest of its line and then goes back to the draft. So every candidate
//! differs from the draft, no two are equal, and one costs a line and not a function.
//!
//! This file is the pure part: which branches, and what texts come of a branch.
//!
//! Sources: that code is less natural to a model where it is wrong: Ray et al., "On
//! the 'naturalness' of buggy code" (ICSE 2016). Repair by filling lines that were
//! taken out: Xia and Zhang, "Less training, more repairing please" (FSE 2022). Here
//! nothing is taken out: one pass over the draft scores all places at once.

use crate::limits::{ALTERNATIVE_NATS_MIN, ALTERNATIVES_MAX};

/// A token that the model might have written in place of the draft's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Branch {
    /// The index of the draft's token.
    pub(crate) at: usize,
    /// The other token.
    pub(crate) token: i32,
    /// The thousandths of the natural logarithm of its probability.
    pub(crate) millinats: i32,
}

/// Notes the likeliest tokens other than `written` at place `at`.
///
/// `logits` has one value for each token of the vocabulary.
pub(crate) fn alternatives(logits: &[f32], at: usize, written: i32, found: &mut Vec<Branch>) {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
    let normaliser = highest + sum.ln();
    let mut near: Vec<Branch> = (0_i32..)
        .zip(logits)
        .filter(|(token, logit)| *token != written && *logit - normaliser >= ALTERNATIVE_NATS_MIN)
        .map(|(token, logit)| Branch { at, token, millinats: millinats(logit - normaliser) })
        .collect();
    near.sort_by_key(|branch| std::cmp::Reverse(branch.millinats));
    found.extend(near.into_iter().take(ALTERNATIVES_MAX));
}

/// Puts the likeliest first; of equally likely ones the earlier in the draft.
pub(crate) fn rank(branches: &mut [Branch]) {
    branches.sort_by_key(|branch| (std::cmp::Reverse(branch.millinats), branch.at));
}

/// `nats` is the logarithm of a probability, so at most 0 but for rounding, and at
/// least [`ALTERNATIVE_NATS_MIN`].
fn millinats(nats: f32) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "it is between the limit and 0")]
    let rounded = (f64::from(nats) * 1000.0).clamp(f64::from(i32::MIN), 0.0).round() as i32;
    rounded
}

/// What a branch has written so far, seen from its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// It goes on.
    Open,
    /// It ends after this many bytes of what was written.
    Ends(usize),
}

/// Says whether what a branch wrote from byte `at` of the draft on ends its line.
///
/// A line has to say something: line ends before its first word do not count.
pub(crate) fn line(draft: &str, at: usize, written: &str) -> Line {
    let from = if says_something(draft.get(line_start(draft, at)..at).unwrap_or_default()) {
        0
    } else {
        written.len() - written.trim_start().len()
    };
    let rest = written.get(from..).unwrap_or_default();
    rest.find('\n').map_or(Line::Open, |length| Line::Ends(from + length))
}

/// The drafts that a branch leads to: its line in place of the draft's, and, where it
/// wrote a whole line, before it. A branch that wrote the draft's next line leaves one out.
pub(crate) fn texts(draft: &str, at: usize, written: &str) -> Vec<String> {
    let start = line_start(draft, at);
    let end = line_end(draft, at);
    let part = |from: usize, to: usize| draft.get(from..to).unwrap_or_default();
    let begun = part(start, at);
    let whole = format!("{begun}{written}");
    let (before, after) = (part(0, start), part(end, draft.len()));
    let next = after.strip_prefix('\n').map(|rest| rest.lines().next().unwrap_or_default());
    let mut texts = if next.is_some_and(|next| next.trim_end() == whole.trim_end()) {
        vec![format!("{before}{}", after.strip_prefix('\n').unwrap_or(after))]
    } else {
        vec![format!("{before}{whole}{after}")]
    };
    if !says_something(begun) {
        texts.push(format!("{before}{whole}\n{}", part(start, draft.len())));
    }
    texts.retain(|text| text != draft);
    texts
}

fn says_something(text: &str) -> bool {
    !text.trim().is_empty()
}

fn line_start(draft: &str, at: usize) -> usize {
    draft.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn line_end(draft: &str, at: usize) -> usize {
    let rest = draft.get(at..).unwrap_or_default();
    rest.find('\n').map_or(draft.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAFT: &str = "def f(a):\n    if a <= 1:\n        a = 2\n    return a";

    #[test]
    fn the_likeliest_other_tokens_are_noted() {
        let mut found = Vec::new();
        alternatives(&[2.0, 9.0, 8.0, -30.0, 7.0, 6.5], 4, 1, &mut found);
        let tokens: Vec<i32> = found.iter().map(|branch| branch.token).collect();
        assert_eq!(tokens, [2, 4, 5]);
        assert!(found.iter().all(|branch| branch.at == 4 && branch.millinats < 0));
        // The probabilities: e^9, e^8, e^7, e^6.5 and e^2 of their sum.
        assert_eq!(found[0].millinats, -1461);
        let mut none = Vec::new();
        alternatives(&[0.0, 40.0], 0, 1, &mut none);
        assert_eq!(none, []);
    }

    #[test]
    fn the_ranking_is_total() {
        let branch = |at, millinats| Branch { at, token: 0, millinats };
        let mut branches = [branch(3, -5), branch(1, -9), branch(2, -5)];
        rank(&mut branches);
        assert_eq!(branches, [branch(2, -5), branch(3, -5), branch(1, -9)]);
    }

    #[test]
    fn a_line_ends_after_its_first_word() {
        let inside = DRAFT.find("<=").unwrap();
        assert_eq!(line(DRAFT, inside, "< 1"), Line::Open);
        assert_eq!(line(DRAFT, inside, "< 1:\n   x"), Line::Ends(4));
        assert_eq!(line(DRAFT, inside, "\n"), Line::Ends(0));
        let outset = DRAFT.find("    return").unwrap();
        assert_eq!(line(DRAFT, outset, "\n\n"), Line::Open);
        assert_eq!(line(DRAFT, outset, "\n    a = 3\n"), Line::Ends(10));
    }

    #[test]
    fn a_line_is_replaced_put_before_or_left_out() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("<= 1", "< 1:", &["def f(a):\n    if a < 1:\n        a = 2\n    return a"]),
            (
                "    return",
                "    a += 1",
                &[
                    "def f(a):\n    if a <= 1:\n        a = 2\n    a += 1",
                    "def f(a):\n    if a <= 1:\n        a = 2\n    a += 1\n    return a",
                ],
            ),
            (
                "        a = 2",
                "    return a",
                &[
                    "def f(a):\n    if a <= 1:\n    return a",
                    "def f(a):\n    if a <= 1:\n    return a\n        a = 2\n    return a",
                ],
            ),
            ("<= 1", "<= 1:", &[]),
        ];
        for (place, written, expected) in cases {
            let at = DRAFT.find(place).unwrap();
            assert_eq!(texts(DRAFT, at, written), *expected, "{place} {written}");
        }
    }

    #[test]
    fn places_outside_the_draft_change_nothing_that_exists() {
        let end = DRAFT.len();
        assert_eq!(line(DRAFT, end, "x"), Line::Open);
        assert_eq!(texts(DRAFT, end, "x"), [format!("{DRAFT}x")]);
        // No token begins there; what comes is nonsense but no panic.
        assert_eq!(line(DRAFT, end + 9, "x"), Line::Open);
        assert_eq!(texts(DRAFT, end + 9, "x").len(), 2);
    }
}
