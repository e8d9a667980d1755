// SPDX-License-Identifier: Apache-2.0
//! The watch over a command's processes: what they take together.
//!
//! The kernel bounds each process by itself. What all of them take is bounded for an
//! ordinary user only in a delegated control group, so the reaper, which sees all of
//! them and cannot be signalled by them, looks from time to time and ends the command.
//! It looks the more often the less is left, and takes no more than one part in
//! [`WATCH_SHARE`] of a processor, unless the command makes looks so dear that it would
//! not look for longer than [`WATCH_REST_MAX`].
//!
//! It looks in two steps. A cheap one gives a number that is never too small: resident
//! private memory, and for shared memory what the whole machine has more of it than
//! before. Only when that is over the bound, a dear one shares common pages out and
//! looks for memory files among the descriptors. What it cannot see (a descriptor on
//! its way through a socket) is bounded by what is left to the machine.
//!
//! Source: `proc_pid_stat(5)`, `proc_pid_status(5)`, `proc_pid_smaps(5)`,
//! `proc_meminfo(5)`, `proc_sys_fs(5)`, `sysvipc(7)`.
//!
//! Invariant: nothing here fails for what a process shows of itself; one that hides
//! is taken for the owner of what nobody else shows.

use std::time::Duration;

use moat_base::{Clock as _, SystemClock};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{Dir, Mode, OFlags};

use crate::command::Bound;
use crate::inside::hold::Session;
use crate::kernel::{self, Ended};
use crate::limits::{
    MACHINE_FLOOR_SHARE, MACHINE_MEMORY_FLOOR, PRIVATE_FILE_COST_BYTES, TAKING_RATE,
    WATCH_REST_MAX, WATCH_SHARE, WATCH_WAIT_MAX, WATCH_WAIT_MIN, machine_memory,
};
use crate::mount;
use crate::wire::{Care, Entry, Upper};

mod unnamed;

use unnamed::Unnamed;

/// What a command has taken, and may.
#[derive(Debug)]
pub(super) struct Watch {
    /// The command's `/proc`; none where it has none of its own.
    list: Option<OwnedFd>,
    bounds: Bounds,
    places: Places,
    /// What was there before the command.
    before: Machine,
    /// How often the kernel had ended a process because there was no memory.
    killed_before: u64,
    private_before: u64,
    free_before: u64,
    floor: u64,
    /// Processor time of what the reaper collected.
    collected_us: u64,
    /// Of those that still run, when they were last looked at.
    running_us: u64,
    clock: SystemClock,
    due: Duration,
    /// When the processes are looked at again.
    processes_due: Duration,
    /// What they could still take when they were looked at last.
    room: u64,
}

#[derive(Debug, Default)]
struct Bounds {
    memory_bytes: u64,
    cpu_s: u64,
    cpu_s_all: u64,
    disk_bytes: u64,
}

/// Where commands write, as they see it.
#[derive(Debug)]
pub(super) struct Places {
    /// File systems in memory.
    private: Vec<OwnedFd>,
    /// The file system that takes the changes shows through.
    workspace: Option<OwnedFd>,
}

/// The machine as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Machine {
    /// None where `/proc` does not tell.
    available: Option<u64>,
    /// Memory files, shared mappings, and files of file systems in memory.
    shared: u64,
}

/// What processes take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    own: u64,
    shared: u64,
    cpu_us: u64,
}

/// Has what the kernel told this process at its start read, once, for all that it duplicates
/// itself into: before Linux 6.4 that lies in a file, which is closed with the process's memory.
pub(super) fn learn_ticks() {
    let _kept = rustix::param::clock_ticks_per_second();
}

impl Watch {
    /// A watch over a command that there is not yet.
    pub(super) fn new(places: Places, list: Option<OwnedFd>) -> Self {
        Self {
            list,
            bounds: Bounds::default(),
            places,
            before: Machine::default(),
            killed_before: 0,
            private_before: 0,
            free_before: 0,
            floor: 0,
            collected_us: 0,
            running_us: 0,
            clock: SystemClock::new(),
            due: Duration::ZERO,
            processes_due: Duration::ZERO,
            room: 0,
        }
    }

