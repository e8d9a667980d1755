// SPDX-License-Identifier: Apache-2.0
//! Mistakes in the configuration, each with its place and what to write instead.

use std::fmt;
use std::io;
use std::path::PathBuf;

use moat_base::Hint;

use crate::layer::Origin;

/// Where in the configuration something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The source.
    pub origin: Origin,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::UserFile(path) | Origin::Requirements(path) | Origin::Workspace(path) => {
                write!(f, "{}:{}", path.display(), self.line)
            }
            Origin::CommandLine => f.write_str("the command line"),
            Origin::Defaults => f.write_str("the defaults"),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is not TOML.
    #[error("{place}: not valid TOML: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// There is no such key.
    #[error("{place}: there is no key `{key}`")]
    UnknownKey {
        /// Where.
        place: Place,
        /// The unknown key.
        key: String,
        /// The known key that is closest.
        nearest: Option<String>,
    },
    /// A value is not what its key needs.
    #[error("{place}: `{key}` must be {expected}, not {found}")]
    WrongValue {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A table lacks a key.
    #[error("{place}: `{table}` has no `{key}`")]
    MissingKey {
        /// Where the table is.
        place: Place,
        /// The table.
        table: String,
        /// The key that it lacks.
        key: &'static str,
    },
    /// A key would be sent in the clear.
    #[error("{place}: `{table}` would send its key without encryption")]
    KeyInTheClear {
        /// Where the table is.
        place: Place,
        /// The table.
        table: String,
    },
    /// An argument is not `KEY=VALUE`.
    #[error("`{argument}` is not of the form KEY=VALUE")]
    Override {
        /// The argument.
        argument: String,
    },
    /// A file could not be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Somebody else than the administrator could have written the requirements.
    #[error("the requirements in `{}` cannot be trusted: `{}` {reason}", path.display(), culprit.display())]
    Unprotected {
        /// The file of requirements.
        path: PathBuf,
        /// The file or directory that others could change.
        culprit: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file with a key is not protected, or does not hold one.
    #[error("the key file `{}` {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. } => Some("docs/config.md shows an example of every key".into()),
            Self::UnknownKey { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "docs/config.md lists every key".to_owned(),
                |key| format!("did you mean `{key}`?"),
            )),
            Self::WrongValue { .. } => Some("docs/config.md says what each key takes".into()),
            Self::MissingKey { table, key, .. } => Some(format!(
                "add `{key}` to `[{table}]`; a table given in a later source replaces the whole earlier one"
            )),
            Self::KeyInTheClear { .. } => {
                Some("use `https://` in `url`, or remove `key_file`".into())
            }
            Self::Override { .. } => Some("for example `limits.turn_minutes=10`".into()),
            Self::Read { path, .. } => {
                Some(format!("check that `{}` is a readable file and not a link", path.display()))
            }
            Self::Unprotected { culprit, .. } => Some(format!(
                "as administrator run `chown root '{0}'` and `chmod go-w '{0}'`",
                culprit.display()
            )),
            Self::KeyFile { path, .. } => Some(format!(
                "put the key alone into the file and run `chmod 600 '{}'`",
                path.display()
            )),
        }
    }
}
