// SPDX-License-Identifier: Apache-2.0
//! Attempts on processes.
//!
//! Invariant: the only process that is read or signalled is the probe's own.

use moat_sandbox::attempt;
use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;

use crate::target::{Refused, Target, Tried};

/// Finds the canary in the variables of the bystander.
pub(super) fn see(target: &Target) -> Tried {
    let path = format!("/proc/{}/environ", target.process);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let mut bytes = [0_u8; 4096];
    let length = rustix::io::read(&file, &mut bytes)?;
    let text = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
    match text.contains(&target.canary) {
        true => Ok(()),
        // Its number is another process's here.
        false => Err(Refused::Otherwise("it is another process")),
    }
}

/// Sends a signal that does nothing, whose arrival the bystander sees.
pub(super) fn signal(target: &Target) -> Tried {
    let none = Refused::Otherwise("it has no number");
    let process = Pid::from_raw(target.process).ok_or(none)?;
    Ok(rustix::process::kill_process(process, attempt::HARMLESS_SIGNAL)?)
}

/// Reads the canary in the bystander's segment.
pub(super) fn segment(target: &Target) -> Tried {
    let bytes = attempt::read_segment(target.segment, target.canary.len())?;
    match bytes == target.canary.as_bytes() {
        true => Ok(()),
        false => Err(Refused::Otherwise("it is another segment")),
    }
}
