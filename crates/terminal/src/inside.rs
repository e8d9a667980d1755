// SPDX-License-Identifier: Apache-2.0
//! What runs in the keeper, and in each shell's process before it becomes the shell.
//!
//! A shell's process is the same program once more: it makes itself the leader of a session
//! with the pseudo-terminal, which takes no unsafe code in a process of its own, and then
//! becomes the shell. The processes of a session are found in `/proc`, and a leader that has
//! ended is not collected before they are gone, so its number cannot become another's.
//!
//! Source: setsid(2), `TIOCSCTTY`, pidfd_open(2), `PR_SET_PDEATHSIG`, proc(5).
//!
//! Invariant: a terminal that is closed, and every terminal once the owner is gone, leaves no
//! process of its session behind.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use moat_base::{Clock as _, SystemClock};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::keeper::KEEPER_WORD;
use crate::limits::{END_WAIT_MAX, PIECE_BYTES};
use crate::message::{FromKeeper, Lines, ToKeeper, send};

/// The word before the shell in the arguments of the process that becomes it.
const SHELL_WORD: &str = "shell";

/// How often the processes of a session that ends are looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The whole program of the keeper, and of the processes that become shells.
#[must_use]
pub fn keeper_main(words: &[OsString]) -> ExitCode {
    match words {
        [shell] => keep(shell),
        [word, shell] if word == SHELL_WORD => become_shell(shell),
        _ => ExitCode::FAILURE,
    }
}

/// Makes this process the leader of a session with its standard input as terminal, then
/// the shell.
fn become_shell(shell: &OsStr) -> ExitCode {
    let ready = rustix::process::setsid()
        .and_then(|_session| rustix::process::ioctl_tiocsctty(io::stdin()))
        .and_then(|()| rustix::process::set_parent_process_death_signal(Some(Signal::HUP)));
    if ready.is_err() {
        return ExitCode::FAILURE;
    }
    #[expect(clippy::disallowed_methods, reason = "the door to the user's own shells")]
    let error = Command::new(shell).exec();
    // Only reached when it failed; the terminal shows it to the person.
    let said = format!("moat: {}: {error}\r\n", shell.display());
    let _nobody_to_tell = rustix::io::write(io::stdout(), said.as_bytes());
    ExitCode::from(127)
}

/// A shell that was started, until it is collected.
struct Shell {
    terminal: u32,
    child: Child,
    process: OwnedFd,
    /// Whether it has a session and a terminal, and is not a program that runs alone.
    has_session: bool,
    /// When what is left of its session is killed; nothing while it is wanted.
    deadline: Option<Duration>,
    ended: bool,
}

struct Keep {
    shell: OsString,
    clock: SystemClock,
    shells: Vec<Shell>,
}

fn keep(shell: &OsStr) -> ExitCode {
    let Ok(socket) = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from) else {
        return ExitCode::FAILURE;
    };
    let mut keep = Keep { shell: shell.to_owned(), clock: SystemClock::new(), shells: Vec::new() };
    let (mut lines, mut owner) = (Lines::default(), Some(socket));
    while owner.is_some() || !keep.shells.is_empty() {
        let Ok(heard) = keep.wait(owner.as_ref()) else { return ExitCode::FAILURE };
        if heard && owner.as_ref().is_some_and(|socket| keep.listen(socket, &mut lines).is_err()) {
            // The owner is gone, or says what cannot be understood.
            owner = None;
            keep.end_all();
        }
        keep.collect(owner.as_ref());
    }
    ExitCode::SUCCESS
}

