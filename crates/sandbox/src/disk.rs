// SPDX-License-Identifier: Apache-2.0
//! The watch over what commands write into the session, and over the room that is left.
//!
//! What a file system has free costs one system call, but everybody writes there.
//! What the session holds is its own, but takes a walk. So the first is asked often,
//! and the walk is made when so much is gone that the session may be over its bound.
//! It goes in slices, so that output and interrupts are not kept waiting. What cannot
//! be walked (closed or very deep directories) is taken to be as large as what is gone.
//!
//! Removed files that a process still holds are not here: the reaper sees them.
//!
//! Invariant: nothing is written or opened but directories, no link is followed and no
//! mounted file system is entered.

use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};

use std::time::Duration;

use moat_base::Clock;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags};

use crate::command::Bound;
use crate::limits::{
    COUNT_PAUSE, COUNT_SLICE, DEPTH_MAX, MACHINE_DISK_FLOOR, MACHINE_FLOOR_SHARE, TAKING_RATE,
    WATCH_WAIT_MAX, WATCH_WAIT_MIN,
};
use crate::{Files, Limits, Plan};

/// Bytes and files: what is used, free, or allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    bytes: u64,
    files: u64,
}

impl Amount {
    const fn minus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            files: self.files.saturating_sub(other.files),
        }
    }

    fn largest(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), files: self.files.max(other.files) }
    }

    const fn part(self, of: u64) -> Self {
        Self { bytes: self.bytes / of, files: self.files / of }
    }

    /// Whether one of the two is more than in `other`.
    const fn exceeds(self, other: Self) -> bool {
        self.bytes > other.bytes || self.files > other.files
    }
}

/// Where a sandbox's commands write on disk, and what is known of it.
#[derive(Debug)]
pub(crate) struct Disk {
    place: Option<OwnedFd>,
    /// Whether all that lies there is the session's.
    owner: Owner,
    /// What the last walk found, and what was free when it began.
    known: Known,
    walk: Option<Walk>,
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
            Files::Direct => (Some(plan.root()), Owner::User),
            Files::ReadOnly => (None, Owner::User),
        };
        let place = path.and_then(|path| open(CWD, path, ResolveFlags::empty()).ok());
        let known = Known { used: None, free: free(place.as_ref()) };
        Self { place, owner, known, walk: None }
    }

    /// The bounds for a command that has not started yet. One that starts with little room,
    /// or in a session that is over its bound already, can do what takes none.
    ///
    /// A session that was over its bound is counted anew, to the end: the last count was
    /// made while its command still wrote, and the next must not answer for that.
    pub(crate) fn bounds(&mut self, limits: &Limits, clock: &dyn Clock) -> DiskBounds {
        let session = Amount { bytes: limits.session_bytes, files: limits.session_files };
        let free = free(self.place.as_ref());
        let whole = size(self.place.as_ref()).part(MACHINE_FLOOR_SHARE);
        let usual = Amount { bytes: whole.bytes.min(MACHINE_DISK_FLOOR), files: whole.files };
        let half = free.part(2);
        let floor =
            Amount { bytes: usual.bytes.min(half.bytes), files: usual.files.min(half.files) };
        // One that an ended command left unfinished knows nothing of what it removed since.
        self.walk = None;
        if self.known.used.is_some_and(|used| used.exceeds(session)) {
            self.count(clock);
        }
        let used = self.known.used.unwrap_or_default();
        DiskBounds { session: session.largest(used), floor }
    }

    /// Counts what is there, to the end.
    fn count(&mut self, clock: &dyn Clock) {
        let Some(mut walk) = self.begin() else { return };
        while walk.step(clock) == Progress::More {}
        let gone = self.known.free.minus(free(self.place.as_ref()));
        self.known = Known { used: Some(walk.result(gone)), free: walk.free };
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
        if let Some(walk) = &mut self.walk {
            if walk.step(clock) == Progress::More {
                return Ok(COUNT_PAUSE);
            }
            let used = walk.result(gone);
            self.known = Known { used: Some(used), free: walk.free };
            self.walk = None;
            return if used.exceeds(bounds.session) { Err(Bound::Disk) } else { Ok(COUNT_PAUSE) };
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

    fn begin(&self) -> Option<Walk> {
        let place = self.place.as_ref()?;
        let top = Dir::read_from(place).ok()?;
        Some(Walk {
            free: free(Some(place)),
            open: vec![top],
            linked: HashSet::new(),
            used: Amount::default(),
            sight: Sight::Whole,
        })
    }
}

/// A walk under way.
#[derive(Debug)]
struct Walk {
    /// What was free when it began.
    free: Amount,
    open: Vec<Dir>,
    /// Files with several names, which count once.
    linked: HashSet<u64>,
    used: Amount,
    sight: Sight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Whole,
    /// Something could not be looked into.
    Partial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    More,
    Done,
}

impl Walk {
    fn step(&mut self, clock: &dyn Clock) -> Progress {
        let until = clock.monotonic() + COUNT_SLICE;
        while clock.monotonic() < until {
            for _ in 0..ENTRIES_PER_LOOK {
                if self.next() == Progress::Done {
                    return Progress::Done;
                }
            }
        }
        Progress::More
    }

    /// Counts one name.
    fn next(&mut self) -> Progress {
        let depth = self.open.len();
        let Some(directory) = self.open.last_mut() else {
            return Progress::Done;
        };
        let entry = match directory.read() {
            Some(Ok(entry)) => entry,
            Some(Err(_changed)) => {
                self.sight = Sight::Partial;
                self.open.pop();
                return Progress::More;
            }
            None => {
                self.open.pop();
                return Progress::More;
            }
        };
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            return Progress::More;
        }
        let Ok(at) = directory.fd() else {
            return Progress::More;
        };
        // It is gone when this fails.
        let Ok(stat) = rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Progress::More;
        };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if is_directory || stat.st_nlink < 2 || self.linked.insert(stat.st_ino) {
            self.used.files += 1;
            self.used.bytes += u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        }
        if is_directory {
            let inside = open(at, name, BENEATH).and_then(Dir::new);
            match inside {
                Ok(inside) if depth < DEPTH_MAX => self.open.push(inside),
                Ok(_) | Err(_) => self.sight = Sight::Partial,
            }
        }
        Progress::More
    }

    fn result(&self, gone: Amount) -> Amount {
        match self.sight {
            Sight::Whole => self.used,
            Sight::Partial => self.used.largest(gone),
        }
    }
}

