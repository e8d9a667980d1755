// SPDX-License-Identifier: Apache-2.0
//! Has the model write the function that a repair is about, attempt by attempt.
//!
//! The attempts are a fixed schedule. A model that can do it first says for each place
//! where it would have written the code differently: such a revision costs a line and
//! not a function, and no two are equal. Then the best guesses are shown together
//! and the model chooses which one to write again: one prompt that every further
//! sample shares. Then each place is asked about alone, greedily because that is
//! cheap and often right, then with several samples at once, then with the best
//! failed candidate in view. Best-of-n comes before repair rounds and whole
//! functions before diffs, because a small model does better with them.

use moat_protocol::TaskKind;

use super::prompt::{
    FAILURE_BYTES_MAX, Sampling, about, about_all, about_draft, request, tail, tokens_for,
};
use super::{Step, effect, not_solved};
use crate::limits::{LIKELY_SUSPECTS, REVISIONS_OF_LIKELY, REVISIONS_OF_OTHERS, SUSPECTS_MAX};
use crate::record::{Effect, Place, Skill, Verdict};
use crate::state::{Trial, Turn};

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
    /// Asks where the model would have written the place differently.
    Revise,
    /// Shows the best guesses together; the model chooses one.
    Joint,
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
    attempt(0, 0, 1, Angle::Joint),
    attempt(0, 0, 1, Angle::Plain),
    attempt(0, 70, 4, Angle::Joint),
    attempt(1, 0, 1, Angle::Plain),
    attempt(2, 0, 1, Angle::Plain),
    attempt(0, 70, 4, Angle::Plain),
    attempt(3, 0, 1, Angle::Plain),
    attempt(1, 70, 4, Angle::Plain),
    attempt(0, 90, 4, Angle::Joint),
    attempt(2, 70, 4, Angle::Plain),
    attempt(4, 0, 1, Angle::Plain),
    attempt(5, 0, 1, Angle::Plain),
    attempt(0, 70, 2, Angle::Again),
    attempt(1, 0, 1, Angle::Reasoned),
    attempt(0, 90, 4, Angle::Reasoned),
    attempt(3, 70, 4, Angle::Plain),
    attempt(1, 90, 4, Angle::Reasoned),
    attempt(4, 70, 4, Angle::Plain),
    attempt(5, 70, 4, Angle::Plain),
    attempt(0, 100, 4, Angle::Joint),
];

/// How many places one prompt shows together, and how long they may be together.
const JOINT_PLACES_MAX: usize = 4;
const JOINT_BYTES_MAX: usize = 5000;

/// Asks for the next attempt of the schedule, if there is one.
pub(super) fn next(turn: &Turn) -> Option<Step> {
    let places = turn.places()?;
    let asked = turn.answered().count();
    let attempt = attempts(turn.skill(), places.len()).nth(asked)?;
    let place = places.get(attempt.place)?;
    let sampling = Sampling {
        temperature_percent: attempt.temperature_percent,
        seed: u32::try_from(asked).unwrap_or(u32::MAX).saturating_add(1),
        candidates: attempt.candidates,
        tokens_max: tokens_for(&place.source),
    };
    let failure = turn.baseline().map(|(_, output)| tail(output, FAILURE_BYTES_MAX));
    if attempt.angle == Angle::Revise {
        let purpose = format!("say where `{}` looks wrong", place.symbol);
        let mut prompt = request(purpose, about_draft(turn, places, place), sampling);
        prompt.draft = Some(place.source.trim_end().to_owned());
        return effect(Effect::Ask { prompt });
    }
    if attempt.angle == Angle::Joint {
        let places = joint(places);
        let longest =
            places.iter().map(|place| place.source.as_str()).max_by_key(|text| text.len());
        let sampling = Sampling { tokens_max: tokens_for(longest.unwrap_or_default()), ..sampling };
        let messages = about_all(turn, places, failure);
        let purpose = format!("find the bug in {} functions", places.len());
        return effect(Effect::Ask { prompt: request(purpose, messages, sampling) });
    }
    let messages = about(turn, place, failure, &instruction(turn, place, asked, attempt.angle));
    let purpose = format!("rewrite `{}`", place.symbol);
    effect(Effect::Ask { prompt: request(purpose, messages, sampling) })
}

/// Ends the turn when the schedule is through.
pub(super) fn give_up(turn: &Turn) -> Option<Step> {
    let candidates = turn.tried().count();
    let best = turn.nearest().map_or_else(String::new, |best| {
        let (failed, passed) = (best.summary.failed, best.summary.passed);
        let what = match failed {
            0 => format!("broke {} that passed before", best.broken.len()),
            _ => format!("still failed {failed} of {}", failed + passed),
        };
        format!("; the best one {what}")
    });
    not_solved(format!("none of {candidates} candidates passed the check{best}"))
}

