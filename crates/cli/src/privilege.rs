// SPDX-License-Identifier: Apache-2.0
//! What this process is allowed to be, before it reads anything.
//!
//! Moat works for the user who starts it, with that user's rights. A process with more than
//! those would follow, as somebody powerful, what somebody less powerful wrote: variables,
//! configuration, a workspace. Plain root (a container, a virtual machine) has acquired
//! nothing and is confined as everybody.
//!
//! Invariant: nothing is read from the environment but the four names that tell of `sudo` and
//! its kin, and no file is opened.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getegid, geteuid, getgid, getuid};
use rustix::thread::CapabilitySet;

use crate::environment::elevated_by;
use crate::failure::Failure;

/// Sessions of a desktop may hand this one to every program of an ordinary user, to wake a
/// sleeping machine with a timer. It reaches no file and no process.
const HARMLESS: CapabilitySet = CapabilitySet::WAKE_ALARM;

/// Refuses when this process has rights that were acquired on the way to it.
pub(crate) fn refuse_acquired() -> Result<(), Failure> {
    let capabilities = rustix::thread::capabilities(None).map_err(|errno| {
        refused("what it may do cannot be asked", "look at what confines this process")
            .because(&errno)
    })?;
    let standing = Standing {
        by_start: moat_sandbox::gained_by_start(),
        other_ids: getuid() != geteuid() || getgid() != getegid(),
        is_root: geteuid().is_root(),
        capabilities: capabilities.permitted,
        elevated_by: elevated_by(),
    };
    standing.judge()
}

/// Closes this process's memory, environment and descriptors to other processes of its own
/// user, and leaves nothing of it on a disk when it crashes: it holds keys, prompts and the
/// user's whole environment.
pub(crate) fn close() -> Result<(), Failure> {
    let failed = |errno: rustix::io::Errno| {
        Failure::environment(
            "could not close this process to others",
            "look at what confines this process",
        )
        .because(&errno)
    };
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(Resource::Core, none).map_err(failed)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed)
}

/// What a process is.
#[derive(Clone, Copy)]
struct Standing {
    by_start: bool,
    other_ids: bool,
    is_root: bool,
    capabilities: CapabilitySet,
    elevated_by: Option<&'static str>,
}

impl Standing {
    fn judge(self) -> Result<(), Failure> {
        if self.other_ids {
            return Err(refused(
                "its user is not the one who started it (a set-id bit)",
                "take the bit away: `chmod ug-s` on the program",
            ));
        }
        if self.by_start {
            return Err(refused(
                "the program's file gives rights to who starts it",
                "take them away: `setcap -r` and `chmod ug-s` on the program",
            ));
        }
        if !self.is_root && !HARMLESS.contains(self.capabilities) {
            return Err(refused(
                "it has capabilities without being root",
                "start it from a shell without them; `capsh --print` shows them",
            ));
        }
        match self.elevated_by.filter(|_| self.is_root) {
            Some(name) => Err(refused(
                &format!("it is root for another user (`{name}` is set)"),
                "start it as yourself; where root is the user (a container, a virtual machine), \
                 start it from a login of root's own",
            )),
            None => Ok(()),
        }
    }
}

fn refused(cause: &str, hint: &str) -> Failure {
    let mut failure =
        Failure::environment("Moat does not run with rights that its user does not have", hint);
    failure.report.causes.push(cause.to_owned());
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Standing = Standing {
        by_start: false,
        other_ids: false,
        is_root: false,
        capabilities: CapabilitySet::empty(),
        elevated_by: None,
    };

    #[test]
    fn rights_that_were_acquired_are_refused_and_plain_ones_are_not() {
        let all = CapabilitySet::all();
        let dac = CapabilitySet::DAC_OVERRIDE;
        let cases: [(Standing, Option<&str>); 10] = [
            (PLAIN, None),
            (Standing { is_root: true, capabilities: all, ..PLAIN }, None),
            (Standing { capabilities: HARMLESS, ..PLAIN }, None),
            // Who is no root has gained nothing by it, whatever a variable says.
            (Standing { elevated_by: Some("SUDO_UID"), ..PLAIN }, None),
            (Standing { other_ids: true, ..PLAIN }, Some("set-id")),
            (
                Standing { other_ids: true, is_root: true, capabilities: all, ..PLAIN },
                Some("set-id"),
            ),
            (Standing { by_start: true, ..PLAIN }, Some("file gives rights")),
            (Standing { capabilities: dac, ..PLAIN }, Some("capabilities")),
            (Standing { capabilities: HARMLESS | dac, ..PLAIN }, Some("capabilities")),
            (
                Standing {
                    is_root: true,
                    capabilities: all,
                    elevated_by: Some("SUDO_UID"),
                    ..PLAIN
                },
                Some("`SUDO_UID`"),
            ),
        ];
        for (number, (standing, expected)) in cases.into_iter().enumerate() {
            let cause = standing.judge().err().map(|failure| failure.report.causes.join(" "));
            match (&cause, expected) {
                (None, None) => {}
                (Some(cause), Some(part)) => assert!(cause.contains(part), "{number}: {cause}"),
                _ => panic!("{number}: {cause:?}, expected {expected:?}"),
            }
        }
    }
}
