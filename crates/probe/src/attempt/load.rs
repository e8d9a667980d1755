// SPDX-License-Identifier: Apache-2.0
//! Attempts on limits.
//!
//! Invariant: outside of a sandbox nothing is taken that would leave the machine short.

use std::time::Duration;

use moat_base::{Fs as _, RealFs};
use moat_sandbox::attempt;
use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::process::{Resource, Rlimit};

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
    Ok(attempt::processes(PROCESSES_ASKED, || Ok(()), ATTEMPT_WAIT_MAX, Duration::ZERO)?)
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
pub(crate) fn hog(hold: Duration) -> std::io::Result<()> {
    let take = || attempt::take_memory(MEMORY_BYTES_EACH);
    attempt::processes(MEMORY_PROCESSES, take, MEMORY_WAIT_MAX, hold)
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
