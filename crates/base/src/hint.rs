// SPDX-License-Identifier: Apache-2.0
//! The third part of every error that a person sees: what they can do.
//!
//! An error type implements [`Hint`]; [`Report`] renders failure, cause and hint
//! in one form for every front end, so that no front end matches on strings.

use std::error::Error;
use std::fmt;

/// An error that knows what its reader can do next.
///
/// Implementors return one sentence without a full stop, with commands and paths
/// in backticks, and `None` only when there is nothing to do.
pub trait Hint: Error {
    /// The hint for this error, usually delegated to the source that knows best.
    fn hint(&self) -> Option<String>;
}

/// An error rendered for people: what failed, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Report {
    /// What failed, without a full stop.
    pub error: String,
    /// The chain of causes, outermost first.
    pub causes: Vec<String>,
    /// What the reader can do.
    pub hint: Option<String>,
}

impl Report {
    /// Takes the three parts out of an error.
    #[must_use]
    pub fn of(error: &dyn Hint) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { error: error.to_string(), causes, hint: error.hint() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.error)?;
        for cause in &self.causes {
            write!(f, "\n  cause: {cause}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}
