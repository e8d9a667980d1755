// SPDX-License-Identifier: Apache-2.0
//! Runs a session's engine and lets front ends reach it: this process's own, and
//! others over the session's local socket.
//!
//! Whoever opens a session holds its lock and serves its socket; there is no
//! daemon. A watcher that is too slow misses events and can tell by the gap in
//! their numbers; it never slows the session down.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_base::{Lock, SessionId};
use moat_engine::limits::INBOX_OPS_MAX;
use moat_engine::{Attendance, Engine, Error, LocalWorld, Settings, StopFlag};
use moat_net::{LineListener, LineStream, Stop};
use moat_policy::CommandRule;
use moat_protocol::{Confirmer, Envelope, Event, Op, read_op, write_event};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::sessions::{Held, socket};

/// Events that a new watcher is shown of what happened before it came.
const BACKLOG_EVENTS_MAX: usize = 2000;
/// Events that wait for a watcher before it misses some.
const WATCHER_EVENTS_MAX: usize = 1000;
/// Events that wait for the own front end; the engine then waits for it.
const FRONT_EVENTS_MAX: usize = 4096;
/// The longest line that a watcher may send.
const OP_LINE_BYTES_MAX: usize = 1024 * 1024;

/// What reaches this process's own front end.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// An event of the session.
    Event(Box<Envelope>),
    /// A line that the person typed.
    Line(String),
    /// Standard input ended.
    InputEnded,
    /// Ctrl-C.
    Signal,
    /// The engine ended; why is told when the host is closed.
    EngineEnded,
}

/// A session that runs in this process.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) id: SessionId,
    pub(crate) arrivals: Receiver<Arrival>,
    pub(crate) arrive: SyncSender<Arrival>,
    ops: Ops,
    engine: Option<JoinHandle<Result<(), Error>>>,
    serving: Option<(Stop, JoinHandle<()>)>,
    _lock: Lock,
}

/// How the session is to run.
#[derive(Debug)]
pub(crate) struct Manner {
    pub(crate) commands: CommandRule,
    pub(crate) attendance: Attendance,
    pub(crate) unfinished: Unfinished,
}

/// What becomes of a turn that an earlier process did not finish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// It goes on by itself.
    GoesOn,
    /// It is stopped, and waits until it is resumed.
    Waits,
}

#[derive(Debug, Default)]
struct Watchers {
    backlog: VecDeque<String>,
    queues: Vec<SyncSender<String>>,
}

impl Host {
    /// Opens the engine over a held session and starts it on a thread of its own.
    pub(crate) fn start(
        environment: &Environment,
        held: Held,
        world: LocalWorld,
        (stop, turn_most): (StopFlag, Option<Duration>),
        manner: Manner,
    ) -> Result<Self, Failure> {
        let (arrive, arrivals) = sync_channel(FRONT_EVENTS_MAX);
        let (ops, inbox) = sync_channel(INBOX_OPS_MAX);
        let watchers = Arc::new(Mutex::new(Watchers::default()));
        let (front, told) = (arrive.clone(), Arc::clone(&watchers));
        let sink = Box::new(move |envelope: &Envelope| {
            tell(&told, envelope);
            // Without a front end the session goes on for its watchers.
            let _nobody_looks = front.send(Arrival::Event(Box::new(envelope.clone())));
        });
        let settings = Settings {
            session: held.id.clone(),
            commands: manner.commands,
            attendance: manner.attendance,
        };
        let session = (held.store, held.history);
        let clock = Arc::clone(&environment.clock);
        let mut engine = Engine::open(settings, session, world, clock, stop.clone(), sink)
            .map_err(|error| Failure::of(Exit::Environment, &error))?;
        if manner.unfinished == Unfinished::Waits && engine.is_runnable() {
            // The first thing that the engine takes in; nobody else can have sent anything yet.
            let _room = ops.send(Op::Interrupt);
        }
        let ops = Ops { ops, stop, turn_most };
        let serving = serve(environment, &held.id, &watchers, &ops)?;
        let ending = arrive.clone();
        let engine = std::thread::spawn(move || {
            let ended = engine.run(&inbox);
            // Without a front end nobody waits for it.
            let _nobody_waits = ending.send(Arrival::EngineEnded);
            ended
        });
        Ok(Self {
            id: held.id,
            arrivals,
            arrive,
            ops,
            engine: Some(engine),
            serving: Some(serving),
            _lock: held.lock,
        })
    }

    /// Sends an operation; an interrupt also stops what runs now.
    pub(crate) fn send(&self, op: Op) {
        self.ops.send(op);
    }

    /// What sends operations, for another thread than the one that hears what happens.
    pub(crate) fn ops(&self) -> Ops {
        self.ops.clone()
    }

    /// Ends the session's process side and says how the engine ended.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        self.send(Op::Close);
        let ended = self.engine.take().map(JoinHandle::join);
        if let Some((stop, thread)) = self.serving.take() {
            stop.request();
            let _ended_anyhow = thread.join();
        }
        match ended {
            Some(Ok(Err(error))) => Err(Failure::of(Exit::Environment, &error)),
            Some(Err(_panic)) => Err(Failure::environment(
                "the engine ended unexpectedly",
                "this is a bug; `moat session resume` goes on from the last stored step",
            )),
            Some(Ok(Ok(()))) | None => Ok(()),
        }
    }
}

