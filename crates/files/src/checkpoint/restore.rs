// SPDX-License-Identifier: Apache-2.0
//! Making an upper directory as a checkpoint has it.
//!
//! It is made beside the one that is there, made durable, and then the two change
//! places in one step. Files that did not change are shared with the one that is
//! there, so that the cost follows the difference.
//!
//! Source: rename(2), `RENAME_EXCHANGE`; linkat(2); overlayfs.rst, "whiteouts and
//! opaque directories".
//!
//! Invariant: until the exchange nothing of the session's tree changed, and after it
//! the tree is the checkpoint's, whole.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use moat_base::TreePath;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps, XattrFlags,
};

use crate::change::LeftOut;
use crate::checkpoint::manifest::{At, Entry, Gap, Hex, Kind, Links as Names, Manifest};
use crate::checkpoint::scan::Stores;
use crate::file_error::FileError;
use crate::resolver::{self, Parents};
use crate::stat::Stat;
use crate::tree::DirTree;

/// What a restored tree is made from.
#[derive(Debug)]
pub(crate) struct Restoration<'all> {
    /// How it is to be.
    pub(crate) goal: &'all Manifest,
    /// How the upper directory is.
    pub(crate) current: &'all Manifest,
    pub(crate) upper: &'all DirTree,
    /// Where what was not covered was set aside, if it was.
    pub(crate) aside: Vec<DirTree>,
    pub(crate) stores: Stores<'all>,
}

impl Restoration<'_> {
    /// Checks that every content is there, before anything is written.
    pub(crate) fn check(&self) -> Result<(), FileError> {
        let mut checked = HashSet::new();
        for entry in &self.goal.entries {
            let Some(id) = entry.content else { continue };
            if self.is_shared(entry) || !checked.insert(id) {
                continue;
            }
            let is_there = match entry.kind {
                Kind::Large => self.stores.large.has(&id, entry.length_bytes),
                Kind::File
                | Kind::Directory
                | Kind::Link
                | Kind::Fifo
                | Kind::Socket
                | Kind::Whiteout
                | Kind::Uncovered(_) => self.stores.blobs.length_bytes(&id)? == entry.length_bytes,
            };
            if !is_there {
                return Err(FileError::DamagedBlob { id });
            }
        }
        Ok(())
    }

    /// Makes the tree in the empty directory `place`. Gives what could not be made again.
    pub(crate) fn build(&self, place: &DirTree) -> Result<Vec<LeftOut>, FileError> {
        let mut left = Vec::new();
        let mut twins: HashMap<u64, &TreePath> = HashMap::new();
        for entry in &self.goal.entries {
            if let Kind::Uncovered(gap) = entry.kind {
                left.extend(self.uncovered(place, entry, gap)?);
                continue;
            }
            self.stores.fuse.burn().map_err(|source| write(&entry.path, source))?;
            if entry.path.is_root() {
                continue;
            }
            if entry.links == Names::Several {
                if let Some(first) = twins.get(&entry.inode) {
                    link(place, first, place, &entry.path)
                        .map_err(|source| write(&entry.path, source))?;
                    continue;
                }
                twins.insert(entry.inode, &entry.path);
            }
            if self.is_shared(entry) && link(self.upper, &entry.path, place, &entry.path).is_ok() {
                continue;
            }
            self.make(place, entry)?;
        }
        // Writing into a directory moves its times, so they come last, the deepest first.
        for entry in self.goal.entries.iter().rev().filter(|it| it.kind == Kind::Directory) {
            directory(place, entry).map_err(|source| write(&entry.path, source))?;
        }
        Ok(left)
    }

    /// Whether the file that is there now is the one that is wanted.
    fn is_shared(&self, entry: &Entry) -> bool {
        matches!(entry.kind, Kind::File | Kind::Large)
            && entry.links == Names::One
            && self
                .current
                .find(&entry.path)
                .is_some_and(|current| current.links == Names::One && current.is_same(entry))
    }

    /// A file that is not covered stays where it is still the same; the rest is told.
    fn uncovered(
        &self,
        place: &DirTree,
        entry: &Entry,
        gap: Gap,
    ) -> Result<Option<LeftOut>, FileError> {
        for tree in std::iter::once(self.upper).chain(&self.aside) {
            let stat = resolver::stat(tree.root(), &entry.path, resolver::Links::Refused);
            let is_it = stat.is_ok_and(|stat| {
                stat.file_type() == FileType::RegularFile
                    && (stat.inode, stat.length_bytes) == (entry.inode, entry.length_bytes)
                    && stat.modified == entry.modified.0
            });
            if is_it {
                link(tree, &entry.path, place, &entry.path)
                    .map_err(|source| write(&entry.path, source))?;
                return Ok(None);
            }
        }
        Ok(Some(left_out(entry, gap)))
    }

    fn make(&self, place: &DirTree, entry: &Entry) -> Result<(), FileError> {
        let fail = |source| write(&entry.path, source);
        let (parent, name) = resolver::parent(place.root(), &entry.path, Parents::Required)?;
        let mode = Mode::from_raw_mode(entry.mode);
        let special = |kind, mode| rustix::fs::mknodat(&parent, name, kind, mode, 0);
        match entry.kind {
            Kind::Directory => {
                return rustix::fs::mkdirat(&parent, name, Mode::RWXU)
                    .map_err(|errno| fail(errno.into()));
            }
            Kind::File | Kind::Large => return self.file(entry, &parent, name),
            Kind::Link => {
                let target = entry.target.as_ref().map_or(&[][..], |target| &target.0);
                rustix::fs::symlinkat(target, &parent, name)
            }
            Kind::Fifo => special(FileType::Fifo, Mode::RUSR),
            Kind::Socket => special(FileType::Socket, Mode::RUSR),
            Kind::Whiteout => special(FileType::CharacterDevice, Mode::empty()),
            Kind::Uncovered(_) => return Ok(()),
        }
        .map_err(|errno| fail(errno.into()))?;
        if matches!(entry.kind, Kind::Fifo | Kind::Socket) {
            rustix::fs::chmodat(&parent, name, mode, AtFlags::empty())
                .map_err(|errno| fail(errno.into()))?;
        }
        let times = times(entry.modified);
        rustix::fs::utimensat(&parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| fail(errno.into()))
    }

    fn file(&self, entry: &Entry, parent: &OwnedFd, name: &[u8]) -> Result<(), FileError> {
        let fail = |source: io::Error| write(&entry.path, source);
        let Some(id) = entry.content else {
            return Err(fail(io::ErrorKind::InvalidData.into()));
        };
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let file = rustix::fs::openat(parent, name, flags, private);
        let mut file: File = file.map_err(|errno| fail(errno.into()))?.into();
        if entry.kind == Kind::Large {
            self.stores.large.give(&id, &file, entry.length_bytes).map_err(fail)?;
        } else {
            let bytes = self.stores.blobs.get(&id)?;
            io::Write::write_all(&mut file, &bytes).map_err(fail)?;
        }
        set_attributes(&file, &entry.attributes).map_err(fail)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(entry.mode))
            .and_then(|()| rustix::fs::futimens(&file, &times(entry.modified)))
            .map_err(|errno| fail(errno.into()))
    }
}

