// SPDX-License-Identifier: Apache-2.0
//! A running sandbox: its files for the session's resolver, its commands.
//!
//! Invariant: dropping a [`Sandbox`] ends every process in it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags};
use rustix::net::Shutdown;
use rustix::process::Signal;

use crate::confinement::{self, Confinement, Level};
use crate::limits::ANSWER_WAIT_MAX;
use crate::run::{self, Surroundings};
use crate::wire::{self, Answer, Fault, ToLauncher};
use crate::{Command, Error, Exit, Interrupt, Launcher, OutputSink, Plan, launcher, poll, view};

/// What is left of a sandbox that was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// No process and no mount of it.
    Gone,
    /// The kernel did not end it in time.
    Lingering,
}

/// A sandbox that stays up for a session, so that the kernel's caches stay warm.
#[derive(Debug)]
pub struct Sandbox {
    control: Mutex<OwnedFd>,
    holder: OwnedFd,
    root: OwnedFd,
    confinement: Confinement,
    notes: Vec<String>,
    surroundings: Surroundings,
}

impl Sandbox {
    /// Starts a sandbox for `plan`.
    ///
    /// # Errors
    /// [`Error::Start`] when the kernel refuses a step, [`Error::Workspace`] when the workspace
    /// holds the home or Moat's own state, [`Error::Unenforced`] when anything would not be enforced.
    pub fn start(launcher: &Launcher, plan: &Plan) -> Result<Self, Error> {
        Self::start_with(launcher, plan, &[])
    }

    /// As [`Sandbox::start`], with further files of the host shown at other places.
    /// Only security tests and the probe call this.
    ///
    /// # Errors
    /// As [`Sandbox::start`].
    #[doc(hidden)]
    pub fn start_with(
        launcher: &Launcher,
        plan: &Plan,
        extra: &[(PathBuf, PathBuf)],
    ) -> Result<Self, Error> {
        let compiled = view::compile(launcher.settings(), plan, extra)?;
        let channel =
            |step: &str, source: io::Error| Error::Start { step: step.to_owned(), source };
        let body = wire::body(&compiled).map_err(|error| channel("sealing the plan", error))?;
        let (control, there) =
            wire::pair().map_err(|error| channel("making the control socket", error))?;
        launcher.ask(&ToLauncher::Hold, &[body.as_fd(), there.as_fd()])?;
        drop(there);
        let received = launcher::answer(&control)?;
        let (notes, lost) = match received.message {
            Answer::Ready { notes, lost } => (notes, lost),
            Answer::Failed(fault) => return Err(start_error(fault)),
            Answer::Serving { .. }
            | Answer::Listener
            | Answer::Exited { .. }
            | Answer::Done { .. } => {
                return Err(Error::Answer { reason: "the sandbox did not say that it is ready" });
            }
        };
        let mut fds = received.fds.into_iter();
        let (Some(root), Some(holder)) = (fds.next(), fds.next()) else {
            return Err(Error::Answer { reason: "the workspace did not come with it" });
        };
        let confinement = confinement::judge(&lost);
        if confinement.level() != Level::Full {
            return Err(Error::Unenforced { lost: confinement.lost() });
        }
        for note in &notes {
            tracing::debug!(note, "the sandbox starts without it");
        }
        Ok(Self {
            control: Mutex::new(control),
            holder,
            root,
            confinement,
            notes,
            surroundings: Surroundings::new(launcher.settings(), plan),
        })
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

    /// Toolchains and caches that could not be shown, one sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Runs one command to its end; commands of one sandbox run one after another.
    ///
    /// # Errors
    /// [`Error::Run`] when the program could not be started; a program that fails is
    /// an [`Exit`] and no error. After [`Error::Gone`] or [`Error::Answer`] the sandbox
    /// is of no more use.
    pub fn run(
        &self,
        command: &Command,
        sink: &mut dyn OutputSink,
        interrupt: &Interrupt,
    ) -> Result<Exit, Error> {
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let result = run::run(&control, &self.surroundings, command, sink, interrupt);
        if matches!(result, Err(Error::Gone | Error::Answer { .. })) {
            // Nothing may go on in there that we no longer understand.
            let _closed = rustix::net::shutdown(&*control, Shutdown::Write);
        }
        result
    }
}

impl Sandbox {
    /// Ends every process of the sandbox, and waits until it is gone with its mounts: its
    /// directories may then be used again, or removed. Dropping it does the same, but
    /// tells nobody when it fails.
    ///
    /// # Errors
    /// [`Error::Lingering`] when the kernel did not end it in time, although it was killed.
    /// Its directories may still be written to.
    pub fn end(mut self) -> Result<(), Error> {
        // What is dropped after this finds it ended, and waits for nothing.
        match self.close() {
            Ended::Gone => Ok(()),
            Ended::Lingering => Err(Error::Lingering),
        }
    }

    fn close(&mut self) -> Ended {
        let control = self.control.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _closed = rustix::net::shutdown(&*control, Shutdown::Both);
        if ends(&self.holder) {
            return Ended::Gone;
        }
        // It ends by itself when the socket does; one that hangs is killed with all below it.
        let _ended = rustix::process::pidfd_send_signal(&self.holder, Signal::KILL);
        if ends(&self.holder) { Ended::Gone } else { Ended::Lingering }
    }
}

/// Whether a process ends within [`ANSWER_WAIT_MAX`].
fn ends(process: &OwnedFd) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN)];
    matches!(poll::wait(&mut fds, Some(ANSWER_WAIT_MAX)), Ok(1))
}

impl Drop for Sandbox {
    /// Ends the holder and waits until it is gone with its mounts, so that the overlay
    /// can be mounted again.
    fn drop(&mut self) {
        if self.close() == Ended::Lingering {
            tracing::warn!("a sandbox did not end in time");
        }
    }
}

fn start_error(fault: Fault) -> Error {
    Error::Start { step: fault.step, source: io::Error::from_raw_os_error(fault.errno) }
}
