// SPDX-License-Identifier: Apache-2.0
//! Stands in for namespaces that are not there: ends all processes of a command, and
//! changes modes and times only of the session's own files.
//!
//! The reaper enters a Landlock domain that scopes signals, and the command one below
//! it. Signals to "everybody" then reach every process of the command, at one moment,
//! and nobody else; and no process of the command can signal the reaper. Orphans become
//! the reaper's children, so it knows when none is left.
//!
//! Invariant: "everybody" is only signalled after a single signal to somebody outside
//! was seen to be refused.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, Timestamps};
use rustix::io::Errno;

use crate::kernel::{self, Ended};
use crate::landlock::Ruleset;
use crate::poll;
use crate::seccomp::notice::{self, Call, Notice};
use crate::wire::{During, Fault};

/// Makes this process the parent of orphans, and closes its domain for signals.
pub(super) fn enclose() -> Result<(), Fault> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .during("becoming the parent of orphans")?;
    rustix::thread::set_no_new_privs(true).during("forbidding new privileges")?;
    let root = crate::mount::source("/".as_ref(), None).during("opening the root")?;
    Ruleset::of_scopes(root.as_fd())
        .and_then(|ruleset| ruleset.restrict())
        .during("scoping signals (Landlock 6 is needed without a process-id namespace)")?;
    if is_enclosed() {
        return Ok(());
    }
    Err(Fault { step: "scoping signals: one got out".to_owned(), errno: libc::ENOTSUP })
}

/// Whether a process outside, which is this one's parent, is out of its reach.
fn is_enclosed() -> bool {
    let parent = rustix::process::getppid();
    parent.is_some_and(|parent| {
        matches!(rustix::process::test_kill_process(parent), Err(Errno::PERM))
    })
}

