// SPDX-License-Identifier: Apache-2.0
//! The names that people gave sessions: a file of its own, since a session's record is the
//! agent's.
//!
//! Invariant: a name is text that is safe to show, and a file that cannot be read takes no
//! session with it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use moat_base::{Fs, SessionId, clip, visible};

use crate::environment::Environment;
use crate::failure::Failure;

const FILE: &str = "session-names.json";
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
const NAME_BYTES_MAX: usize = 200;

#[derive(Debug)]
pub(super) struct Names {
    path: PathBuf,
    fs: Arc<dyn Fs>,
    names: Mutex<BTreeMap<String, String>>,
}

impl Names {
    pub(super) fn read(environment: &Environment) -> Self {
        let (path, fs) = (environment.layout.state.join(FILE), Arc::clone(&environment.fs));
        let bytes = fs.read(&path, FILE_BYTES_MAX).unwrap_or_default();
        let names = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { path, fs, names: Mutex::new(names) }
    }

    /// Gives a session a name, or takes it away with an empty one.
    pub(super) fn set(&self, id: &SessionId, name: &str) -> Result<(), Failure> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = visible(clip(name.trim(), NAME_BYTES_MAX)).into_owned();
        if name.is_empty() {
            names.remove(id.as_str());
        } else {
            names.insert(id.as_str().to_owned(), name);
        }
        let bytes = serde_json::to_vec(&*names).unwrap_or_default();
        self.fs.replace(&self.path, &bytes).map_err(|error| {
            let hint = "look at the permissions of the state directory and the free space";
            Failure::environment("could not keep the name", hint).because(&error)
        })
    }

    /// The names of these sessions.
    pub(super) fn of<'i>(
        &self,
        ids: impl Iterator<Item = &'i SessionId>,
    ) -> Vec<(SessionId, String)> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        ids.filter_map(|id| Some((id.clone(), names.get(id.as_str())?.clone()))).collect()
    }
}
