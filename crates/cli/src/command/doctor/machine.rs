// SPDX-License-Identifier: Apache-2.0
//! Which program, which machine and whose: what an auditor writes at the top of a page.
//!
//! The kernel's settings explain what was found; nothing is decided by them.
//!
//! Invariant: what cannot be read is said to be unknown.

use std::path::{Path, PathBuf};

use moat_base::Timestamp;
use moat_files::BlobId;
use serde::Serialize;

use crate::environment::Environment;

/// What the report is about.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    pub(super) version: &'static str,
    pub(super) program: String,
    pub(super) sha256: String,
    pub(super) date: Timestamp,
    pub(super) user: User,
    pub(super) kernel: String,
    pub(super) distribution: String,
    pub(super) architecture: &'static str,
    /// The security modules that are active, as the kernel lists them.
    pub(super) security_modules: String,
    /// The version of Landlock; 0 for none.
    pub(super) landlock: i32,
    /// The kernel's settings that explain what was found; nothing where one is absent.
    pub(super) settings: Vec<(&'static str, Option<String>)>,
}

/// Who runs it.
#[derive(Debug, Serialize)]
pub(super) struct User {
    pub(super) id: Option<u32>,
    pub(super) name: Option<String>,
    /// The groups beside the user's own, by name where one is known.
    pub(super) groups: Vec<String>,
}

/// The file system that a directory lies on.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct FileSystem {
    pub(super) kind: String,
    pub(super) mounted_at: PathBuf,
}

impl Machine {
    pub(super) fn read(environment: &Environment) -> Self {
        let program = environment.fs.read(&environment.program, PROGRAM_BYTES_MAX);
        let unknown = || "unknown".to_owned();
        let fact = |path: &str| text(environment, path);
        let settings = SETTINGS.iter().map(|name| {
            let path = format!("/proc/sys/{}", name.replace('.', "/"));
            (*name, fact(&path).map(|value| value.trim().to_owned()))
        });
        Self {
            version: env!("CARGO_PKG_VERSION"),
            program: environment.program.display().to_string(),
            sha256: program.map_or_else(|_unread| unknown(), |it| BlobId::of(&it).to_string()),
            date: environment.clock.now(),
            user: user(
                &fact("/proc/self/status").unwrap_or_default(),
                &fact("/etc/passwd").unwrap_or_default(),
                &fact("/etc/group").unwrap_or_default(),
            ),
            kernel: fact("/proc/sys/kernel/osrelease")
                .map_or_else(unknown, |name| name.trim().to_owned()),
            distribution: fact("/etc/os-release")
                .or_else(|| fact("/usr/lib/os-release"))
                .and_then(|text| distribution(&text))
                .unwrap_or_else(unknown),
            architecture: std::env::consts::ARCH,
            security_modules: fact("/sys/kernel/security/lsm").map_or_else(
                || "unknown: `/sys/kernel/security/lsm` cannot be read".to_owned(),
                |names| names.trim().to_owned(),
            ),
            landlock: moat_sandbox::landlock_version(),
            settings: settings.collect(),
        }
    }

    /// What of it a person should look at.
    pub(super) fn warnings(&self) -> Vec<String> {
        let reaching = self.user.groups.iter().filter(|name| REACHING.contains(&name.as_str()));
        reaching
            .map(|name| {
                format!(
                    "you are in the group `{name}`, which a command keeps for the files that it \
                     sees; Moat shows it none of that group's sockets and devices"
                )
            })
            .collect()
    }
}

