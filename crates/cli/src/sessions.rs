// SPDX-License-Identifier: Apache-2.0
//! The user's sessions: one directory each, one key for all of them.

mod fork;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Depot as _, Lock, RealDepot, Report, SessionId};
use moat_engine::{ChainKey, History, Store, archive, read_history, workspace_path};
use moat_files::Checkpoints;
use moat_protocol::{Envelope, Query, Reply, SessionSummary, Standing, Unreadable};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) use fork::fork;

const KEY_BYTES: usize = 32;
const KEY_FILE: &str = "session.key";
const LOCK_FILE: &str = "lock";
const CREATE_ATTEMPTS_MAX: usize = 8;

/// A session's directory, locked by this process.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) id: SessionId,
    pub(crate) directory: PathBuf,
    pub(crate) store: Store,
    pub(crate) history: History,
    pub(crate) lock: Lock,
}

/// A session as its file tells it, not locked.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) id: SessionId,
    pub(crate) summary: SessionSummary,
    history: History,
    /// Why its file cannot be read to the end.
    pub(crate) broken: Option<Report>,
}

impl Told {
    /// The workspace, as the first record names it.
    pub(crate) fn workspace(&self) -> Option<PathBuf> {
        self.summary.workspace.as_deref().map(workspace_path)
    }

    /// The stored records, one JSON object per line: for whoever examines what is stored,
    /// such as every prompt whole, and not for front ends.
    pub(crate) fn records(&self) -> impl Iterator<Item = String> {
        let lines = self.history.lines.iter();
        lines.map(|line| serde_json::to_string(&line.record).unwrap_or_default())
    }
}

/// Makes a new session.
pub(crate) fn create(environment: &Environment) -> Result<Held, Failure> {
    let parent = environment.layout.sessions();
    environment.fs.create_dir_all(&parent).map_err(|error| state_failure(&parent, &error))?;
    for _ in 0..CREATE_ATTEMPTS_MAX {
        let id = SessionId::random().map_err(|error| state_failure(&parent, &error))?;
        let directory = parent.join(id.as_str());
        match rustix::fs::mkdir(&directory, rustix::fs::Mode::RWXU) {
            Ok(()) => return hold(environment, id),
            Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(state_failure(&directory, &errno.into())),
        }
    }
    Err(state_failure(&parent, &io::ErrorKind::AlreadyExists.into()))
}

/// Opens a session for working in it.
pub(crate) fn hold(environment: &Environment, id: SessionId) -> Result<Held, Failure> {
    let directory = environment.layout.sessions().join(id.as_str());
    let lock = RealDepot.lock(&directory.join(LOCK_FILE)).map_err(|error| {
        if error.kind() == io::ErrorKind::WouldBlock {
            return Failure::usage(
                format!("session {id} is open in another process"),
                format!("watch it with `moat session watch {id}`, or wait for its end"),
            );
        }
        if error.kind() == io::ErrorKind::NotFound {
            return unknown(id.as_str());
        }
        state_failure(&directory, &error)
    })?;
    let key = key(environment)?;
    let clock = Arc::clone(&environment.clock);
    let (store, history) = Store::open(environment.fs.as_ref(), clock, &directory, &key, &id)
        .map_err(|error| Failure::of(Exit::Environment, &error))?;
    Ok(Held { id, directory, store, history, lock })
}

/// Removes a session's directory, and the place in memory where its changes may lie.
pub(crate) fn remove(directory: &Path) -> io::Result<()> {
    moat_files::memory::remove(&directory.join("upper"))?;
    moat_base::remove_files(directory)
}

/// Reads a session without opening it.
pub(crate) fn tell(environment: &Environment, id: SessionId) -> Result<Told, Failure> {
    let directory = environment.layout.sessions().join(id.as_str());
    let key = key(environment)?;
    let read = read_history(environment.fs.as_ref(), &directory, &key, &id);
    let (history, broken) = read.map_err(|error| {
        if directory.is_dir() {
            Failure::of(Exit::Environment, &error)
        } else {
            unknown(id.as_str())
        }
    })?;
    let broken = broken.map(|error| Report::of(&error));
    let mut summary = archive::summary(&id, &history);
    if broken.is_some() {
        summary.standing = Standing::Damaged;
    }
    Ok(Told { id, summary, history, broken })
}

/// All that happened in a session that this process holds, in words of the protocol.
pub(crate) fn told(held: &Held) -> Result<Vec<Envelope>, Failure> {
    whole(&held.id, &held.directory, &held.history)
}

/// All that happened in a session, for a front end that can go back and forward in it; and why
/// its file cannot be read to the end. It is not opened for that.
pub(crate) fn story(
    environment: &Environment,
    id: SessionId,
) -> Result<(Vec<Envelope>, Option<Report>), Failure> {
    let Told { id, history, broken, .. } = tell(environment, id)?;
    let directory = environment.layout.sessions().join(id.as_str());
    Ok((whole(&id, &directory, &history)?, broken))
}

