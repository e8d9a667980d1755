// SPDX-License-Identifier: Apache-2.0
//! A session that another process has open, watched and steered over its socket.
//!
//! Each front end has a connection of its own to that socket, as each terminal would have. That
//! process tells what happened since it opened the session; what was before stands in the
//! session's file, and is told from there.
//!
//! Invariant: nothing is opened for writing, locked or stored here.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_base::{SessionId, Timestamp};
use moat_net::{LineReader, LineStream, LineWriter};
use moat_protocol::workspace::WorkspaceNews;
use moat_protocol::{Envelope, Event, Level, Op, read_event, write_op};
use moat_server::Front;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::sessions;

/// The longest line of an event: a change set with all its hunks.
const EVENT_LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A session in another process.
#[derive(Debug)]
pub(super) struct Attached {
    environment: Environment,
    id: SessionId,
    socket: PathBuf,
    fronts: Mutex<Vec<Seeing>>,
}

/// A front end that is told what happens.
#[derive(Debug)]
struct Seeing {
    front: u64,
    writer: LineWriter,
    /// Whether it left by itself, or attached anew: then it is not told that the session is gone.
    left: Arc<AtomicBool>,
}

impl Seeing {
    fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
        self.writer.close();
    }
}

impl Attached {
    /// Finds out whether a session is open elsewhere.
    pub(super) fn connect(
        environment: &Environment,
        id: &SessionId,
    ) -> Result<Option<Self>, Failure> {
        let socket = sessions::socket(environment, id);
        match LineStream::connect(&socket, EVENT_LINE_BYTES_MAX) {
            Ok(_probe) => Ok(Some(Self {
                environment: environment.clone(),
                id: id.clone(),
                socket,
                fronts: Mutex::default(),
            })),
            Err(moat_net::Error::Connect { .. }) => Ok(None),
            Err(error) => Err(Failure::of(Exit::Environment, &error)),
        }
    }

    /// Shows a front end what happened and what happens; `false` when the session is gone.
    pub(super) fn attach(&self, front: &Front) -> bool {
        let Ok(stream) = LineStream::connect(&self.socket, EVENT_LINE_BYTES_MAX) else {
            return false;
        };
        let (reader, writer) = stream.split();
        let (environment, id) = (self.environment.clone(), self.id.clone());
        let left = Arc::<AtomicBool>::default();
        let teller =
            Teller { environment, id, front: front.clone(), left: Arc::clone(&left), sequence: 0 };
        let telling = move || teller.tell(reader);
        if std::thread::Builder::new().name("front".to_owned()).spawn(telling).is_err() {
            return false;
        }
        let mut fronts = self.fronts();
        leave(&mut fronts, front.id());
        fronts.push(Seeing { front: front.id(), writer, left });
        true
    }

    /// Shows a front end no more; whether nobody looks.
    pub(super) fn detach(&self, front: u64) -> bool {
        let mut fronts = self.fronts();
        leave(&mut fronts, front);
        fronts.is_empty()
    }

    /// Asks something of it; `false` when it is gone.
    pub(super) fn send(&self, op: &Op) -> bool {
        let line = write_op(op);
        let mut fronts = self.fronts();
        fronts.first_mut().is_some_and(|seeing| seeing.writer.send(line.trim_end()).is_ok())
    }

    fn fronts(&self) -> MutexGuard<'_, Vec<Seeing>> {
        self.fronts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn leave(fronts: &mut Vec<Seeing>, front: u64) {
    fronts.retain(|seeing| {
        if seeing.front == front {
            seeing.leave();
        }
        seeing.front != front
    });
}

/// Tells one front end of a session, numbered without a gap.
struct Teller {
    environment: Environment,
    id: SessionId,
    front: Front,
    left: Arc<AtomicBool>,
    sequence: u64,
}

impl Teller {
    fn tell(mut self, mut reader: LineReader) {
        let mut is_first = true;
        while let Ok(Some(line)) = reader.receive() {
            let Ok(envelope) = read_event(&line) else { break };
            let before = if is_first { self.before(envelope.at) } else { Vec::new() };
            is_first = false;
            for envelope in before.into_iter().chain([envelope]) {
                // What still comes would stand between what the newer telling says.
                if self.left.load(Ordering::SeqCst) || !self.say(envelope) {
                    return;
                }
            }
        }
        if self.left.load(Ordering::SeqCst) {
            return;
        }
        let news = WorkspaceNews::SessionGone { session: self.id.clone(), report: None };
        let _gone = self.front.tell(news);
    }

    /// What the session's file says of the time before another process opened it. That process
    /// goes on writing, so a line that is not whole yet is no fault.
    fn before(&self, opened: Timestamp) -> Vec<Envelope> {
        match sessions::story(&self.environment, self.id.clone()) {
            Ok((mut told, _broken_where_it_is_written)) => {
                told.retain(|envelope| envelope.at < opened);
                told
            }
            Err(failure) => {
                let text = format!("what was before cannot be shown: {}", failure.report.error);
                let event = Event::Notice { level: Level::Warning, text };
                vec![Envelope { session: self.id.clone(), sequence: 0, at: opened, event }]
            }
        }
    }

    /// Whether the front end is still there.
    fn say(&mut self, envelope: Envelope) -> bool {
        let envelope = Box::new(Envelope { sequence: self.sequence, ..envelope });
        self.sequence += 1;
        self.front.tell(WorkspaceNews::Session { envelope }).is_ok()
    }
}
