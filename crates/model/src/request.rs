// SPDX-License-Identifier: Apache-2.0
//! What is asked of a model, independent of any server's protocol.
//!
//! Invariant: a request holds everything that its bytes depend on, and nothing
//! of the machine, the user or the time (P-28).

use crate::Error;
use crate::limits::{CANDIDATES_MAX, STOPS_MAX};

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The instructions that frame the conversation.
    System,
    /// The person, or the program on their behalf.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What they say.
    pub text: String,
}

impl Message {
    /// Makes a message.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// A conversation that the model is to continue.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The name by which the server knows the model.
    pub model: String,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// 0 for greedy, at most 2.
    pub temperature: f64,
    /// The probability mass that is sampled from, above 0 and at most 1.
    pub top_p: f64,
    /// The seed of the first candidate; candidate `i` asked alone gets `seed + i`.
    pub seed: u64,
    /// The most tokens of each candidate.
    pub max_tokens: u32,
    /// How many answers to draw.
    pub candidates: u32,
    /// Texts at which an answer ends; they are not part of it.
    pub stop: Vec<String>,
    /// An answer of which revisions are wanted, likeliest first, in place of new answers.
    ///
    /// Only Moat's own model server knows it (docs/models.md); fewer than
    /// [`Self::candidates`] may come, then the texts of the others are empty.
    pub revise: Option<String>,
}

/// A text with a gap that the model is to fill; without a suffix, to continue.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletionRequest {
    /// The name by which the server knows the model.
    pub model: String,
    /// What stands before the gap.
    pub prefix: String,
    /// What stands after the gap; empty for plain continuation.
    pub suffix: String,
    /// As [`Request::temperature`].
    pub temperature: f64,
    /// As [`Request::top_p`].
    pub top_p: f64,
    /// As [`Request::seed`].
    pub seed: u64,
    /// As [`Request::max_tokens`].
    pub max_tokens: u32,
    /// As [`Request::candidates`].
    pub candidates: u32,
    /// As [`Request::stop`].
    pub stop: Vec<String>,
}

impl Request {
    /// Asks greedily for one answer of at most 1024 tokens; change the fields for more.
    #[must_use]
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            model: model.into(),
            messages,
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
            max_tokens: 1024,
            candidates: 1,
            stop: Vec::new(),
            revise: None,
        }
    }
}

impl CompletionRequest {
    /// Asks greedily for one filling of at most 128 tokens; change the fields for more.
    #[must_use]
    pub fn new(
        model: impl Into<String>,
        prefix: impl Into<String>,
        suffix: impl Into<String>,
    ) -> Self {
        Self {
            model: model.into(),
            prefix: prefix.into(),
            suffix: suffix.into(),
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
            max_tokens: 128,
            candidates: 1,
            stop: Vec::new(),
        }
    }
}

/// What both kinds of request have in common, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling<'a> {
    pub(crate) model: &'a str,
    pub(crate) temperature: f64,
    pub(crate) top_p: f64,
    pub(crate) seed: u64,
    pub(crate) max_tokens: u32,
    pub(crate) candidates: u32,
    pub(crate) stop: &'a [String],
}

impl<'a> From<&'a Request> for Sampling<'a> {
    fn from(request: &'a Request) -> Self {
        Self {
            model: &request.model,
            temperature: request.temperature,
            top_p: request.top_p,
            seed: request.seed,
            max_tokens: request.max_tokens,
            candidates: request.candidates,
            stop: &request.stop,
        }
    }
}

impl<'a> From<&'a CompletionRequest> for Sampling<'a> {
    fn from(request: &'a CompletionRequest) -> Self {
        Self {
            model: &request.model,
            temperature: request.temperature,
            top_p: request.top_p,
            seed: request.seed,
            max_tokens: request.max_tokens,
            candidates: request.candidates,
            stop: &request.stop,
        }
    }
}

impl Sampling<'_> {
    /// Refuses what no server could answer, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |field, reason| Err(Error::Invalid { field, reason });
        if !(0.0..=2.0).contains(&self.temperature) {
            return refuse("temperature", "it must be between 0 and 2");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return refuse("top_p", "it must be above 0 and at most 1");
        }
        if self.max_tokens == 0 {
            return refuse("max_tokens", "it must be at least 1");
        }
        if self.candidates == 0 || self.candidates > CANDIDATES_MAX {
            return refuse("candidates", "it must be between 1 and 64");
        }
        if self.stop.len() > STOPS_MAX || self.stop.iter().any(String::is_empty) {
            return refuse("stop", "there may be at most 4 texts, none empty");
        }
        Ok(())
    }
}
