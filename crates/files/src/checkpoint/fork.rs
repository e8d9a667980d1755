// SPDX-License-Identifier: Apache-2.0
//! A checkpoint as the beginning of another session.
//!
//! A stored content never changes under its name, so both sessions have it by a hard link, and
//! each removes no more than its own name. The new session's upper directory is not made here:
//! whether it can lie on the disk or has to lie in memory is known only where the session is
//! opened. A file says that it is awaited; whoever opens the session makes it.
//!
//! Source: linkat(2), `EMLINK` and `EXDEV`: where no link can be made the content is copied.
//!
//! Invariant: nothing of the old session is written. *Invariant*: an upper directory that is
//! awaited is made whole in one step, before anything is changed in it.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use moat_base::Timestamp;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::blob::{BlobId, BlobStore};
use crate::change::LeftOut;
use crate::checkpoint::content::LargeStore;
use crate::checkpoint::manifest::{At, Entry, Head, Kind, Manifest};
use crate::checkpoint::{Checkpoints, compare, name, open_directory, open_file, read, restore};
use crate::file_error::FileError;
use crate::stat::Moment;

/// The number that the checkpoint has in the new session.
const FIRST: u32 = 1;

/// The file that says that the upper directory has still to be made.
const AWAITED: &str = "awaited.json";

/// What the file says.
#[derive(Debug, Serialize, Deserialize)]
struct Awaited {
    checkpoint: u32,
}

/// What a new session got of a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForkedFiles {
    /// How many paths the session has of its own.
    pub paths: u64,
    /// What the checkpoint does not hold, and why.
    pub left_out: Vec<LeftOut>,
}

/// A checkpoint of a session that may be open elsewhere.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    checkpoints: OwnedFd,
    blobs: BlobStore,
    large: LargeStore,
    manifest: Manifest,
}

