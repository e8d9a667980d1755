// SPDX-License-Identifier: Apache-2.0
//! Joins what two people made of one text, line by line.
//!
//! Both sides are compared with the text that they come from. What only one of them
//! changed is taken from that one, what both changed in the same way is taken once, and
//! where they changed the same lines differently, or lines next to each other, neither is
//! right: the place is reported and nothing is written.
//!
//! Source: Khanna, Kunal and Pierce, "A Formal Investigation of Diff3" (2007). Changes
//! that touch are one place, as in git's `xdl_merge`.
//!
//! Invariant: every line of the result comes from one of the sides or is in both; a change
//! of either side is in the result or is in a clash.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::lines::{self, Place};

/// A place where both sides changed the same lines, or lines that touch, differently.
/// Lines are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// The lines that both come from; empty where both only added.
    pub base: Range<usize>,
    /// What the user made of them.
    pub user: Range<usize>,
    /// What the session made of them.
    pub session: Range<usize>,
}

impl Clash {
    /// The lines of one side's text that a range names, as bytes.
    #[must_use]
    pub fn lines(text: &[u8], range: &Range<usize>) -> Vec<u8> {
        lines::lines(text).get(range.clone()).unwrap_or_default().concat()
    }
}

/// What came of joining two texts.
#[derive(Debug, PartialEq, Eq)]
pub enum Merged {
    /// One text with the changes of both.
    Clean(Vec<u8>),
    /// The places that only a person can settle, in order.
    Clashes(Vec<Clash>),
}

/// Joins `user` and `session`, which both come from `base`.
#[must_use]
pub fn merge(base: &[u8], user: &[u8], session: &[u8]) -> Merged {
    let (base_lines, user_lines, session_lines) =
        (lines::lines(base), lines::lines(user), lines::lines(session));
    let (mut ours, mut theirs) =
        (Side::new(lines::places(base, user)), Side::new(lines::places(base, session)));
    let (mut result, mut clashes) = (Vec::new(), Vec::new());
    let mut position = 0;
    while let Some(region) = next_region(&ours, &theirs) {
        let (user, session) = (ours.take(&region), theirs.take(&region));
        lines::push(&mut result, &base_lines, position..region.start);
        position = region.end;
        let made = user_lines.get(user.range.clone()).unwrap_or_default();
        let also = session_lines.get(session.range.clone()).unwrap_or_default();
        if session.is_unchanged || made == also {
            result.extend(made.iter().copied().flatten());
        } else if user.is_unchanged {
            result.extend(also.iter().copied().flatten());
        } else {
            clashes.push(Clash { base: region, user: user.range, session: session.range });
        }
    }
    lines::push(&mut result, &base_lines, position..base_lines.len());
    if clashes.is_empty() { Merged::Clean(result) } else { Merged::Clashes(clashes) }
}

/// The changes of one side, from the first that is not dealt with.
struct Side {
    places: Vec<Place>,
    next: usize,
    /// The end of the last change in the base and in this side's text.
    behind: (usize, usize),
}

/// What a side has where the base has a region.
struct Taken {
    range: Range<usize>,
    is_unchanged: bool,
}

impl Side {
    const fn new(places: Vec<Place>) -> Self {
        Self { places, next: 0, behind: (0, 0) }
    }

    fn peek(&self) -> Option<&Range<usize>> {
        self.places.get(self.next).map(|place| &place.before)
    }

    /// Takes the changes that begin in the region or at its end.
    fn take(&mut self, region: &Range<usize>) -> Taken {
        let (mut base, mut own) = self.behind;
        let start = own + (region.start - base);
        let first = self.next;
        while let Some(place) = self.places.get(self.next)
            && place.before.start <= region.end
        {
            (base, own) = (place.before.end, place.after.end);
            self.next += 1;
        }
        self.behind = (base, own);
        Taken { range: start..own + (region.end - base), is_unchanged: self.next == first }
    }
}

