// SPDX-License-Identifier: Apache-2.0
//! States of a session's files that can be returned to.
//!
//! A checkpoint is a list of everything in the session's upper directory, ignored
//! files, whiteouts and git's own included, with the contents stored by their hash.
//! It needs no git and covers whatever a command did. Going back makes an upper
//! directory anew and puts it in the place of the one that is there; the user's own
//! tree has no part in it.
//!
//! Little is synced while a checkpoint is taken: it is as durable as the session's own
//! files, and costs what the difference costs. After the machine was started again,
//! checkpoints that were not yet on the disk are told by their hashes and dropped; what
//! has no hash, copies of long files, is synced. Before an old one is dropped, and before
//! the upper directory is replaced, everything is synced.
//!
//! Invariant: a checkpoint exists whole or not at all. A number is not given again while
//! the machine runs, and the upper directory is never replaced while something in it is in
//! no checkpoint and not set aside.

mod aside;
mod bound;
mod collect;
mod compare;
mod content;
mod fork;
mod fuse;
mod manifest;
mod restore;
mod scan;
#[cfg(test)]
mod tests;
mod vouch;

use std::fs::File;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use moat_base::{Timestamp, TreePath, clip, remove_files};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::blob::BlobStore;
use crate::change::{ChangeKind, LeftOut};
use crate::checkpoint::bound::Bounds;
use crate::checkpoint::content::LargeStore;
pub use crate::checkpoint::fork::ForkedFiles;
pub(crate) use crate::checkpoint::fork::Source;
use crate::checkpoint::fuse::Fuse;
use crate::checkpoint::manifest::{At, Head, Kind, Manifest};
use crate::checkpoint::restore::Restoration;
use crate::checkpoint::scan::Stores;
use crate::copy;
use crate::file_error::FileError;
use crate::limits::{CHECKPOINT_WORDS_BYTES_MAX, RECORD_BYTES_MAX};
use crate::root::Root;
use crate::stat::{Moment, Stat};
use crate::tree::DirTree;

/// A state of the session's files that can be returned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its number in the session, from 1. Numbers are never given twice.
    pub number: u32,
    /// When it was taken.
    pub at: Timestamp,
    /// After what, in a few words.
    pub after: String,
    /// What the caller finds its own place by.
    pub mark: u64,
    /// How many paths differ from the checkpoint before.
    pub differing: u64,
    /// How many paths are not covered, because they are too large or cannot be read.
    pub uncovered: u64,
}

/// When a checkpoint is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// In any case.
    Always,
    /// Only when something differs from the last one.
    WhenChanged,
}

/// What a checkpoint has that the last one had not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// Nothing is known of the last one.
    Everything,
    /// These paths differ.
    Paths {
        /// What was stored with the last one.
        origins: Vec<u8>,
        /// The paths, sorted; the root is never among them.
        paths: Vec<TreePath>,
    },
}

/// What going back to a checkpoint changes, or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewind {
    /// What becomes of paths as the session's commands see them, sorted.
    pub changes: Vec<(TreePath, ChangeKind)>,
    /// What is not as the checkpoint says, or had to be set aside, and why.
    pub left_out: Vec<LeftOut>,
}

/// The checkpoints of one session.
#[derive(Debug)]
pub struct Checkpoints {
    /// The session's upper directory; what is made anew is made beside it.
    upper: PathBuf,
    /// Where the records of the session's files are.
    files: OwnedFd,
    path: PathBuf,
    directory: OwnedFd,
    blobs: BlobStore,
    large: LargeStore,
    /// The numbers there are, in order.
    numbers: Vec<u32>,
    /// By what the upper directory is known; `None` before the first look.
    last: Option<Manifest>,
    /// The bytes that contents take; `None` until they were counted.
    stored_bytes: Option<u64>,
    bounds: Bounds,
    fuse: Fuse,
}

