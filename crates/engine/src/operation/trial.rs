// SPDX-License-Identifier: Apache-2.0
//! Tries each answer of the last request that was not tried yet.

use super::propose::place_of;
use super::{Step, effect};
use crate::record::{AnswerRef, Effect};
use crate::state::Turn;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let tried = turn.tried().count();
    for (request, (asked, texts)) in turn.answered().enumerate() {
        for (index, text) in (0_u32..).zip(texts) {
            let answer = AnswerRef { effect: asked, index };
            if turn.tried().any(|trial| trial.answer == answer) {
                continue;
            }
            let place = place_of(turn, request, text)?;
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
