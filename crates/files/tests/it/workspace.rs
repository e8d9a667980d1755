// SPDX-License-Identifier: Apache-2.0
//! Trees for the file tests: a user's tree, an overlay over it, small disks.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use moat_base::{RealFs, TreePath};
use moat_files::{ChangeSet, DirTree, Root, SessionFiles};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::mount::{MountFlags, mount};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// What a test compares of one path: kind, permission bits, content.
pub(crate) type Seen = BTreeMap<PathBuf, (char, u32, Vec<u8>)>;

/// Everything beneath a directory, Moat's own temporary files included.
pub(crate) fn snapshot(root: &Path) -> Seen {
    let mut seen = Seen::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.mode() & 0o7777;
            let state = if metadata.is_dir() {
                pending.push(path.clone());
                ('d', mode, Vec::new())
            } else if metadata.is_symlink() {
                let target = path.read_link().unwrap();
                ('l', 0, target.as_os_str().as_bytes().to_vec())
            } else if metadata.is_file() {
                ('f', mode, std::fs::read(&path).unwrap())
            } else {
                ('s', mode, Vec::new())
            };
            seen.insert(path.strip_prefix(root).unwrap().to_owned(), state);
        }
    }
    seen
}

pub(crate) fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

pub(crate) fn tree(path: &Path) -> DirTree {
    DirTree::new(Root::open(path).unwrap())
}

/// Writes a file and the directories above it.
pub(crate) fn put(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn fifo(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// A name that is not UTF-8.
pub(crate) fn odd_name() -> &'static OsStr {
    OsStr::from_bytes(b"\xff\xfe odd")
}

/// A file system mounted in the namespaces of a process that waits; it goes with it.
#[derive(Debug)]
pub(crate) struct Mounted {
    child: Child,
    point: PathBuf,
}

impl Mounted {
    /// Mounts an overlay of `lowers` and `upper` (with the scratch directory beside it).
    pub(crate) fn overlay(lowers: &[&Path], upper: &Path, point: &Path) -> Self {
        let work = upper.with_extension("work");
        std::fs::create_dir_all(&work).unwrap();
        let lowers: Vec<&[u8]> = lowers.iter().map(|path| path.as_os_str().as_bytes()).collect();
        let options = [
            b"userxattr,lowerdir=".as_slice(),
            &lowers.join(&b':'),
            b",upperdir=",
            upper.as_os_str().as_bytes(),
            b",workdir=",
            work.as_os_str().as_bytes(),
        ];
        Self::mount(point, "overlay", &options.concat(), MountFlags::empty())
    }

    /// Mounts a file system in memory of `bytes` bytes on `point`.
    pub(crate) fn small_disk(point: &Path, bytes: usize) -> Self {
        Self::mount(point, "tmpfs", format!("size={bytes}").as_bytes(), MountFlags::empty())
    }

    /// Mounts an empty file system on `point` that cannot be written.
    pub(crate) fn read_only(point: &Path) -> Self {
        Self::mount(point, "tmpfs", b"", MountFlags::RDONLY)
    }

    fn mount(point: &Path, kind: &'static str, options: &[u8], flags: MountFlags) -> Self {
        let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
        let goal = point.to_owned();
        let options = std::ffi::CString::new(options).unwrap();
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let prepare = move || -> io::Result<()> {
            #[expect(unsafe_code, reason = "namespaces are made between fork and exec")]
            // SAFETY: the process has one thread here and shares no memory.
            unsafe {
                unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)?;
            }
            std::fs::write("/proc/self/setgroups", "deny")?;
            std::fs::write("/proc/self/uid_map", format!("1000 {} 1", uid.as_raw()))?;
            std::fs::write("/proc/self/gid_map", format!("1000 {} 1", gid.as_raw()))?;
            Ok(mount(kind, &goal, kind, flags, options.as_c_str())?)
        };
        #[expect(unsafe_code, reason = "namespaces are made between fork and exec")]
        // SAFETY: the closure makes system calls and small allocations only.
        unsafe {
            command.pre_exec(prepare);
        }
        Self { child: command.spawn().unwrap(), point: point.to_owned() }
    }

    /// Where this process sees the mounted tree.
    pub(crate) fn path(&self) -> PathBuf {
        let outside = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        outside.join(self.point.strip_prefix("/").unwrap())
    }

    pub(crate) fn tree(&self) -> DirTree {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, self.path(), flags, Mode::empty()).unwrap();
        DirTree::cached(Root::from_fd(fd, self.point.clone()).unwrap())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A user's tree with a session over it.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) files: SessionFiles,
    mounted: Vec<Mounted>,
}

impl Workspace {
    /// Fills the user's tree, then begins a session.
    pub(crate) fn new(fill: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["real", "upper", "merged"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        fill(&dir.path().join("real"));
        let files = SessionFiles::create(Arc::new(RealFs), &dir.path().join("files")).unwrap();
        let mut workspace = Self { dir, files, mounted: Vec::new() };
        workspace.remount();
        workspace
    }

    pub(crate) fn real(&self) -> PathBuf {
        self.dir.path().join("real")
    }

    pub(crate) fn upper(&self) -> PathBuf {
        self.dir.path().join("upper")
    }

    /// Where the session's files are seen.
    pub(crate) fn session(&self) -> PathBuf {
        self.mounted.last().unwrap().path()
    }

    pub(crate) fn session_tree(&self) -> DirTree {
        self.mounted.last().unwrap().tree()
    }

    pub(crate) fn real_tree(&self) -> DirTree {
        tree(&self.real())
    }

    pub(crate) fn unmount(&mut self) {
        self.mounted.clear();
    }

    /// Mounts the overlay anew, as a session does when the user's tree changed.
    pub(crate) fn remount(&mut self) {
        self.unmount();
        let merged = self.dir.path().join("merged");
        self.mounted.push(Mounted::overlay(&[&self.real()], &self.upper(), &merged));
    }

    /// Opens the record of files as a new process would.
    pub(crate) fn reopen(&mut self) {
        self.files = SessionFiles::open(Arc::new(RealFs), &self.dir.path().join("files")).unwrap();
    }

    /// Does something while nothing is mounted, and mounts the overlay anew.
    pub(crate) fn while_down<T>(&mut self, work: impl FnOnce(&Self) -> T) -> T {
        self.mounted.clear();
        let done = work(self);
        self.remount();
        done
    }

    pub(crate) fn changes(&mut self) -> ChangeSet {
        let (real, upper) = (self.real_tree(), tree(&self.upper()));
        self.files.changes(&real, &[upper], &[]).unwrap()
    }
}

impl Drop for Workspace {
    /// The kernel leaves a directory of mode 000 in the scratch directory.
    fn drop(&mut self) {
        self.mounted.clear();
        let work = self.dir.path().join("upper.work/work");
        if work.exists() {
            chmod(&work, 0o700);
        }
    }
}

/// A small generator of numbers, so that a failure can be repeated from its seed.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `bound` (xorshift64*, Marsaglia 2003 and Vigna 2016).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).unwrap() % bound
    }
}

/// Raises a flag when it goes, so that a thread ends even when its test fails.
#[derive(Debug)]
pub(crate) struct Raised<'flag>(pub(crate) &'flag AtomicBool);

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
