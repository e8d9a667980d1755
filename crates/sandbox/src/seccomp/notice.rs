// SPDX-License-Identifier: Apache-2.0
//! Calls that wait for a supervisor (the kernel's user notification).
//!
//! Source: seccomp_unotify(2). The caller's memory may change while its call is looked
//! at, so an answer here is never "go on": the supervisor makes the call itself, on what
//! it has opened, or refuses it.
//!
//! Invariant: no answer lets the caller's own call proceed.
#![expect(unsafe_code, reason = "the requests have no wrapper in libc or rustix")]

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

use moat_seccomp::FCHMODAT2;

/// A call that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice {
    /// What identifies it to the kernel.
    id: u64,
    /// The thread that made it.
    pub(crate) thread: i32,
    pub(crate) call: Call,
    pub(crate) arguments: [u64; 6],
}

/// Which call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Chmod,
    Fchmod,
    Fchmodat,
    Fchmodat2,
    Utime,
    Utimes,
    Futimesat,
    Utimensat,
    Other,
}

/// Takes the next call that waits.
pub(crate) fn receive(fd: BorrowedFd<'_>) -> io::Result<Notice> {
    let mut raw = RawNotice::default();
    // SAFETY: the structure is zero, as the kernel wants it, and outlives the call.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), RECEIVE, &raw mut raw) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Notice {
        id: raw.id,
        thread: i32::try_from(raw.thread).unwrap_or(-1),
        call: call(i64::from(raw.number)),
        arguments: raw.arguments,
    })
}

impl Notice {
    /// Whether the thread still waits: only then is what was read by its number about it.
    pub(crate) fn is_current(&self, fd: BorrowedFd<'_>) -> bool {
        // SAFETY: the number outlives the call.
        unsafe { libc::ioctl(fd.as_raw_fd(), IS_CURRENT, &raw const self.id) == 0 }
    }

    /// Ends the call: with success for 0, with this error otherwise.
    pub(crate) fn answer(&self, fd: BorrowedFd<'_>, errno: i32) {
        let raw = RawAnswer { id: self.id, value: 0, error: -errno, flags: 0 };
        // SAFETY: the structure outlives the call. When it fails, the thread is gone.
        unsafe {
            libc::ioctl(fd.as_raw_fd(), SEND, &raw const raw);
        }
    }
}

fn call(number: i64) -> Call {
    #[cfg(target_arch = "x86_64")]
    match number {
        libc::SYS_chmod => return Call::Chmod,
        libc::SYS_utime => return Call::Utime,
        libc::SYS_utimes => return Call::Utimes,
        libc::SYS_futimesat => return Call::Futimesat,
        _ => {}
    }
    match number {
        libc::SYS_fchmod => Call::Fchmod,
        libc::SYS_fchmodat => Call::Fchmodat,
        FCHMODAT2 => Call::Fchmodat2,
        libc::SYS_utimensat => Call::Utimensat,
        _ => Call::Other,
    }
}

/// The kernel's `struct seccomp_notif`.
#[repr(C)]
#[derive(Default)]
struct RawNotice {
    id: u64,
    thread: u32,
    flags: u32,
    number: i32,
    architecture: u32,
    instruction: u64,
    arguments: [u64; 6],
}

/// The kernel's `struct seccomp_notif_resp`.
#[repr(C)]
struct RawAnswer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

const RECEIVE: libc::c_ulong = 0xc050_2100;
const SEND: libc::c_ulong = 0xc018_2101;
const IS_CURRENT: libc::c_ulong = 0x4008_2102;
