// SPDX-License-Identifier: Apache-2.0
//! Puts the first candidate that passed in place in the session, and ends the turn.

use moat_protocol::{Outcome, TaskKind};

use super::{Step, effect};
use crate::record::{Effect, EffectOutcome, Verdict};
use crate::state::Turn;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let winner = turn.tried().find(|trial| trial.passed())?;
    let applied = turn.outcomes().any(|outcome| matches!(outcome, EffectOutcome::Applied { .. }));
    if !applied {
        return effect(Effect::Apply {
            answer: winner.answer,
            path: winner.path.clone(),
            symbol: winner.symbol.to_owned(),
            content: winner.content.unwrap_or_default().to_owned(),
        });
    }
    Some(Step::Finish(match winner.verdict {
        Verdict::Ran { .. } => Outcome::Solved,
        Verdict::Parsed => Outcome::Unverified { reason: unverified(turn.task.kind).into() },
        Verdict::Rejected { .. } => return None,
    }))
}

/// What nobody has checked.
const fn unverified(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Document => "only comments changed; whether they are right nobody has checked",
        TaskKind::Repair | TaskKind::Write | TaskKind::Explain | TaskKind::CommitMessage => {
            "there is no check that could judge it; only its syntax was checked"
        }
    }
}