/// Sends operations to a session that runs in this process.
#[derive(Clone, Debug)]
pub(crate) struct Ops {
    ops: SyncSender<Op>,
    stop: StopFlag,
    /// How long a turn may last, whoever starts it.
    turn_most: Option<Duration>,
}

impl Ops {
    /// Sends an operation; an interrupt also stops what runs now.
    pub(crate) fn send(&self, op: Op) {
        if op == Op::Interrupt {
            self.stop.raise();
        }
        // The engine's end is told by its thread.
        let _engine_ended = self.ops.send(within(op, self.turn_most));
    }
}

/// A turn's time is what was asked for, or the most that there is.
fn within(mut op: Op, turn_most: Option<Duration>) -> Op {
    if let (Op::Start { task }, Some(most)) = (&mut op, turn_most) {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        task.time_limit_ms = task.time_limit_ms.min(most);
    }
    op
}

fn tell(watchers: &Mutex<Watchers>, envelope: &Envelope) {
    let line = write_event(envelope);
    let mut watchers = watchers.lock().unwrap_or_else(PoisonError::into_inner);
    watchers.queues.retain(|queue| {
        !matches!(queue.try_send(line.clone()), Err(TrySendError::Disconnected(_)))
    });
    // What a command or a model writes is not shown again to those who come later.
    if matches!(envelope.event, Event::CommandOutput { .. } | Event::ModelText { .. }) {
        return;
    }
    if watchers.backlog.len() == BACKLOG_EVENTS_MAX {
        watchers.backlog.pop_front();
    }
    watchers.backlog.push_back(line);
}

fn serve(
    environment: &Environment,
    id: &SessionId,
    watchers: &Arc<Mutex<Watchers>>,
    ops: &Ops,
) -> Result<(Stop, JoinHandle<()>), Failure> {
    let path = socket(environment, id);
    let failed = |error: &moat_net::Error| Failure::of(Exit::Environment, error);
    let listener = LineListener::bind(&path, OP_LINE_BYTES_MAX).map_err(|error| failed(&error))?;
    let ended = Stop::new().map_err(|error| {
        Failure::environment("could not serve the session's socket", "look at the open files limit")
            .because(&error)
    })?;
    let (watchers, ops) = (Arc::clone(watchers), ops.clone());
    let until = ended.clone();
    let fs = Arc::clone(&environment.fs);
    let thread = std::thread::spawn(move || {
        while let Ok(Some(stream)) = listener.accept(&until) {
            attach(stream, &watchers, &ops);
        }
        drop(listener);
        // This process still holds the session, so nobody else binds here meanwhile.
        let _gone_anyhow =
            fs.remove(&path).and_then(|()| fs.remove(&path.with_extension("sock.lock")));
    });
    Ok((ended, thread))
}

/// Connects one watcher: the backlog and what follows go out, operations come in.
fn attach(stream: LineStream, watchers: &Arc<Mutex<Watchers>>, ops: &Ops) {
    let (mut reader, mut writer) = stream.split();
    let (queue, waiting) = sync_channel::<String>(WATCHER_EVENTS_MAX);
    let before: Vec<String> = {
        let mut watchers = watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.queues.push(queue);
        watchers.backlog.iter().cloned().collect()
    };
    std::thread::spawn(move || {
        for line in before.into_iter().chain(waiting) {
            if writer.send(line.trim_end()).is_err() {
                break;
            }
        }
        writer.close();
    });
    let ops = ops.clone();
    std::thread::spawn(move || {
        while let Ok(Some(line)) = reader.receive() {
            match read_op(&line) {
                // A watcher cannot close the session under those who work in it.
                Ok(Op::Close) | Err(_) => break,
                Ok(op) => ops.send(as_attached(op)),
            }
        }
    });
}

/// Notes of what a program on the socket confirms that no front end of ours showed it.
fn as_attached(mut op: Op) -> Op {
    if let Op::Keep { confirmed, .. } = &mut op {
        confirmed.iter_mut().for_each(|it| it.by = Confirmer::Attached);
    }
    op
}

#[cfg(test)]
mod tests {
    use moat_base::TreePath;
    use moat_protocol::{Confirmation, Selection, Task, TaskKind};

    use super::*;

    #[test]
    fn a_program_on_the_socket_cannot_say_that_a_person_was_asked() {
        let keep = |by| {
            let path = TreePath::parse(".mcp.json").unwrap();
            let confirmed = vec![Confirmation { path, id: "deleted".into(), by }];
            Op::Keep { selection: Selection::All, confirmed }
        };
        for by in [Confirmer::Terminal, Confirmer::Arguments, Confirmer::Attached] {
            assert_eq!(as_attached(keep(by)), keep(Confirmer::Attached));
        }
        assert_eq!(as_attached(Op::Show), Op::Show);
    }

    #[test]
    fn nobody_starts_a_turn_that_lasts_longer_than_it_may() {
        let start = |time_limit_ms| {
            let (text, model) = ("x".to_owned(), "embedded".to_owned());
            let task = Task { text, kind: TaskKind::Repair, check: None, model, time_limit_ms };
            Op::Start { task }
        };
        let most = Some(Duration::from_secs(60));
        assert_eq!(within(start(u64::MAX), most), start(60_000));
        assert_eq!(within(start(5), most), start(5));
        assert_eq!(within(start(u64::MAX), None), start(u64::MAX));
        assert_eq!(within(Op::Show, most), Op::Show);
    }
}
