// SPDX-License-Identifier: Apache-2.0
//! Every attempt: what it tries, against which effect, and who must be held.
//!
//! Each has real arguments: it gets through where nothing is in its way, which the same
//! attempt shows outside of the sandbox.
//!
//! Invariant: an attempt that gets through harms nothing, outside of the sandbox either.

mod file;
mod kernel;
mod load;
mod process;
mod socket;

pub(crate) use load::hog;
pub(crate) use socket::Open;

use std::path::{Path, PathBuf};

use moat_sandbox::Effect;
use serde::{Deserialize, Serialize};

use crate::target::{Refused, Target, Tried};

/// Who makes an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    /// Any program of the user's: the control.
    Anybody,
    /// A command in a sandbox.
    Command,
    /// The broker.
    Broker,
    /// The model server.
    ModelServer,
}

/// By what it is judged whether an attempt got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// By its own answer, or because something arrived.
    ByAnswer,
    /// Only by what arrived: the system says yes also where nobody hears.
    ByArrival,
}

/// One attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    /// What is tried, in a few words.
    pub(crate) what: &'static str,
    pub(crate) act: fn(&Target) -> Tried,
    pub(crate) judged: Judged,
    /// Who must be held, beside the control.
    held: &'static [Who],
}

impl Attempt {
    /// Whether `who` makes it.
    pub(crate) fn is_of(&self, who: Who) -> bool {
        who == Who::Anybody || self.held.contains(&who)
    }

    const fn by_arrival(self) -> Self {
        Self { judged: Judged::ByArrival, ..self }
    }
}

const fn attempt(
    name: &'static str,
    effect: Effect,
    what: &'static str,
    held: &'static [Who],
    act: fn(&Target) -> Tried,
) -> Attempt {
    Attempt { name, effect, what, act, judged: Judged::ByAnswer, held }
}

fn some(place: Option<&PathBuf>) -> Result<&Path, Refused> {
    place.map(PathBuf::as_path).ok_or(Refused::Otherwise("there is none here"))
}

const ALL: &[Who] = &[Who::Command, Who::Broker, Who::ModelServer];
const SEALED: &[Who] = &[Who::Command, Who::ModelServer];
const COMMAND: &[Who] = &[Who::Command];

use Effect::{
    ForeignFilesHidden, ForeignFilesUnchanged, KernelInterfaceNarrow, NetworkClosed,
    PrivilegeFixed, ProcessesSeparate, ResourcesBounded,
};

