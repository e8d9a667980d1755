// SPDX-License-Identifier: Apache-2.0
//! The reaper: process 1 of one command.
//!
//! It finishes the command's namespaces, starts the command, collects what ends,
//! and says how the command ended. When it ends, the kernel kills all that is left; where
//! there is no namespace for that, it does so itself before it says anything (`supervise`).
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
use rustix::process::{DumpableBehavior, PidfdFlags, Signal};

use crate::footing::{Base, Namespace, ProcessList};
use crate::inside::hold::Session;
use crate::inside::watch::{Places, Watch};
use crate::inside::{exec, supervise, view};
use crate::kernel::{self, Children, Ended, Side};
use crate::limits::{LISTENER_BACKLOG, PROCESSES_MIN, PROXY_PORT};
use crate::mount;
use crate::plan::Layer;
use crate::poll;
use crate::wire::{self, Answer, Care, During, Fault, Listener, Order, ToHolder};

/// Which of those that wait for a command a reaper is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) spare: u64,
    /// How many processes its command may have.
    pub(super) processes: u64,
    /// Whether the owner may hand it a command without asking the holder.
    pub(super) offered: bool,
}

/// Finishes the namespaces, waits for a command, runs it to its end, and ends the process.
pub(super) fn main(session: &Session<'_>, socket: &OwnedFd, place: Place) -> ! {
    // The owner is gone when sending to it fails; the end of this process says the same.
    let owner = kernel::standard_input();
    let mut prepared = prepare(session, place.processes);
    if place.offered {
        let Place { spare, processes, .. } = place;
        let _owner_gone = match &prepared {
            Ok(Prepared { orders, own, .. }) => wire::send(
                owner,
                &Answer::Spare { spare, processes },
                &[orders.as_fd(), own.as_fd()],
            ),
            // The next command is told why.
            Err(_) => wire::send(owner, &Answer::NoSpare, &[]),
        };
    }
    let received = wire::receive::<ToHolder>(socket).ok().and_then(|received| {
        let ToHolder::Run { number, care, told, .. } = received.message else {
            return None;
        };
        Some((number, care, (!told).then_some(received.fds)))
    });
    let Some((number, care, order)) = received else {
        // The holder needs no reaper any more, or is gone. There may be a command already,
        // which the kernel ends, but where there is no namespace for that.
        if !session.plan.footing.has(Namespace::Process) {
            let _nobody_is_told = supervise::finish();
        }
        kernel::quit(0);
    };
    // What it holds is not closed one by one before the answer: it ends with the process.
    let answer = match &mut prepared {
        Ok(prepared) => run(session, prepared, care, order, socket).unwrap_or_else(Answer::Failed),
        Err(fault) => Answer::Failed(fault.clone()),
    };
    let (answer, alone) = match alone(session, socket) {
        Ok(alone) => (answer, alone),
        // What went wrong first is what is told.
        Err(_) if matches!(answer, Answer::Failed(_)) => (answer, false),
        Err(fault) => (Answer::Failed(fault), false),
    };
    // What the kernel kills for want of memory it kills one after another, those that wait for
    // the next command as well: the holder says when that is over.
    let alone = alone && !(session.group.is_some() && was_killed(&answer));
    let _owner_gone = wire::send(owner, &answer, &[]);
    if alone {
        // Nothing is left but this process: the answer need not wait until it has ended and its
        // holder was woken up for that, nor until the kernel has taken the namespaces down.
        let _owner_gone = wire::send(owner, &Answer::Done { number }, &[]);
    }
    kernel::quit(0)
}

fn was_killed(answer: &Answer) -> bool {
    matches!(answer, Answer::Exited { status, .. } if libc::WIFSIGNALED(*status))
}

