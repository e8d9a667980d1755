// SPDX-License-Identifier: Apache-2.0
//! A command's failure: a report for people and an exit code for scripts.

use moat_base::{Hint, Report};

use crate::exit::Exit;

/// Why a command ended without what was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) report: Report,
    pub(crate) exit: Exit,
}

impl Failure {
    /// Bad input, with what to do about it.
    pub(crate) fn usage(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::plain(Exit::Usage, error, hint)
    }

    /// Something of this machine that stands in the way.
    pub(crate) fn environment(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::plain(Exit::Environment, error, hint)
    }

    /// An error of a crate below, which knows its own hint.
    pub(crate) fn of(exit: Exit, error: &dyn Hint) -> Self {
        Self { report: Report::of(error), exit }
    }

    fn plain(exit: Exit, error: impl Into<String>, hint: impl Into<String>) -> Self {
        let (error, hint) = (error.into(), Some(hint.into()));
        Self { report: Report { error, causes: Vec::new(), hint }, exit }
    }

    /// Adds a cause.
    pub(crate) fn because(mut self, cause: &dyn std::error::Error) -> Self {
        self.report.causes.push(cause.to_string());
        self
    }
}
