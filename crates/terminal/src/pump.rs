// SPDX-License-Identifier: Apache-2.0
//! Moves bytes between one pseudo-terminal and the front ends that look at it.
//!
//! One thread reads a terminal, and reads on only when every front end has what was read
//! before: a slow one stops the program, as a slow terminal does, and nothing is lost. What
//! is typed goes to the terminal at once, and waits only where the program does not read.
//!
//! Invariant: each front end gets every byte from where it attached on, once and in order.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::limits::{PIECE_BYTES, TYPED_BYTES_MAX};
use crate::tail::Tail;
use crate::terminals::FrontId;

/// What became of a piece of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It was taken.
    Taken,
    /// The front end is gone; it gets nothing more.
    Gone,
}

/// Takes a terminal's output for one front end.
///
/// It may wait until there is room, and while it waits the terminal stands still; it must
/// return when the front end goes away.
pub type OutputSink = Arc<dyn Fn(u32, &[u8]) -> Flow + Send + Sync>;

/// Why nothing more was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untyped {
    /// The program has not taken what was typed before.
    Full,
    /// It has ended.
    Ended,
}

/// One terminal's bytes.
pub(crate) struct Pump {
    terminal: u32,
    wake: OwnedFd,
    state: Mutex<State>,
}

struct State {
    /// The terminal; nothing when it is hung up.
    master: Option<Arc<OwnedFd>>,
    tail: Tail,
    fronts: Vec<Front>,
    typed: VecDeque<u8>,
    shell: Shell,
}

struct Front {
    id: FrontId,
    sink: OutputSink,
    at: u64,
}

/// What is known of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    Runs,
    /// It ended; what it printed is still read.
    Ended(Option<i32>),
    /// That was told.
    Told,
    /// Nobody wants to see it any more.
    Closed,
}

impl fmt::Debug for Pump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pump").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

impl Pump {
    /// Takes a terminal that does not block.
    pub(crate) fn new(terminal: u32, master: OwnedFd) -> Result<Self, Errno> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let state = State {
            master: Some(Arc::new(master)),
            tail: Tail::default(),
            fronts: Vec::new(),
            typed: VecDeque::new(),
            shell: Shell::Runs,
        };
        let wake = rustix::event::eventfd(0, flags)?;
        Ok(Self { terminal, wake, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // When it fails the counter is at its end, which wakes as well.
        let _awake = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    /// Lets a front end see the terminal from what is kept on.
    pub(crate) fn attach(&self, id: FrontId, sink: OutputSink) {
        let mut state = self.lock();
        let at = state.tail.beginning();
        state.fronts.retain(|front| front.id != id);
        state.fronts.push(Front { id, sink, at });
        drop(state);
        self.wake();
    }

    /// Lets a front end see nothing more.
    pub(crate) fn detach(&self, id: FrontId) {
        self.lock().fronts.retain(|front| front.id != id);
        self.wake();
    }

    /// The terminal, while it is not hung up.
    pub(crate) fn master(&self) -> Option<Arc<OwnedFd>> {
        self.lock().master.clone()
    }

    /// Whether the shell has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().shell != Shell::Runs
    }

    /// Types.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Untyped> {
        let mut state = self.lock();
        let Some(master) = state.master.clone() else { return Err(Untyped::Ended) };
        let mut rest = bytes;
        while state.typed.is_empty() && !rest.is_empty() {
            match rustix::io::write(&*master, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => return Err(Untyped::Ended),
            }
        }
        if rest.len() > TYPED_BYTES_MAX.saturating_sub(state.typed.len()) {
            return Err(Untyped::Full);
        }
        state.typed.extend(rest);
        drop(state);
        if !rest.is_empty() {
            self.wake();
        }
        Ok(())
    }

    /// Notes that the shell ended; the pump tells it when all that it printed is shown.
    pub(crate) fn ended(&self, status: Option<i32>) {
        let mut state = self.lock();
        if state.shell == Shell::Runs {
            state.shell = Shell::Ended(status);
        }
        drop(state);
        self.wake();
    }

    /// Hangs the terminal up at once: whoever started the shell is gone.
    pub(crate) fn hang_up(&self) {
        self.lock().master = None;
        self.ended(None);
    }

