// SPDX-License-Identifier: Apache-2.0
//! The socket to a holder, and the processes that wait for a command.
//!
//! A reaper tells of itself when it is ready. What is then sent to its process starts a
//! command without asking the holder first, which would be one more process to wake up
//! on the way.
//!
//! Invariant: each waiting process is used once, and only for a command of as many processes
//! as it was made for.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};

use crate::limits::ANSWER_WAIT_MAX;
use crate::wire::{self, Answer, Care, Received, ToHolder};
use crate::{Error, launcher, poll};

/// Whether a holder tells of processes that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// It tells of each, and when there will be none.
    Offered,
    /// It keeps them to itself.
    Kept,
}

/// A holder, as its owner sees it.
#[derive(Debug)]
pub(crate) struct Control {
    socket: OwnedFd,
    waiting: Waiting,
    spares: VecDeque<Spare>,
    /// Whether it will tell of one, or that there is none.
    expected: bool,
    /// Whether it told of one since it said that there is none.
    some: bool,
}

/// A process that waits for a command.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) number: u64,
    /// Where it takes its order from.
    pub(crate) orders: OwnedFd,
    /// Who would watch over the command.
    reaper: OwnedFd,
    processes: u64,
}

/// What a holder tells of its own accord.
enum Told {
    /// Nothing that its owner waits for.
    Known,
    /// An answer about a command.
    Answer(Received<Answer>),
}

impl Control {
    pub(crate) fn new(socket: OwnedFd, waiting: Waiting) -> Self {
        let expected = waiting == Waiting::Offered;
        Self { socket, waiting, spares: VecDeque::new(), expected, some: false }
    }

    /// What is to be watched.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a message.
    pub(crate) fn send(&self, message: &ToHolder, fds: &[BorrowedFd<'_>]) -> Result<(), Error> {
        wire::send(&self.socket, message, fds).map_err(|_closed| Error::Gone)
    }

    /// Receives a message; none when it was about processes that wait.
    pub(crate) fn receive(&mut self) -> Result<Option<Received<Answer>>, Error> {
        match self.hear()? {
            Told::Known => Ok(None),
            Told::Answer(received) => Ok(Some(received)),
        }
    }

    /// A process that can become a command with these bounds; waits for one that is on its way.
    pub(crate) fn spare(&mut self, care: &Care) -> Result<Option<Spare>, Error> {
        while poll::readable_now(&self.socket) {
            self.hear_between()?;
        }
        self.forget_dead();
        while self.expected && self.spares.is_empty() {
            let mut fds = [PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN)];
            match poll::wait(&mut fds, Some(ANSWER_WAIT_MAX)) {
                Ok(0) => return Err(Error::Answer { reason: "it did not come in time" }),
                Ok(_) => self.hear_between()?,
                Err(_) => return Err(Error::Gone),
            }
            self.forget_dead();
        }
        // The holder makes the next one when this one has its command, and has no use for
        // those that it made for other bounds.
        self.expected = self.waiting == Waiting::Offered;
        self.spares.retain(|spare| spare.processes == care.processes);
        Ok(self.spares.pop_front())
    }

    /// Leaves those whose reaper was killed while they waited. Their holder sees it too.
    fn forget_dead(&mut self) {
        let before = self.spares.len();
        self.spares.retain(|spare| !poll::readable_now(&spare.reaper));
        if self.spares.len() < before && self.some {
            self.expected = true;
        }
    }

    /// Hears what was said between two commands.
    fn hear_between(&mut self) -> Result<(), Error> {
        match self.hear()? {
            Told::Known => Ok(()),
            // The end of the former command, which its reaper had told already.
            Told::Answer(Received { message: Answer::Done { .. }, .. }) => Ok(()),
            Told::Answer(_) => Err(Error::Answer { reason: "nothing was asked" }),
        }
    }

