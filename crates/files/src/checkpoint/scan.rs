// SPDX-License-Identifier: Apache-2.0
//! Looking at a session's upper directory, and storing what is new in it.
//!
//! Every name is looked at, and only what changed since the last look is read. A
//! file that changed in the same tick of the file system's clock as the last look
//! could change again without another time: such a file is read again, as git does
//! with entries that are as new as its index.
//!
//! Invariant: a file that is taken as known has a change time before the moment at
//! which the look that knew it began.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use moat_base::{TreeError, TreePath};
use rustix::fs::{Dir, FileType, Mode};
use rustix::io::Errno;

use crate::blob::{BlobId, BlobStore};
use crate::checkpoint::content::{Kept, LargeStore};
use crate::checkpoint::fuse::Fuse;
use crate::checkpoint::manifest::{Entry, Gap, Hex, Kind, Links as Names, Manifest};
use crate::file_error::FileError;
use crate::limits::{ATTRIBUTE_BYTES_MAX, DEPTH_MAX, FILE_BYTES_MAX, SPARSE_BYTES_MIN};
use crate::resolver::{self, Links};
use crate::stat::{Moment, Stat};
use crate::tree::DirTree;

/// Where contents go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stores<'all> {
    pub(crate) blobs: &'all BlobStore,
    pub(crate) large: &'all LargeStore,
    pub(crate) fuse: &'all Fuse,
    /// The most new content that is stored at once.
    pub(crate) new_bytes_max: u64,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) entries: Vec<Entry>,
    /// How many bytes were stored.
    pub(crate) stored_bytes: u64,
}

/// Looks at everything beneath `upper`. `known` is the last look, if its file system is
/// the same.
pub(crate) fn look(
    upper: &DirTree,
    known: Option<&Manifest>,
    stores: Stores<'_>,
) -> Result<Look, FileError> {
    let stamp = known.map(|known| known.head.stamp.0);
    let storing = Storing { upper, stores, stored_bytes: 0, by_inode: HashMap::new() };
    let (entries, wanting) = (Vec::new(), Vec::new());
    let mut walk = Walk { upper, known, stamp, entries, wanting, storing };
    let root = resolver::directory(upper.root(), &TreePath::root(), Links::Refused)?;
    let stat = Stat::of(root.as_fd()).map_err(|source| at(&TreePath::root(), source))?;
    walk.directory(TreePath::root(), stat, &root)?;
    walk.store_from(0)?;
    let Walk { mut entries, storing, .. } = walk;
    let stored_bytes = storing.stored_bytes;
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Look { entries, stored_bytes })
}

#[derive(Debug)]
struct Walk<'all> {
    upper: &'all DirTree,
    known: Option<&'all Manifest>,
    stamp: Option<Moment>,
    entries: Vec<Entry>,
    /// Which of the entries have to be read.
    wanting: Vec<usize>,
    storing: Storing<'all>,
}

/// A directory that its owner closed to himself, open to him until this is dropped.
#[derive(Debug)]
struct Ajar(OwnedFd, Mode);

impl Drop for Ajar {
    fn drop(&mut self) {
        if let Err(error) = set_mode(&self.0, self.1) {
            tracing::warn!(%error, "a directory of the session stays open to its owner");
        }
    }
}

