// SPDX-License-Identifier: Apache-2.0
//! Has the model write the function that a repair is about, attempt by attempt.
//!
//! The attempts are a fixed schedule: greedy on the best guesses first, because
//! that is cheap and often right, then several samples at once over one shared
//! prefix, then samples that are shown the best failed candidate. Measured
//! choices: best-of-n before repair rounds, whole functions before diffs.

use super::prompt::{Sampling, about, request, tail, tokens_for};
use super::{Step, effect, not_solved};
use crate::limits::SUSPECTS_MAX;
use crate::record::{Effect, Place, Verdict};
use crate::state::{Trial, Turn};

const FAILURE_BYTES_MAX: usize = 1600;
const ATTEMPT_BYTES_MAX: usize = 3000;

/// One request of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attempt {
    place: usize,
    temperature_percent: u32,
    candidates: u32,
    angle: Angle,
}

/// How the question is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Angle {
    /// Asks for the corrected function.
    Plain,
    /// Says first in a comment what is wrong, then writes.
    Reasoned,
    /// Shows the best failed candidate of this place.
    Again,
}

const fn attempt(place: usize, temperature_percent: u32, candidates: u32, angle: Angle) -> Attempt {
    Attempt { place, temperature_percent, candidates, angle }
}

const SCHEDULE: &[Attempt] = &[
    attempt(0, 0, 1, Angle::Plain),
    attempt(1, 0, 1, Angle::Plain),
    attempt(0, 70, 4, Angle::Plain),
    attempt(0, 0, 1, Angle::Reasoned),
    attempt(2, 0, 1, Angle::Plain),
    attempt(1, 70, 4, Angle::Plain),
    attempt(0, 70, 2, Angle::Again),
    attempt(0, 90, 4, Angle::Reasoned),
    attempt(2, 70, 4, Angle::Plain),
    attempt(3, 0, 1, Angle::Plain),
    attempt(1, 90, 4, Angle::Reasoned),
    attempt(3, 70, 4, Angle::Plain),
    attempt(0, 100, 4, Angle::Plain),
];

/// Asks for the next attempt of the schedule, if there is one.
pub(super) fn next(turn: &Turn) -> Option<Step> {
    let places = turn.places()?;
    let asked = turn.answered().count();
    let attempt = schedule(places.len()).nth(asked)?;
    let place = places.get(attempt.place)?;
    let sampling = Sampling {
        temperature_percent: attempt.temperature_percent,
        seed: u32::try_from(asked).unwrap_or(u32::MAX).saturating_add(1),
        candidates: attempt.candidates,
        tokens_max: tokens_for(&place.source),
    };
    let failure = turn.baseline().map(|(_, output)| tail(output, FAILURE_BYTES_MAX));
    let messages = about(turn, place, failure, &instruction(turn, place, asked, attempt.angle));
    let purpose = format!("rewrite `{}`", place.symbol);
    effect(Effect::Ask { prompt: request(purpose, messages, sampling) })
}

/// Ends the turn when the schedule is through.
pub(super) fn give_up(turn: &Turn) -> Option<Step> {
    let candidates = turn.tried().count();
    let best = best_failed(turn.tried());
    let best = best.map_or_else(String::new, |(_, summary)| {
        format!(
            "; the best one still failed {} of {}",
            summary.failed,
            summary.failed + summary.passed
        )
    });
    not_solved(format!("none of {candidates} candidates passed the check{best}"))
}

/// The place that the request with this index was about.
pub(super) fn place_of(turn: &Turn, request: usize) -> Option<&Place> {
    let places = turn.places()?;
    match turn.task.kind {
        moat_protocol::TaskKind::Repair => places.get(schedule(places.len()).nth(request)?.place),
        moat_protocol::TaskKind::Document
        | moat_protocol::TaskKind::Write
        | moat_protocol::TaskKind::Explain
        | moat_protocol::TaskKind::CommitMessage => places.first(),
    }
}

fn schedule(places: usize) -> impl Iterator<Item = &'static Attempt> {
    let places = places.min(SUSPECTS_MAX);
    SCHEDULE.iter().filter(move |attempt| attempt.place < places)
}

fn instruction(turn: &Turn, place: &Place, asked: usize, angle: Angle) -> String {
    let symbol = &place.symbol;
    let plain = format!(
        "Find the bug in `{symbol}` and write the whole corrected `{symbol}`. Keep its name and \
         its parameters. Change only what is wrong."
    );
    match angle {
        Angle::Plain => plain,
        Angle::Reasoned => format!(
            "{plain} Begin the code block with one comment line that says what is wrong and why \
             the check fails."
        ),
        Angle::Again => {
            let trials = turn
                .tried()
                .filter(|trial| trial.path == &place.path && trial.symbol == place.symbol);
            let Some((answer, failure)) = best_failed(trials)
                .and_then(|(trial, _)| Some((text_of(turn, trial)?, output_of(trial)?)))
            else {
                return plain;
            };
            let (answer, failure) =
                (tail(answer, ATTEMPT_BYTES_MAX), tail(failure, FAILURE_BYTES_MAX));
            format!(
                "Attempt {asked} was:\n{answer}\n\nWith it the check still fails:\n```\n{failure}\n\
                 ```\n\n{plain} Do not repeat the attempt."
            )
        }
    }
}

fn best_failed<'a>(
    trials: impl Iterator<Item = Trial<'a>>,
) -> Option<(Trial<'a>, &'a moat_protocol::TestSummary)> {
    trials
        .filter_map(|trial| match trial.verdict {
            Verdict::Ran { summary, .. } => Some((trial, summary)),
            Verdict::Rejected { .. } | Verdict::Parsed => None,
        })
        .max_by_key(|(_, summary)| (summary.passed, std::cmp::Reverse(summary.failed)))
}

fn text_of<'a>(turn: &'a Turn, trial: Trial<'_>) -> Option<&'a str> {
    let (_, texts) = turn.answered().find(|(effect, _)| *effect == trial.answer.effect)?;
    texts.get(trial.answer.index as usize).map(String::as_str)
}

fn output_of(trial: Trial<'_>) -> Option<&str> {
    match trial.verdict {
        Verdict::Ran { output, .. } => Some(output),
        Verdict::Rejected { .. } | Verdict::Parsed => None,
    }
}