    fn hear(&mut self) -> Result<Told, Error> {
        let received =
            wire::receive::<Answer>(&self.socket).map_err(|error| launcher::lost(&error))?;
        if let Answer::Spare { spare: number, processes } = received.message {
            let mut fds = received.fds.into_iter();
            let (Some(orders), Some(reaper)) = (fds.next(), fds.next()) else {
                return Err(Error::Answer { reason: "a descriptor did not come with it" });
            };
            self.spares.push_back(Spare { number, orders, reaper, processes });
            (self.expected, self.some) = (false, true);
            return Ok(Told::Known);
        }
        if matches!(received.message, Answer::NoSpare) {
            (self.expected, self.some) = (false, false);
            return Ok(Told::Known);
        }
        Ok(Told::Answer(received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Listener;

    fn care(processes: u64) -> Care {
        Care {
            listener: Listener::None,
            cpu_s: 1,
            cpu_s_all: 1,
            memory_bytes_all: 1,
            session_bytes: 1,
            processes,
        }
    }

    /// A holder's end, and its owner's.
    fn holder(waiting: Waiting) -> (OwnedFd, Control) {
        let (here, there) = wire::pair().unwrap();
        (there, Control::new(here, waiting))
    }

    fn offer(holder: &OwnedFd, spare: u64, processes: u64) -> OwnedFd {
        let (orders, process) = wire::pair().unwrap();
        let lives = wire::pair().unwrap();
        let fds = [orders.as_fd(), lives.0.as_fd()];
        wire::send(holder, &Answer::Spare { spare, processes }, &fds).unwrap();
        // Its other end stays open for ever, as a process that does not end.
        std::mem::forget(lives.1);
        process
    }

    #[test]
    fn what_waits_is_used_once_and_in_turn() {
        let (holder, mut control) = holder(Waiting::Offered);
        let processes = [offer(&holder, 1, 5), offer(&holder, 2, 5)];
        wire::send(&holder, &Answer::Done { number: 0 }, &[]).unwrap();
        for (number, process) in (1..).zip(processes) {
            let spare = control.spare(&care(5)).unwrap().unwrap();
            assert_eq!(spare.number, number);
            wire::send(&spare.orders, &7, &[]).unwrap();
            assert_eq!(wire::receive::<u8>(&process).unwrap().message, 7);
        }
        // The next one is waited for, and may not come.
        wire::send(&holder, &Answer::NoSpare, &[]).unwrap();
        assert!(control.spare(&care(5)).unwrap().is_none());
    }

    #[test]
    fn one_for_other_bounds_is_left() {
        let (holder, mut control) = holder(Waiting::Offered);
        let _other = offer(&holder, 1, 5);
        assert!(control.spare(&care(6)).unwrap().is_none());
        let _fits = offer(&holder, 2, 6);
        assert_eq!(control.spare(&care(6)).unwrap().unwrap().number, 2);
    }

    #[test]
    fn one_whose_reaper_ended_is_left_and_the_holder_s_word_on_it_is_waited_for() {
        let (holder, mut control) = holder(Waiting::Offered);
        let (orders, _process) = wire::pair().unwrap();
        let (lives, dead) = wire::pair().unwrap();
        let spare = Answer::Spare { spare: 1, processes: 5 };
        wire::send(&holder, &spare, &[orders.as_fd(), lives.as_fd()]).unwrap();
        drop(dead);
        let _alive = offer(&holder, 2, 5);
        assert_eq!(control.spare(&care(5)).unwrap().unwrap().number, 2);
        wire::send(&holder, &Answer::NoSpare, &[]).unwrap();
        assert!(control.spare(&care(5)).unwrap().is_none());
    }

    #[test]
    fn a_holder_that_tells_of_none_is_not_waited_for() {
        let (_holder, mut control) = holder(Waiting::Kept);
        assert!(control.spare(&care(5)).unwrap().is_none());
        assert!(control.spare(&care(5)).unwrap().is_none());
    }

    #[test]
    fn a_holder_that_is_gone_or_says_what_was_not_asked_is_an_error() {
        let (holder_end, mut control) = holder(Waiting::Offered);
        drop(holder_end);
        assert!(matches!(control.spare(&care(5)), Err(Error::Gone)));
        for answer in [Answer::Listener, Answer::Spare { spare: 1, processes: 5 }] {
            let (holder_end, mut control) = holder(Waiting::Offered);
            wire::send(&holder_end, &answer, &[]).unwrap();
            assert!(matches!(control.spare(&care(5)), Err(Error::Answer { .. })), "{answer:?}");
        }
    }
}
