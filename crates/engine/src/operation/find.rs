// SPDX-License-Identifier: Apache-2.0
//! Finds the places that the task is about.

use moat_protocol::TaskKind;

use super::{Step, effect, not_solved};
use crate::record::Effect;
use crate::state::Turn;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    match turn.places() {
        None => effect(Effect::Locate),
        Some([]) => match turn.task.kind {
            TaskKind::Repair => not_solved(
                "the failure points to no function that can be edited; name the function or file \
                 in the task",
            ),
            TaskKind::Document | TaskKind::Explain => {
                not_solved("nothing in the workspace has a name that the task mentions")
            }
            TaskKind::Write => not_solved(
                "the task does not say which function to write in which file, as in `write a \
                 function slug(text) in text.py`",
            ),
            TaskKind::CommitMessage => None,
        },
        Some(_) => None,
    }
}
