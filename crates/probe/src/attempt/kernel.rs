// SPDX-License-Identifier: Apache-2.0
//! Attempts on the kernel's interface and on privilege.
//!
//! Invariant: the programs that are run say their version and end.

use std::ffi::{CStr, CString};

use moat_sandbox::attempt::{kernel_log, output_of};
use rustix::fs::{Mode, OFlags};

use crate::target::{Refused, Tried};

/// Reads the kernel's log by its device, or by its call.
pub(super) fn log() -> Tried {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = rustix::fs::open("/dev/kmsg", flags, Mode::empty());
    match opened.and_then(|device| rustix::io::read(&device, &mut [0_u8; 8192])) {
        Ok(_read) => Ok(()),
        Err(_refused) => Ok(kernel_log()?),
    }
}

pub(super) fn program() -> Tried {
    output_of(TRUE, &[TRUE.to_owned()], &[])?;
    Ok(())
}

/// Runs a setuid program and sees by its loader whether it got rights: a loader that knows
/// of some does not print what the kernel told it, for whoever may see it.
pub(super) fn setuid() -> Tried {
    let tells = |program: &CStr| -> Result<bool, Refused> {
        let arguments = [program.to_owned(), CString::from(c"--version")];
        let output = output_of(program, &arguments, &[CString::from(c"LD_SHOW_AUXV=1")])?;
        Ok(String::from_utf8_lossy(&output).contains("AT_SECURE"))
    };
    if !tells(TRUE)? {
        return Err(Refused::NotTried("this system's loader does not tell".to_owned()));
    }
    let found = SETUID.iter().find(|program| {
        rustix::fs::stat(**program).is_ok_and(|stat| stat.st_mode & SETUID_BIT != 0)
    });
    let Some(program) = found else {
        return Err(Refused::Otherwise("no setuid program is installed"));
    };
    match tells(program)? {
        false => Ok(()),
        true => Err(Refused::Otherwise("it ran without further rights")),
    }
}

const TRUE: &CStr = c"/usr/bin/true";
const SETUID: &[&CStr] = &[c"/usr/bin/mount", c"/usr/bin/umount", c"/usr/bin/su"];
const SETUID_BIT: u32 = 0o4000;
