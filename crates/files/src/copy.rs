// SPDX-License-Identifier: Apache-2.0
//! Copies a tree, where no overlay can be laid over it.
//!
//! The copy takes the place of an overlay's upper directory and holds everything. It
//! carries the kernel's own mark for "nothing below shows through", so that what reads
//! uppers finds deletions. Beside it, where no command can write, lies the moment at which
//! it was finished: the kernel moves a file's change time with every change, so a file
//! that is older is as it was copied.
//!
//! Source: ioctl_ficlonerange(2); the kernel's `overlayfs.rst`, "opaque directories".
//!
//! Invariant: no link is followed, no file has two names in the copy, and no mounted
//! file system is entered.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use moat_base::{Clock, SystemClock, remove_files};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Timestamps};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::files::stamp;
use crate::limits::{COPY_BYTES_MAX, COPY_ENTRIES_MAX, DEPTH_MAX};
pub use crate::stat::Moment;

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files, directories and links; 0 when a finished copy was there already.
    pub entries: u64,
    /// Bytes that were written; those that the file system shares do not count.
    pub bytes: u64,
    /// Files that may not be read, and things that are neither file, directory nor link.
    pub left_out: u64,
    /// How long it took.
    pub time: Duration,
}

/// Why a tree could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It is larger than a copy may be.
    #[error("the tree is larger than a copy may be")]
    TooLarge,
    /// The place of the copy holds something else.
    #[error("the session was begun where copy-on-write was possible, and it is not here")]
    NotACopy,
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl From<Errno> for CopyError {
    fn from(errno: Errno) -> Self {
        Self::System(errno.into())
    }
}

impl From<CopyError> for io::Error {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::System(source) => source,
            other @ (CopyError::TooLarge | CopyError::NotACopy) => Self::other(other.to_string()),
        }
    }
}

/// Opens the nearest of these trees that holds a finished copy, and so all that lies below it;
/// `None` when there is none.
///
/// # Errors
/// Those of the system.
pub fn nearest(trees: &[PathBuf]) -> io::Result<Option<OwnedFd>> {
    let whole = trees.iter().find(|tree| finished(tree).is_some());
    Ok(whole.map(|tree| open_directory(CWD, tree)).transpose()?)
}

/// Since when the directory at `path` holds a finished copy; `None` when it does not.
#[must_use]
pub fn finished(path: &Path) -> Option<Moment> {
    match mark(path) {
        Some(Mark::Finished { at }) => Some(at),
        Some(Mark::Begun) | None => None,
    }
}

/// What is known of a copy, in a file beside its directory.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Mark {
    /// Nothing has run in it.
    Begun,
    Finished {
        at: Moment,
    },
}

fn mark(path: &Path) -> Option<Mark> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(CWD, mark_name(path), flags, Mode::empty()).ok()?;
    let mut text = [0_u8; MARK_BYTES_MAX];
    let length = rustix::io::read(&file, text.as_mut_slice()).ok()?;
    serde_json::from_slice(text.get(..length)?).ok()
}

/// Writes the mark wholly or not at all.
fn set_mark(path: &Path, mark: &Mark) -> io::Result<()> {
    let name = mark_name(path);
    let new = name.with_extension("new");
    let text = serde_json::to_vec(mark)?;
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(CWD, &new, flags, Mode::RUSR | Mode::WUSR)?;
    if rustix::io::write(&file, &text)? != text.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    Ok(rustix::fs::renameat(CWD, &new, CWD, &name)?)
}

fn mark_name(path: &Path) -> PathBuf {
    path.with_extension("copied")
}

/// What a session's upper directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upper {
    /// An overlay's, which may be empty.
    Layer,
    /// A finished copy, which holds everything.
    Copy,
    /// A copy that was broken off, in which nothing has run.
    Half,
}

/// Tells what the directory at `path` is. What cannot be opened is left to who mounts it.
#[must_use]
pub fn kind(path: &Path) -> Upper {
    match mark(path) {
        Some(Mark::Finished { .. }) => Upper::Copy,
        Some(Mark::Begun) => Upper::Half,
        None => Upper::Layer,
    }
}

/// Makes the directory of a copy that was broken off an empty one.
///
/// # Errors
/// Those of the system.
pub fn clear(path: &Path) -> io::Result<()> {
    remove_files(path)?;
    rustix::fs::mkdir(path, Mode::from_raw_mode(0o700))?;
    Ok(rustix::fs::unlink(mark_name(path))?)
}

