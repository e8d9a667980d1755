// SPDX-License-Identifier: Apache-2.0
//! Starts a server in its sandbox, listens to it, and starts it again when it ended by itself.
//!
//! Invariant: the sandbox shows the real tree read-only, has no network, and every process of
//! the server is gone before another one is started.

use std::io::{PipeWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use moat_base::{Report, visible};
use moat_protocol::workspace::{LanguageAnswer, ServerStanding};
use moat_sandbox::{
    Command, Files, Input, InputPipe, Interrupt, Limits, OutputSink, Plan, Sandbox, Status, Stream,
    Writes,
};
use serde_json::Value;

use super::ask::greeting;
use super::frame::Frames;
use super::session::{Outbox, Session, Step};
use super::state::{Shared, State, TICK};
use super::table::Found;
use crate::limits::{
    LANGUAGE_FLOOD_BYTES_MAX, LANGUAGE_FLOOD_WINDOW, LANGUAGE_MEMORY_BYTES_MAX,
    LANGUAGE_OUTBOX_MAX, LANGUAGE_PROCESSES_MAX, LANGUAGE_RESTART_WAIT, LANGUAGE_RESTARTS_MAX,
    LANGUAGE_RUN_MAX, LANGUAGE_STEADY, LANGUAGE_WORDS_BYTES_MAX,
};

/// Looks after one server until it is not wanted, or has ended by itself too often.
pub(super) fn supervise(shared: &Arc<Shared>, index: usize) {
    loop {
        let begun = shared.clock.monotonic();
        let why = once(shared, index);
        let ran = shared.clock.monotonic().saturating_sub(begun);
        let mut state = shared.lock();
        let ended = shared.clock.monotonic();
        let meant = state.ended(index);
        let wanted = state.wants(index);
        let Some(server) = state.servers.get_mut(index) else { return };
        if ran > LANGUAGE_STEADY {
            server.restarts = 0;
        }
        let standing = if meant || !wanted {
            server.restarts = 0;
            ServerStanding::Idle
        } else if server.restarts >= LANGUAGE_RESTARTS_MAX {
            ServerStanding::GivenUp
        } else {
            ServerStanding::Waiting
        };
        server.standing = standing;
        server.trouble = if standing == ServerStanding::Idle { None } else { Some(why) };
        server.restarts += 1;
        let wait = LANGUAGE_RESTART_WAIT * 2_u32.saturating_pow(server.restarts.saturating_sub(1));
        // It may be wanted anew, or have become wanted again while it was ended.
        let at_once = standing == ServerStanding::Idle && wanted;
        server.attended = at_once || standing == ServerStanding::Waiting;
        let go_on = server.attended;
        shared.tell_servers(&state);
        if !go_on {
            return;
        }
        let due = if at_once { ended } else { ended + wait };
        loop {
            let left = due.saturating_sub(shared.clock.monotonic());
            if left.is_zero() || !state.wants(index) {
                break;
            }
            // In small steps, since time is the clock's.
            state = shared.wait(state, left.min(TICK));
        }
        if !state.wants(index) {
            if let Some(server) = state.servers.get_mut(index) {
                server.standing = ServerStanding::Idle;
                server.attended = false;
            }
            return;
        }
    }
}

impl State {
    /// A server ended. Whether that was on purpose.
    fn ended(&mut self, index: usize) -> bool {
        self.forget_problems(index);
        let Some(server) = self.servers.get_mut(index) else { return false };
        let (waiting, session) = (std::mem::take(&mut server.waiting), server.session.take());
        let meant = session.as_ref().is_some_and(|session| session.ending);
        let asked = session.map(Session::abandon).unwrap_or_default();
        for asked in asked.into_iter().chain(waiting) {
            asked.answer(LanguageAnswer::Nothing { why: None });
        }
        meant
    }
}

/// Runs a server to its end; says why it ended.
fn once(shared: &Arc<Shared>, index: usize) -> String {
    let found = {
        let mut state = shared.lock();
        let wanted = state.wants(index);
        let server = state.servers.get_mut(index).filter(|_| wanted);
        let found = server.and_then(|server| {
            server.standing = ServerStanding::Starting;
            server.found.clone()
        });
        shared.tell_servers(&state);
        found
    };
    let Some(found) = found else { return "its program is not there".to_owned() };
    let failed = |error: moat_sandbox::Error| {
        let report = Report::of(&error);
        let causes = report.causes.iter().map(|cause| format!(": {cause}"));
        visible(&format!("{}{}", report.error, causes.collect::<String>())).into_owned()
    };
    match run(shared, index, &found) {
        Ok((status, words)) => {
            let own = shared.lock().servers.get(index).and_then(|server| {
                server.session.as_ref().and_then(|session| session.trouble.clone())
            });
            own.unwrap_or_else(|| describe(status, &words))
        }
        Err(error) => failed(error),
    }
}

fn describe(status: Status, words: &str) -> String {
    let how = match status {
        Status::Code(code) => format!("it ended with status {code}"),
        Status::Signal(signal) => format!("signal {signal} ended it"),
        Status::TimedOut => "its time was over".to_owned(),
        Status::Interrupted => "it was ended".to_owned(),
        Status::OutputLimit => "it printed too much".to_owned(),
        Status::Limit(bound) => format!("it went over a bound ({bound:?})"),
    };
    if words.is_empty() { how } else { format!("{how}: {words}") }
}

fn run(
    shared: &Arc<Shared>,
    index: usize,
    found: &Found,
) -> Result<(Status, String), moat_sandbox::Error> {
    let mut plan = Plan::new(&shared.root, Files::Repository(Writes::Nothing))?;
    for directory in &found.reads {
        plan = plan.reading(directory.clone());
    }
    let sandbox = Sandbox::start(&shared.launcher, &plan)?;
    let (input, pipe) = InputPipe::new()?;
    let interrupt = Interrupt::new()?;
    let (queue, messages) = sync_channel(LANGUAGE_OUTBOX_MAX);
    let bytes = Arc::new(AtomicUsize::new(0));
    let waiting = Arc::clone(&bytes);
    let writing = std::thread::spawn(move || write(pipe, &messages, &waiting));
    greet(
        shared,
        index,
        Session::new(Outbox { queue, bytes }, interrupt.clone(), shared.clock.monotonic()),
    );
    let mut listener = Listener::new(shared, index, &interrupt);
    let ran = {
        let command = command(found, input);
        sandbox.run(&command, &mut listener, &interrupt)
    };
    let Listener { words, broken, .. } = listener;
    if let Some(broken) = broken {
        let mut state = shared.lock();
        let session = state.servers.get_mut(index).and_then(|server| server.session.as_mut());
        if let Some(session) = session {
            session.fail(broken);
        }
    }
    // Nobody reads any more, so the writer ends; the queue ends with the session.
    let mut state = shared.lock();
    if let Some(session) = state.servers.get_mut(index).and_then(|server| server.session.as_mut()) {
        session.hang_up();
    }
    drop(state);
    let _ended = writing.join();
    let words = String::from_utf8_lossy(&words).into_owned();
    let words = visible(&words)
        .split('\n')
        .filter(|it| !it.trim().is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    ran.map(|exit| (exit.status, words))
}

fn command(found: &Found, input: InputPipe) -> Command {
    let arguments = found.arguments.iter().map(std::ffi::OsString::from);
    let mut command =
        Command::new(std::iter::once(found.program.clone().into_os_string()).chain(arguments));
    command.input = Input::Pipe(input);
    let limits = Limits::default();
    command.limits = Limits {
        wall: LANGUAGE_RUN_MAX,
        cpu: LANGUAGE_RUN_MAX,
        cpu_all: LANGUAGE_RUN_MAX,
        memory_bytes_all: limits.memory_bytes_all.min(LANGUAGE_MEMORY_BYTES_MAX),
        processes: LANGUAGE_PROCESSES_MAX,
        output_bytes: u64::MAX,
        output_bytes_kill: u64::MAX,
        ..limits
    };
    command
}

/// The first words to a server, whose session begins.
fn greet(shared: &Arc<Shared>, index: usize, mut session: Session) {
    let mut state = shared.lock();
    let wanted = state.wants(index);
    let Some(server) = state.servers.get_mut(index) else { return };
    let words = greeting(&shared.root, (server.spec.options)());
    session.request(shared.clock.monotonic(), ("initialize", &words), None, Step::Initialized);
    // It may have been taken back while the sandbox was made.
    if !wanted {
        session.end();
    }
    server.session = Some(session);
}

/// Writes to a server what waits, until it reads no more or the session is over.
fn write(mut pipe: PipeWriter, messages: &Receiver<Vec<u8>>, waiting: &AtomicUsize) {
    while let Ok(message) = messages.recv() {
        let written = pipe.write_all(&message);
        waiting.fetch_sub(message.len(), Ordering::Relaxed);
        if written.is_err() {
            return;
        }
    }
}

/// Takes what a server prints.
struct Listener<'a> {
    shared: &'a Arc<Shared>,
    index: usize,
    interrupt: &'a Interrupt,
    frames: Frames,
    /// The end of what it complained.
    words: Vec<u8>,
    /// Why it is listened to no further.
    broken: Option<&'static str>,
    /// How much came since when.
    window: (Duration, usize),
}

impl<'a> Listener<'a> {
    fn new(shared: &'a Arc<Shared>, index: usize, interrupt: &'a Interrupt) -> Self {
        let window = (shared.clock.monotonic(), 0);
        let (words, frames) = (Vec::new(), Frames::default());
        Self { shared, index, interrupt, frames, words, broken: None, window }
    }

    fn give_up(&mut self, why: &'static str) {
        self.broken = Some(why);
        self.interrupt.trigger();
    }
}

impl OutputSink for Listener<'_> {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        let now = self.shared.clock.monotonic();
        let (since, sent) = self.window;
        self.window = if now.saturating_sub(since) > LANGUAGE_FLOOD_WINDOW {
            (now, bytes.len())
        } else {
            (since, sent.saturating_add(bytes.len()))
        };
        if self.window.1 > LANGUAGE_FLOOD_BYTES_MAX {
            return self.give_up("it sends too much");
        }
        match stream {
            Stream::Error => {
                self.words.extend_from_slice(bytes);
                let much = self.words.len().saturating_sub(LANGUAGE_WORDS_BYTES_MAX);
                self.words.drain(..much);
            }
            Stream::Output => match self.frames.take(bytes) {
                Ok(messages) => hand_on(self.shared, self.index, &messages),
                Err(nonsense) => self.give_up(nonsense.0),
            },
        }
    }
}

fn hand_on(shared: &Arc<Shared>, index: usize, messages: &[Value]) {
    for message in messages {
        shared.lock().heard(shared, index, message);
    }
}
