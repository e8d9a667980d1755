// SPDX-License-Identifier: Apache-2.0
//! The requests that wait for the model, shared fairly between clients.
//!
//! Clients take turns: one request of each, in the order in which they came, so
//! that a client with many requests does not make the others wait for all of
//! them. The queue closes itself when nothing came for a while; a request can
//! therefore not slip in between the decision to stop and the stop.
//!
//! Invariant: what was accepted is either given out or returned by [`Queue::close`].

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::{QUEUE_REQUESTS_MAX, QUEUE_REQUESTS_PER_CLIENT_MAX};
use crate::refusal::Refusal;

#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    /// Clients with waiting requests; the front one is next.
    clients: VecDeque<(String, VecDeque<T>)>,
    waiting: usize,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self {
            state: Mutex::new(State { clients: VecDeque::new(), waiting: 0, closed: false }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request of `client`.
    pub(crate) fn push(&self, client: &str, item: T) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Stopping);
        }
        let full = Refusal::QueueFull { waiting: state.waiting };
        if state.waiting >= QUEUE_REQUESTS_MAX {
            return Err(full);
        }
        match state.clients.iter_mut().find(|(name, _)| name == client) {
            Some((_, items)) if items.len() >= QUEUE_REQUESTS_PER_CLIENT_MAX => return Err(full),
            Some((_, items)) => items.push_back(item),
            None => state.clients.push_back((client.to_owned(), VecDeque::from([item]))),
        }
        state.waiting += 1;
        self.changed.notify_all();
        Ok(())
    }

    /// Takes the next request. Closes the queue and gives `None` when none came for `idle`.
    pub(crate) fn pop(&self, idle: Duration) -> Option<T> {
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.state(), idle, |state| state.waiting == 0 && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let Some((client, mut items)) = state.clients.pop_front() else {
            state.closed = true;
            return None;
        };
        let item = items.pop_front();
        if !items.is_empty() {
            state.clients.push_back((client, items));
        }
        state.waiting = state.waiting.saturating_sub(1);
        item
    }

    /// Accepts nothing more and gives back what still waits.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut state = self.state();
        state.closed = true;
        state.waiting = 0;
        self.changed.notify_all();
        state.clients.drain(..).flat_map(|(_, items)| items).collect()
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop(Duration::ZERO)).collect()
    }

    #[test]
    fn clients_take_turns() {
        let queue = Queue::new();
        for (client, item) in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")] {
            queue.push(client, item).unwrap();
        }
        assert_eq!(drain(&queue), ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn it_is_full_for_one_client_and_for_all() {
        let queue = Queue::new();
        for _ in 0..QUEUE_REQUESTS_PER_CLIENT_MAX {
            queue.push("a", "x").unwrap();
        }
        assert!(matches!(queue.push("a", "x"), Err(Refusal::QueueFull { .. })));
        for index in QUEUE_REQUESTS_PER_CLIENT_MAX..QUEUE_REQUESTS_MAX {
            queue.push(&format!("client {index}"), "x").unwrap();
        }
        assert_eq!(queue.push("new", "x"), Err(Refusal::QueueFull { waiting: QUEUE_REQUESTS_MAX }));
        queue.pop(Duration::ZERO).unwrap();
        queue.push("new", "x").unwrap();
    }

    #[test]
    fn idleness_closes_it_for_good() {
        let queue = Queue::new();
        assert_eq!(queue.pop(Duration::ZERO), None);
        assert_eq!(queue.push("a", "late"), Err(Refusal::Stopping));
    }

    #[test]
    fn closing_returns_what_waits_and_wakes_the_model() {
        let queue = Queue::new();
        queue.push("a", "a1").unwrap();
        queue.push("b", "b1").unwrap();
        assert_eq!(queue.close(), ["a1", "b1"]);
        assert_eq!(queue.waiting(), 0);
        assert_eq!(queue.pop(Duration::from_secs(3600)), None);
    }
}
