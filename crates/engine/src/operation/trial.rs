// SPDX-License-Identifier: Apache-2.0
//! Tries each answer of the last request that was not tried yet.

use super::propose::place_of;
use super::{Step, effect};
use crate::record::{AnswerRef, Effect};
use crate::state::Turn;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let tried = turn.tried().count();
    for (request, (asked, texts)) in turn.answered().enumerate() {
        let place = place_of(turn, request)?;
        for index in 0..u32::try_from(texts.len()).unwrap_or(u32::MAX) {
            let answer = AnswerRef { effect: asked, index };
            if turn.tried().any(|trial| trial.answer == answer) {
                continue;
            }
            return effect(Effect::Try {
                candidate: u32::try_from(tried).unwrap_or(u32::MAX).saturating_add(1),
                answer,
                path: place.path.clone(),
                symbol: place.symbol.clone(),
                check: turn.check().map(str::to_owned),
            });
        }
    }
    None
}