/// The place that an answer to the request with this index changes.
///
/// Of a request that showed several places it is the one that the answer defines.
pub(crate) fn place_of<'a>(turn: &'a Turn, request: usize, answer: &str) -> Option<&'a Place> {
    let places = turn.places()?;
    if turn.task.kind != TaskKind::Repair {
        return places.first();
    }
    let attempt = attempts(turn.skill(), places.len()).nth(request)?;
    let shown = match attempt.angle {
        Angle::Joint => joint(places),
        Angle::Revise | Angle::Plain | Angle::Reasoned | Angle::Again => &[],
    };
    shown.iter().find(|place| defines(answer, &place.symbol)).or_else(|| places.get(attempt.place))
}

/// The best guesses that fit into one prompt.
fn joint(places: &[Place]) -> &[Place] {
    let mut bytes = 0;
    let fit = places.iter().take(JOINT_PLACES_MAX).take_while(|place| {
        bytes += place.source.len();
        bytes <= JOINT_BYTES_MAX
    });
    let count = fit.count().max(1);
    places.get(..count).unwrap_or(places)
}

/// Whether a line of the answer looks like the beginning of the symbol's definition:
/// its name, then a parenthesis, and no statement around it.
fn defines(answer: &str, symbol: &str) -> bool {
    let name = symbol.rsplit(['.', ':']).next().unwrap_or(symbol);
    answer.lines().any(|line| {
        let Some(at) = line.find(&format!("{name}(")) else { return false };
        let (before, end) = (line.get(..at).unwrap_or_default(), line.trim_end());
        let whole_name = !before.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let statement = ["return", "if ", "while ", "for ", "=", "(", ";", "."];
        whole_name
            && !statement.iter().any(|word| before.contains(word))
            && !end.ends_with(';')
            && (end.ends_with(['{', ':', ',', '(', ')']) || before.contains("fn "))
    })
}

/// Whether a revision of every place was asked for, where the model can do that.
pub(super) fn is_revised(turn: &Turn) -> bool {
    let revisions = revisions(turn.skill(), turn.places().map_or(0, <[Place]>::len)).count();
    turn.answered().count() >= revisions
}

/// All requests of a turn, in their order.
fn attempts(skill: Skill, places: usize) -> impl Iterator<Item = Attempt> {
    revisions(skill, places).chain(schedule(places).copied())
}

fn revisions(skill: Skill, places: usize) -> impl Iterator<Item = Attempt> {
    let places = match skill {
        Skill::Revises => places.min(SUSPECTS_MAX),
        Skill::Writes => 0,
    };
    (0..places).map(|place| {
        let wanted =
            if place < LIKELY_SUSPECTS { REVISIONS_OF_LIKELY } else { REVISIONS_OF_OTHERS };
        attempt(place, 0, wanted, Angle::Revise)
    })
}

/// With one place there is nothing to choose from, so nothing is shown together.
fn schedule(places: usize) -> impl Iterator<Item = &'static Attempt> {
    let places = places.min(SUSPECTS_MAX);
    SCHEDULE
        .iter()
        .filter(move |attempt| attempt.place < places)
        .filter(move |attempt| attempt.angle != Angle::Joint || places > 1)
}

fn instruction(turn: &Turn, place: &Place, asked: usize, angle: Angle) -> String {
    let symbol = &place.symbol;
    let plain = format!(
        "Find the bug in `{symbol}` and write the whole corrected `{symbol}`. Keep its name and \
         its parameters. Change only what is wrong."
    );
    match angle {
        Angle::Plain | Angle::Joint | Angle::Revise => plain,
        Angle::Reasoned => format!(
            "{plain} Begin the code block with one comment line that says what is wrong and why \
             the check fails."
        ),
        Angle::Again => {
            let trials = turn
                .tried()
                .filter(|trial| trial.path == &place.path && trial.symbol == place.symbol);
            let Some((answer, failure)) = turn
                .best(trials)
                .and_then(|trial| Some((text_of(turn, trial)?, output_of(trial)?)))
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

#[cfg(test)]
mod tests {
    use super::defines;

    #[test]
    fn a_definition_is_told_from_a_call() {
        let cases = [
            ("def total(items):", "total", true),
            ("    async def total(", "Cart.total", true),
            ("static const char *read(const char *p, char *field)", "read", true),
            ("pub fn parse(text: &str) -> Option<u32> {", "ini::parse", true),
            ("function render(rows) {", "render", true),
            ("    return total(items)", "total", false),
            ("x = total(items)", "total", false),
            ("if (read(p)) {", "read", false),
            ("subtotal(items):", "total", false),
            ("total(items);", "total", false),
        ];
        for (line, symbol, expected) in cases {
            assert_eq!(defines(line, symbol), expected, "{line}");
        }
    }
}