impl Checkpoints {
    /// Opens the checkpoints in `files`, the directory of the session's record of files,
    /// for the upper directory `upper`. What an interrupted step left is put in order.
    ///
    /// # Errors
    /// [`FileError::Store`] when the directories cannot be made or read.
    pub fn open(files: &Path, upper: &Path) -> Result<Self, FileError> {
        let path = files.join("checkpoints");
        let fail = |source| FileError::Store { path: path.clone(), source };
        match rustix::fs::mkdirat(CWD, &path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
        let mut checkpoints = Self {
            upper: upper.to_owned(),
            files: open_directory(files).map_err(fail)?,
            directory: open_directory(&path).map_err(fail)?,
            blobs: BlobStore::open(&files.join("blobs"))?,
            large: LargeStore::open(&files.join("large")).map_err(fail)?,
            numbers: Vec::new(),
            last: None,
            stored_bytes: None,
            bounds: Bounds::default(),
            fuse: Fuse::default(),
            path: path.clone(),
        };
        checkpoints.numbers = numbers(&checkpoints.directory).map_err(fail)?;
        checkpoints.drop_what_was_lost().map_err(fail)?;
        checkpoints.put_in_order();
        Ok(checkpoints)
    }

    /// Reads the checkpoints of a session that may be open elsewhere, first to last. `files`
    /// is as for [`Checkpoints::open`]; nothing is written.
    ///
    /// # Errors
    /// [`FileError::Store`] when they cannot be read.
    pub fn listed(files: &Path) -> Result<Vec<Checkpoint>, FileError> {
        let path = files.join("checkpoints");
        let fail = |source| FileError::Store { path: path.clone(), source };
        let directory = match open_directory(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(fail)?,
        };
        let numbers = numbers(&directory).map_err(fail)?;
        // One that goes meanwhile was the oldest.
        Ok(numbers.iter().filter_map(|number| head_of(&directory, *number)).map(shown).collect())
    }

    /// The checkpoints, first to last.
    #[must_use]
    pub fn list(&self) -> Vec<Checkpoint> {
        let heads = self.numbers.iter().filter_map(|number| head_of(&self.directory, *number));
        heads.map(shown).collect()
    }

    /// Whether the session's files are in an overlay's upper directory. Those of a copied tree
    /// are told from the user's by when they were changed, which going back would change.
    #[must_use]
    pub fn are_possible(&self) -> bool {
        copy::kind(&self.upper) == copy::Upper::Layer
    }

    /// Takes a checkpoint of the upper directory. `after` and `mark` are the caller's words
    /// and its place; `origins` tells what [`Checkpoints::origins`] gives back, and is asked
    /// only when there is a new checkpoint. Gives the new one; the last one when nothing
    /// changed and none was wished for.
    ///
    /// Beyond the bounds the oldest checkpoints go, but not the newest and not `pinned`.
    ///
    /// # Errors
    /// [`FileError::CopiedTree`], [`FileError::Store`] for a full disk and the like, and what `origins` fails with: then
    /// there is no new checkpoint. What cannot be covered is counted and no error.
    pub fn take(
        &mut self,
        wish: Wish,
        (at, after, mark): (Timestamp, &str, u64),
        pinned: &[u32],
        origins: &mut dyn FnMut(&Changed) -> Result<Vec<u8>, FileError>,
    ) -> Result<Checkpoint, FileError> {
        self.require_overlay()?;
        self.recall();
        let after = clip(after, CHECKPOINT_WORDS_BYTES_MAX).to_owned();
        let number = self.numbers.last().map_or(1, |last| last.saturating_add(1));
        let taken = self.try_take(wish, Head::new(number, at, after, mark), origins);
        if taken.is_err() {
            // What was stored for nothing is given back, above all on a full disk.
            match self.sweep() {
                Ok(bytes) => self.stored_bytes = Some(bytes),
                Err(error) => tracing::debug!(%error, "contents of no checkpoint stay for now"),
            }
        }
        let taken = taken?;
        if let Err(error) = self.bound(pinned) {
            // The checkpoint stands; the next one tries again.
            tracing::warn!(%error, "old checkpoints could not be dropped");
        }
        Ok(taken)
    }

    fn try_take(
        &mut self,
        wish: Wish,
        head: Head,
        origins: &mut dyn FnMut(&Changed) -> Result<Vec<u8>, FileError>,
    ) -> Result<Checkpoint, FileError> {
        let number = head.number;
        let (mut taken, stored) = self.look(head)?;
        let (differing, is_same) = compare::difference(self.last.as_ref(), &taken);
        let newest = self.numbers.last().and_then(|number| head_of(&self.directory, *number));
        // After going back, the last state is not that of the newest checkpoint.
        let newest = newest
            .filter(|it| self.last.as_ref().is_some_and(|last| last.head.number == it.number));
        if let (Wish::WhenChanged, true, Some(newest)) = (wish, is_same, newest) {
            // The same under perhaps other inodes: that is what it is known by from now on.
            taken.head.number = newest.number;
            self.last = Some(taken);
            return Ok(shown(newest));
        }
        taken.head.differing = differing;
        let origins = origins(&self.changed(&taken))?;
        if !origins.is_empty() {
            taken.head.origins = Some(self.blobs.put(&origins)?);
        }
        let written = self.write(&taken)?;
        self.numbers.push(number);
        let checkpoint = shown(taken.head.clone());
        self.last = Some(taken);
        let more = stored.saturating_add(written);
        self.stored_bytes = self.stored_bytes.map(|bytes| bytes.saturating_add(more));
        Ok(checkpoint)
    }

    /// What differs from the last state, where that has a checkpoint with origins.
    fn changed(&self, taken: &Manifest) -> Changed {
        let Some(last) = &self.last else { return Changed::Everything };
        match self.origins(last.head.number) {
            Ok(Some(origins)) => Changed::Paths { origins, paths: compare::paths(last, taken) },
            Ok(None) | Err(_) => Changed::Everything,
        }
    }

    /// What the caller stored with a checkpoint; `None` when it stored nothing.
    ///
    /// # Errors
    /// [`FileError::NoSuchCheckpoint`], [`FileError::DamagedBlob`], [`FileError::Store`].
    pub fn origins(&self, number: u32) -> Result<Option<Vec<u8>>, FileError> {
        let head = head_of(&self.directory, number).filter(|_| self.numbers.contains(&number));
        let head = head.ok_or(FileError::NoSuchCheckpoint { number })?;
        head.origins.map(|id| self.blobs.get(&id)).transpose()
    }

    /// Says what going back to a checkpoint would change. `real` is the user's tree.
    ///
    /// # Errors
    /// [`FileError::NoSuchCheckpoint`]; as [`Checkpoints::take`], since the contents that are
    /// compared are stored.
    pub fn preview(&mut self, real: &DirTree, number: u32) -> Result<Rewind, FileError> {
        self.recall();
        let goal = self.load(number)?;
        let (current, _) = self.look(self.head_of_look())?;
        let changes = compare::seen(&current, &goal, real);
        let left_out = goal.entries.iter().filter_map(|entry| match entry.kind {
            Kind::Uncovered(gap) => Some(restore::left_out(entry, gap)),
            Kind::File
            | Kind::Large
            | Kind::Directory
            | Kind::Link
            | Kind::Fifo
            | Kind::Socket
            | Kind::Whiteout => None,
        });
        Ok(Rewind { changes, left_out: left_out.collect() })
    }

    /// Makes the upper directory what it was at a checkpoint, exactly: contents, modes, times,
    /// links, whiteouts, opaque directories. Nothing may be mounted over it. `ready` is called
    /// when all is made and nothing is replaced yet; its error ends the rewind.
    ///
    /// What the checkpoints do not cover is kept: where it is, if the goal has the same, else
    /// set aside in the session's directory, for as long as the newest checkpoint stands.
    ///
    /// # Errors
    /// [`FileError::CopiedTree`], [`FileError::NotCovered`] when the state that would be replaced is in no checkpoint,
    /// [`FileError::NoSuchCheckpoint`], [`FileError::DamagedBlob`], [`FileError::Write`] for a
    /// full disk and the like, [`FileError::Store`]. Nothing changed then.
    pub fn rewind(
        &mut self,
        real: &DirTree,
        number: u32,
        ready: &mut dyn FnMut() -> Result<(), FileError>,
    ) -> Result<Rewind, FileError> {
        self.require_overlay()?;
        self.recall();
        let goal = self.load(number)?;
        let (current, _) = self.look(self.head_of_look())?;
        self.require_covered(&current)?;
        let changes = compare::seen(&current, &goal, real);
        let left_out = self.put_in_place(&goal, &current, ready)?;
        Ok(Rewind { changes, left_out })
    }

    /// Makes the upper directory what the goal says, and tells what is not so or was set aside.
    fn put_in_place(
        &mut self,
        goal: &Manifest,
        current: &Manifest,
        ready: &mut dyn FnMut() -> Result<(), FileError>,
    ) -> Result<Vec<LeftOut>, FileError> {
        let next = self.place_for(current)?;
        let (place, mut left_out) = self.build(goal, current, &next).inspect_err(|_| {
            // What cannot be removed now is removed when the session is opened again.
            let _removed_when_opened = remove_files(&next);
        })?;
        let fail = |source| FileError::Store { path: next.clone(), source };
        let exchanged = ready().and_then(|()| {
            self.fuse.burn().map_err(fail)?;
            restore::exchange(&next, &self.upper).map_err(fail)
        });
        if let Err(error) = exchanged {
            let _removed_when_opened = remove_files(&next);
            return Err(error);
        }
        // From here on the session's tree is the goal's: nothing below may fail.
        self.last = restore::known_again(&place, goal).ok().and_then(|entries| {
            let head = Head { stamp: self.stamp().ok()?, ..goal.head.clone() };
            Some(Manifest { head, entries })
        });
        left_out.extend(self.part_with(current, &place, &next));
        Ok(left_out)
    }

    fn require_overlay(&self) -> Result<(), FileError> {
        if self.are_possible() { Ok(()) } else { Err(FileError::CopiedTree) }
    }

    /// The state that is to be replaced must be one that can be returned to.
    fn require_covered(&self, current: &Manifest) -> Result<(), FileError> {
        let is_covered = self.last.as_ref().is_some_and(|last| {
            self.numbers.contains(&last.head.number) && compare::difference(Some(last), current).1
        });
        if is_covered { Ok(()) } else { Err(FileError::NotCovered) }
    }

    /// Makes the tree of a checkpoint in the directory `next`, which is made.
    fn build(
        &self,
        goal: &Manifest,
        current: &Manifest,
        next: &Path,
    ) -> Result<(DirTree, Vec<LeftOut>), FileError> {
        let fail = |source| FileError::Store { path: next.to_owned(), source };
        let upper = self.upper()?;
        let aside = self.aside(goal.head.number).into_iter().filter(|path| path != next);
        let aside = aside.filter_map(|path| Root::open(&path).ok()).map(DirTree::cached);
        let (aside, stores) = (aside.collect(), self.stores());
        let restoration = Restoration { goal, current, upper: &upper, aside, stores };
        restoration.check()?;
        rustix::fs::mkdirat(CWD, next, Mode::RWXU).map_err(|errno| fail(errno.into()))?;
        let place = DirTree::cached(Root::open(next)?);
        let left_out = restoration.build(&place)?;
        Ok((place, left_out))
    }

    /// Whether the upper directory is exactly as it was at a checkpoint.
    ///
    /// # Errors
    /// As [`Checkpoints::preview`].
    pub fn is_at(&mut self, number: u32) -> Result<bool, FileError> {
        self.recall();
        let goal = self.load(number)?;
        let (current, _) = self.look(self.head_of_look())?;
        Ok(compare::difference(Some(&goal), &current).1)
    }

    /// The paths that a checkpoint has an entry of its own for, among these.
    ///
    /// # Errors
    /// [`FileError::NoSuchCheckpoint`], [`FileError::Store`].
    pub fn holds(&self, number: u32, paths: &[TreePath]) -> Result<Vec<TreePath>, FileError> {
        let goal = self.load(number)?;
        Ok(paths.iter().filter(|path| goal.find(path).is_some()).cloned().collect())
    }

    /// Reads the last checkpoint, so that what it knows need not be read again.
    fn recall(&mut self) {
        if self.last.is_none() {
            // One that cannot be read only makes the next look longer.
            self.last = self.numbers.last().and_then(|number| self.load(*number).ok());
        }
    }

    fn look(&self, mut head: Head) -> Result<(Manifest, u64), FileError> {
        let upper = self.upper()?;
        // Before the first file is looked at: what changes from here on is not older.
        head.stamp = self.stamp().map_err(|source| self.fail("", source))?;
        head.device = upper.root().device();
        let clock = self.clock().and_then(|clock| Stat::of(clock.as_fd()));
        let clock = clock.map_err(|source| self.fail("", source))?;
        let known = self.last.as_ref().filter(|known| {
            // A clock is asked on this file system: that of another may tick differently.
            clock.device == head.device && known.head.device == head.device
        });
        let look = scan::look(&upper, known, self.stores())?;
        let is_uncovered = |kind| matches!(kind, Kind::Uncovered(_));
        let uncovered = look.entries.iter().filter(|entry| is_uncovered(entry.kind)).count();
        head.uncovered = u64::try_from(uncovered).unwrap_or(u64::MAX);
        Ok((Manifest { head, entries: look.entries }, look.stored_bytes))
    }

    fn head_of_look(&self) -> Head {
        Head::new(0, Timestamp(0), String::new(), 0)
    }

    const fn stores(&self) -> Stores<'_> {
        let (blobs, large, fuse) = (&self.blobs, &self.large, &self.fuse);
        Stores { blobs, large, fuse, new_bytes_max: self.bounds.new_bytes }
    }

