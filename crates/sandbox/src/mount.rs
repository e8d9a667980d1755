// SPDX-License-Identifier: Apache-2.0
//! Mounts made from descriptors, never from names that could change in between.
//!
//! Source: the kernel's `Documentation/filesystems/mount_api.rst` and `overlayfs.rst`.
//!
//! Invariant: a source is opened once, without following a symbolic link, and what
//! was opened is what is mounted.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags};

use crate::kernel::{self, Depth};
use crate::wire::Identity;

/// Opens a place on the host, following no symbolic link, and checks that it is
/// still the one that was meant.
pub(crate) fn source(path: &OsStr, identity: Option<Identity>) -> io::Result<OwnedFd> {
    let fd = rustix::fs::openat2(
        rustix::fs::CWD,
        path,
        OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW,
        Mode::empty(),
        ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
    )?;
    if let Some(expected) = identity {
        let stat = rustix::fs::fstat(&fd)?;
        let found = Identity { device: stat.st_dev, inode: stat.st_ino };
        if found != expected {
            return Err(io::Error::from_raw_os_error(libc::ESTALE));
        }
    }
    Ok(fd)
}

/// Copies the mount at `source`, with all below it, as a mount of its own.
pub(crate) fn duplicate(source: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    Ok(rustix::mount::open_tree(source, "", flags)?)
}

/// What a mount lacks.
pub(crate) const NOSUID: u64 = 2;
/// See [`NOSUID`].
pub(crate) const NODEV: u64 = 4;
/// See [`NOSUID`].
pub(crate) const RDONLY: u64 = 1;
/// See [`NOSUID`].
const NOEXEC: u64 = 8;

/// Takes rights away from a mount and all below it.
pub(crate) fn narrow(mount: BorrowedFd<'_>, attributes: u64) -> io::Result<()> {
    kernel::mount_setattr(mount, Depth::Tree, attributes, 0)
}

/// Takes rights away from one mount.
pub(crate) fn narrow_one(mount: BorrowedFd<'_>, attributes: u64) -> io::Result<()> {
    kernel::mount_setattr(mount, Depth::One, attributes, 0)
}

/// Takes every restriction from one mount. Only security tests do.
pub(crate) fn widen(mount: BorrowedFd<'_>) -> io::Result<()> {
    kernel::mount_clearattr(mount, RDONLY | NOSUID | NODEV | NOEXEC)
}

/// Cuts every mount of this namespace off from the host's, in both directions.
pub(crate) fn detach_from_host(root: BorrowedFd<'_>) -> io::Result<()> {
    kernel::mount_setattr(root, Depth::Tree, 0, libc::MS_PRIVATE)
}

/// Makes a new file system.
pub(crate) fn file_system(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> io::Result<OwnedFd> {
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in options {
        if value.is_empty() {
            rustix::mount::fsconfig_set_flag(context.as_fd(), *key)?;
        } else {
            rustix::mount::fsconfig_set_string(context.as_fd(), *key, *value)?;
        }
    }
    rustix::mount::fsconfig_create(context.as_fd())?;
    Ok(rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

/// Makes a file system in memory.
pub(crate) fn memory(bytes_max: u64, files_max: u64, mode: u32) -> io::Result<OwnedFd> {
    file_system(
        "tmpfs",
        &[
            ("size", &bytes_max.to_string()),
            ("nr_inodes", &files_max.to_string()),
            ("mode", &format!("{mode:o}")),
        ],
        PLAIN,
    )
}

/// Lays trees over each other; `lowers` nearest first. Without an upper it is read-only.
///
/// Descriptors are named by their place in `/proc/self/fd`, so that no character of
/// a real path has a meaning and the layers are those that were opened.
pub(crate) fn overlay(
    lowers: &[BorrowedFd<'_>],
    upper: Option<(BorrowedFd<'_>, BorrowedFd<'_>)>,
) -> io::Result<OwnedFd> {
    let name = |fd: BorrowedFd<'_>| format!("/proc/self/fd/{}", fd.as_raw_fd());
    let lower: Vec<String> = lowers.iter().copied().map(name).collect();
    let lower = lower.join(":");
    let mut options = vec![("userxattr", String::new()), ("lowerdir", lower)];
    if let Some((upper, work)) = upper {
        options.push(("upperdir", name(upper)));
        options.push(("workdir", name(work)));
    }
    let options: Vec<(&str, &str)> =
        options.iter().map(|(key, value)| (*key, value.as_str())).collect();
    file_system("overlay", &options, PLAIN)
}

/// Puts a mount at `target`.
pub(crate) fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(rustix::mount::move_mount(mount, "", target, "", flags)?)
}

/// Opens a directory of the new root, making what is missing on the way.
pub(crate) fn directory(root: BorrowedFd<'_>, path: &OsStr) -> io::Result<OwnedFd> {
    let path = Path::new(path);
    // Most are there already: one call instead of one for each name on the way.
    let plain = path.strip_prefix("/").unwrap_or(path);
    if plain.components().all(|component| matches!(component, Component::Normal(_)))
        && !plain.as_os_str().is_empty()
    {
        match open_beneath(root, plain.as_os_str(), OFlags::DIRECTORY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    let mut at = open_beneath(root, OsStr::new("."), OFlags::DIRECTORY)?;
    for component in path.components() {
        let Component::Normal(name) = component else {
            continue;
        };
        at = match open_beneath(at.as_fd(), name, OFlags::DIRECTORY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                rustix::fs::mkdirat(&at, name, Mode::from_raw_mode(0o755))?;
                open_beneath(at.as_fd(), name, OFlags::DIRECTORY)?
            }
            other => other?,
        };
    }
    Ok(at)
}

/// Opens a file beneath a directory for mounting.
pub(crate) fn file(at: BorrowedFd<'_>, name: &OsStr) -> io::Result<OwnedFd> {
    open_beneath(at, name, OFlags::empty())
}

/// Opens the directory that holds `path` and gives the last name.
pub(crate) fn parent<'a>(
    root: BorrowedFd<'_>,
    path: &'a OsStr,
) -> io::Result<(OwnedFd, &'a OsStr)> {
    let path = Path::new(path);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    Ok((directory(root, parent.as_os_str())?, name))
}

/// Opens a place to mount on that is of the same kind as `source`, making it when it is missing.
pub(crate) fn target(
    root: BorrowedFd<'_>,
    path: &OsStr,
    source: BorrowedFd<'_>,
) -> io::Result<OwnedFd> {
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(source)?.st_mode);
    if kind == rustix::fs::FileType::Directory {
        return directory(root, path);
    }
    let (parent, name) = parent(root, path)?;
    match open_beneath(parent.as_fd(), name, OFlags::empty()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            drop(rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(0o644))?);
            open_beneath(parent.as_fd(), name, OFlags::empty())
        }
        other => other,
    }
}

fn open_beneath(at: BorrowedFd<'_>, name: &OsStr, kind: OFlags) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat2(
        at,
        name,
        OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW | kind,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
    )?)
}

const PLAIN: MountAttrFlags =
    MountAttrFlags::MOUNT_ATTR_NOSUID.union(MountAttrFlags::MOUNT_ATTR_NODEV);