/// Ends every process of the command that is left, and tells whether that is certain.
///
/// As process 1, or as the one that orphans are given to, this one is the parent of what lost
/// its own, so when the kernel says that it has no child any more, there is no other process.
/// The kernel signals all of them in one step, in which none can be made (kill(2),
/// pid_namespaces(7)).
fn alone(session: &Session<'_>, holder: &OwnedFd) -> Result<bool, Fault> {
    if !session.plan.footing.has(Namespace::Process) {
        // A holder that asked for the end says so itself; one that is gone says nothing, and
        // its owner is to know that.
        return supervise::finish().map(|()| !poll::readable_now(holder));
    }
    let first = rustix::process::getpid().is_init();
    if !first || session.plan.without.contains(&Layer::ProcessNamespace) {
        return Ok(false);
    }
    // There was none when this fails.
    let _none = kernel::kill_all_others();
    loop {
        match kernel::wait_any() {
            Ok(_ended) => {}
            Err(error) => return Ok(error.raw_os_error() == Some(libc::ECHILD)),
        }
    }
}

/// What waits for a command.
struct Prepared {
    /// The process that becomes the command, confined already.
    command: i32,
    /// The same, to wait for.
    process: OwnedFd,
    /// Where it takes its command from.
    orders: OwnedFd,
    /// Where it says what went wrong.
    fault: OwnedFd,
    /// What it will take; none before there is one.
    watch: Watch,
    /// The reaper itself, for its owner to see that it lives.
    own: OwnedFd,
}

/// What can be done before the command is known, the last of it what makes this process
/// harmless to the command: from then on there may be one at any moment.
fn prepare(session: &Session<'_>, processes: u64) -> Result<Prepared, Fault> {
    let without = &session.plan.without;
    let footing = &session.plan.footing;
    if footing.has(Namespace::Network) && !without.contains(&Layer::NetworkNamespace) {
        kernel::loopback_up().during("bringing the loopback device up")?;
    }
    if session.group.is_some()
        && footing.has(Namespace::ControlGroup)
        && !without.contains(&Layer::ControlGroups)
    {
        kernel::unshare(libc::CLONE_NEWCGROUP).during("creating a control-group namespace")?;
    }
    if footing.has(Namespace::Process) {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .during("tying the command to its holder")?;
    } else {
        // It must outlive its holder by a moment, to end what the kernel would not.
        supervise::enclose()?;
    }
    let off = [Layer::ProcessNamespace, Layer::View];
    let list = if off.iter().any(|layer| without.contains(layer)) {
        None
    } else {
        match footing.process_list {
            ProcessList::Own => Some(process_list(session)?),
            ProcessList::Absent => None,
        }
    };
    let (orders, there) = wire::pair().during("making the command's socket")?;
    let (fault, failed) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).during("making the command's pipe")?;
    let reaper = rustix::process::getpid();
    match kernel::clone(0).during("starting the command's process")? {
        Side::Child => {
            drop((orders, fault));
            exec::report(&failed, &exec::become_program(session, reaper, &there));
            kernel::quit(127)
        }
        Side::Parent { pid, child } => {
            let places = Places::open(session);
            if let Some(list) = &list {
                seal_process_list(session, processes, list)?;
            }
            kernel::hold_child_signal().during("waiting for children")?;
            harden(without)?;
            let watch = Watch::new(places, list);
            let own = rustix::process::pidfd_open(reaper, PidfdFlags::empty())
                .during("opening the reaper's own process")?;
            Ok(Prepared { command: pid, process: child, orders, fault, watch, own })
        }
    }
}

fn run(
    session: &Session<'_>,
    prepared: &mut Prepared,
    care: Care,
    order: Option<Vec<OwnedFd>>,
    holder: &OwnedFd,
) -> Result<Answer, Fault> {
    match care.listener {
        Listener::None => {}
        Listener::Proxy => send_listener()?,
    }
    if let Some(order) = order {
        let whole: Vec<BorrowedFd<'_>> = order.iter().map(AsFd::as_fd).collect();
        // When this fails the process has ended, and has said why.
        let _ended = wire::send(&prepared.orders, &Order { plan: None }, &whole);
        // The other ends of its output, which its owner watches, are closed here.
    }
    prepared.watch.begin(&care);
    let supervised =
        session.plan.footing.base == Base::None && !session.plan.without.contains(&Layer::Seccomp);
    // It was sent before the command was asked for. There is none when the process has ended,
    // which has said why.
    let notices = supervised.then(|| supervise::listener(&prepared.orders));
    if let Some(fault) = exec::reported(&prepared.fault) {
        return Ok(Answer::Failed(fault));
    }
    if session.plan.footing.has(Namespace::Process) {
        return reap(prepared.command, &mut prepared.watch);
    }
    let notices = notices.transpose().during("taking the supervisor's descriptor")?;
    let command = (prepared.command, prepared.process.as_fd());
    let ended = supervise::wait(command, holder, notices.as_ref(), &session.plan.writable)?;
    Ok(exited(&ended, &prepared.watch))
}

