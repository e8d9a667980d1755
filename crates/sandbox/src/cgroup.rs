// SPDX-License-Identifier: Apache-2.0
//! Control groups: whether the kernel could bound the memory of all commands together.
//!
//! A version 2 group that was given to the user (a scope with `Delegate=yes`) may be
//! divided, and commands put into a part with bounds. This finds out whether there is one;
//! making the part comes with the limits (issue 3).
//!
//! Source: the kernel's `Documentation/admin-guide/cgroup-v2.rst`, "Delegation".
//!
//! Invariant: nothing is written.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

/// Says in a sentence whether commands are bounded together here.
pub(crate) fn account() -> String {
    match delegated() {
        Ok(directory) => format!(
            "memory of all processes together is not bounded yet; the group `{}` is delegated and \
             would allow it",
            directory.display()
        ),
        Err(error) => {
            format!("memory of all processes together is not bounded by the kernel here: {error}")
        }
    }
}

/// Finds the group of this process, and whether it can be divided.
fn delegated() -> io::Result<PathBuf> {
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
            return Err(missing(&format!("its group has no `{needed}` controller")));
        }
    }
    for place in ["cgroup.procs", "cgroup.subtree_control"] {
        let place = directory.join(place);
        rustix::fs::accessat(CWD, place, rustix::fs::Access::WRITE_OK, AtFlags::EACCESS)
            .map_err(|_errno| missing("its group is not delegated to this user"))?;
    }
    Ok(directory)
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

fn text(path: &Path) -> io::Result<String> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = String::new();
    File::from(file).take(TEXT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

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
}
