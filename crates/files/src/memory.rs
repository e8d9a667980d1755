// SPDX-License-Identifier: Apache-2.0
//! A place in memory for what a session changes, where its own directory cannot hold it.
//!
//! The kernel lays no overlay whose changes would lie on another overlay, as all files of most
//! containers do. They can lie on a tmpfs: there a directory of the user's own takes the upper
//! directory and all that belongs beside it. A file beside the upper directory that it stands
//! for names it, so that later commands find it. A tmpfs is gone with the machine: what was in
//! it then is told as lost, and never taken for a session that changed nothing.
//!
//! `/dev/shm` is everybody's. So the name is not to be guessed and made exclusively; and since
//! others see it, and could make it again after the machine was started, a directory that is
//! not this user's alone counts as gone and is not looked into.
//!
//! Invariant: nothing is read, written or removed in a directory that another user could write.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use moat_base::{Fs as _, RealFs, random_hex, remove_files};
use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::copy;
use crate::limits::{MEMORY_POINTER_BYTES_MAX, MEMORY_ROOM_BYTES_MIN};

/// Where the changes of a session lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the session's own directory.
    Own,
    /// In memory, in this directory.
    Memory(PathBuf),
    /// They lay in memory, here, and are gone.
    Lost(PathBuf),
}

/// What is known of a session's place, in a file beside its upper directory.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pointer {
    /// The place in memory, when there is one.
    place: Option<PathBuf>,
    /// How often changes were lost with such a place.
    #[serde(default)]
    losses: u32,
}

/// Whose a place in memory is, in a file in it: another process has to be able to tell that
/// the session is gone, also when it sees other files than the one that made it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    /// The session's directory.
    session: PathBuf,
    /// The directory that holds it, by name and identity.
    parent: PathBuf,
    device: u64,
    inode: u64,
}

/// Tells where the changes of the session with this upper directory lie.
///
/// # Errors
/// Those of the system, and [`io::ErrorKind::InvalidData`] for a pointer that cannot be read.
pub fn find(upper: &Path) -> io::Result<Found> {
    let Some(place) = pointer(upper)?.place else { return Ok(Found::Own) };
    match open_own(CWD, place.as_os_str()) {
        Ok(directory) if has_upper(&directory)? => Ok(Found::Memory(place)),
        Ok(_) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS | Errno::PERM) => {
            Ok(Found::Lost(place))
        }
        Err(errno) => Err(errno.into()),
    }
}

/// The directory in which the upper directory and what belongs beside it really lie: the
/// session's own, or the place in memory.
///
/// # Errors
/// As [`find`].
pub fn base(upper: &Path) -> io::Result<PathBuf> {
    let own = upper.parent().unwrap_or_else(|| Path::new("/"));
    match find(upper)? {
        Found::Memory(place) => Ok(place),
        Found::Own | Found::Lost(_) => Ok(own.to_owned()),
    }
}

/// How often the session lost changes because they lay in memory.
///
/// # Errors
/// As [`find`].
pub fn losses(upper: &Path) -> io::Result<u32> {
    Ok(pointer(upper)?.losses)
}

/// Notes for good that what lay in memory is gone, so that the session goes on without it, and
/// tells where it lay. Does nothing where nothing is gone.
///
/// # Errors
/// As [`find`]; and when it cannot be noted.
pub fn settle(upper: &Path) -> io::Result<Option<PathBuf>> {
    let Found::Lost(place) = find(upper)? else { return Ok(None) };
    let losses = pointer(upper)?.losses.saturating_add(1);
    point(upper, &Pointer { place: None, losses })?;
    Ok(Some(place))
}

/// Those of `directories` in which a place can be made for the session with this upper
/// directory, with the most room first, and of each other that is there why not. None at all
/// when it has changed something already, which must not disappear behind an empty place.
#[must_use]
pub fn candidates(upper: &Path, directories: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let is_new = is_untouched(upper).is_ok_and(|untouched| untouched);
    if !is_new || copy::kind(upper) != copy::Upper::Layer {
        return (Vec::new(), Vec::new());
    }
    let mut fitting = Vec::new();
    let mut reasons = Vec::new();
    for directory in directories {
        // A link, such as that of `/dev/shm` on some systems, is followed once, here.
        let Ok(directory) = directory.canonicalize() else { continue };
        match room(&directory) {
            Ok(bytes) if bytes < MEMORY_ROOM_BYTES_MIN => reasons.push(format!(
                "`{}` has {} MiB of room, and {} are needed",
                directory.display(),
                bytes >> 20,
                MEMORY_ROOM_BYTES_MIN >> 20
            )),
            Ok(bytes) => fitting.push((bytes, directory)),
            Err(error) => reasons.push(format!("`{}`: {error}", directory.display())),
        }
    }
    fitting.sort_by_key(|(bytes, _directory)| std::cmp::Reverse(*bytes));
    (fitting.into_iter().map(|(_bytes, directory)| directory).collect(), reasons)
}

