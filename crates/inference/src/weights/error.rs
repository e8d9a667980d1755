// SPDX-License-Identifier: Apache-2.0
//! What fails around weights, told apart by what the reader can do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use moat_base::Hint;

/// A failed operation on weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A registry or manifest has a mistake.
    #[error("the registry of weights is not valid: {reason}")]
    Registry {
        /// What is wrong.
        reason: String,
    },
    /// No entry has this id.
    #[error("there are no weights `{id}`")]
    UnknownId {
        /// The id.
        id: String,
        /// The ids that there are.
        known: Vec<String>,
    },
    /// The weights are known but not on this machine.
    #[error("the weights `{id}` are not on this machine")]
    Missing {
        /// The id.
        id: String,
    },
    /// The file is not what its entry says.
    #[error("the weights `{id}` in `{}` are damaged: {reason}", path.display())]
    Damaged {
        /// The id.
        id: String,
        /// The file.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
    /// A file to import is not a model.
    #[error("`{}` cannot be imported: {reason}", path.display())]
    NotWeights {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An id has characters that are not for ids.
    #[error("`{id}` cannot be an id")]
    BadId {
        /// The id.
        id: String,
    },
    /// Other weights have this id.
    #[error("there are weights `{id}` already")]
    IdTaken {
        /// The id.
        id: String,
    },
    /// No source had the bytes.
    #[error("no source has the weights `{id}`")]
    NoSource {
        /// The id.
        id: String,
        /// What each source said.
        #[source]
        failures: Failures,
    },
    /// The disk is too small.
    #[error("{needed_bytes} bytes are needed in `{}` and {free_bytes} are free", directory.display())]
    DiskSpace {
        /// Where.
        directory: PathBuf,
        /// How much is needed.
        needed_bytes: u64,
        /// How much there is.
        free_bytes: u64,
    },
    /// Another process works on the same store.
    #[error("another process works on the weights in `{}`", directory.display())]
    Busy {
        /// The store.
        directory: PathBuf,
    },
    /// The system refused.
    #[error("could not {step} `{}`", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The caller cancelled; what has come is kept.
    #[error("the transfer was cancelled")]
    Cancelled,
}

/// Why one source failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The source, as the configuration writes it.
    pub from: String,
    /// Why.
    pub reason: String,
}

/// Why all sources failed, in the order in which they were tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures(pub Vec<Failure>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the configuration lists no source that this entry has");
        }
        for (index, failure) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n         ")?;
            }
            write!(f, "{}: {}", failure.from, failure.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Registry { .. } => "correct the entry; docs/models.md shows the form".to_owned(),
            Self::UnknownId { known, .. } => {
                format!("known are {}; `moat model import FILE` adds one", known.join(", "))
            }
            Self::Missing { id } => format!("run `moat model pull {id}`"),
            Self::Damaged { id, .. } => {
                format!("run `moat model rm {id}` and then `moat model pull {id}`")
            }
            Self::NotWeights { .. } => "give a file in the GGUF format".to_owned(),
            Self::BadId { .. } => {
                "an id may have a-z, 0-9, `-`, `_` and `.`, and does not begin with `.`".to_owned()
            }
            Self::IdTaken { id } => {
                format!("give another id, or run `moat model rm {id}` first")
            }
            Self::NoSource { .. } => {
                "set `weights.mirror` or `weights.sources` in the config, or carry the file here and run `moat model import FILE`".to_owned()
            }
            Self::DiskSpace { .. } => {
                "free some space, or set `XDG_DATA_HOME` to a larger disk".to_owned()
            }
            Self::Busy { .. } => "wait until the other `moat model` command has ended".to_owned(),
            Self::Io { source, .. } if is_full(source) => {
                "free some space; what has come is kept and will not be loaded again".to_owned()
            }
            Self::Io { .. } => {
                "check the path and its permissions, or set `XDG_DATA_HOME` to a directory of your own".to_owned()
            }
            Self::Cancelled => "run the same command again to go on where it stopped".to_owned(),
        };
        Some(hint)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Why a source did not finish: either the next one may be tried, or not.
#[derive(Debug)]
pub(super) enum Setback {
    /// This source failed.
    Source(String),
    /// The bytes of this source were wrong.
    Mismatch,
    /// No source can help.
    Fatal(Error),
}

impl Setback {
    pub(super) fn source(reason: impl Into<String>) -> Self {
        Self::Source(reason.into())
    }
}

/// Attaches step and path to an error of the system, as a fatal one.
pub(super) fn fatal(
    step: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(io::Error) -> Setback {
    let path = path.to_owned();
    move |source| Setback::Fatal(Error::Io { step, path, source })
}

/// Attaches step and path to an error of the system.
pub(super) fn io_error(
    step: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { step, path, source }
}
