// SPDX-License-Identifier: Apache-2.0
//! Where Moat keeps its own files, after the XDG base directory specification.
//!
//! `moat-cli` reads the environment and fills this in; everybody else asks it.
//! Source: XDG Base Directory Specification 0.8.

use std::path::PathBuf;

/// The directories of one user. All are created with mode 0700.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Configuration that the user writes: `$XDG_CONFIG_HOME/moat`.
    pub config: PathBuf,
    /// Sessions, logs and keys: `$XDG_STATE_HOME/moat`.
    pub state: PathBuf,
    /// Model weights: `$XDG_DATA_HOME/moat`.
    pub data: PathBuf,
    /// Sockets and locks of running processes: `$XDG_RUNTIME_DIR/moat`.
    pub runtime: PathBuf,
    /// The user's home, which is never shown inside a sandbox.
    pub home: PathBuf,
}

impl Layout {
    /// The directory that holds one directory per session.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.state.join("sessions")
    }

    /// The crossing log's directory.
    #[must_use]
    pub fn crossing_log(&self) -> PathBuf {
        self.state.join("crossings")
    }

    /// The content-addressed directory of model weights.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.data.join("models")
    }
}
