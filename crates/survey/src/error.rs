// SPDX-License-Identifier: Apache-2.0
//! Why a survey could not begin.

use std::io;
use std::path::PathBuf;

use moat_base::{Hint, TreeError};
use moat_files::FileError;

/// Why a survey could not begin. What cannot be read later is a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the path, or it may not be looked at.
    #[error("could not open `{}`", .path.display())]
    Open {
        /// The path.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The path is neither a directory nor a regular file.
    #[error("`{}` is neither a directory nor a regular file", .path.display())]
    Special {
        /// The path.
        path: PathBuf,
    },
    /// The directory could not be opened.
    #[error("could not open the directory to look through")]
    Root {
        /// What the door says.
        #[source]
        source: Box<FileError>,
    },
    /// The file could not be opened.
    #[error("could not open the file to look through")]
    File {
        /// What the door says.
        #[source]
        source: TreeError,
    },
    /// No thread could be started.
    #[error("could not start a thread")]
    Thread {
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Open { .. } | Self::Root { .. } | Self::File { .. } => {
                "name a directory, a tar archive or a file that you may read"
            }
            Self::Special { .. } => "a FIFO, a socket or a device is never opened",
            Self::Thread { .. } => "end other programs, or raise the limit of processes",
        };
        Some(text.to_owned())
    }
}
