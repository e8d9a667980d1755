// SPDX-License-Identifier: Apache-2.0
//! The terminals that front ends see.
//!
//! Their numbers count up and are not used again, also not by the next server: what was alive
//! when a server ended is listed by the next one as ended.
//!
//! Invariant: each terminal has one shell and one thread, and both end with it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

use moat_base::{Fs, TreePath, visible};
use moat_protocol::workspace::{OpenTerminal, WorkspaceNews};
use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::limits::{ALIVE_BYTES_MAX, ANSWER_WAIT_MAX, PIECE_BYTES, RUN_WAIT_MAX, TERMINALS_MAX};
use crate::message::{FromKeeper, Lines, ToKeeper, send};
use crate::pump::{OutputSink, Pump, Untyped};

/// A front end, by a number that its server gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontId(pub u64);

/// Takes news for every front end. It returns quickly and is called from several threads.
pub type NewsSink = Arc<dyn Fn(WorkspaceNews) + Send + Sync>;

/// How large a terminal is, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How wide.
    pub columns: u16,
    /// How high.
    pub rows: u16,
}

/// The places and the doors of the terminals of one workspace.
pub struct TerminalSettings {
    /// Starts the shells.
    pub keeper: Keeper,
    /// The workspace; terminals begin in directories of it.
    pub root: PathBuf,
    /// The door to Moat's own files.
    pub fs: Arc<dyn Fs>,
    /// The file that lists what is alive; its directory exists.
    pub alive: PathBuf,
    /// Is told of each shell that ended.
    pub news: NewsSink,
}

impl fmt::Debug for TerminalSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalSettings").field("root", &self.root).finish_non_exhaustive()
    }
}

/// The terminals of one workspace.
#[derive(Debug)]
pub struct Terminals {
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    settings: TerminalSettings,
    table: Mutex<Table>,
    answered: Condvar,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Table {
    last: u32,
    terminals: BTreeMap<u32, Terminal>,
    /// Those that are being opened at this moment.
    opening: BTreeMap<u32, Opening>,
    keeper_gone: bool,
    /// The server ends: what is alive stays in the stored list.
    closing: bool,
}

/// What the keeper said of a terminal that is being opened.
#[derive(Debug, Default)]
struct Opening {
    answer: Option<Result<(), (String, i32)>>,
    ended: Option<i32>,
}

#[derive(Debug)]
struct Terminal {
    program: String,
    /// Nothing for one that was alive when another server ended.
    running: Option<(Arc<Pump>, JoinHandle<()>)>,
}

impl Terminal {
    fn ended(&self) -> bool {
        self.running.as_ref().is_none_or(|(pump, _thread)| pump.has_ended())
    }
}

impl Terminals {
    /// Takes the keeper, and lists what was alive when the last server ended.
    ///
    /// # Errors
    /// [`Error::Open`] when the system has no threads or descriptors left.
    pub fn start(settings: TerminalSettings) -> Result<Self, Error> {
        let failed = |source| Error::Open { step: "listening to the keeper".to_owned(), source };
        let socket = settings.keeper.socket.try_clone().map_err(failed)?;
        let mut table = Table::default();
        for (number, program) in stored(&settings) {
            table.last = table.last.max(number);
            table.terminals.insert(number, Terminal { program, running: None });
        }
        let shared = Shared { settings, table: Mutex::new(table), answered: Condvar::new() };
        let shared = Arc::new(shared);
        let weak = Arc::downgrade(&shared);
        let thread = std::thread::Builder::new().name("keeper".to_owned());
        let listener = thread.spawn(move || listen(&socket, &weak)).map_err(failed)?;
        Ok(Self { shared, listener: Some(listener) })
    }

    /// Those that there are.
    #[must_use]
    pub fn list(&self) -> Vec<OpenTerminal> {
        let table = self.shared.lock();
        table.terminals.iter().map(|(number, terminal)| info(*number, terminal)).collect()
    }

