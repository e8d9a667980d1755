// SPDX-License-Identifier: Apache-2.0
//! Inline completion: asks a model what may stand at the cursor of a front end.
//!
//! Each front end has one question at a time. A new one ends the one before it: what was asked
//! at the last key is of no interest after the next. An answer is read as it is written, and
//! ended where no more of it would be shown, so that the model is free for the next question.
//!
//! Invariant: what a model is shown is text around the cursor and declarations of files that
//! the front end named, read through the workspace's door, and nothing of a file that holds
//! secrets by its name. Nothing leaves this machine for a model that nobody chose.

mod neighbours;
mod way;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moat_base::{Report, TreePath};
use moat_complete::limits::TOKENS_MAX;
use moat_complete::{Ended, Gap, gap, is_secret, is_settled, judge};
use moat_config::{InlineCompletion, Settings as Config};
use moat_model::{Chunk, CompletionRequest, Error, Finish, Interrupt};
use moat_protocol::workspace::{CompletionQuery, CompletionReply};
use moat_server::Front;
use moat_workspace::Workspace;

use crate::environment::Environment;
use crate::start::Started;
use neighbours::Neighbours;
use way::{Fill, Found, Way, Ways};

/// How long a person waits at most; then nothing is shown.
const WAIT_MAX: Duration = Duration::from_secs(15);
/// How much of the text before the cursor is looked at; a front end sends no more.
const BEFORE_BYTES_MAX: usize = 16 * 1024;
/// How much of the text behind the cursor is looked at; a front end sends no more.
const AFTER_BYTES_MAX: usize = 8 * 1024;

#[derive(Debug)]
pub(super) struct Completion {
    environment: Environment,
    allowed: InlineCompletion,
    ways: Ways,
    neighbours: Neighbours,
    asked: Mutex<HashMap<u64, Asked>>,
}

/// The last question of a front end.
#[derive(Debug, Clone, Default)]
struct Asked {
    number: u32,
    interrupt: Interrupt,
}

/// A question.
struct Question {
    path: TreePath,
    model: Option<String>,
    before: String,
    after: String,
    recent: Vec<TreePath>,
}

impl Completion {
    pub(super) fn new(environment: &Environment, started: &Started, config: Config) -> Self {
        let neighbours = Neighbours::new(&environment.clock);
        let allowed = config.completion.value;
        let ways = Ways::new(environment, started, config);
        let (environment, asked) = (environment.clone(), Mutex::default());
        Self { environment, allowed, ways, neighbours, asked }
    }

    /// Answers a question.
    pub(super) fn answer(
        &self,
        front: &Front,
        query: CompletionQuery,
        workspace: &Workspace,
    ) -> Result<CompletionReply, Report> {
        match query {
            CompletionQuery::Cancel { number } => {
                self.supersede(front.id(), number);
                Ok(CompletionReply::Cancelled)
            }
            CompletionQuery::Complete {
                number,
                path,
                model,
                before,
                after,
                recent,
                language: _,
            } => {
                // A question counts from its number on, a cancellation up to its own.
                let Some(interrupt) = self.begin(front.id(), number) else {
                    return Ok(CompletionReply::Cancelled);
                };
                let question = Question { path, model, before, after, recent };
                self.complete(&question, workspace, &interrupt)
            }
        }
    }

