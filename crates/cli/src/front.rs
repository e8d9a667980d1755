// SPDX-License-Identifier: Apache-2.0
//! This process's own front end: shows events, takes answers and Ctrl-C.

mod commits;
mod session;
mod surface;

use std::io::BufRead as _;

use moat_engine::Attendance;
use moat_protocol::{
    Answer, ChangeSet, CommandEnd, Event, Level, Op, Outcome, RewindPlan, write_event,
};
use moat_tui::{Detail, Screen};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::arguments::Showing;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::{Arrival, Host};
use crate::terminal::{Terminal, complain};

pub(crate) use session::Answered;

pub(crate) use surface::Said;

pub(crate) use commits::{OfCommits, Showing as ShowingCommits};

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text(Detail),
    /// One JSON object per line.
    Json,
}

impl From<Showing> for Form {
    fn from(showing: Showing) -> Self {
        match (showing.json, showing.verbose) {
            (true, _) => Self::Json,
            (false, true) => Self::Text(Detail::Everything),
            (false, false) => Self::Text(Detail::Usual),
        }
    }
}

/// Shows one session.
#[derive(Debug)]
pub(crate) struct Front {
    form: Form,
    screen: Screen,
    terminal: Terminal,
    attendance: Attendance,
    question: Option<Question>,
    /// Whether nothing more can be typed, so that whatever is asked is answered with nothing.
    input_ended: bool,
    interrupts: u32,
}

/// What a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// Whether a command may run: the number of the question.
    Approval(u32),
    /// Which command tells right from wrong.
    Check,
}

impl Question {
    const fn prompt(self) -> &'static str {
        match self {
            Self::Approval(_) => "type `yes` to run it once, anything else for no: ",
            Self::Check => "type the command, or nothing to end the turn: ",
        }
    }
}

/// What the front end waited for.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The turn ended.
    Turn(Outcome),
    /// Changes were kept, dropped or taken back; how many of them were left alone.
    Moved { refused: usize },
    /// The pending changes.
    Changes(ChangeSet),
    /// What going back to a checkpoint would do.
    Plan(RewindPlan),
    /// A command in the session ended.
    Command(CommandEnd),
    /// The operation was refused.
    Failed(moat_base::Report),
    /// The engine ended.
    Closed,
}

impl Front {
    pub(crate) fn new(
        environment: &Environment,
        host: &Host,
        form: Form,
        attendance: Attendance,
    ) -> Self {
        let detail = match form {
            Form::Text(detail) => detail,
            Form::Json => Detail::Usual,
        };
        Self {
            form,
            screen: Screen::new(environment.paint, detail).for_session(host.id.as_str()),
            terminal: Terminal::new(environment.output),
            attendance,
            question: None,
            input_ended: false,
            interrupts: 0,
        }
    }