/// Makes a place in `directory` for the session with this upper directory, and points to it.
/// Places there whose sessions are gone are removed.
///
/// # Errors
/// Those of the system: what could not be done there. No place is left behind then.
pub fn make(directory: &Path, upper: &Path) -> io::Result<PathBuf> {
    sweep(directory);
    let owner = Owner::of(upper)?;
    let losses = pointer(upper)?.losses;
    let root = rustix::fs::openat(CWD, directory, DIRECTORY, Mode::empty())?;
    let name = format!("{PREFIX}{}", random_hex(NAME_BYTES)?);
    rustix::fs::mkdirat(&root, name.as_str(), Mode::RWXU)?;
    let place = directory.join(&name);
    let made = fill(&root, &name, &owner)
        // Whoever sweeps passes over it until the pointer is there.
        .and_then(|locked| {
            point(upper, &Pointer { place: Some(place.clone()), losses }).map(|()| drop(locked))
        });
    if let Err(error) = made {
        // What cannot be removed is swept once the session is gone.
        let _left_for_later = remove_files(&place);
        return Err(error);
    }
    Ok(place)
}

/// Removes the place in memory of the session with this upper directory, when it has one.
///
/// # Errors
/// Those of the system.
pub fn remove(upper: &Path) -> io::Result<()> {
    let known = pointer(upper)?;
    let Some(place) = known.place else { return Ok(()) };
    // What somebody else put there is not ours to remove.
    if open_own(CWD, place.as_os_str()).is_ok() {
        remove_files(&place)?;
    }
    if known.losses == 0 {
        return RealFs.remove(&name_of(upper));
    }
    point(upper, &Pointer { place: None, losses: known.losses })
}

/// Whether nothing was changed in the upper directory of a session.
///
/// # Errors
/// Those of the system.
pub fn is_untouched(upper: &Path) -> io::Result<bool> {
    match rustix::fs::openat(CWD, upper, DIRECTORY, Mode::empty()) {
        Ok(directory) => Ok(is_empty(&directory)?),
        Err(Errno::NOENT) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Whether what is written in a directory takes memory and no disk.
#[must_use]
pub fn is_memory(directory: impl AsFd) -> bool {
    rustix::fs::fstatfs(directory).is_ok_and(|it| it.f_type == TMPFS)
}

/// Removes the places in a directory whose sessions are gone. What cannot be told stays.
fn sweep(directory: &Path) {
    let Ok(root) = rustix::fs::openat(CWD, directory, DIRECTORY, Mode::empty()) else { return };
    let Ok(entries) = Dir::read_from(&root) else { return };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if is_place(name) && is_orphan(&root, name, &directory.join(name)) {
            // Another process may do the same.
            let _tried_again_later = remove_files(&directory.join(name));
        }
    }
}

/// Whether a place belongs to a session that is gone, or that does not know of it.
fn is_orphan(root: &OwnedFd, name: &OsStr, path: &Path) -> bool {
    let Ok(place) = open_own(root, name) else { return false };
    let is_made_now = rustix::fs::flock(&place, FlockOperation::NonBlockingLockExclusive).is_err();
    let Some(owner) = (!is_made_now).then(|| Owner::read(&place)).flatten() else { return false };
    // A process that sees other files at these names knows nothing about the session.
    if !owner.sees_its_parent() {
        return false;
    }
    match rustix::fs::statat(CWD, &owner.session, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => true,
        Err(_) => false,
        Ok(_) => pointer(&owner.session.join(UPPER))
            .is_ok_and(|pointer| pointer.place.as_deref() != Some(path)),
    }
}

impl Owner {
    fn of(upper: &Path) -> io::Result<Self> {
        let session = upper.parent().unwrap_or_else(|| Path::new("/")).canonicalize()?;
        let parent = session.parent().unwrap_or_else(|| Path::new("/")).to_owned();
        let stat = rustix::fs::stat(&parent)?;
        Ok(Self { session, parent, device: stat.st_dev, inode: stat.st_ino })
    }

    fn read(place: &OwnedFd) -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(place, OWNER, flags, Mode::empty()).ok()?;
        let mut bytes = Vec::new();
        let limit = MEMORY_POINTER_BYTES_MAX;
        io::Read::read_to_end(&mut io::Read::take(std::fs::File::from(file), limit), &mut bytes)
            .ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn sees_its_parent(&self) -> bool {
        rustix::fs::lstat(&self.parent)
            .is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (self.device, self.inode))
    }
}