    fn upper(&self) -> Result<DirTree, FileError> {
        Ok(DirTree::cached(Root::open(&self.upper)?))
    }

    fn load(&self, number: u32) -> Result<Manifest, FileError> {
        let absent = || FileError::NoSuchCheckpoint { number };
        if !self.numbers.contains(&number) {
            return Err(absent());
        }
        read(&self.directory, number)
            .map_err(|source| self.fail(&name(number), source))?
            .ok_or_else(absent)
    }

    /// Gives the length of what was written.
    fn write(&self, manifest: &Manifest) -> Result<u64, FileError> {
        let name = name(manifest.head.number);
        let bytes = manifest.write().map_err(|error| self.fail(&name, io::Error::other(error)))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length >= RECORD_BYTES_MAX {
            // It could not be read back.
            return Err(self.fail(&name, io::ErrorKind::FileTooLarge.into()));
        }
        let temporary = format!("{name}.tmp");
        let written = self.fuse.burn().and_then(|()| {
            let flags = OFlags::WRONLY
                | OFlags::CREATE
                | OFlags::TRUNC
                | OFlags::NOFOLLOW
                | OFlags::CLOEXEC;
            let private = Mode::RUSR | Mode::WUSR;
            let file = rustix::fs::openat(&self.directory, temporary.as_str(), flags, private)?;
            File::from(file).write_all(&bytes)?;
            self.fuse.burn()?;
            Ok(rustix::fs::renameat(
                &self.directory,
                temporary.as_str(),
                &self.directory,
                name.as_str(),
            )?)
        });
        written.map(|()| length).map_err(|source| self.fail(&name, source))
    }

