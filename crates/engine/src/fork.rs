// SPDX-License-Identifier: Apache-2.0
//! A new session that goes on from a checkpoint of another one.
//!
//! Its conversation is the records that counted there, under a chain of its own, and a record
//! that says where they are from; its files are those of the checkpoint. What waited there for
//! a person, and what was about to be done, is not copied. The other session is only read, so
//! it may be open, and may run.
//!
//! The new session is made in a directory that nobody takes for one, and gets its name as the
//! last step.
//!
//! Invariant: after a process died at any point there is no new session, or a whole one; what
//! is left otherwise is removed by the next fork.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Clock, Depot, Fs, Hint, SessionId, Timestamp, remove_files};
use moat_files::{Checkpoint, Checkpoints, FileError, ForkedFiles, SessionFiles};

use crate::record::{Point, Record};
use crate::state::{AskedCheck, State};
use crate::store::{ChainKey, History, Line, Store, StoreError};
use crate::world::checkpoint::{mark_of, point_of};

/// Where the new session is made.
const MAKING: &str = ".fork";

/// Held by the process that makes one.
const LOCK: &str = ".fork.lock";

/// Where in a session a fork begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkPoint {
    /// At this checkpoint.
    Checkpoint(u32),
    /// At the end; where a turn runs, at the last checkpoint.
    End,
}

/// Why a session could not be forked. There is no new one then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// It has no checkpoint.
    #[error("session {from} has no checkpoint to fork from")]
    NoCheckpoint {
        /// The session.
        from: SessionId,
    },
    /// There is no such checkpoint, or it was dropped.
    #[error("there is no checkpoint {number}")]
    NoSuchCheckpoint {
        /// The number that was named.
        number: u32,
    },
    /// The conversation as it is stored has no such point.
    #[error("the conversation does not reach back to checkpoint {number}")]
    NoPoint {
        /// The number of the checkpoint.
        number: u32,
    },
    /// Its files, or those of the new session.
    #[error("could not give the new session its files")]
    Files {
        /// What failed.
        #[source]
        source: FileError,
    },
    /// The record of the new session could not be written.
    #[error("could not store the new session")]
    Store {
        /// The store's error.
        #[source]
        source: StoreError,
    },
    /// Another process makes a fork at this moment.
    #[error("another fork is being made")]
    Busy,
    /// The directory of sessions could not be used.
    #[error("could not make a session in `{}`", path.display())]
    Place {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl Hint for ForkError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoCheckpoint { .. } => Some(
                "a session has checkpoints once it was opened, except where it works on a copy \
                 of the tree; `moat doctor` says why it does"
                    .into(),
            ),
            Self::NoSuchCheckpoint { .. } => {
                Some("`moat session checkpoints` lists them; the oldest go first".into())
            }
            Self::NoPoint { .. } => {
                Some("name another one; `moat session checkpoints` lists them".into())
            }
            Self::Files { source } => source.hint(),
            Self::Store { source: StoreError::Write { source, .. } }
                if source.kind() == io::ErrorKind::StorageFull =>
            {
                Some("free some space and repeat".into())
            }
            Self::Store { source } => source.hint(),
            Self::Busy => Some("try it again".into()),
            Self::Place { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space and repeat".into())
            }
            Self::Place { .. } => {
                Some("look at the permissions of the state directory and the free space".into())
            }
        }
    }
}

/// The doors that a fork is made through, and the key of the user's sessions.
#[derive(Debug, Clone)]
pub struct Forge {
    /// The sessions' own files.
    pub fs: Arc<dyn Fs>,
    /// Moves the finished session, and locks.
    pub depot: Arc<dyn Depot>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The key that chains sessions.
    pub key: ChainKey,
    /// The directory of all sessions.
    pub sessions: PathBuf,
}

/// A new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forked {
    /// The checkpoint that it goes on from.
    pub checkpoint: u32,
    /// How many turns it holds.
    pub turns: u32,
    /// What it got of the files.
    pub files: ForkedFiles,
}

impl Forge {
    /// Makes session `to` of what `from` was at a point. `history` is all of what is stored of
    /// that.
    ///
    /// # Errors
    /// [`ForkError`] as its variants say.
    pub fn fork(
        &self,
        (from, history): (&SessionId, &History),
        point: ForkPoint,
        to: &SessionId,
    ) -> Result<Forked, ForkError> {
        let place = |source| ForkError::Place { path: self.sessions.clone(), source };
        let files = self.sessions.join(from.as_str()).join("files");
        let checkpoints = Checkpoints::listed(&files);
        let checkpoints = checkpoints.map_err(|source| ForkError::Files { source })?;
        let beginning = Beginning::of((from, history), &checkpoints, point, self.clock.now())?;
        let _only_one = self.depot.lock(&self.sessions.join(LOCK)).map_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock { ForkError::Busy } else { place(error) }
        })?;
        let making = self.sessions.join(MAKING);
        // What a process left that died in this.
        remove_files(&making).map_err(place)?;
        let made = self.make((&files, &beginning), &making, to).and_then(|files| {
            let goal = self.sessions.join(to.as_str());
            self.depot.rename(&making, &goal).map_err(place)?;
            Ok(files)
        });
        let files = made.inspect_err(|_told_by_the_caller| {
            // What cannot be removed now is removed by the next fork.
            let _left_for_later = remove_files(&making);
        })?;
        let turns = u32::try_from(beginning.state.turns.len()).unwrap_or(u32::MAX);
        Ok(Forked { checkpoint: beginning.checkpoint, turns, files })
    }

    fn make(
        &self,
        (files, beginning): (&Path, &Beginning),
        making: &Path,
        to: &SessionId,
    ) -> Result<ForkedFiles, ForkError> {
        let place = |source| ForkError::Place { path: making.to_owned(), source };
        self.fs.create_dir_all(making).map_err(place)?;
        let words = format!("the fork of session {}", beginning.from);
        let what = (self.clock.now(), words.as_str(), mark_of(beginning.point));
        let from = (files, beginning.checkpoint);
        let files = SessionFiles::fork(&self.fs, from, &making.join("files"), what);
        let files = files.map_err(|source| ForkError::Files { source })?;
        Store::begin(self.fs.as_ref(), making, (&self.key, to), &beginning.lines)
            .map_err(|source| ForkError::Store { source })?;
        Ok(files)
    }
}