/// Says that a checkpoint does not hold a path.
pub(crate) fn left_out(entry: &Entry, gap: Gap) -> LeftOut {
    let reason = format!("the checkpoint does not hold it: {}", gap.reason());
    LeftOut { path: entry.path.clone(), reason }
}

/// Puts the finished directory `next` where `upper` is, and the other way round, in one step.
pub(crate) fn exchange(next: &Path, upper: &Path) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let made = rustix::fs::openat(CWD, next, flags, Mode::empty())?;
    // Everything that the exchange replaces, and what the tree could be made again from,
    // is on the disk before it happens.
    rustix::fs::syncfs(&made)?;
    rustix::fs::renameat_with(CWD, next, CWD, upper, RenameFlags::EXCHANGE)?;
    let parent = upper.parent().unwrap_or_else(|| Path::new("."));
    let synced = rustix::fs::openat(CWD, parent, flags, Mode::empty())
        .and_then(|parent| rustix::fs::fsync(&parent));
    if let Err(error) = synced {
        // The exchange happened; after a power failure it may not have.
        tracing::warn!(%error, "the session's directory could not be synced");
    }
    Ok(())
}

/// What the tree is known by after it was made: the same, under new inodes.
pub(crate) fn known_again(upper: &DirTree, goal: &Manifest) -> Result<Vec<Entry>, FileError> {
    let mut entries = Vec::with_capacity(goal.entries.len());
    let mut held: Option<(TreePath, OwnedFd)> = None;
    for entry in &goal.entries {
        let parent = entry.path.parent().unwrap_or_default();
        // The root is beside nothing: it is looked at from within.
        let name = entry.path.file_name().unwrap_or(b".");
        if held.as_ref().is_none_or(|(path, _)| *path != parent) {
            let fd = resolver::directory(upper.root(), &parent, resolver::Links::Refused);
            held = fd.ok().map(|fd| (parent, fd));
        }
        let Some((_, directory)) = &held else { continue };
        // What is not there was told as left out; what is unknown is read by the next look.
        let Ok(stat) = Stat::at(directory.as_fd(), name) else { continue };
        let seen = Entry::seen(entry.path.clone(), entry.kind, &stat);
        entries.push(Entry {
            content: entry.content,
            target: entry.target.clone(),
            attributes: entry.attributes.clone(),
            ..seen
        });
    }
    Ok(entries)
}

fn directory(place: &DirTree, entry: &Entry) -> io::Result<()> {
    let fd = resolver::directory(place.root(), &entry.path, resolver::Links::Refused)
        .map_err(io::Error::other)?;
    let fd = File::from(fd);
    set_attributes(&fd, &entry.attributes)?;
    rustix::fs::fchmod(&fd, Mode::from_raw_mode(entry.mode))?;
    Ok(rustix::fs::futimens(&fd, &times(entry.modified))?)
}

fn set_attributes(file: &File, attributes: &[(Hex, Hex)]) -> io::Result<()> {
    for (name, value) in attributes {
        rustix::fs::fsetxattr(file, name.0.as_slice(), &value.0, XattrFlags::empty())?;
    }
    Ok(())
}

fn link(from: &DirTree, path: &TreePath, to: &DirTree, goal: &TreePath) -> io::Result<()> {
    let parent = |tree: &DirTree, path: &TreePath| {
        resolver::parent(tree.root(), path, Parents::Required)
            .map(|(fd, _)| fd)
            .map_err(io::Error::other)
    };
    let (old, new) = (parent(from, path)?, parent(to, goal)?);
    let name = |path: &TreePath| path.file_name().unwrap_or_default().to_vec();
    Ok(rustix::fs::linkat(&old, name(path), &new, name(goal), AtFlags::empty())?)
}

const fn times(modified: At) -> Timestamps {
    let at = Timespec { tv_sec: modified.0.seconds, tv_nsec: modified.0.nanoseconds as _ };
    Timestamps { last_access: at, last_modification: at }
}

fn write(path: &TreePath, source: io::Error) -> FileError {
    FileError::Write { path: path.clone(), source }
}
