// SPDX-License-Identifier: Apache-2.0
//! The watch over what commands write into the session, and over the room that is left.
//!
//! What a file system has free costs one system call, but everybody writes there.
//! What the session holds is its own, but takes a walk. So the first is asked often,
//! and the walk is made when so much is gone that the session may be over its bound.
//! It goes in slices, so that output and interrupts are not kept waiting. What cannot
//! be walked (closed or very deep directories) is taken to be as large as what is gone since
//! all could be walked. So is what changes its name while the walk comes to it, when a few
//! walks after each other miss something.
//!
//! Removed files that a process still holds are not here: the reaper sees them.
//!
//! Invariant: nothing is written.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use moat_base::Clock;
use moat_files::{Amount, Progress, Seen, Walk, memory};
use rustix::fs::{Mode, OFlags};

use crate::command::Bound;
use crate::limits::{
    COUNT_PAUSE, COUNT_SLICE, MACHINE_DISK_FLOOR, MACHINE_FLOOR_SHARE, PRIVATE_BYTES_PER_FILE,
    TAKING_RATE, WATCH_WAIT_MAX, WATCH_WAIT_MIN, memory_changes_bytes,
};
use crate::{Files, Limits, Plan};

/// Where a sandbox's commands write on disk, and what is known of it.
#[derive(Debug)]
pub(crate) struct Disk {
    place: Option<OwnedFd>,
    /// Whether all that lies there is the session's.
    owner: Owner,
    /// What the last walk found, and what was free when it began.
    known: Known,
    walk: Option<Counting>,
    /// How many walks after each other missed names that went away.
    missed: u32,
}

/// A walk under way.
#[derive(Debug)]
struct Counting {
    /// What was free when it began.
    free: Amount,
    walk: Walk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Session,
    User,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// None before the first walk.
    used: Option<Amount>,
    free: Amount,
}

impl Known {
    /// The most that the session can hold when so much is gone since.
    fn most(&self, gone: Amount) -> Amount {
        self.used.unwrap_or_default().plus(gone)
    }
}

/// The bounds of one command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiskBounds {
    session: Amount,
    floor: Amount,
}

impl Disk {
    /// Opens the place that takes the changes of `plan`. Nothing is looked at yet.
    pub(crate) fn open(plan: &Plan) -> Self {
        let (path, owner) = match plan.files() {
            Files::CopyOnWrite { upper, .. } => (Some(upper.as_path()), Owner::Session),
            Files::Direct | Files::Repository(_) => (Some(plan.root()), Owner::User),
            Files::ReadOnly => (None, Owner::User),
        };
        let place = path.and_then(|path| open(path).ok());
        let known = Known { used: None, free: free(place.as_ref()) };
        Self { place, owner, known, walk: None, missed: 0 }
    }

    /// The bounds for a command that has not started yet. One that starts with little room,
    /// or in a session that is over its bound already, can do what takes none.
    ///
    /// A session that was over its bound is counted anew, to the end: the last count was
    /// made while its command still wrote, and the next must not answer for that.
    pub(crate) fn bounds(&mut self, limits: &Limits, clock: &dyn Clock) -> DiskBounds {
        let usual = Amount { bytes: limits.session_bytes, files: limits.session_files };
        let is_memory = self.place.as_ref().is_some_and(memory::is_memory);
        let session = if is_memory { usual.smallest(memory_changes()) } else { usual };
        let free = free(self.place.as_ref());
        let whole = self
            .place
            .as_ref()
            .map_or_else(Amount::default, Amount::size)
            .part(MACHINE_FLOOR_SHARE);
        let usual = Amount { bytes: whole.bytes.min(MACHINE_DISK_FLOOR), files: whole.files };
        let half = free.part(2);
        let floor =
            Amount { bytes: usual.bytes.min(half.bytes), files: usual.files.min(half.files) };
        // One that an ended command left unfinished knows nothing of what it removed since.
        self.walk = None;
        self.missed = 0;
        if self.known.used.is_some_and(|used| used.exceeds(session)) {
            self.count(clock);
        }
        let used = self.known.used.unwrap_or_default();
        DiskBounds { session: session.largest(used), floor }
    }

