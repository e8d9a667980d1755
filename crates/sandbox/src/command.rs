// SPDX-License-Identifier: Apache-2.0
//! One command to run in a sandbox, its limits, and what came of it.
//!
//! Invariant: a command is an argument list; nothing here joins or splits
//! strings for a shell.

use std::ffi::OsString;
use std::io::PipeWriter;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use moat_base::TreePath;
use rustix::event::EventfdFlags;
use serde::{Deserialize, Serialize};

use crate::{Error, limits};

/// What a command reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Nothing: the end of the file at once.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// What is written to the other end of a pipe, for a program that is talked with.
    Pipe(InputPipe),
}

/// The end of a pipe that a command reads from.
#[derive(Clone, Debug)]
pub struct InputPipe(Arc<OwnedFd>);

impl InputPipe {
    /// Makes a pipe. Writing to its other end waits while the pipe is full, and fails when the
    /// command has ended and the last copy of this end is gone.
    ///
    /// # Errors
    /// [`Error::Start`] when the system has no descriptors left.
    pub fn new() -> Result<(Self, PipeWriter), Error> {
        let made = std::io::pipe().map_err(|source| Error::Start {
            step: "making a pipe for the command's input".to_owned(),
            source,
        });
        made.map(|(reader, writer)| (Self(Arc::new(reader.into())), writer))
    }

    pub(crate) fn share(&self) -> std::io::Result<OwnedFd> {
        self.0.try_clone()
    }
}

impl PartialEq for InputPipe {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for InputPipe {}

/// What a command can reach beyond itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Its own loopback device and nothing else.
    #[default]
    None,
    /// The same, with a listener on `127.0.0.1:3128` whose descriptor the caller
    /// gets before the program starts; the proxy variables point at it.
    Listener,
}

/// A change to the command's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Sets a variable.
    Set(OsString, OsString),
    /// Removes a variable that is set otherwise.
    Unset(OsString),
}

/// The bounds of one command. The defaults suit a test suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time on the wall; then everything is killed.
    pub wall: Duration,
    /// Processor time of each process.
    pub cpu: Duration,
    /// Processor time of all processes together.
    pub cpu_all: Duration,
    /// Private writable memory of each process, in bytes.
    pub memory_bytes: u64,
    /// Memory of all processes together, in bytes: their own, what they share, and what
    /// they add to the private file systems. See `docs/sandbox.md`, "Limits".
    pub memory_bytes_all: u64,
    /// Processes and threads together.
    pub processes: u64,
    /// The longest file that can be written, in bytes.
    pub file_bytes: u64,
    /// What the directory that takes the session's changes may hold, in bytes.
    pub session_bytes: u64,
    /// The files and directories that it may hold.
    pub session_files: u64,
    /// Open files of each process.
    pub open_files: u64,
    /// Output that is handed on, in bytes; the rest is counted and dropped.
    pub output_bytes: u64,
    /// Output at which the command is killed, in bytes.
    pub output_bytes_kill: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(600),
            cpu: Duration::from_secs(1200),
            cpu_all: Duration::from_secs(36_000),
            memory_bytes: 8 << 30,
            memory_bytes_all: limits::machine_memory() / 4 * 3,
            processes: 2048,
            file_bytes: 8 << 30,
            session_bytes: 20 << 30,
            session_files: 2_000_000,
            open_files: 8192,
            output_bytes: 8 << 20,
            output_bytes_kill: 256 << 20,
        }
    }
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments. A name without `/` is looked up in
    /// [`crate::Settings::path`], never in the workspace.
    pub argv: Vec<OsString>,
    /// Changes to the environment, applied to the fixed allow-list.
    pub environment: Vec<Variable>,
    /// The working directory inside the workspace.
    pub directory: TreePath,
    /// What it reads.
    pub input: Input,
    /// Its bounds.
    pub limits: Limits,
    /// What it can reach.
    pub network: Network,
}

