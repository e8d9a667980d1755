// SPDX-License-Identifier: Apache-2.0
//! The differences between two texts, in lines, and how to apply some of them.
//!
//! A line is bytes up to and with its newline, so that line endings and a missing
//! last newline are content like any other. Places that are close together form
//! one hunk, as in a unified diff with three lines of context: what a person sees
//! as one piece is one piece.
//!
//! Source: histogram diff as in git and JGit, by `imara-diff`; unified format as
//! in the manual of GNU diffutils.
//!
//! Invariant: applying all hunks gives the second text, applying none the first.

use std::collections::HashMap;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Token};
use moat_base::visible;
use serde::{Deserialize, Serialize};

/// The longest text that is compared line by line; longer ones count as binary.
const DIFF_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The most pairs of equal lines, one of each text, that a comparison goes through, outside
/// of the common beginning and end. With more, all between is one difference: the work grows
/// with the pairs, and a session can write thousands of equal lines at no cost.
const DIFF_PAIRS_MAX: u64 = 20_000_000;

/// One place where two texts differ. Lines are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The lines of the first text that are replaced; empty for an insertion.
    pub before: Range<usize>,
    /// The lines of the second text that replace them; empty for a removal.
    pub after: Range<usize>,
    /// How many lines are new.
    pub lines_added: usize,
    /// How many lines are gone.
    pub lines_removed: usize,
}

/// How many unchanged lines are shown around a hunk.
const CONTEXT_LINES: usize = 3;

/// Whether bytes are shown and compared as lines.
#[must_use]
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= DIFF_BYTES_MAX && !bytes.contains(&0) && str::from_utf8(bytes).is_ok()
}

/// The hunks that turn one text into the other.
#[must_use]
pub fn hunks(before: &[u8], after: &[u8]) -> Vec<Hunk> {
    let groups = groups(before, after).into_iter();
    groups.map(|group| group.hunk).collect()
}

/// Applies the hunks with these numbers, counted from 1, to the first text.
#[must_use]
pub fn apply(before: &[u8], after: &[u8], numbers: &[usize]) -> Vec<u8> {
    let (old, new) = (lines(before), lines(after));
    let mut result = Vec::with_capacity(before.len().max(after.len()));
    let mut position = 0;
    for (index, hunk) in hunks(before, after).iter().enumerate() {
        push(&mut result, &old, position..hunk.before.start);
        if numbers.contains(&(index + 1)) {
            push(&mut result, &new, hunk.after.clone());
        } else {
            push(&mut result, &old, hunk.before.clone());
        }
        position = hunk.before.end;
    }
    push(&mut result, &old, position..old.len());
    result
}

/// Renders the hunks for people; the text passes through [`visible`].
#[must_use]
pub fn unified(before: &[u8], after: &[u8]) -> String {
    let (old, new) = (lines(before), lines(after));
    // A carriage return is worth showing only where not every line has one.
    let endings = if old.iter().chain(&new).all(|line| line.ends_with(b"\r\n")) {
        Endings::Hidden
    } else {
        Endings::Shown
    };
    let mut text = String::new();
    for Group { hunk, places } in groups(before, after) {
        let lead = hunk.before.start.min(CONTEXT_LINES);
        let trail = (old.len() - hunk.before.end).min(CONTEXT_LINES);
        text.push_str(&format!(
            "@@ -{} +{} @@\n",
            span(hunk.before.start - lead, hunk.before.end + trail),
            span(hunk.after.start - lead, hunk.after.end + trail),
        ));
        let mut rows = Rows { text: &mut text, endings };
        rows.add(' ', &old, hunk.before.start - lead..hunk.before.start);
        let mut position = hunk.before.start;
        for place in places {
            rows.add(' ', &old, position..place.before.start);
            position = place.before.end;
            rows.add('-', &old, place.before);
            rows.add('+', &new, place.after);
        }
        rows.add(' ', &old, hunk.before.end..hunk.before.end + trail);
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Endings {
    Shown,
    Hidden,
}

struct Rows<'text> {
    text: &'text mut String,
    endings: Endings,
}

impl Rows<'_> {
    fn add(&mut self, sign: char, lines: &[&[u8]], range: Range<usize>) {
        for line in lines.get(range).unwrap_or_default() {
            let (body, ended) = match line.strip_suffix(b"\n") {
                Some(body) => (body, true),
                None => (*line, false),
            };
            let body = match self.endings {
                Endings::Hidden => body.strip_suffix(b"\r").unwrap_or(body),
                Endings::Shown => body,
            };
            let body = String::from_utf8_lossy(body);
            self.text.push(sign);
            self.text.push_str(&visible(&body));
            self.text.push('\n');
            if !ended {
                self.text.push_str("\\ No newline at end of file\n");
            }
        }
    }
}

/// A hunk and the places in it, between which lines stay.
struct Group {
    hunk: Hunk,
    places: Vec<Place>,
}

/// Lines of the first text that became others in the second.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) before: Range<usize>,
    pub(crate) after: Range<usize>,
}

