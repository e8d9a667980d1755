// SPDX-License-Identifier: Apache-2.0
//! The front ends that are connected, for what all of them are told.

use std::sync::{Mutex, MutexGuard, PoisonError};

use moat_protocol::workspace::WorkspaceNews;
use moat_server::Front;

/// The front ends that are connected.
#[derive(Debug, Default)]
pub(super) struct Fronts(Mutex<Vec<Front>>);

impl Fronts {
    pub(super) fn add(&self, front: &Front) {
        self.all().push(front.clone());
    }

    pub(super) fn remove(&self, front: u64) {
        self.all().retain(|other| other.id() != front);
    }

    /// Tells all of them.
    pub(super) fn announce(&self, news: &WorkspaceNews) {
        // One that is gone says so itself.
        self.all().retain(|front| front.announce(news.clone()).is_ok());
    }

    /// Whether nobody looks.
    pub(super) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Front>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
