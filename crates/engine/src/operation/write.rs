// SPDX-License-Identifier: Apache-2.0
//! Has the model write a function, and tests for it; settles on a pair that passes.
//!
//! What judges the function is said honestly. A check of the project that failed
//! before and passes with the function is proof, and ends the turn as solved. Tests
//! that the same model wrote are weak evidence: the turn ends as unverified and says
//! so. The tests are asked for without the function's body in view, so that they
//! follow the task and not the code.

use std::fmt::Write as _;

use moat_index::{Language, outline};
use moat_protocol::Outcome;
use moat_tools::answer;

use super::prompt::{Sampling, messages, request};
use super::{Step, effect, not_solved};
use crate::record::{AnswerRef, Effect, EffectOutcome, Place, TestForm, Verdict};
use crate::state::{Trial, Turn};

const FUNCTION_SYSTEM: &str = "You are a careful programmer. You write one function that does what \
                               is asked, completely. You answer with code in one fenced block and \
                               nothing else.";
const TESTS_SYSTEM: &str = "You are a careful tester. You write few short tests whose expected \
                            values follow from the task. You answer with code in one fenced block \
                            and nothing else.";
const TOKENS_MAX: u32 = 900;

/// Pairs of a function and tests that one turn runs; then it asks for no more.
const PAIRS_MAX: usize = 24;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Function,
    Tests,
}

/// One request: its part, the temperature in hundredths, the number of answers.
type Request = (Part, u32, u32);

/// Where nothing of the project judges the function.
const TESTED: &[Request] = &[
    (Part::Function, 0, 1),
    (Part::Tests, 0, 1),
    (Part::Function, 70, 3),
    (Part::Tests, 70, 3),
    (Part::Function, 90, 3),
];
/// Where a check of the project fails and the function may be what it lacks.
const CHECKED: &[Request] = &[
    (Part::Function, 0, 1),
    (Part::Function, 70, 4),
    (Part::Tests, 0, 1),
    (Part::Function, 90, 3),
    (Part::Tests, 70, 3),
];
/// Where no custom of tests is known.
const ALONE: &[Request] =
    &[(Part::Function, 0, 1), (Part::Function, 70, 4), (Part::Function, 90, 4)];

/// Runs the check before anything is written, where there is one.
pub(super) fn baseline(turn: &Turn) -> Option<Step> {
    let line = turn.check()?;
    if turn.baseline().is_some() {
        return None;
    }
    effect(Effect::RunCheck { line })
}

/// Puts what was settled on in place in the session, and ends the turn.
pub(super) fn settle(turn: &Turn) -> Option<Step> {
    let won = winner(turn)?;
    let place = turn.places()?.first()?;
    let applied = |wanted: fn(&Effect) -> bool| {
        let mut done = turn.done.iter().filter(|done| wanted(&done.intent));
        done.any(|done| matches!(done.outcome, EffectOutcome::Applied { .. }))
    };
    if !applied(|intent| matches!(intent, Effect::Apply { .. })) {
        return effect(Effect::Apply {
            answer: won.answer,
            path: won.path.clone(),
            symbol: won.symbol.to_owned(),
            content: won.content.unwrap_or_default().to_owned(),
        });
    }
    if let (Some(tests), Some(home)) = (won.tests, &place.tests)
        && !applied(|intent| matches!(intent, Effect::ApplyTests { .. }))
    {
        return effect(Effect::ApplyTests {
            tests,
            symbol: won.symbol.to_owned(),
            place: home.clone(),
            content: won.tests_content.unwrap_or_default().to_owned(),
        });
    }
    Some(Step::Finish(outcome(turn, &won)))
}

