// SPDX-License-Identifier: Apache-2.0
//! Ends a turn that met a bound: its time, its number of effects, a denial, a
//! failure outside the turn, or a side effect of which nothing is known.

use moat_protocol::{Outcome, TaskKind};

use super::{Step, write};
use crate::limits::TURN_EFFECTS_MAX;
use crate::record::EffectOutcome;
use crate::state::{Trial, Turn};

const TIME_OVER: &str = "its time was over before a candidate passed";

pub(super) fn next(turn: &Turn) -> Option<Step> {
    if let Some(effect) = &turn.unknown {
        return Some(Step::Finish(Outcome::Unknown { effect: effect.clone() }));
    }
    let last = turn.done.last()?;
    match &last.outcome {
        EffectOutcome::Denied { rule } => {
            let reason = format!("{} was denied by the rule `{rule}`", last.intent.describe());
            return Some(Step::Finish(Outcome::Denied { reason }));
        }
        // What was cut off by the turn's own bound has not failed by itself.
        EffectOutcome::Failed { .. } if is_over(turn) => return stop(TIME_OVER),
        EffectOutcome::Failed { report } => {
            let reason = format!("could not {}: {}", last.intent.describe(), report.error);
            return Some(Step::Finish(Outcome::Failed { reason }));
        }
        EffectOutcome::CheckFound { .. }
        | EffectOutcome::Checked { .. }
        | EffectOutcome::Observed { .. }
        | EffectOutcome::Located { .. }
        | EffectOutcome::Answers { .. }
        | EffectOutcome::Tried { .. }
        | EffectOutcome::Applied { .. }
        | EffectOutcome::CommitsTaken { .. }
        | EffectOutcome::CommitsReturned { .. }
        | EffectOutcome::Moved { .. }
        | EffectOutcome::Ran { .. }
        | EffectOutcome::Rewound(_) => {}
    }
    // What the turn settled on is put in place even when the time is over.
    let settled = match turn.task.kind {
        TaskKind::Write => write::winner(turn).is_some(),
        TaskKind::Repair | TaskKind::Document | TaskKind::Explain | TaskKind::CommitMessage => {
            turn.tried().any(|trial: Trial<'_>| trial.passed())
        }
    };
    if settled {
        return None;
    }
    if is_over(turn) {
        return stop(TIME_OVER);
    }
    if turn.done.len() >= TURN_EFFECTS_MAX {
        return stop("it met the limit of effects in one turn");
    }
    None
}

fn stop(reason: &str) -> Option<Step> {
    Some(Step::Finish(Outcome::Stopped { reason: reason.into() }))
}

/// Whether the turn's time is over; each effect's time was rounded down.
fn is_over(turn: &Turn) -> bool {
    let rounded = u64::try_from(turn.done.len()).unwrap_or(u64::MAX);
    turn.spent_ms().saturating_add(rounded) >= turn.task.time_limit_ms
}
