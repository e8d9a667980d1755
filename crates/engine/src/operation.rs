// SPDX-License-Identifier: Apache-2.0
//! The turn's state machine: operations tried in order, the first that applies
//! says what happens next.
//!
//! An operation is a pure function of the turn's record. It holds nothing, so the
//! process may die after any step and the next one goes on where it stood.
//!
//! Invariant: nothing here has an effect, reads a clock or draws a random number.
//! Start at [`next`]; one file per operation.

mod bound;
mod check;
mod commit;
mod document;
mod explain;
mod find;
mod prompt;
mod propose;
mod settle;
mod trial;
mod write;

pub(crate) use check::no_check;
use moat_protocol::{Outcome, TaskKind};

use crate::record::Effect;
use crate::state::Turn;

pub(crate) use propose::place_of;

/// What happens next in a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Carry this out.
    Effect(Box<Effect>),
    /// Ask a person which command tells right from wrong.
    AskCheck,
    /// The turn is over.
    Finish(Outcome),
}

type Operation = fn(&Turn) -> Option<Step>;

const REPAIR: &[Operation] = &[
    bound::next,
    check::find,
    check::baseline,
    find::next,
    settle::next,
    trial::next,
    propose::next,
    trial::rest,
    propose::give_up,
];
const DOCUMENT: &[Operation] =
    &[bound::next, find::next, settle::next, trial::next, document::next, document::give_up];
const WRITE: &[Operation] = &[
    bound::next,
    check::find,
    write::baseline,
    find::next,
    write::settle,
    write::trial,
    write::next,
    write::give_up,
];
const EXPLAIN: &[Operation] = &[bound::next, find::next, explain::next];
const COMMIT_MESSAGE: &[Operation] = &[bound::next, commit::observe, commit::next];

/// Says what happens next in a turn.
#[must_use]
pub fn next(turn: &Turn) -> Step {
    operations(turn.task.kind).iter().find_map(|operation| operation(turn)).unwrap_or_else(|| {
        Step::Finish(Outcome::NotSolved { reason: "no operation applies any more".into() })
    })
}

/// Says in one line each what a turn of this kind will do.
#[must_use]
pub fn plan(kind: TaskKind, check: Option<&str>) -> Vec<String> {
    let find_check = check.map_or_else(
        || "find the command that tells right from wrong".into(),
        |line| format!("use `{line}` to tell right from wrong"),
    );
    let steps: &[&str] = match kind {
        TaskKind::Repair => &[
            "run it in a throw-away fork to see what fails",
            "find the functions that the failure points to",
            "have the model write whole functions, put each in place in a fork, run the check there",
            "stop at the first that passes everything and breaks nothing, and show it as a change",
        ],
        TaskKind::Document => &[
            "find the symbol",
            "have the model write its documentation, and put that and nothing else in place",
        ],
        TaskKind::Write => &[
            "run it to see what fails, find where the function belongs and how it is tested",
            "have the model write the function, and tests of it by the project's custom",
            "run the tests in a fork, settle on a function that passes, and say what judged it",
        ],
        TaskKind::Explain => &["find what it is about", "have the model explain it"],
        TaskKind::CommitMessage => {
            &["look at the changes and new files", "have the model write a message"]
        }
    };
    let steps = steps.iter().map(|step| (*step).to_owned());
    match kind {
        TaskKind::Repair | TaskKind::Write => std::iter::once(find_check).chain(steps).collect(),
        TaskKind::Document | TaskKind::Explain | TaskKind::CommitMessage => steps.collect(),
    }
}

fn operations(kind: TaskKind) -> &'static [Operation] {
    match kind {
        TaskKind::Repair => REPAIR,
        TaskKind::Document => DOCUMENT,
        TaskKind::Write => WRITE,
        TaskKind::Explain => EXPLAIN,
        TaskKind::CommitMessage => COMMIT_MESSAGE,
    }
}

fn effect(effect: Effect) -> Option<Step> {
    Some(Step::Effect(Box::new(effect)))
}

/// Ends a turn whose outcome is what the model said.
fn answered(texts: &[String]) -> Option<Step> {
    let text = texts.first().map(|text| text.trim().to_owned()).unwrap_or_default();
    if text.is_empty() {
        return not_solved("the model said nothing");
    }
    Some(Step::Finish(Outcome::Answered { text }))
}

fn not_solved(reason: impl Into<String>) -> Option<Step> {
    Some(Step::Finish(Outcome::NotSolved { reason: reason.into() }))
}