    /// Counts what is there, to the end.
    fn count(&mut self, clock: &dyn Clock) {
        let Some(Counting { free: before, mut walk }) = self.begin() else { return };
        while walk.step(clock, COUNT_SLICE) == Progress::More {}
        let gone = self.known.free.minus(free(self.place.as_ref()));
        self.known = Known { used: Some(walk.result(self.known.most(gone))), free: before };
    }

    /// Looks at what is free, and walks on where a walk is due. Tells the bound that is
    /// passed, or when to look again.
    pub(crate) fn look(
        &mut self,
        bounds: &DiskBounds,
        clock: &dyn Clock,
    ) -> Result<Duration, Bound> {
        if self.place.is_none() {
            return Ok(WATCH_WAIT_MAX);
        }
        let free = free(self.place.as_ref());
        if bounds.floor.exceeds(free) {
            return Err(Bound::MachineDisk);
        }
        let gone = self.known.free.minus(free);
        if let Some(Counting { free: before, walk }) = &mut self.walk {
            if walk.step(clock, COUNT_SLICE) == Progress::More {
                return Ok(COUNT_PAUSE);
            }
            let used = walk.result(self.known.most(gone));
            let is_over = used.exceeds(bounds.session);
            if is_over && walk.seen() == Seen::Moving && self.missed < MISSED_WALKS_MAX {
                self.missed += 1;
                self.walk = self.begin();
                return Ok(COUNT_PAUSE);
            }
            self.missed = 0;
            self.known = Known { used: Some(used), free: *before };
            self.walk = None;
            return if is_over { Err(Bound::Disk) } else { Ok(COUNT_PAUSE) };
        }
        let step = self.step(bounds);
        if self.owner == Owner::Session && gone.exceeds(step) {
            self.walk = self.begin();
            return Ok(COUNT_PAUSE);
        }
        let floor_room = free.bytes.saturating_sub(bounds.floor.bytes);
        let room = floor_room.min(step.bytes.saturating_sub(gone.bytes));
        let wait = Duration::from_millis(room.saturating_mul(1000) / TAKING_RATE);
        Ok(wait.clamp(WATCH_WAIT_MIN, WATCH_WAIT_MAX))
    }

    /// How much must be gone until the next walk: half of what is left to the bound, so
    /// that there are few walks; little while nothing is known.
    fn step(&self, bounds: &DiskBounds) -> Amount {
        let least = bounds.session.part(LEAST_STEP);
        self.known.used.map_or(least, |used| bounds.session.minus(used).part(2).largest(least))
    }

    fn begin(&self) -> Option<Counting> {
        let place = self.place.as_ref()?;
        Some(Counting { free: free(Some(place)), walk: Walk::new(place).ok()? })
    }
}

fn open(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
}

/// What a session's changes take at most where they are memory.
fn memory_changes() -> Amount {
    let bytes = memory_changes_bytes();
    Amount { bytes, files: bytes / PRIVATE_BYTES_PER_FILE }
}

/// What is free; without end where nobody can tell.
fn free(place: Option<&OwnedFd>) -> Amount {
    place.map_or(Amount { bytes: u64::MAX, files: u64::MAX }, Amount::free)
}

/// How many walks that missed names are made again before what they missed counts as
/// what is gone: builds make and remove files all the time.
const MISSED_WALKS_MAX: u32 = 3;

/// The smallest step between two walks, as a part of the bound.
const LEAST_STEP: u64 = 16;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make the files that are counted")]
mod tests {
    use moat_base::SystemClock;

    use super::*;

    fn disk(directory: &Path, owner: Owner) -> Disk {
        let place = open(directory).unwrap();
        let known = Known { used: None, free: free(Some(&place)) };
        Disk { place: Some(place), owner, known, walk: None, missed: 0 }
    }