impl Source {
    /// Reads checkpoint `number` of the session whose record of files is `files`.
    pub(crate) fn open(files: &Path, number: u32) -> Result<Self, FileError> {
        let path = files.join("checkpoints");
        let fail = |source| FileError::Store { path: path.clone(), source };
        let absent = || FileError::NoSuchCheckpoint { number };
        let checkpoints = open_directory(&path).map_err(fail)?;
        let manifest = match read(&checkpoints, number) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(absent()),
            other => other.map_err(fail)?.ok_or_else(absent)?,
        };
        let (blobs, large) = (files.join("blobs"), files.join("large"));
        for store in [&blobs, &large] {
            // To open one makes it where it is missing, and nothing is made here.
            open_directory(store)
                .map_err(|source| FileError::Store { path: store.clone(), source })?;
        }
        let blobs = BlobStore::open(&blobs)?;
        let large = LargeStore::open(&large).map_err(fail)?;
        Ok(Self { path, checkpoints, blobs, large, manifest })
    }

    /// What was stored with the checkpoint; empty when nothing was.
    pub(crate) fn origins(&self) -> Result<Vec<u8>, FileError> {
        let origins = self.manifest.head.origins.map(|id| self.blobs.get(&id)).transpose()?;
        Ok(origins.unwrap_or_default())
    }

    /// Makes this the first checkpoint of the session whose record of files is `files`, with
    /// `origins` stored with it and the contents that these name. All of it is durable then.
    pub(crate) fn give(
        mut self,
        files: &Path,
        (at, after, mark): (Timestamp, &str, u64),
        origins: &[u8],
        named: &[BlobId],
    ) -> Result<ForkedFiles, FileError> {
        let (blobs, large) = (files.join("blobs"), files.join("large"));
        let path = files.join("checkpoints");
        let fail = |source| FileError::Store { path: path.clone(), source };
        rustix::fs::mkdirat(CWD, &path, Mode::RWXU).map_err(|errno| fail(errno.into()))?;
        let blobs = BlobStore::open(&blobs)?;
        let large = LargeStore::open(&large).map_err(fail)?;
        let uncovered = |entry: &mut Entry| matches!(entry.kind, Kind::Uncovered(_));
        let left_out = self.manifest.entries.extract_if(.., uncovered).filter_map(|entry| {
            let Kind::Uncovered(gap) = entry.kind else { return None };
            Some(restore::left_out(&entry, gap))
        });
        let left_out = left_out.collect();
        self.contents(&blobs, &large)?;
        for id in named {
            match self.content(id, &blobs) {
                // What is not there is a conflict later, as it would be in the old session.
                Ok(()) | Err(FileError::DamagedBlob { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let paths = u64::try_from(self.manifest.entries.len().saturating_sub(1));
        let paths = paths.unwrap_or(u64::MAX);
        let never = At(Moment { seconds: 0, nanoseconds: 0 });
        self.manifest.head = Head {
            differing: paths,
            // No path is known by an inode of the other session.
            stamp: never,
            origins: Some(blobs.put(origins)?),
            ..Head::new(FIRST, at, after.to_owned(), mark)
        };
        let bytes = self.manifest.write().map_err(|error| fail(io::Error::other(error)))?;
        let directory = open_directory(&path).map_err(fail)?;
        let awaited = serde_json::to_vec(&Awaited { checkpoint: FIRST });
        let awaited = awaited.map_err(|error| fail(io::Error::other(error)))?;
        let files = open_directory(files).map_err(fail)?;
        create(&directory, &name(FIRST), &bytes)
            .and_then(|()| create(&files, AWAITED, &awaited))
            .and_then(|()| super::vouch::hand_on(&self.checkpoints, &directory, FIRST))
            .and_then(|()| Ok(rustix::fs::syncfs(&directory)?))
            .map_err(fail)?;
        Ok(ForkedFiles { paths, left_out })
    }

    /// Gives every content of the checkpoint.
    fn contents(&self, blobs: &BlobStore, large: &LargeStore) -> Result<(), FileError> {
        let mut given = HashSet::new();
        for entry in &self.manifest.entries {
            let Some(id) = entry.content else { continue };
            if !given.insert(id) {
                continue;
            }
            if entry.kind == Kind::Large {
                if !self.large.has(&id, entry.length_bytes) {
                    return Err(FileError::DamagedBlob { id });
                }
                let shared = self.large.share(&id, large, entry.length_bytes);
                shared.map_err(|source| self.fail(source))?;
                continue;
            }
            if self.blobs.length_bytes(&id)? != entry.length_bytes {
                return Err(FileError::DamagedBlob { id });
            }
            self.content(&id, blobs)?;
        }
        Ok(())
    }

    fn content(&self, id: &BlobId, goal: &BlobStore) -> Result<(), FileError> {
        match link(self.blobs.directory(), goal.directory(), id) {
            Ok(Linked::Now) => Ok(()),
            Ok(Linked::Refused) => goal.put(&self.blobs.get(id)?).map(|_id| ()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(FileError::DamagedBlob { id: *id })
            }
            Err(source) => Err(self.fail(source)),
        }
    }

    fn fail(&self, source: io::Error) -> FileError {
        FileError::Store { path: self.path.clone(), source }
    }
}

/// What came of sharing a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// Both directories have it.
    Now,
    /// The file system makes no such link: it is to be copied.
    Refused,
}

/// Gives a content a second name, the same one in another directory.
pub(super) fn link(from: &OwnedFd, to: &OwnedFd, id: &BlobId) -> io::Result<Linked> {
    let name = id.to_string();
    match rustix::fs::linkat(from, name.as_str(), to, name.as_str(), AtFlags::empty()) {
        Ok(()) | Err(Errno::EXIST) => Ok(Linked::Now),
        Err(Errno::MLINK | Errno::XDEV | Errno::PERM | Errno::OPNOTSUPP) => Ok(Linked::Refused),
        Err(errno) => Err(errno.into()),
    }
}

fn create(directory: &OwnedFd, name: &str, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let private = Mode::RUSR | Mode::WUSR;
    let file = rustix::fs::openat(directory, name, flags, private)?;
    io::Write::write_all(&mut std::fs::File::from(file), bytes)
}

impl Checkpoints {
    /// The checkpoint that the upper directory has still to be made from, in a session that was
    /// forked and not opened yet.
    ///
    /// # Errors
    /// [`FileError::Store`], [`FileError::DamagedRecord`].
    pub fn awaited(&self) -> Result<Option<u32>, FileError> {
        let mut text = String::new();
        let read = match open_file(&self.files, AWAITED) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.and_then(|mut file| io::Read::read_to_string(&mut file, &mut text)),
        };
        read.map_err(|source| self.fail(AWAITED, source))?;
        let awaited = serde_json::from_str(&text);
        let path = self.path.with_file_name(AWAITED);
        let Awaited { checkpoint } =
            awaited.map_err(|source| FileError::DamagedRecord { path, source })?;
        Ok(Some(checkpoint))
    }

    /// Makes the upper directory from the checkpoint that it awaits, where it does. Nothing may
    /// be mounted over it. A process that dies in this leaves it empty or made.
    ///
    /// # Errors
    /// As [`Checkpoints::rewind`]; the upper directory is empty then and awaited still.
    pub fn unfold(&mut self) -> Result<(), FileError> {
        let Some(number) = self.awaited()? else { return Ok(()) };
        self.require_overlay()?;
        let goal = self.load(number)?;
        let (current, _) = self.look(self.head_of_look())?;
        if !compare::difference(Some(&goal), &current).1 {
            if current.entries.len() > 1 {
                return Err(FileError::NotCovered);
            }
            self.put_in_place(&goal, &current, &mut || Ok(()))?;
        }
        let removed = self
            .fuse
            .burn()
            .and_then(|()| Ok(rustix::fs::unlinkat(self.files.as_fd(), AWAITED, AtFlags::empty())?))
            .and_then(|()| Ok(rustix::fs::fsync(&self.files)?));
        removed.map_err(|source| self.fail(AWAITED, source))
    }
}
