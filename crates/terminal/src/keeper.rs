// SPDX-License-Identifier: Apache-2.0
//! The process that starts the user's shells.
//!
//! It is started first, like the sandbox's launcher, because a system call filter is
//! inherited: a shell under the server's would have no network. It is single-threaded and
//! reads nothing but its owner's messages.
//!
//! Invariant: when the process that holds the [`Keeper`] dies, all its shells are told that
//! their terminal is gone, and then killed.

use std::ffi::OsString;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::error::Error;

/// The first argument that makes the `moat` binary act as the keeper of terminals.
///
/// `cli` looks for it before anything else and calls [`crate::keeper_main`].
pub const KEEPER_WORD: &str = "terminal-keeper";

/// What a keeper must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeeperSettings {
    /// The program whose `main` calls [`crate::keeper_main`]: the `moat` binary itself.
    pub helper: PathBuf,
    /// The user's shell, an absolute path.
    pub shell: PathBuf,
    /// The user's whole environment; the shells get it as it is.
    pub environment: Vec<(OsString, OsString)>,
}

/// A running keeper.
#[derive(Debug)]
pub struct Keeper {
    pub(crate) socket: UnixStream,
    pub(crate) shell: PathBuf,
    process: Child,
}

impl Keeper {
    /// Starts the keeper. Call this in `main`, before INET sockets are given up.
    ///
    /// # Errors
    /// [`Error::Keeper`] when the helper cannot be started.
    #[expect(clippy::disallowed_methods, reason = "the door to the user's own shells")]
    pub fn start(settings: KeeperSettings) -> Result<Self, Error> {
        let failed = |source| Error::Keeper { helper: settings.helper.clone(), source };
        let (here, there) = UnixStream::pair().map_err(failed)?;
        let process = std::process::Command::new(&settings.helper)
            .arg(KEEPER_WORD)
            .arg(&settings.shell)
            .env_clear()
            .envs(settings.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(there)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its own group: an interrupt from the terminal is for its owner.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Self { socket: here, shell: settings.shell, process })
    }

    /// The keeper's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // It ends its shells, then itself, when the socket does.
        let _closed = self.socket.shutdown(Shutdown::Both);
        let _ended = self.process.wait();
    }
}
