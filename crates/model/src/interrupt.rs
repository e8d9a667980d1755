// SPDX-License-Identifier: Apache-2.0
//! A flag that stops a request from another thread.
//!
//! It is an atomic on purpose, so that a signal handler's flag can be the same one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Raised once to stop every request that was given it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Makes one that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every request that holds this interrupt.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl From<Arc<AtomicBool>> for Interrupt {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
