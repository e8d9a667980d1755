// SPDX-License-Identifier: Apache-2.0
//! The launcher's loop: one duplicate per holder or service.
//!
//! Invariants: it ends when its owner's end of the socket closes, and every holder
//! ends with it. It holds no sandbox while what it starts could reach the host's network.

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use crate::footing::Namespace;
use crate::inside::hold::{self, Outer, Place};
use crate::inside::{serve, survey};
use crate::kernel::{self, Children, Side};
use crate::plan::Layer;
use crate::seccomp::{self, Threads};
use crate::wire::{self, Answer, During, Fault, HolderPlan, Received, ToLauncher};

/// Whether this process can still reach the host's network.
#[derive(Debug)]
pub(super) enum Network {
    Host,
    /// There is none but an empty one.
    GivenUp,
    /// It is still there, but this process and all that it starts can make no INET socket.
    Filtered,
    /// It should have been given up. Nothing is started any more.
    Stuck(Fault),
}

impl Network {
    /// Gives the host's network up, once.
    fn give_up(&mut self) -> Result<(), Fault> {
        if matches!(self, Self::Host) {
            *self = leave().unwrap_or_else(Self::Stuck);
        }
        self.is_settled()
    }

    /// Refuses where the network should have been given up and was not.
    pub(super) fn is_settled(&self) -> Result<(), Fault> {
        match self {
            Self::Host | Self::GivenUp | Self::Filtered => Ok(()),
            Self::Stuck(fault) => Err(fault.clone()),
        }
    }

    /// Whether a service that keeps the host's network can be started.
    pub(super) fn reaches_host(&self) -> Result<(), Fault> {
        match self {
            Self::Host => Ok(()),
            Self::GivenUp | Self::Filtered => Err(Fault {
                step: "the launcher has given up the network already".to_owned(),
                errno: libc::ENETDOWN,
            }),
            Self::Stuck(fault) => Err(fault.clone()),
        }
    }
}

pub(super) fn main() -> ExitCode {
    kernel::treat_children(Children::Forgotten);
    let mut network = Network::Host;
    loop {
        let Ok(received) = wire::receive::<ToLauncher>(kernel::standard_input()) else {
            return ExitCode::SUCCESS;
        };
        let Received { message, fds } = received;
        match message {
            ToLauncher::Hold => start_holder(fds, &mut network),
            ToLauncher::Serve => serve::start(fds, &network),
            ToLauncher::Survey => answer_survey(fds, &mut network),
            // What follows is refused when this fails.
            ToLauncher::Seal => drop(network.give_up()),
        }
    }
}

fn start_holder(fds: Vec<OwnedFd>, network: &mut Network) {
    let mut fds = fds.into_iter();
    let (Some(body), Some(control)) = (fds.next(), fds.next()) else {
        return;
    };
    let place = fds.next().map_or(Place::WithMoat, Place::Group);
    if let Err(fault) = duplicate(&body, &control, place, network) {
        // The owner is gone when this fails, and the socket's end says the same.
        let _owner_gone = wire::send(&control, &Answer::Failed(fault), &[]);
    }
}

fn answer_survey(fds: Vec<OwnedFd>, network: &mut Network) {
    let Some(answer) = fds.into_iter().next() else {
        return;
    };
    // The owner is gone when this fails.
    let _owner_gone = match network.give_up() {
        Ok(()) => {
            let survey = survey::survey(network);
            wire::send(&answer, &Answer::Surveyed { survey }, &[])
        }
        Err(fault) => wire::send(&answer, &Answer::Failed(fault), &[]),
    };
}

fn duplicate(
    body: &OwnedFd,
    control: &OwnedFd,
    place: Place,
    network: &mut Network,
) -> Result<(), Fault> {
    let plan: HolderPlan = wire::read_body(body.as_fd()).during("reading the plan")?;
    // A test that switches the network's namespace off wants the host's network; one that
    // switches the user's off wants none above, which the empty network would need.
    let kept = [Layer::NetworkNamespace, Layer::UserNamespace];
    let mut flags = namespaces(&plan);
    if !kept.iter().any(|layer| plan.without.contains(layer)) {
        network.give_up()?;
        // The launcher's own network is as empty as one of the holder's would be.
        flags &= !libc::CLONE_NEWNET;
    }
    if matches!(network, Network::Filtered) && plan.footing.has(Namespace::Network) {
        return Err(Fault { step: "creating a network namespace".to_owned(), errno: libc::EPERM });
    }
    if matches!(place, Place::Group(_)) {
        // From one of its own the holder could put nothing into a group beside it; each
        // command gets one.
        flags &= !libc::CLONE_NEWCGROUP;
    }
    let outer = Outer::here();
    match kernel::clone(flags).during("creating a user namespace")? {
        Side::Parent { .. } => Ok(()),
        Side::Child => hold::main(&plan, outer, control, place),
    }
}

/// Leaves the host's network by the strongest way that there is.
///
/// The first is a network namespace without any device that is up, owned by a user
/// namespace of this process's own, from which there is no way back (user_namespaces(7)).
/// Whether one can live in such a user namespace is tried in another process before,
/// because half of the way in there is no way back either.
fn leave() -> Result<Network, Fault> {
    let outer = Outer::here();
    if survey::user_namespace().is_ok()
        && kernel::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET).is_ok()
    {
        return hold::map(outer, outer).map(|()| Network::GivenUp);
    }
    if kernel::unshare(libc::CLONE_NEWNET).is_ok() {
        return Ok(Network::GivenUp);
    }
    rustix::thread::set_no_new_privs(true).during("giving up the host's network")?;
    seccomp::install(&seccomp::without_inet(), Threads::This)
        .during("giving up the host's network")?;
    Ok(Network::Filtered)
}

/// The namespaces of a holder. Those of its commands come on top.
pub(super) fn namespaces(plan: &HolderPlan) -> i32 {
    let mut flags = plan.footing.flags();
    for (layer, flag) in [
        (Layer::UserNamespace, libc::CLONE_NEWUSER),
        (Layer::HostName, libc::CLONE_NEWUTS),
        (Layer::ControlGroups, libc::CLONE_NEWCGROUP),
        (Layer::ProcessNamespace, libc::CLONE_NEWPID),
        (Layer::NetworkNamespace, libc::CLONE_NEWNET),
        (Layer::IpcNamespace, libc::CLONE_NEWIPC),
    ] {
        if plan.without.contains(&layer) {
            flags &= !flag;
        }
    }
    flags
}
