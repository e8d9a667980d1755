// SPDX-License-Identifier: Apache-2.0
//! Where the server stands: loading, ready, failed or stopping.
//!
//! A connection that asks whether the server is ready waits here for changes, so
//! that nobody has to ask again and again while the weights are read.
//!
//! Invariant: a stage never goes back to an earlier one.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// What a ready server serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) architecture: String,
    pub(crate) context_tokens: u32,
    pub(crate) trained_tokens: u32,
    pub(crate) parameters: u64,
    pub(crate) bytes: u64,
    pub(crate) fills: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Per cent of the weights that are loaded.
    Loading(u8),
    Ready(Card),
    Failed(String),
    Stopping,
}

impl Stage {
    const fn order(&self) -> u16 {
        match self {
            Self::Loading(percent) => *percent as u16,
            Self::Ready(_) => 1000,
            Self::Failed(_) => 1001,
            Self::Stopping => 1002,
        }
    }

    /// One line of JSON about it.
    pub(crate) fn body(&self, model: &str) -> Value {
        match self {
            Self::Loading(percent) => {
                json!({"status": "loading", "model": model, "percent": percent})
            }
            Self::Ready(_) => json!({"status": "ok", "model": model}),
            Self::Failed(reason) => json!({"status": "failed", "model": model, "reason": reason}),
            Self::Stopping => json!({"status": "stopping", "model": model}),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Board {
    stage: Mutex<Stage>,
    changed: Condvar,
}

impl Board {
    pub(crate) const fn new() -> Self {
        Self { stage: Mutex::new(Stage::Loading(0)), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on to a later stage; an earlier or equal one is ignored.
    pub(crate) fn advance(&self, stage: Stage) {
        let mut current = self.lock();
        if stage.order() > current.order() {
            *current = stage;
            self.changed.notify_all();
        }
    }

    pub(crate) fn now(&self) -> Stage {
        self.lock().clone()
    }

    /// Waits at most `timeout` until the stage is another than `known`, and gives it.
    pub(crate) fn wait(&self, known: &Stage, timeout: Duration) -> Stage {
        let (stage, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, |stage| stage == known)
            .unwrap_or_else(PoisonError::into_inner);
        stage.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_only_go_forward() {
        let board = Board::new();
        for (next, expect) in [
            (Stage::Loading(40), Stage::Loading(40)),
            (Stage::Loading(10), Stage::Loading(40)),
            (Stage::Failed("x".to_owned()), Stage::Failed("x".to_owned())),
            (Stage::Loading(90), Stage::Failed("x".to_owned())),
            (Stage::Stopping, Stage::Stopping),
        ] {
            board.advance(next);
            assert_eq!(board.now(), expect);
        }
    }

    #[test]
    fn a_waiting_reader_sees_the_change() {
        let board = Board::new();
        std::thread::scope(|scope| {
            scope.spawn(|| board.advance(Stage::Stopping));
            let seen = board.wait(&Stage::Loading(0), Duration::from_secs(60));
            assert_eq!(seen, Stage::Stopping);
        });
    }
}