    /// Opens a terminal with the user's shell; `front` sees what it prints.
    ///
    /// # Errors
    /// [`Error::TooMany`], [`Error::Gone`], or [`Error::Open`] with what failed.
    pub fn open(
        &self,
        directory: &TreePath,
        size: Size,
        front: FrontId,
        sink: OutputSink,
    ) -> Result<OpenTerminal, Error> {
        let number = self.shared.number()?;
        let step = |step: &str| {
            let step = step.to_owned();
            move |source: io::Error| Error::Open { step, source }
        };
        let (master, device) = pair(size).map_err(step("making a pseudo-terminal"))?;
        let place = self.shared.settings.root.join(directory.as_path());
        let directory = place.as_os_str().as_bytes().to_vec();
        self.shared.begin(&ToKeeper::Open { terminal: number, device, directory }, number)?;
        let pump = Pump::new(number, master)
            .map(Arc::new)
            .map_err(|errno| step("making a switch")(errno.into()))?;
        pump.attach(front, sink);
        let (worker, shared) = (Arc::clone(&pump), Arc::downgrade(&self.shared));
        let thread = std::thread::Builder::new().name(format!("terminal-{number}"));
        let thread = thread
            .spawn(move || {
                worker.work(&|status| {
                    if let Some(shared) = shared.upgrade() {
                        shared.settings.news.as_ref()(WorkspaceNews::TerminalEnded {
                            terminal: number,
                            status,
                        });
                        shared.store();
                    }
                });
            })
            .map_err(step("starting a thread"))?;
        let shell = &self.shared.settings.keeper.shell;
        let name = shell.file_name().unwrap_or_default().to_string_lossy();
        let program = visible(&name).into_owned();
        let terminal = Terminal { program, running: Some((pump, thread)) };
        let opened = info(number, &terminal);
        let mut table = self.shared.lock();
        // The keeper may have told of its end before it was in the table.
        let early = table.opening.remove(&number).and_then(|opening| opening.ended);
        if let (Some((pump, _thread)), Some(status)) = (&terminal.running, early) {
            pump.ended(Some(status));
        }
        table.terminals.insert(number, terminal);
        drop(table);
        self.shared.store();
        Ok(opened)
    }

    /// Runs a program of the user's without a terminal, with all that the user has; what it
    /// prints goes into the file `output`. Waits for its end, and gives its status.
    ///
    /// # Errors
    /// [`Error::Gone`], or [`Error::Open`] with what failed.
    pub fn run(&self, words: &[&OsStr], output: &Path) -> Result<i32, Error> {
        let number = self.shared.number()?;
        self.shared.begin(&order(number, words, Some(output)), number)?;
        self.shared.end_of(number)
    }

    /// Starts a program of the user's and lets go of it.
    ///
    /// # Errors
    /// [`Error::Gone`], or [`Error::Open`] with what failed.
    pub fn launch(&self, words: &[&OsStr]) -> Result<(), Error> {
        let number = self.shared.number()?;
        let begun = self.shared.begin(&order(number, words, None), number);
        self.shared.lock().opening.remove(&number);
        begun
    }

    /// Lets a front end see what a terminal prints, from what is kept of it on.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such terminal.
    pub fn attach(&self, terminal: u32, front: FrontId, sink: OutputSink) -> Result<(), Error> {
        let pump = {
            let table = self.shared.lock();
            let found = table.terminals.get(&terminal).ok_or(Error::Unknown { terminal })?;
            found.running.as_ref().map(|(pump, _thread)| Arc::clone(pump))
        };
        match pump {
            Some(pump) => pump.attach(front, sink),
            // It was alive when another server ended.
            None => self.shared.settings.news.as_ref()(WorkspaceNews::TerminalEnded {
                terminal,
                status: None,
            }),
        }
        Ok(())
    }

    /// Lets a front end that is gone see nothing more. The terminals go on.
    pub fn detach(&self, front: FrontId) {
        let table = self.shared.lock();
        for (pump, _thread) in table.terminals.values().filter_map(|it| it.running.as_ref()) {
            pump.detach(front);
        }
    }

    /// Tells a terminal its size.
    ///
    /// # Errors
    /// [`Error::Unknown`], or [`Error::Use`] with the system's error.
    pub fn resize(&self, terminal: u32, size: Size) -> Result<(), Error> {
        let Some(master) = self.shared.pump(terminal)?.and_then(|pump| pump.master()) else {
            return Ok(());
        };
        rustix::termios::tcsetwinsize(&*master, winsize(size))
            .map_err(|errno| Error::Use { terminal, source: errno.into() })
    }