/// Waits until the command ends, serving it; ends it when the holder is gone or asks for it.
pub(super) fn wait(
    command: (i32, BorrowedFd<'_>),
    holder: &OwnedFd,
    notices: Option<&OwnedFd>,
    writable: &[OsString],
) -> Result<Ended, Fault> {
    let (pid, process) = command;
    let roots: Vec<PathBuf> = writable.iter().map(PathBuf::from).collect();
    let mut asked = false;
    loop {
        // Orphans that have ended are forgotten; the command itself is what is waited for.
        while let Some(ended) = kernel::collect_any().during("waiting for the command")? {
            if ended.pid == pid {
                return Ok(ended);
            }
        }
        let mut fds = vec![PollFd::from_borrowed_fd(process, PollFlags::IN)];
        let watched = if asked { PollFlags::empty() } else { PollFlags::IN };
        fds.push(PollFd::from_borrowed_fd(holder.as_fd(), watched));
        fds.extend(notices.map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
        poll::wait(&mut fds, Some(ORPHANS_WAIT)).during("waiting for the command")?;
        let told = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        let waiting = fds.get(2).is_some_and(|fd| fd.revents().contains(PollFlags::IN));
        if told && !asked {
            asked = true;
            end_all()?;
        }
        if let (true, Some(notices)) = (waiting, notices) {
            serve(notices.as_fd(), &roots);
        }
    }
}

/// Ends every process of the command, and waits until none is left.
pub(super) fn finish() -> Result<(), Fault> {
    end_all()?;
    loop {
        match kernel::wait_any() {
            Ok(_ended) => {}
            Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(()),
            Err(error) => return Err(error).during("waiting for the command's processes"),
        }
    }
}

fn end_all() -> Result<(), Fault> {
    if !is_enclosed() {
        return Err(Fault { step: "the scope of signals is gone".to_owned(), errno: libc::EPERM });
    }
    match kernel::kill_everybody_in_scope() {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        // There are others, and all of them are outside.
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(()),
        other => other.during("ending the command's processes"),
    }
}

/// Makes one call that waits, or refuses it.
fn serve(notices: BorrowedFd<'_>, roots: &[PathBuf]) {
    // The thread is gone when this fails.
    if let Ok(notice) = notice::receive(notices) {
        let errno = match act(&notice, notices, roots) {
            Ok(()) => 0,
            Err(errno) => errno.raw_os_error(),
        };
        notice.answer(notices, errno);
    }
}

/// What a call wants done to a file.
enum Change {
    Mode(u32),
    Times(Timestamps),
}

fn act(notice: &Notice, notices: BorrowedFd<'_>, roots: &[PathBuf]) -> rustix::io::Result<()> {
    let [first, second, third, fourth, ..] = notice.arguments;
    let caller = Caller { thread: notice.thread };
    let flags = |bits: u64| AtFlags::from_bits_retain(low(bits));
    let (file, change) = match notice.call {
        Call::Chmod => (caller.named(HERE, first, AtFlags::empty())?, Change::Mode(low(second))),
        Call::Fchmod => (caller.open(first)?, Change::Mode(low(second))),
        Call::Fchmodat => {
            (caller.named(first, second, AtFlags::empty())?, Change::Mode(low(third)))
        }
        Call::Fchmodat2 => (caller.named(first, second, flags(fourth))?, Change::Mode(low(third))),
        Call::Utime => {
            let times = caller.times(second, Form::WholeSeconds)?;
            (caller.named(HERE, first, AtFlags::empty())?, Change::Times(times))
        }
        Call::Utimes => {
            let times = caller.times(second, Form::Microseconds)?;
            (caller.named(HERE, first, AtFlags::empty())?, Change::Times(times))
        }
        Call::Futimesat => {
            let times = caller.times(third, Form::Microseconds)?;
            (caller.named(first, second, AtFlags::empty())?, Change::Times(times))
        }
        Call::Utimensat => {
            let times = caller.times(third, Form::Nanoseconds)?;
            (caller.named(first, second, flags(fourth))?, Change::Times(times))
        }
        Call::Other => return Err(Errno::PERM),
    };
    // All that was read by the thread's number was the thread's, if it waits still.
    if !notice.is_current(notices) {
        return Err(Errno::SRCH);
    }
    // The kernel's own name for what is open; a program inside can give a file another
    // name only where it may write both.
    let name = rustix::fs::readlinkat(CWD, own_name(&file), Vec::new())?;
    let name =
        Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name.as_bytes()));
    if !roots.iter().any(|root| name.starts_with(root)) {
        return Err(Errno::PERM);
    }
    match change {
        Change::Mode(mode) if mode & SET_ID != 0 => Err(Errno::PERM),
        Change::Mode(mode) => {
            let kind = rustix::fs::fstat(&file)?.st_mode;
            if rustix::fs::FileType::from_raw_mode(kind) == rustix::fs::FileType::Symlink {
                return Err(Errno::NOTSUP);
            }
            rustix::fs::chmodat(CWD, own_name(&file), mode_of(mode), AtFlags::empty())
        }
        Change::Times(times) => rustix::fs::utimensat(&file, "", &times, AtFlags::EMPTY_PATH),
    }
}

fn own_name(file: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file))
}

fn mode_of(mode: u32) -> Mode {
    Mode::from_raw_mode(mode & PERMISSIONS)
}