impl Keep {
    /// Waits for the owner or a shell; tells whether the owner said something.
    fn wait(&self, owner: Option<&UnixStream>) -> io::Result<bool> {
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        fds.extend(owner.map(|socket| PollFd::new(socket, PollFlags::IN)));
        let waiting = self.shells.iter().filter(|shell| !shell.ended);
        fds.extend(waiting.map(|shell| PollFd::new(&shell.process, PollFlags::IN)));
        let ending = self.shells.iter().any(|shell| shell.deadline.is_some() || shell.ended);
        let timeout =
            ending.then(|| Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK_AGAIN.subsec_nanos()) });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let heard = owner.is_some() && fds.first().is_some_and(|fd| !fd.revents().is_empty());
        Ok(heard)
    }

    /// Does what the owner says.
    fn listen(&mut self, mut socket: &UnixStream, lines: &mut Lines) -> io::Result<()> {
        let mut bytes = [0_u8; PIECE_BYTES];
        let count = socket.read(&mut bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        lines.push(bytes.get(..count).unwrap_or_default());
        while let Some(message) = lines.next()? {
            match message {
                ToKeeper::Open { terminal, device, directory } => {
                    let opened = self.open(terminal, &device, &directory);
                    send(socket, &answer(terminal, opened))?;
                }
                ToKeeper::Run { terminal, words, output } => {
                    let started = self.run(terminal, &words, output.as_deref());
                    send(socket, &answer(terminal, started))?;
                }
                ToKeeper::End { terminal } => {
                    let now = self.clock.monotonic();
                    let found = self.shells.iter_mut().find(|shell| shell.terminal == terminal);
                    if let Some(shell) = found {
                        shell.end(now);
                    }
                }
            }
        }
        Ok(())
    }

    fn open(
        &mut self,
        terminal: u32,
        device: &[u8],
        directory: &[u8],
    ) -> Result<(), (&'static str, io::Error)> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(device, flags, Mode::empty());
        let slave = opened.map_err(|errno| ("opening the pseudo-terminal", errno.into()))?;
        let stdio = || slave.try_clone().map(Stdio::from);
        let failed = |error| ("starting the shell", error);
        // The process is this program again, whatever lies at its path by now.
        #[expect(clippy::disallowed_methods, reason = "the door to the user's own shells")]
        let child = Command::new("/proc/self/exe")
            .arg0("moat")
            .args([OsStr::new(KEEPER_WORD), OsStr::new(SHELL_WORD), &self.shell])
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .current_dir(OsStr::from_bytes(directory))
            .stdin(stdio().map_err(failed)?)
            .stdout(stdio().map_err(failed)?)
            .stderr(stdio().map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        self.watch(terminal, child, true)
    }

    /// Starts a program without a terminal.
    fn run(
        &mut self,
        terminal: u32,
        words: &[Vec<u8>],
        output: Option<&[u8]>,
    ) -> Result<(), (&'static str, io::Error)> {
        let failed = |error| ("starting the program", error);
        let mut words = words.iter().map(|word| OsStr::from_bytes(word));
        let program = words.next().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let printed = match output {
            None => Stdio::null(),
            Some(path) => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW;
                let flags = flags | OFlags::CLOEXEC;
                let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
                    .map_err(|errno| ("opening the file for what it prints", errno.into()))?;
                Stdio::from(file)
            }
        };
        #[expect(clippy::disallowed_methods, reason = "the door to the user's own programs")]
        let child = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        // One whose output nobody waits for, such as a browser, is its user's from here on.
        if output.is_some() { self.watch(terminal, child, false) } else { Ok(()) }
    }

    fn watch(
        &mut self,
        terminal: u32,
        child: Child,
        has_session: bool,
    ) -> Result<(), (&'static str, io::Error)> {
        let process = rustix::process::pidfd_open(pid(&child), PidfdFlags::empty())
            .map_err(|errno| ("watching the process", errno.into()))?;
        let shell = Shell { terminal, child, process, has_session, deadline: None, ended: false };
        self.shells.push(shell);
        Ok(())
    }

    fn end_all(&mut self) {
        let now = self.clock.monotonic();
        for shell in &mut self.shells {
            shell.end(now);
        }
    }

    /// Collects shells that ended, kills what did not end in time, and tells the owner.
    fn collect(&mut self, owner: Option<&UnixStream>) {
        let now = self.clock.monotonic();
        self.shells.retain_mut(|shell| {
            shell.ended |= is_ready(&shell.process);
            let late = shell.deadline.is_some_and(|deadline| now >= deadline);
            if late {
                signal_session(pid(&shell.child), Signal::KILL);
            }
            let wanted = shell.deadline.is_none();
            let left = !wanted && session(pid(&shell.child)).next().is_some();
            if !shell.ended || left {
                return true;
            }
            let status = shell.child.wait().map_or(-1, status);
            if let Some(socket) = owner {
                let message = FromKeeper::Ended { terminal: shell.terminal, status };
                // An owner that is gone is noticed by the next read.
                let _gone = send(socket, &message);
            }
            false
        });
    }
}

/// What the owner is told of something that was to be started.
fn answer(terminal: u32, started: Result<(), (&'static str, io::Error)>) -> FromKeeper {
    match started {
        Ok(()) => FromKeeper::Opened { terminal },
        Err((step, error)) => FromKeeper::Failed {
            terminal,
            step: step.to_owned(),
            errno: error.raw_os_error().unwrap_or_default(),
        },
    }
}

impl Shell {
    /// Tells everything in the session that its terminal is gone.
    fn end(&mut self, now: Duration) {
        if self.deadline.is_none() {
            self.deadline = Some(now + END_WAIT_MAX);
            if !self.has_session {
                let _ended_by_itself = self.child.kill();
                return;
            }
            signal_session(pid(&self.child), Signal::HUP);
            signal_session(pid(&self.child), Signal::CONT);
        }
    }
}

fn status(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// A child's number; it is not collected yet, so it is nobody else's.
fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn is_ready(process: &OwnedFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(process, PollFlags::IN)];
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}

fn signal_session(leader: Pid, signal: Signal) {
    for process in session(leader) {
        let Ok(held) = rustix::process::pidfd_open(process, PidfdFlags::empty()) else { continue };
        // It is held now; if the number went to another meanwhile, that is seen here.
        if session_of(process) == Some(leader.as_raw_nonzero().get()) {
            let _ended_by_itself = rustix::process::pidfd_send_signal(&held, signal);
        }
    }
}

/// The processes of a session that run, its leader included.
#[expect(clippy::disallowed_methods, reason = "the kernel's list of processes")]
fn session(leader: Pid) -> impl Iterator<Item = Pid> {
    let leader = leader.as_raw_nonzero().get();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw))
        .filter(move |process| session_of(*process) == Some(leader))
}

/// The session of a process that has not ended.
#[expect(clippy::disallowed_methods, reason = "the kernel's list of processes")]
fn session_of(process: Pid) -> Option<i32> {
    let path = format!("/proc/{}/stat", process.as_raw_nonzero());
    let stat = std::fs::read(path).ok()?;
    // The name of the program stands in brackets and may contain anything.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let mut fields = str::from_utf8(stat.get(end + 1..)?).ok()?.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(2)?.parse().ok(),
    }
}