/// Tries what was not tried yet: each function by itself, then each with each suite of tests.
pub(super) fn trial(turn: &Turn) -> Option<Step> {
    let place = turn.places()?.first()?;
    let candidate = |answer: AnswerRef| {
        let functions = answers(turn, place, Part::Function).position(|one| one == answer);
        u32::try_from(functions.unwrap_or_default()).unwrap_or(u32::MAX).saturating_add(1)
    };
    let alone = answers(turn, place, Part::Function)
        .find(|answer| !turn.tried().any(|one| one.answer == *answer && one.tests.is_none()));
    if let Some(answer) = alone {
        return effect(Effect::Try {
            candidate: candidate(answer),
            answer,
            path: place.path.clone(),
            symbol: place.symbol.clone(),
            check: turn.check(),
        });
    }
    let home = place.tests.as_ref()?;
    if turn.tried().filter(|one| one.tests.is_some()).count() >= PAIRS_MAX {
        return None;
    }
    for tests in answers(turn, place, Part::Tests) {
        for function in accepted(turn) {
            let (answer, tests) = (function.answer, Some(tests));
            if !turn.tried().any(|one| one.answer == answer && one.tests == tests) {
                return effect(Effect::TryTested {
                    candidate: candidate(answer),
                    answer,
                    path: place.path.clone(),
                    symbol: place.symbol.clone(),
                    tests: tests.unwrap_or(answer),
                    place: home.clone(),
                });
            }
        }
    }
    None
}

/// Asks for the next part, if the schedule has one.
pub(super) fn next(turn: &Turn) -> Option<Step> {
    let place = turn.places()?.first()?;
    let asked = turn.answered().count();
    let (part, temperature_percent, candidates) = *schedule(turn, place).get(asked)?;
    let sampling = Sampling {
        temperature_percent,
        seed: u32::try_from(asked).unwrap_or(u32::MAX),
        candidates,
        tokens_max: TOKENS_MAX,
    };
    let (purpose, messages) = match part {
        Part::Function => (
            format!("write `{}`", place.symbol),
            messages(FUNCTION_SYSTEM, function_question(turn, place)),
        ),
        Part::Tests => (
            format!("write tests of `{}`", place.symbol),
            messages(TESTS_SYSTEM, tests_question(turn, place)),
        ),
    };
    effect(Effect::Ask { prompt: request(purpose, messages, sampling) })
}

/// Ends the turn when the schedule is through.
pub(super) fn give_up(turn: &Turn) -> Option<Step> {
    let tried = turn.tried().filter(|one| one.tests.is_none()).count();
    let kept = accepted(turn).count();
    let suites = turn.tried().filter(|one| one.tests.is_some()).count();
    if kept == 0 {
        return not_solved(format!("none of {tried} candidates was accepted"));
    }
    not_solved(format!(
        "none of {kept} candidates passed tests that the model wrote for it, in {suites} trials"
    ))
}

/// The candidate that the turn settles on, once there is one.
pub(super) fn winner(turn: &Turn) -> Option<Trial<'_>> {
    let place = turn.places()?.first()?;
    let proven = turn.tried().find(|one| one.tests.is_none() && one.passed());
    if proven.is_some() && fails_before(turn) {
        return proven;
    }
    if place.tests.is_none() {
        return accepted(turn).next();
    }
    turn.tried().find(|one| one.tests.is_some() && one.passed())
}

/// Functions that fit into their file and break nothing.
fn accepted(turn: &Turn) -> impl Iterator<Item = Trial<'_>> {
    let fails_before = fails_before(turn);
    turn.tried().filter(move |one| {
        one.tests.is_none()
            && match one.verdict {
                Verdict::Parsed => true,
                Verdict::Ran { broken, .. } => broken.is_empty() && (fails_before || one.passed()),
                Verdict::Rejected { .. } => false,
            }
    })
}

/// Whether there is a check and it fails without the function.
fn fails_before(turn: &Turn) -> bool {
    turn.baseline().is_some_and(|(summary, _)| !summary.status.is_success())
}

fn schedule(turn: &Turn, place: &Place) -> &'static [Request] {
    match place.tests {
        None => ALONE,
        Some(_) if fails_before(turn) => CHECKED,
        Some(_) => TESTED,
    }
}

/// The answers to the requests for a part, in order.
fn answers<'a>(
    turn: &'a Turn,
    place: &Place,
    part: Part,
) -> impl Iterator<Item = AnswerRef> + use<'a> {
    let schedule = schedule(turn, place);
    let asked = turn.answered().zip(schedule).filter(move |(_, (wanted, ..))| *wanted == part);
    asked.flat_map(|((effect, texts), _)| {
        (0_u32..).zip(texts).map(move |(index, _)| AnswerRef { effect, index })
    })
}

