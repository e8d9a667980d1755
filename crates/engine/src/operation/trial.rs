// SPDX-License-Identifier: Apache-2.0
//! Tries each answer that was not tried yet, whole functions in their order and
//! revisions by their likelihood.
//!
//! A revision that the model is sure of is tried as soon as it comes. The others wait
//! until every place was looked at, because the right one may be of the last place;
//! of these the likeliest are tried before the model is asked for whole functions,
//! and the rest when it has nothing more to say.

use super::propose::{is_revised, place_of};
use super::{Step, effect};
use crate::limits::{REVISIONS_TRIED_FIRST_MS, SURE_MILLINATS};
use crate::record::{AnswerRef, Effect};
use crate::state::Turn;

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let least = match (is_revised(turn), spent_ms(turn) < REVISIONS_TRIED_FIRST_MS) {
        (true, true) => i32::MIN,
        (true, false) => i32::MAX,
        (false, _) => SURE_MILLINATS,
    };
    try_best(turn, least)
}

/// How long the checks of revisions took.
fn spent_ms(turn: &Turn) -> u64 {
    let spent = turn.done.iter().filter_map(|done| {
        let Effect::Try { answer, .. } = &done.intent else { return None };
        turn.millinats(*answer).map(|_| done.took_ms)
    });
    spent.sum()
}

/// Tries the revisions that are left.
pub(super) fn rest(turn: &Turn) -> Option<Step> {
    try_best(turn, i32::MIN)
}

/// Tries the likeliest answer; one that is no revision counts as certain. A revision
/// less likely than `least` is left alone.
fn try_best(turn: &Turn, least: i32) -> Option<Step> {
    let mut best: Option<(i32, usize, AnswerRef, &str)> = None;
    for (request, (asked, texts)) in turn.answered().enumerate() {
        for (index, text) in (0_u32..).zip(texts) {
            let answer = AnswerRef { effect: asked, index };
            let likely = turn.millinats(answer);
            let rank = likely.unwrap_or(i32::MAX);
            if likely.is_some_and(|likely| likely < least)
                || best.is_some_and(|(other, ..)| other >= rank)
                || turn.tried().any(|trial| trial.answer == answer)
            {
                continue;
            }
            best = Some((rank, request, answer, text));
        }
    }
    let (_, request, answer, text) = best?;
    let place = place_of(turn, request, text)?;
    effect(Effect::Try {
        candidate: u32::try_from(turn.tried().count()).unwrap_or(u32::MAX).saturating_add(1),
        answer,
        path: place.path.clone(),
        symbol: place.symbol.clone(),
        check: turn.check().map(str::to_owned),
    })
}
