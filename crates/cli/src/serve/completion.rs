// SPDX-License-Identifier: Apache-2.0
//! Inline completion: asks a model what may stand at the cursor of a front end.
//!
//! Each front end has one question at a time. A new one ends the one before it: what was asked
//! at the last key is of no interest after the next.
//!
//! Invariant: what a model is shown is text around the cursor and declarations of files that
//! the front end named, read through the workspace's door.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moat_base::{Clock as _, Report, TreePath};
use moat_complete::limits::{Budget, LARGE, SMALL, TOKENS_MAX};
use moat_complete::{Neighbour, gap, judge};
use moat_config::Settings as Config;
use moat_engine::ModelSource as _;
use moat_model::{CompletionRequest, Interrupt, Provider};
use moat_protocol::workspace::{
    CompletionQuery, CompletionReply, FilesQuery, FilesReply, ReadResult,
};
use moat_server::Front;
use moat_workspace::Workspace;

use crate::environment::Environment;
use crate::models::{self, Models};
use crate::start::Started;

/// How long a person waits at most; then nothing is shown.
const WAIT_MAX: Duration = Duration::from_secs(15);
/// Files that are read for their declarations.
const RECENT_MAX: usize = 6;
/// What crossings say of these requests.
const ATTRIBUTION: &str = "completion";

#[derive(Debug)]
pub(super) struct Completion {
    environment: Environment,
    model: String,
    budget: Budget,
    models: Mutex<Models>,
    asked: Mutex<HashMap<u64, Interrupt>>,
}

/// A question.
struct Asked {
    path: TreePath,
    before: String,
    after: String,
    recent: Vec<TreePath>,
}

impl Completion {
    pub(super) fn new(environment: &Environment, started: Started, config: Config) -> Self {
        let model = models::default_name(&config);
        let budget = if config.models.contains_key(&model) { LARGE } else { SMALL };
        let models = Mutex::new(Models::new(environment, started, config, ATTRIBUTION));
        let (environment, asked) = (environment.clone(), Mutex::default());
        Self { environment, model, budget, models, asked }
    }

    /// Answers a question.
    pub(super) fn answer(
        &self,
        front: &Front,
        query: CompletionQuery,
        workspace: &Workspace,
    ) -> Result<CompletionReply, Report> {
        match query {
            CompletionQuery::Cancel => {
                self.left(front.id());
                Ok(CompletionReply::Cancelled)
            }
            CompletionQuery::Complete { path, before, after, recent, language: _ } => {
                let interrupt = Interrupt::new();
                if let Some(earlier) = self.asked().insert(front.id(), interrupt.clone()) {
                    earlier.raise();
                }
                self.complete(&Asked { path, before, after, recent }, workspace, &interrupt)
            }
        }
    }

    /// A front end left: nobody waits for its answer.
    pub(super) fn left(&self, front: u64) {
        if let Some(asked) = self.asked().remove(&front) {
            asked.raise();
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<u64, Interrupt>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(
        &self,
        asked: &Asked,
        workspace: &Workspace,
        interrupt: &Interrupt,
    ) -> Result<CompletionReply, Report> {
        let (provider, name) = self.provider()?;
        let neighbours = neighbours(workspace, &asked.path, &asked.recent);
        let around = (asked.before.as_str(), asked.after.as_str());
        let gap = gap(&asked.path, around, &neighbours, self.budget);
        if interrupt.is_raised() {
            return Ok(CompletionReply::Cancelled);
        }
        let mut request = CompletionRequest::new(name, gap.prefix, gap.suffix);
        request.max_tokens = TOKENS_MAX;
        let begun = self.environment.clock.monotonic();
        let answered = provider.within(WAIT_MAX).complete(&request, interrupt, &mut |_piece| {});
        if interrupt.is_raised() {
            return Ok(CompletionReply::Cancelled);
        }
        let answer = answered.map_err(|error| Report::of(&error))?;
        let taken = self.environment.clock.monotonic().saturating_sub(begun);
        let text = answer.candidates.first().map(|candidate| candidate.text.as_str());
        let text = text.and_then(|text| judge(&asked.before, &asked.after, text));
        let model_ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        Ok(CompletionReply::Completed { text, model_ms })
    }

    /// The way to the model, and the name by which its server knows it.
    fn provider(&self) -> Result<(Provider, String), Report> {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = models.ready(&self.model, &mut |_event| {})?;
        Ok((ready.provider.clone(), ready.name.clone()))
    }
}

/// What lies in the files that were worked on last. One that cannot be read has nothing.
fn neighbours(workspace: &Workspace, path: &TreePath, recent: &[TreePath]) -> Vec<Neighbour> {
    let others = recent.iter().filter(|other| *other != path).take(RECENT_MAX);
    others
        .filter_map(|path| match workspace.files(FilesQuery::Read { path: path.clone() }) {
            Ok(FilesReply::Read(ReadResult::Text(file))) => {
                Some(Neighbour { path: path.clone(), text: file.text })
            }
            Ok(_) | Err(_) => None,
        })
        .collect()
}