    /// Notes what is there as the command begins.
    ///
    /// It may have begun a moment before. What it took of shared memory by then, and
    /// nothing else, counts as not its own: no more than one look may miss anyway.
    pub(super) fn begin(&mut self, care: &Care) {
        self.bounds = Bounds {
            memory_bytes: care.memory_bytes_all,
            cpu_s: care.cpu_s,
            cpu_s_all: care.cpu_s_all,
            disk_bytes: care.session_bytes,
        };
        self.private_before = self.places.private_bytes();
        self.free_before = self.places.free_bytes();
        let list = self.list.as_ref();
        self.before = list.map(|list| Machine::read(list.as_fd())).unwrap_or_default();
        let usual = MACHINE_MEMORY_FLOOR.min(machine_memory() / MACHINE_FLOOR_SHARE);
        // A machine that is short of memory already runs commands all the same.
        self.floor = self.before.available.map_or(0, |available| usual.min(available / 2));
        self.killed_before = self.killed();
        self.due = self.clock.monotonic() + WATCH_WAIT_MIN;
    }

    /// How often the kernel has ended a process because there was no memory.
    fn killed(&self) -> u64 {
        let events = self.list.as_ref().and_then(|list| text(list.as_fd(), "vmstat"));
        events.and_then(|events| number(&events, "oom_kill")).unwrap_or(0)
    }

    /// How long nothing needs to be looked at.
    pub(super) fn due_in(&self) -> Duration {
        self.due.saturating_sub(self.clock.monotonic())
    }

    /// Looks when it is time. Tells the bound for which the command must end.
    pub(super) fn look_when_due(&mut self) -> Option<Bound> {
        if self.due_in() > Duration::ZERO {
            return None;
        }
        let now = self.clock.monotonic();
        let looked = match self.look_at_machine() {
            // The processes decide how dear it is to look at them; what is left to the machine
            // is looked at all the same.
            Ok(room) if now < self.processes_due => Ok(room.min(self.room)),
            Ok(room) => {
                let began = kernel::own_cpu();
                let looked = self.look();
                let spent = kernel::own_cpu().saturating_sub(began);
                self.processes_due = self.clock.monotonic() + rest(spent);
                self.room = *looked.as_ref().unwrap_or(&0);
                looked.map(|left| left.min(room))
            }
            Err(bound) => Err(bound),
        };
        let (bound, room) = match looked {
            Ok(room) => (None, room),
            Err(bound) => (Some(bound), 0),
        };
        let wait = Duration::from_millis(room.saturating_mul(1000) / TAKING_RATE);
        self.due = self.clock.monotonic() + wait.clamp(WATCH_WAIT_MIN, WATCH_WAIT_MAX);
        bound
    }

    /// The memory of the machine that a command may still take, or the bound that is passed.
    fn look_at_machine(&self) -> Result<u64, Bound> {
        let Some(list) = self.list.as_ref().map(OwnedFd::as_fd) else {
            return Ok(u64::MAX);
        };
        let available = Machine::read(list).available.unwrap_or(u64::MAX);
        if available < self.floor {
            return Err(Bound::MachineMemory);
        }
        if handles_run_out(list) {
            return Err(Bound::MachineFiles);
        }
        Ok(available - self.floor)
    }

    /// Notes a process that ended and that the reaper had to collect.
    pub(super) const fn collected(&mut self, ended: &Ended) {
        self.collected_us = self.collected_us.saturating_add(ended.cpu_us);
    }

    /// The processor time of all processes, as far as it was seen.
    pub(super) const fn cpu_us(&self) -> u64 {
        self.collected_us.saturating_add(self.running_us)
    }

    /// The bound for which the kernel itself ended the command, as far as can be told.
    pub(super) fn killed_by_the_kernel(&self, ended: &Ended) -> Option<Bound> {
        if !libc::WIFSIGNALED(ended.status) {
            return None;
        }
        match libc::WTERMSIG(ended.status) {
            libc::SIGXCPU => Some(Bound::Cpu),
            libc::SIGXFSZ => Some(Bound::FileSize),
            libc::SIGKILL if ended.cpu_us / 1_000_000 >= self.bounds.cpu_s => Some(Bound::Cpu),
            libc::SIGKILL => (self.killed() > self.killed_before).then_some(Bound::MachineMemory),
            _ => None,
        }
    }

    /// The memory that the processes may still take together, or the bound that is passed.
    fn look(&mut self) -> Result<u64, Bound> {
        let Some(list) = self.list.as_ref().map(OwnedFd::as_fd) else {
            return Ok(u64::MAX);
        };
        let machine = Machine::read(list);
        let taken = all(list, cheaply);
        self.running_us = taken.cpu_us;
        if self.cpu_us() / 1_000_000 >= self.bounds.cpu_s_all {
            return Err(Bound::Cpu);
        }
        if self.free_before.saturating_sub(self.places.free_bytes()) > self.bounds.disk_bytes
            && self.unnamed(list).disk_bytes(self.free_before, &self.places)
                > self.bounds.disk_bytes
        {
            return Err(Bound::Disk);
        }
        let private = self.places.private_bytes().saturating_sub(self.private_before);
        let growth = machine.shared.saturating_sub(self.before.shared);
        let mut memory = taken.own + growth.max(private + taken.shared);
        if memory > self.bounds.memory_bytes {
            memory = self.exactly(list, private, growth);
        }
        if memory > self.bounds.memory_bytes {
            return Err(Bound::Memory);
        }
        Ok(self.bounds.memory_bytes - memory)
    }

