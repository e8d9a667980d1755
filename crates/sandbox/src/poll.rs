// SPDX-License-Identifier: Apache-2.0
//! Waiting for descriptors, with interrupted waits taken up again.
//!
//! Invariant: a wait without a deadline is only made on a descriptor that the
//! kernel closes when its other end dies.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Waits until one of `fds` is ready or `wait` has passed; tells how many are ready.
pub(crate) fn wait(fds: &mut [PollFd<'_>], wait: Option<Duration>) -> rustix::io::Result<usize> {
    let timeout = wait.map(|wait| Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(wait.subsec_nanos()),
    });
    loop {
        match rustix::event::poll(fds, timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Whether `fd` can be read, or its other end is gone, at this moment.
pub(crate) fn readable_now(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)];
    matches!(wait(&mut fds, Some(Duration::ZERO)), Ok(1))
}
