// SPDX-License-Identifier: Apache-2.0
//! Control groups: one for the commands of each sandbox, where a group was given to Moat.
//!
//! A version 2 group that is delegated (a scope with `Delegate=yes`) may be divided by who
//! runs in it. Moat divides one only when it is alone there: it moves itself into
//! [`OWN`] below it, because a group that hands controllers on may hold no process, and
//! makes a group beside that for each sandbox. Only commands are in that one, so that
//! running out of memory ends a command and not its session.
//!
//! Source: the kernel's `Documentation/admin-guide/cgroup-v2.rst`; systemd's "Control Group
//! APIs and Delegation" for whom a group belongs to.
//!
//! Invariant: no group that holds another program's process, or that a service manager
//! keeps, is changed, and none is entered by anything but Moat and its commands.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Access, AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::command::Bound;
use crate::limits::{ANSWER_WAIT_MAX, GROUP_PROCESSES_BESIDES};
use crate::poll;

/// A group below which groups for sandboxes can be made.
#[derive(Clone, Debug)]
pub(crate) struct Delegated {
    base: PathBuf,
}

impl Delegated {
    /// Finds the group that was given to this process, and makes it ready.
    ///
    /// This process must not have started another one yet: it is moved, and only it.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn claim() -> io::Result<Self> {
        let group = own_group()?;
        let base = match (group.file_name() == Some(OWN.as_ref()), group.parent()) {
            // Moat has divided the one above, in this process or in the one that started it.
            (true, Some(base)) => base.to_owned(),
            (_, _) => {
                divide(&group)?;
                group
            }
        };
        let handed_on = text(&base.join("cgroup.subtree_control"))?;
        offers(&handed_on).map_err(|name| missing(&format!("its group hands no {name} on")))?;
        collect(&base);
        Ok(Self { base })
    }

    /// Makes a group for the commands of one sandbox. Without swap, so that its bound on
    /// memory is one; when that is reached, all of it ends at once.
    pub(crate) fn make(&self) -> io::Result<Group> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = self.base.join(format!("{PREFIX}{}-{number}", std::process::id()));
        rustix::fs::mkdir(&path, Mode::from_raw_mode(0o755))?;
        let directory = open(&path).inspect_err(|_error| {
            let _removed = rustix::fs::rmdir(&path);
        })?;
        let group = Group { directory, path };
        for (name, value) in [("memory.swap.max", "0"), ("memory.oom.group", "1")] {
            let refused = |error| missing(&format!("`{name}` cannot be set: {error}"));
            group.set(name, value).map_err(refused)?;
        }
        Ok(group)
    }
}

/// The group of one sandbox; removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) directory: OwnedFd,
    pub(crate) path: PathBuf,
}

impl Group {
    /// Sets the bounds of the next command, and notes what happened in the group before.
    ///
    /// What is there already and cannot be taken away (files in memory that earlier commands
    /// left, processes that wait for a command) comes on top of the bound.
    pub(crate) fn admit(&self, bytes: u64, processes: u64) -> io::Result<Events> {
        let current = self.text("memory.current")?.trim().parse().unwrap_or(0);
        let kept = kept(current, &self.text("memory.stat")?);
        // The kernel takes no number above its own largest.
        let bytes = bytes.saturating_add(kept).min(u64::MAX >> 2);
        self.set("memory.max", &bytes.to_string())?;
        let processes = processes.saturating_add(GROUP_PROCESSES_BESIDES).min(PROCESSES_MOST);
        self.set("pids.max", &processes.to_string())?;
        self.events()
    }

    /// The bound for which the kernel ended the group's processes since `before`.
    pub(crate) fn ended_at(&self, before: &Events) -> Option<Bound> {
        let now = self.events().ok()?;
        if now.killed == before.killed {
            return None;
        }
        // Without a bound of its own that was reached, it was somebody else's, or the machine's.
        Some(if now.full == before.full { Bound::MachineMemory } else { Bound::Memory })
    }

    fn events(&self) -> io::Result<Events> {
        Ok(Events::read(&self.text("memory.events")?))
    }

    fn set(&self, name: &str, value: &str) -> io::Result<()> {
        put(&self.path.join(name), value)
    }

    fn text(&self, name: &str) -> io::Result<String> {
        text(&self.path.join(name))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, group = %self.path.display(), "a control group is left");
        }
    }
}

/// What happened in a group so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
    /// How often its bound was reached and nothing could be taken away.
    full: u64,
    /// How many of its processes the kernel killed for want of memory.
    killed: u64,
}

impl Events {
    fn read(text: &str) -> Self {
        Self { full: number(text, "oom"), killed: number(text, "oom_kill") }
    }
}

