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

use crate::cgroup::Group;
use crate::confinement::{self, Confinement};
use crate::control::{Control, Waiting};
use crate::footing::{Base, Footing, Namespace, ProcessList};
use crate::limits::ANSWER_WAIT_MAX;
use crate::rewrite::Rewriter;
use crate::run::{self, Surroundings};
use crate::view::bare::{self, Places};
use crate::wire::{self, Answer, Counted, Fault, HolderPlan, Lost, ToLauncher};
use crate::{
    Command, Error, Exit, Files, Interrupt, Launcher, OutputSink, Plan, landlock, launcher, poll,
    storage, view,
};

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
    control: Mutex<Control>,
    holder: OwnedFd,
    root: OwnedFd,
    confinement: Confinement,
    notes: Vec<String>,
    surroundings: Surroundings,
    resources: String,
}

impl Sandbox {
    /// Starts a sandbox for `plan` on the strongest step of the ladder that this machine has.
    ///
    /// [`Sandbox::confinement`] says which it is and what is lost on it; the caller shows and
    /// records that, and asks before commands run on less than all of it.
    ///
    /// # Errors
    /// [`Error::Start`] when the kernel refuses a step, [`Error::Workspace`] when the workspace
    /// holds the home or Moat's own state, [`Error::Unenforced`] when the files of others, the
    /// network or privilege would not be held or [`crate::Settings::least`] asks for more,
    /// [`Error::Copy`] where files would have to be copied and cannot be.
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
        view::check(launcher.settings(), plan)?;
        launcher.on_footing(|footing| Self::start_on(launcher, plan, extra, footing))
    }

    fn start_on(
        launcher: &Launcher,
        plan: &Plan,
        extra: &[(PathBuf, PathBuf)],
        footing: &Footing,
    ) -> Result<Self, Error> {
        reaches(footing, landlock::version())?;
        let mut remarks = Vec::new();
        let begun = match footing.base {
            Base::User | Base::Root => {
                Self::begin_with_mounts(launcher, plan, extra, footing, &mut remarks)
            }
            Base::None => {
                let moved = storage::without_mounts(plan)?;
                let plan = moved.as_ref().unwrap_or(plan);
                storage::may_copy(plan, "this machine gives no mounts of one's own")?;
                storage::prepare(plan, &mut remarks)?;
                Self::begin(launcher, plan, extra, footing)
            }
        };
        begun.and_then(|mut begun| {
            begun.confinement.remarks.extend(remarks);
            begun.confinement.remarks.extend(storage::loss(plan)?);
            begun.confinement.stands(launcher.settings().least)?;
            Ok(begun)
        })
    }

    /// Starts it over an overlay: with its changes where they lie, or on disk, or in memory. A
    /// copy takes its place where the kernel lays none.
    fn begin_with_mounts(
        launcher: &Launcher,
        plan: &Plan,
        extra: &[(PathBuf, PathBuf)],
        footing: &Footing,
        remarks: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let begin = |plan: &Plan| Self::begin(launcher, plan, extra, footing);
        if let Some((there, remark)) = storage::in_memory(plan)? {
            remarks.push(remark);
            return begin(&there);
        }
        storage::clear_half(plan)?;
        let refused = match begin(plan) {
            Err(refused) if storage::is_overlay_refused(&refused, plan) => refused,
            begun => return begun,
        };
        let source = std::error::Error::source(&refused);
        let reason = source.map_or_else(String::new, |source| format!(": {source}"));
        storage::may_copy(plan, &format!("{refused}{reason}"))?;
        let (directories, unsuitable) = storage::memory_for(plan, launcher.settings());
        for directory in directories {
            let Some((there, remark)) = storage::put_in_memory(plan, &directory)? else { continue };
            match begin(&there) {
                Err(error) => {
                    storage::take_from_memory(plan)?;
                    if !storage::is_overlay_refused(&error, plan) {
                        return Err(error);
                    }
                }
                begun => {
                    remarks.push(remark);
                    return begun;
                }
            }
        }
        remarks.push(format!("no copy-on-write is possible here ({refused}){unsuitable}"));
        storage::prepare(plan, remarks)?;
        begin(plan)
    }

    /// Starts it on what is there: an overlay's upper, or a copy.
    fn begin(
        launcher: &Launcher,
        plan: &Plan,
        extra: &[(PathBuf, PathBuf)],
        footing: &Footing,
    ) -> Result<Self, Error> {
        let settings = launcher.settings();
        let (compiled, mut surroundings) = match (footing.base, plan.files()) {
            (Base::None, Files::CopyOnWrite { upper, work, .. }) => {
                let places = Places::of(upper, work);
                let compiled = bare::compile(settings, plan, &places, extra)?;
                (compiled, Surroundings::bare(settings, plan, &places))
            }
            (Base::User | Base::Root, _)
            | (Base::None, Files::Direct | Files::ReadOnly | Files::Repository(_)) => {
                let compiled = view::compile(settings, plan, extra, footing)?;
                (compiled, Surroundings::new(settings, plan))
            }
        };
        let (control, ready) = hold(launcher, &compiled)?;
        let mut fds = ready.fds.into_iter();
        let (Some(root), Some(holder)) = (fds.next(), fds.next()) else {
            return Err(Error::Answer { reason: "the workspace did not come with it" });
        };
        let mut confinement = confinement::judge(footing, &ready.lost);
        if storage::is_copy(plan) {
            confinement.remarks.push(storage::OF_A_COPY.to_owned());
        }
        // Those of a group can be ended between two commands: only the holder knows.
        let waiting = if ready.group.is_ok() { Waiting::Kept } else { Waiting::Offered };
        let resources = resources(&ready.group, footing);
        if let Ok(group) = ready.group {
            surroundings.count_in(group);
        }
        for note in &ready.notes {
            tracing::debug!(note, "the sandbox starts without it");
        }
        Ok(Self {
            control: Mutex::new(Control::new(control, waiting)),
            holder,
            root,
            confinement,
            notes: ready.notes,
            surroundings,
            resources,
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

    /// What bounds the memory of a command's processes together, in a sentence.
    #[must_use]
    pub fn resources(&self) -> &str {
        &self.resources
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
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sink = Rewriter::new(sink, self.surroundings.mapping());
        let result = run::run(&mut control, &self.surroundings, command, &mut sink, interrupt);
        sink.finish();
        if matches!(result, Err(Error::Gone | Error::Answer { .. })) {
            // Nothing may go on in there that we no longer understand.
            let _closed = rustix::net::shutdown(control.socket(), Shutdown::Write);
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
        let _closed = rustix::net::shutdown(control.socket(), Shutdown::Both);
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

/// What a holder said when it was ready.
struct Ready {
    notes: Vec<String>,
    lost: Vec<Lost>,
    /// The group in which commands are counted, or why there is none.
    group: Result<Group, String>,
    fds: Vec<OwnedFd>,
}

/// Starts the holder of a plan.
fn hold(launcher: &Launcher, compiled: &HolderPlan) -> Result<(OwnedFd, Ready), Error> {
    let channel = |step: &str, source: io::Error| Error::Start { step: step.to_owned(), source };
    let body = wire::body(compiled).map_err(|error| channel("sealing the plan", error))?;
    let (control, there) =
        wire::pair().map_err(|error| channel("making the control socket", error))?;
    let group = launcher.delegated().map_err(str::to_owned);
    let group = group.and_then(|it| it.make().map_err(|error| error.to_string()));
    let mut fds = vec![body.as_fd(), there.as_fd()];
    fds.extend(group.as_ref().ok().map(|group| group.directory.as_fd()));
    launcher.ask(&ToLauncher::Hold, &fds)?;
    drop(there);
    let received = launcher::answer(&control)?;
    match received.message {
        Answer::Ready { notes, lost, counted } => {
            let group = match counted {
                Counted::Apart => group,
                Counted::WithMoat => group.and(Err("the launcher was given none".to_owned())),
                Counted::Refused(fault) => {
                    let error = io::Error::from_raw_os_error(fault.errno);
                    Err(format!("{}: {error}", fault.step))
                }
            };
            Ok((control, Ready { notes, lost, group, fds: received.fds }))
        }
        Answer::Failed(fault) => Err(start_error(fault)),
        Answer::Serving { .. }
        | Answer::Surveyed { .. }
        | Answer::Spare { .. }
        | Answer::NoSpare
        | Answer::Listener
        | Answer::Exited { .. }
        | Answer::Done { .. } => {
            Err(Error::Answer { reason: "the sandbox did not say that it is ready" })
        }
    }
}

/// Says what bounds the memory of a command's processes together.
fn resources(group: &Result<Group, String>, footing: &Footing) -> String {
    let reason = match group {
        Ok(group) => {
            return format!(
                "the kernel bounds the memory and the number of a command's processes together, \
                 in the control group `{}`",
                group.path.display()
            );
        }
        Err(reason) => reason,
    };
    let watched = match footing.process_list {
        ProcessList::Own => {
            "Moat adds up the memory of a command's processes and ends the command at its bound"
        }
        ProcessList::Absent => {
            "the memory of a command's processes is bounded for each, and not together"
        }
    };
    format!("{watched}; there is no control group for the kernel to do it in: {reason}")
}

/// Refuses what could be built but would end no command: without a process-id namespace only
/// Landlock keeps a signal to everybody within the command.
fn reaches(footing: &Footing, version: i32) -> Result<(), Error> {
    if footing.has(Namespace::Process) || version >= landlock::VERSION_MIN {
        return Ok(());
    }
    Err(Error::Start {
        step: format!(
            "it has no process-id namespace, and needs version {} of Landlock for that; this \
             kernel has version {version}",
            landlock::VERSION_MIN
        ),
        source: io::Error::from_raw_os_error(libc::EOPNOTSUPP),
    })
}

fn start_error(fault: Fault) -> Error {
    Error::Start { step: fault.step, source: io::Error::from_raw_os_error(fault.errno) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_process_ids_of_its_own_a_sandbox_needs_a_landlock_that_scopes_signals() {
        let lacking = Footing { lacking: vec![Namespace::Process], ..Footing::full() };
        for (footing, version, fine) in [
            (Footing::full(), 0, true),
            (lacking.clone(), 5, false),
            (lacking, 6, true),
            (Footing::bare(), 2, false),
            (Footing::bare(), 7, true),
        ] {
            assert_eq!(reaches(&footing, version).is_ok(), fine, "{footing:?} {version}");
        }
    }
}
