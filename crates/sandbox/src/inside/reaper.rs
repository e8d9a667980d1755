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
use std::os::fd::{AsFd, OwnedFd};
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
use crate::wire::{self, Answer, CommandPlan, During, Fault, Listener, ToHolder};

/// Finishes the namespaces, waits for a command, runs it to its end, and ends the process.
pub(super) fn main(session: &Session<'_>, socket: &OwnedFd) -> ! {
    let prepared = prepare(session);
    let Ok(received) = wire::receive::<ToHolder>(socket) else {
        // The holder needs no reaper any more.
        kernel::quit(0);
    };
    let answer = prepared.and_then(|list| run(session, list, received.fds));
    let answer = answer.unwrap_or_else(Answer::Failed);
    // The owner is gone when this fails; the end of this process says the same.
    let _owner_gone = wire::send(kernel::standard_input(), &answer, &[]);
    kernel::quit(0)
}

/// What can be done before the command is known.
fn prepare(session: &Session<'_>) -> Result<Option<OwnedFd>, Fault> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .during("tying the command to its holder")?;
    let without = &session.plan.without;
    if !without.contains(&Layer::NetworkNamespace) {
        kernel::loopback_up().during("bringing the loopback device up")?;
    }
    if without.contains(&Layer::ProcessNamespace) || without.contains(&Layer::View) {
        return Ok(None);
    }
    process_list(without).map(Some)
}

fn run(session: &Session<'_>, list: Option<OwnedFd>, fds: Vec<OwnedFd>) -> Result<Answer, Fault> {
    let mut fds = fds.into_iter();
    let (Some(body), Some(input), Some(output), Some(error)) =
        (fds.next(), fds.next(), fds.next(), fds.next())
    else {
        return Err(Fault { step: "receiving the command".to_owned(), errno: libc::EPROTO });
    };
    let plan: CommandPlan = wire::read_body(&body).during("reading the command")?;
    let standard = [input.as_fd(), output.as_fd(), error.as_fd()];
    match plan.listener {
        Listener::None => {}
        Listener::Proxy => send_listener()?,
    }
    if let Some(list) = list {
        seal_process_list(session, &plan, &list)?;
    }
    let (ready, failed) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).during("making the command's pipe")?;
    let command = match kernel::clone(0).during("starting the command's process")? {
        Side::Child => {
            drop(ready);
            let fault = exec::become_program(session, &plan, standard);
            exec::report(&failed, &fault);
            kernel::quit(127)
        }
        Side::Parent { pid, .. } => pid,
    };
    drop(failed);
    harden(&session.plan.without)?;
    drop([input, output, error]);
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
fn harden(without: &[Layer]) -> Result<(), Fault> {
    kernel::treat_children(Children::Awaited);
    if !without.contains(&Layer::ClosedMemory) {
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .during("closing the reaper's memory")?;
    }
    exec::drop_capabilities().during("dropping the reaper's capabilities")
}

/// Replaces the holder's list of processes by the command's own.
fn process_list(without: &[Layer]) -> Result<OwnedFd, Fault> {
    let list = mount::file_system("proc", &[], view::PROC).during("mounting a new `/proc`")?;
    rustix::mount::unmount("/proc", UnmountFlags::DETACH).during("taking the old `/proc` away")?;
    let at = mount::source("/proc".as_ref(), None).during("opening `/proc`")?;
    mount::attach(list.as_fd(), at.as_fd()).during("mounting `/proc`")?;
    if !without.contains(&Layer::CoveredProc) {
        cover()?;
    }
    Ok(list)
}

/// Covers files that tell about more than the command: names of the user's keys.
fn cover() -> Result<(), Fault> {
    let null = mount::source("/dev/null".as_ref(), None).during("opening `/dev/null`")?;
    for path in COVERED {
        let covered = match mount::source(path.as_ref(), None) {
            Ok(at) => mount::duplicate(null.as_fd()).and_then(|copy| {
                // Without devices it cannot even be opened.
                mount::narrow_one(copy.as_fd(), mount::RDONLY | mount::NOSUID | mount::NODEV)?;
                mount::attach(copy.as_fd(), at.as_fd())
            }),
            // The kernel was built without it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        covered.during(format!("covering `{path}`"))?;
    }
    Ok(())
}

/// Makes the last settings through `/proc`, and makes it read-only.
fn seal_process_list(
    session: &Session<'_>,
    plan: &CommandPlan,
    list: &OwnedFd,
) -> Result<(), Fault> {
    let without = |layer| session.plan.without.contains(&layer);
    // Without a user namespace the setting could be the host's.
    if !without(Layer::Processes) && !without(Layer::UserNamespace) {
        let bound = plan.processes.max(PROCESSES_MIN).to_string();
        let bounded = write(list, "sys/kernel/pid_max", &bound);
        // For others the resource limit stands besides; the kernel exempts its root from that.
        if session.outer.is_root() {
            bounded
                .during("bounding the processes of the machine's root (Linux 6.14 is needed)")?;
        }
    }
    if without(Layer::SealedProc) {
        return Ok(());
    }
    mount::narrow_one(list.as_fd(), mount::RDONLY).during("sealing `/proc`")
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

/// See [`cover`].
const COVERED: [&str; 2] = ["/proc/keys", "/proc/key-users"];

/// Turns a name into what `execve` takes.
pub(super) fn c_string(text: &std::ffi::OsStr) -> Result<CString, Fault> {
    CString::new(text.as_bytes())
        .map_err(|_nul| Fault { step: "reading the command".to_owned(), errno: libc::EINVAL })
}