impl Walk<'_> {
    fn directory(&mut self, path: TreePath, stat: Stat, fd: &OwnedFd) -> Result<(), FileError> {
        let depth = path.components().count();
        let entry = self.entry(&path, Kind::Directory, &stat);
        let own = self.entries.len();
        self.add(entry);
        let names = names(fd).map_err(|errno| at(&path, errno.into()))?;
        for name in names {
            let Ok(child) = path.join(&name) else {
                self.give_up(own, Gap::TooDeep);
                return Ok(());
            };
            let stat = match Stat::at(fd.as_fd(), &name) {
                Ok(stat) => stat,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => return Err(at(&child, source)),
            };
            if stat.file_type() != FileType::Directory {
                self.file(child, &stat);
                continue;
            }
            if depth >= DEPTH_MAX {
                self.give_up(own, Gap::TooDeep);
                return Ok(());
            }
            match self.open(&child, &stat) {
                Ok((inner, None)) => self.directory(child, stat, &inner)?,
                Ok((inner, Some(_closed_again_here))) => {
                    let first = self.entries.len();
                    self.directory(child, stat, &inner)?;
                    // While it is open; and only so many are open at once as lie in one another.
                    self.store_from(first)?;
                }
                Err(error) => {
                    tracing::debug!(path = %child, %error, "a directory is not covered");
                    let kind = Kind::Uncovered(Gap::Unreadable);
                    self.entries.push(Entry::seen(child, kind, &stat));
                }
            }
        }
        Ok(())
    }

    fn open(&self, path: &TreePath, stat: &Stat) -> Result<(OwnedFd, Option<Ajar>), TreeError> {
        let open = || resolver::directory(self.upper.root(), path, Links::Refused);
        let mode = Mode::from_raw_mode(stat.permissions());
        let rights = Mode::RUSR | Mode::XUSR;
        if mode.contains(rights) || rustix::process::geteuid().is_root() {
            return Ok((open()?, None));
        }
        let held = resolver::hold(self.upper.root(), path)?;
        let fail = |source| TreeError::Io { path: path.clone(), source };
        set_mode(&held, mode | rights).map_err(fail)?;
        let ajar = Ajar(held, mode);
        Ok((open()?, Some(ajar)))
    }

    /// Stores what the entries from this one on want, the shortest first: when there is not
    /// room for all, most files are covered.
    fn store_from(&mut self, first: usize) -> Result<(), FileError> {
        let mut wanting: Vec<usize> =
            self.wanting.iter().copied().filter(|index| *index >= first).collect();
        self.wanting.retain(|index| *index < first);
        wanting.sort_by_key(|index| self.entries.get(*index).map_or(0, |it| it.length_bytes));
        for index in wanting {
            if let Some(entry) = self.entries.get_mut(index) {
                self.storing.store(entry)?;
            }
        }
        Ok(())
    }

    /// A directory is not covered, with all that is in it.
    fn give_up(&mut self, own: usize, gap: Gap) {
        self.entries.truncate(own.saturating_add(1));
        self.wanting.retain(|index| *index < own);
        if let Some(entry) = self.entries.last_mut() {
            entry.kind = Kind::Uncovered(gap);
        }
    }

    fn file(&mut self, path: TreePath, stat: &Stat) {
        let kind = match stat.file_type() {
            FileType::RegularFile if is_large(stat) => Kind::Large,
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::Link,
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice if stat.is_whiteout() => Kind::Whiteout,
            FileType::Directory
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Kind::Uncovered(Gap::Device),
        };
        let entry = self.entry(&path, kind, stat);
        self.add(entry);
    }

    /// What is at a path: as it is known, where it is.
    fn entry(&self, path: &TreePath, kind: Kind, stat: &Stat) -> Entry {
        // Whether a file is kept apart depends on how it lies on the disk, which may change.
        let is_file = |kind| matches!(kind, Kind::File | Kind::Large);
        let known = self.known.and_then(|known| known.find(path)).filter(|known| {
            (known.kind == kind || (is_file(known.kind) && is_file(kind)))
                && known.is_known_as(stat)
                && self.stamp.is_some_and(|stamp| stat.changed < stamp)
        });
        known.cloned().unwrap_or_else(|| Entry::seen(path.clone(), kind, stat))
    }

    fn add(&mut self, entry: Entry) {
        let is_read = match entry.kind {
            Kind::File | Kind::Large => entry.content.is_some(),
            Kind::Link => entry.target.is_some(),
            Kind::Directory => {
                let known = self.known.and_then(|known| known.find(&entry.path));
                known.is_some_and(|known| *known == entry)
                    && self.stamp.is_some_and(|stamp| entry.changed.0 < stamp)
            }
            Kind::Fifo | Kind::Socket | Kind::Whiteout | Kind::Uncovered(_) => true,
        };
        if !is_read {
            self.wanting.push(self.entries.len());
        }
        self.entries.push(entry);
    }
}

/// Whether a file is kept apart: it is long, or most of it is holes.
const fn is_large(stat: &Stat) -> bool {
    stat.length_bytes > FILE_BYTES_MAX
        || (stat.length_bytes > SPARSE_BYTES_MIN && stat.allocated_bytes < stat.length_bytes / 2)
}

fn names(directory: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_vec());
        }
    }
    Ok(names)
}

#[derive(Debug)]
struct Storing<'all> {
    upper: &'all DirTree,
    stores: Stores<'all>,
    stored_bytes: u64,
    /// Contents of files with several names, by inode.
    by_inode: HashMap<u64, Option<BlobId>>,
}

