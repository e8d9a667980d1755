// SPDX-License-Identifier: Apache-2.0
//! The holder: process 1 of a session's namespaces, keeper of its mounts.
//!
//! It lives as long as the session, so that the kernel's caches of the overlay stay
//! warm, and starts one reaper per command, the next one always in advance.
//!
//! Invariant: it ends when its owner's socket closes, and with it, by the kernel's
//! rule for process 1 or by its reaper, everything it ever started.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::process::{DumpableBehavior, PidfdFlags, Signal, WaitId, WaitIdOptions};

use crate::footing::{Base, Namespace, ProcessList};
use crate::inside::reapers::{Reapers, Want};
use crate::inside::{view, watch};
use crate::kernel::{self, Children, Side};
use crate::landlock::{self, Ruleset};
use crate::limits::{QUIET, QUIET_BESIDE};
use crate::plan::Layer;
use crate::poll;
use crate::wire::{
    self, Answer, Counted, During, Fault, HolderPlan, Identity, Lost, Received, ToHolder,
};

/// What every command of the session shares.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) plan: &'a HolderPlan,
    pub(super) ruleset: Option<Ruleset>,
    pub(super) outer: Outer,
    /// Whether the highest process id is this sandbox's own setting.
    pub(super) bounds_numbers: bool,
    /// Places under `/proc` that the rules name: the kernel knows them as long as they are open.
    _facts: Vec<OwnedFd>,
    /// Processes that the user has besides, which the kernel counts with the command's.
    pub(super) processes_besides: u64,
    pub(super) workspace: OwnedFd,
    /// The control group of its commands, where there is one.
    pub(super) group: Option<OwnedFd>,
    /// The holder itself, for its owner to see it end.
    own: OwnedFd,
}

impl Session<'_> {
    /// Which directory the workspace is, as commands see it.
    pub(super) fn identity(&self) -> io::Result<Identity> {
        let stat = rustix::fs::fstat(&self.workspace)?;
        Ok(Identity { device: stat.st_dev, inode: stat.st_ino })
    }
}

/// Where a holder puts its commands.
#[derive(Debug)]
pub(super) enum Place {
    /// Into the control group that it is in itself.
    WithMoat,
    /// Into this one.
    Group(OwnedFd),
}

/// Runs a holder to its end, and the process with it.
pub(super) fn main(plan: &HolderPlan, outer: Outer, control: &OwnedFd, place: Place) -> ! {
    if kernel::place(control, 0).is_err() {
        // Its owner sees the socket's end.
        kernel::quit(1);
    }
    match prepare(plan, outer, place) {
        Ok((session, ready)) => {
            let fds = [session.workspace.as_fd(), session.own.as_fd()];
            if wire::send(kernel::standard_input(), &ready, &fds).is_ok() {
                let mut reapers = Reapers::default();
                serve(&session, &mut reapers);
                reapers.retire(&session);
            }
        }
        Err(fault) => {
            // The owner is gone when this fails. The other descriptor of it may be closed.
            let _owner_gone = wire::send(kernel::standard_input(), &Answer::Failed(fault), &[]);
        }
    }
    kernel::quit(0)
}

