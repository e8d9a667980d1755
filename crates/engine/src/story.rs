// SPDX-License-Identifier: Apache-2.0
//! Which of a session's records count.
//!
//! Going back in the conversation takes no record away. The record that says so
//! stands after the one it goes back to, not after the one before it in the file; so
//! the records form a tree, and what counts is the way from the last one to the root.
//! Going forward again is going back to a record on another branch.
//!
//! Invariant: a record is never removed, and each stands after an earlier one.

use crate::record::{Point, Record};

/// Every record of a session, in the order of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Story(Vec<Told>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    record: Record,
    /// Which record it stands after; `None` for the first.
    after: Option<usize>,
}

impl Story {
    /// Adds a record after the last one.
    pub(crate) fn add(&mut self, record: Record) {
        let after = self.0.len().checked_sub(1);
        self.0.push(Told { record, after });
    }

    /// Adds a record after an earlier one: what lies between does not count any more.
    pub(crate) fn add_after(&mut self, place: usize, record: Record) {
        self.0.push(Told { record, after: Some(place) });
    }

    /// Finds the record that a point of the conversation stands after.
    pub(crate) fn place(&self, point: Point) -> Option<usize> {
        match point {
            Point::After(effect) => self.end_of(effect),
            Point::Before(effect) => self.begin_of(effect),
        }
    }

    /// The records that count when the conversation stands after `place`, in order.
    pub(crate) fn until(&self, place: usize) -> Vec<&Record> {
        let records = self.way_to(Some(place)).into_iter();
        records.filter_map(|at| self.0.get(at)).map(|told| &told.record).collect()
    }

    /// Which records count now, by their place in the session's file, in order.
    pub(crate) fn counting(&self) -> Vec<usize> {
        self.way_to(self.0.len().checked_sub(1))
    }

    /// The records that count when the conversation stands after `place`, by their place.
    pub(crate) fn way_to(&self, place: Option<usize>) -> Vec<usize> {
        let mut way = Vec::new();
        let mut next = place;
        while let Some((at, told)) = next.and_then(|at| Some((at, self.0.get(at)?))) {
            way.push(at);
            next = told.after;
        }
        way.reverse();
        way
    }

    fn end_of(&self, effect: u32) -> Option<usize> {
        let ends = |told: &Told| match &told.record {
            Record::Created { .. } => effect == 0,
            Record::Resolved { effect: it, .. } | Record::Lost { effect: it, .. } => *it == effect,
            Record::Forked { .. }
            | Record::TurnStarted { .. }
            | Record::Steered { .. }
            | Record::Asked { .. }
            | Record::Answered { .. }
            | Record::CheckAsked
            | Record::CheckGiven { .. }
            | Record::Intended { .. }
            | Record::Interrupted
            | Record::Resumed
            | Record::TurnFinished { .. } => false,
        };
        // A fork goes on from where it was made, whatever ended with that number before.
        let forks = |told: &Told| matches!(&told.record, Record::Forked { effects, .. } if *effects == effect);
        let forked = self.0.iter().rposition(forks);
        let mut place = forked.or_else(|| self.0.iter().position(ends))?;
        while let Some(next) = self.0.get(place + 1) {
            let begins_something = matches!(
                next.record,
                Record::Intended { .. } | Record::Asked { .. } | Record::TurnStarted { .. }
            );
            if begins_something || next.after != Some(place) {
                break;
            }
            place += 1;
        }
        Some(place)
    }

    fn begin_of(&self, effect: u32) -> Option<usize> {
        let begins = |told: &&Told| matches!(told.record, Record::Intended { effect: it, .. } if it == effect);
        let mut place = self.0.iter().find(begins)?.after?;
        while let Some(told) = self.0.get(place) {
            if !matches!(told.record, Record::Asked { .. } | Record::Answered { .. }) {
                break;
            }
            place = told.after?;
        }
        Some(place)
    }
}
