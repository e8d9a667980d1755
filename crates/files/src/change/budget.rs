// SPDX-License-Identifier: Apache-2.0
//! How much one comparison takes in of what a session left behind.
//!
//! A command can leave far more than it paid for: holes and hard links cost no disk, names
//! cost little. What is compared is read, stored and shown by Moat itself, on the user's disk
//! and in memory that no bound of the command covers.
//!
//! Invariant: what a budget refuses is named or the set says that it is cut; it is never
//! part of a change.

use moat_base::TreePath;

use crate::change::LeftOut;
use crate::change::compare::Comparison;
use crate::limits::{
    CHANGES_MAX, COMPARED_BYTES_MAX, COMPARED_PATHS_BYTES_MAX, COMPARED_TEXT_BYTES_MAX,
    FILE_BYTES_MAX, LEFT_OUT_MAX,
};
use crate::stat::Stat;

/// What is left of each.
#[derive(Debug)]
pub(crate) struct Budget {
    content_bytes: u64,
    text_bytes: u64,
    path_bytes: u64,
    left_out: usize,
}

/// Whether there is room for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Left,
    Spent,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self {
            content_bytes: COMPARED_BYTES_MAX,
            text_bytes: COMPARED_TEXT_BYTES_MAX,
            path_bytes: COMPARED_PATHS_BYTES_MAX,
            left_out: LEFT_OUT_MAX,
        }
    }

    /// Takes room for the content of a file of this length. One that is too long to be read
    /// takes none.
    pub(crate) fn content(&mut self, length_bytes: u64) -> Room {
        let wanted = if length_bytes > FILE_BYTES_MAX { 0 } else { length_bytes };
        take(&mut self.content_bytes, wanted)
    }

    /// Takes room for both sides of a text that is shown.
    pub(crate) fn text(&mut self, length_bytes: usize) -> Room {
        take(&mut self.text_bytes, length_bytes as u64)
    }

    /// Takes room for a path of this length.
    pub(crate) fn path(&mut self, length_bytes: usize) -> Room {
        take(&mut self.path_bytes, length_bytes as u64)
    }

    /// Takes room for one thing that is left out.
    pub(crate) fn left_out(&mut self) -> Room {
        match self.left_out.checked_sub(1) {
            Some(rest) => {
                self.left_out = rest;
                Room::Left
            }
            None => Room::Spent,
        }
    }
}

impl Comparison<'_> {
    /// Whether no further path can be looked at.
    pub(super) fn is_full(&mut self, path: &TreePath) -> bool {
        let is_full = self.set.changes.len() >= CHANGES_MAX
            || self.budget.path(path.as_bytes().len()) == Room::Spent;
        self.set.truncated |= is_full;
        is_full
    }

    pub(super) fn may_read(&mut self, path: &TreePath, stat: &Stat) -> bool {
        let is_left = self.budget.content(stat.length_bytes) == Room::Left;
        if !is_left {
            self.cut(path, "there are more changed files than can be compared at once");
        }
        is_left
    }

    /// Names what there is no room for; keeping or dropping others makes some.
    pub(super) fn cut(&mut self, path: &TreePath, reason: &str) {
        self.set.truncated = true;
        self.note(path, reason.to_owned());
    }

    /// Names what is no part of the set.
    pub(super) fn note(&mut self, path: &TreePath, reason: String) {
        match self.budget.left_out() {
            Room::Left => self.set.left_out.push(LeftOut { path: path.clone(), reason }),
            Room::Spent => self.set.truncated = true,
        }
    }
}

fn take(left: &mut u64, wanted: u64) -> Room {
    match left.checked_sub(wanted) {
        Some(rest) => {
            *left = rest;
            Room::Left
        }
        None => Room::Spent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_stays_spent_and_small_things_still_fit() {
        let mut budget = Budget::new();
        let files = COMPARED_BYTES_MAX / FILE_BYTES_MAX;
        assert!((0..files).all(|_| budget.content(FILE_BYTES_MAX) == Room::Left));
        assert_eq!(budget.content(1), Room::Spent);
        assert_eq!(budget.content(0), Room::Left);
        // It is named without being read.
        assert_eq!(budget.content(FILE_BYTES_MAX + 1), Room::Left);
    }
}