/// Fills `to` with what is in `from`, unless it holds a finished copy; a half one is made
/// anew. `clock` is a directory on the same file system.
///
/// # Errors
/// [`CopyError`]; what was copied until then is marked as half a copy.
pub fn copy(from: BorrowedFd<'_>, to: &Path, clock: &Path) -> Result<Copied, CopyError> {
    let target = open_directory(CWD, to)?;
    let target = match kind(to) {
        Upper::Copy => return Ok(Copied::default()),
        Upper::Layer if is_empty(target.as_fd())? => target,
        Upper::Layer => return Err(CopyError::NotACopy),
        Upper::Half => {
            clear(to)?;
            open_directory(CWD, to)?
        }
    };
    let time = SystemClock::new();
    let begun = time.monotonic();
    set_mark(to, &Mark::Begun)?;
    let source = rustix::fs::openat2(from, ".", READ_DIRECTORY, Mode::empty(), BENEATH)?;
    let mut copy = Copy { copied: Copied::default(), depth: 0 };
    copy.directory(&source, &target)?;
    rustix::fs::fsetxattr(&target, OPAQUE, b"y", rustix::fs::XattrFlags::empty())?;
    // A machine that loses power must not take half of it for all of it.
    rustix::fs::syncfs(&target)?;
    set_mark(to, &Mark::Finished { at: stamp::take(clock)? })?;
    copy.copied.time = time.monotonic().saturating_sub(begun);
    Ok(copy.copied)
}

struct Copy {
    copied: Copied,
    depth: usize,
}

impl Copy {
    fn directory(&mut self, from: &OwnedFd, to: &OwnedFd) -> Result<(), CopyError> {
        if self.depth > DEPTH_MAX {
            return Err(CopyError::TooLarge);
        }
        self.depth += 1;
        for entry in Dir::read_from(from)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            self.copied.entries += 1;
            if self.copied.entries > COPY_ENTRIES_MAX {
                return Err(CopyError::TooLarge);
            }
            self.entry(from, to, name)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn entry(&mut self, from: &OwnedFd, to: &OwnedFd, name: &CStr) -> Result<(), CopyError> {
        let stat = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let result = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => return self.subdirectory(from, to, name, &stat),
            FileType::RegularFile => self.file(from, to, name),
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(from, name, Vec::new())?;
                rustix::fs::symlinkat(&target, to, name)?;
                Ok(())
            }
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Err(Errno::ACCESS),
        };
        match result {
            // It went away meanwhile.
            Err(Errno::NOENT) => Ok(()),
            Err(Errno::ACCESS | Errno::PERM) => {
                self.copied.left_out += 1;
                Ok(())
            }
            Err(Errno::FBIG) => Err(CopyError::TooLarge),
            other => Ok(other?),
        }
    }

    fn subdirectory(
        &mut self,
        from: &OwnedFd,
        to: &OwnedFd,
        name: &CStr,
        stat: &rustix::fs::Stat,
    ) -> Result<(), CopyError> {
        rustix::fs::mkdirat(to, name, Mode::RWXU)?;
        let target = rustix::fs::openat2(to, name, READ_DIRECTORY, Mode::empty(), BENEATH)?;
        match rustix::fs::openat2(from, name, READ_DIRECTORY, Mode::empty(), BENEATH) {
            Ok(source) => self.directory(&source, &target)?,
            // Another file system is mounted there, or it may not be read: it stays empty.
            Err(Errno::XDEV | Errno::ACCESS | Errno::NOENT) => self.copied.left_out += 1,
            Err(errno) => return Err(errno.into()),
        }
        rustix::fs::fchmod(&target, Mode::from_raw_mode(stat.st_mode & 0o777))?;
        rustix::fs::futimens(&target, &times(stat))?;
        Ok(())
    }

    fn file(&mut self, from: &OwnedFd, to: &OwnedFd, name: &CStr) -> rustix::io::Result<()> {
        let source = rustix::fs::openat2(from, name, READ_FILE, Mode::empty(), BENEATH)?;
        let stat = rustix::fs::fstat(&source)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Errno::ACCESS);
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let target = rustix::fs::openat2(to, name, flags, Mode::RUSR | Mode::WUSR, BENEATH)?;
        if rustix::fs::ioctl_ficlone(&target, &source).is_err() {
            self.bytes(&source, &target)?;
        }
        rustix::fs::fchmod(&target, Mode::from_raw_mode(stat.st_mode & 0o777))?;
        rustix::fs::futimens(&target, &times(&stat))
    }

    fn bytes(&mut self, source: &OwnedFd, target: &OwnedFd) -> rustix::io::Result<()> {
        loop {
            let read = match rustix::fs::copy_file_range(source, None, target, None, PIECE_BYTES) {
                // Not between these file systems.
                Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL) => {
                    piece(source, target)?
                }
                other => other?,
            };
            if read == 0 {
                return Ok(());
            }
            self.copied.bytes += read as u64;
            if self.copied.bytes > COPY_BYTES_MAX {
                return Err(Errno::FBIG);
            }
        }
    }
}

