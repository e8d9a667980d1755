// SPDX-License-Identifier: Apache-2.0
//! Tries each answer that was not tried yet: whole functions from the smallest change on,
//! revisions by their likelihood and then by the same.
//!
//! A revision that the model is sure of is tried as soon as it comes. The others wait
//! until every place was looked at, because the right one may be of the last place;
//! of these the likeliest are tried before the model is asked for whole functions,
//! and the rest when it has nothing more to say.

use std::cmp::Reverse;

use super::propose::{is_revised, place_of};
use super::{Step, effect};
use crate::limits::{REVISIONS_TRIED_FIRST_MS, SURE_MILLINATS};
use crate::record::Effect;
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
///
/// Of equally likely ones the one that changes least is tried first, so that it also is
/// the one that is taken when several of them pass: of repairs that pass the same tests
/// it is the least likely to be fitted to these tests alone. What cannot be put in place
/// comes last.
fn try_best(turn: &Turn, least: i32) -> Option<Step> {
    let untried = turn.answers().filter(|given| {
        given.millinats.is_none_or(|likely| likely >= least)
            && !turn.tried().any(|trial| trial.answer == given.answer)
    });
    let best = untried.min_by_key(|given| {
        let likely = given.millinats.unwrap_or(i32::MAX);
        (Reverse(likely), given.cost.is_none(), given.cost, given.request, given.answer.index)
    })?;
    let place = place_of(turn, best.request, best.text)?;
    effect(Effect::Try {
        candidate: u32::try_from(turn.tried().count()).unwrap_or(u32::MAX).saturating_add(1),
        answer: best.answer,
        path: place.path.clone(),
        symbol: place.symbol.clone(),
        check: turn.check(),
    })
}
