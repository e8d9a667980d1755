// SPDX-License-Identifier: Apache-2.0
//! A session that is open in this process, and the front ends that see it.
//!
//! One thread hears what happens and passes it on; each front end has a thread of its own that
//! tells it, so that a slow one holds up nobody. One that cannot follow at all is detached and
//! told so: it attaches again.
//!
//! Invariant: what a front end is told of a session is numbered without a gap.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use moat_base::SessionId;
use moat_protocol::workspace::WorkspaceNews;
use moat_protocol::{Envelope, Event, Op};
use moat_server::Front;

use crate::failure::Failure;
use crate::host::{Arrival, Host, Ops};
use crate::serve::fronts::Fronts;
use crate::sessions;

/// Events that wait for a front end; then it is detached.
const WAITING_MAX: usize = 8192;
/// Events that are kept for front ends that attach later. At it half of them go: the oldest
/// output of commands and models first, then the oldest of all.
const KEPT_MAX: usize = 20_000;

/// A session that is open in this process.
#[derive(Debug)]
pub(super) struct Hosted {
    ops: Ops,
    shared: Arc<Shared>,
    hearing: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    id: SessionId,
    told: Mutex<Told>,
}

/// A front end that is told what happens.
#[derive(Debug)]
struct Seeing {
    front: u64,
    queue: SyncSender<Arc<Envelope>>,
    /// Whether it left by itself, or attached anew: then it is not told that the session is gone.
    left: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Told {
    /// What happened so far.
    events: Vec<Arc<Envelope>>,
    /// How many of them were stored before it was opened here.
    stored: usize,
    fronts: Vec<Seeing>,
    /// A turn was asked for, and nothing was heard of it yet.
    asked: bool,
    in_turn: bool,
    /// Whether it has anything that is worth keeping.
    used: bool,
    ended: bool,
}

impl Hosted {
    /// Listens to a session's engine; `before` is what is stored of it.
    pub(super) fn start(
        id: SessionId,
        directory: PathBuf,
        before: Vec<Envelope>,
        host: Host,
        all: Arc<Fronts>,
    ) -> Result<Arc<Self>, Failure> {
        let used = !before.is_empty();
        let stored = before.len();
        let events = before.into_iter().map(Arc::new).collect();
        let told = Told { events, stored, used, ..Told::default() };
        let shared = Arc::new(Shared { id, told: Mutex::new(told) });
        let ops = host.ops();
        let hearing = {
            let shared = Arc::clone(&shared);
            let heard = move || hear(&shared, host, &directory, &all);
            std::thread::Builder::new().name("session".to_owned()).spawn(heard).map_err(
                |error| {
                    Failure::environment("could not start a thread", "look at the process limit")
                        .because(&error)
                },
            )?
        };
        Ok(Arc::new(Self { ops, shared, hearing: Mutex::new(Some(hearing)) }))
    }

    /// Shows a front end everything from the beginning on; `false` when the session ended.
    pub(super) fn attach(&self, front: &Front) -> bool {
        self.shared.attach(&mut self.shared.told(), front, 0)
    }

    /// Shows a front end what happened since the session was opened here; it was shown what
    /// was stored before, and its numbers go on behind that.
    pub(super) fn attach_behind_the_stored(&self, front: &Front) -> bool {
        let mut told = self.shared.told();
        let from = told.stored;
        self.shared.attach(&mut told, front, from)
    }

    /// Shows a front end no more; whether the session rests and nobody looks.
    pub(super) fn detach(&self, front: u64) -> bool {
        let mut told = self.shared.told();
        let before = told.fronts.len();
        told.leave(front);
        before > 0 && told.fronts.is_empty() && !(told.asked || told.in_turn)
    }

    /// Whether a turn runs.
    pub(super) fn in_turn(&self) -> bool {
        let told = self.shared.told();
        told.asked || told.in_turn
    }

    /// Asks something of it; `false` when it ended.
    pub(super) fn send(&self, front: &Front, op: Op) -> bool {
        {
            let mut told = self.shared.told();
            if told.ended {
                return false;
            }
            if !told.fronts.iter().any(|seeing| seeing.front == front.id()) {
                let from = told.events.len();
                self.shared.attach(&mut told, front, from);
            }
            told.used |= matches!(op, Op::Start { .. } | Op::Run { .. } | Op::Resume);
            told.asked |= matches!(op, Op::Start { .. } | Op::Resume);
        }
        self.ops.send(op);
        true
    }

    /// Ends it, and waits for that.
    pub(super) fn close(&self) {
        self.ops.send(Op::Interrupt);
        self.ops.send(Op::Close);
        let hearing = self.hearing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(hearing) = hearing {
            let _ended = hearing.join();
        }
    }
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a front end all events from a number on.
    fn attach(&self, told: &mut Told, front: &Front, from: usize) -> bool {
        if told.ended {
            return false;
        }
        let before = (from, told.events.get(from..).unwrap_or_default().to_vec());
        told.leave(front.id());
        let left = Arc::<AtomicBool>::default();
        let (queue, waiting) = sync_channel(WAITING_MAX);
        let (front, id) = (front.clone(), self.id.clone());
        let number = front.id();
        let has_left = Arc::clone(&left);
        let telling = move || tell(&front, &id, before, &waiting, &has_left);
        if std::thread::Builder::new().name("front".to_owned()).spawn(telling).is_err() {
            return false;
        }
        told.fronts.push(Seeing { front: number, queue, left });
        true
    }