/// Fills a new place. Gives its directory, locked.
fn fill(root: &OwnedFd, name: &str, owner: &Owner) -> io::Result<OwnedFd> {
    let place = open_own(root, OsStr::new(name))?;
    // Whoever sweeps at this moment lets it go at once: there is no owner in it yet.
    rustix::fs::flock(&place, FlockOperation::LockExclusive)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&place, OWNER, flags, Mode::RUSR | Mode::WUSR)?;
    io::Write::write_all(&mut std::fs::File::from(file), &serde_json::to_vec(owner)?)?;
    for directory in [UPPER, WORK] {
        rustix::fs::mkdirat(&place, directory, Mode::RWXU)?;
    }
    // What the overlay will want to do there.
    let upper = rustix::fs::openat(&place, UPPER, DIRECTORY, Mode::empty())?;
    rustix::fs::fsetxattr(&upper, TRIAL, b"y", XattrFlags::CREATE)?;
    rustix::fs::fremovexattr(&upper, TRIAL)?;
    Ok(place)
}

/// The room of a tmpfs in which others cannot put something else in the place of what is made.
fn room(directory: &Path) -> io::Result<u64> {
    let unsuitable = |reason: &str| Err(io::Error::other(reason));
    let root = rustix::fs::openat(CWD, directory, DIRECTORY, Mode::empty())?;
    if !is_memory(&root) {
        return unsuitable("it is not memory");
    }
    let stat = rustix::fs::fstat(&root)?;
    let own = rustix::process::geteuid().as_raw();
    // In a user namespace the machine's root, which is not mapped there, shows as nobody.
    if ![0, own, NOBODY].contains(&stat.st_uid) {
        return unsuitable("it belongs to another user");
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX) {
        return unsuitable("others can rename what is in it");
    }
    Ok(Amount::free(&root).bytes)
}

/// Opens a directory that is this user's alone.
fn open_own(at: impl AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let directory = rustix::fs::openat(at, name, DIRECTORY, Mode::empty())?;
    let stat = rustix::fs::fstat(&directory)?;
    let others = Mode::RWXG | Mode::RWXO;
    let is_own = stat.st_uid == rustix::process::geteuid().as_raw();
    if is_own && !Mode::from_raw_mode(stat.st_mode).intersects(others) {
        Ok(directory)
    } else {
        Err(Errno::PERM)
    }
}

fn has_upper(place: &OwnedFd) -> io::Result<bool> {
    match rustix::fs::statat(place, UPPER, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

fn is_empty(directory: &OwnedFd) -> rustix::io::Result<bool> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if entry.file_name() != c"." && entry.file_name() != c".." {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_place(name: &OsStr) -> bool {
    name.as_bytes()
        .strip_prefix(PREFIX.as_bytes())
        .is_some_and(|rest| rest.len() == 2 * NAME_BYTES && rest.iter().all(u8::is_ascii_hexdigit))
}

fn pointer(upper: &Path) -> io::Result<Pointer> {
    match RealFs.read(&name_of(upper), MEMORY_POINTER_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Pointer::default()),
        read => Ok(serde_json::from_slice(&read?)?),
    }
}

/// Writes the pointer so that it outlives the machine: without it a loss would not be told.
fn point(upper: &Path, pointer: &Pointer) -> io::Result<()> {
    RealFs.replace(&name_of(upper), &serde_json::to_vec(pointer)?)
}

fn name_of(upper: &Path) -> PathBuf {
    upper.with_extension("memory")
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const PREFIX: &str = "moat-";
/// So many that nobody guesses a name.
const NAME_BYTES: usize = 16;
const OWNER: &str = "owner";
const UPPER: &str = "upper";
const WORK: &str = "work";
const TRIAL: &str = "user.overlay.moat";
/// The kernel's number of the file system.
const TMPFS: rustix::fs::FsWord = 0x0102_1994;
/// Whom the kernel shows for users that a namespace does not have.
const NOBODY: u32 = 65_534;

#[cfg(test)]
mod tests;
