// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with terminals.

use std::io;
use std::path::PathBuf;

use moat_base::Hint;

/// Why a terminal could not be opened or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The keeper could not be started.
    #[error("could not start the keeper of terminals, `{}`", helper.display())]
    Keeper {
        /// The program.
        helper: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The keeper has ended, and every shell with it.
    #[error("the keeper of terminals has ended")]
    Gone,
    /// A shell could not be started.
    #[error("could not open a terminal: {step} failed")]
    Open {
        /// What failed.
        step: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// There are too many already.
    #[error("{limit} terminals are open already")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// There is no such terminal.
    #[error("there is no terminal {terminal}")]
    Unknown {
        /// Its number.
        terminal: u32,
    },
    /// The program takes nothing of what is typed.
    #[error("terminal {terminal} takes no more input")]
    Full {
        /// Its number.
        terminal: u32,
    },
    /// The terminal could not be used.
    #[error("could not use terminal {terminal}")]
    Use {
        /// Its number.
        terminal: u32,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Keeper { .. } => "check that the `moat` program is still in its place",
            Self::Gone => "restart `moat serve`",
            Self::Open { .. } => "check that the directory and the shell of `$SHELL` exist",
            Self::TooMany { .. } => "close some of them",
            Self::Unknown { .. } => "it was closed: open a new one",
            Self::Full { .. } => "the program does not read: interrupt it, or close the terminal",
            Self::Use { .. } => "close it and open a new one",
        };
        Some(text.to_owned())
    }
}