    /// The same number with common pages shared out. Shared memory is at least what is
    /// mapped, and what has been found otherwise; at most both, because what is found may
    /// be mapped as well; and in between what the machine has more of it.
    fn exactly(&self, list: BorrowedFd<'_>, private: u64, growth: u64) -> u64 {
        let taken = all(list, dearly);
        let unnamed = self.unnamed(list);
        let found = private + unnamed.memory_bytes + system_v(list);
        let (least, most) = (found.max(taken.shared), found + taken.shared);
        let shared = if unnamed.hidden { growth.max(least) } else { growth.clamp(least, most) };
        taken.own + shared
    }

    fn unnamed(&self, list: BorrowedFd<'_>) -> Unnamed {
        let mut unnamed = Unnamed::new(&self.places.private);
        each(list, |directory| unnamed.add(directory));
        unnamed
    }
}

/// How long the processes are left alone after a look that took so much of a processor:
/// a share of it, but never so long that a command could hide behind what it costs.
fn rest(spent: Duration) -> Duration {
    (spent * WATCH_SHARE).min(WATCH_REST_MAX)
}

impl Places {
    pub(super) fn open(session: &Session<'_>) -> Self {
        let mut in_memory: Vec<&std::ffi::OsStr> = Vec::new();
        let mut caches = None;
        for entry in &session.plan.entries {
            match entry {
                Entry::Memory { at, .. } => in_memory.push(at),
                // All of them lie in one file system.
                Entry::Overlay { upper: Upper::Memory, at, .. } if caches.is_none() => {
                    caches = Some(at.as_os_str());
                }
                Entry::Overlay { .. }
                | Entry::Directory { .. }
                | Entry::Link { .. }
                | Entry::Copy { .. }
                | Entry::Text { .. }
                | Entry::Bind { .. }
                | Entry::Terminals { .. }
                | Entry::Cover { .. } => {}
            }
        }
        in_memory.extend(caches);
        let private = in_memory.into_iter().filter_map(|at| mount::source(at, None).ok());
        Self { private: private.collect(), workspace: session.workspace.try_clone().ok() }
    }

    /// What the private file systems hold, with what an empty file costs the kernel.
    fn private_bytes(&self) -> u64 {
        let sizes = self.private.iter().filter_map(|place| rustix::fs::fstatvfs(place).ok());
        sizes
            .map(|size| {
                let files = size.f_files.saturating_sub(size.f_ffree);
                let blocks = size.f_blocks.saturating_sub(size.f_bfree);
                blocks * size.f_frsize + files * PRIVATE_FILE_COST_BYTES
            })
            .sum()
    }

    /// What is free where the changes go.
    fn free_bytes(&self) -> u64 {
        let size = self.workspace.as_ref().and_then(|place| rustix::fs::fstatvfs(place).ok());
        size.map_or(u64::MAX, |size| size.f_bavail.saturating_mul(size.f_frsize))
    }
}

impl Machine {
    fn read(list: BorrowedFd<'_>) -> Self {
        let memory = text(list, "meminfo").unwrap_or_default();
        Self {
            available: amount(&memory, "MemAvailable:"),
            shared: amount(&memory, "Shmem:").unwrap_or(0),
        }
    }
}

/// Whether less than a share of the open files that the machine can have is left.
fn handles_run_out(list: BorrowedFd<'_>) -> bool {
    let Some(text) = text(list, "sys/fs/file-nr") else {
        return false;
    };
    let mut numbers = text.split_ascii_whitespace().filter_map(|word| word.parse::<u64>().ok());
    let (Some(open), Some(_free), Some(most)) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return false;
    };
    open > most - most / MACHINE_FLOOR_SHARE
}

/// What all processes but the reaper take, as `one` tells for each.
fn all(list: BorrowedFd<'_>, one: fn(BorrowedFd<'_>) -> Taken) -> Taken {
    let mut sum = Taken::default();
    each(list, |directory| {
        let taken = one(directory);
        sum.own += taken.own;
        sum.shared += taken.shared;
        sum.cpu_us += taken.cpu_us;
    });
    sum
}

