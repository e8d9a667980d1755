// SPDX-License-Identifier: Apache-2.0
//! The process from which every other process is started.
//!
//! A system call filter is inherited, so a Moat process that has given up INET
//! sockets could no longer start a broker, nor a sandbox whose own loopback works.
//! The launcher is therefore started first, before [`crate::give_up_inet`], starts
//! the broker where one is wanted, and then moves into a network of its own in which
//! there is nothing ([`Launcher::give_up_network`]). It is small, single-threaded and
//! reads nothing but its owner's messages.
//!
//! Invariants: when the process that holds the [`Launcher`] dies, all its sandboxes
//! die. A launcher that holds a sandbox cannot reach the host's network.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags};
use rustix::net::Shutdown;

use crate::cgroup::Delegated;
use crate::footing::{Footing, Survey};
use crate::limits::ANSWER_WAIT_MAX;
use crate::wire::{self, Answer, Received, ToLauncher};
use crate::{Error, HELPER_WORD, Settings, poll};

/// A running launcher.
#[derive(Debug)]
pub struct Launcher {
    settings: Settings,
    socket: OwnedFd,
    process: Child,
    survey: OnceLock<Survey>,
    /// Where groups for sandboxes can be made, or why nowhere.
    delegated: Result<Delegated, String>,
}

impl Launcher {
    /// Starts the launcher. Call this first in `main`, before [`crate::give_up_inet`].
    ///
    /// # Errors
    /// [`Error::Launcher`] when the helper cannot be started.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door to processes, and its only use of this call"
    )]
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let failed = |source| Error::Launcher { helper: settings.helper.clone(), source };
        let (here, there) = wire::pair().map_err(failed)?;
        // Before anything is started, which would be left behind where this process was.
        let delegated = Delegated::claim().map_err(|error| error.to_string());
        let process = std::process::Command::new(&settings.helper)
            .arg(HELPER_WORD)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(there))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its own group: an interrupt from the terminal is for its owner.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Self { settings, socket: here, process, survey: OnceLock::new(), delegated })
    }

    /// The settings that it was started with.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The launcher's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Moves the launcher into an empty network of its own, for ever. A service that
    /// keeps the host's network must be started before; a launcher that starts its
    /// first sandbox does the same unasked.
    ///
    /// It is not waited for. A launcher that could not do it starts nothing more, and
    /// says why when it is asked to.
    ///
    /// # Errors
    /// [`Error::Gone`] when the launcher has ended.
    pub fn give_up_network(&self) -> Result<(), Error> {
        self.ask(&ToLauncher::Seal, &[])
    }

    /// What was tried to find the step that sandboxes stand on here, each with the system's
    /// error; nothing while nothing was refused.
    #[must_use]
    pub fn attempts(&self) -> Vec<(String, Option<String>)> {
        self.surveyed().map(|survey| survey.attempts.clone()).unwrap_or_default()
    }

    /// Where groups for sandboxes can be made, or why nowhere.
    pub(crate) fn delegated(&self) -> Result<&Delegated, &str> {
        self.delegated.as_ref().map_err(String::as_str)
    }

    /// What was found out about this machine; `None` as long as nothing was refused.
    pub(crate) fn surveyed(&self) -> Option<&Survey> {
        self.survey.get()
    }

    /// Starts something on the strongest footing that there is, the full one first. What
    /// a machine lacks is found out once.
    ///
    /// A refusal where nothing is lacking is the plan's, and stands.
    pub(crate) fn on_footing<T>(
        &self,
        mut start: impl FnMut(&Footing) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(survey) = self.survey.get() {
            return start(&survey.footing);
        }
        let refused = match start(&Footing::full()) {
            Err(refused @ (Error::Start { .. } | Error::Service { .. })) => refused,
            other => return other,
        };
        let survey = self.survey()?;
        if survey.footing == Footing::full() { Err(refused) } else { start(&survey.footing) }
    }

    /// Has the launcher find out what a sandbox can stand on here.
    pub(crate) fn survey(&self) -> Result<&Survey, Error> {
        let (here, there) = wire::pair().map_err(|source| Error::Start {
            step: "making the survey's socket".to_owned(),
            source,
        })?;
        self.ask(&ToLauncher::Survey, &[there.as_fd()])?;
        drop(there);
        match answer(&here)?.message {
            Answer::Surveyed { survey } => Ok(self.survey.get_or_init(|| survey)),
            Answer::Failed(fault) => Err(Error::Start {
                step: fault.step,
                source: io::Error::from_raw_os_error(fault.errno),
            }),
            Answer::Ready { .. }
            | Answer::Serving { .. }
            | Answer::Spare { .. }
            | Answer::NoSpare
            | Answer::Listener
            | Answer::Exited { .. }
            | Answer::Done { .. } => Err(Error::Answer { reason: "it was not a survey" }),
        }
    }

    /// Sends a request; `fds` go along.
    pub(crate) fn ask(&self, message: &ToLauncher, fds: &[BorrowedFd<'_>]) -> Result<(), Error> {
        wire::send(&self.socket, message, fds).map_err(|_closed| Error::Gone)
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // It ends by itself when the socket does; it is only waited for here.
        let _closed = rustix::net::shutdown(&self.socket, Shutdown::Both);
        let _ended = self.process.wait();
    }
}

/// Waits for an answer under [`ANSWER_WAIT_MAX`].
pub(crate) fn answer(socket: &OwnedFd) -> Result<Received<Answer>, Error> {
    let mut fds = [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN)];
    match poll::wait(&mut fds, Some(ANSWER_WAIT_MAX)) {
        Ok(0) => Err(Error::Answer { reason: "it did not come in time" }),
        Ok(_) => wire::receive(socket).map_err(|error| lost(&error)),
        Err(_) => Err(Error::Gone),
    }
}

/// What a failed receive means.
pub(crate) fn lost(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::InvalidData {
        Error::Answer { reason: "it was malformed" }
    } else {
        Error::Gone
    }
}
