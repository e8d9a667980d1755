// SPDX-License-Identifier: Apache-2.0
//! Carries out what a turn does with tests that a model wrote for a function.
//!
//! Invariant: a run counts only when the new tests are among those that passed.

use moat_base::limits::SOURCE_FILE_BYTES_MAX;
use moat_base::{Tree as _, TreeError, TreePath};
use moat_files::{Expected, FileMode};
use moat_protocol::Event;

use super::{CandidateError, LocalWorld, rejected, run, tail};
use crate::record::{AnswerRef, Effect, EffectOutcome, TestPlace, Verdict};
use crate::state::State;
use crate::world::Setback;
use crate::world::candidate::{Candidate, make_tests};
use crate::world::ground::Below;

impl LocalWorld {
    pub(super) fn try_tested(
        &self,
        number: u32,
        intent: &Effect,
        state: &State,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let Effect::TryTested { answer, path, symbol, tests, place, .. } = intent else {
            return Err(Setback::Stopped);
        };
        let function = match self.candidate(state, *answer, path, symbol)? {
            Ok(function) => function,
            Err(reason) => return Ok(rejected(reason)),
        };
        let with = (place.path == *path).then_some(function.bytes.as_slice());
        let suite = match self.tests(state, (*tests, symbol), place, with)? {
            Ok(suite) => suite,
            Err(reason) => return Ok(rejected(reason)),
        };
        let fork = self.ground.fork(&format!("try-{number}"), Below::FirstRun)?;
        let tree = fork.tree()?;
        let write = |path: &TreePath, bytes: &[u8]| {
            let written = tree.write(path, bytes, FileMode::Kept, Expected::Any);
            written.map_err(|error| Setback::of(&error))
        };
        write(path, &function.bytes)?;
        write(&place.path, &suite.bytes)?;
        let Some(sandbox) = fork.sandbox() else { return Err(Setback::Stopped) };
        let how = self.invoke((number, intent), state.turn())?;
        let ran = run(sandbox, how, &self.stop, live)?;
        let is_new = |name: &String| suite.symbols.iter().any(|test| name.contains(test.as_str()));
        if ran.summary.status.is_success() && !ran.report.passed.iter().any(is_new) {
            return Ok(rejected("its tests did not run".into()));
        }
        let output = tail(&ran.output);
        let verdict = Verdict::Ran { summary: ran.summary, broken: Vec::new(), output };
        Ok(EffectOutcome::Tried {
            verdict,
            content: Some(function.content),
            tests: Some(suite.content),
        })
    }

    pub(super) fn apply_tests(
        &self,
        intent: &Effect,
        state: &State,
    ) -> Result<EffectOutcome, Setback> {
        let Effect::ApplyTests { tests, symbol, place, content } = intent else {
            return Err(Setback::Stopped);
        };
        let changed =
            |reason| Setback::of(&CandidateError::Changed { path: place.path.clone(), reason });
        let suite = self.tests(state, (*tests, symbol), place, None)?.map_err(changed)?;
        if suite.content != *content {
            return Err(changed("the file is not the one that was tried".into()));
        }
        self.ground
            .tree()?
            .write(&place.path, &suite.bytes, FileMode::Kept, Expected::Any)
            .map_err(|error| Setback::of(&error))?;
        Ok(EffectOutcome::Applied { symbols: suite.symbols })
    }

    /// The test file; `with` is what it holds when that is not what the session has.
    fn tests(
        &self,
        state: &State,
        (tests, symbol): (AnswerRef, &str),
        place: &TestPlace,
        with: Option<&[u8]>,
    ) -> Result<Result<Candidate, String>, Setback> {
        let before = match with {
            Some(bytes) => bytes.to_vec(),
            None => match self.ground.tree()?.read(&place.path, SOURCE_FILE_BYTES_MAX) {
                Ok(bytes) => bytes,
                Err(TreeError::Missing { .. }) => Vec::new(),
                Err(source) => return Err(Setback::of(&CandidateError::Read { source })),
            },
        };
        let text = state.answer(tests).unwrap_or_default();
        Ok(make_tests(place, &before, symbol, text))
    }
}
