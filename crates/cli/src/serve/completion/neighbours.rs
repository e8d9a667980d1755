// SPDX-License-Identifier: Apache-2.0
//! What the files declare that somebody worked on last.
//!
//! A question comes at every pause of somebody who types, so what was read a moment ago is not
//! read again.
//!
//! Invariant: files are read through the workspace's door, and one that holds secrets by its
//! name is not read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moat_base::{Clock, TreePath};
use moat_complete::{Neighbour, is_secret};
use moat_protocol::workspace::{FilesQuery, FilesReply, ReadResult};
use moat_workspace::Workspace;

/// Files that are read for their declarations; further ones are left out.
const RECENT_MAX: usize = 6;
/// How long what was read is taken for what is there.
const FRESH_FOR: Duration = Duration::from_secs(3);
/// Files that are remembered; then all are forgotten.
const REMEMBERED_MAX: usize = 64;

/// What a file had when it was read; nothing where it declares nothing or cannot be read.
type Known = (Duration, Option<Neighbour>);

/// What was read.
#[derive(Debug)]
pub(super) struct Neighbours {
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<TreePath, Known>>,
}

impl Neighbours {
    pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self { clock: Arc::clone(clock), known: Mutex::default() }
    }

    /// What the files declare that were worked on last, but for the one at `path`.
    pub(super) fn of(
        &self,
        workspace: &Workspace,
        path: &TreePath,
        recent: &[TreePath],
    ) -> Vec<Neighbour> {
        let others = recent.iter().filter(|other| *other != path && !is_secret(other));
        others.take(RECENT_MAX).filter_map(|other| self.one(workspace, other)).collect()
    }

    fn one(&self, workspace: &Workspace, path: &TreePath) -> Option<Neighbour> {
        let now = self.clock.monotonic();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, neighbour)) = known().get(path)
            && now.saturating_sub(*read) < FRESH_FOR
        {
            return neighbour.clone();
        }
        let neighbour = match workspace.files(FilesQuery::Read { path: path.clone() }) {
            Ok(FilesReply::Read(ReadResult::Text(file))) => Neighbour::of(path, &file.text),
            Ok(_) | Err(_) => None,
        };
        let mut known = known();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(path.clone(), (now, neighbour.clone()));
        neighbour
    }
}
