// SPDX-License-Identifier: Apache-2.0
//! Where a test ends the process, as it were: right before a change of the disk.
//!
//! Outside of tests it is nothing at all.

use std::io;

/// Blows before the n-th change that it is asked about.
#[derive(Debug, Default)]
pub(crate) struct Fuse {
    #[cfg(test)]
    left: std::cell::Cell<Option<u32>>,
}

impl Fuse {
    /// Asks before a change of the disk.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests count in it")]
    pub(crate) const fn burn(&self) -> io::Result<()> {
        Ok(())
    }

    /// Asks before a change of the disk.
    #[cfg(test)]
    pub(crate) fn burn(&self) -> io::Result<()> {
        match self.left.get() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the fuse blew")),
            Some(left) => {
                self.left.set(Some(left - 1));
                Ok(())
            }
        }
    }

    /// Lets so many changes happen, and none after them.
    #[cfg(test)]
    pub(crate) fn set(&self, changes: u32) {
        self.left.set(Some(changes));
    }

    /// Whether it blew.
    #[cfg(test)]
    pub(crate) fn is_blown(&self) -> bool {
        self.left.get() == Some(0)
    }
}
