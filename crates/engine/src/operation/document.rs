// SPDX-License-Identifier: Apache-2.0
//! Has the model document a symbol; what it wrote may only add comments.

use super::prompt::{Sampling, about, request, tokens_for};
use super::{Step, effect, not_solved};
use crate::record::Effect;
use crate::state::Turn;

const SAMPLES: &[(u32, u32)] = &[(0, 1), (60, 3)];

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let place = turn.places()?.first()?;
    let asked = turn.answered().count();
    let (temperature_percent, candidates) = *SAMPLES.get(asked)?;
    let sampling = Sampling {
        temperature_percent,
        seed: u32::try_from(asked).unwrap_or(u32::MAX),
        candidates,
        tokens_max: tokens_for(&place.source).saturating_mul(2),
    };
    let instruction = format!(
        "Write `{}` again with good documentation in the style of its language (a doc comment or \
         docstring: what it does, parameters, result, errors). Do not change the code itself.",
        place.symbol
    );
    let messages = about(turn, place, None, &instruction);
    let purpose = format!("document `{}`", place.symbol);
    effect(Effect::Ask { prompt: request(purpose, messages, sampling) })
}

pub(super) fn give_up(turn: &Turn) -> Option<Step> {
    let candidates = turn.tried().count();
    not_solved(format!("none of {candidates} candidates added documentation and nothing else"))
}