/// All attempts but that of [`hog`], in the order in which they are made and shown.
pub(crate) const ATTEMPTS: &[Attempt] = &[
    attempt("read-key", ForeignFilesHidden, "read a private key that was planted", ALL, |target| {
        file::read(&target.place.join("id_ed25519"), target)
    }),
    attempt("read-file", ForeignFilesHidden, "read a planted file open to all", ALL, |target| {
        file::read(&target.place.join("notes"), target)
    }),
    attempt(
        "list-directory",
        ForeignFilesHidden,
        "list the directory they lie in",
        ALL,
        |target| file::list(&target.place),
    ),
    attempt("open-secret", ForeignFilesHidden, "open a secret of yours", ALL, |target| {
        file::open(some(target.secret.as_ref())?)
    }),
    attempt("open-passwords", ForeignFilesHidden, "open the system's password hashes", ALL, |_| {
        file::open("/etc/shadow".as_ref())
    }),
    attempt("list-devices", ForeignFilesHidden, "list the machine's devices", ALL, |_| {
        file::list("/sys/class".as_ref())
    }),
    attempt("write-file", ForeignFilesUnchanged, "write to a planted file", ALL, |target| {
        file::append(&target.place.join("written"))
    }),
    attempt("create-file", ForeignFilesUnchanged, "create a file beside it", ALL, |target| {
        file::create(&target.place.join(target.side.name()))
    }),
    attempt(
        "write-workspace",
        ForeignFilesUnchanged,
        "write to the tree itself",
        COMMAND,
        file::tree,
    )
    .by_arrival(),
    attempt("write-start", ForeignFilesUnchanged, "open a start file of yours", ALL, |target| {
        file::open_to_write(some(target.start.as_ref())?)
    }),
    attempt("write-system", ForeignFilesUnchanged, "make a file in `/usr`", ALL, |_| {
        file::unnamed("/usr".as_ref())
    }),
    attempt("write-settings", ForeignFilesUnchanged, "make a file in `/etc`", ALL, |_| {
        file::unnamed("/etc".as_ref())
    }),
    attempt(
        "see-process",
        ProcessesSeparate,
        "read another process's variables",
        ALL,
        process::see,
    ),
    attempt("signal-process", ProcessesSeparate, "send it a signal", ALL, process::signal)
        .by_arrival(),
    attempt("see-parent", ProcessesSeparate, "read its own parent's variables", SEALED, |target| {
        file::open_and_read(&format!("/proc/{}/environ", target.parent))
    }),
    attempt("trace-process", ProcessesSeparate, "trace a process", ALL, |_| {
        Ok(moat_sandbox::attempt::trace()?)
    }),
    attempt("shared-memory", ProcessesSeparate, "read another's shared memory", SEALED, |target| {
        process::segment(target)
    }),
    attempt("tcp", NetworkClosed, "connect to a TCP port of this machine", SEALED, socket::tcp),
    attempt("udp", NetworkClosed, "send to a UDP port of this machine", SEALED, socket::udp)
        .by_arrival(),
    attempt("route", NetworkClosed, "find a route to other machines", SEALED, |_| socket::route()),
    attempt(
        "abstract-socket",
        NetworkClosed,
        "connect to a socket without a file",
        ALL,
        |target| socket::abstract_name(&target.canary),
    ),
    attempt("named-socket", NetworkClosed, "connect to a planted socket file", ALL, |target| {
        socket::named(&target.place.join("socket"))
    }),
    attempt("agent-socket", NetworkClosed, "connect to an agent of yours", ALL, |target| {
        socket::named(some(target.agent.as_ref())?)
    }),
    attempt("vsock", NetworkClosed, "make a socket to the hypervisor", ALL, socket::vsock),
    attempt("packet-socket", NetworkClosed, "make a socket for raw packets", ALL, |_| {
        socket::packet()
    }),
    attempt("io-uring", KernelInterfaceNarrow, "set up io_uring", ALL, |_| {
        Ok(moat_sandbox::attempt::io_uring()?)
    }),
    attempt("keyring", KernelInterfaceNarrow, "put a key into a keyring", ALL, |_| {
        Ok(moat_sandbox::attempt::add_key()?)
    }),
    attempt("bpf", KernelInterfaceNarrow, "reach bpf", ALL, |_| Ok(moat_sandbox::attempt::bpf()?)),
    attempt("perf-events", KernelInterfaceNarrow, "open a performance counter", ALL, |_| {
        Ok(moat_sandbox::attempt::perf_event()?)
    }),
    attempt("userfaultfd", KernelInterfaceNarrow, "handle page faults itself", ALL, |_| {
        Ok(moat_sandbox::attempt::userfaultfd()?)
    }),
    attempt("kernel-log", KernelInterfaceNarrow, "read the kernel's log", ALL, |_| kernel::log()),
    attempt("kernel-setting", KernelInterfaceNarrow, "change a kernel setting", ALL, |_| {
        file::open_to_write("/proc/sys/kernel/hostname".as_ref())
    }),
    attempt("write-proc", KernelInterfaceNarrow, "write into `/proc`", SEALED, |_| {
        file::open_to_write("/proc/self/comm".as_ref())
    }),
    attempt("user-namespace", PrivilegeFixed, "make a user namespace", ALL, |_| {
        Ok(moat_sandbox::attempt::user_namespace()?)
    }),
    attempt("mount", PrivilegeFixed, "mount in a namespace of its own", ALL, |_| {
        Ok(moat_sandbox::attempt::mount()?)
    }),
    attempt("setuid", PrivilegeFixed, "gain rights by a setuid program", ALL, |_| kernel::setuid()),
    attempt("run-program", PrivilegeFixed, "run a program", &[Who::Broker], |_| kernel::program()),
    attempt(
        "processes",
        ResourcesBounded,
        "start processes without bound",
        COMMAND,
        load::processes,
    ),
    attempt("memory", ResourcesBounded, "take memory without bound", COMMAND, load::memory),
    attempt("open-files", ResourcesBounded, "open files without bound", COMMAND, |_| load::files()),
    attempt("file-size", ResourcesBounded, "write a file without end", COMMAND, |_| load::length()),
    attempt(
        "memory-together",
        ResourcesBounded,
        "take memory in several processes",
        COMMAND,
        load::together,
    ),
];

/// The attempt whose refusal is that its command is ended; it is made by a command of its own.
pub(crate) const TOGETHER: &str = "memory-together";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_has_a_name_of_its_own_and_each_effect_some_attempts() {
        let mut names: Vec<&str> = ATTEMPTS.iter().map(|attempt| attempt.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ATTEMPTS.len());
        for effect in Effect::ALL {
            let held = ATTEMPTS.iter().filter(|it| it.effect == effect && it.is_of(Who::Command));
            assert!(held.count() >= 3, "{effect:?}");
        }
        assert!(ATTEMPTS.iter().any(|attempt| attempt.name == TOGETHER));
        assert!(ATTEMPTS.iter().all(|attempt| attempt.what.len() <= 38), "it would not fit a line");
    }
}