/// Waits until the command ends or is over a bound, collecting everything that it left
/// to us before.
fn reap(command: i32, watch: &mut Watch) -> Result<Answer, Fault> {
    loop {
        if let Some(bound) = watch.look_when_due() {
            return Ok(Answer::Exited {
                status: libc::SIGKILL,
                cpu_us: watch.cpu_us(),
                resident_bytes_max: 0,
                bound: Some(bound),
            });
        }
        match kernel::collect_any().during("waiting for the command")? {
            Some(ended) if ended.pid == command => return Ok(exited(&ended, watch)),
            Some(ended) => watch.collected(&ended),
            None => kernel::child_ended(watch.due_in()),
        }
    }
}

fn exited(ended: &Ended, watch: &Watch) -> Answer {
    Answer::Exited {
        status: ended.status,
        cpu_us: ended.cpu_us,
        resident_bytes_max: ended.resident_bytes_max,
        bound: watch.killed_by_the_kernel(ended),
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
fn process_list(session: &Session<'_>) -> Result<OwnedFd, Fault> {
    let list = mount::file_system("proc", &[], view::PROC).during("mounting a new `/proc`")?;
    rustix::mount::unmount("/proc", UnmountFlags::DETACH).during("taking the old `/proc` away")?;
    let at = mount::source("/proc".as_ref(), None).during("opening `/proc`")?;
    mount::attach(list.as_fd(), at.as_fd()).during("mounting `/proc`")?;
    if !session.plan.without.contains(&Layer::CoveredProc) {
        cover(&COVERED)?;
        if session.outer.is_root() {
            cover(&COVERED_FROM_ROOT)?;
        }
    }
    Ok(list)
}

/// Covers files that tell about more than the command.
fn cover(paths: &[&str]) -> Result<(), Fault> {
    let null = mount::source("/dev/null".as_ref(), None).during("opening `/dev/null`")?;
    for path in paths {
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
fn seal_process_list(session: &Session<'_>, processes: u64, list: &OwnedFd) -> Result<(), Fault> {
    let without = |layer| session.plan.without.contains(&layer);
    // Without a user namespace the setting could be the host's.
    let bounds = session.bounds_numbers && !without(Layer::UserNamespace);
    if bounds && !without(Layer::Processes) {
        let bound = processes.max(PROCESSES_MIN).to_string();
        let bounded = write(list, "sys/kernel/pid_max", &bound);
        // For others the resource limit stands besides; the kernel exempts its root from that.
        if session.outer.is_root() {
            bounded.during("bounding the processes of the machine's root")?;
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

/// What the kernel opens for the machine's root by the file's owner alone, without a
/// capability: its memory's pages and structures, and the timers of all processes.
const COVERED_FROM_ROOT: [&str; 7] = [
    "/proc/kpagecgroup",
    "/proc/kpagecount",
    "/proc/kpageflags",
    "/proc/pagetypeinfo",
    "/proc/slabinfo",
    "/proc/timer_list",
    "/proc/vmallocinfo",
];

/// Turns a name into what `execve` takes.
pub(super) fn c_string(text: &std::ffi::OsStr) -> Result<CString, Fault> {
    CString::new(text.as_bytes())
        .map_err(|_nul| Fault { step: "reading the command".to_owned(), errno: libc::EINVAL })
}
