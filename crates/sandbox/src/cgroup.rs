// SPDX-License-Identifier: Apache-2.0
//! Control groups: what bounds the memory and the processes of commands together.
//!
//! A version 2 group that was given to the user (a systemd user session, a scope with
//! `Delegate=yes`) may be divided: Moat's own processes go into one child, commands into
//! others with bounds. Where there is none, that is said. Nothing is taken that was not given.
//!
//! Source: the kernel's `Documentation/admin-guide/cgroup-v2.rst`, "Delegation" and the
//! rule that a group with controllers for children has no processes itself.
//!
//! Invariant: no group outside the one that this process is in is written.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

/// The bounds of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Memory of all its processes, in bytes; the kernel ends one of them at it.
    pub(crate) memory_bytes: u64,
    /// Its processes and threads.
    pub(crate) processes: u64,
}

/// A group that was given to this user.
#[derive(Debug)]
pub(crate) struct Delegated {
    directory: PathBuf,
}

/// A group for commands; removed when it is dropped, by when its processes must have ended.
#[derive(Debug)]
pub(crate) struct Group {
    directory: PathBuf,
    processes: OwnedFd,
}

/// Says in a sentence whether commands are bounded together here.
pub(crate) fn account() -> String {
    match Delegated::find() {
        Ok(Delegated { directory }) => format!(
            "a control group is delegated at `{}`: the kernel can bound memory and processes of \
             all commands together",
            directory.display()
        ),
        Err(error) => {
            format!("memory of all processes together is not bounded by the kernel here: {error}")
        }
    }
}

impl Delegated {
    /// Finds the group of this process, and whether it can be divided.
    pub(crate) fn find() -> io::Result<Self> {
        let own = text(Path::new("/proc/self/cgroup"))?;
        let mounts = text(Path::new("/proc/self/mountinfo"))?;
        let missing = |reason: &str| io::Error::new(io::ErrorKind::Unsupported, reason.to_owned());
        let name = version_two(&own).ok_or_else(|| missing("there is no version 2 hierarchy"))?;
        let mount =
            mounted(&mounts).ok_or_else(|| missing("the version 2 hierarchy is not mounted"))?;
        let directory = mount.join(name.trim_start_matches('/'));
        let controllers = text(&directory.join("cgroup.controllers"))?;
        for needed in ["memory", "pids"] {
            if !controllers.split_whitespace().any(|one| one == needed) {
                return Err(missing(&format!("the group has no `{needed}` controller")));
            }
        }
        let writable = rustix::fs::Access::WRITE_OK;
        for place in ["cgroup.procs", "cgroup.subtree_control"] {
            rustix::fs::accessat(CWD, directory.join(place), writable, AtFlags::EACCESS)
                .map_err(|_errno| missing("the group is not delegated to this user"))?;
        }
        Ok(Self { directory })
    }

    /// Makes a group below with these bounds. `name` is unique in it.
    ///
    /// The processes that are in the given group itself are moved into a child of their own
    /// first, because the kernel wants a group's processes in its leaves.
    pub(crate) fn group(&self, name: &str, bounds: Bounds) -> io::Result<Group> {
        self.divide()?;
        let directory = self.directory.join(name);
        make(&directory)?;
        let processes = open(&directory.join("cgroup.procs"))?;
        let group = Group { directory, processes };
        group.set("memory.max", &bounds.memory_bytes.to_string())?;
        // Without this the kernel would rather use the disk without end.
        let _no_swap_accounting = group.set("memory.swap.max", "0");
        group.set("pids.max", &bounds.processes.to_string())?;
        Ok(group)
    }

    fn divide(&self) -> io::Result<()> {
        let control = self.directory.join("cgroup.subtree_control");
        let enabled = text(&control)?;
        if ["memory", "pids"].iter().all(|one| enabled.split_whitespace().any(|it| it == *one)) {
            return Ok(());
        }
        let own = self.directory.join("moat-itself");
        make(&own)?;
        for process in text(&self.directory.join("cgroup.procs"))?.lines() {
            match put(&own.join("cgroup.procs"), process) {
                // It ended meanwhile.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                other => other?,
            }
        }
        put(&control, "+memory +pids")
    }
}

impl Group {
    /// The file into which a process writes its number to enter; a descriptor, because a
    /// sandbox has no name for it.
    pub(crate) fn processes(&self) -> &OwnedFd {
        &self.processes
    }

    fn set(&self, name: &str, value: &str) -> io::Result<()> {
        put(&self.directory.join(name), value)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whatever is left in it ends; an older kernel leaves that to the sandbox.
        let _older = self.set("cgroup.kill", "1");
        let _busy = rustix::fs::unlinkat(CWD, &self.directory, AtFlags::REMOVEDIR);
    }
}

/// The path of the version 2 group in the text of `/proc/self/cgroup`.
fn version_two(own: &str) -> Option<&str> {
    own.lines().find_map(|line| line.strip_prefix("0::"))
}

/// Where the version 2 hierarchy is mounted, from the text of `/proc/self/mountinfo`.
fn mounted(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let is_it = after.split(' ').next() == Some("cgroup2");
        // The whole hierarchy, not a part of it that was bound somewhere.
        let mut fields = before.split(' ').skip(3);
        let is_whole = fields.next() == Some("/");
        let at = fields.next()?;
        (is_it && is_whole).then(|| PathBuf::from(at))
    })
}

fn make(directory: &Path) -> io::Result<()> {
    match rustix::fs::mkdirat(CWD, directory, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

fn put(path: &Path, value: &str) -> io::Result<()> {
    File::from(open(path)?).write_all(value.as_bytes())
}

fn text(path: &Path) -> io::Result<String> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = String::new();
    File::from(file).take(TEXT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Enters a group by its descriptor.
pub(crate) fn enter(processes: impl AsFd) -> io::Result<()> {
    // 0 stands for the process that writes.
    rustix::io::write(processes, b"0")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_and_its_mount_are_found_in_the_kernel_s_words() {
        let own = "9:memory:/x\n0::/user.slice/user-1000.slice/user@1000.service/app\n";
        assert_eq!(version_two(own), Some("/user.slice/user-1000.slice/user@1000.service/app"));
        assert_eq!(version_two("9:memory:/x\n"), None);
        let mounts = "25 20 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      26 20 0:23 /part /elsewhere rw - cgroup2 cgroup rw\n\
                      27 20 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup rw\n";
        assert_eq!(mounted(mounts), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mounted("25 20 0:22 / / rw - ext4 /dev/x rw\n"), None);
    }
}
