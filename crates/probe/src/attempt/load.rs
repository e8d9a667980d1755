// SPDX-License-Identifier: Apache-2.0
//! Attempts on limits.
//!
//! Invariant: outside of a sandbox nothing is taken that would leave the machine short.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use moat_base::{Fs as _, RealFs};
use moat_sandbox::attempt;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::pipe::PipeFlags;
use rustix::process::{Resource, Rlimit, Signal, WaitOptions};

use crate::limits::{
    ATTEMPT_WAIT_MAX, FACT_BYTES_MAX, FILE_BYTES_ASKED, MEMORY_BYTES_ASKED, MEMORY_BYTES_EACH,
    MEMORY_PROCESSES, MEMORY_WAIT_MAX, OPEN_FILES_ASKED, PROCESSES_ASKED, ROOM,
};
use crate::target::{Refused, Side, Target, Tried};

pub(super) fn processes(target: &Target) -> Tried {
    raise(Resource::Nproc);
    let asked = PROCESSES_ASKED as u64;
    if target.side == Side::Outside {
        let running = u64::from(rustix::system::sysinfo().procs);
        let bound = rustix::process::getrlimit(Resource::Nproc).current;
        enough(
            bound.is_none_or(|bound| bound >= running.saturating_add(asked * ROOM)),
            "processes",
        )?;
        enough(group_has_room(asked), "processes")?;
    }
    Ok(many(PROCESSES_ASKED, || Ok(()), ATTEMPT_WAIT_MAX, Duration::ZERO)?)
}

pub(super) fn memory(target: &Target) -> Tried {
    raise(Resource::Data);
    memory_has_room(target.side, MEMORY_BYTES_ASKED)?;
    Ok(attempt::take_memory(MEMORY_BYTES_ASKED)?)
}

/// Takes memory in several processes, each of which stays below its own bound.
pub(super) fn together(target: &Target) -> Tried {
    memory_has_room(target.side, MEMORY_PROCESSES * MEMORY_BYTES_EACH)?;
    Ok(hog(Duration::ZERO)?)
}

/// What [`together`] does where it is bounded: within `hold` the command that does it is ended.
pub(crate) fn hog(hold: Duration) -> io::Result<()> {
    let take = || attempt::take_memory(MEMORY_BYTES_EACH);
    many(MEMORY_PROCESSES, take, MEMORY_WAIT_MAX, hold)
}

pub(super) fn files() -> Tried {
    raise(Resource::Nofile);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let mut held = Vec::with_capacity(OPEN_FILES_ASKED);
    for _ in 0..OPEN_FILES_ASKED {
        held.push(rustix::fs::open("/dev/null", flags, Mode::empty())?);
    }
    Ok(())
}

/// Makes a file in memory that is long and holds nothing.
pub(super) fn length() -> Tried {
    raise(Resource::Fsize);
    attempt::survive_long_files();
    let file = rustix::fs::memfd_create("moat-doctor", MemfdFlags::CLOEXEC)?;
    Ok(rustix::fs::ftruncate(&file, FILE_BYTES_ASKED)?)
}

/// Has `count` processes at once, each of which does `act` first, within `wait`, and keeps
/// them for `hold`. They end before this returns.
fn many(
    count: usize,
    act: impl Fn() -> io::Result<()>,
    wait: Duration,
    hold: Duration,
) -> io::Result<()> {
    let (ready, told) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let mut children = Vec::with_capacity(count);
    let mut started = Ok(());
    while started.is_ok() && children.len() < count {
        let child = attempt::duplicate(|| {
            if act().is_ok() {
                // Who should hear it is gone when this fails, and this process with it.
                let _unheard = rustix::io::write(&told, b"x");
            }
        });
        started = child.map(|child| children.push(child));
    }
    drop(told);
    let held = started.and_then(|()| all_ready(&ready, children.len(), wait)).and_then(|()| {
        // Nobody writes any more, and all of them keep the pipe open.
        heard(&ready, hold).map(drop)
    });
    for child in &children {
        // It may have ended by itself.
        let _ended = rustix::process::kill_process(*child, Signal::KILL);
    }
    for child in children {
        let _status = rustix::process::waitpid(Some(child), WaitOptions::empty());
    }
    held
}

/// Waits until so many processes have said that they are ready.
fn all_ready(pipe: &OwnedFd, count: usize, wait: Duration) -> io::Result<()> {
    let mut left = count;
    while left > 0 {
        match heard(pipe, wait)? {
            0 => return Err(io::ErrorKind::TimedOut.into()),
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

/// How many bytes came within `wait`; none at the end as well.
fn heard(pipe: &OwnedFd, wait: Duration) -> io::Result<usize> {
    let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    let wait = Timespec { tv_sec: seconds, tv_nsec: i64::from(wait.subsec_nanos()) };
    let mut fds = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)];
    let ready = rustix::io::retry_on_intr(|| rustix::event::poll(&mut fds, Some(&wait)))?;
    match ready {
        0 => Ok(0),
        _ => Ok(rustix::io::read(pipe, &mut [0_u8; 512])?),
    }
}

/// Raises the soft limit to the hard one, as any program may.
fn raise(resource: Resource) {
    let hard = rustix::process::getrlimit(resource).maximum;
    // The soft one stays where this fails.
    let _kept = rustix::process::setrlimit(resource, Rlimit { current: hard, maximum: hard });
}

fn enough(room: bool, of: &str) -> Tried {
    match room {
        true => Ok(()),
        false => Err(Refused::NotTried(format!("too few {of} are left for it to be harmless"))),
    }
}

fn memory_has_room(side: Side, asked: usize) -> Tried {
    if side == Side::Inside {
        return Ok(());
    }
    let facts = text("/proc/meminfo").unwrap_or_default();
    let line = facts.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    let room = kib.is_some_and(|kib| kib.saturating_mul(1024) >= asked as u64 * ROOM);
    match room {
        true => Ok(()),
        false => {
            Err(Refused::NotTried("too little memory is left for it to be harmless".to_owned()))
        }
    }
}

/// Whether the control group of this process, where it bounds processes, has room.
fn group_has_room(asked: u64) -> bool {
    let groups = text("/proc/self/cgroup").unwrap_or_default();
    let Some(own) = groups.lines().find_map(|line| line.strip_prefix("0::/")) else {
        return true;
    };
    let number = |name: &str| text(&format!("/sys/fs/cgroup/{own}/{name}"))?.trim().parse().ok();
    match (number("pids.max"), number("pids.current")) {
        (Some(most), Some(now)) => most >= u64::saturating_add(now, asked * ROOM),
        (_, _) => true,
    }
}

fn text(path: &str) -> Option<String> {
    let bytes = RealFs.read(path.as_ref(), FACT_BYTES_MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
