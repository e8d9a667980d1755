// SPDX-License-Identifier: Apache-2.0
//! The last steps before a program: everything is taken away, then it starts.
//!
//! The order matters: what needs rights comes first, the system call filter last,
//! because it forbids some of the calls before it.
//!
//! Invariant: no error between the first and the last step is passed over.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::process::{Pid, Resource, Rlimit, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::footing::{Base, Footing, Namespace};
use crate::inside::hold::Session;
use crate::inside::reaper::c_string;
use crate::kernel;
use crate::landlock;
use crate::plan::Layer;
use crate::seccomp::{self, Families, Programs, Shared, Threads};
use crate::wire::{self, CommandPlan, During, Fault, HolderPlan, InputFrom, LocalSockets, Order};

/// Becomes the program of the command that comes through `orders`; comes back only with
/// what went wrong. Calls that a supervisor makes in its place wait on a descriptor that
/// goes to `orders` before.
///
/// Everything that does not depend on the command is taken away before there is one, so
/// that a command does not wait for it.
pub(super) fn become_program(session: &Session<'_>, reaper: Pid, orders: &OwnedFd) -> Fault {
    let program = || -> Result<Words, Fault> {
        tie(reaper)?;
        confine(session, orders)?;
        let Ok(received) = wire::receive::<Order>(orders) else {
            // No command will come any more.
            kernel::quit(0);
        };
        let mut fds = received.fds.into_iter();
        let missing = || Fault { step: "receiving the command".to_owned(), errno: libc::EPROTO };
        let plan = match received.message.plan {
            Some(plan) => plan,
            None => {
                let body = fds.next().ok_or_else(missing)?;
                wire::read_body(&body).during("reading the command")?
            }
        };
        let input = match plan.input {
            InputFrom::Nothing => None,
            InputFrom::Descriptor => Some(fds.next().ok_or_else(missing)?),
        };
        let (Some(output), Some(error)) = (fds.next(), fds.next()) else {
            return Err(missing());
        };
        settle(session, &plan, input.as_ref(), [output.as_fd(), error.as_fd()])?;
        words(&plan.argv, &plan.search, &plan.environment)
    };
    match program() {
        Ok(words) => start(&words),
        Err(fault) => fault,
    }
}

/// Has this process, and the program that it becomes, die with its reaper: nobody else would
/// end it where there is no namespace for that, and it may be told what to become by somebody
/// who does not know that the reaper is gone.
fn tie(reaper: Pid) -> Result<(), Fault> {
    let step = "tying the command to its reaper";
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).during(step)?;
    // It may have died before that.
    if rustix::process::getppid() == Some(reaper) {
        return Ok(());
    }
    Err(Fault { step: step.to_owned(), errno: libc::ESRCH })
}

/// A program's strings in the form that `execve` takes.
pub(super) struct Words {
    pub(super) candidates: Vec<CString>,
    pub(super) arguments: Vec<CString>,
    pub(super) environment: Vec<CString>,
}

/// Takes away what every command lacks.
fn confine(session: &Session<'_>, supervisor: &OwnedFd) -> Result<(), Fault> {
    let without = &session.plan.without;
    if !without.contains(&Layer::Session) {
        rustix::process::setsid().during("starting a new session")?;
    }
    // The filter keeps this limit from being set again.
    if !without.contains(&Layer::Limit(CORE)) {
        bound(Resource::Core, CORE_BYTES, CORE_BYTES)?;
    }
    if !without.contains(&Layer::Capabilities) {
        if !without.contains(&Layer::BoundingSet) {
            drop_bounding_set().during("dropping the capability bounding set")?;
        }
        drop_capabilities().during("dropping capabilities")?;
    } else {
        keep_capabilities().during("keeping capabilities for a test")?;
    }
    if !without.contains(&Layer::NoNewPrivileges) {
        rustix::thread::set_no_new_privs(true).during("forbidding new privileges")?;
    }
    if let Some(ruleset) = &session.ruleset {
        ruleset.restrict().during("entering the Landlock domain")?;
    }
    if !without.contains(&Layer::Descriptors) {
        kernel::close_on_exec_from(3).during("closing descriptors")?;
    }
    kernel::reset_signals();
    rustix::process::umask(Mode::from_raw_mode(0o022));
    if !without.contains(&Layer::Seccomp) {
        filter(session.plan, supervisor)?;
    }
    Ok(())
}

