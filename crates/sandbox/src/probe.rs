// SPDX-License-Identifier: Apache-2.0
//! Tries real attacks in a real sandbox and says what came of them (`moat doctor`).
//!
//! The attempts run inside (`inside::trial`); each is judged here by its effect. A
//! canary file, a local socket and this very process are the things to reach.
//!
//! Invariant: nothing is reported as enforced that was not tried.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use moat_base::random_hex;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::Serialize;

use crate::inside::trial;
use crate::plan::Purpose;
use crate::{
    Collected, Command, Confinement, Effect, Error, Files, Finding, HELPER_WORD, Interrupt,
    Launcher, Plan, Sandbox, Standing, Step,
};

impl Launcher {
    /// Starts a sandbox over an empty directory below `scratch` and tries to get out of it.
    ///
    /// `scratch` is a new directory of Moat's own, on the file system of the sessions,
    /// that the caller removes afterwards. Takes well under a second.
    ///
    /// # Errors
    /// As [`Sandbox::start`]: a sandbox that does not start is the finding.
    pub fn examine(&self, scratch: &Path) -> Result<Examination, Error> {
        probe(self, scratch)
    }

    /// What was tried to find the step that sandboxes stand on here, each with the system's
    /// error; nothing while nothing was refused.
    #[must_use]
    pub fn attempts(&self) -> Vec<(String, Option<String>)> {
        self.surveyed().map(|survey| survey.attempts.clone()).unwrap_or_default()
    }
}

fn probe(launcher: &Launcher, scratch: &Path) -> Result<Examination, Error> {
    let examined = examine_in(launcher, scratch);
    // The caller removes the scratch directory, and knows nothing of a place in memory.
    let removed = moat_files::memory::remove(&scratch.join("upper"));
    removed
        .map_err(|source| Error::Start { step: "clearing the probe away".to_owned(), source })?;
    examined
}

fn examine_in(launcher: &Launcher, scratch: &Path) -> Result<Examination, Error> {
    let failed =
        |source: std::io::Error| Error::Start { step: "preparing the probe".to_owned(), source };
    let name = format!("moat-{}", random_hex(16).map_err(failed)?);
    let _listener = listen(&name).map_err(failed)?;
    let outside = scratch.join("canary");
    let (tree, upper, work) = (scratch.join("tree"), scratch.join("upper"), scratch.join("work"));
    for directory in [&tree, &upper, &work] {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    moat_base::Fs::replace(&moat_base::RealFs, &outside, b"canary").map_err(failed)?;
    let mut plan =
        Plan::new(&tree, Files::CopyOnWrite { lowers: vec![tree.clone()], upper, work })?;
    plan.purpose = Purpose::Probe;
    let helper = launcher.settings().helper.clone();
    let shown = [(helper.clone(), PathBuf::from(INSIDE))];
    let sandbox = Sandbox::start_with(launcher, &plan, &shown)?;
    let program = match sandbox.confinement().step {
        Step::Full | Step::Shared => PathBuf::from(INSIDE),
        // Nothing can be shown at another place there.
        Step::Rules => helper,
    };
    let argv: Vec<OsString> = vec![
        program.into(),
        HELPER_WORD.into(),
        trial::WORD.into(),
        launcher.settings().home.clone().into(),
        outside.into(),
        std::process::id().to_string().into(),
        name.into(),
    ];
    let mut collected = Collected::default();
    let exit = sandbox.run(&Command::new(argv), &mut collected, &Interrupt::new()?)?;
    if !exit.success() {
        return Err(Error::Answer { reason: "the probe inside did not finish" });
    }
    Ok(Examination {
        findings: judge(&String::from_utf8_lossy(&collected.output), sandbox.confinement()),
        confinement: sandbox.confinement().clone(),
        resources: sandbox.resources().to_owned(),
    })
}

/// What was found out about this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// What a sandbox enforces here.
    pub confinement: Confinement,
    /// What was tried inside, and what came of it.
    pub findings: Vec<Finding>,
    /// Whether the kernel bounds memory and processes of all commands together, in a sentence.
    pub resources: String,
}

