// SPDX-License-Identifier: Apache-2.0
//! The launcher's loop: one duplicate per holder or service.
//!
//! Invariants: it ends when its owner's end of the socket closes, and every holder
//! ends with it. It holds no sandbox while it could still reach the host's network.

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use crate::inside::hold::{self, Outer};
use crate::inside::serve;
use crate::kernel::{self, Children, Side};
use crate::plan::Layer;
use crate::wire::{self, Answer, During, Fault, HolderPlan, Received, ToLauncher};

/// Whether this process can still reach the host's network.
#[derive(Debug)]
pub(super) enum Network {
    Host,
    /// There is none but an empty one.
    GivenUp,
    /// It should have been given up. Nothing is started any more.
    Stuck(Fault),
}

impl Network {
    /// Gives the host's network up, once.
    fn give_up(&mut self) -> Result<(), Fault> {
        if matches!(self, Self::Host) {
            *self = leave().map_or_else(Self::Stuck, |()| Self::GivenUp);
        }
        self.is_settled()
    }

    /// Refuses where the network should have been given up and was not.
    pub(super) fn is_settled(&self) -> Result<(), Fault> {
        match self {
            Self::Host | Self::GivenUp => Ok(()),
            Self::Stuck(fault) => Err(fault.clone()),
        }
    }

    /// Whether a service that keeps the host's network can be started.
    pub(super) fn reaches_host(&self) -> Result<(), Fault> {
        match self {
            Self::Host => Ok(()),
            Self::GivenUp => Err(Fault {
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
    if let Err(fault) = duplicate(&body, &control, network) {
        // The owner is gone when this fails, and the socket's end says the same.
        let _owner_gone = wire::send(&control, &Answer::Failed(fault), &[]);
    }
}

fn duplicate(body: &OwnedFd, control: &OwnedFd, network: &mut Network) -> Result<(), Fault> {
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
    let outer = Outer::here();
    match kernel::clone(flags).during("creating a user namespace")? {
        Side::Parent { .. } => Ok(()),
        Side::Child => hold::main(&plan, outer, control),
    }
}

/// Moves into a network namespace without any device that is up, owned by a user
/// namespace of this process's own, from which there is no way back (user_namespaces(7)).
fn leave() -> Result<(), Fault> {
    let outer = Outer::here();
    kernel::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET)
        .during("giving up the host's network")?;
    hold::map(outer, outer)
}

/// The namespaces of a holder. Those of its commands come on top.
pub(super) fn namespaces(plan: &HolderPlan) -> i32 {
    let mut flags = libc::CLONE_NEWNS;
    for (layer, flag) in [
        (Layer::UserNamespace, libc::CLONE_NEWUSER),
        (Layer::HostName, libc::CLONE_NEWUTS),
        (Layer::ControlGroups, libc::CLONE_NEWCGROUP),
        (Layer::ProcessNamespace, libc::CLONE_NEWPID),
        (Layer::NetworkNamespace, libc::CLONE_NEWNET),
        (Layer::IpcNamespace, libc::CLONE_NEWIPC),
    ] {
        if !plan.without.contains(&layer) {
            flags |= flag;
        }
    }
    flags
}
