// SPDX-License-Identifier: Apache-2.0
//! Asking a person about one change that acts by itself.

use moat_engine::Attendance;
use moat_protocol::{Change, Event, Op, Selection};

use super::{Form, Front};
use crate::environment::Output;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::{Arrival, Host};

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// Exactly this.
    Yes,
    /// Anything else.
    No,
    /// There is no person, or none any more.
    Nobody,
    /// Ctrl-C: not this, and nothing else either.
    Stop,
}

impl Front {
    /// The changes of a selection that a keep would leave for want of a confirmation.
    pub(crate) fn unconfirmed(
        &mut self,
        host: &Host,
        selection: &Selection,
    ) -> Result<Vec<Change>, Failure> {
        host.send(Op::PlanKeep { selection: selection.clone() });
        loop {
            let envelope = match host.arrivals.recv() {
                Err(_) | Ok(Arrival::EngineEnded) => return Ok(Vec::new()),
                Ok(Arrival::Event(envelope)) => envelope,
                Ok(Arrival::Signal) => {
                    self.interrupt(host)?;
                    continue;
                }
                Ok(Arrival::InputEnded) => {
                    self.attendance = Attendance::Headless;
                    continue;
                }
                Ok(Arrival::Line(_)) => continue,
            };
            // In text each change is shown with its question, and a failure on standard error.
            let is_answer =
                matches!(envelope.event, Event::KeepPlanned { .. } | Event::Failed { .. });
            if self.form == Form::Json || !is_answer {
                self.show(&envelope);
            }
            if let Event::KeepPlanned { unconfirmed } = envelope.event {
                return Ok(unconfirmed);
            }
            if let Event::Failed { report } = envelope.event {
                return Err(Failure { report, exit: Exit::Usage });
            }
        }
    }

    /// Shows one change and asks whether exactly that is to be kept. Only a line that was
    /// typed after it was shown counts, and only where the question can be seen.
    pub(crate) fn confirms_exactly(
        &mut self,
        host: &Host,
        output: Output,
        question: &str,
    ) -> Result<Said, Failure> {
        if self.attendance == Attendance::Headless || output == Output::Stream {
            return Ok(Said::Nobody);
        }
        while let Ok(arrival) = host.arrivals.try_recv() {
            match arrival {
                // Typed before anything was asked: it answers nothing.
                Arrival::Line(_) => {}
                Arrival::Event(envelope) => self.show(&envelope),
                Arrival::InputEnded | Arrival::EngineEnded => return Ok(self.nobody_is_left()),
                Arrival::Signal => {
                    self.interrupt(host)?;
                    return Ok(Said::Stop);
                }
            }
        }
        self.terminal.write(question);
        self.terminal.write("type `yes` to keep exactly this, anything else to leave it: ");
        loop {
            match host.arrivals.recv() {
                Ok(Arrival::Line(line)) if line.trim() == "yes" => return Ok(Said::Yes),
                Ok(Arrival::Line(_)) => return Ok(Said::No),
                Ok(Arrival::InputEnded | Arrival::EngineEnded) | Err(_) => {
                    return Ok(self.nobody_is_left());
                }
                Ok(Arrival::Signal) => {
                    self.interrupt(host)?;
                    return Ok(Said::Stop);
                }
                Ok(Arrival::Event(_)) => {}
            }
        }
    }

    const fn nobody_is_left(&mut self) -> Said {
        self.attendance = Attendance::Headless;
        Said::Nobody
    }
}