/// What of `current` bytes stays when the kernel takes away what it can: not the content
/// of files on a disk, and not what it only remembers.
fn kept(current: u64, stat: &str) -> u64 {
    let content = number(stat, "file").saturating_sub(number(stat, "shmem"));
    current.saturating_sub(content.saturating_add(number(stat, "slab_reclaimable")))
}

/// Moves this process, which is alone in `group`, one down, and hands controllers on.
fn divide(group: &Path) -> io::Result<()> {
    let kind = text(&group.join("cgroup.type"));
    let kind = kind.map_err(|_root| missing("it is in the machine's first group"))?;
    if kind.trim() != "domain" {
        return Err(missing("its group is not one of processes"));
    }
    let offered = text(&group.join("cgroup.controllers"))?;
    offers(&offered).map_err(|name| missing(&format!("its group has no {name}")))?;
    for place in ["", "cgroup.procs", "cgroup.subtree_control"] {
        rustix::fs::accessat(CWD, group.join(place), Access::WRITE_OK, AtFlags::EACCESS)
            .map_err(|_errno| missing("its group is not delegated to this user"))?;
    }
    if is_unit(group) && !is_marked(group) {
        return Err(missing("its group belongs to systemd, which did not delegate it"));
    }
    let own = std::process::id().to_string();
    if text(&group.join("cgroup.procs"))?.split_whitespace().ne([own.as_str()]) {
        return Err(missing("its group holds other processes than Moat's"));
    }
    let below = group.join(OWN);
    match rustix::fs::mkdir(&below, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno.into()),
    }
    put(&below.join("cgroup.procs"), &own)?;
    put(&group.join("cgroup.subtree_control"), "+memory +pids").inspect_err(|_refused| {
        // As it was; when that fails too, it is one down, where nothing is different.
        let _back = put(&group.join("cgroup.procs"), &own);
        let _removed = rustix::fs::rmdir(&below);
    })
}

/// Which of the controllers that are needed is not among `names`.
fn offers(names: &str) -> Result<(), String> {
    for needed in ["memory", "pids"] {
        if !names.split_whitespace().any(|one| one == needed) {
            return Err(format!("`{needed}` controller"));
        }
    }
    Ok(())
}

/// Whether a group is one of systemd's units, by its name.
fn is_unit(group: &Path) -> bool {
    let kind = group.extension().and_then(|kind| kind.to_str());
    matches!(kind, Some("scope" | "service" | "slice"))
}

/// Whether systemd says that it leaves the group to who runs in it.
fn is_marked(group: &Path) -> bool {
    ["user.delegate", "trusted.delegate"].iter().any(|name| {
        let mut value = [0; 1];
        rustix::fs::getxattr(group, *name, &mut value[..]).is_ok() && value == *b"1"
    })
}

/// Removes what sandboxes of a Moat left that was killed.
fn collect(base: &Path) {
    let Ok(entries) = open(base).and_then(|base| Ok(Dir::read_from(&base)?)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(owner) = owner(&name) else { continue };
        if !Path::new(&format!("/proc/{owner}")).exists() {
            // What does not go now is looked at again at the next start.
            let _left = remove(&base.join(name));
        }
    }
}

/// The process that made the group with this name.
fn owner(name: &str) -> Option<u32> {
    let (owner, number) = name.strip_prefix(PREFIX)?.split_once('-')?;
    number.parse::<u64>().ok()?;
    owner.parse().ok()
}

/// Removes a group, with the processes that are left in it.
fn remove(group: &Path) -> io::Result<()> {
    match rustix::fs::rmdir(group) {
        Err(Errno::BUSY) => {}
        other => return Ok(other?),
    }
    // A kernel before 5.14 lacks it; what is left is then only waited for.
    let _killed = put(&group.join("cgroup.kill"), "1");
    empty(open(group)?.as_fd(), || Ok(()))?;
    Ok(rustix::fs::rmdir(group)?)
}

/// How many processes of a group the kernel has killed for want of memory.
pub(crate) fn killed(group: BorrowedFd<'_>) -> u64 {
    // It is gone with its sandbox when this fails.
    text_at(group, "memory.events").map_or(0, |text| Events::read(&text).killed)
}

/// Ends every process of a group that is used again, and waits until none is left.
///
/// Not by `cgroup.kill`: Linux 6.12 kills each process that is started into a group in which
/// that was once written to.
///
/// # Errors
/// The system's; that they did not end within [`ANSWER_WAIT_MAX`].
pub(crate) fn clear(group: BorrowedFd<'_>) -> io::Result<()> {
    empty(group, || {
        for process in processes(group)? {
            // Its number may be another's by now, who is not in the group.
            let opened = rustix::process::pidfd_open(process, PidfdFlags::empty());
            if let (Ok(opened), true) = (opened, processes(group)?.contains(&process)) {
                let _ended = rustix::process::pidfd_send_signal(&opened, Signal::KILL);
            }
        }
        Ok(())
    })
}

