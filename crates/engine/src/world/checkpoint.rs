// SPDX-License-Identifier: Apache-2.0
//! Checkpoints around effects, commands in the session, and going back.
//!
//! Before an effect that may change the session's files, a checkpoint is taken of
//! whatever changed without one; after it another. So each state that an effect
//! found or left can be returned to, and a command that is killed half way leaves
//! the state before it.

use std::path::Path;

use moat_base::{Report, Timestamp, TreePath};
use moat_files::{Checkpoint, Checkpoints, LeftOut, Rewind, Wish};
use moat_protocol as protocol;
use moat_protocol::{Event, Level, PathChange, RewindPlan, RewindScope, Rewound};

use super::check::{Reading, run};
use super::ground::Ground;
use super::local::{CatchUp, LocalWorld};
use super::{SESSION, Setback, Settled, Waypoint};
use crate::limits::{REWIND_LEFT_MAX, REWIND_PATHS_MAX};
use crate::record::{Effect, EffectOutcome, Point};

impl LocalWorld {
    /// Makes sure that the state between two turns can be returned to, the start of the
    /// session included. A turn that only asks leaves no other checkpoint.
    pub(super) fn checkpoint_between(&mut self, point: Point, live: &mut dyn FnMut(Event)) {
        if !self.checkpoints.are_possible() {
            return;
        }
        let newest = self.checkpoints.list().last().map(|it| it.mark);
        let is_there = newest == Some(mark_of(point));
        let wish = if is_there { Wish::WhenChanged } else { Wish::Always };
        let words = match point {
            Point::After(0) => "the start of the session",
            Point::After(_) | Point::Before(_) => "the end of the turn before a message",
        };
        match self.take(wish, words, point, &[]) {
            Ok(taken) => live_if_new(taken, live),
            // A session opens on a full disk, too. Then the first effect tries again, and says
            // or refuses what it must.
            Err(_first_effect_tries_again) => {}
        }
    }

    /// Makes sure that the state before an effect can be returned to.
    pub(super) fn checkpoint_before(
        &mut self,
        (effect, intent): (u32, &Effect),
        live: &mut dyn FnMut(Event),
    ) -> Result<(), Setback> {
        if !intent.leaves_a_trace() || !self.checkpoints.are_possible() {
            return Ok(());
        }
        let point = Point::Before(effect);
        let taken = if let Effect::Rewind { to, .. } = intent {
            let words = format!("all that came before going back to checkpoint {to}");
            self.take(Wish::Always, &words, point, &[*to])
        } else {
            self.take(Wish::WhenChanged, "what was found in the session", point, &[])
        };
        match taken {
            Ok(taken) => live_if_new(taken, live),
            // A full disk must not keep the work in the session. Keeping leaves its files be.
            Err(Setback::Failed(report)) if intent.spares_the_session() => live(warning(&report)),
            Err(setback) => return Err(setback),
        }
        Ok(())
    }

    /// Makes the state after an effect one that can be returned to. Without that the effect
    /// stands, and a person is told.
    pub(super) fn checkpoint_after(
        &mut self,
        (effect, intent): (u32, &Effect),
        outcome: &Result<EffectOutcome, Setback>,
        live: &mut dyn FnMut(Event),
    ) {
        if !intent.leaves_a_trace() {
            return;
        }
        if !self.checkpoints.are_possible() {
            self.ledger.note();
            return;
        }
        let (wish, words) = match (intent, outcome) {
            (_, Err(_)) => (Wish::WhenChanged, format!("{} (interrupted)", intent.describe())),
            (_, Ok(_)) if intent.spares_the_session() => (Wish::WhenChanged, intent.describe()),
            (_, Ok(_)) => (Wish::Always, intent.describe()),
        };
        let pinned = if let Effect::Rewind { to, .. } = intent { vec![*to] } else { Vec::new() };
        match self.take(wish, &words, Point::After(effect), &pinned) {
            Ok(taken) => live_if_new(taken, live),
            Err(Setback::Failed(report)) => {
                self.ledger.note();
                live(warning(&report));
            }
            Err(Setback::Stopped) => {}
        }
    }