fn whole(id: &SessionId, directory: &Path, history: &History) -> Result<Vec<Envelope>, Failure> {
    let checkpoints = Checkpoints::listed(&directory.join("files"))
        .map_err(|error| Failure::of(Exit::Environment, &error))?;
    Ok(archive::retell_whole(id, history, &checkpoints))
}

/// Answers a question about stored sessions; none is opened for it.
pub(crate) fn answer(environment: &Environment, query: Query) -> Result<Reply, Failure> {
    match query {
        Query::Sessions => {
            let (mut sessions, mut unreadable) = (Vec::new(), Vec::new());
            for session in list(environment)? {
                match tell(environment, session.clone()) {
                    Ok(told) => sessions.push(told.summary),
                    Err(Failure { report, .. }) => unreadable.push(Unreadable { session, report }),
                }
            }
            Ok(Reply::Sessions { sessions, unreadable })
        }
        Query::Session { session } => {
            let Told { id, summary, history, broken } = tell(environment, session)?;
            Ok(Reply::Session { summary, events: archive::retell(&id, &history), broken })
        }
    }
}

/// The ids of all sessions, the one that was written to last first.
pub(crate) fn list(environment: &Environment) -> Result<Vec<SessionId>, Failure> {
    let parent = environment.layout.sessions();
    let paths = match environment.fs.list(&parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(|error| state_failure(&parent, &error))?,
    };
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(Ok(id)) = name.map(|name| name.parse::<SessionId>()) else { continue };
        let written = path.join("session.jsonl").metadata().and_then(|file| file.modified());
        found.push((written.ok(), id));
    }
    found.sort_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// The session that is meant: the one that is named, or the newest of the directory's workspace.
pub(crate) fn choose(environment: &Environment, id: Option<&str>) -> Result<SessionId, Failure> {
    let all = list(environment)?;
    let Some(text) = id else { return newest_here(environment, all) };
    let mut matching = all.into_iter().filter(|id| id.as_str().starts_with(text));
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(Failure::usage(
            format!("`{text}` is the beginning of several sessions"),
            "write more of the id; `moat session list` shows them",
        )),
        (None, _) => Err(unknown(text)),
    }
}

/// The newest session whose workspace is the current directory, or one above it: a
/// keep must not reach into another project because that was worked on last.
fn newest_here(environment: &Environment, all: Vec<SessionId>) -> Result<SessionId, Failure> {
    if all.is_empty() {
        let hint = "start one with `moat exec \"TASK\"`";
        return Err(Failure::usage("there is no session yet", hint));
    }
    let here = environment.workspace(None)?;
    // One that cannot be read belongs to no directory; it can still be named.
    let of_here = |id: &SessionId| {
        let told = tell(environment, id.clone()).ok();
        let workspace = told.and_then(|told| told.workspace());
        workspace.is_some_and(|workspace| here.starts_with(workspace))
    };
    all.into_iter().find(of_here).ok_or_else(|| {
        Failure::usage(
            format!("there is no session of `{}`", here.display()),
            "name one; `moat session list` shows those of all workspaces",
        )
    })
}

/// The socket on which a running session is watched and steered.
pub(crate) fn socket(environment: &Environment, id: &SessionId) -> PathBuf {
    environment.layout.runtime.join(format!("session-{id}.sock"))
}

fn unknown(text: &str) -> Failure {
    Failure::usage(format!("there is no session `{text}`"), "`moat session list` shows them")
}

fn state_failure(path: &Path, error: &io::Error) -> Failure {
    Failure::environment(
        format!("could not use the state directory `{}`", path.display()),
        "look at its permissions and the free space, or set `XDG_STATE_HOME`",
    )
    .because(error)
}

/// The key that chains the user's sessions, made when it is missing.
fn key(environment: &Environment) -> Result<ChainKey, Failure> {
    let path = environment.layout.state.join(KEY_FILE);
    let broken = |error: &io::Error| state_failure(&path, error);
    let bytes = match environment.fs.read(&path, KEY_BYTES as u64) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let _others_wait = RealDepot
                .lock(&environment.layout.state.join("session.key.lock"))
                .map_err(|error| broken(&error))?;
            match environment.fs.read(&path, KEY_BYTES as u64) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let mut bytes = [0_u8; KEY_BYTES];
                    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
                        .map_err(|errno| broken(&errno.into()))?;
                    environment.fs.replace(&path, &bytes).map_err(|error| broken(&error))?;
                    bytes.to_vec()
                }
                other => other.map_err(|error| broken(&error))?,
            }
        }
        other => other.map_err(|error| broken(&error))?,
    };
    let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_short| {
        Failure::environment(
            format!("the key file `{}` is damaged", path.display()),
            "restore it from a backup; without it old sessions cannot be verified. Removing it \
             starts a new key",
        )
    })?;
    Ok(ChainKey::new(bytes))
}