fn processes(group: BorrowedFd<'_>) -> io::Result<Vec<Pid>> {
    let text = text_at(group, "cgroup.procs")?;
    Ok(text.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect())
}

/// Does `end` again and again until the group holds no process.
fn empty(group: BorrowedFd<'_>, mut end: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let events = rustix::fs::openat(group, "cgroup.events", flags, Mode::empty())?;
    loop {
        let mut bytes = [0; 256];
        let read = rustix::io::pread(&events, &mut bytes[..], 0)?;
        let text = String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()).into_owned();
        if number(&text, "populated") == 0 {
            return Ok(());
        }
        end()?;
        let mut fds = [PollFd::new(&events, PollFlags::PRI)];
        if poll::wait(&mut fds, Some(ANSWER_WAIT_MAX))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

/// Finds the group of this process.
fn own_group() -> io::Result<PathBuf> {
    let own = text(Path::new("/proc/self/cgroup"))?;
    let mounts = text(Path::new("/proc/self/mountinfo"))?;
    let name = version_two(&own).ok_or_else(|| missing("there is no version 2 hierarchy"))?;
    let mount =
        mounted(&mounts).ok_or_else(|| missing("the version 2 hierarchy is not mounted"))?;
    if name.split('/').any(|part| part == "..") {
        return Err(missing("its group lies outside of what is mounted"));
    }
    Ok(match name.trim_matches('/') {
        "" => mount,
        name => mount.join(name),
    })
}

fn missing(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason.to_owned())
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

/// The number after `name` in a text of such lines; 0 where there is none.
fn number(text: &str, name: &str) -> u64 {
    let of_it = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
    text.lines().find_map(of_it).unwrap_or(0)
}

fn open(directory: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(directory, flags, Mode::empty())?)
}

fn put(path: &Path, value: &str) -> io::Result<()> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, value.as_bytes())?;
    Ok(())
}

fn text(path: &Path) -> io::Result<String> {
    text_at(CWD, path)
}

fn text_at(at: BorrowedFd<'_>, path: impl rustix::path::Arg) -> io::Result<String> {
    let file = rustix::fs::openat(at, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = String::new();
    File::from(file).take(TEXT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// The group for Moat's own processes, below the one that was delegated.
const OWN: &str = "moat-own";

/// The beginning of the names of groups for sandboxes; who made it, and a number, follow.
const PREFIX: &str = "moat-";

/// How many groups this process has made.
static MADE: AtomicU64 = AtomicU64::new(0);

/// The most processes that a group can be bounded to (the kernel's `PID_MAX_LIMIT`).
const PROCESSES_MOST: u64 = 1 << 22;

const TEXT_BYTES_MAX: u64 = 1 << 20;

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

    #[test]
    fn only_groups_of_sandboxes_have_an_owner() {
        assert_eq!(owner("moat-4711-0"), Some(4711));
        for name in [OWN, "moat-4711", "moat-4711-", "moat--1", "other-1-1", "moat-1-x", ""] {
            assert_eq!(owner(name), None, "{name}");
        }
    }

    #[test]
    fn a_unit_of_systemd_is_known_by_its_name() {
        for (name, unit) in [
            ("/sys/fs/cgroup/user.slice/run-r1.scope", true),
            ("/sys/fs/cgroup/system.slice/x.service", true),
            ("/sys/fs/cgroup/user.slice", true),
            ("/sys/fs/cgroup/docker/abc", false),
            ("/sys/fs/cgroup", false),
        ] {
            assert_eq!(is_unit(Path::new(name)), unit, "{name}");
        }
    }

    #[test]
    fn both_controllers_are_needed() {
        assert_eq!(offers("cpuset cpu memory pids\n"), Ok(()));
        assert_eq!(offers("memory"), Err("`pids` controller".to_owned()));
        assert_eq!(offers("pids memoryx"), Err("`memory` controller".to_owned()));
    }

    #[test]
    fn what_can_be_taken_away_does_not_count_and_events_are_told_apart() {
        let stat = "anon 100\nfile 5000\nkernel 30\nfile_mapped 9\nshmem 1000\n\
                    slab_reclaimable 20\nslab 25\n";
        assert_eq!(kept(5130, stat), 5130 - 4000 - 20);
        assert_eq!(kept(0, stat), 0);
        let events = Events::read("low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 1\n");
        assert_eq!(events, Events { full: 2, killed: 3 });
        assert_eq!(Events::read(""), Events::default());
    }
}