    /// Ends the pump.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.shell = Shell::Closed;
        state.master = None;
        state.fronts.clear();
        drop(state);
        self.wake();
    }

    /// Moves bytes until [`Pump::close`]; `told` is called once, with the exit status.
    pub(crate) fn work(&self, told: &dyn Fn(Option<i32>)) {
        let mut piece = vec![0_u8; PIECE_BYTES];
        loop {
            if self.deliver() {
                continue;
            }
            let (master, typed) = {
                let state = self.lock();
                if state.shell == Shell::Closed {
                    return;
                }
                (state.master.clone(), !state.typed.is_empty())
            };
            let ended = matches!(self.lock().shell, Shell::Ended(_));
            // After the shell's end only what is there already is waited for.
            let read = match &master {
                None => Read::HungUp,
                Some(master) => {
                    if !ended && self.wait(Some(master), typed).is_err() {
                        return;
                    }
                    self.type_on(master);
                    self.read(master, &mut piece)
                }
            };
            match read {
                Read::Some => {}
                Read::Nothing if !ended => {}
                Read::Nothing | Read::HungUp => self.finish(told, master.is_some()),
            }
        }
    }

    /// Gives one front end what it has not had; tells whether there was something.
    fn deliver(&self) -> bool {
        let next = {
            let state = self.lock();
            let end = state.tail.end();
            state.fronts.iter().find(|front| front.at < end).map(|front| {
                let from = front.at.max(end - state.tail.len());
                (front.id, Arc::clone(&front.sink), from, state.tail.piece(from, PIECE_BYTES))
            })
        };
        let Some((id, sink, from, bytes)) = next else { return false };
        let flow = sink(self.terminal, &bytes);
        let mut state = self.lock();
        // It may have attached anew meanwhile, and then begins anew.
        let same = |front: &Front| front.id == id && Arc::ptr_eq(&front.sink, &sink);
        match flow {
            Flow::Gone => state.fronts.retain(|front| !same(front)),
            Flow::Taken => {
                if let Some(front) = state.fronts.iter_mut().find(|front| same(front)) {
                    front.at = from + bytes.len() as u64;
                }
            }
        }
        true
    }

    /// Waits for the terminal and for whoever wakes the pump.
    fn wait(&self, master: Option<&OwnedFd>, typed: bool) -> Result<(), Errno> {
        let mut fds = vec![PollFd::new(&self.wake, PollFlags::IN)];
        let wanted = if typed { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        fds.extend(master.map(|master| PollFd::new(master, wanted)));
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        // An empty counter means that nobody woke it.
        let _woken = rustix::io::read(&self.wake, &mut [0_u8; 8]);
        Ok(())
    }

    /// Types what waits.
    fn type_on(&self, master: &OwnedFd) {
        let mut state = self.lock();
        while !state.typed.is_empty() {
            let (front, _) = state.typed.as_slices();
            match rustix::io::write(master, front) {
                Ok(count) => drop(state.typed.drain(..count)),
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    fn read(&self, master: &OwnedFd, piece: &mut [u8]) -> Read {
        match rustix::io::read(master, &mut *piece) {
            Ok(0) | Err(Errno::IO) => Read::HungUp,
            Ok(count) => {
                self.lock().tail.push(piece.get(..count).unwrap_or_default());
                Read::Some
            }
            Err(Errno::AGAIN | Errno::INTR) => Read::Nothing,
            Err(_) => Read::HungUp,
        }
    }

    /// Hangs up what is read to its end, tells the shell's end once, and waits for news.
    fn finish(&self, told: &dyn Fn(Option<i32>), open: bool) {
        let shell = {
            let mut state = self.lock();
            let shell = state.shell;
            if let Shell::Ended(_) = shell {
                state.shell = Shell::Told;
                state.master = None;
            }
            shell
        };
        match shell {
            Shell::Ended(status) => told(status),
            Shell::Closed => {}
            // Hung up, and its shell's end is still to be heard of.
            Shell::Runs | Shell::Told => {
                if open {
                    self.lock().master = None;
                }
                // A wait on an eventfd of our own fails only where nothing works.
                let _woken = self.wait(None, false);
            }
        }
    }
}

enum Read {
    Some,
    Nothing,
    HungUp,
}