/// The lines of the base that the next change covers, with all changes that touch it.
fn next_region(ours: &Side, theirs: &Side) -> Option<Range<usize>> {
    let first = match (ours.peek(), theirs.peek()) {
        (Some(one), Some(other)) if other.start < one.start => other,
        (Some(one), _) => one,
        (None, other) => other?,
    };
    let mut region = first.clone();
    let (mut one, mut other) = (ours.next, theirs.next);
    loop {
        let before = (one, other);
        for (side, next) in [(ours, &mut one), (theirs, &mut other)] {
            while let Some(place) = side.places.get(*next)
                && place.before.start <= region.end
            {
                region.end = region.end.max(place.before.end);
                *next += 1;
            }
        }
        if (one, other) == before {
            return Some(region);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(base: &str, user: &str, session: &str) -> Option<String> {
        match merge(base.as_bytes(), user.as_bytes(), session.as_bytes()) {
            Merged::Clean(bytes) => Some(String::from_utf8(bytes).unwrap()),
            Merged::Clashes(_) => None,
        }
    }

    #[test]
    fn changes_in_different_places_are_joined_and_others_are_not() {
        let cases = [
            // Each side alone, both the same, neither.
            ("a\nb\nc\n", "a\nX\nc\n", "a\nb\nc\n", Some("a\nX\nc\n")),
            ("a\nb\nc\n", "a\nb\nc\n", "a\nX\nc\n", Some("a\nX\nc\n")),
            ("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", Some("a\nX\nc\n")),
            ("a\n", "a\n", "a\n", Some("a\n")),
            ("", "", "", Some("")),
            // Apart.
            ("a\nb\nc\n", "X\nb\nc\n", "a\nb\nY\n", Some("X\nb\nY\n")),
            ("a\nb\nc\n", "b\nc\n", "a\nb\nc\nd\n", Some("b\nc\nd\n")),
            ("a\nb\nc\nd\n", "0\na\nb\nc\nd\n", "a\nb\nd\n", Some("0\na\nb\nd\n")),
            // The same lines, lines that touch, two additions in one place.
            ("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", None),
            ("a\nb\nc\n", "X\nb\nc\n", "a\nY\nc\n", None),
            ("a\nc\n", "a\nX\nc\n", "a\nY\nc\n", None),
            ("", "X\n", "Y\n", None),
            ("a\nb\nc\n", "a\nc\n", "a\nX\nc\n", None),
            // A part that is equal and one that is not.
            ("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nX\n", "A\nb\nc\nd\ne\n", Some("A\nb\nc\nd\nX\n")),
            // Endings are content.
            ("a\nb\nc", "a\nb\nc\n", "X\nb\nc", Some("X\nb\nc\n")),
            ("a\r\nb\r\nc\r\n", "X\r\nb\r\nc\r\n", "a\r\nb\r\nY\r\n", Some("X\r\nb\r\nY\r\n")),
            ("a\nb\nc", "a\nb\nX", "a\nb\nc\n", None),
        ];
        for (base, user, session, expected) in cases {
            let shown = format!("{base:?} {user:?} {session:?}");
            assert_eq!(clean(base, user, session).as_deref(), expected, "{shown}");
            // Who is who makes no difference to a clean result.
            assert_eq!(clean(base, session, user).as_deref(), expected, "{shown}");
        }
    }

    #[test]
    fn a_clash_names_the_lines_of_all_three() {
        let base = b"0\na\nb\nc\nd\n";
        let (user, session) = (b"new\n0\na\nU\nc\nd\n", b"0\na\nS\nT\nc\nd\nmore\n");
        let Merged::Clashes(clashes) = merge(base, user, session) else { panic!("it clashes") };
        assert_eq!(clashes, [Clash { base: 2..3, user: 3..4, session: 2..4 }]);
        assert_eq!(Clash::lines(user, &clashes[0].user), b"U\n");
        assert_eq!(Clash::lines(session, &clashes[0].session), b"S\nT\n");
        assert_eq!(Clash::lines(base, &(9..12)), b"");
    }

    /// Small numbers, the same each time (xorshift64*).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
            usize::try_from(mixed).unwrap() % bound
        }
    }

    /// Changes lines of `base` of which `mine` are this side's, far from the other's.
    fn edit(base: &[String], dice: &mut Dice, mine: usize) -> Vec<Vec<String>> {
        let mut lines: Vec<Vec<String>> = base.iter().map(|line| vec![line.clone()]).collect();
        for (index, line) in lines.iter_mut().enumerate() {
            if (index / 4) % 2 == mine && index % 4 == 1 {
                match dice.below(4) {
                    0 => line.clear(),
                    1 => *line = vec![format!("changed {mine} {index}\n")],
                    2 => line.push(format!("added {mine} {index}\n")),
                    _ => {}
                }
            }
        }
        lines
    }

    #[test]
    fn edits_that_are_apart_are_all_in_the_result() {
        for seed in 1..200_u64 {
            let mut dice = Dice(seed);
            let base: Vec<String> = (0..40).map(|index| format!("line {index}\n")).collect();
            let (user, session) = (edit(&base, &mut dice, 0), edit(&base, &mut dice, 1));
            let both = user.iter().zip(&session).enumerate().map(|(index, (user, session))| {
                if (index / 4) % 2 == 0 { user.clone() } else { session.clone() }
            });
            let expected: String = both.flatten().collect();
            let flat = |lines: &[Vec<String>]| lines.iter().flatten().cloned().collect::<String>();
            let merged = clean(&base.concat(), &flat(&user), &flat(&session));
            assert_eq!(merged, Some(expected), "seed {seed}");
        }
    }
}