fn outcome(turn: &Turn, won: &Trial<'_>) -> Outcome {
    if won.tests.is_none() && fails_before(turn) {
        return Outcome::Solved;
    }
    let tests = if won.tests.is_some() {
        "it passes tests that the same model wrote, which is weak evidence; read both"
    } else {
        "how this project tests such a file is not known, so there are no tests of it"
    };
    let check = match turn.baseline() {
        Some((summary, _)) if summary.status.is_success() => "; the check passes with it as before",
        Some(_) => "; the check fails with it as before",
        None => "",
    };
    let parsed = if won.tests.is_none() && turn.baseline().is_none() {
        "; only its syntax was checked"
    } else {
        ""
    };
    Outcome::Unverified { reason: format!("{tests}{check}{parsed}") }
}

fn function_question(turn: &Turn, place: &Place) -> String {
    let mut text = String::new();
    if !place.context.trim().is_empty() {
        text.push_str(&format!("Context from the project:\n{}\n\n", place.context.trim_end()));
    }
    stub(&mut text, place);
    task(&mut text, turn);
    let (symbol, path) = (&place.symbol, &place.path);
    // Writing to a String cannot fail.
    let _infallible = writeln!(
        text,
        "\nWrite the whole function `{symbol}` for `{path}`. Keep its name and its parameters where \
         they are given. Write no tests and no examples."
    );
    text
}

fn tests_question(turn: &Turn, place: &Place) -> String {
    let mut text = String::new();
    stub(&mut text, place);
    if let Some(signature) = signature(turn, place) {
        text.push_str(&format!(
            "The signature of `{}` in `{}`:\n```{}\n{signature}\n```\n",
            place.symbol, place.path, place.language
        ));
    }
    task(&mut text, turn);
    text.push_str(&format!(
        "\nDo not write `{}` itself: it is there. Write from three to five tests of it, of the \
         usual case first and then of the edges that the task speaks of. {}\n",
        place.symbol,
        form(place)
    ));
    text
}

fn stub(text: &mut String, place: &Place) {
    if !place.source.trim().is_empty() {
        text.push_str(&format!(
            "The function as it stands in `{}`:\n```{}\n{}\n```\n\n",
            place.path,
            place.language,
            place.source.trim_end()
        ));
    }
}

fn task(text: &mut String, turn: &Turn) {
    text.push_str(&format!("Task: {}\n", turn.task.text.trim()));
    for steer in &turn.steers {
        text.push_str(&format!("Also: {}\n", steer.trim()));
    }
}

/// The head of the first function that was accepted.
fn signature(turn: &Turn, place: &Place) -> Option<String> {
    let language = Language::of_label(&place.language)?;
    let first = accepted(turn).next()?.answer;
    let (_, texts) = turn.answered().find(|(effect, _)| *effect == first.effect)?;
    let code = answer::code(texts.get(first.index as usize)?, language)?;
    let symbols = outline(language, code.as_bytes());
    let named = |name: &str| place.symbol.rsplit(['.', ':']).next() == Some(name);
    symbols.into_iter().find(|symbol| named(&symbol.name)).map(|symbol| symbol.signature)
}

/// How the tests are to be written.
fn form(place: &Place) -> String {
    let Some(home) = &place.tests else { return String::new() };
    match home.form {
        TestForm::Unittest => format!(
            "Use `unittest`, with one class that is a `unittest.TestCase`, and begin with:\n\
             import unittest\n{}",
            home.import
        ),
        TestForm::Pytest => format!(
            "Use pytest functions whose names begin with `test_`, and begin with:\n{}",
            home.import
        ),
        TestForm::RustModule => {
            "Write functions with `#[test]` and nothing else, without a module around them.".into()
        }
        TestForm::NodeScript | TestForm::NodeModule => {
            format!("Use `test` of `node:test` and `node:assert`, and begin with:\n{}", home.import)
        }
    }
}
