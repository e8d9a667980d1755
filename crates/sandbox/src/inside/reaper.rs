// SPDX-License-Identifier: Apache-2.0
//! The reaper: process 1 of one command.
//!
//! It finishes the command's namespaces, starts the command, collects what ends,
//! and says how the command ended. When it ends, the kernel kills all that is left.
//!
//! Invariant: from the moment the command runs, the reaper has no capability and
//! its memory is closed.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags};
use rustix::mount::UnmountFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::PipeFlags;
use rustix::process::{DumpableBehavior, Signal};

use crate::inside::hold::Session;
use crate::inside::{exec, view};
use crate::kernel::{self, Children, Side};
use crate::limits::{LISTENER_BACKLOG, PROCESSES_MIN, PROXY_PORT};
use crate::mount;
use crate::plan::Layer;
use crate::wire::{self, Answer, CommandPlan, During, Fault, Listener};

/// Runs a command to its end, and the process with it.
pub(super) fn main(session: &Session<'_>, plan: &CommandPlan, standard: [BorrowedFd<'_>; 3]) -> ! {
    let control = kernel::standard_input();
    let answer = match run(session, plan, standard) {
        Ok(answer) => answer,
        Err(fault) => Answer::Failed(fault),
    };
    // The owner is gone when this fails; the end of this process says the same.
    let _owner_gone = wire::send(control, &answer, &[]);
    kernel::quit(0)
}

fn run(
    session: &Session<'_>,
    plan: &CommandPlan,
    standard: [BorrowedFd<'_>; 3],
) -> Result<Answer, Fault> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .during("tying the command to its holder")?;
    let without = &session.plan.without;
    if !without.contains(&Layer::NetworkNamespace) {
        kernel::loopback_up().during("bringing the loopback device up")?;
    }
    match plan.listener {
        Listener::None => {}
        Listener::Proxy => send_listener()?,
    }
    if !without.contains(&Layer::ProcessNamespace) {
        process_list(plan, without.contains(&Layer::Processes))?;
    }
    let (ready, failed) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).during("making the command's pipe")?;
    let command = match kernel::clone(0).during("starting the command's process")? {
        Side::Child => {
            drop(ready);
            let fault = exec::become_program(session, plan, standard);
            exec::report(&failed, &fault);
            kernel::quit(127)
        }
        Side::Parent { pid, .. } => pid,
    };
    drop(failed);
    harden()?;
    for standard in standard {
        close(standard);
    }
    if let Some(fault) = exec::reported(&ready) {
        return Ok(Answer::Failed(fault));
    }
    reap(command)
}

/// Waits until the command ends, collecting everything that it left to us before.
fn reap(command: i32) -> Result<Answer, Fault> {
    loop {
        let ended = kernel::wait_any().during("waiting for the command")?;
        if ended.pid == command {
            return Ok(Answer::Exited {
                status: ended.status,
                cpu_us: ended.cpu_us,
                resident_bytes_max: ended.resident_bytes_max,
            });
        }
    }
}

/// Gives up what the reaper no longer needs.
fn harden() -> Result<(), Fault> {
    kernel::treat_children(Children::Awaited);
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .during("closing the reaper's memory")?;
    exec::drop_capabilities().during("dropping the reaper's capabilities")
}

/// Replaces the holder's list of processes by the command's own, read-only.
fn process_list(plan: &CommandPlan, unbounded: bool) -> Result<(), Fault> {
    let list = mount::file_system("proc", &[], view::PROC).during("mounting a new `/proc`")?;
    // Both writes need a writable `/proc`, which the command does not get. They are
    // second walls (a limit on processes stands besides), so an old kernel may refuse.
    if !unbounded {
        let bound = plan.processes.max(PROCESSES_MIN).to_string();
        let _second_wall = write(&list, "sys/kernel/pid_max", &bound);
    }
    let _advisory = write(&list, "self/oom_score_adj", "800");
    mount::narrow_one(list.as_fd(), mount::RDONLY).during("sealing `/proc`")?;
    rustix::mount::unmount("/proc", UnmountFlags::DETACH).during("taking the old `/proc` away")?;
    let at = mount::source("/proc".as_ref(), None).during("opening `/proc`")?;
    mount::attach(list.as_fd(), at.as_fd()).during("mounting `/proc`")
}

fn write(list: &OwnedFd, name: &str, text: &str) -> io::Result<()> {
    let file = rustix::fs::openat(list, name, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes())?;
    Ok(())
}

/// Listens inside the command's network and hands the listener out. A socket stays
/// in the network it was made in, so the receiver answers from outside.
fn send_listener() -> Result<(), Fault> {
    let address = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, PROXY_PORT);
    let listen = || -> rustix::io::Result<OwnedFd> {
        let socket = rustix::net::socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        rustix::net::bind(&socket, &address)?;
        rustix::net::listen(&socket, LISTENER_BACKLOG)?;
        Ok(socket)
    };
    let listener = listen().during("making the proxy listener")?;
    wire::send(kernel::standard_input(), &Answer::Listener, &[listener.as_fd()])
        .during("handing the proxy listener out")
}

/// Closes a standard descriptor of the command in this process.
fn close(fd: BorrowedFd<'_>) {
    // The owner of the descriptor never drops it: this process ends by `quit`.
    kernel::close(fd);
}

/// Turns a name into what `execve` takes.
pub(super) fn c_string(text: &std::ffi::OsStr) -> Result<CString, Fault> {
    CString::new(text.as_bytes())
        .map_err(|_nul| Fault { step: "reading the command".to_owned(), errno: libc::EINVAL })
}