/// Calls `look` with the directory of each process but the reaper's own.
fn each(list: BorrowedFd<'_>, mut look: impl FnMut(BorrowedFd<'_>)) {
    let Ok(entries) = directory(list, ".").and_then(Dir::read_from) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_str().unwrap_or_default();
        let is_process = name.bytes().all(|byte| byte.is_ascii_digit());
        if is_process
            && name != "1"
            && let Ok(process) = directory(list, name)
        {
            look(process.as_fd());
        }
    }
}

fn directory(at: BorrowedFd<'_>, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(at, name, flags, Mode::empty())
}

/// Counts a page that two processes have in both.
fn cheaply(process: BorrowedFd<'_>) -> Taken {
    let status = text(process, "status").unwrap_or_default();
    let sum = |names: &[&str]| names.iter().filter_map(|name| amount(&status, name)).sum();
    Taken {
        own: sum(&["RssAnon:", "VmSwap:"]),
        shared: sum(&["RssShmem:"]),
        cpu_us: text(process, "stat").map_or(0, |stat| processor_us(&stat)),
    }
}

/// Shares a page that two processes have out between them.
fn dearly(process: BorrowedFd<'_>) -> Taken {
    let Some(maps) = text(process, "smaps_rollup").filter(|maps| !maps.is_empty()) else {
        return cheaply(process);
    };
    let sum = |names: &[&str]| names.iter().filter_map(|name| amount(&maps, name)).sum();
    Taken { own: sum(&["Pss_Anon:", "SwapPss:"]), shared: sum(&["Pss_Shmem:"]), cpu_us: 0 }
}

/// What the segments of System V hold, mapped or not, in this namespace.
fn system_v(list: BorrowedFd<'_>) -> u64 {
    let segments = text(list, "sysvipc/shm").unwrap_or_default();
    let resident = |line: &str| -> Option<u64> {
        let mut words = line.split_ascii_whitespace().skip(SEGMENT_RESIDENT);
        let (resident, swapped) = (words.next()?, words.next()?);
        Some(resident.parse::<u64>().ok()? + swapped.parse::<u64>().ok()?)
    };
    segments.lines().filter_map(resident).sum()
}

/// The text of a short file of `/proc`; none when its process is gone or hides it.
fn text(at: BorrowedFd<'_>, name: &str) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(at, name, flags, Mode::empty()).ok()?;
    let mut bytes = vec![0; TEXT_BYTES_MAX];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut *rest)) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(_gone) => return None,
        }
    }
    bytes.truncate(filled);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The bytes of a line such as `Name:   12 kB`.
fn amount(text: &str, name: &str) -> Option<u64> {
    number(text, name).map(|kib| kib.saturating_mul(1024))
}

fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}

/// The time of a process and of the children that it waited for. Its name, which stands
/// before, is its own to choose.
fn processor_us(stat: &str) -> u64 {
    let fields = stat.rsplit_once(')').map_or("", |(_name, fields)| fields);
    let times = fields.split_ascii_whitespace().skip(STAT_TIMES).take(4);
    let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks * (1_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// The place of `utime` behind the name.
const STAT_TIMES: usize = 11;

/// The place of `rss`, before `swap`.
const SEGMENT_RESIDENT: usize = 14;

/// `/proc/vmstat` is the longest file that is read.
const TEXT_BYTES_MAX: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_dear_to_look_at_does_not_buy_itself_time() {
        assert_eq!(rest(Duration::from_millis(10)), Duration::from_millis(200));
        assert_eq!(rest(Duration::from_secs(10)), WATCH_REST_MAX);
        assert!(WATCH_WAIT_MAX < WATCH_REST_MAX);
    }

    #[test]
    fn lines_of_proc_are_read() {
        let text = "Name:\tx\nRssAnon:\t     12 kB\nRssAnonymous: 5 kB\noom_kill 3\n";
        assert_eq!(amount(text, "RssAnon:"), Some(12 * 1024));
        assert_eq!(number(text, "oom_kill"), Some(3));
        assert_eq!(amount(text, "VmSwap:"), None);
    }

    #[test]
    fn a_name_does_not_shift_the_processor_s_time() {
        let tick = 1_000_000 / rustix::param::clock_ticks_per_second();
        let rest = "S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 0";
        for name in ["cat", "a) S 9 9 9 9 9 9 9 9 9 9 9 9", ") (", ""] {
            assert_eq!(processor_us(&format!("7 ({name}) {rest}")), 127 * tick, "{name}");
        }
        assert_eq!(processor_us(""), 0);
    }
}