/// What a new session begins with.
#[derive(Debug)]
struct Beginning {
    from: SessionId,
    checkpoint: u32,
    /// Where its own conversation begins.
    point: Point,
    lines: Vec<(Timestamp, Record)>,
    state: State,
}

impl Beginning {
    fn of(
        (from, history): (&SessionId, &History),
        checkpoints: &[Checkpoint],
        point: ForkPoint,
        now: Timestamp,
    ) -> Result<Self, ForkError> {
        let mut state = State::default();
        for line in &history.lines {
            state.apply(&line.record);
        }
        let chosen = match point {
            ForkPoint::Checkpoint(number) => checkpoints.iter().find(|it| it.number == number),
            ForkPoint::End => checkpoints.last(),
        };
        let chosen = chosen.ok_or_else(|| match point {
            ForkPoint::Checkpoint(number) if !checkpoints.is_empty() => {
                ForkError::NoSuchCheckpoint { number }
            }
            ForkPoint::Checkpoint(_) | ForkPoint::End => {
                ForkError::NoCheckpoint { from: from.clone() }
            }
        })?;
        let number = chosen.number;
        let way = state.way_to(point_of(chosen.mark)).ok_or(ForkError::NoPoint { number })?;
        let way = match point {
            ForkPoint::Checkpoint(_) => way,
            ForkPoint::End => to_the_end(&state, &history.lines, way),
        };
        let lines = way.into_iter().filter_map(|place| history.lines.get(place));
        let mut lines: Vec<&Line> = lines.collect();
        let mut state = settled(&mut lines);
        let forked = Record::Forked {
            from: from.clone(),
            checkpoint: number,
            effects: lines.iter().filter_map(|line| effect_of(&line.record)).max().unwrap_or(0),
            questions: state.questions,
        };
        state.apply(&forked);
        let mut lines: Vec<(Timestamp, Record)> =
            lines.into_iter().map(|line| (line.at, line.record.clone())).collect();
        lines.push((now, forked));
        let point = Point::After(state.effects);
        Ok(Self { from: from.clone(), checkpoint: number, point, lines, state })
    }
}

/// The way to the end, where the files are still those of the checkpoint at which `way` ends. A
/// turn that runs is left where it was at the checkpoint.
fn to_the_end(state: &State, lines: &[Line], way: Vec<usize>) -> Vec<usize> {
    let now = state.counting();
    if state.turn().is_some_and(|turn| !turn.stopped) || !now.starts_with(&way) {
        return way;
    }
    let spares = |place: &usize| {
        let Some(Line { record: Record::Intended { intent, .. }, .. }) = lines.get(*place) else {
            return true;
        };
        !intent.leaves_a_trace() || intent.spares_the_session()
    };
    let (known, rest) = (way.len(), now.iter().skip(way.len()));
    let more = rest.take_while(|place| spares(place)).count();
    now.into_iter().take(known + more).collect()
}

/// Takes out what was not settled: a question, a check that was asked for, an effect that was
/// about to be carried out. Gives the state of the rest.
fn settled(lines: &mut Vec<&Line>) -> State {
    loop {
        let mut state = State::default();
        for line in lines.iter() {
            state.apply(&line.record);
        }
        let asked = state.question.as_ref().map(|question| question.request);
        let pending = state.pending.as_ref().map(|pending| pending.effect);
        let waits = state.turn().is_some_and(|turn| turn.asked_check == Some(AskedCheck::Open));
        let check = lines.iter().rposition(|line| line.record == Record::CheckAsked);
        let check = check.filter(|_| waits);
        let before = lines.len();
        let mut place = 0;
        lines.retain(|line| {
            let here = place;
            place += 1;
            let is_open = match &line.record {
                Record::Asked { request, .. } | Record::Answered { request, .. } => {
                    asked == Some(*request)
                }
                Record::Intended { effect, .. } => pending == Some(*effect),
                Record::CheckAsked => check == Some(here),
                Record::Created { .. }
                | Record::Forked { .. }
                | Record::TurnStarted { .. }
                | Record::Steered { .. }
                | Record::CheckGiven { .. }
                | Record::Resolved { .. }
                | Record::Lost { .. }
                | Record::Interrupted
                | Record::Resumed
                | Record::TurnFinished { .. } => false,
            };
            !is_open
        });
        if lines.len() == before {
            return state;
        }
    }
}

const fn effect_of(record: &Record) -> Option<u32> {
    match record {
        Record::Intended { effect, .. }
        | Record::Resolved { effect, .. }
        | Record::Lost { effect, .. }
        | Record::Forked { effects: effect, .. } => Some(*effect),
        Record::Created { .. }
        | Record::TurnStarted { .. }
        | Record::Steered { .. }
        | Record::Asked { .. }
        | Record::Answered { .. }
        | Record::CheckAsked
        | Record::CheckGiven { .. }
        | Record::Interrupted
        | Record::Resumed
        | Record::TurnFinished { .. } => None,
    }
}