    /// Runs a command in the session itself.
    pub(super) fn run_in_session(
        &self,
        (effect, intent): (u32, &Effect),
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let mut how = self.invoke((effect, intent), None)?;
        how.place = SESSION;
        how.reading = Reading::Plain;
        let ran = run(self.ground.session()?, how, &self.stop, live)?;
        Ok(EffectOutcome::Ran { status: ran.status, output: ran.output })
    }

    /// Goes back to a checkpoint.
    pub(super) fn rewind(&mut self, to: u32, scope: RewindScope) -> Result<EffectOutcome, Setback> {
        let mut rewind = Rewind::default();
        if scope.has_code() {
            // What is still read from the old mount would hold it, and is old.
            self.ahead = None;
            let (checkpoints, ledger) = (&mut self.checkpoints, &mut self.ledger);
            let mut went = None;
            let renewed = self.ground.renew(|| went = Some(ledger.go_back(checkpoints, to)));
            let Some(went) = went else {
                return renewed.and(Err(Setback::Stopped));
            };
            rewind = went.map_err(|error| Setback::of(&error))?;
            // It happened, also when the tree could not be mounted again: that is tried again
            // before the next effect.
            self.ground.forget_first_run();
            self.catch_up = CatchUp::Needed;
        }
        Ok(EffectOutcome::Rewound(self.rewound(to, scope, &rewind)?))
    }

    /// Whether an interrupted rewind happened: it does as a whole or not at all.
    pub(super) fn settle_rewind(&mut self, to: u32, scope: RewindScope) -> Settled {
        if !scope.has_code() {
            return Settled::NotDone;
        }
        match self.checkpoints.is_at(to) {
            Ok(false) => Settled::NotDone,
            Ok(true) => match self.rewound(to, scope, &Rewind::default()) {
                Ok(rewound) => Settled::Done(EffectOutcome::Rewound(rewound)),
                Err(_) => Settled::Unknown,
            },
            Err(_) => Settled::Unknown,
        }
    }

    pub(super) fn waypoints_of(&self) -> Vec<Waypoint> {
        let point = |it: &Checkpoint| Waypoint { number: it.number, point: point_of(it.mark) };
        self.checkpoints.list().iter().map(point).collect()
    }

    pub(super) fn plan_of(&mut self, to: u32) -> Result<RewindPlan, Setback> {
        let rewind = self.checkpoints.preview(self.ledger.real(), to);
        let rewind = rewind.map_err(|error| Setback::of(&error))?;
        Ok(RewindPlan {
            changes: shown(&rewind),
            changed: count(&rewind),
            left: left(&rewind.left_out),
            kept: self.kept_without(to)?,
            ..RewindPlan::empty(to, RewindScope::Code)
        })
    }

    fn rewound(&self, to: u32, scope: RewindScope, rewind: &Rewind) -> Result<Rewound, Setback> {
        let list = self.checkpoints.list();
        let is_before = |it: &&Checkpoint| matches!(point_of(it.mark), Point::Before(_));
        let before = list.iter().rev().find(is_before).map_or(to, |it| it.number);
        let (changes, changed) = (shown(rewind), count(rewind));
        let kept = if scope.has_code() { self.kept_without(to)? } else { Vec::new() };
        Ok(Rewound { to, scope, before, changes, changed, left: left(&rewind.left_out), kept })
    }

    /// What was kept and a checkpoint has nothing of its own for.
    fn kept_without(&self, to: u32) -> Result<Vec<TreePath>, Setback> {
        let kept = self.ledger.kept()?;
        let held = self.checkpoints.holds(to, &kept).map_err(|error| Setback::of(&error))?;
        let others = kept.into_iter().filter(|path| !held.contains(path));
        Ok(others.take(REWIND_PATHS_MAX).collect())
    }

