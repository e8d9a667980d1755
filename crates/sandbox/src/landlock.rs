// SPDX-License-Identifier: Apache-2.0
//! Landlock: which files a process may read, write and run, whatever it can name.
//!
//! Behind the mount view this is a second wall over the same ground, and the one
//! that scopes signals and abstract sockets. Source: the kernel's
//! `Documentation/userspace-api/landlock.rst` and `include/uapi/linux/landlock.h`.
//!
//! Invariant: rights are only ever added to a ruleset that handles everything the
//! kernel's version knows.
#![expect(unsafe_code, reason = "Landlock has no wrapper in libc or rustix")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::kernel;
use crate::plan::Layer;

/// Read and run.
pub(crate) const READ: u64 = EXECUTE | READ_FILE | READ_DIR;
/// Read, and run nothing.
pub(crate) const READ_ONLY: u64 = READ_FILE | READ_DIR;
/// Read and run, write, create, remove, rename and link.
pub(crate) const WRITE: u64 = (IOCTL_DEV << 1) - 1;
/// Read and write files that exist.
pub(crate) const DEVICE: u64 = READ | WRITE_FILE | IOCTL_DEV;

/// The version from which signals and abstract sockets are scoped.
pub(crate) const VERSION_MIN: i32 = 6;

/// A set of rules, not yet in force.
#[derive(Debug)]
pub(crate) struct Ruleset {
    fd: OwnedFd,
    handled: u64,
}

/// The version of Landlock that the kernel offers; 0 for none.
#[must_use]
pub fn version() -> i32 {
    // SAFETY: with a null attribute and this flag the call only answers a number.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<RulesetAttributes>(),
            0_usize,
            CREATE_RULESET_VERSION,
        )
    };
    i32::try_from(version).unwrap_or(0).max(0)
}

impl Ruleset {
    /// Makes a set that denies everything that the kernel's version can deny about files,
    /// signals and abstract sockets.
    pub(crate) fn new() -> io::Result<Self> {
        Self::lacking(&[])
    }

    /// The same without the rights and scopes that a test switched off.
    pub(crate) fn lacking(without: &[Layer]) -> io::Result<Self> {
        let handled = match version() {
            ..=0 => return Err(io::ErrorKind::Unsupported.into()),
            1 => REFER - 1,
            2 => TRUNCATE - 1,
            3 | 4 => IOCTL_DEV - 1,
            5.. => WRITE,
        };
        Self::handling(handled, without)
    }

    /// Makes a set that leaves files alone, and keeps signals and abstract sockets inside.
    ///
    /// `root` is the directory above all. Moving files between directories is denied by every
    /// set that does not allow it, also by one that is not about files.
    pub(crate) fn of_scopes(root: BorrowedFd<'_>) -> io::Result<Self> {
        if version() < VERSION_MIN {
            return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
        }
        let ruleset = Self::handling(REFER, &[])?;
        ruleset.allow(root, REFER)?;
        Ok(ruleset)
    }

    fn handling(handled: u64, without: &[Layer]) -> io::Result<Self> {
        let scoped = if version() >= VERSION_MIN { SCOPES } else { 0 };
        let kept = |part: fn(u8) -> Layer, bits: u64| {
            let dropped = (0..64).filter(|bit| without.contains(&part(*bit)));
            dropped.fold(bits, |bits, bit| bits & !(1 << bit))
        };
        let handled = kept(Layer::LandlockRight, handled);
        let attributes = RulesetAttributes {
            files: handled,
            network: 0,
            scoped: kept(Layer::LandlockScope, scoped),
        };
        // Older kernels take the longer structure as long as what they do not know is zero.
        // SAFETY: the structure outlives the call.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_landlock_create_ruleset,
                &raw const attributes,
                size_of::<RulesetAttributes>(),
                0,
            )
        };
        let fd = i32::try_from(fd).unwrap_or(-1);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just opened this descriptor for us alone.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd, handled })
    }

    /// Allows `rights` beneath `place`, or on it when it is a file.
    pub(crate) fn allow(&self, place: BorrowedFd<'_>, rights: u64) -> io::Result<()> {
        let stat = rustix::fs::fstat(place)?;
        let is_directory =
            rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Directory;
        let rights = if is_directory {
            rights
        } else {
            rights & (EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV)
        };
        let rule = PathRule { rights: rights & self.handled, parent: place.as_raw_fd() };
        // SAFETY: the rule outlives the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                self.fd.as_raw_fd(),
                RULE_PATH_BENEATH,
                &raw const rule,
                0,
            )
        };
        kernel::check(result)
    }

    /// Puts the rules in force for this thread and everything it starts. Needs `no_new_privs`.
    pub(crate) fn restrict(&self) -> io::Result<()> {
        // SAFETY: plain numbers.
        let result =
            unsafe { libc::syscall(libc::SYS_landlock_restrict_self, self.fd.as_raw_fd(), 0) };
        kernel::check(result)
    }
}

impl AsFd for Ruleset {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The kernel's `struct landlock_ruleset_attr`.
#[repr(C)]
struct RulesetAttributes {
    files: u64,
    network: u64,
    scoped: u64,
}

/// The kernel's `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathRule {
    rights: u64,
    parent: i32,
}

const CREATE_RULESET_VERSION: u32 = 1;
const RULE_PATH_BENEATH: i32 = 1;
const SCOPE_ABSTRACT_SOCKET: u64 = 1;
const SCOPE_SIGNAL: u64 = 2;
/// What a domain keeps to itself.
pub(crate) const SCOPES: u64 = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;

/// Run.
pub(crate) const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;
