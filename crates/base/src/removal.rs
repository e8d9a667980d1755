// SPDX-License-Identifier: Apache-2.0
//! Removing the directories of an overlay that nobody should have mounted any more.
//!
//! A sandboxed program decides what lies there, and may still run: it can close
//! directories, nest them without end, and exchange a directory and a link at any
//! moment. The kernel leaves a `work/work` of mode 000 behind. So everything goes by
//! the descriptors of directories and one name in them; a closed directory is opened
//! to its owner through its descriptor; and what lies deep is moved up to the top, so
//! that the descriptors and the stack do not grow with the depth. What cannot be
//! removed does not keep the rest from being removed.
//!
//! Source: openat2(2), `RESOLVE_NO_XDEV`; unlink(2), `EISDIR`; rmdir(2), `EBUSY`;
//! open(2), `O_PATH` and `/proc/self/fd`.
//!
//! Invariant: below the given directory no path of more than one name is resolved, no
//! link is followed and no mounted file system is entered.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::limits::{REMOVAL_ATTEMPTS_MAX, REMOVAL_LEVELS_MAX, REMOVAL_PASSES_MAX};
use crate::random_hex;

/// Removes a directory of Moat's own with everything in it; a missing one is a success.
///
/// Links in the path to it are followed, one in its place is not.
///
/// # Errors
/// The system's error, `EBUSY` or `EXDEV` for a file system that is mounted below; what
/// could be removed is removed nevertheless.
pub fn remove_files(directory: &Path) -> io::Result<()> {
    let name = directory.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, parent, flags, Mode::empty())
        .and_then(|parent| Ok((open(parent.as_fd(), name)?, parent)));
    let ((root, device), parent) = match opened {
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    };
    let mut removal = Removal {
        root,
        device,
        below: Vec::new(),
        fresh: format!(".removed-{}", random_hex(8)?),
        moved: 0,
        progress: Progress::Stuck,
        failure: None,
    };
    for _pass in 0..REMOVAL_PASSES_MAX {
        removal.pass()?;
        match rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) if removal.progress == Progress::Made => {}
            Err(errno) => return Err(removal.failure.unwrap_or(errno).into()),
        }
    }
    Err(Errno::NOTEMPTY.into())
}

/// Opens the directory `name` for listing and gives the number of its device.
///
/// Its owner may list and change it from then on.
fn open(parent: BorrowedFd<'_>, name: impl rustix::path::Arg) -> Result<(OwnedFd, u64), Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_XDEV
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS;
    let found = rustix::fs::openat2(parent, name, flags, Mode::empty(), resolve)?;
    let stat = rustix::fs::fstat(&found)?;
    if !Mode::from_raw_mode(stat.st_mode).contains(Mode::RWXU) {
        // A closed directory can only be held with O_PATH, where fchmod(2) is refused;
        // this link leads to what is held, wherever its name leads by now.
        let held = format!("/proc/self/fd/{}", found.as_raw_fd());
        let _shown_by_the_next_call = rustix::fs::chmod(held, Mode::RWXU);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(&found, c".", flags, Mode::empty())?;
    Ok((opened, stat.st_dev))
}

/// Whether anything of the tree went or came nearer to the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Something did.
    Made,
    /// Nothing did.
    Stuck,
}

/// A directory below the root that is being emptied.
#[derive(Debug)]
struct Level {
    /// Its name in the directory above, when it was opened.
    name: CString,
    entries: Dir,
}

/// The removal of one tree.
#[derive(Debug)]
struct Removal {
    root: OwnedFd,
    device: u64,
    /// The open directories from the root down, without it.
    below: Vec<Level>,
    /// What the names of directories that were moved up begin with.
    fresh: String,
    /// How many directories were moved up.
    moved: u64,
    /// What came of this pass.
    progress: Progress,
    /// The first failure of this pass.
    failure: Option<Errno>,
}

impl Removal {
    /// Goes through the tree once and removes what it meets.
    fn pass(&mut self) -> Result<(), Errno> {
        (self.progress, self.failure) = (Progress::Stuck, None);
        let mut top = Dir::read_from(&self.root)?;
        loop {
            let entries = self.below.last_mut().map_or(&mut top, |level| &mut level.entries);
            match entries.read() {
                Some(Ok(entry)) => self.entry(entry.file_name()),
                Some(Err(errno)) => self.failed(errno),
                None => {
                    let Some(level) = self.below.pop() else { return Ok(()) };
                    let removed = self.unlink(&level.name, AtFlags::REMOVEDIR);
                    if let Err(errno) = self.count(removed) {
                        self.failed(errno);
                    }
                }
            }
        }
    }

    /// Removes an entry of the current directory, or makes it the current directory.
    fn entry(&mut self, name: &CStr) {
        if matches!(name.to_bytes(), b"." | b"..") {
            return;
        }
        let mut attempt = 1;
        loop {
            match self.attempt(name) {
                Ok(()) => return,
                // It was exchanged or closed between two calls.
                Err(Errno::NOTDIR | Errno::LOOP | Errno::ACCESS | Errno::AGAIN | Errno::INTR)
                    if attempt < REMOVAL_ATTEMPTS_MAX =>
                {
                    attempt += 1;
                }
                Err(errno) => return self.failed(errno),
            }
        }
    }

