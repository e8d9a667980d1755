// SPDX-License-Identifier: Apache-2.0
//! What the server needs from a model, and the thread that works for it.
//!
//! One request is computed at a time: on a processor, two at once take twice as
//! long each, and candidates of one request are already one batch. The trait
//! exists so that queueing, streaming, cancelling and stopping are tested without
//! weights.
//!
//! Invariant: every mailbox that enters [`work`] is closed exactly once.

use std::sync::Arc;
use std::time::Duration;

use crate::mailbox::{Mailbox, Usage};
use crate::queue::Queue;
use crate::refusal::Refusal;
use crate::request::Order;

/// A request on its way to the model.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) order: Order,
    pub(crate) mailbox: Arc<Mailbox>,
}

/// A loaded model. Implementors put text into the mailbox as it comes, look at
/// [`Mailbox::is_abandoned`] between steps, and leave the closing to the caller.
pub(crate) trait Engine {
    /// Computes one request.
    ///
    /// # Errors
    /// The refusal that the client gets; the engine stays usable.
    fn run(&mut self, order: &Order, mailbox: &Mailbox) -> Result<Usage, Refusal>;
}

/// Works until nothing came for `idle`, or until the queue was closed.
pub(crate) fn work(engine: &mut dyn Engine, queue: &Queue<Job>, idle: Duration) {
    while let Some(job) = queue.pop(idle) {
        if job.mailbox.is_abandoned() {
            job.mailbox.close(Err(Refusal::Stopping));
            continue;
        }
        let end = engine.run(&job.order, &job.mailbox);
        job.mailbox.close(end);
    }
    for job in queue.close() {
        job.mailbox.close(Err(Refusal::Stopping));
    }
}