    #[test]
    fn one_that_is_over_the_bound_may_go_on_but_not_grow() {
        let scratch = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            std::fs::write(scratch.path().join(name), vec![1; 1 << 20]).unwrap();
        };
        write("file");
        let limits = Limits { session_bytes: 1 << 19, ..Limits::default() };
        let clock = SystemClock::new();
        let mut disk = disk(scratch.path(), Owner::Session);
        let first = disk.bounds(&limits, &clock);
        disk.walk = disk.begin();
        assert_eq!(disk.look(&first, &clock), Err(Bound::Disk));
        // What a command still wrote while it was killed, the next does not answer for.
        write("late");
        let second = disk.bounds(&limits, &clock);
        disk.walk = disk.begin();
        assert_eq!(disk.look(&second, &clock), Ok(COUNT_PAUSE));
        write("more");
        disk.walk = disk.begin();
        assert_eq!(disk.look(&second, &clock), Err(Bound::Disk));
    }

    #[test]
    fn what_a_walk_cannot_see_is_not_forgotten_by_the_next() {
        let known =
            |bytes| Known { used: Some(Amount { bytes, files: 0 }), free: Amount::default() };
        let gone = Amount { bytes: 1 << 40, files: 1 };
        assert_eq!(known(0).most(gone).bytes, 1 << 40);
        assert_eq!(known(1 << 40).most(gone).bytes, 2 << 40);
    }

    #[test]
    fn what_is_renamed_while_it_is_walked_counts_after_a_few_walks() {
        let scratch = tempfile::tempdir().unwrap();
        let clock = SystemClock::new();
        let mut disk = disk(scratch.path(), Owner::Session);
        let limits = Limits { session_bytes: 1 << 20, ..Limits::default() };
        let bounds = disk.bounds(&limits, &clock);
        disk.known.free = Amount { bytes: u64::MAX, files: u64::MAX };
        for walks in 0..=MISSED_WALKS_MAX {
            let names = ["one", "two"].map(|name| scratch.path().join(name));
            names.iter().for_each(|name| std::fs::write(name, "").unwrap());
            disk.walk = disk.begin();
            // With the first name all are read.
            let step = disk.walk.as_mut().unwrap().walk.count_one();
            assert_eq!(step, Progress::More);
            names.iter().for_each(|name| std::fs::rename(name, name.with_extension("x")).unwrap());
            let looked = disk.look(&bounds, &clock);
            let is_last = walks == MISSED_WALKS_MAX;
            assert_eq!(looked, if is_last { Err(Bound::Disk) } else { Ok(COUNT_PAUSE) });
        }
    }

    #[test]
    fn changes_in_memory_are_bounded_by_a_share_of_it_and_those_on_disk_are_not() {
        let clock = SystemClock::new();
        let limits = Limits { session_bytes: u64::MAX, ..Limits::default() };
        let bound = |place: &Path| {
            let mut disk = disk(place, Owner::Session);
            let is_memory = memory::is_memory(disk.place.as_ref().unwrap());
            (is_memory, disk.bounds(&limits, &clock).session.bytes)
        };
        let scratch = tempfile::tempdir().unwrap();
        let is_disk = |(is_memory, bytes): (bool, u64)| !is_memory && bytes == u64::MAX;
        let is_memory =
            |(is_memory, bytes): (bool, u64)| is_memory && bytes == memory_changes_bytes();
        assert!(is_disk(bound(scratch.path())) || is_memory(bound(scratch.path())));
        let shared = Path::new("/dev/shm");
        if memory::is_memory(open(shared).unwrap()) {
            assert!(is_memory(bound(shared)), "{:?}", bound(shared));
        } else {
            println!("not run: `/dev/shm` is no memory here");
        }
    }

    #[test]
    fn the_user_s_own_tree_is_not_counted() {
        let scratch = tempfile::tempdir().unwrap();
        let clock = SystemClock::new();
        let mut disk = disk(scratch.path(), Owner::User);
        // As if all of it had gone.
        disk.known.free = Amount { bytes: u64::MAX, files: u64::MAX };
        let bounds = disk.bounds(&Limits::default(), &clock);
        assert!(disk.look(&bounds, &clock).is_ok() && disk.walk.is_none());
        let nothing_left = Amount { bytes: u64::MAX, files: 0 };
        let bounds = DiskBounds { floor: nothing_left, ..bounds };
        assert_eq!(disk.look(&bounds, &clock), Err(Bound::MachineDisk));
    }
}
