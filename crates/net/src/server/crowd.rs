// SPDX-License-Identifier: Apache-2.0
//! A bounded number of threads, each serving one connection.
//!
//! The number is kept under a lock with a condition for draining, and every change
//! also writes to a pipe, so that an accept loop can poll for it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::stop::{Stop, Wake, wait_readable};

#[derive(Debug, Clone)]
pub(crate) struct Crowd(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    count: Mutex<usize>,
    changed: Condvar,
    most: usize,
    read: OwnedFd,
    write: OwnedFd,
}

impl Crowd {
    pub(crate) fn new(most: usize) -> io::Result<Self> {
        let (read, write) = rustix::pipe::pipe_with(
            rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK,
        )?;
        Ok(Self(Arc::new(Inner {
            count: Mutex::new(0),
            changed: Condvar::new(),
            most,
            read,
            write,
        })))
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self.count() == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        *self.count() >= self.0.most
    }

    /// Runs `work` in a thread that is counted until it ends.
    pub(crate) fn enter(&self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        *self.count() += 1;
        let place = Place(self.clone());
        std::thread::Builder::new().name("connection".to_owned()).spawn(move || {
            let _place = place;
            work();
        })?;
        Ok(())
    }

    /// Waits until a thread has ended.
    pub(crate) fn wait_for_change(&self, stop: &Stop) -> io::Result<Wake> {
        match wait_readable(&[stop.as_fd(), self.0.read.as_fd()], None)? {
            Some(0) => Ok(Wake::Stopped),
            Some(_) => {
                self.clear();
                Ok(Wake::TimedOut)
            }
            None => Ok(Wake::TimedOut),
        }
    }

    /// Waits until `fd` is readable or a thread has ended, which counts as a timeout.
    pub(crate) fn wait_with(&self, stop: &Stop, fd: BorrowedFd<'_>) -> io::Result<Wake> {
        match wait_readable(&[stop.as_fd(), fd, self.0.read.as_fd()], None)? {
            Some(0) => Ok(Wake::Stopped),
            Some(1) => Ok(Wake::Readable),
            Some(_) | None => {
                self.clear();
                Ok(Wake::TimedOut)
            }
        }
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.read.as_fd()
    }

    /// Waits until all threads have ended, or the time is over.
    pub(crate) fn drain(&self, timeout: Duration) {
        let count = self.count();
        let _waited = self
            .0
            .changed
            .wait_timeout_while(count, timeout, |count| *count > 0)
            .unwrap_or_else(PoisonError::into_inner);
    }

    pub(crate) fn clear(&self) {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.0.read, &mut bytes).is_ok_and(|count| count == bytes.len()) {}
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.0.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted thread; leaves also when it unwinds.
struct Place(Crowd);

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.count() -= 1;
        self.0.0.changed.notify_all();
        // A full pipe already wakes the accept loop.
        let _full = rustix::io::write(&self.0.0.write, b"x");
    }
}