fn prepare<'a>(
    plan: &'a HolderPlan,
    outer: Outer,
    place: Place,
) -> Result<(Session<'a>, Answer), Fault> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .during("tying the holder to its launcher")?;
    kernel::treat_children(Children::Awaited);
    watch::learn_ticks();
    let (place, first) = keep(place)?;
    if !plan.without.contains(&Layer::Descriptors) {
        kernel::close_from(first).during("closing inherited descriptors")?;
    }
    let without = |layer| plan.without.contains(&layer);
    let mut lost = Vec::new();
    enter(plan, outer, &mut lost)?;
    let notes = match plan.footing.base {
        Base::User | Base::Root if without(Layer::View) => {
            view::detach().during("cutting mounts off from the host")?;
            Vec::new()
        }
        Base::User | Base::Root => view::build(plan)?,
        Base::None => Vec::new(),
    };
    let (rules, version) = rules(plan)?;
    if version < landlock::VERSION_MIN {
        lost.push(Lost::Landlock { version });
    }
    let bounds_numbers = plan.footing.process_list == ProcessList::Own && numbers_are_own(outer);
    let (group, counted) = try_place(place);
    if outer.is_root() && !bounds_numbers && group.is_none() {
        lost.push(Lost::Processes);
    }
    let workspace = crate::mount::source(&plan.workspace, None).during("opening the workspace")?;
    if !without(Layer::ClosedMemory) {
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .during("closing the holder's memory")?;
    }
    let own = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty())
        .during("opening the holder's own process")?;
    let Rules { ruleset, facts } = rules;
    let session = Session {
        plan,
        ruleset,
        outer,
        bounds_numbers,
        _facts: facts,
        processes_besides: match plan.footing.base {
            Base::User | Base::Root => 0,
            Base::None => processes_of(outer.user),
        },
        workspace,
        group,
        own,
    };
    Ok((session, Answer::Ready { notes, lost, counted }))
}

/// Puts the group's descriptor where it is not closed; tells from where on descriptors are.
fn keep(place: Place) -> Result<(Place, u32), Fault> {
    match place {
        Place::WithMoat => Ok((place, 3)),
        Place::Group(group) => {
            let kept = kernel::place_owned(&group, 3).during("keeping the control group")?;
            // Its number is closed with the others, or is the same.
            std::mem::forget(group);
            Ok((Place::Group(kept), 4))
        }
    }
}

/// Sees whether the kernel starts a process in the group.
fn try_place(place: Place) -> (Option<OwnedFd>, Counted) {
    let Place::Group(group) = place else {
        return (None, Counted::WithMoat);
    };
    let tried = match kernel::clone_into(0, group.as_fd()) {
        Ok(Side::Child) => kernel::quit(0),
        Ok(Side::Parent { child, .. }) => {
            let id = WaitId::PidFd(child.as_fd());
            rustix::process::waitid(id, WaitIdOptions::EXITED).map(drop).map_err(io::Error::from)
        }
        Err(error) => Err(error),
    };
    match tried.during("starting a process in the control group") {
        Ok(()) => (Some(group), Counted::Apart),
        Err(fault) => (None, Counted::Refused(fault)),
    }
}

/// Finishes what the kernel has just made for this process, and drops what it kept.
fn enter(plan: &HolderPlan, outer: Outer, lost: &mut Vec<Lost>) -> Result<(), Fault> {
    let without = |layer| plan.without.contains(&layer);
    match plan.footing.base {
        Base::User if without(Layer::UserNamespace) => {}
        Base::User => identify(outer)?,
        // Groups of the machine's root reach further than root's own files; others keep theirs,
        // because only an administrator may drop them.
        Base::Root | Base::None => {
            let _not_allowed = kernel::drop_groups();
        }
    }
    // Before the process is closed to itself too; everything it starts inherits it.
    write("/proc/self/oom_score_adj", "800").during("offering itself when memory runs out")?;
    match plan.footing.base {
        Base::User if !without(Layer::UserNamespace) => {
            if !without(Layer::Watches) {
                bound_watches();
            }
            if !without(Layer::NestingBound) && bound_nesting().is_err() {
                lost.push(Lost::Nesting);
            }
        }
        // These settings would be the host's.
        Base::User | Base::Root | Base::None => {}
    }
    if plan.footing.has(Namespace::Name) && !without(Layer::HostName) {
        name_host()?;
    }
    Ok(())
}

/// Gives the host, in a namespace of its own, a name that tells nothing.
pub(super) fn name_host() -> Result<(), Fault> {
    rustix::system::sethostname(b"moat").during("naming the host")
}

/// Whether the highest process id belongs to a process-id namespace.
///
/// From Linux 6.14 on it does. This is asked and not tried, because before that the machine's
/// root would change the host's.
fn numbers_are_own(outer: Outer) -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut parts = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    !outer.is_root() || version >= (6, 14)
}

