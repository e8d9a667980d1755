// SPDX-License-Identifier: Apache-2.0
//! Reads the session's sources while the check runs, since its failure sends the turn to them.
//!
//! A check runs in a fork, so it does not change what is read here. It is only read, and
//! nothing is concluded from it before the check has ended.
//!
//! Invariant: the thread ends with its value.

use std::sync::Arc;
use std::thread::JoinHandle;

use moat_base::Tree;
use moat_index::Stock;

/// Sources that are being read.
#[derive(Debug)]
pub(super) struct Ahead {
    stock: Arc<Stock>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Begins to read.
    pub(super) fn start(tree: Arc<dyn Tree>) -> Self {
        let stock = Arc::new(Stock::default());
        let filled = Arc::clone(&stock);
        let thread = std::thread::spawn(move || filled.fill(tree.as_ref()));
        Self { stock, thread: Some(thread) }
    }

    /// What was read, and is being read.
    pub(super) fn stock(&self) -> Arc<Stock> {
        Arc::clone(&self.stock)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.stock.stop();
        if let Some(thread) = self.thread.take() {
            // What it had read is of no more use, also when it died.
            let _ended = thread.join();
        }
    }
}
