// SPDX-License-Identifier: Apache-2.0
//! A session that another process has open, watched and steered over its socket.
//!
//! Each front end has a connection of its own to that socket, as each terminal would have, so
//! each is shown what happened before it came.
//!
//! Invariant: nothing is opened, locked or stored here.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_base::SessionId;
use moat_net::{LineReader, LineStream, LineWriter};
use moat_protocol::workspace::WorkspaceNews;
use moat_protocol::{Envelope, Op, read_event, write_op};
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
            Ok(_probe) => Ok(Some(Self { id: id.clone(), socket, fronts: Mutex::default() })),
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
        let (told, id) = (front.clone(), self.id.clone());
        let left = Arc::<AtomicBool>::default();
        let has_left = Arc::clone(&left);
        let telling = move || tell(&told, &id, reader, &has_left);
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

fn tell(front: &Front, id: &SessionId, mut reader: LineReader, left: &AtomicBool) {
    let mut sequence = 0;
    while let Ok(Some(line)) = reader.receive() {
        // What still comes would stand between what the newer telling says.
        if left.load(Ordering::SeqCst) {
            return;
        }
        let Ok(envelope) = read_event(&line) else { break };
        let envelope = Box::new(Envelope { sequence, ..envelope });
        sequence += 1;
        if front.tell(WorkspaceNews::Session { envelope }).is_err() {
            return;
        }
    }
    if left.load(Ordering::SeqCst) {
        return;
    }
    let _gone = front.tell(WorkspaceNews::SessionGone { session: id.clone(), report: None });
}