/// How many processes and threads `user` has on this machine, as far as they can be seen.
fn processes_of(user: u32) -> u64 {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(list) = rustix::fs::open("/proc", flags, Mode::empty()) else {
        return 0;
    };
    let Ok(entries) = Dir::read_from(&list) else {
        return 0;
    };
    let mut count = 0;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let of_user = rustix::fs::statat(&list, &*name, AtFlags::empty())
            .is_ok_and(|stat| stat.st_uid == user);
        if of_user {
            // Each thread is a directory, which counts as a link of the one that holds it.
            let tasks = rustix::fs::statat(&list, format!("{name}/task"), AtFlags::empty());
            let links = tasks.map_or(3, |stat| stat.st_nlink);
            count += links.saturating_sub(2);
        }
    }
    count
}

/// Who a process is before it enters a user namespace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outer {
    user: u32,
    group: u32,
}

impl Outer {
    /// The ids of this process. Asked before the namespace is made, since inside it
    /// they show as "nobody" until they are mapped.
    pub(super) fn here() -> Self {
        Self {
            user: rustix::process::geteuid().as_raw(),
            group: rustix::process::getegid().as_raw(),
        }
    }
}

impl Outer {
    /// Whether the kernel exempts this user from the limit on processes.
    pub(super) const fn is_root(self) -> bool {
        self.user == 0
    }
}

/// Becomes user and group 1000 of the new user namespace.
pub(super) fn identify(outer: Outer) -> Result<(), Fault> {
    map(outer, Outer { user: 1000, group: 1000 })
}

/// Becomes `inner` in the new user namespace.
pub(super) fn map(outer: Outer, inner: Outer) -> Result<(), Fault> {
    write("/proc/self/setgroups", "deny").during("mapping the user namespace's groups")?;
    write("/proc/self/uid_map", &format!("{} {} 1", inner.user, outer.user))
        .during("mapping the user namespace's user")?;
    write("/proc/self/gid_map", &format!("{} {} 1", inner.group, outer.group))
        .during("mapping the user namespace's group")
}

fn write(path: &str, text: &str) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes())?;
    Ok(())
}

/// Forbids user namespaces below this one, whatever the system call filter says.
pub(super) fn bound_nesting() -> io::Result<()> {
    write("/proc/sys/user/max_user_namespaces", "0")
}

/// Leaves the user's other programs some of what the kernel counts for the user.
fn bound_watches() {
    for (name, bound) in [("instances", "64"), ("watches", "16384")] {
        // A kernel without inotify lacks the setting.
        let _absent = write(&format!("/proc/sys/user/max_inotify_{name}"), bound);
    }
}

/// The rules for files, and what must stay open for them.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) ruleset: Option<Ruleset>,
    facts: Vec<OwnedFd>,
}

/// Makes the Landlock rules: read and run what is visible, write where it is the session's.
pub(super) fn rules(plan: &HolderPlan) -> Result<(Rules, i32), Fault> {
    let version = landlock::version();
    let needed = plan.footing.base == Base::None;
    if version == 0 && needed {
        return Err(Fault { step: "finding Landlock".to_owned(), errno: libc::EOPNOTSUPP });
    }
    if plan.without.contains(&Layer::Landlock) || version == 0 {
        return Ok((Rules::default(), version));
    }
    let ruleset = Ruleset::lacking(&plan.without).during("making a Landlock ruleset")?;
    let allow = |path: &OsStr, rights: u64| -> Result<OwnedFd, Fault> {
        let place = crate::mount::source(path, None);
        let place = place.during(format!("opening {} for Landlock", path.display()))?;
        ruleset.allow(place.as_fd(), rights).during("adding a Landlock rule")?;
        Ok(place)
    };
    for (place, (path, rights)) in (0..).zip(narrow(plan)) {
        let wide = plan.without.contains(&Layer::LandlockRule(place));
        allow(path, if wide { landlock::WRITE } else { rights })?;
    }
    // Without a view the other places are the host's.
    let shared = plan.without.contains(&Layer::View);
    for path in plan.writable.iter().filter(|path| !shared || **path == plan.workspace) {
        allow(path, landlock::WRITE)?;
    }
    let mut facts = Vec::new();
    for fact in FACTS.iter().filter(|_| needed) {
        // A kernel without one of them is no less confined.
        facts.extend(allow(fact.as_ref(), landlock::READ_ONLY).ok());
    }
    Ok((Rules { ruleset: Some(ruleset), facts }, version))
}

