// SPDX-License-Identifier: Apache-2.0
//! A running sandbox: its files for the session's resolver, its commands.
//!
//! Invariant: dropping a [`Sandbox`] ends every process in it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::{Command, Confinement, Error, Exit, Interrupt, Launcher, OutputSink, Plan};

/// A sandbox that stays up for a session, so that the kernel's caches stay warm.
#[derive(Debug)]
pub struct Sandbox {
    root: OwnedFd,
    confinement: Confinement,
}

impl Sandbox {
    /// Starts a sandbox for `plan`.
    ///
    /// # Errors
    /// [`Error::Start`] when the kernel refuses a step, [`Error::Workspace`] when the workspace
    /// holds the home or Moat's own state, [`Error::Unenforced`] when anything would not be enforced.
    pub fn start(launcher: &Launcher, plan: &Plan) -> Result<Self, Error> {
        let _ = (launcher, plan);
        Err(Error::Gone)
    }

    /// The merged workspace as the commands see it (`O_PATH`).
    #[must_use]
    pub fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// What this sandbox enforces.
    #[must_use]
    pub const fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// Runs one command to its end; commands of one sandbox run one after another.
    ///
    /// # Errors
    /// [`Error::Run`] when the program could not be started; a program that fails is
    /// an [`Exit`] and no error.
    pub fn run(
        &self,
        command: &Command,
        sink: &mut dyn OutputSink,
        interrupt: &Interrupt,
    ) -> Result<Exit, Error> {
        let _ = (command, sink, interrupt.event());
        Err(Error::Gone)
    }
}