/// Reads who this is from what the kernel and the system's lists say.
fn user(status: &str, users: &str, groups: &str) -> User {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let first = |name: &str| field(name)?.split_whitespace().next()?.parse::<u32>().ok();
    let (id, own) = (first("Uid:"), first("Gid:"));
    let name_of = |list: &str, id: u32| {
        list.lines().find_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?;
            (parts.nth(1)?.parse::<u32>().ok() == Some(id)).then(|| name.to_owned())
        })
    };
    let numbers = field("Groups:").unwrap_or_default().split_whitespace();
    let numbers = numbers.filter_map(|number| number.parse::<u32>().ok());
    User {
        name: id.and_then(|id| name_of(users, id)),
        id,
        groups: numbers
            .filter(|number| Some(*number) != own)
            .map(|number| name_of(groups, number).unwrap_or_else(|| number.to_string()))
            .collect(),
    }
}

fn distribution(text: &str) -> Option<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}

/// The file system of a directory: of the mounts whose place is above it, the nearest, and of
/// those at one place the last.
pub(super) fn file_system(environment: &Environment, path: &Path) -> Option<FileSystem> {
    of_mounts(&text(environment, "/proc/self/mountinfo")?, path)
}

fn of_mounts(mounts: &str, path: &Path) -> Option<FileSystem> {
    let mut nearest: Option<FileSystem> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(at), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else {
            continue;
        };
        let at = PathBuf::from(at.replace("\\040", " "));
        let length = |found: &FileSystem| found.mounted_at.as_os_str().len();
        let nearer = nearest.as_ref().is_none_or(|it| at.as_os_str().len() >= length(it));
        if path.starts_with(&at) && nearer {
            nearest = Some(FileSystem { kind: kind.to_owned(), mounted_at: at });
        }
    }
    nearest
}

fn text(environment: &Environment, path: &str) -> Option<String> {
    let bytes = environment.fs.read(path.as_ref(), FACT_BYTES_MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Settings that decide whether there are namespaces, and what the controls may do.
const SETTINGS: &[&str] = &[
    "user.max_user_namespaces",
    "kernel.unprivileged_userns_clone",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.yama.ptrace_scope",
    "kernel.io_uring_disabled",
    "kernel.unprivileged_bpf_disabled",
    "kernel.perf_event_paranoid",
    "kernel.dmesg_restrict",
    "vm.unprivileged_userfaultfd",
];

/// Groups whose sockets and devices lead to everything.
const REACHING: &[&str] = &["docker", "lxd", "incus", "libvirt", "disk", "kvm", "shadow"];

/// The longest program whose digest is computed.
const PROGRAM_BYTES_MAX: u64 = 1 << 30;

/// The longest list of the system's that is read.
const FACT_BYTES_MAX: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_names_where_the_system_knows_them() {
        let status = "Name:\tmoat\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n\
                      Groups:\t27 998 1000 4242 \n";
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        let groups = "sudo:x:27:ada\ndocker:x:998:ada\nada:x:1000:\n";
        let found = user(status, users, groups);
        assert_eq!((found.id, found.name.as_deref()), (Some(1000), Some("ada")));
        assert_eq!(found.groups, ["sudo", "docker", "4242"]);
        let nobody = user("", "", "");
        assert_eq!((nobody.id, nobody.name, nobody.groups), (None, None, Vec::new()));
    }

    #[test]
    fn the_nearest_mount_is_a_directory_s_file_system() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n\
                      2 1 0:5 / /home rw,nosuid shared:1 - btrfs /dev/b rw\n\
                      3 2 0:6 / /home/a\\040b rw - overlay none rw\n\
                      4 1 0:7 / /home/adam rw - xfs /dev/c rw\n";
        for (path, kind) in [
            ("/srv", "ext4"),
            ("/home/ada", "btrfs"),
            ("/home/a b/c", "overlay"),
            ("/home/adam", "xfs"),
        ] {
            let found = of_mounts(mounts, Path::new(path)).unwrap();
            assert_eq!(found.kind, kind, "{path}");
        }
        assert_eq!(of_mounts("", Path::new("/")), None);
        assert_eq!(distribution("ID=x\nPRETTY_NAME=\"Debian 13\"\n").as_deref(), Some("Debian 13"));
    }
}
