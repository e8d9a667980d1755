// SPDX-License-Identifier: Apache-2.0
//! What a person is shown before an effect that asks. Pure.

use moat_base::TreePath;
use moat_policy::Place;
use moat_protocol::{Proposal, ProposedCandidate};

use crate::invocation::Invocation;
use crate::record::Effect;

/// Says exactly what would run.
pub(super) fn proposal(intent: &Effect, rule: &str) -> Proposal {
    // Only commands are asked for; anything else is named by what it does.
    let invocation = Invocation::of(intent).unwrap_or_else(|| Invocation {
        argv: vec![intent.describe()],
        environment: Vec::new(),
        directory: TreePath::root(),
        place: Place::Fork,
    });
    let writes = match invocation.place {
        Place::Fork => "a fork of the session that is thrown away",
        Place::Session => "the session, until you keep it",
        Place::UserTree => "your tree",
    };
    Proposal {
        argv: invocation.argv,
        environment: invocation.environment,
        directory: invocation.directory,
        candidate: candidate(intent),
        writes: writes.into(),
        network: "none".into(),
        rule: rule.to_owned(),
    }
}

/// The candidate that is in place when it runs.
fn candidate(intent: &Effect) -> Option<ProposedCandidate> {
    let of = |number: &u32, path: &TreePath, symbol: &String, tests| ProposedCandidate {
        number: *number,
        path: path.clone(),
        symbol: symbol.clone(),
        tests,
    };
    if let Effect::Try { candidate, path, symbol, .. } = intent {
        return Some(of(candidate, path, symbol, None));
    }
    if let Effect::TryTested { candidate, path, symbol, place, .. } = intent {
        return Some(of(candidate, path, symbol, Some(place.path.clone())));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{AnswerRef, TestForm, TestPlace};

    #[test]
    fn a_trial_names_what_it_changes_and_runs_the_whole_shell_line() {
        let (path, symbol) = (TreePath::parse("src/a.py").unwrap(), "A.total".to_owned());
        let answer = AnswerRef { effect: 1, index: 0 };
        let shell = |line: &str| ["/bin/sh", "-c", line].map(str::to_owned).to_vec();
        let check = Some("make test\n".into());
        let (candidate, at, of) = (3, path.clone(), symbol.clone());
        let plain = Effect::Try { candidate, answer, path: at, symbol: of, check };
        let asked = proposal(&plain, "commands-ask");
        assert_eq!(asked.argv, shell("make test\n"));
        assert!(asked.environment.contains(&("TERM".into(), "dumb".into())));
        let tests = None;
        let named =
            ProposedCandidate { number: 3, path: path.clone(), symbol: symbol.clone(), tests };
        assert_eq!(asked.candidate, Some(named));

        let place = TestPlace {
            path: TreePath::parse("test_a.py").unwrap(),
            form: TestForm::Pytest,
            import: String::new(),
            line: "pytest test_a.py".into(),
        };
        let tests = Some(place.path.clone());
        let named =
            ProposedCandidate { number: 4, path: path.clone(), symbol: symbol.clone(), tests };
        let tested = Effect::TryTested { candidate: 4, answer, path, symbol, tests: answer, place };
        let asked = proposal(&tested, "commands-ask");
        assert_eq!((asked.argv, asked.candidate), (shell("pytest test_a.py"), Some(named)));
    }

    #[test]
    fn a_command_in_the_session_is_shown_with_its_directory() {
        let (argv, directory) = (vec!["ls".to_owned()], TreePath::parse("sub").unwrap());
        let asked =
            proposal(&Effect::Command { argv: argv.clone(), directory: directory.clone() }, "r");
        assert_eq!((asked.argv, asked.directory, asked.candidate), (argv, directory, None));
        assert!(asked.writes.contains("until you keep it"));
    }
}