/// Takes the place, the descriptors and the limits of one command.
fn settle(
    session: &Session<'_>,
    plan: &CommandPlan,
    input: Option<&OwnedFd>,
    outputs: [BorrowedFd<'_>; 2],
) -> Result<(), Fault> {
    enter(session, &plan.directory)?;
    for (number, fd) in (1..).zip(outputs) {
        kernel::place(fd, number).during("placing the standard descriptors")?;
    }
    match input {
        None => {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            let null = rustix::fs::open("/dev/null", flags, Mode::empty());
            let null = null.during("opening `/dev/null` for the command")?;
            kernel::place(null.as_fd(), 0).during("placing the standard input")?;
        }
        Some(input) => kernel::place(input, 0).during("placing the standard input")?,
    }
    limit(session, plan)
}

/// Installs the filter, which makes up for what the footing lacks.
fn filter(plan: &HolderPlan, supervisor: &OwnedFd) -> Result<(), Fault> {
    let footing = &plan.footing;
    let step = "installing the system call filter";
    let filter = seccomp::sharing(families(plan), Programs::Allowed, &shared(footing));
    let filter = seccomp::lacking(filter, &plan.without);
    match footing.base {
        Base::User | Base::Root => seccomp::install(&filter, Threads::This).during(step),
        Base::None => {
            let calls = seccomp::install_supervised(&filter).during(step)?;
            wire::send(supervisor, &(), &[calls.as_fd()]).during("finding the supervisor")
        }
    }
}

/// What is the host's, and the filter must make up for.
pub(super) fn shared(footing: &Footing) -> Vec<Shared> {
    let mut shared = Vec::new();
    for (namespace, one) in [(Namespace::Process, Shared::Processes), (Namespace::Ipc, Shared::Ipc)]
    {
        if !footing.has(namespace) {
            shared.push(one);
        }
    }
    if footing.base == Base::None {
        shared.push(Shared::Files);
    }
    shared
}

/// The sockets that a command may make.
fn families(plan: &HolderPlan) -> Families {
    // A named socket is found by its inode, which an overlay gives anew, or in its network.
    // Where the network is the host's, only Landlock keeps names without a file apart.
    let scoped = landlock::version() >= landlock::VERSION_MIN;
    let named = match (plan.footing.base, plan.local_sockets) {
        (Base::User | Base::Root, LocalSockets::Allowed) => LocalSockets::Allowed,
        (Base::None, _) | (_, LocalSockets::PairsOnly) => LocalSockets::PairsOnly,
    };
    match (plan.footing.has(Namespace::Network), named) {
        (true, LocalSockets::Allowed) => Families::InetAndLocal,
        (true, LocalSockets::PairsOnly) => Families::InetAndPairs,
        (false, LocalSockets::Allowed) if scoped => Families::LocalOnly,
        (false, LocalSockets::Allowed | LocalSockets::PairsOnly) => Families::PairsOnly,
    }
}

/// Prepares all strings while memory may still be allocated without surprise.
pub(super) fn words(
    argv: &[std::ffi::OsString],
    search: &[std::ffi::OsString],
    environment: &[std::ffi::OsString],
) -> Result<Words, Fault> {
    let Some(program) = argv.first().filter(|program| !program.is_empty()) else {
        return Err(Fault { step: "reading the command".to_owned(), errno: libc::ENOENT });
    };
    let candidates = if program.as_bytes().contains(&b'/') {
        vec![c_string(program)?]
    } else {
        search
            .iter()
            .map(|directory| c_string(&join(directory, program)))
            .collect::<Result<_, _>>()?
    };
    let all = |texts: &[std::ffi::OsString]| -> Result<Vec<CString>, Fault> {
        texts.iter().map(|text| c_string(text)).collect()
    };
    Ok(Words { candidates, arguments: all(argv)?, environment: all(environment)? })
}

fn join(directory: &OsStr, name: &OsStr) -> std::ffi::OsString {
    std::path::Path::new(directory).join(name).into_os_string()
}

/// Goes into the working directory, beneath the workspace and through no link.
fn enter(session: &Session<'_>, directory: &OsStr) -> Result<(), Fault> {
    // By name from the root, so that the directory is the one of this command's mounts;
    // and the very one, because an earlier command may have put another in its place.
    let identity = session.identity().during("looking at the workspace")?;
    let workspace = crate::mount::source(&session.plan.workspace, Some(identity));
    let workspace = workspace.during("opening the workspace")?;
    if directory.is_empty() {
        return rustix::process::fchdir(&workspace).during("entering the workspace");
    }
    let directory = rustix::fs::openat2(
        &workspace,
        directory,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
    );
    let directory = directory.during("opening the working directory")?;
    rustix::process::fchdir(&directory).during("entering the working directory")
}

fn limit(session: &Session<'_>, plan: &CommandPlan) -> Result<(), Fault> {
    let without = &session.plan.without;
    let mut limits = vec![
        (Resource::Data, plan.memory_bytes),
        (Resource::Fsize, plan.file_bytes),
        (Resource::Nofile, plan.open_files),
        (Resource::Sigpending, PENDING_SIGNALS),
        (Resource::Msgqueue, QUEUE_BYTES),
        (Resource::Nice, 0),
        (Resource::Rtprio, 0),
    ];
    // The signal at the first names the limit; who does not end at it is killed at the second.
    if !without.contains(&Layer::Limit(PROCESSOR)) {
        bound(Resource::Cpu, plan.cpu_s, plan.cpu_s.saturating_add(CPU_GRACE_S))?;
    }
    if !without.contains(&Layer::Processes) {
        limits.push((Resource::Nproc, plan.processes.saturating_add(session.processes_besides)));
    }
    for (place, (resource, at)) in (FIRST_OF_COMMAND..).zip(limits) {
        if !without.contains(&Layer::Limit(place)) {
            bound(resource, at, at)?;
        }
    }
    Ok(())
}

/// Sets both values of a limit, which are only ever lowered; the owner's own may be lower still.
fn bound(resource: Resource, soft: u64, hard: u64) -> Result<(), Fault> {
    let owners = rustix::process::getrlimit(resource).maximum;
    let within = |bound: u64| Some(owners.map_or(bound, |owners| owners.min(bound)));
    let both = Rlimit { current: within(soft), maximum: within(hard) };
    rustix::process::setrlimit(resource, both).during("setting a resource limit")
}

/// Empties the set that bounds what a program could be given.
pub(super) fn drop_bounding_set() -> io::Result<()> {
    for number in 0..=CAPABILITY_NUMBER_MAX {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // The kernel knows no further ones.
            Err(rustix::io::Errno::INVAL) => return Ok(()),
            // In a container that lacks the capability for it the set stays as it is. It
            // gives nothing: all capabilities are dropped after this, and under
            // `no_new_privs` no program gives more than its caller has.
            Err(rustix::io::Errno::PERM) if !may_empty_it()? => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

fn may_empty_it() -> io::Result<bool> {
    Ok(rustix::thread::capabilities(None)?.effective.contains(CapabilitySet::SETPCAP))
}

/// Gives every capability up.
pub(super) fn drop_capabilities() -> io::Result<()> {
    rustix::thread::clear_ambient_capability_set()?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    Ok(rustix::thread::set_capabilities(None, none)?)
}

/// Hands every capability on to the program. Only security tests ask for this.
fn keep_capabilities() -> io::Result<()> {
    let mut sets = rustix::thread::capabilities(None)?;
    sets.inheritable = sets.permitted;
    rustix::thread::set_capabilities(None, sets)?;
    for capability in sets.permitted.iter() {
        rustix::thread::configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}

/// Tries the places of the program in order, as a shell does.
pub(super) fn start(words: &Words) -> Fault {
    let mut errno = libc::ENOENT;
    for candidate in &words.candidates {
        let error = kernel::execute(candidate, &words.arguments, &words.environment);
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => {}
            Some(other) => errno = other,
            None => {}
        }
    }
    Fault { step: "starting the program".to_owned(), errno }
}

/// Tells the reaper what went wrong, through a pipe that a successful start closes.
pub(super) fn report(pipe: &OwnedFd, fault: &Fault) {
    if let Ok(text) = serde_json::to_vec(fault) {
        // The reaper is gone when this fails, and this process with it.
        let _reaper_gone = rustix::io::write(pipe, &text);
    }
}

/// What the command's process reported before it became the program; none when it did.
pub(super) fn reported(pipe: &OwnedFd) -> Option<Fault> {
    let mut text = [0_u8; 2048];
    let read = rustix::io::retry_on_intr(|| rustix::io::read(pipe.as_fd(), &mut text)).ok()?;
    let text = text.get(..read).filter(|text| !text.is_empty())?;
    serde_json::from_slice(text).ok()
}

/// Places in [`LIMITS`].
const CORE: u8 = 0;
/// See [`CORE`].
const PROCESSOR: u8 = 1;
/// See [`CORE`]; the others follow in their order.
const FIRST_OF_COMMAND: u8 = 2;

/// The names of the limits in their order, for tests.
pub(crate) const LIMITS: [&str; 10] = [
    "core dumps",
    "processor time",
    "data",
    "file size",
    "open files",
    "pending signals",
    "message queues",
    "nice",
    "real-time priority",
    "processes",
];

const CAPABILITY_NUMBER_MAX: u32 = 63;

/// Not 0: a handler that the kernel starts for core dumps is started all the same
/// then, on the host and as root. At 1 it is not (core(5), `do_coredump`).
const CORE_BYTES: u64 = 1;

/// What the kernel counts for the user and not for the namespace: less than the usual
/// share, so that the user's other programs are left some.
const PENDING_SIGNALS: u64 = 1024;
const QUEUE_BYTES: u64 = 256 * 1024;

/// Seconds between the signal at the limit on processor time and the end.
const CPU_GRACE_S: u64 = 2;
