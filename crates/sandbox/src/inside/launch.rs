// SPDX-License-Identifier: Apache-2.0
//! The launcher's loop: one duplicate per holder or service.
//!
//! Invariant: it ends when its owner's end of the socket closes, and every holder
//! ends with it.

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use crate::inside::hold::{self, Outer};
use crate::inside::serve;
use crate::kernel::{self, Children, Side};
use crate::plan::Layer;
use crate::wire::{self, Answer, During, Fault, HolderPlan, Received, ToLauncher};

pub(super) fn main() -> ExitCode {
    kernel::treat_children(Children::Forgotten);
    loop {
        let Ok(received) = wire::receive::<ToLauncher>(kernel::standard_input()) else {
            return ExitCode::SUCCESS;
        };
        let Received { message, fds } = received;
        match message {
            ToLauncher::Hold => start_holder(fds),
            ToLauncher::Serve => serve::start(fds),
        }
    }
}

fn start_holder(fds: Vec<OwnedFd>) {
    let mut fds = fds.into_iter();
    let (Some(body), Some(control)) = (fds.next(), fds.next()) else {
        return;
    };
    if let Err(fault) = duplicate(&body, &control) {
        // The owner is gone when this fails, and the socket's end says the same.
        let _owner_gone = wire::send(&control, &Answer::Failed(fault), &[]);
    }
}

fn duplicate(body: &OwnedFd, control: &OwnedFd) -> Result<(), Fault> {
    let plan: HolderPlan = wire::read_body(body.as_fd()).during("reading the plan")?;
    let outer = Outer::here();
    match kernel::clone(namespaces(&plan)).during("creating a user namespace")? {
        Side::Parent { .. } => Ok(()),
        Side::Child => hold::main(&plan, outer, control),
    }
}

/// The namespaces of a holder. Those of its commands come on top.
pub(super) fn namespaces(plan: &HolderPlan) -> i32 {
    let mut flags =
        libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWUTS | libc::CLONE_NEWCGROUP;
    for (layer, flag) in [
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
