// SPDX-License-Identifier: Apache-2.0
//! The processes that make the attempts: the `moat` binary itself, by the word [`WORD`].
//!
//! Each attempt is made in a process of its own, so that none depends on what another left.
//!
//! Invariant: what an attempt says is written before the next is made.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::attempt::{ATTEMPTS, TOGETHER, Who, hog};
use crate::bystander;
use crate::limits::{ATTEMPT_WAIT_MAX, HOLD};
use crate::target::{Answer, Outcome, Target};

/// The first argument that makes the `moat` binary act for the probe.
///
/// `cli` looks for it before anything else and calls [`main`].
pub const WORD: &str = "probe-init";

/// What a process of the probe does: the word after [`WORD`].
pub(crate) const ATTEMPTS_WORD: &str = "attempts";
/// See [`ATTEMPTS_WORD`].
pub(crate) const HOG_WORD: &str = "hog";
/// See [`ATTEMPTS_WORD`].
pub(crate) const BYSTANDER_WORD: &str = "bystander";

/// The `main` of the probe's processes. `arguments` follow [`WORD`].
///
/// Call it before anything else: it expects one thread.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    let word = |index: usize| arguments.get(index).and_then(|word| word.to_str());
    let done = match (word(0), word(1), word(2)) {
        (Some(ATTEMPTS_WORD), Some(who), Some(target)) => attempts(who, target),
        (Some(HOG_WORD), None, None) => say(&Outcome::from(hog(HOLD).map_err(Into::into))),
        (Some(BYSTANDER_WORD), None, None) => bystander::main(),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(_nobody_listens) => ExitCode::FAILURE,
    }
}

fn attempts(who: &str, target: &str) -> io::Result<()> {
    let who: Who = serde_json::from_str(who)?;
    let mut target: Target = serde_json::from_str(target)?;
    target.parent = parent();
    make(&target, who, |answer| say(&answer))
}

/// Makes all attempts of `who`, each in a process of its own. This process has one thread.
pub(crate) fn make(
    target: &Target,
    who: Who,
    mut take: impl FnMut(Answer) -> io::Result<()>,
) -> io::Result<()> {
    // Inside, the last one ends the command that makes it.
    let apart = |name: &str| name == TOGETHER && who == Who::Command;
    for attempt in ATTEMPTS.iter().filter(|it| it.is_of(who) && !apart(it.name)) {
        let told = moat_sandbox::attempt::apart(ATTEMPT_WAIT_MAX, || {
            let outcome = Outcome::from((attempt.act)(target));
            serde_json::to_vec(&outcome).unwrap_or_default()
        });
        let read = told.and_then(|told| Ok(serde_json::from_slice::<Outcome>(&told)?));
        let outcome = read.unwrap_or_else(|error| Outcome::NotTried { reason: error.to_string() });
        take(Answer { name: attempt.name.to_owned(), outcome })?;
    }
    Ok(())
}

/// The number of this process's parent; 0 where it is in no list.
pub(crate) fn parent() -> i32 {
    rustix::process::getppid().map_or(0, rustix::process::Pid::as_raw_pid)
}

fn say(what: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    io::stdout().lock().write_all(&line)
}
