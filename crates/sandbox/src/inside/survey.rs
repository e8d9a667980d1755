// SPDX-License-Identifier: Apache-2.0
//! Finds what a sandbox can stand on, by doing what a sandbox does.
//!
//! Each attempt runs in a process of its own: one that is half inside a namespace
//! that it may not use is of no more use to anybody (AppArmor lets a user namespace
//! be made and then refuses everything in it).
//!
//! Invariant: nothing of the host is changed, and no attempt outlives its answer.

use std::os::fd::{AsFd, OwnedFd};

use rustix::pipe::PipeFlags;

use crate::footing::{Attempt, Base, Footing, Namespace, ProcessList, Survey};
use crate::inside::hold::{self, Outer};
use crate::inside::launch::Network;
use crate::inside::{exec, view};
use crate::kernel::{self, Children, Side};
use crate::limits::SKELETON_BYTES_MAX;
use crate::mount;
use crate::wire::{During, Fault};

/// Tries everything that a footing is made of.
pub(super) fn survey(network: &Network) -> Survey {
    let mut attempts = Vec::new();
    let base = [Base::User, Base::Root].into_iter().find(|base| {
        let what = match base {
            Base::User | Base::None => "a user namespace with mounts of its own",
            Base::Root => "mounts of its own as the machine's root",
        };
        passed(&mut attempts, what, in_base(*base, || Ok(())))
    });
    let Some(base) = base else {
        return Survey { footing: Footing::bare(), attempts };
    };
    let mut footing = Footing { base, lacking: Vec::new(), process_list: ProcessList::Own };
    for namespace in Namespace::ALL {
        let result = match (namespace, network) {
            (Namespace::Network, Network::Filtered) => Err(Fault {
                step: "the launcher could leave the host's network only by a filter".to_owned(),
                errno: libc::EPERM,
            }),
            _ => in_base(base, || apart(namespace.flag(), || inhabit(namespace))),
        };
        if !passed(&mut attempts, namespace.name(), result) {
            footing.lacking.push(namespace);
        }
    }
    let list = || mount::file_system("proc", &[], view::PROC).during("mounting a new `/proc`");
    let listed = match footing.has(Namespace::Process) {
        true => in_base(base, || apart(libc::CLONE_NEWPID, || list().map(drop))),
        false => Err(Fault { step: "there is no namespace for it".to_owned(), errno: libc::EPERM }),
    };
    if !passed(&mut attempts, "a `/proc` of its own", listed) {
        footing.process_list = ProcessList::Absent;
    }
    Survey { footing, attempts }
}

fn passed(attempts: &mut Vec<Attempt>, what: &str, result: Result<(), Fault>) -> bool {
    let error = result.err().map(|fault| {
        let error = std::io::Error::from_raw_os_error(fault.errno);
        format!("{}: {error}", fault.step)
    });
    let passed = error.is_none();
    attempts.push((what.to_owned(), error));
    passed
}

/// Whether a user namespace can be made and lived in.
pub(super) fn user_namespace() -> Result<(), Fault> {
    let outer = Outer::here();
    apart(libc::CLONE_NEWUSER, || hold::map(outer, outer))
}

fn in_base(base: Base, then: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    let outer = Outer::here();
    let flags = Footing { base, ..Footing::bare() }.flags();
    apart(flags, || {
        match base {
            Base::User => hold::identify(outer)?,
            Base::Root | Base::None => {}
        }
        let root = mount::source("/".as_ref(), None).during("opening the host's root")?;
        mount::detach_from_host(root.as_fd()).during("cutting mounts off from the host")?;
        let memory = mount::memory(SKELETON_BYTES_MAX, 16, 0o755).during("making a root")?;
        let at = mount::source("/tmp".as_ref(), None).during("opening `/tmp`")?;
        mount::attach(memory.as_fd(), at.as_fd()).during("mounting a root")?;
        then()
    })
}

/// Lives in a namespace just made.
fn inhabit(namespace: Namespace) -> Result<(), Fault> {
    match namespace {
        Namespace::Network => kernel::loopback_up().during("bringing the loopback device up"),
        // The filter of a container runtime may allow the one and not the other.
        Namespace::Name => hold::name_host(),
        Namespace::Process | Namespace::Ipc | Namespace::ControlGroup => Ok(()),
    }
}

/// Does something in a process with new namespaces, and waits for what came of it.
fn apart(flags: i32, act: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    let (ready, failed) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).during("making a pipe")?;
    match kernel::clone(flags).during("creating it")? {
        Side::Child => {
            drop(ready);
            kernel::treat_children(Children::Forgotten);
            match act() {
                Ok(()) => done(&failed),
                Err(fault) => exec::report(&failed, &fault),
            }
            kernel::quit(0)
        }
        Side::Parent { child, .. } => {
            drop(failed);
            let answer = told(&ready);
            // It has said its last; only its end is waited for.
            let mut ended = [rustix::event::PollFd::new(&child, rustix::event::PollFlags::IN)];
            let _ended = crate::poll::wait(&mut ended, Some(crate::limits::ANSWER_WAIT_MAX));
            answer
        }
    }
}

/// Success is said aloud, so that a process that was killed does not count as one.
fn done(pipe: &OwnedFd) {
    // Nobody hears it when this fails, which counts as a failure.
    let _unheard = rustix::io::write(pipe, b"{}");
}

fn told(pipe: &OwnedFd) -> Result<(), Fault> {
    let mut text = [0_u8; 2048];
    let read = rustix::io::retry_on_intr(|| rustix::io::read(pipe.as_fd(), &mut text));
    let text = read.ok().and_then(|read| text.get(..read)).unwrap_or_default();
    match text {
        b"{}" => Ok(()),
        [] => Err(Fault { step: "it ended before it answered".to_owned(), errno: libc::EIO }),
        text => Err(serde_json::from_slice(text).unwrap_or_else(|_cut| Fault {
            step: "its answer could not be read".to_owned(),
            errno: libc::EIO,
        })),
    }
}