    fn attempt(&mut self, name: &CStr) -> Result<(), Errno> {
        match self.unlink(name, AtFlags::empty()) {
            Err(Errno::ISDIR) => {}
            other => return self.count(other),
        }
        match self.unlink(name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            other => return self.count(other),
        }
        let (opened, device) = match open(self.current()?, name) {
            Err(Errno::NOENT) => return Ok(()),
            other => other?,
        };
        if device != self.device {
            return Err(Errno::XDEV);
        }
        if self.below.len() < REMOVAL_LEVELS_MAX {
            let level = Level { name: name.to_owned(), entries: Dir::new(opened)? };
            self.below.push(level);
            return Ok(());
        }
        // Nothing is lost when a program puts something else in its place now: whatever
        // is moved is looked at again in the root.
        self.moved += 1;
        let fresh = format!("{}-{}", self.fresh, self.moved);
        let moved = rustix::fs::renameat(self.current()?, name, &self.root, fresh);
        self.count(moved)
    }

    /// Removes a name from the current directory, which is opened to its owner once more
    /// when a program closed it.
    fn unlink(&self, name: &CStr, flags: AtFlags) -> Result<(), Errno> {
        let directory = self.current()?;
        match rustix::fs::unlinkat(directory, name, flags) {
            Err(Errno::ACCESS) => {
                rustix::fs::fchmod(directory, Mode::RWXU)?;
                rustix::fs::unlinkat(directory, name, flags)
            }
            other => other,
        }
    }

    /// The directory whose entries are read now.
    fn current(&self) -> Result<BorrowedFd<'_>, Errno> {
        self.below.last().map_or_else(|| Ok(self.root.as_fd()), |level| level.entries.fd())
    }

    /// Notes what came of an entry; one that is gone already is no failure.
    fn count(&mut self, result: Result<(), Errno>) -> Result<(), Errno> {
        match result {
            Ok(()) => {
                self.progress = Progress::Made;
                Ok(())
            }
            Err(Errno::NOENT) => Ok(()),
            other => other,
        }
    }

    fn failed(&mut self, errno: Errno) {
        self.failure = self.failure.or(Some(errno));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{FileType, RenameFlags};

    use super::*;

    const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to session files")]
    fn closed_directories_go_and_what_links_point_to_stays() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("fork");
        fs::create_dir_all(top.join("work/work")).unwrap();
        fs::write(top.join("file"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), top.join("link")).unwrap();
        fs::set_permissions(top.join("work/work"), fs::Permissions::from_mode(0o0)).unwrap();
        remove_files(&top).unwrap();
        assert!(!top.exists());
        assert!(outside.path().join("kept").exists());
        remove_files(&top).unwrap();
    }

    /// This says something only for an ordinary user; root may enter everything.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to session files")]
    fn closed_directories_with_directories_in_them_go() {
        for mode in [0o555, 0o444, 0o000] {
            let dir = tempfile::tempdir().unwrap();
            let top = dir.path().join("fork");
            let inner = top.join("upper/closed");
            let innermost = inner.join("closed/closed");
            fs::create_dir_all(&innermost).unwrap();
            fs::create_dir(inner.join("empty")).unwrap();
            fs::write(innermost.join("file"), "x").unwrap();
            for closed in [&innermost, &inner.join("closed"), &inner, &top] {
                fs::set_permissions(closed, fs::Permissions::from_mode(mode)).unwrap();
            }
            remove_files(&top).unwrap();
            assert!(!top.exists(), "{mode:o}");
        }
    }

    #[test]
    fn depth_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("fork");
        fs::create_dir(&top).unwrap();
        let mut level = rustix::fs::openat(CWD, &top, DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..3_000 {
            rustix::fs::mkdirat(&level, "beside", Mode::RWXU).unwrap();
            rustix::fs::mkdirat(&level, "below", Mode::RWXU).unwrap();
            rustix::fs::symlinkat("..", &level, "link").unwrap();
            level = rustix::fs::openat(&level, "below", DIRECTORY, Mode::empty()).unwrap();
        }
        rustix::fs::fchmod(&level, Mode::empty()).unwrap();
        drop(level);
        remove_files(&top).unwrap();
        assert!(!top.exists());
        assert!(dir.path().exists());
    }

    #[test]
    fn what_is_no_file_and_no_directory_goes_unopened() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("fork");
        fs::create_dir(&top).unwrap();
        rustix::fs::mknodat(CWD, top.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let _socket = std::os::unix::net::UnixDatagram::bind(top.join("socket")).unwrap();
        // Kernels before 5.8 let only root make what overlays put for a removed file.
        let whiteout = top.join("whiteout");
        let _made_where_allowed =
            rustix::fs::mknodat(CWD, whiteout, FileType::CharacterDevice, Mode::empty(), 0);
        remove_files(&top).unwrap();
        assert!(!top.exists());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to session files")]
    fn an_exchange_with_a_link_leads_nowhere() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("fork");
        let (one, other) = (top.join("one"), top.join("other"));
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let _gone_now_and_then =
                        rustix::fs::renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE);
                }
            });
            let removed = (0..200).try_for_each(|_| {
                fs::create_dir_all(one.join("a/b"))?;
                fs::write(one.join("kept"), "x")?;
                std::os::unix::fs::symlink(outside.path(), &other)?;
                remove_files(&top)
            });
            over.store(true, Ordering::Relaxed);
            removed.unwrap();
        });
        assert!(!top.exists());
        assert!(outside.path().join("kept").exists());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to session files")]
    fn a_missing_path_is_a_success_and_a_link_or_file_in_its_place_an_error() {
        let dir = tempfile::tempdir().unwrap();
        remove_files(&dir.path().join("none")).unwrap();
        remove_files(&dir.path().join("none/none")).unwrap();
        let (file, link) = (dir.path().join("kept/file"), dir.path().join("link"));
        fs::create_dir(dir.path().join("kept")).unwrap();
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink("kept", &link).unwrap();
        for path in [&file, &link] {
            assert_eq!(remove_files(path).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        }
        assert_eq!(remove_files(Path::new("/")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(file.exists());
    }
}
