// SPDX-License-Identifier: Apache-2.0
//! The stored session: an append-only file of lines that people can read.
//!
//! [`Store::append`] returns when the line is durable, and nothing is
//! acknowledged before. A line that a crash cut short is set aside under another
//! name, never thrown away; a line that does not verify stops the session from
//! going on.
//!
//! Invariant: no line is ever changed after it was written.

mod chain;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{AppendFile, Clock, Fs, Hint, SessionId, Timestamp, random_hex};

use crate::limits::SESSION_FILE_BYTES_MAX;
use crate::record::Record;

use chain::{Break, Chain};
pub use chain::{ChainKey, Line};

const FILE_NAME: &str = "session.jsonl";

/// Why a session could not be stored or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be written: what was acknowledged before still stands.
    #[error("could not write the session file `{path}`")]
    Write {
        /// The session's file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file could not be read.
    #[error("could not read the session file `{path}`")]
    Read {
        /// The session's file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A line is not what was written.
    #[error("line {line} of `{path}` is not what Moat wrote: {reason}")]
    Corrupt {
        /// The session's file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Hint for StoreError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space and run `moat session resume`; nothing acknowledged was lost"
                    .into()
            }
            Self::Write { .. } | Self::Read { .. } => {
                "look at the permissions of the state directory; `moat doctor` names it".into()
            }
            Self::Corrupt { .. } => "the lines before it can still be shown with `moat session \
                                     show`; the session cannot go on, start a new one"
                .into(),
        })
    }
}

/// A session's file, open for appending.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: Box<dyn AppendFile>,
    clock: Arc<dyn Clock>,
    chain: Chain,
}

/// What was found in a session's file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// The bytes of a last line that a crash cut short.
    pub torn: Vec<u8>,
}

impl Store {
    /// Opens the session in `directory`, creating its file when there is none, and
    /// reads what it holds.
    ///
    /// # Errors
    /// [`StoreError`] as its variants say.
    pub fn open(
        fs: &dyn Fs,
        clock: Arc<dyn Clock>,
        directory: &Path,
        key: &ChainKey,
        session: &SessionId,
    ) -> Result<(Self, History), StoreError> {
        let path = directory.join(FILE_NAME);
        let bytes = match fs.read(&path, SESSION_FILE_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(|source| StoreError::Read { path: path.clone(), source })?,
        };
        let (history, chain, broken) = parse(&bytes, key, session);
        if let Some((line, reason)) = broken {
            return Err(StoreError::Corrupt { path, line, reason });
        }
        let file = open_at(fs, &path, &bytes, &history)
            .map_err(|source| StoreError::Write { path: path.clone(), source })?;
        Ok((Self { path, file, clock, chain }, history))
    }

    /// Writes the file of a new session whole, with what it begins with.
    ///
    /// # Errors
    /// [`StoreError::Write`]; then there is no such file.
    pub fn begin(
        fs: &dyn Fs,
        directory: &Path,
        (key, session): (&ChainKey, &SessionId),
        lines: &[(Timestamp, Record)],
    ) -> Result<(), StoreError> {
        let path = directory.join(FILE_NAME);
        let mut chain = Chain::new(key, session);
        let text: String = lines.iter().map(|(at, record)| chain.write(*at, record)).collect();
        let written = fs.replace(&path, text.as_bytes());
        written.map_err(|source| StoreError::Write { path, source })
    }

    /// Appends a record and returns its line when it is durable.
    ///
    /// # Errors
    /// [`StoreError::Write`]; the store must then be opened again before it is used.
    pub fn append(&mut self, record: Record) -> Result<Line, StoreError> {
        let at = self.clock.now();
        let mut chain = self.chain.clone();
        let text = chain.write(at, &record);
        let written = self.file.append(text.as_bytes()).and_then(|()| self.file.sync());
        written.map_err(|source| StoreError::Write { path: self.path.clone(), source })?;
        let number = self.chain.next();
        self.chain = chain;
        Ok(Line { number, at, record })
    }
}

/// Reads a session's lines without opening it: what verifies, and the first break.
///
/// # Errors
/// [`StoreError::Read`] when the file cannot be read.
pub fn read_history(
    fs: &dyn Fs,
    directory: &Path,
    key: &ChainKey,
    session: &SessionId,
) -> Result<(History, Option<StoreError>), StoreError> {
    let path = directory.join(FILE_NAME);
    let bytes = fs
        .read(&path, SESSION_FILE_BYTES_MAX)
        .map_err(|source| StoreError::Read { path: path.clone(), source })?;
    let (history, _chain, broken) = parse(&bytes, key, session);
    let broken = broken.map(|(line, reason)| StoreError::Corrupt { path, line, reason });
    Ok((history, broken))
}

type Parsed = (History, Chain, Option<(usize, String)>);

fn parse(bytes: &[u8], key: &ChainKey, session: &SessionId) -> Parsed {
    let mut chain = Chain::new(key, session);
    let mut history = History::default();
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = piece.strip_suffix(b"\n") else {
            history.torn = piece.to_vec();
            break;
        };
        match chain.read(line) {
            Ok(line) => history.lines.push(line),
            Err(broken) => {
                let reason = match broken {
                    Break::Form => "it does not have the form of a line".into(),
                    Break::Mac => "its authentication code does not match".into(),
                    Break::Unreadable(reason) => reason,
                };
                let number = history.lines.len() + 1;
                return (history, chain, Some((number, reason)));
            }
        }
    }
    (history, chain, None)
}

fn open_at(
    fs: &dyn Fs,
    path: &Path,
    bytes: &[u8],
    history: &History,
) -> io::Result<Box<dyn AppendFile>> {
    if history.torn.is_empty() {
        return fs.append(path);
    }
    let aside = path.with_extension(format!("torn-{}", random_hex(4)?));
    fs.replace(&aside, &history.torn)?;
    let mut file = fs.append(path)?;
    file.truncate((bytes.len() - history.torn.len()) as u64)?;
    Ok(file)
}