/// The low half of an argument, which is all that the kernel takes of a number.
fn low(argument: u64) -> u32 {
    u32::try_from(argument & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// How times are laid out in memory.
#[derive(Clone, Copy)]
enum Form {
    WholeSeconds,
    Microseconds,
    Nanoseconds,
}

/// The thread that made the call.
struct Caller {
    thread: i32,
}

impl Caller {
    /// A descriptor of its own.
    fn open(&self, number: u64) -> rustix::io::Result<OwnedFd> {
        let name = format!("/proc/{}/fd/{}", self.thread, low(number).cast_signed());
        let found = rustix::fs::open(name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        found.map_err(|errno| if errno == Errno::NOENT { Errno::BADF } else { errno })
    }

    fn base(&self, number: u64) -> rustix::io::Result<OwnedFd> {
        if low(number).cast_signed() != libc::AT_FDCWD {
            return self.open(number);
        }
        let name = format!("/proc/{}/cwd", self.thread);
        rustix::fs::open(name, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }

    /// What a path of its own names. No name that depends on who asks is followed.
    fn named(&self, base: u64, path: u64, at: AtFlags) -> rustix::io::Result<OwnedFd> {
        if path == 0 {
            return self.open(base);
        }
        let path = self.text(path)?;
        let base = self.base(base)?;
        if path.is_empty() {
            return if at.contains(AtFlags::EMPTY_PATH) { Ok(base) } else { Err(Errno::NOENT) };
        }
        let follow =
            if at.contains(AtFlags::SYMLINK_NOFOLLOW) { OFlags::NOFOLLOW } else { OFlags::empty() };
        let flags = OFlags::PATH | OFlags::CLOEXEC | follow;
        let path = path.as_slice();
        rustix::fs::openat2(base, path, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS)
    }

    fn text(&self, at: u64) -> rustix::io::Result<Vec<u8>> {
        let mut text = self.memory(at, PATH_BYTES_MAX)?;
        match text.iter().position(|byte| *byte == 0) {
            Some(end) => {
                text.truncate(end);
                Ok(text)
            }
            None => Err(Errno::NAMETOOLONG),
        }
    }

    fn times(&self, at: u64, form: Form) -> rustix::io::Result<Timestamps> {
        let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
        if at == 0 {
            return Ok(Timestamps { last_access: now, last_modification: now });
        }
        let bytes = self.memory(at, 32)?;
        let number = |index: usize| -> rustix::io::Result<i64> {
            let bytes = bytes.get(index * 8..index * 8 + 8).and_then(|it| it.try_into().ok());
            bytes.map(i64::from_ne_bytes).ok_or(Errno::FAULT)
        };
        let time = |index: usize| -> rustix::io::Result<rustix::fs::Timespec> {
            Ok(match form {
                Form::WholeSeconds => rustix::fs::Timespec { tv_sec: number(index)?, tv_nsec: 0 },
                Form::Microseconds => rustix::fs::Timespec {
                    tv_sec: number(2 * index)?,
                    tv_nsec: number(2 * index + 1)?.checked_mul(1000).ok_or(Errno::INVAL)?,
                },
                Form::Nanoseconds => rustix::fs::Timespec {
                    tv_sec: number(2 * index)?,
                    tv_nsec: number(2 * index + 1)?,
                },
            })
        };
        Ok(Timestamps { last_access: time(0)?, last_modification: time(1)? })
    }

    fn memory(&self, at: u64, bytes_max: usize) -> rustix::io::Result<Vec<u8>> {
        let name = format!("/proc/{}/mem", self.thread);
        let memory = rustix::fs::open(name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut bytes = vec![0; bytes_max];
        let read = rustix::io::pread(&memory, bytes.as_mut_slice(), at);
        let read = read.map_err(|errno| if errno == Errno::IO { Errno::FAULT } else { errno })?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// Takes the descriptor on which the command's calls wait, from the command's process.
pub(super) fn listener(socket: &OwnedFd) -> io::Result<OwnedFd> {
    let received = crate::wire::receive::<()>(socket)?;
    received.fds.into_iter().next().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// `AT_FDCWD` as an argument.
const HERE: u64 = (libc::AT_FDCWD as i64).cast_unsigned();
const SET_ID: u32 = 0o6000;
const PERMISSIONS: u32 = 0o1777;
const PATH_BYTES_MAX: usize = 4096;
/// How long orphans that have ended may lie until they are collected.
const ORPHANS_WAIT: Duration = Duration::from_millis(500);
