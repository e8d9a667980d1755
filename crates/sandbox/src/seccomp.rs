// SPDX-License-Identifier: Apache-2.0
//! Puts a system call filter in force; what is in it is `moat-seccomp`'s.
//!
//! Source: seccomp(2).
//!
//! Invariant: a filter that could not be put on every thread that it was meant for is an error.
#![expect(unsafe_code, reason = "installing a filter is a raw system call")]

pub(crate) mod notice;

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};

use moat_seccomp::Instruction;
pub(crate) use moat_seccomp::{
    Families, Program, Programs, Shared, confined, sharing, without_inet,
};

use crate::plan::Layer;

/// Which threads a filter is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    /// The calling one, and those it starts later.
    This,
    /// All that the process has.
    All,
}

/// Puts `program` in force for this process and all that it starts. Needs `no_new_privs`.
pub(crate) fn install(program: &Program, threads: Threads) -> io::Result<()> {
    let flags = match threads {
        Threads::This => 0,
        Threads::All => FLAG_ALL_THREADS,
    };
    match load(program, flags)? {
        0 => Ok(()),
        // A thread could not be brought under the filter.
        _ => Err(io::Error::from_raw_os_error(libc::EBUSY)),
    }
}

/// Puts `program` in force for this thread, and gives the descriptor on which calls
/// that are handed over wait for their supervisor.
pub(crate) fn install_supervised(program: &Program) -> io::Result<OwnedFd> {
    let fd = i32::try_from(load(program, FLAG_NEW_LISTENER)?).unwrap_or(-1);
    // SAFETY: the kernel has just opened this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `program` without what a security test switched off.
pub(crate) fn lacking(program: Program, without: &[Layer]) -> Program {
    program.weakened(without.iter().filter_map(|layer| {
        let Layer::Filter(number) = layer else { return None };
        Some(*number)
    }))
}

fn load(program: &Program, flags: u32) -> io::Result<i64> {
    let code = program.finished();
    let loaded = Loaded {
        length: u16::try_from(code.len()).map_err(|_long| io::ErrorKind::InvalidInput)?,
        code: code.as_ptr(),
    };
    // SAFETY: the program and its code outlive the call; the kernel copies both.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, flags, &raw const loaded) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The kernel's `struct sock_fprog`.
#[repr(C)]
struct Loaded {
    length: u16,
    code: *const Instruction,
}

const SET_MODE_FILTER: u32 = 1;
const FLAG_ALL_THREADS: u32 = 1;
const FLAG_NEW_LISTENER: u32 = 1 << 3;
