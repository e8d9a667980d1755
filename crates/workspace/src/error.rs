// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with a workspace.

use std::io;
use std::path::PathBuf;

use moat_base::{Hint, TreeError, TreePath};
use moat_files::FileError;

/// Why a question to a workspace could not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A path was refused.
    #[error("`{path}` was refused: {reason}")]
    Refused {
        /// The path that was asked for.
        path: TreePath,
        /// Why, in a few words.
        reason: String,
    },
    /// Something is at a path that was to be new.
    #[error("there is already something at `{path}`")]
    Occupied {
        /// The path.
        path: TreePath,
    },
    /// What was asked for is longer than the limit.
    #[error("{what} is longer than {limit_bytes} bytes")]
    TooLong {
        /// What was given.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// There is nothing in the trash under this number.
    #[error("nothing with the number {trash} is in the trash")]
    NotInTrash {
        /// The number that was asked for.
        trash: u64,
    },
    /// Moat's own state of the workspace could not be read or written.
    #[error("could not use Moat's own files at `{}`", path.display())]
    State {
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// What was looked for, or a pattern of paths, is not well formed.
    #[error("the pattern cannot be read: {reason}")]
    Pattern {
        /// Why, in a few words.
        reason: String,
    },
    /// The watch or a search could not be started.
    #[error("could not start a thread")]
    Thread {
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A sandbox for git could not be started, or git in it.
    #[error("git could not be run")]
    Sandbox {
        /// Why.
        #[source]
        source: moat_sandbox::Error,
    },
    /// Git cannot be found.
    #[error("there is no git at `/usr/bin/git` or `/usr/local/bin/git`")]
    NoGit,
    /// Git refused or failed.
    #[error("`git {what}` failed: {why}")]
    Git {
        /// The command of git.
        what: String,
        /// What it said.
        why: String,
    },
    /// Something that Moat does not do with git.
    #[error("{what}")]
    GitRefused {
        /// What, and why.
        what: String,
        /// What the reader can do.
        hint: &'static str,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::File(error) => return error.hint(),
            Self::Tree(TreeError::Io { .. }) => "check the owner and the mode with `ls -l`",
            Self::Tree(_) | Self::Refused { .. } | Self::TooLong { .. } => return None,
            Self::Occupied { .. } => "choose another name, or move what is there away first",
            Self::NotInTrash { .. } => "what was brought back, or fell out of the trash, is gone",
            Self::State { .. } => "check that the state directory exists and belongs to you",
            Self::Pattern { .. } => "search for the words as they are, or correct the expression",
            Self::Thread { .. } => "the system has no threads left: end some programs",
            Self::Sandbox { source } => return source.hint(),
            Self::NoGit => "install git 2.33 or newer with the system's packages",
            Self::Git { .. } => "the same command in a terminal may say more",
            Self::GitRefused { hint, .. } => hint,
        };
        Some(text.to_owned())
    }
}
