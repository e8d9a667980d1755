// SPDX-License-Identifier: Apache-2.0
//! Waiting for what a session committed.

use moat_base::Report;
use moat_protocol::{Commits, Event};

use super::{Form, Front};
use crate::failure::Failure;
use crate::host::{Arrival, Host};

/// What came of an operation on commits.
#[derive(Debug)]
pub(crate) enum OfCommits {
    /// What there is.
    Pending(Commits),
    /// Some were taken or given back; how many were left alone.
    Moved { refused: usize },
    /// The operation was refused.
    Failed(Report),
    /// The engine ended.
    Closed,
}

/// Whether what comes is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    /// It is.
    Shown,
    /// The caller shows what matters.
    Quiet,
}

impl Front {
    /// Waits for the answer to an operation on commits.
    pub(crate) fn commits(&mut self, host: &Host, showing: Showing) -> Result<OfCommits, Failure> {
        loop {
            let envelope = match host.arrivals.recv() {
                Err(_) | Ok(Arrival::EngineEnded) => return Ok(OfCommits::Closed),
                Ok(Arrival::Signal) => {
                    self.interrupt(host)?;
                    continue;
                }
                Ok(Arrival::Line(_) | Arrival::InputEnded) => continue,
                Ok(Arrival::Event(envelope)) => envelope,
            };
            // A refusal is told on standard error by the caller.
            let is_told = matches!(envelope.event, Event::Failed { .. }) && self.form != Form::Json;
            if showing == Showing::Shown && !is_told {
                self.show(&envelope);
            }
            if let Some(answer) = answer(envelope.event) {
                return Ok(answer);
            }
        }
    }
}

/// What an event says of an operation on commits, if it does.
fn answer(event: Event) -> Option<OfCommits> {
    if let Event::CommitsPending(commits) = event {
        return Some(OfCommits::Pending(commits));
    }
    if let Event::CommitsTaken { refused, .. } | Event::CommitsReturned { refused, .. } = event {
        return Some(OfCommits::Moved { refused: refused.len() });
    }
    if let Event::Failed { report } = event {
        return Some(OfCommits::Failed(report));
    }
    matches!(event, Event::SessionClosed).then_some(OfCommits::Closed)
}
