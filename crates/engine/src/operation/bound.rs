// SPDX-License-Identifier: Apache-2.0
//! Ends a turn that met a bound: its time, its number of effects, a denial, a
//! failure outside the turn, or a side effect of which nothing is known.

use moat_protocol::Outcome;

use super::Step;
use crate::limits::TURN_EFFECTS_MAX;
use crate::record::EffectOutcome;
use crate::state::{Trial, Turn};

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
        EffectOutcome::Failed { report } => {
            let reason = format!("could not {}: {}", last.intent.describe(), report.error);
            return super::not_solved(reason);
        }
        EffectOutcome::CheckFound { .. }
        | EffectOutcome::Checked { .. }
        | EffectOutcome::Observed { .. }
        | EffectOutcome::Located { .. }
        | EffectOutcome::Answers { .. }
        | EffectOutcome::Tried { .. }
        | EffectOutcome::Applied { .. }
        | EffectOutcome::Moved { .. } => {}
    }
    // A candidate that passed is put in place even when the time is over.
    if turn.tried().any(|trial: Trial<'_>| trial.passed()) {
        return None;
    }
    let stop = |reason: &str| Some(Step::Finish(Outcome::Stopped { reason: reason.into() }));
    if turn.spent_ms() >= turn.task.time_limit_ms {
        return stop("its time was over before a candidate passed");
    }
    if turn.done.len() >= TURN_EFFECTS_MAX {
        return stop("it met the limit of effects in one turn");
    }
    None
}