    /// Begins to listen to the keyboard (where a person sits) and to signals.
    pub(crate) fn listen(&self, host: &Host) -> Result<(), Failure> {
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| {
            Failure::environment("could not listen to signals", "look at the open files limit")
                .because(&error)
        })?;
        let arrive = host.arrive.clone();
        std::thread::spawn(move || {
            for _signal in signals.forever() {
                if arrive.send(Arrival::Signal).is_err() {
                    break;
                }
            }
        });
        if self.attendance == Attendance::Attended {
            let arrive = host.arrive.clone();
            std::thread::spawn(move || {
                for line in std::io::stdin().lock().lines() {
                    let Ok(line) = line else { break };
                    if arrive.send(Arrival::Line(line)).is_err() {
                        return;
                    }
                }
                let _front_ended = arrive.send(Arrival::InputEnded);
            });
        }
        Ok(())
    }

    /// Shows what happens until something that was waited for has happened.
    pub(crate) fn wait(&mut self, host: &Host, for_what: Wanted) -> Result<Waited, Failure> {
        loop {
            let Ok(arrival) = host.arrivals.recv() else { return Ok(Waited::Closed) };
            match arrival {
                Arrival::Signal => self.interrupt(host)?,
                Arrival::EngineEnded => return Ok(Waited::Closed),
                Arrival::Line(line) => self.answer(host, &line),
                Arrival::InputEnded => self.end_input(host),
                Arrival::Event(envelope) => {
                    if !self.caller_tells(for_what, &envelope.event) {
                        self.show(&envelope);
                    }
                    if self.input_ended {
                        self.answer(host, "");
                    }
                    if let Some(waited) = met(for_what, envelope.event) {
                        return Ok(waited);
                    }
                }
            }
        }
    }

    /// Whether the event is a refusal that the caller puts on standard error.
    fn caller_tells(&self, for_what: Wanted, event: &Event) -> bool {
        let refused = matches!(event, Event::Failed { .. });
        let ends = !matches!(for_what, Wanted::Turn);
        refused && ends && matches!(self.form, Form::Text(_))
    }

    /// Waits without showing anything but what a person has to know.
    pub(crate) fn quietly(&mut self, host: &Host, for_what: Wanted) -> Result<Waited, Failure> {
        loop {
            match host.arrivals.recv() {
                Err(_) | Ok(Arrival::EngineEnded) => return Ok(Waited::Closed),
                Ok(Arrival::Signal) => self.interrupt(host)?,
                Ok(Arrival::Line(_) | Arrival::InputEnded) => {}
                Ok(Arrival::Event(envelope)) => {
                    if let Event::Notice { level: Level::Warning, text } = &envelope.event {
                        complain(text);
                    }
                    if let Some(waited) = met(for_what, envelope.event) {
                        return Ok(waited);
                    }
                }
            }
        }
    }

    /// Whether a person pressed Ctrl-C.
    pub(crate) const fn was_interrupted(&self) -> bool {
        self.interrupts > 0
    }

    fn show(&mut self, envelope: &moat_protocol::Envelope) {
        match (&envelope.event, self.form) {
            (Event::ApprovalAsked { request, .. }, _) => {
                self.question = Some(Question::Approval(*request));
            }
            (Event::CheckAsked, _) => self.question = Some(Question::Check),
            (Event::ApprovalAnswered { .. } | Event::CheckGiven { .. }, _) => self.question = None,
            _ => {}
        }
        match self.form {
            Form::Json => self.terminal.write(&write_event(envelope)),
            Form::Text(_) => {
                let frame = self.screen.show(&envelope.event);
                if let (Some(question), Attendance::Attended) = (self.question, self.attendance) {
                    self.terminal.ask(&frame, question.prompt());
                } else {
                    self.terminal.show(&frame);
                }
            }
        }
    }

    fn end_input(&mut self, host: &Host) {
        self.input_ended = true;
        self.answer(host, "");
    }

    fn answer(&mut self, host: &Host, line: &str) {
        match self.question.take() {
            Some(Question::Approval(request)) => {
                let answer = if line.trim() == "yes" { Answer::Once } else { Answer::No };
                host.send(Op::Approve { request, answer });
            }
            Some(Question::Check) => host.send(Op::GiveCheck { line: Some(line.to_owned()) }),
            None => {}
        }
    }

    fn interrupt(&mut self, host: &Host) -> Result<(), Failure> {
        self.interrupts += 1;
        host.send(Op::Interrupt);
        if self.interrupts > 1 {
            // The sandbox dies with this process; what is stored stands.
            let hint = format!("`moat session resume {}` goes on", host.id);
            let mut failure = Failure::environment("interrupted twice", hint);
            failure.exit = Exit::Interrupted;
            return Err(failure);
        }
        Ok(())
    }
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Turn,
    Moved,
    Changes,
    Plan,
    Rewound,
    Command,
}

fn met(wanted: Wanted, event: Event) -> Option<Waited> {
    match (wanted, event) {
        (Wanted::Turn, Event::TurnFinished { outcome, .. }) => Some(Waited::Turn(outcome)),
        (
            Wanted::Moved,
            Event::Kept { refused, .. }
            | Event::Discarded { refused, .. }
            | Event::KeepUndone { refused, .. },
        ) => Some(Waited::Moved { refused: refused.len() }),
        (Wanted::Changes, Event::ChangesPending(set)) => Some(Waited::Changes(set)),
        (Wanted::Plan, Event::RewindPlanned(plan)) => Some(Waited::Plan(plan)),
        (Wanted::Rewound, Event::Rewound(rewound)) => {
            Some(Waited::Moved { refused: rewound.left.len() })
        }
        (Wanted::Command, Event::CommandEnded(end)) => Some(Waited::Command(end)),
        (
            Wanted::Moved | Wanted::Changes | Wanted::Plan | Wanted::Rewound | Wanted::Command,
            Event::Failed { report },
        ) => Some(Waited::Failed(report)),
        (_, Event::SessionClosed) => Some(Waited::Closed),
        _ => None,
    }
}