/// Reads what the attempts printed; one that printed nothing counts as not enforced.
fn judge(output: &str, confinement: &Confinement) -> Vec<Finding> {
    ATTEMPTS
        .iter()
        .map(|(name, effect, attempt)| {
            let line = output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            let standing = match line.and_then(|line| line.split_once(' ')) {
                Some(("held", _detail)) => Standing::Enforced,
                // What is known to be lost on this step has its own reason and fix.
                Some(_) => confinement
                    .standing(*effect)
                    .filter(|standing| **standing != Standing::Enforced)
                    .cloned()
                    .unwrap_or_else(|| not_enforced("it got through")),
                None => not_enforced("it could not be tried"),
            };
            Finding { effect: *effect, attempt: (*attempt).to_owned(), standing }
        })
        .collect()
}

fn not_enforced(why: &str) -> Standing {
    Standing::NotEnforced {
        why: why.to_owned(),
        fix: "report this with the kernel's version; do not use Moat here until it is answered"
            .to_owned(),
    }
}

/// A socket without a file, as desktop services have.
fn listen(name: &str) -> std::io::Result<OwnedFd> {
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    rustix::net::listen(&socket, 1)?;
    Ok(socket)
}

/// Where the binary lies inside while it probes.
const INSIDE: &str = "/run/moat-probe";

/// Every attempt of `inside::trial`, with its effect and its description.
const ATTEMPTS: &[(&str, Effect, &str)] = &[
    ("read-outside", Effect::ForeignFilesHidden, "read a file beside the workspace"),
    ("read-key", Effect::ForeignFilesHidden, "read a private key in the home"),
    ("read-shadow", Effect::ForeignFilesHidden, "read the system's passwords"),
    ("write-system", Effect::ForeignFilesUnchanged, "write into `/usr`"),
    ("write-settings", Effect::ForeignFilesUnchanged, "write into `/etc`"),
    ("write-outside", Effect::ForeignFilesUnchanged, "write a file beside the workspace"),
    (
        "see-process",
        Effect::ProcessesSeparate,
        "read the environment of the process that started it",
    ),
    ("signal-process", Effect::ProcessesSeparate, "signal the process that started it"),
    ("read-reaper", Effect::ProcessesSeparate, "read the environment of its own process 1"),
    ("trace-process", Effect::ProcessesSeparate, "trace a process"),
    ("connect-out", Effect::NetworkClosed, "open a TCP connection to the outside"),
    ("send-out", Effect::NetworkClosed, "send a UDP packet to the outside"),
    ("local-socket", Effect::NetworkClosed, "connect to a local socket of another process"),
    ("vsock", Effect::NetworkClosed, "make a socket to the hypervisor"),
    ("packet-socket", Effect::NetworkClosed, "make a raw packet socket"),
    ("io-uring", Effect::KernelInterfaceNarrow, "set up io_uring"),
    ("keyring", Effect::KernelInterfaceNarrow, "read the kernel's keyring"),
    ("bpf", Effect::KernelInterfaceNarrow, "call bpf"),
    ("perf-events", Effect::KernelInterfaceNarrow, "open performance events"),
    ("kernel-log", Effect::KernelInterfaceNarrow, "read the kernel's log"),
    ("sysctl", Effect::KernelInterfaceNarrow, "change a setting of the kernel"),
    ("user-namespace", Effect::PrivilegeFixed, "make a user namespace"),
    ("mount", Effect::PrivilegeFixed, "mount a file system"),
    ("processes", Effect::ResourcesBounded, "start processes without bound"),
    ("memory", Effect::ResourcesBounded, "use memory without bound"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_held_is_reported_as_enforced() {
        let output = "vsock held x\nbpf got-through -\n";
        let footing = crate::footing::Footing::full();
        let full = crate::confinement::judge(&footing, &[]);
        for finding in judge(output, &full) {
            let enforced = finding.standing == Standing::Enforced;
            assert_eq!(enforced, finding.attempt.contains("hypervisor"), "{finding:?}");
        }
    }
}
