// SPDX-License-Identifier: Apache-2.0
//! A copy of a task in a temporary directory, and commands run in it.
//!
//! Invariant: every command has a limit of time and ends with its children;
//! the task itself is never changed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use super::place;
use super::task::Task;
use crate::door;

/// How long a check may take; building a Rust test is part of it.
const CHECK_SECONDS_MAX: u64 = 120;
/// How long after the polite signal a command is killed.
const KILL_AFTER_SECONDS: u64 = 3;
/// `timeout` of GNU coreutils ends with this when the time was up.
const TIMED_OUT: i32 = 124;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It ended with 0.
    Pass,
    /// It ended with something else.
    Fail,
    /// It was still running at its limit.
    Hang,
}

impl Verdict {
    /// The word used in reports.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Hang => "hang",
        }
    }
}

/// A copy of a task's work tree.
pub(super) struct Trial {
    /// Held so that the directory disappears with the trial.
    _directory: TempDir,
    work: PathBuf,
}

impl Trial {
    /// Copies the work tree of a task.
    pub(super) fn new(task: &Task) -> anyhow::Result<Self> {
        let directory = place::temporary()?;
        let work = directory.path().join("work");
        place::copy_tree(&task.path("work"), &work)?;
        Ok(Self { _directory: directory, work })
    }

    /// The work tree of the trial.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Runs a shell line in the work tree; returns its output with the verdict.
    pub(super) fn check(&self, line: &str) -> anyhow::Result<(Verdict, String)> {
        let output = door::command("timeout", &self.work)
            .arg("-k")
            .arg(KILL_AFTER_SECONDS.to_string())
            .arg(CHECK_SECONDS_MAX.to_string())
            .args(["sh", "-c", line])
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUST_BACKTRACE")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .context("could not run `timeout`")?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        let verdict = match output.status.code() {
            Some(0) => Verdict::Pass,
            Some(TIMED_OUT) => Verdict::Hang,
            Some(_) => Verdict::Fail,
            // `timeout -k` ends by the signal it sent.
            None => Verdict::Hang,
        };
        Ok((verdict, text))
    }

    /// Runs the visible check, with the tests as the task gives them.
    pub(super) fn visible(&self, task: &Task) -> anyhow::Result<(Verdict, String)> {
        self.restore_tests(task)?;
        self.check(&task.check)
    }

    /// Puts the hidden tests in place and runs them.
    pub(super) fn hidden(&self, task: &Task) -> anyhow::Result<(Verdict, String)> {
        self.restore_tests(task)?;
        place::copy_tree(&task.path("hidden"), &self.work)?;
        self.check(&task.hidden_check)
    }

    fn restore_tests(&self, task: &Task) -> anyhow::Result<()> {
        for name in &task.tests {
            place::copy_file(&task.path("work").join(name), &self.work.join(name))?;
        }
        Ok(())
    }
}
