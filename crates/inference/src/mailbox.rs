// SPDX-License-Identifier: Apache-2.0
//! What the model has produced for one request and nobody has sent yet.
//!
//! The model's thread puts text in, the connection's thread takes it out. Text of
//! one candidate is joined, so a slow client neither stops the model nor grows
//! anything: the content is bounded by the tokens that the request may produce.
//!
//! Invariant: the model's thread never waits for a client.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::refusal::Refusal;

/// Why a candidate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The model ended it, or a stop sequence did.
    Stop,
    /// It reached its length or the end of the context.
    Length,
}

impl Finish {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

/// New text of one candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) finish: Option<Finish>,
    /// How likely the change of a revision is, in thousandths of a nat.
    pub(crate) millinats: Option<i32>,
}

/// What a request cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: usize,
    /// Tokens of the prompt that were still there from an earlier request.
    pub(crate) cached_tokens: usize,
    pub(crate) completion_tokens: usize,
    pub(crate) prefill: Duration,
    pub(crate) decode: Duration,
}

/// Everything that happened since the last look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// One entry for each candidate, in their order.
    pub(crate) pieces: Vec<Piece>,
    /// Tokens of the prompt that are done, and all of them; `None` before it was accepted.
    pub(crate) prefill: Option<(usize, usize)>,
    pub(crate) end: Option<Result<Usage, Refusal>>,
}

#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    news: News,
    fresh: bool,
    abandoned: bool,
}

impl Mailbox {
    pub(crate) fn new(candidates: u32) -> Self {
        let pieces = (0..candidates).map(|_| Piece::default()).collect();
        Self {
            state: Mutex::new(State {
                news: News { pieces, ..News::default() },
                fresh: false,
                abandoned: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut News)) {
        let mut state = self.state();
        change(&mut state.news);
        state.fresh = true;
        self.changed.notify_all();
    }

    /// Says how far the prompt is.
    pub(crate) fn prefilled(&self, done: usize, all: usize) {
        self.change(|news| news.prefill = Some((done, all)));
    }

    /// Adds text to a candidate, and its end when it has ended.
    pub(crate) fn push(&self, candidate: usize, text: &str, finish: Option<Finish>) {
        if text.is_empty() && finish.is_none() {
            return;
        }
        self.change(|news| {
            if let Some(piece) = news.pieces.get_mut(candidate) {
                piece.text.push_str(text);
                piece.finish = piece.finish.or(finish);
            }
        });
    }

    /// Adds a whole revision and how likely it is.
    pub(crate) fn revised(&self, candidate: usize, text: &str, millinats: i32) {
        self.change(|news| {
            if let Some(piece) = news.pieces.get_mut(candidate) {
                piece.text.push_str(text);
                piece.millinats = Some(millinats);
                piece.finish = Some(Finish::Stop);
            }
        });
    }

    /// Says that nothing follows.
    pub(crate) fn close(&self, end: Result<Usage, Refusal>) {
        self.change(|news| {
            news.end.get_or_insert(end);
        });
    }

    /// Says that nobody reads any more.
    pub(crate) fn abandon(&self) {
        self.state().abandoned = true;
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.state().abandoned
    }

    /// Takes what is there, after waiting at most `timeout` for something new.
    pub(crate) fn take(&self, timeout: Duration) -> News {
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.state(), timeout, |state| !state.fresh)
            .unwrap_or_else(PoisonError::into_inner);
        state.fresh = false;
        let empty = News {
            pieces: state.news.pieces.iter().map(|_| Piece::default()).collect(),
            prefill: state.news.prefill,
            end: None,
        };
        std::mem::replace(&mut state.news, empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Piece {
        Piece { text: text.to_owned(), ..Piece::default() }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn text_is_joined_until_it_is_taken() {
        let mailbox = Mailbox::new(2);
        mailbox.push(0, "a", None);
        mailbox.push(1, "x", None);
        mailbox.push(0, "b", Some(Finish::Length));
        mailbox.push(7, "nobody", None);
        let news = mailbox.take(LONG);
        assert_eq!(news.pieces, [Piece { finish: Some(Finish::Length), ..said("ab") }, said("x"),]);
        assert_eq!(mailbox.take(Duration::ZERO).pieces, [Piece::default(), Piece::default()]);
    }

    #[test]
    fn the_end_wakes_a_waiting_reader_and_the_first_end_counts() {
        let mailbox = Mailbox::new(1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                mailbox.close(Err(Refusal::Stopping));
                mailbox.close(Ok(Usage::default()));
            });
            let mut end = None;
            while end.is_none() {
                end = mailbox.take(LONG).end;
            }
            assert_eq!(end, Some(Err(Refusal::Stopping)));
        });
    }

    #[test]
    fn the_model_learns_that_nobody_reads() {
        let mailbox = Mailbox::new(1);
        assert!(!mailbox.is_abandoned());
        mailbox.abandon();
        assert!(mailbox.is_abandoned());
    }
}