/// The places where two texts differ, in order, with at least a line between them. Of texts
/// that repeat too much to be compared, all between their common ends is one.
pub(crate) fn places(before: &[u8], after: &[u8]) -> Vec<Place> {
    let input = InternedInput::new(before, after);
    let middle = Middle::of(&input);
    if middle.is_costly(&input) {
        return vec![middle.0];
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let place = |place: imara_diff::Hunk| Place {
        before: widen(&place.before),
        after: widen(&place.after),
    };
    diff.hunks().map(place).collect()
}

/// Whether two texts are shown as one difference, because they repeat too much.
#[must_use]
pub fn is_too_repetitive(before: &[u8], after: &[u8]) -> bool {
    let input = InternedInput::new(before, after);
    Middle::of(&input).is_costly(&input)
}

/// What lies between the common beginning and the common end of two texts.
struct Middle(Place);

impl Middle {
    fn of(input: &InternedInput<&[u8]>) -> Self {
        let (before, after) = (&input.before, &input.after);
        let start = before.iter().zip(after).take_while(|(one, other)| one == other).count();
        let rests = (before.iter().skip(start).rev(), after.iter().skip(start).rev());
        let end = rests.0.zip(rests.1).take_while(|(one, other)| one == other).count();
        Self(Place { before: start..before.len() - end, after: start..after.len() - end })
    }

    /// Whether more pairs of equal lines lie in the middle than are gone through. The work of
    /// a comparison grows with them; counting them takes one look at each line.
    fn is_costly(&self, input: &InternedInput<&[u8]>) -> bool {
        let mut counts: HashMap<Token, u64> = HashMap::new();
        for line in input.before.get(self.0.before.clone()).unwrap_or_default() {
            *counts.entry(*line).or_default() += 1;
        }
        let lines = input.after.get(self.0.after.clone()).unwrap_or_default();
        let pairs: u64 = lines.iter().map(|line| counts.get(line).copied().unwrap_or(0)).sum();
        pairs > DIFF_PAIRS_MAX
    }
}

fn groups(before: &[u8], after: &[u8]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for place in places(before, after) {
        let near =
            |group: &&mut Group| place.before.start - group.hunk.before.end <= 2 * CONTEXT_LINES;
        if let Some(Group { hunk, places }) = groups.last_mut().filter(near) {
            hunk.before.end = place.before.end;
            hunk.after.end = place.after.end;
            hunk.lines_added += place.after.len();
            hunk.lines_removed += place.before.len();
            places.push(place);
        } else {
            let hunk = Hunk {
                before: place.before.clone(),
                after: place.after.clone(),
                lines_added: place.after.len(),
                lines_removed: place.before.len(),
            };
            groups.push(Group { hunk, places: vec![place] });
        }
    }
    groups
}

/// A range of the unified format: an empty one names the line before it.
fn span(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// The lines of a text, each with its ending.
#[must_use]
pub fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Appends some lines of a text.
pub(crate) fn push(result: &mut Vec<u8>, lines: &[&[u8]], range: Range<usize>) {
    for line in lines.get(range).unwrap_or_default() {
        result.extend_from_slice(line);
    }
}

fn widen(range: &Range<u32>) -> Range<usize> {
    let index = |value| usize::try_from(value).unwrap_or(usize::MAX);
    index(range.start)..index(range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines drawn from three values, in an order that does not repeat.
    fn drawn(count: usize, seed: usize) -> String {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            ["a\n", "b\n", "c\n"][(state >> 33) % 3]
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn texts_that_repeat_too_much_are_one_hunk_between_their_common_ends() {
        let framed = |middle: &str| format!("first\n{middle}last\n");
        let (before, after) = (framed(&drawn(20_000, 1)), framed(&drawn(20_000, 2)));
        let (before, after) = (before.as_bytes(), after.as_bytes());
        assert!(is_too_repetitive(before, after));
        let found = hunks(before, after);
        assert_eq!(found.len(), 1);
        assert!(found[0].before.start >= 1 && found[0].before.end <= 20_001, "{found:?}");
        assert_eq!(found[0].lines_removed, found[0].before.len());
        assert_eq!(apply(before, after, &[1]), after);
        assert_eq!(apply(before, after, &[]), before);
        assert!(unified(before, after).starts_with("@@ -"));

        // The control: with fewer lines of the same kind, each place is a hunk of its own.
        let (before, after) = (drawn(2_000, 1), drawn(2_000, 2));
        assert!(!is_too_repetitive(before.as_bytes(), after.as_bytes()));
        assert!(places(before.as_bytes(), after.as_bytes()).len() > 100);
        // What both begin and end with costs nothing.
        let text = drawn(100_000, 1);
        let other = format!("{text}new\n{text}");
        let before = format!("{text}{text}");
        assert_eq!(hunks(before.as_bytes(), other.as_bytes()).len(), 1);
        assert!(!is_too_repetitive(before.as_bytes(), other.as_bytes()));
    }
}