    fn take(
        &mut self,
        wish: Wish,
        words: &str,
        point: Point,
        pinned: &[u32],
    ) -> Result<Taken, Setback> {
        let known = self.checkpoints.list().last().map(|last| last.number);
        let at: Timestamp = self.clock.now();
        let (ledger, what) = (&mut self.ledger, (at, words, mark_of(point)));
        let taken = self.checkpoints.take(wish, what, pinned, &mut |it| Ok(ledger.origins(it)));
        let taken = taken.map_err(|error| Setback::of(&error))?;
        Ok(if known == Some(taken.number) { Taken::Before } else { Taken::Now(taken) })
    }
}

/// Opens the checkpoints of a session in its directory. Its changes lie in `base`.
pub(super) fn open(directory: &Path, base: &Path) -> Result<Checkpoints, Setback> {
    Checkpoints::open(&directory.join("files"), &base.join("upper"))
        .map_err(|error| Setback::of(&error))
}

/// Gives a session that was forked its files, where nobody opened it yet.
pub(super) fn unfold(ground: &mut Ground, checkpoints: &mut Checkpoints) -> Result<(), Setback> {
    if checkpoints.awaited().map_err(|error| Setback::of(&error))?.is_none() {
        return Ok(());
    }
    let mut unfolded = Ok(());
    let renewed = ground.renew(|| unfolded = checkpoints.unfold());
    unfolded.map_err(|error| Setback::of(&error))?;
    renewed
}

/// What came of the wish for a checkpoint.
enum Taken {
    /// Nothing had changed since the last one.
    Before,
    /// There is a new one.
    Now(Checkpoint),
}

fn live_if_new(taken: Taken, live: &mut dyn FnMut(Event)) {
    if let Taken::Now(checkpoint) = taken {
        live(Event::Checkpointed(told(&checkpoint)));
    }
}

/// A checkpoint as front ends are told of it.
pub(crate) fn told(checkpoint: &Checkpoint) -> protocol::Checkpoint {
    protocol::Checkpoint {
        number: checkpoint.number,
        at: checkpoint.at,
        after: checkpoint.after.clone(),
        differing: checkpoint.differing,
        uncovered: checkpoint.uncovered,
    }
}

fn warning(report: &Report) -> Event {
    let cause = report.causes.first().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("no checkpoint could be taken of this: {}{cause}", report.error);
    Event::Notice { level: Level::Warning, text }
}

/// A point of the conversation as the number that is stored with a checkpoint.
pub(crate) const fn mark_of(point: Point) -> u64 {
    match point {
        Point::Before(effect) => (effect as u64) << 1,
        Point::After(effect) => ((effect as u64) << 1) | 1,
    }
}

/// The point of the conversation that is stored with a checkpoint.
pub(crate) fn point_of(mark: u64) -> Point {
    let effect = u32::try_from(mark >> 1).unwrap_or(u32::MAX);
    if mark & 1 == 0 { Point::Before(effect) } else { Point::After(effect) }
}

fn shown(rewind: &Rewind) -> Vec<PathChange> {
    let change = |(path, kind): &(TreePath, moat_files::ChangeKind)| PathChange {
        path: path.clone(),
        kind: super::files::kind_of(*kind),
    };
    rewind.changes.iter().take(REWIND_PATHS_MAX).map(change).collect()
}

fn count(rewind: &Rewind) -> u64 {
    u64::try_from(rewind.changes.len()).unwrap_or(u64::MAX)
}

fn left(left_out: &[LeftOut]) -> Vec<protocol::Refusal> {
    let refusal = |it: &LeftOut| protocol::Refusal {
        path: it.path.clone(),
        reason: it.reason.clone(),
        confirm: None,
    };
    left_out.iter().take(REWIND_LEFT_MAX).map(refusal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_the_conversation_survives_as_a_number() {
        for point in [Point::After(0), Point::Before(1), Point::After(7), Point::Before(u32::MAX)] {
            assert_eq!(point_of(mark_of(point)), point);
        }
    }
}