    /// Types. What is typed after the program ended goes nowhere.
    ///
    /// # Errors
    /// [`Error::Unknown`], or [`Error::Full`] when the program does not read.
    pub fn write(&self, terminal: u32, bytes: &[u8]) -> Result<(), Error> {
        let Some(pump) = self.shared.pump(terminal)? else { return Ok(()) };
        match pump.write(bytes) {
            Ok(()) | Err(Untyped::Ended) => Ok(()),
            Err(Untyped::Full) => Err(Error::Full { terminal }),
        }
    }

    /// Ends a terminal and what runs in it.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such terminal.
    pub fn close(&self, terminal: u32) -> Result<(), Error> {
        let closed = self.shared.lock().terminals.remove(&terminal);
        let closed = closed.ok_or(Error::Unknown { terminal })?;
        if !closed.ended() {
            // A keeper that is gone has ended its shells.
            let _gone = self.shared.ask(&ToKeeper::End { terminal });
        }
        if let Some((pump, _thread)) = closed.running {
            // Its thread ends as soon as no front end keeps it waiting.
            pump.close();
        }
        self.shared.store();
        Ok(())
    }
}

impl Drop for Terminals {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        let _closed = self.shared.settings.keeper.socket.shutdown(std::net::Shutdown::Both);
        if let Some(listener) = self.listener.take() {
            let _ended = listener.join();
        }
        let terminals = std::mem::take(&mut self.shared.lock().terminals);
        for (pump, thread) in terminals.into_values().filter_map(|it| it.running) {
            pump.close();
            let _ended = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self) -> Result<u32, Error> {
        let mut table = self.lock();
        if table.terminals.len() >= TERMINALS_MAX {
            return Err(Error::TooMany { limit: TERMINALS_MAX });
        }
        table.last += 1;
        Ok(table.last)
    }

    fn pump(&self, terminal: u32) -> Result<Option<Arc<Pump>>, Error> {
        let table = self.lock();
        let found = table.terminals.get(&terminal).ok_or(Error::Unknown { terminal })?;
        Ok(found.running.as_ref().map(|(pump, _thread)| Arc::clone(pump)))
    }

    fn ask(&self, message: &ToKeeper) -> Result<(), Error> {
        // One message at a time.
        let table = self.lock();
        if table.keeper_gone {
            return Err(Error::Gone);
        }
        send(&self.settings.keeper.socket, message).map_err(|_closed| Error::Gone)
    }

    /// Has the keeper start a shell, and waits until it has answered.
    fn begin(&self, message: &ToKeeper, terminal: u32) -> Result<(), Error> {
        self.lock().opening.insert(terminal, Opening::default());
        let asked = self.ask(message).and_then(|()| self.answer(terminal));
        if asked.is_err() {
            self.lock().opening.remove(&terminal);
        }
        asked
    }

