// SPDX-License-Identifier: Apache-2.0
//! Has the model write a function from a signature, a docstring or a description.

use super::prompt::{Sampling, about, request};
use super::{Step, effect, not_solved};
use crate::record::Effect;
use crate::state::Turn;

const SAMPLES: &[(u32, u32)] = &[(0, 1), (70, 4), (90, 4)];
const TOKENS_MAX: u32 = 900;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let place = turn.places()?.first()?;
    let asked = turn.answered().count();
    let (temperature_percent, candidates) = *SAMPLES.get(asked)?;
    let sampling = Sampling {
        temperature_percent,
        seed: u32::try_from(asked).unwrap_or(u32::MAX),
        candidates,
        tokens_max: TOKENS_MAX,
    };
    let instruction = format!(
        "Write the whole function `{}`. Keep its name and its parameters where they are given.",
        place.symbol
    );
    let messages = about(turn, place, None, &instruction);
    let purpose = format!("write `{}`", place.symbol);
    effect(Effect::Ask { prompt: request(purpose, messages, sampling) })
}

pub(super) fn give_up(turn: &Turn) -> Option<Step> {
    let candidates = turn.tried().count();
    not_solved(format!("none of {candidates} candidates was accepted"))
}
