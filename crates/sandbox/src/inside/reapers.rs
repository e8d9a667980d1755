// SPDX-License-Identifier: Apache-2.0
//! The reapers of a holder: those that wait for a command, and the one that has one.
//!
//! Making the namespaces of a command takes longer than most commands, so the next
//! reaper is made in advance, and a second one where commands follow each other quickly.
//! Their owner is told of them, and hands a command to the process that waits beside the reaper
//! without asking first; the holder hears of it at the same time and keeps the books.
//!
//! Invariant: a reaper has one command in its life, and what ends it ends everything of that.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::net::Shutdown;
use rustix::process::{Signal, WaitId, WaitIdOptions};

use crate::footing::Namespace;
use crate::inside::hold::Session;
use crate::inside::reaper;
use crate::kernel::{self, Side};
use crate::limits::ANSWER_WAIT_MAX;
use crate::wire::{self, Answer, During, Fault, HolderPlan, ToHolder};
use crate::{Limits, cgroup, poll};

/// A reaper: idle in finished namespaces, or with its command.
pub(super) struct Reaper {
    /// The number of its command; 0 as long as it has none.
    number: u64,
    place: reaper::Place,
    pub(super) process: OwnedFd,
    socket: OwnedFd,
}

/// What the holder has under it.
pub(super) struct Reapers {
    /// Made in advance, so that a command waits for no namespace.
    pub(super) spare: Vec<Reaper>,
    pub(super) running: Option<Reaper>,
    /// How many commands there were.
    commands: u64,
    /// How many processes of the group the kernel had killed when a command ended last.
    killed: u64,
    /// No further one could be made since the last command.
    exhausted: bool,
    /// How many were made.
    made: u64,
    /// How many processes the next command may have, if it is like the last.
    processes: u64,
}

impl Default for Reapers {
    fn default() -> Self {
        Self {
            spare: Vec::new(),
            running: None,
            commands: 0,
            killed: 0,
            exhausted: false,
            made: 0,
            processes: Limits::default().processes,
        }
    }
}

/// Whether another reaper is to be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Now,
    /// When nothing was asked for [`QUIET`].
    WhenQuiet,
    Nothing,
}

impl Reapers {
    /// The one for the next command is made at once. A session that has run one command
    /// will run more, some of them in quick succession, so it gets a second one when
    /// there is time.
    pub(super) fn want(&self) -> Want {
        match (self.spare.len(), &self.running) {
            (_, _) if self.exhausted => Want::Nothing,
            (0, None) => Want::Now,
            (0 | 1, _) if self.commands > 1 => Want::WhenQuiet,
            (_, _) => Want::Nothing,
        }
    }

    /// Collects the reaper whose command ran last. Its end is the kernel's word that
    /// nothing of the command is left.
    pub(super) fn collect(&mut self, session: &Session<'_>) -> io::Result<()> {
        let Some(reaper) = self.running.take() else {
            return Ok(());
        };
        let id = WaitId::PidFd(reaper.process.as_fd());
        let status = rustix::process::waitid(id, WaitIdOptions::EXITED)?;
        if let Some(group) = &session.group {
            let before = std::mem::replace(&mut self.killed, cgroup::killed(group.as_fd()));
            if before != self.killed || status.is_some_and(|status| status.killed()) {
                // The kernel may still be ending the group, which it does one after another:
                // the next command must not be among those. And without process ids of its
                // own, the reaper's end has not ended the others.
                self.discard();
                cgroup::clear(group.as_fd())?;
                self.killed = cgroup::killed(group.as_fd());
            }
        }
        wire::send(kernel::standard_input(), &Answer::Done { number: reaper.number }, &[])
    }
}

impl Reapers {
    /// Ends those that wait.
    fn discard(&mut self) {
        for spare in self.spare.drain(..) {
            // It has ended by itself when this fails.
            let _ended = rustix::process::pidfd_send_signal(&spare.process, Signal::KILL);
            let id = WaitId::PidFd(spare.process.as_fd());
            let _reaped = rustix::process::waitid(id, WaitIdOptions::EXITED);
        }
    }

    /// Forgets those that were killed while they waited, and says so when none is left: one
    /// may have been killed before it could tell of itself.
    ///
    /// # Errors
    /// The owner is gone.
    pub(super) fn bury(&mut self) -> io::Result<()> {
        let before = self.spare.len();
        self.spare.retain(|spare| {
            let id = WaitId::PidFd(spare.process.as_fd());
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            !matches!(rustix::process::waitid(id, options), Ok(Some(_ended)))
        });
        if self.spare.len() == before || !self.spare.is_empty() {
            return Ok(());
        }
        // The next command has one made: what killed this one may still be there.
        self.exhausted = true;
        wire::send(kernel::standard_input(), &Answer::NoSpare, &[])
    }

    /// Ends them where the kernel does not: each ends what it started before itself.
    pub(super) fn retire(self, session: &Session<'_>) {
        if session.plan.footing.has(Namespace::Process) {
            return;
        }
        for reaper in self.running.into_iter().chain(self.spare) {
            let _ended = rustix::net::shutdown(&reaper.socket, Shutdown::Both);
            let id = WaitId::PidFd(reaper.process.as_fd());
            let _reaped = rustix::process::waitid(id, WaitIdOptions::EXITED);
        }
    }
}

