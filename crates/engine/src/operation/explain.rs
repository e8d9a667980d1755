// SPDX-License-Identifier: Apache-2.0
//! Has the model explain a symbol or a file; the answer is the turn's outcome.

use super::prompt::{Sampling, messages, request};
use super::{Step, answered, effect};
use crate::record::Effect;
use crate::state::Turn;

const SYSTEM: &str = "You explain code to a colleague, briefly and exactly, in plain words. You \
                      say what it does, how, and what to watch out for. You invent nothing.";
const TOKENS_MAX: u32 = 600;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    if let Some((_, texts)) = turn.answered().next() {
        return answered(texts);
    }
    let place = turn.places()?.first()?;
    let text = format!(
        "{}\n\nThe code of `{}` in `{}`:\n```{}\n{}\n```\n\nTask: {}\n",
        place.context, place.symbol, place.path, place.language, place.source, turn.task.text
    );
    let sampling =
        Sampling { temperature_percent: 0, seed: 0, candidates: 1, tokens_max: TOKENS_MAX };
    let purpose = format!("explain `{}`", place.symbol);
    effect(Effect::Ask { prompt: request(purpose, messages(SYSTEM, text), sampling) })
}