fn piece(source: &OwnedFd, target: &OwnedFd) -> rustix::io::Result<usize> {
    let mut bytes = vec![0_u8; BUFFER_BYTES];
    let read = rustix::io::read(source, bytes.as_mut_slice())?;
    let mut rest = bytes.get(..read).unwrap_or_default();
    while !rest.is_empty() {
        let written = rustix::io::write(target, rest)?;
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(read)
}

fn times(stat: &rustix::fs::Stat) -> Timestamps {
    let time = |seconds, nanoseconds: u64| rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or(0),
    };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}

fn open_directory(at: BorrowedFd<'_>, path: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(at, path, READ_DIRECTORY, Mode::empty())
}

fn is_empty(directory: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if entry.file_name() != c"." && entry.file_name() != c".." {
            return Ok(false);
        }
    }
    Ok(true)
}

const READ_DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const READ_FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);
const BENEATH: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_XDEV);
const MARK_BYTES_MAX: usize = 256;
const OPAQUE: &str = "user.overlay.opaque";
const PIECE_BYTES: usize = 16 << 20;
const BUFFER_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, symlink};

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test makes and reads the trees itself")]
    fn a_copy_is_equal_separate_and_made_once() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        std::fs::create_dir_all(from.join("a/b")).unwrap();
        std::fs::create_dir(&to).unwrap();
        std::fs::write(from.join("a/b/run"), "one").unwrap();
        std::fs::set_permissions(from.join("a/b/run"), PermissionsExt::from_mode(0o4751)).unwrap();
        std::fs::hard_link(from.join("a/b/run"), from.join("other")).unwrap();
        symlink("/etc/passwd", from.join("link")).unwrap();
        rustix::fs::mkfifoat(CWD, from.join("pipe"), Mode::RUSR).unwrap();
        let source = open_directory(CWD, &from).unwrap();
        let copied = copy(source.as_fd(), &to, place.path()).unwrap();
        assert_eq!((copied.entries, copied.left_out), (6, 1));
        let of = |name: &str| std::fs::symlink_metadata(to.join(name)).unwrap();
        assert_eq!(std::fs::read(to.join("a/b/run")).unwrap(), b"one");
        assert_eq!(of("a/b/run").mode() & 0o7777, 0o751);
        assert_eq!((of("a/b/run").nlink(), of("other").nlink()), (1, 1));
        let original = std::fs::metadata(from.join("a/b/run")).unwrap();
        assert_eq!(of("a/b/run").modified().unwrap(), original.modified().unwrap());
        assert_eq!(std::fs::read_link(to.join("link")).unwrap(), Path::new("/etc/passwd"));
        assert!(!to.join("pipe").exists());
        std::fs::write(from.join("late"), "x").unwrap();
        assert_eq!(copy(source.as_fd(), &to, place.path()).unwrap(), Copied::default());
        assert!(!to.join("late").exists());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test makes and reads the trees itself")]
    fn a_half_copy_is_made_anew_and_nothing_else_is_touched() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        for directory in [&from, &to] {
            std::fs::create_dir(directory).unwrap();
        }
        std::fs::write(from.join("a"), "new").unwrap();
        std::fs::write(to.join("a"), "old").unwrap();
        let source = open_directory(CWD, &from).unwrap();
        let refused = copy(source.as_fd(), &to, place.path());
        assert!(matches!(refused, Err(CopyError::NotACopy)));
        set_mark(&to, &Mark::Begun).unwrap();
        assert_eq!(kind(&to), Upper::Half);
        copy(source.as_fd(), &to, place.path()).unwrap();
        assert_eq!(std::fs::read(to.join("a")).unwrap(), b"new");
    }
}