    /// A moment of the file system's clock: what changes after this call has this change time
    /// or a later one.
    fn stamp(&self) -> io::Result<At> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW;
        let private = Mode::RUSR | Mode::WUSR;
        let file =
            rustix::fs::openat(self.clock()?, "clock.tmp", flags | OFlags::CLOEXEC, private)?;
        rustix::fs::fchmod(&file, private)?;
        let changed: Moment = Stat::of(file.as_fd())?.changed;
        Ok(At(changed))
    }

    /// A directory on the upper directory's file system in which no command can write.
    fn clock(&self) -> io::Result<OwnedFd> {
        let beside = open_directory(self.upper.parent().unwrap_or_else(|| Path::new("/")))?;
        let is_same = Stat::of(beside.as_fd())?.device == Stat::of(self.directory.as_fd())?.device;
        if is_same { Ok(self.directory.try_clone()?) } else { Ok(beside) }
    }

    fn fail(&self, name: &str, source: io::Error) -> FileError {
        FileError::Store { path: self.path.join(name), source }
    }
}

fn shown(head: Head) -> Checkpoint {
    Checkpoint {
        number: head.number,
        at: head.at,
        after: head.after,
        mark: head.mark,
        differing: head.differing,
        uncovered: head.uncovered,
    }
}

fn name(number: u32) -> String {
    format!("{number:08}.jsonl")
}

/// The numbers of the manifests in a directory, in order.
fn numbers(directory: &OwnedFd) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for (file, _) in collect::files(directory)? {
        let number = file.strip_suffix(b".jsonl").and_then(|digits| {
            std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok())
        });
        numbers.extend(number.filter(|number| name(*number).as_bytes() == file));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn head_of(directory: &OwnedFd, number: u32) -> Option<Head> {
    let file = open_file(directory, &name(number)).ok()?;
    let mut line = Vec::new();
    let limit = HEAD_BYTES_MAX;
    io::BufReader::new(file.take(limit)).read_until(b'\n', &mut line).ok()?;
    Head::read(&line)
}

/// Reads a checkpoint; `None` when it is not whole.
fn read(directory: &OwnedFd, number: u32) -> io::Result<Option<Manifest>> {
    let mut bytes = Vec::new();
    open_file(directory, &name(number))?.take(RECORD_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Manifest::read(&bytes).filter(|manifest| manifest.head.number == number))
}

fn open_file(directory: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(directory, name, flags, Mode::empty())?.into())
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?)
}

/// The longest first line of a manifest.
const HEAD_BYTES_MAX: u64 = 64 * 1024;
