// SPDX-License-Identifier: Apache-2.0
//! What an attempt and its control mean together.
//!
//! Invariant: enforced is what got through outside and was refused inside, and nothing else.

use moat_sandbox::Effect;
use serde::Serialize;

use crate::attempt::{ATTEMPTS, Attempt, Judged, Who};
use crate::target::{Outcome, Run, Target};

/// One attempt, on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word for the attempt, which does not change.
    pub name: &'static str,
    /// The effect that it belongs to.
    pub effect: Effect,
    /// What was tried.
    pub attempt: String,
    /// What follows.
    pub verdict: Verdict,
    /// The control: the same without a sandbox.
    pub outside: Outcome,
    /// What came of it inside.
    pub inside: Outcome,
}

/// What follows from an attempt and its control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It works outside and not inside.
    Enforced,
    /// It got through.
    Through,
    /// It fails outside, too, or was not tried there.
    ProvesNothing,
    /// It could not be tried inside.
    NotTried,
}

/// Judges every attempt of `who`.
pub(crate) fn judge(target: &Target, who: Who, outside: &Run, inside: &Run) -> Vec<Finding> {
    let attempts = ATTEMPTS.iter().filter(|attempt| attempt.is_of(who));
    attempts
        .map(|attempt| {
            let outside = outcome(attempt, outside);
            let inside = outcome(attempt, inside);
            Finding {
                name: attempt.name,
                effect: attempt.effect,
                attempt: what(attempt, target),
                verdict: verdict(&outside, &inside),
                outside,
                inside,
            }
        })
        .collect()
}

fn verdict(outside: &Outcome, inside: &Outcome) -> Verdict {
    match (outside, inside) {
        (_, Outcome::Works) => Verdict::Through,
        (_, Outcome::NotTried { .. }) => Verdict::NotTried,
        (Outcome::Works, Outcome::Fails { .. }) => Verdict::Enforced,
        (Outcome::Fails { .. } | Outcome::NotTried { .. }, Outcome::Fails { .. }) => {
            Verdict::ProvesNothing
        }
    }
}

/// What came of an attempt: what arrived stands over what was said.
fn outcome(attempt: &Attempt, run: &Run) -> Outcome {
    if run.arrived.iter().any(|name| name == attempt.name) {
        return Outcome::Works;
    }
    let said = run.answers.iter().find(|answer| answer.name == attempt.name);
    match (said.map(|answer| &answer.outcome), attempt.judged) {
        (None, _) => Outcome::NotTried { reason: "nothing was heard of it".to_owned() },
        (Some(Outcome::Works), Judged::ByArrival) => {
            Outcome::Fails { code: String::new(), reason: "nothing arrived".to_owned() }
        }
        (Some(outcome), _) => outcome.clone(),
    }
}

/// What was tried, with the name of what is the user's own.
fn what(attempt: &Attempt, target: &Target) -> String {
    let own = match attempt.name {
        "open-secret" => &target.secret,
        "write-start" => &target.start,
        "agent-socket" => &target.agent,
        _ => &None,
    };
    match own {
        Some(path) => format!("{}: `{}`", attempt.what, path.display()),
        None => attempt.what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Answer;

    #[test]
    fn only_what_works_outside_and_fails_inside_is_enforced() {
        let fails = || Outcome::Fails { code: "EPERM".to_owned(), reason: String::new() };
        let untried = || Outcome::NotTried { reason: String::new() };
        for (outside, inside, expected) in [
            (Outcome::Works, fails(), Verdict::Enforced),
            (Outcome::Works, Outcome::Works, Verdict::Through),
            (Outcome::Works, untried(), Verdict::NotTried),
            (fails(), fails(), Verdict::ProvesNothing),
            (fails(), Outcome::Works, Verdict::Through),
            (fails(), untried(), Verdict::NotTried),
            (untried(), fails(), Verdict::ProvesNothing),
            (untried(), Outcome::Works, Verdict::Through),
            (untried(), untried(), Verdict::NotTried),
        ] {
            assert_eq!(verdict(&outside, &inside), expected, "{outside:?} {inside:?}");
        }
    }

    #[test]
    fn what_arrived_stands_over_what_was_said() {
        let attempt = |name: &str| ATTEMPTS.iter().find(|attempt| attempt.name == name).unwrap();
        let run = |name: &str, outcome: &Outcome, arrived: bool| Run {
            answers: vec![Answer { name: name.to_owned(), outcome: outcome.clone() }],
            arrived: if arrived { vec![name.to_owned()] } else { Vec::new() },
        };
        let refused = Outcome::Fails { code: "EPERM".to_owned(), reason: String::new() };
        for (name, said, arrived, works) in [
            ("tcp", &Outcome::Works, false, true),
            ("tcp", &refused, true, true),
            ("tcp", &refused, false, false),
            ("udp", &Outcome::Works, false, false),
            ("udp", &Outcome::Works, true, true),
        ] {
            let found = outcome(attempt(name), &run(name, said, arrived));
            assert_eq!(found == Outcome::Works, works, "{name} {said:?} {arrived}");
        }
        let silent = outcome(attempt("tcp"), &Run::default());
        assert!(matches!(silent, Outcome::NotTried { .. }));
    }
}
