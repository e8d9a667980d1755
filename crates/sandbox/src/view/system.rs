// SPDX-License-Identifier: Apache-2.0
//! The part of the view that is the same for every session: the system itself.
//!
//! Invariant: of `/etc` only the files in [`ETC`] appear, and no device but six.

use std::path::{Path, PathBuf};

use crate::limits::{SKELETON_BYTES_MAX, private_bytes};
use crate::view::{bind, exists, secret};
use crate::wire::{Access, Entry, Missing};

/// The system's programs and libraries, and private places instead of its state.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for place in ROOT {
        let path = Path::new(place);
        if let Ok(target) = path.read_link() {
            entries.push(link(path, &target));
        } else if exists(path) {
            entries.push(bind(path, path, Access::Read, Missing::Refuse));
        }
    }
    for name in ETC {
        entries.extend(etc(&Path::new("/etc").join(name)));
    }
    let maven = Path::new("/etc/maven");
    entries.extend(secret::covers(maven, maven));
    for (at, mode) in [("/tmp", 0o1777), ("/var/tmp", 0o1777)] {
        entries.push(memory(at, private_bytes(), mode));
    }
    entries.push(memory("/run", SKELETON_BYTES_MAX, 0o755));
    entries.push(link(Path::new("/var/run"), Path::new("/run")));
    entries.push(Entry::Directory { at: "/run/lock".into() });
    entries.push(link(Path::new("/var/lock"), Path::new("/run/lock")));
    entries.extend(devices());
    for path in SYS {
        let path = Path::new(path);
        if exists(path) {
            entries.push(bind(path, path, Access::Read, Missing::Skip));
        }
    }
    entries
}

/// The user as the system's files tell it: always the same one, with the real home.
pub(crate) fn identity(home: &Path) -> Vec<Entry> {
    let home = home.display();
    [
        (
            "/etc/passwd",
            format!(
                "root:x:0:0:root:/root:/bin/sh\n\
                 user:x:1000:1000:user:{home}:/bin/sh\n\
                 nobody:x:65534:65534:nobody:/:/bin/false\n"
            ),
        ),
        ("/etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n".to_owned()),
        (
            "/etc/nsswitch.conf",
            "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n\
             services: files\nprotocols: files\n"
                .to_owned(),
        ),
        ("/etc/hosts", "127.0.0.1 localhost moat\n::1 localhost\n".to_owned()),
        ("/etc/hostname", "moat\n".to_owned()),
        // Nothing answers there: a question for a name fails at once instead of waiting.
        ("/etc/resolv.conf", "nameserver 127.0.0.1\n".to_owned()),
    ]
    .into_iter()
    .map(|(at, text)| Entry::Text { at: at.into(), text })
    .collect()
}

fn etc(path: &Path) -> Option<Entry> {
    if let Ok(target) = path.read_link() {
        let whole = path.parent().unwrap_or(path).join(&target);
        let visible = ["/usr", "/etc/alternatives", "/etc/ssl", "/etc/pki"];
        if visible.iter().any(|place| whole.starts_with(place)) || target.starts_with("../usr") {
            return Some(link(path, &target));
        }
        let resolved = path.canonicalize().ok()?;
        return Some(Entry::Copy { from: resolved.into(), at: path.into() });
    }
    let kind = path.symlink_metadata().ok()?;
    if kind.is_dir() {
        Some(bind(path, path, Access::Read, Missing::Skip))
    } else {
        Some(Entry::Copy { from: path.into(), at: path.into() })
    }
}

fn devices() -> Vec<Entry> {
    // A directory of the root, which is made read-only when it is filled.
    let mut entries = vec![Entry::Directory { at: "/dev".into() }];
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let path = Path::new("/dev").join(name);
        entries.push(bind(&path, &path, Access::Device, Missing::Skip));
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ] {
        entries.push(link(&Path::new("/dev").join(name), Path::new(target)));
    }
    entries.push(Entry::Terminals { at: "/dev/pts".into() });
    entries.push(memory("/dev/shm", private_bytes(), 0o1777));
    entries
}

fn memory(at: &str, bytes_max: u64, mode: u32) -> Entry {
    Entry::Memory { at: at.into(), bytes_max, mode }
}

fn link(at: &Path, target: &Path) -> Entry {
    Entry::Link { at: at.into(), target: target.into() }
}

/// Whether the system part of the view shows `path` already.
pub(crate) fn shows(path: &Path) -> bool {
    ROOT.iter().map(PathBuf::from).any(|root| path.starts_with(root))
}

/// The same as names of the host: what may be read where nothing can be mounted. The files
/// that say who the user is are the host's own then.
pub(crate) fn places() -> impl Iterator<Item = String> {
    let etc = ETC.iter().chain(&["passwd", "group", "nsswitch.conf", "hosts"]);
    let etc = etc.map(|name| format!("/etc/{name}"));
    ROOT.iter().chain(&SYS).map(|place| (*place).to_owned()).chain(etc)
}

/// Directories of the root that hold programs and libraries.
const ROOT: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/etc/alternatives",
];

/// Files and directories of `/etc` that programs need and that hold no secret.
const ETC: [&str; 41] = [
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gai.conf",
    "host.conf",
    "inputrc",
    "java-11-openjdk",
    "java-17-openjdk",
    "java-21-openjdk",
    "java-25-openjdk",
    "java",
    "jvm",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "login.defs",
    "lsb-release",
    "magic",
    "magic.mime",
    "maven",
    "mime.types",
    "networks",
    "os-release",
    "perl",
    "php",
    "pki/ca-trust",
    "pki/tls/certs",
    "protocols",
    "python3",
    "python3.11",
    "python3.12",
    "python3.13",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
];

/// What programs ask about the machine: how many processors there are.
const SYS: [&str; 2] = ["/sys/devices/system/cpu", "/sys/devices/system/node"];