    /// Waits until a program without a terminal has ended.
    fn end_of(&self, number: u32) -> Result<i32, Error> {
        let waiting = |table: &mut Table| {
            let ended = table.opening.get(&number).is_none_or(|it| it.ended.is_some());
            !table.keeper_gone && !ended
        };
        let guard = self.lock();
        let waited = self.answered.wait_timeout_while(guard, RUN_WAIT_MAX, waiting);
        let (mut table, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let ended = table.opening.remove(&number).and_then(|opening| opening.ended);
        drop(table);
        ended.ok_or_else(|| {
            let _gone = self.ask(&ToKeeper::End { terminal: number });
            Error::Gone
        })
    }

    fn answer(&self, terminal: u32) -> Result<(), Error> {
        let waiting = |table: &mut Table| {
            let answered = table.opening.get(&terminal).is_none_or(|it| it.answer.is_some());
            !table.keeper_gone && !answered
        };
        let guard = self.lock();
        let waited = self.answered.wait_timeout_while(guard, ANSWER_WAIT_MAX, waiting);
        let (mut table, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        match table.opening.get_mut(&terminal).and_then(|it| it.answer.take()) {
            None => Err(Error::Gone),
            Some(Ok(())) => Ok(()),
            Some(Err((step, errno))) => {
                Err(Error::Open { step, source: io::Error::from_raw_os_error(errno) })
            }
        }
    }

    fn hear(&self, message: FromKeeper) {
        let mut table = self.lock();
        match message {
            FromKeeper::Opened { terminal } => {
                if let Some(opening) = table.opening.get_mut(&terminal) {
                    opening.answer = Some(Ok(()));
                }
            }
            FromKeeper::Failed { terminal, step, errno } => {
                if let Some(opening) = table.opening.get_mut(&terminal) {
                    opening.answer = Some(Err((step, errno)));
                }
            }
            FromKeeper::Ended { terminal, status } => {
                if let Some(opening) = table.opening.get_mut(&terminal) {
                    opening.ended = Some(status);
                }
                let running = table.terminals.get(&terminal).and_then(|it| it.running.as_ref());
                if let Some((pump, _thread)) = running {
                    pump.ended(Some(status));
                }
            }
        }
        self.answered.notify_all();
    }

    fn keeper_is_gone(&self) {
        let mut table = self.lock();
        table.keeper_gone = true;
        for (pump, _thread) in table.terminals.values().filter_map(|it| it.running.as_ref()) {
            pump.hang_up();
        }
        self.answered.notify_all();
    }

    /// Stores what is alive, for the next server.
    fn store(&self) {
        let alive: Vec<(u32, String)> = {
            let table = self.lock();
            if table.closing {
                return;
            }
            let alive = table.terminals.iter().filter(|(_, it)| !it.ended());
            alive.map(|(number, it)| (*number, it.program.clone())).collect()
        };
        let stored = serde_json::to_vec(&alive)
            .map_err(io::Error::from)
            .and_then(|bytes| self.settings.fs.replace(&self.settings.alive, &bytes));
        if let Err(error) = stored {
            tracing::debug!(%error, "the list of terminals was not stored");
        }
    }
}

/// Takes in what the keeper says until it ends.
fn listen(mut socket: &std::os::unix::net::UnixStream, shared: &Weak<Shared>) {
    let (mut lines, mut bytes) = (Lines::default(), vec![0_u8; PIECE_BYTES]);
    loop {
        let count = match socket.read(&mut bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        let Some(shared) = shared.upgrade() else { return };
        lines.push(bytes.get(..count).unwrap_or_default());
        let mut understood = count > 0;
        while understood {
            match lines.next() {
                Ok(Some(message)) => shared.hear(message),
                Ok(None) => break,
                Err(_) => understood = false,
            }
        }
        if !understood {
            return shared.keeper_is_gone();
        }
    }
}

/// What was alive when the last server ended; a list that cannot be read has nothing.
fn stored(settings: &TerminalSettings) -> Vec<(u32, String)> {
    let read = settings.fs.read(&settings.alive, ALIVE_BYTES_MAX);
    read.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn order(number: u32, words: &[&OsStr], output: Option<&Path>) -> ToKeeper {
    let bytes = |word: &OsStr| word.as_bytes().to_vec();
    ToKeeper::Run {
        terminal: number,
        words: words.iter().map(|word| bytes(word)).collect(),
        output: output.map(|path| bytes(path.as_os_str())),
    }
}

fn info(number: u32, terminal: &Terminal) -> OpenTerminal {
    OpenTerminal { terminal: number, program: terminal.program.clone(), ended: terminal.ended() }
}

fn winsize(size: Size) -> Winsize {
    Winsize { ws_row: size.rows.max(1), ws_col: size.columns.max(1), ws_xpixel: 0, ws_ypixel: 0 }
}

/// Makes a pseudo-terminal; gives its side and the path of the other.
fn pair(size: Size) -> io::Result<(OwnedFd, Vec<u8>)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let device = rustix::pty::ptsname(&master, Vec::new())?.into_bytes();
    rustix::termios::tcsetwinsize(&master, winsize(size))?;
    let set = rustix::fs::fcntl_getfl(master.as_fd())?;
    rustix::fs::fcntl_setfl(&master, set | OFlags::NONBLOCK)?;
    Ok((master, device))
}
