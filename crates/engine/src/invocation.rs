// SPDX-License-Identifier: Apache-2.0
//! Exactly what an effect runs.
//!
//! What policy judges, what a person is shown and what the sandbox is given are all made from
//! this one value, so that none of them can say something else than the others.
//!
//! Invariant: pure: the same effect always runs the same.

use moat_base::TreePath;
use moat_policy::Place;

use crate::check_command::CheckCommand;
use crate::record::Effect;

/// A program with everything that it is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// The full argument vector.
    pub(crate) argv: Vec<String>,
    /// What is added to the fixed environment of the sandbox.
    pub(crate) environment: Vec<(String, String)>,
    /// The working directory inside the workspace.
    pub(crate) directory: TreePath,
    /// Where what it writes ends up.
    pub(crate) place: Place,
}

impl Invocation {
    /// What an effect runs; `None` for one that runs nothing of a workspace.
    pub(crate) fn of(intent: &Effect) -> Option<Self> {
        let in_fork = |argv| Self {
            argv,
            environment: environment(),
            directory: TreePath::root(),
            place: Place::Fork,
        };
        match intent {
            Effect::RunCheck { line } | Effect::Try { check: Some(line), .. } => {
                Some(Self::of_check(line))
            }
            Effect::TryTested { place, .. } => Some(Self::of_check(&place.line)),
            Effect::Observe { argv } => Some(in_fork(argv.clone())),
            Effect::Command { argv, directory } => Some(Self {
                directory: directory.clone(),
                place: Place::Session,
                ..in_fork(argv.clone())
            }),
            Effect::FindCheck
            | Effect::Locate
            | Effect::Ask { .. }
            | Effect::Try { check: None, .. }
            | Effect::Apply { .. }
            | Effect::ApplyTests { .. }
            | Effect::TakeCommits { .. }
            | Effect::ReturnCommits { .. }
            | Effect::Keep { .. }
            | Effect::Discard { .. }
            | Effect::UndoKeep
            | Effect::Rewind { .. } => None,
        }
    }

    fn of_check(check: &CheckCommand) -> Self {
        let (argv, more, directory) = check.parts();
        let mut environment = environment();
        environment.extend(more);
        Self { argv, environment, directory, place: Place::Fork }
    }
}

/// Output without colour, and with the place of a panic.
fn environment() -> Vec<(String, String)> {
    [("NO_COLOR", "1"), ("TERM", "dumb"), ("CARGO_TERM_COLOR", "never"), ("RUST_BACKTRACE", "1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