    /// A front end left: nobody waits for its answer.
    pub(super) fn left(&self, front: u64) {
        if let Some(asked) = self.asked().remove(&front) {
            asked.interrupt.raise();
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<u64, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a question, and ends the one before it; nothing where a newer one or its end came
    /// already.
    fn begin(&self, front: u64, number: u32) -> Option<Interrupt> {
        let mut asked = self.asked();
        let last = asked.entry(front).or_default();
        if last.number >= number {
            return None;
        }
        last.interrupt.raise();
        *last = Asked { number, interrupt: Interrupt::new() };
        Some(last.interrupt.clone())
    }

    /// Ends what was asked up to a number.
    fn supersede(&self, front: u64, number: u32) {
        let mut asked = self.asked();
        let last = asked.entry(front).or_default();
        if last.number <= number {
            last.interrupt.raise();
            last.number = number;
        }
    }

    fn complete(
        &self,
        question: &Question,
        workspace: &Workspace,
        interrupt: &Interrupt,
    ) -> Result<CompletionReply, Report> {
        match self.allowed {
            InlineCompletion::On => {}
            InlineCompletion::Off => {
                return Ok(CompletionReply::Completed { text: None, model_ms: 0 });
            }
        }
        if is_secret(&question.path) {
            return Ok(CompletionReply::Withheld);
        }
        let way = match self.ways.to(question.model.as_deref())? {
            Found::Way(way) => way,
            Found::Loading => return Ok(CompletionReply::Loading),
        };
        let before = last(&question.before, BEFORE_BYTES_MAX);
        let after = moat_base::clip(&question.after, AFTER_BYTES_MAX);
        let neighbours = self.neighbours.of(workspace, &question.path, &question.recent);
        let gap = gap(&question.path, (before, after), &neighbours, way.budget);
        if interrupt.is_raised() {
            return Ok(CompletionReply::Cancelled);
        }
        let begun = self.environment.clock.monotonic();
        let answered = ask(&way, gap, (before, after), interrupt);
        let taken = self.environment.clock.monotonic().saturating_sub(begun);
        let model_ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        match answered {
            Answered::Text(text, ended) => {
                let text = judge(before, after, &text, ended);
                Ok(CompletionReply::Completed { text, model_ms })
            }
            Answered::Ended => Ok(CompletionReply::Cancelled),
            // Who typed on would not have waited either.
            Answered::Failed(Error::Silent { .. }) => {
                Ok(CompletionReply::Completed { text: None, model_ms })
            }
            Answered::Failed(Error::Unreachable { .. }) if way.is_embedded() => {
                // It ended when it was idle, and is started again.
                self.ways.forget(&way);
                Ok(CompletionReply::Loading)
            }
            Answered::Failed(error) => Err(Report::of(&error)),
        }
    }
}

/// How a request ended.
enum Answered {
    Text(String, Ended),
    /// Nobody waits for it any more.
    Ended,
    Failed(Error),
}

/// Asks the model, without what stands behind the cursor where it was not made to fill.
fn ask(way: &Way, gap: Gap, around: (&str, &str), interrupt: &Interrupt) -> Answered {
    let suffix = match way.fill() {
        Fill::Gap => gap.suffix,
        Fill::End => String::new(),
    };
    let fills = !suffix.is_empty();
    let mut request = CompletionRequest::new(way.name.as_str(), gap.prefix, suffix);
    request.max_tokens = TOKENS_MAX;
    match stream(way, &request, around, interrupt) {
        Answered::Failed(Error::Refused { status: 400 | 422 | 501, .. }) if fills => {
            way.cannot_fill();
            request.suffix = String::new();
            stream(way, &request, around, interrupt)
        }
        answered @ (Answered::Text(..) | Answered::Ended | Answered::Failed(_)) => answered,
    }
}

/// Reads an answer until it is whole, nobody wants it, or no more of it would be shown.
fn stream(
    way: &Way,
    request: &CompletionRequest,
    (before, after): (&str, &str),
    interrupt: &Interrupt,
) -> Answered {
    let mut text = String::new();
    let mut ended = Ended::ByItself;
    let mut enough = false;
    let provider = way.provider.within(WAIT_MAX);
    let answered = provider.complete(request, interrupt, &mut |chunk| match chunk {
        Chunk::Text { candidate: 0, text: piece } if !enough => {
            text.push_str(piece);
            enough = is_settled(before, after, &text);
            if enough {
                interrupt.raise();
            }
        }
        Chunk::Done { candidate: 0, finish: Finish::Length } => ended = Ended::AtLimit,
        Chunk::Text { .. } | Chunk::Done { .. } | Chunk::Likelihood { .. } | Chunk::Usage(_) => {}
    });
    match answered {
        Ok(_) if !enough => Answered::Text(text, ended),
        Ok(_) | Err(_) if enough => Answered::Text(text, Ended::ByItself),
        Ok(_) | Err(Error::Interrupted) => Answered::Ended,
        Err(error) => Answered::Failed(error),
    }
}

/// The end of a text.
fn last(text: &str, most: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(most));
    text.get(from..).unwrap_or_default()
}