impl Storing<'_> {
    fn store(&mut self, entry: &mut Entry) -> Result<(), FileError> {
        let result = match entry.kind {
            Kind::Directory => self.directory(entry),
            Kind::File | Kind::Large => self.file(entry),
            Kind::Link => self.link(entry),
            Kind::Fifo | Kind::Socket | Kind::Whiteout | Kind::Uncovered(_) => Ok(()),
        };
        match result {
            Err(error @ FileError::Store { .. }) => Err(error),
            Err(error) => {
                tracing::debug!(path = %entry.path, %error, "a path is not covered");
                entry.kind = Kind::Uncovered(Gap::Unreadable);
                entry.content = None;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn directory(&self, entry: &mut Entry) -> Result<(), FileError> {
        let fd = resolver::directory(self.upper.root(), &entry.path, Links::Refused)?;
        entry.attributes = attributes(&fd).map_err(|errno| at(&entry.path, errno.into()))?;
        Ok(())
    }

    fn link(&self, entry: &mut Entry) -> Result<(), FileError> {
        let path = &entry.path;
        let (directory, name) =
            resolver::parent(self.upper.root(), path, resolver::Parents::Required)?;
        let target = rustix::fs::readlinkat(&directory, name, Vec::new())
            .map_err(|errno| at(path, errno.into()))?;
        entry.target = Some(Hex(target.into_bytes()));
        Ok(())
    }

    fn file(&mut self, entry: &mut Entry) -> Result<(), FileError> {
        let (file, stat) = opened(self.upper, &entry.path)?;
        *entry = Entry::seen(entry.path.clone(), entry.kind, &stat);
        entry.attributes = attributes(&file).map_err(|errno| at(&entry.path, errno.into()))?;
        let twin = self.by_inode.get(&entry.inode).filter(|_| entry.links == Names::Several);
        entry.content = match twin.copied() {
            Some(content) => content,
            None => self.content(entry, &file, &stat)?,
        };
        if entry.links == Names::Several {
            self.by_inode.insert(entry.inode, entry.content);
        }
        if entry.content.is_none() {
            let is_full = self.room() < entry.length_bytes;
            let gap = if is_full { Gap::OverBudget } else { Gap::TooLarge };
            entry.kind = Kind::Uncovered(gap);
        }
        Ok(())
    }

    /// Stores the content of a file; `None` when there is no room for it.
    fn content(
        &mut self,
        entry: &Entry,
        file: &File,
        stat: &Stat,
    ) -> Result<Option<BlobId>, FileError> {
        let refused = |source| self.stores.blobs.fail("", source);
        self.stores.fuse.burn().map_err(refused)?;
        if entry.kind == Kind::Large {
            let put = self.stores.large.put(file, stat.length_bytes, self.room());
            return match put.map_err(refused)? {
                Kept::As(id, bytes) => {
                    self.stored_bytes = self.stored_bytes.saturating_add(bytes);
                    Ok(Some(id))
                }
                Kept::TooLarge => Ok(None),
            };
        }
        if stat.length_bytes > self.room() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        resolver::append(&entry.path, (file, stat), FILE_BYTES_MAX, &mut bytes)?;
        let id = self.stores.blobs.put(&bytes)?;
        self.stored_bytes = self.stored_bytes.saturating_add(stat.length_bytes);
        Ok(Some(id))
    }

    const fn room(&self) -> u64 {
        self.stores.new_bytes_max.saturating_sub(self.stored_bytes)
    }
}

/// Opens a file that was seen, also where its owner closed it to himself: then it is open
/// to him for the time of one call. Gives its state after that.
fn opened(upper: &DirTree, path: &TreePath) -> Result<(File, Stat), TreeError> {
    let open = || resolver::listed_file(upper.root(), path);
    match open() {
        Err(TreeError::Io { source, .. })
            if Errno::from_io_error(&source) == Some(Errno::ACCESS) => {}
        other => return other,
    }
    let fail = |source| TreeError::Io { path: path.clone(), source };
    let held = resolver::hold(upper.root(), path)?;
    let mode = Stat::of(held.as_fd()).map_err(fail)?.permissions();
    let mode = Mode::from_raw_mode(mode);
    set_mode(&held, mode | Mode::RUSR).map_err(fail)?;
    let file = open();
    set_mode(&held, mode).map_err(fail)?;
    let (file, _) = file?;
    let stat = Stat::of(file.as_fd()).map_err(fail)?;
    Ok((file, stat))
}

/// Sets the mode of what is held with `O_PATH`, which fchmod(2) refuses: this link leads to it.
fn set_mode(held: &OwnedFd, mode: Mode) -> std::io::Result<()> {
    let name = format!("/proc/self/fd/{}", held.as_raw_fd());
    Ok(rustix::fs::chmod(name.as_str(), mode)?)
}

/// The attributes that are a part of a file: the user's, the access lists, and what the
/// overlay notes for itself.
fn attributes(file: impl AsFd) -> Result<Vec<(Hex, Hex)>, Errno> {
    let mut names = vec![0_u8; ATTRIBUTE_BYTES_MAX];
    let length_bytes = match rustix::fs::flistxattr(&file, names.as_mut_slice()) {
        Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        other => other?,
    };
    let names = names.get(..length_bytes).unwrap_or_default();
    let mut found = Vec::new();
    let mut value = vec![0_u8; ATTRIBUTE_BYTES_MAX];
    for name in names.split(|byte| *byte == 0) {
        let lists = [b"system.posix_acl_access".as_slice(), b"system.posix_acl_default"];
        if name.starts_with(b"user.") || lists.contains(&name) {
            let length_bytes = rustix::fs::fgetxattr(&file, name, value.as_mut_slice())?;
            let value = value.get(..length_bytes).unwrap_or_default();
            found.push((Hex(name.to_vec()), Hex(value.to_vec())));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.0.cmp(&other.0));
    Ok(found)
}

fn at(path: &TreePath, source: std::io::Error) -> FileError {
    FileError::Tree(TreeError::Io { path: path.clone(), source })
}