    fn happened(&self, envelope: Envelope) {
        let mut told = self.told();
        if let Event::TurnStarted { .. } = envelope.event {
            (told.asked, told.in_turn) = (false, true);
        } else if let Event::TurnFinished { .. } = envelope.event {
            (told.asked, told.in_turn) = (false, false);
        } else if let Event::Failed { .. } = envelope.event {
            // A turn that was refused did not begin.
            told.asked = false;
        }
        let envelope = Arc::new(envelope);
        if told.events.len() >= KEPT_MAX {
            thin(&mut told.events);
        }
        told.events.push(Arc::clone(&envelope));
        told.fronts.retain(|seeing| seeing.queue.try_send(Arc::clone(&envelope)).is_ok());
    }
}

impl Told {
    /// Tells a front end no more, since it wants no more of this telling.
    fn leave(&mut self, front: u64) {
        self.fronts.retain(|seeing| {
            if seeing.front == front {
                seeing.left.store(true, Ordering::SeqCst);
            }
            seeing.front != front
        });
    }
}

/// Forgets what costs most and is missed least.
fn thin(events: &mut Vec<Arc<Envelope>>) {
    let is_output = |envelope: &Envelope| {
        matches!(envelope.event, Event::CommandOutput { .. } | Event::ModelText { .. })
    };
    let mut left = events.len() / 2;
    events.retain(|envelope| {
        let goes = left > 0 && is_output(envelope);
        left -= usize::from(goes);
        !goes
    });
    events.drain(..left);
}

/// Hears what happens until the engine ends.
fn hear(shared: &Shared, host: Host, directory: &Path, all: &Fronts) {
    while let Ok(arrival) = host.arrivals.recv() {
        match arrival {
            Arrival::Event(envelope) => {
                let listed = matches!(
                    envelope.event,
                    Event::TurnStarted { .. } | Event::TurnFinished { .. }
                );
                shared.happened(*envelope);
                if listed {
                    all.announce(&WorkspaceNews::SessionsChanged);
                }
            }
            Arrival::EngineEnded => break,
            Arrival::Line(_) | Arrival::InputEnded | Arrival::Signal => {}
        }
    }
    let used = {
        let mut told = shared.told();
        told.ended = true;
        told.fronts.clear();
        told.used
    };
    // Why the engine ended is in its record; the session can be opened again.
    let _ended = host.close();
    if !used {
        // Nothing was asked of it, so it would be listed as empty for ever.
        let _listed = sessions::remove(directory);
    }
    all.announce(&WorkspaceNews::SessionsChanged);
}

/// Tells one front end, until it left, the session ended, or it could not follow.
fn tell(
    front: &Front,
    id: &SessionId,
    (from, before): (usize, Vec<Arc<Envelope>>),
    waiting: &Receiver<Arc<Envelope>>,
    left: &AtomicBool,
) {
    let from = u64::try_from(from).unwrap_or(u64::MAX);
    for (sequence, envelope) in (from..).zip(before.into_iter().chain(waiting.iter())) {
        // What still waits would come between what the newer telling says.
        if left.load(Ordering::SeqCst) {
            return;
        }
        let envelope = Box::new(Envelope { sequence, ..Envelope::clone(&envelope) });
        if front.tell(WorkspaceNews::Session { envelope }).is_err() {
            return;
        }
    }
    if !left.load(Ordering::SeqCst) {
        let _gone = front.tell(WorkspaceNews::SessionGone { session: id.clone(), report: None });
    }
}

/// Shows a front end what is stored of a session that is not open.
pub(super) fn show(front: &Front, id: &SessionId, events: Vec<Envelope>) {
    for (sequence, envelope) in (0..).zip(events) {
        let envelope = Box::new(Envelope { session: id.clone(), sequence, ..envelope });
        if front.tell(WorkspaceNews::Session { envelope }).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use moat_base::Timestamp;
    use moat_protocol::{Level, Stream};

    use super::*;

    fn event(sequence: u64, event: Event) -> Arc<Envelope> {
        let session = SessionId::random().unwrap();
        Arc::new(Envelope { session, sequence, at: Timestamp(0), event })
    }

    #[test]
    fn output_is_forgotten_before_what_happened() {
        let output = |n| {
            event(n, Event::CommandOutput { command: 1, stream: Stream::Out, text: "x".into() })
        };
        let note = |n| event(n, Event::Notice { level: Level::Note, text: "y".into() });
        let mut events: Vec<_> =
            (0..10).map(|n| if n % 2 == 0 { output(n) } else { note(n) }).collect();
        thin(&mut events);
        assert_eq!(events.iter().map(|it| it.sequence).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        thin(&mut events);
        assert_eq!(events.iter().map(|it| it.sequence).collect::<Vec<_>>(), [5, 7, 9]);
    }
}