fn open(
    at: impl AsFd,
    path: impl rustix::path::Arg,
    resolve: ResolveFlags,
) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat2(at, path, flags, Mode::empty(), resolve)
}

/// What is free for an ordinary user; without end where nobody can tell.
fn free(place: Option<&OwnedFd>) -> Amount {
    let size = place.and_then(|place| rustix::fs::fstatvfs(place).ok());
    size.map_or(Amount { bytes: u64::MAX, files: u64::MAX }, |size| Amount {
        bytes: size.f_bavail.saturating_mul(size.f_frsize),
        // Some file systems make files as they are needed, and count none.
        files: if size.f_files == 0 { u64::MAX } else { size.f_favail },
    })
}

fn size(place: Option<&OwnedFd>) -> Amount {
    let size = place.and_then(|place| rustix::fs::fstatvfs(place).ok());
    size.map_or_else(Amount::default, |size| Amount {
        bytes: size.f_blocks.saturating_mul(size.f_frsize),
        files: size.f_files,
    })
}

const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_XDEV)
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

/// The smallest step between two walks, as a part of the bound.
const LEAST_STEP: u64 = 16;

/// The clock is not asked for each entry.
const ENTRIES_PER_LOOK: usize = 64;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make the files that are counted")]
mod tests {
    use std::path::Path;

    use moat_base::SystemClock;

    use super::*;

    fn disk(directory: &Path, owner: Owner) -> Disk {
        let place = open(CWD, directory, ResolveFlags::empty()).unwrap();
        let known = Known { used: None, free: free(Some(&place)) };
        Disk { place: Some(place), owner, known, walk: None }
    }

    fn walked(disk: &Disk) -> Walk {
        let mut walk = disk.begin().unwrap();
        while walk.step(&SystemClock::new()) == Progress::More {}
        walk
    }

    #[test]
    fn a_walk_counts_blocks_and_files_once() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(at("a/b/file"), vec![1; 1 << 20]).unwrap();
        std::fs::hard_link(at("a/b/file"), at("a/same")).unwrap();
        std::os::unix::fs::symlink("/usr", at("a/link")).unwrap();
        // Long, and without a block.
        std::fs::File::create(at("sparse")).unwrap().set_len(1 << 40).unwrap();
        let walk = walked(&disk(scratch.path(), Owner::Session));
        assert_eq!((walk.used.files, walk.sight), (5, Sight::Whole));
        assert!((1 << 20..2 << 20).contains(&walk.used.bytes), "{:?}", walk.used);
    }

    #[test]
    fn what_lies_too_deep_is_as_large_as_what_is_gone() {
        let scratch = tempfile::tempdir().unwrap();
        let deep = "d/".repeat(DEPTH_MAX + 1);
        std::fs::create_dir_all(scratch.path().join(deep)).unwrap();
        let walk = walked(&disk(scratch.path(), Owner::Session));
        let gone = Amount { bytes: 1 << 40, files: 1 };
        assert_eq!(walk.result(gone).bytes, 1 << 40);
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
