// SPDX-License-Identifier: Apache-2.0
//! A lock on a file of Moat's own: one process at a time.
//!
//! The kernel lets go when the process ends, however it ends, so a crash leaves
//! no stale lock. Source: flock(2).

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct FileLock(File);

/// What came of trying to lock.
#[derive(Debug)]
pub enum Locking {
    /// It is ours.
    Held(FileLock),
    /// Another process has it.
    Busy,
}

impl FileLock {
    /// Tries to lock the file at `path`, which is created when it is missing.
    ///
    /// # Errors
    /// The system's error.
    #[expect(clippy::disallowed_methods, reason = "this is the door to our own files")]
    pub fn acquire(path: &Path) -> io::Result<Locking> {
        let no_follow = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::CLOEXEC;
        let file = std::fs::OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(no_follow.bits().cast_signed())
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Locking::Held(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(Locking::Busy),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file lets go as well; this says so.
        let _closed_anyway = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = FileLock::acquire(&path).unwrap();
        assert!(matches!(first, Locking::Held(_)));
        assert!(matches!(FileLock::acquire(&path).unwrap(), Locking::Busy));
        drop(first);
        assert!(matches!(FileLock::acquire(&path).unwrap(), Locking::Held(_)));
    }
}