/// Where less than everything may be done, and what.
pub(crate) fn narrow(plan: &HolderPlan) -> impl Iterator<Item = (&OsStr, u64)> {
    let readable = plan.readable.iter().map(|path| (path.as_os_str(), landlock::READ));
    readable.chain(plan.devices.iter().map(|path| (path.as_os_str(), landlock::DEVICE)))
}

fn serve(session: &Session<'_>, reapers: &mut Reapers) {
    let control = kernel::standard_input();
    let mut want = reapers.want();
    loop {
        if want == Want::Now && reapers.prepare(session).is_err() {
            return;
        }
        let mut fds = vec![PollFd::from_borrowed_fd(control, PollFlags::IN)];
        let known = reapers.running.iter().chain(&reapers.spare);
        fds.extend(known.map(|it| PollFd::from_borrowed_fd(it.process.as_fd(), PollFlags::IN)));
        let quiet = if reapers.running.is_some() { QUIET_BESIDE } else { QUIET };
        let wait = (reapers.want() == Want::WhenQuiet).then_some(quiet);
        let Ok(ready) = poll::wait(&mut fds, wait) else {
            return;
        };
        let mut heard = fds.iter().map(|fd| !fd.revents().is_empty());
        let asked = heard.next().unwrap_or(false);
        let ended = reapers.running.is_some() && heard.next().unwrap_or(false);
        let died = heard.any(|heard| heard);
        if ended && reapers.collect(session).is_err() {
            return;
        }
        if died && reapers.bury().is_err() {
            return;
        }
        if asked {
            let Ok(received) = wire::receive::<ToHolder>(control) else {
                return;
            };
            obey(session, reapers, received);
        }
        want = if ready == 0 { Want::Now } else { reapers.want() };
    }
}

fn obey(session: &Session<'_>, reapers: &mut Reapers, received: Received<ToHolder>) {
    match (received.message, reapers.running.as_ref()) {
        (ToHolder::Kill, Some(running)) => running.end(session),
        // The command had ended before the message came.
        (ToHolder::Kill, None) => {}
        // It has said that its command is gone, and should be taken down by now.
        (ToHolder::Run { number, spare, .. }, Some(former)) if !former.ends() => {
            if let Some(told) = spare.and_then(|spare| reapers.take(spare)) {
                told.end(session);
            }
            let step = "another command is running".to_owned();
            refuse(number, Fault { step, errno: libc::EBUSY });
        }
        (ToHolder::Run { number, care, spare, told }, _former) => {
            if reapers.collect(session).is_err() {
                kernel::quit(0);
            }
            let whole: Vec<BorrowedFd<'_>> = received.fds.iter().map(AsFd::as_fd).collect();
            let message = ToHolder::Run { number, care, spare, told };
            match reapers.hand(session, &message, &whole) {
                Ok(()) => {}
                Err(fault) => refuse(number, fault),
            }
        }
    }
}

fn refuse(number: u64, fault: Fault) {
    let control = kernel::standard_input();
    for answer in [Answer::Failed(fault), Answer::Done { number }] {
        if wire::send(control, &answer, &[]).is_err() {
            kernel::quit(0);
        }
    }
}

/// What of `/proc` says something about the machine and nothing about a process.
pub(crate) const FACTS: [&str; 9] = [
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/vm/overcommit_memory",
];
