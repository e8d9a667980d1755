// SPDX-License-Identifier: Apache-2.0
//! Ending a server that waits for connections: a pipe that it polls beside its socket.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// A request to end, seen by every clone. Once made it stays.
#[derive(Debug, Clone)]
pub struct Stop(Arc<Pipe>);

#[derive(Debug)]
struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

impl Stop {
    /// Makes one that nothing has requested yet.
    ///
    /// # Errors
    /// The system's error when there is no descriptor left.
    pub fn new() -> io::Result<Self> {
        let (read, write) = rustix::pipe::pipe_with(
            rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK,
        )?;
        Ok(Self(Arc::new(Pipe { read, write })))
    }

    /// Makes one that `SIGTERM` requests as well; for the main function of a server process.
    ///
    /// # Errors
    /// The system's error.
    pub fn at_sigterm() -> io::Result<Self> {
        let stop = Self::new()?;
        let write = stop.0.write.try_clone()?;
        signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, write)?;
        Ok(stop)
    }

    /// Requests the end.
    pub fn request(&self) {
        // A full pipe has been written to before, which is all that is needed.
        let _full = rustix::io::write(&self.0.write, b"x");
    }

    /// Whether the end was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        matches!(wait_readable(&[self.0.read.as_fd()], Some(Duration::ZERO)), Ok(Some(_)))
    }

    /// Waits until `fd` is readable, the end is requested or the time is over.
    pub(crate) fn wait(&self, fd: BorrowedFd<'_>, timeout: Option<Duration>) -> io::Result<Wake> {
        match wait_readable(&[self.0.read.as_fd(), fd], timeout)? {
            Some(0) => Ok(Wake::Stopped),
            Some(_) => Ok(Wake::Readable),
            None => Ok(Wake::TimedOut),
        }
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.read.as_fd()
    }
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// There is something to read or accept.
    Readable,
    /// The end was requested.
    Stopped,
    /// The time is over.
    TimedOut,
}

/// Gives the position of the first descriptor that is readable or hung up.
pub(crate) fn wait_readable(
    fds: &[BorrowedFd<'_>],
    timeout: Option<Duration>,
) -> io::Result<Option<usize>> {
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    poll(&mut polled, timeout)?;
    Ok(polled.iter().position(|fd| !fd.revents().is_empty()))
}

/// Polls, again after an interruption.
pub(crate) fn poll(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|timeout| Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(timeout.subsec_nanos()),
    });
    loop {
        match rustix::event::poll(fds, timeout.as_ref()) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether the peer of a connection has closed it, without taking any of its bytes.
pub(crate) fn is_hung_up(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(fd, PollFlags::RDHUP)];
    let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
    poll(&mut polled, Some(Duration::ZERO)).is_err() || polled[0].revents().intersects(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_seen_by_every_clone_and_stays() {
        let stop = Stop::new().unwrap();
        let clone = stop.clone();
        assert!(!clone.is_requested());
        stop.request();
        assert!(clone.is_requested());
        assert!(clone.is_requested());
    }
}
