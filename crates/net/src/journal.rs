// SPDX-License-Identifier: Apache-2.0
//! The crossing log's files: append, make durable, then go on.
//!
//! The files are `crossings-000001.jsonl` and so on; the chain runs through all
//! of them. A line counts once its bytes are synced. When a line cannot be
//! written whole it is cut off again; when syncing fails nothing more is written,
//! since the system then no longer says what is on the disk.
//!
//! Invariant: [`Journal::write`] returns a number only after the line is durable.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moat_base::{AppendFile, Clock, Fs};
use moat_log::{Closing, Event, HashChain, Outcome, Recovery, Seal, Verdict, Verifier, recover};

use crate::error::Error;
use crate::limits::LOG_FILE_BYTES_MAX;

/// The open log.
#[derive(Debug)]
pub(crate) struct Journal {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    directory: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    chain: HashChain,
    file: Box<dyn AppendFile>,
    file_number: u64,
    file_bytes: u64,
    open: BTreeSet<u64>,
    condition: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Writable,
    Broken,
    Ended,
}

/// Why a line was not written; nothing may be sent then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the crossing log could not be written ({0})")]
    Write(io::Error),
    #[error("the crossing log failed before and takes no further line")]
    Broken,
    #[error("the broker is ending")]
    Ended,
    #[error("the entry does not fit the crossing log ({0})")]
    Seal(moat_log::Error),
}

impl Journal {
    /// Verifies the end of the log, repairs a torn last line and goes on from there.
    /// Crossings that a killed broker left open are closed as unknown.
    pub(crate) fn open(
        fs: Arc<dyn Fs>,
        clock: Arc<dyn Clock>,
        directory: &Path,
    ) -> Result<Self, Error> {
        let failed = |source: io::Error| log_error(directory, source);
        fs.create_dir_all(directory).map_err(failed)?;
        let files = files(&fs.list(directory).map_err(failed)?);
        let (file_number, recovery) = replay(fs.as_ref(), directory, &files)?;
        let path = directory.join(file_name(file_number));
        let mut file = fs.append(&path).map_err(failed)?;
        if recovery.torn.is_some() {
            file.truncate(recovery.keep_bytes).map_err(failed)?;
        }
        let summary = recovery.verifier.summary();
        let journal = Self {
            fs,
            clock,
            directory: directory.to_owned(),
            state: Mutex::new(State {
                chain: recovery.verifier.chain(),
                file,
                file_number,
                file_bytes: recovery.keep_bytes,
                open: summary.open.keys().copied().collect(),
                condition: Condition::Writable,
            }),
        };
        let repaired = recovery.torn.map(Event::Recovered);
        let lost = summary.open.keys().map(|opened| unfinished(*opened, Outcome::Unknown));
        for event in repaired.into_iter().chain(lost) {
            journal.write(event).map_err(|error| log_error(directory, error))?;
        }
        Ok(journal)
    }

    /// Makes one line durable and gives its number.
    pub(crate) fn write(&self, event: Event) -> Result<u64, JournalError> {
        let mut state = self.lock();
        match state.condition {
            Condition::Writable => self.write_locked(&mut state, event),
            Condition::Broken => Err(JournalError::Broken),
            Condition::Ended => Err(JournalError::Ended),
        }
    }

    /// Closes what is still open as stopped; no line is taken afterwards.
    pub(crate) fn end(&self) -> Result<(), JournalError> {
        let mut state = self.lock();
        if state.condition == Condition::Writable {
            for opened in state.open.clone() {
                self.write_locked(&mut state, unfinished(opened, Outcome::Stopped))?;
            }
            state.condition = Condition::Ended;
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    fn write_locked(&self, state: &mut State, event: Event) -> Result<u64, JournalError> {
        if state.file_bytes >= LOG_FILE_BYTES_MAX {
            self.next_file(state).map_err(JournalError::Write)?;
        }
        let (opens, closes) = match &event {
            Event::Opened(opening) => (opening.verdict == Verdict::Allowed, None),
            Event::Closed(closing) => (false, Some(closing.opened)),
            Event::Recovered(_) => (false, None),
        };
        let mut chain = state.chain.clone();
        let line = chain.seal(self.clock.now(), event).map_err(JournalError::Seal)?;
        if let Err(error) = state.file.append(line.as_bytes()) {
            if state.file.truncate(state.file_bytes).is_err() {
                state.condition = Condition::Broken;
            }
            return Err(JournalError::Write(error));
        }
        if let Err(error) = state.file.sync() {
            state.condition = Condition::Broken;
            return Err(JournalError::Write(error));
        }
        state.file_bytes += line.len() as u64;
        state.chain = chain;
        let number = state.chain.sequence();
        if opens {
            state.open.insert(number);
        }
        if let Some(opened) = closes {
            state.open.remove(&opened);
        }
        Ok(number)
    }

    fn next_file(&self, state: &mut State) -> io::Result<()> {
        let number = state.file_number + 1;
        state.file = self.fs.append(&self.directory.join(file_name(number)))?;
        state.file_number = number;
        state.file_bytes = 0;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unfinished(opened: u64, outcome: Outcome) -> Event {
    Event::Closed(Box::new(Closing {
        opened,
        dialled: None,
        status: None,
        sent: None,
        received: None,
        duration_ms: 0,
        outcome,
    }))
}

fn log_error(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Log { path: path.to_owned(), source: Box::new(source) }
}

fn file_name(number: u64) -> String {
    format!("crossings-{number:06}.jsonl")
}

/// The numbers of the log's files, ascending; anything else in the directory is not ours.
fn files(paths: &[PathBuf]) -> Vec<u64> {
    let mut numbers: Vec<u64> = paths
        .iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let number = name.strip_prefix("crossings-")?.strip_suffix(".jsonl")?.parse().ok()?;
            (file_name(number) == name).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Verifies the last two files: the one that is appended to and the one before it,
/// which holds the chain's head when the last one is still empty.
fn replay(fs: &dyn Fs, directory: &Path, files: &[u64]) -> Result<(u64, Recovery), Error> {
    let from = files.len().saturating_sub(2);
    let last_two = files.get(from..).unwrap_or_default();
    let mut verifier = match last_two.first() {
        None | Some(1) => Verifier::from_start(),
        Some(_) => Verifier::from_anywhere(),
    };
    let read = |number: u64| {
        let path = directory.join(file_name(number));
        // One line may stand beyond the length at which the next file is begun.
        let limit = LOG_FILE_BYTES_MAX + moat_log::limits::LINE_BYTES_MAX as u64;
        fs.read(&path, limit).map_err(|source| log_error(&path, source))
    };
    let Some((last, before)) = last_two.split_last() else {
        return Ok((1, Recovery { verifier, keep_bytes: 0, torn: None }));
    };
    for number in before {
        let broken = |source| log_error(&directory.join(file_name(*number)), source);
        if number + 1 != *last {
            return Err(broken(io::Error::other("the file after it is missing")));
        }
        verifier
            .feed(&read(*number)?)
            .map_err(|source| log_error(&directory.join(file_name(*number)), source))?;
    }
    let recovery = recover(verifier, &read(*last)?)
        .map_err(|source| log_error(&directory.join(file_name(*last)), source))?;
    Ok((*last, recovery))
}

#[cfg(test)]
mod tests;
