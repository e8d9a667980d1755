// SPDX-License-Identifier: Apache-2.0
//! Finds the command that tells right from wrong, or asks for it, and runs it before any change.

use moat_protocol::{Outcome, RunStatus, TaskKind};

use super::{Step, effect, not_solved};
use crate::record::{Effect, EffectOutcome};
use crate::state::{AskedCheck, Turn};

/// Looks for a check when the user gave none.
pub(super) fn find(turn: &Turn) -> Option<Step> {
    if turn.check().is_some() {
        return None;
    }
    let looked = turn.outcomes().any(|outcome| matches!(outcome, EffectOutcome::CheckFound { .. }));
    if !looked {
        return effect(Effect::FindCheck);
    }
    match turn.task.kind {
        TaskKind::Repair => match &turn.asked_check {
            None | Some(AskedCheck::Open) => Some(Step::AskCheck),
            Some(AskedCheck::None | AskedCheck::Given(_)) => {
                Some(Step::Finish(no_check("none was given")))
            }
        },
        TaskKind::Write | TaskKind::Document | TaskKind::Explain | TaskKind::CommitMessage => None,
    }
}

/// How a turn ends for want of a check.
pub(crate) fn no_check(why: &str) -> Outcome {
    let reason = format!(
        "no command that tells right from wrong was found, and {why}; give one with `--check \
         COMMAND`"
    );
    Outcome::NotSolved { reason }
}

/// Runs the check once before anything is changed.
pub(super) fn baseline(turn: &Turn) -> Option<Step> {
    let line = turn.check()?;
    let Some((summary, _)) = turn.baseline() else {
        return effect(Effect::RunCheck { line });
    };
    let line = line.line();
    match summary.status {
        RunStatus::Code(0) => Some(Step::Finish(Outcome::NothingToFix)),
        RunStatus::TimedOut => not_solved(format!(
            "the check `{line}` did not end within its time before anything was changed"
        )),
        RunStatus::OutputLimit => not_solved(format!(
            "the check `{line}` printed more than the limit before anything was changed"
        )),
        RunStatus::Limit(bound) => not_solved(format!(
            "the check `{line}` was ended before anything was changed: {}; {}",
            bound.cause(),
            bound.hint()
        )),
        RunStatus::Code(126 | 127) => {
            not_solved(format!("the check `{line}` could not be started inside the sandbox"))
        }
        RunStatus::Code(_) | RunStatus::Signal(_) | RunStatus::Interrupted => None,
    }
}