/// Whether the owner is told of a reaper when it is ready.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offered {
    WhereItMay,
    No,
}

impl Reapers {
    /// Makes one.
    fn make(&mut self, session: &Session<'_>, offered: Offered) -> Result<Reaper, Fault> {
        // Those of a group can be ended between two commands: only the holder knows.
        let offered = offered == Offered::WhereItMay && session.group.is_none();
        self.made += 1;
        prepare_reaper(
            session,
            reaper::Place { spare: self.made, processes: self.processes, offered },
        )
    }

    /// One that was offered.
    pub(super) fn take(&mut self, spare: u64) -> Option<Reaper> {
        let at = self.spare.iter().position(|reaper| reaper.place.spare == spare)?;
        Some(self.spare.swap_remove(at))
    }

    /// Has those that wait, and those to come, bound so many processes.
    fn bound(&mut self, processes: u64) {
        if self.processes != processes {
            self.processes = processes;
            self.discard();
        }
    }

    /// Makes one for a later command, and says so when that cannot be done.
    ///
    /// # Errors
    /// The owner is gone.
    pub(super) fn prepare(&mut self, session: &Session<'_>) -> io::Result<()> {
        match self.make(session, Offered::WhereItMay) {
            Ok(reaper) => self.spare.push(reaper),
            // The next command tries again, and is told what is wrong.
            Err(_fault) => {
                self.exhausted = true;
                wire::send(kernel::standard_input(), &Answer::NoSpare, &[])?;
            }
        }
        Ok(())
    }

    /// Gives a command to the reaper that its owner chose, or to any.
    pub(super) fn hand(
        &mut self,
        session: &Session<'_>,
        message: &ToHolder,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(), Fault> {
        let ToHolder::Run { number, care, spare, told } = *message else {
            return Ok(());
        };
        self.commands += 1;
        self.exhausted = false;
        self.bound(care.processes);
        let chosen = spare.and_then(|spare| self.take(spare));
        if told {
            let step = "finding the process that was told to become the command".to_owned();
            let reaper = chosen.ok_or(Fault { step, errno: libc::ESRCH })?;
            if let Err(error) = wire::send(&reaper.socket, message, fds) {
                // It was killed, and its command with it: that is certain once it has ended.
                let id = WaitId::PidFd(reaper.process.as_fd());
                let _ended = rustix::process::waitid(id, WaitIdOptions::EXITED);
                return Err(error).during("watching the command: its reaper was killed");
            }
            self.running = Some(Reaper { number, ..reaper });
            return Ok(());
        }
        // One that waited may have been killed, where the machine ran out of memory: a new
        // one is made then, once.
        let reaper = match chosen {
            Some(reaper) if wire::send(&reaper.socket, message, fds).is_ok() => reaper,
            _ => {
                let reaper = self.unasked(session)?;
                wire::send(&reaper.socket, message, fds).during("handing the command on")?;
                reaper
            }
        };
        self.running = Some(Reaper { number, ..reaper });
        Ok(())
    }

    /// One that was not offered, or a new one.
    fn unasked(&mut self, session: &Session<'_>) -> Result<Reaper, Fault> {
        match self.spare.iter().position(|reaper| !reaper.place.offered) {
            Some(at) => Ok(self.spare.swap_remove(at)),
            None => self.make(session, Offered::No),
        }
    }
}

fn prepare_reaper(session: &Session<'_>, place: reaper::Place) -> Result<Reaper, Fault> {
    let (socket, there) = wire::pair().during("making the reaper's socket")?;
    let flags = namespaces(session.plan);
    let made = match &session.group {
        // In its own group first, and then in a namespace that begins there.
        Some(group) => kernel::clone_into(flags & !libc::CLONE_NEWCGROUP, group.as_fd()),
        None => kernel::clone(flags),
    };
    match made.during("creating the command's namespaces")? {
        Side::Parent { child, .. } => Ok(Reaper { number: 0, place, process: child, socket }),
        Side::Child => {
            drop(socket);
            reaper::main(session, &there, place)
        }
    }
}

/// The namespaces of one command; the user namespace is the session's.
fn namespaces(plan: &HolderPlan) -> i32 {
    super::launch::namespaces(plan) & !libc::CLONE_NEWUSER
}

impl Reaper {
    /// Ends it with everything that it started.
    pub(super) fn end(&self, session: &Session<'_>) {
        if session.plan.footing.has(Namespace::Process) {
            // The kernel ends what is in its namespace with it. It has ended by itself when
            // this fails.
            let _ended = rustix::process::pidfd_send_signal(&self.process, Signal::KILL);
        } else {
            // It ends everything itself when it hears no more of us.
            let _ended = rustix::net::shutdown(&self.socket, Shutdown::Both);
        }
    }

    /// Waits for its end, under [`ANSWER_WAIT_MAX`].
    pub(super) fn ends(&self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(self.process.as_fd(), PollFlags::IN)];
        matches!(poll::wait(&mut fds, Some(ANSWER_WAIT_MAX)), Ok(1))
    }
}
