// SPDX-License-Identifier: Apache-2.0
//! What comes back from a model: pieces while it writes, then the whole.

use std::collections::BTreeMap;

/// One piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// More text of one candidate.
    Text {
        /// Which candidate, from 0.
        candidate: u32,
        /// The text, never empty.
        text: String,
    },
    /// How likely the change of one revision is, see [`crate::Request::revise`].
    Likelihood {
        /// Which candidate, from 0.
        candidate: u32,
        /// The thousandths of the natural logarithm of its probability.
        millinats: i32,
    },
    /// One candidate is complete.
    Done {
        /// Which candidate, from 0.
        candidate: u32,
        /// Why it ended.
        finish: Finish,
    },
    /// The server's count of tokens for the request.
    Usage(Usage),
}

/// Why a candidate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model was done, or a stop text came.
    Stop,
    /// The token limit came first.
    Length,
    /// The server's filter ended it.
    Filter,
    /// The server gave another reason, or none.
    Other,
}

/// The server's count of tokens; summed when several requests were needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Of these, tokens that the server had in its cache.
    pub cached_tokens: u64,
    /// Tokens of all candidates.
    pub completion_tokens: u64,
}

impl Usage {
    /// Adds another request's count, without overflow whatever a server claims.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            completion_tokens: self.completion_tokens.saturating_add(other.completion_tokens),
        }
    }
}

/// One complete answer of possibly several to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole text.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Of a revision, how likely its change is; see [`Chunk::Likelihood`].
    pub millinats: Option<i32>,
}

/// All candidates of one request, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// As many as were asked for.
    pub candidates: Vec<Candidate>,
    /// The server's count; `None` when it gave none.
    pub usage: Option<Usage>,
}

/// Collects chunks into an [`Answer`].
#[derive(Debug, Default)]
pub(crate) struct Gather {
    candidates: BTreeMap<u32, Candidate>,
    usage: Option<Usage>,
}

impl Gather {
    pub(crate) fn take(&mut self, chunk: &Chunk) {
        match chunk {
            Chunk::Text { candidate, text } => self.of(*candidate).text.push_str(text),
            Chunk::Likelihood { candidate, millinats } => {
                self.of(*candidate).millinats = Some(*millinats);
            }
            Chunk::Done { candidate, finish } => self.of(*candidate).finish = *finish,
            Chunk::Usage(usage) => {
                self.usage = Some(self.usage.unwrap_or_default().plus(*usage));
            }
        }
    }

    pub(crate) fn has(&self, candidate: u32) -> bool {
        self.candidates.contains_key(&candidate)
    }

    pub(crate) fn answer(self) -> Answer {
        Answer { candidates: self.candidates.into_values().collect(), usage: self.usage }
    }

    fn of(&mut self, candidate: u32) -> &mut Candidate {
        self.candidates.entry(candidate).or_insert_with(|| Candidate {
            text: String::new(),
            finish: Finish::Other,
            millinats: None,
        })
    }
}