impl Command {
    /// A command at the root of the workspace, without input or network, under the default limits.
    #[must_use]
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            directory: TreePath::root(),
            input: Input::default(),
            limits: Limits::default(),
            network: Network::default(),
        }
    }
}

/// Which of a command's two outputs bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Takes a command's output as it comes.
///
/// Implementors return quickly: while they work the command's pipe fills, and it waits.
pub trait OutputSink {
    /// Takes a piece of output; the pieces of one stream come in order.
    fn output(&mut self, stream: Stream, bytes: &[u8]);

    /// Takes the listener of [`Network::Listener`] before the program starts.
    fn listener(&mut self, listener: TcpListener) {
        drop(listener);
    }
}

/// Collects everything, for short commands and tests.
#[derive(Debug, Default)]
pub struct Collected {
    /// Standard output.
    pub output: Vec<u8>,
    /// Standard error.
    pub error: Vec<u8>,
}

impl OutputSink for Collected {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Output => self.output.extend_from_slice(bytes),
            Stream::Error => self.error.extend_from_slice(bytes),
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It returned this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
    /// It was killed at its limit on the wall clock.
    TimedOut,
    /// It was killed because [`Interrupt::trigger`] was called.
    Interrupted,
    /// It was killed because it wrote more than [`Limits::output_bytes_kill`].
    OutputLimit,
    /// It was killed because it went over this bound.
    Limit(Bound),
}

/// A bound at which a command is killed, other than time on the wall and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
    /// [`Limits::memory_bytes_all`].
    Memory,
    /// The memory that is left to the whole machine, whoever took the rest.
    MachineMemory,
    /// The open files that are left to the whole machine.
    MachineFiles,
    /// [`Limits::cpu`] or [`Limits::cpu_all`].
    Cpu,
    /// [`Limits::file_bytes`].
    FileSize,
    /// [`Limits::session_bytes`] or [`Limits::session_files`].
    Disk,
    /// The space or the files that are left to the file system which takes the changes.
    MachineDisk,
}

/// What a command used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on the wall.
    pub wall: Duration,
    /// Processor time of the command and the children that it waited for.
    pub cpu: Duration,
    /// The largest resident size of one process, in bytes.
    pub resident_bytes_max: u64,
}

/// The end of a command. When this is returned, no process of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// How it ended.
    pub status: Status,
    /// What it used.
    pub usage: Usage,
    /// Output beyond [`Limits::output_bytes`] that was dropped, in bytes.
    pub output_bytes_dropped: u64,
}

impl Exit {
    /// Whether the command returned zero.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == Status::Code(0)
    }
}

/// A switch that ends running commands, also from a signal handler.
#[derive(Clone, Debug)]
pub struct Interrupt {
    event: Arc<OwnedFd>,
}

impl Interrupt {
    /// Makes a switch that is not set.
    ///
    /// # Errors
    /// [`Error::Start`] when the system has no descriptors left.
    pub fn new() -> Result<Self, Error> {
        let event = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| Error::Start {
                step: "making an interrupt switch".to_owned(),
                source: errno.into(),
            })?;
        Ok(Self { event: Arc::new(event) })
    }

    /// Sets the switch. Every command that runs under it is killed, and so is
    /// each later one until [`Interrupt::clear`]. Safe in a signal handler: one `write`.
    pub fn trigger(&self) {
        // A full counter means that it is set already.
        let _already_set = rustix::io::write(&*self.event, &1_u64.to_ne_bytes());
    }

    /// Whether the switch is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        crate::poll::readable_now(&*self.event)
    }

    /// Takes the switch back for the next turn.
    pub fn clear(&self) {
        // An empty counter means that it was not set.
        let _not_set = rustix::io::read(&*self.event, &mut [0_u8; 8]);
    }

    pub(crate) fn event(&self) -> &OwnedFd {
        &self.event
    }
}
