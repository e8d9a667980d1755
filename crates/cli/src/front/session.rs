// SPDX-License-Identifier: Apache-2.0
//! Showing a command that runs in a session, and asking a person before going back.

use moat_base::{Report, visible};
use moat_engine::Attendance;
use moat_protocol::{CommandEnd, Event, Level, Stream};

use super::{Form, Front, Waited, Wanted};
use crate::environment::Output;
use crate::failure::Failure;
use crate::host::{Arrival, Host};
use crate::terminal::complain_part;

impl Front {
    /// Tells of a command by its events alone, until it ended.
    fn command_in_events(&mut self, host: &Host) -> Result<Result<CommandEnd, Report>, Failure> {
        Ok(match self.wait(host, Wanted::Command)? {
            Waited::Command(end) => Ok(end),
            Waited::Failed(report) => Err(report),
            Waited::Turn(_)
            | Waited::Moved { .. }
            | Waited::Changes(_)
            | Waited::Plan(_)
            | Waited::Closed => Ok(CommandEnd::Unknown),
        })
    }

    /// Passes a command's output on, each stream on its own, until it ended.
    pub(crate) fn command(
        &mut self,
        host: &Host,
        output: Output,
    ) -> Result<Result<CommandEnd, Report>, Failure> {
        if self.form == Form::Json {
            return self.command_in_events(host);
        }
        loop {
            let envelope = match host.arrivals.recv() {
                Err(_) | Ok(Arrival::EngineEnded) => return Ok(Ok(CommandEnd::Unknown)),
                Ok(Arrival::Event(envelope)) => envelope,
                Ok(Arrival::Signal) => {
                    self.interrupt(host)?;
                    continue;
                }
                Ok(Arrival::Line(line)) => {
                    self.answer(host, &line);
                    continue;
                }
                Ok(Arrival::InputEnded) => {
                    self.end_input(host);
                    continue;
                }
            };
            match &envelope.event {
                Event::CommandOutput { stream, text, .. } => self.pass_on(*stream, text, output),
                Event::CommandEnded(end) => return Ok(Ok(end.clone())),
                Event::Failed { report } => return Ok(Err(report.clone())),
                Event::ApprovalAsked { .. } | Event::ApprovalAnswered { .. } => {
                    self.show(&envelope);
                    if self.input_ended {
                        self.answer(host, "");
                    }
                }
                Event::Notice { level: Level::Warning, text } => {
                    complain_part(&format!("{}\n", visible(text)));
                }
                Event::SessionOpened { boundary, .. } => self.tell_boundary(boundary),
                // What remains is about the session, and a command's output is all its own.
                Event::Forked(_)
                | Event::TurnStarted { .. }
                | Event::PlanMade { .. }
                | Event::Notice { level: Level::Note, .. }
                | Event::CommandStarted { .. }
                | Event::CommandFinished { .. }
                | Event::Located { .. }
                | Event::ModelAsked { .. }
                | Event::ModelText { .. }
                | Event::ModelAnswered { .. }
                | Event::CandidateJudged { .. }
                | Event::Edited { .. }
                | Event::CheckAsked
                | Event::CheckGiven { .. }
                | Event::ChangesPending(_)
                | Event::KeepPlanned { .. }
                | Event::CommitsPending(_)
                | Event::CommitsTaken { .. }
                | Event::CommitsReturned { .. }
                | Event::Kept { .. }
                | Event::Discarded { .. }
                | Event::KeepUndone { .. }
                | Event::Checkpointed(_)
                | Event::RewindPlanned(_)
                | Event::Rewound(_)
                | Event::TurnFinished { .. }
                | Event::SessionClosed => {}
            }
        }
    }

    /// Says what a command runs in to a person; whoever reads its output from a file or a pipe
    /// gets that and no more.
    fn tell_boundary(&self, boundary: &str) {
        if self.attendance == Attendance::Attended {
            complain_part(&format!("boundary: {}\n", visible(boundary)));
        }
    }

    /// A terminal obeys nothing that a command writes; a file or a pipe gets it as it is.
    fn pass_on(&mut self, stream: Stream, text: &str, output: Output) {
        match (stream, output) {
            (Stream::Out, Output::Stream) => self.terminal.write(text),
            (Stream::Out, Output::Terminal | Output::DumbTerminal) => {
                self.terminal.write(&visible(text))
            }
            (Stream::Err, _) => complain_part(&visible(text)),
        }
    }

    /// Asks whether to go back; anything but `yes` is no.
    pub(crate) fn confirms(&mut self, host: &Host) -> Result<Answered, Failure> {
        if self.attendance == Attendance::Headless {
            return Ok(Answered::Nobody);
        }
        self.terminal.write("type `yes` to go back, anything else to leave it: ");
        loop {
            match host.arrivals.recv() {
                Ok(Arrival::Line(line)) if line.trim() == "yes" => return Ok(Answered::Yes),
                Ok(Arrival::Line(_) | Arrival::InputEnded | Arrival::EngineEnded) | Err(_) => {
                    return Ok(Answered::No);
                }
                Ok(Arrival::Signal) => {
                    self.interrupt(host)?;
                    return Ok(Answered::No);
                }
                Ok(Arrival::Event(_)) => {}
            }
        }
    }
}

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    Yes,
    No,
    /// There is no person.
    Nobody,
}
