// SPDX-License-Identifier: Apache-2.0
//! Starts services: processes of Moat itself that outlive the launcher.
//!
//! A sealed service gets namespaces, a view, Landlock and a filter of its own, as a
//! command does, but no holder: its process 1 is a reaper. The other kind keeps the
//! host's network and confines itself.
//!
//! Invariant: a service has its standard descriptors, those that were sent for it,
//! and no other.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::pipe::PipeFlags;
use rustix::process::DumpableBehavior;

use crate::footing::{Base, Namespace};
use crate::inside::hold::{self, Outer, Rules};
use crate::inside::launch::Network;
use crate::inside::{exec, launch, supervise, view};
use crate::kernel::{self, Children, Side};
use crate::landlock;
use crate::mount;
use crate::seccomp::{self, Families, Programs, Threads};
use crate::wire::{self, Answer, During, Fault, HolderPlan, ServicePlan};

/// Starts the service that `fds` describe, and answers.
pub(super) fn start(fds: Vec<OwnedFd>, network: &Network) {
    let mut fds = fds.into_iter();
    let (Some(body), Some(answer), Some(log)) = (fds.next(), fds.next(), fds.next()) else {
        return;
    };
    let inherited: Vec<OwnedFd> = fds.collect();
    let message = match launch(&body, &log, &inherited, network) {
        Ok(pid) => Answer::Serving { pid },
        Err(fault) => Answer::Failed(fault),
    };
    // The owner is gone when this fails.
    let _owner_gone = wire::send(&answer, &message, &[]);
}

fn launch(
    body: &OwnedFd,
    log: &OwnedFd,
    inherited: &[OwnedFd],
    network: &Network,
) -> Result<i32, Fault> {
    let plan: ServicePlan = wire::read_body(body).during("reading the plan")?;
    match plan.view {
        Some(_) => network.is_settled()?,
        None => network.reaches_host()?,
    }
    let (ready, failed) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).during("making the service's pipe")?;
    let outer = Outer::here();
    let flags = plan.view.as_ref().map_or(0, launch::namespaces);
    match kernel::clone(flags).during("creating the service's process")? {
        Side::Parent { pid, .. } => {
            drop(failed);
            match exec::reported(&ready) {
                Some(fault) => Err(fault),
                None => Ok(pid),
            }
        }
        Side::Child => {
            drop(ready);
            kernel::treat_children(Children::Awaited);
            let result = match &plan.view {
                None => become_service(&plan, None, log, inherited),
                Some(view) => seal(&plan, view, outer, log, inherited, &failed),
            };
            if let Err(fault) = result {
                exec::report(&failed, &fault);
            }
            kernel::quit(127)
        }
    }
}

/// Builds the sealed service's surroundings, starts it and stays as its reaper.
fn seal(
    plan: &ServicePlan,
    view: &HolderPlan,
    outer: Outer,
    log: &OwnedFd,
    inherited: &[OwnedFd],
    failed: &OwnedFd,
) -> Result<(), Fault> {
    rustix::process::setsid().during("starting a new session")?;
    match view.footing.base {
        Base::User => {
            hold::identify(outer)?;
            // The filter holds it as well, where the setting cannot be reached.
            let _filtered = hold::bound_nesting();
        }
        Base::Root | Base::None => {
            let _not_allowed = kernel::drop_groups();
        }
    }
    if view.footing.base != Base::None {
        // What could not be shown is what the service needs, so nothing is skipped silently.
        view::build(view)?;
        let list = mount::source("/proc".as_ref(), None).during("opening `/proc`")?;
        mount::narrow_one(list.as_fd(), mount::RDONLY).during("sealing `/proc`")?;
    }
    let (rules, version) = hold::rules(view)?;
    let alone = view.footing.has(Namespace::Process);
    if !alone {
        supervise::enclose()?;
    }
    if version < landlock::VERSION_MIN && !alone {
        return Err(Fault {
            step: format!("entering a Landlock domain (version {version})"),
            errno: libc::EOPNOTSUPP,
        });
    }
    match kernel::clone(0).during("starting the service")? {
        Side::Child => {
            let fault = become_service(plan, Some((view, &rules)), log, inherited);
            if let Err(fault) = fault {
                exec::report(failed, &fault);
            }
            kernel::quit(127)
        }
        Side::Parent { pid, .. } => {
            kernel::close(failed.as_fd());
            for fd in inherited.iter().chain([log]) {
                kernel::close(fd.as_fd());
            }
            kernel::close(kernel::standard_input());
            rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
                .during("closing the reaper's memory")?;
            exec::drop_capabilities().during("dropping the reaper's capabilities")?;
            loop {
                match kernel::wait_any() {
                    Ok(ended) if ended.pid != pid => {}
                    Ok(_) | Err(_) => {
                        if !alone {
                            // What is left is confined as the service was.
                            let _left = supervise::finish();
                        }
                        kernel::quit(0)
                    }
                }
            }
        }
    }
}

/// Becomes the service's program; comes back only with what went wrong.
fn become_service(
    plan: &ServicePlan,
    sealed: Option<(&HolderPlan, &Rules)>,
    log: &OwnedFd,
    inherited: &[OwnedFd],
) -> Result<(), Fault> {
    let words = exec::words(&plan.argv, &[], &plan.environment)?;
    rustix::process::setsid().during("starting a new session")?;
    rustix::process::chdir("/").during("entering the root")?;
    rustix::process::nice(plan.nice.clamp(0, 19)).during("lowering the priority")?;
    place(log, inherited)?;
    rustix::process::umask(Mode::from_raw_mode(0o077));
    kernel::reset_signals();
    if let Some((_, rules)) = sealed {
        exec::drop_bounding_set().during("dropping the capability bounding set")?;
        exec::drop_capabilities().during("dropping capabilities")?;
        rustix::thread::set_no_new_privs(true).during("forbidding new privileges")?;
        if let Some(ruleset) = &rules.ruleset {
            ruleset.restrict().during("entering the Landlock domain")?;
        }
    }
    let first = 3 + u32::try_from(inherited.len()).unwrap_or(0);
    kernel::close_on_exec_from(first).during("closing descriptors")?;
    if let Some((view, _)) = sealed {
        let families = match view.footing.base {
            Base::User | Base::Root => Families::Local,
            Base::None => Families::PairsOnly,
        };
        // It has no supervisor: what one would do does not exist for it.
        let filter = seccomp::sharing(families, Programs::Allowed, &exec::shared(&view.footing));
        seccomp::install(&filter, Threads::This).during("installing the system call filter")?;
    }
    Err(exec::start(&words))
}

/// Puts every descriptor at its number: first all of them out of the way, then down.
fn place(log: &OwnedFd, inherited: &[OwnedFd]) -> Result<(), Fault> {
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .during("opening `/dev/null`")?;
    let standard = [null.as_fd(), log.as_fd(), log.as_fd()];
    let sources: Vec<BorrowedFd<'_>> =
        standard.into_iter().chain(inherited.iter().map(AsFd::as_fd)).collect();
    let mut high = Vec::new();
    for source in sources {
        high.push(rustix::io::fcntl_dupfd_cloexec(source, HIGH).during("moving descriptors up")?);
    }
    for (number, fd) in (0..).zip(&high) {
        kernel::place(fd, number).during("placing descriptors")?;
    }
    Ok(())
}

/// Above every number that a service's descriptors get.
const HIGH: i32 = 200;
