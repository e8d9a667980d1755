// SPDX-License-Identifier: Apache-2.0
//! What the configuration makes of this machine: the floor, its files, the limits.
//!
//! Invariant: a configuration that cannot be read is reported, and stops nothing here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use moat_config::{Loaded, Origin, REQUIREMENTS_PATH, Settings as Config, USER_FILE_NAME, limits};
use moat_files::BlobId;
use moat_sandbox::Limits;
use serde::Serialize;

use crate::command::exec::bounds;
use crate::environment::Environment;
use crate::failure::Failure;

/// What the configuration says about the boundary.
#[derive(Debug, Serialize)]
pub(super) struct Configuration {
    /// Why it could not be read.
    pub(super) error: Option<String>,
    /// `sandbox.least`, which decides whether commands run on less than everything.
    pub(super) least: Option<Value>,
    /// `approval.commands`, which decides whether they are asked for.
    pub(super) approval: Option<Value>,
    /// The user's file.
    pub(super) user: File,
    /// The administrator's file.
    pub(super) requirements: File,
    /// What the workspace tightens.
    pub(super) tightened: Vec<Tightened>,
}

/// A setting that a workspace has tightened.
#[derive(Debug, Serialize)]
pub(super) struct Tightened {
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) value: Value,
}

/// A setting and where it comes from.
#[derive(Debug, Serialize)]
pub(super) struct Value {
    pub(super) value: String,
    pub(super) origin: String,
}

/// A file of the configuration.
#[derive(Debug, Serialize)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Its digest; nothing when there is no such file.
    pub(super) sha256: Option<String>,
    /// Why it could not be read.
    pub(super) error: Option<String>,
}

impl Configuration {
    pub(super) fn read(environment: &Environment, loaded: &Result<Loaded, Failure>) -> Self {
        let value = |key: &str| {
            let rows = loaded.as_ref().ok().map(|loaded| loaded.rows.as_slice())?;
            let row = rows.iter().find(|row| row.key == key)?;
            Some(Value { value: row.value.clone(), origin: row.provenance.to_string() })
        };
        Self {
            error: loaded.as_ref().err().map(|failure| failure.report.to_string()),
            least: value("sandbox.least"),
            approval: value("approval.commands"),
            user: file(environment, &environment.layout.config.join(USER_FILE_NAME)),
            requirements: file(environment, Path::new(REQUIREMENTS_PATH)),
            tightened: tightened(loaded.as_ref().ok()),
        }
    }
}

fn tightened(loaded: Option<&Loaded>) -> Vec<Tightened> {
    let rows = loaded.map(|loaded| loaded.rows.as_slice()).unwrap_or_default();
    let rows = rows.iter().filter(|row| matches!(row.provenance.origin, Origin::Workspace(_)));
    rows.map(|row| Tightened {
        key: row.key.clone(),
        value: Value { value: row.value.clone(), origin: row.provenance.to_string() },
    })
    .collect()
}

fn file(environment: &Environment, path: &Path) -> File {
    let (sha256, error) = match environment.fs.read(path, limits::FILE_BYTES_MAX) {
        Ok(bytes) => (Some(BlobId::of(&bytes).to_string()), None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (None, None),
        Err(error) => (None, Some(error.to_string())),
    };
    File { path: path.to_owned(), sha256, error }
}

/// One bound of a command.
#[derive(Debug, Serialize)]
pub(super) struct Limit {
    pub(super) what: &'static str,
    /// In the unit that `unit` names.
    pub(super) value: u64,
    pub(super) unit: Unit,
}

/// What a bound is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Seconds,
    Bytes,
    Pieces,
}

/// The bounds of a command: the configured ones, or the usual ones when there is no
/// configuration.
pub(super) fn limits(config: Option<&Config>) -> Vec<Limit> {
    let usual = Limits::default();
    let wall = config.map(|config| Duration::from_secs(config.limits.command_seconds.value));
    let limits = Limits { wall: wall.unwrap_or(usual.wall), ..config.map_or(usual, bounds) };
    let limit = |what, value, unit| Limit { what, value, unit };
    vec![
        limit("time on the wall", limits.wall.as_secs(), Unit::Seconds),
        limit("processor time of a process", limits.cpu.as_secs(), Unit::Seconds),
        limit("processor time of all processes", limits.cpu_all.as_secs(), Unit::Seconds),
        limit("processes and threads", limits.processes, Unit::Pieces),
        limit("private memory of a process", limits.memory_bytes, Unit::Bytes),
        limit("memory of all processes", limits.memory_bytes_all, Unit::Bytes),
        limit("open files of a process", limits.open_files, Unit::Pieces),
        limit("one file", limits.file_bytes, Unit::Bytes),
        limit("a session's changes on disk", limits.session_bytes, Unit::Bytes),
        limit("files in a session's changes", limits.session_files, Unit::Pieces),
        limit("output that is handed on", limits.output_bytes, Unit::Bytes),
        limit("output at which it is killed", limits.output_bytes_kill, Unit::Bytes),
    ]
}
