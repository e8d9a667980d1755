// SPDX-License-Identifier: Apache-2.0
//! Where a session's changes came from at a checkpoint, and going back to that with it.
//!
//! A change is judged by its base: what the session began with at its path. When the
//! session's files go back to an earlier state, what they came from is what it was then,
//! not what it became meanwhile; else a change of the user's in between would count as
//! something that the session wants gone. Only a keep, and the undo of one, moves the base
//! also of an earlier state, because it moves the user's tree.
//!
//! Going back has two steps: the origins are stored beside those that count, then the files
//! change places, and then the origins do. Whoever opens the record between these finds
//! the number of the checkpoint, and can tell by the files which of the two holds.
//!
//! Invariant: no comparison is made while the session's files and their origins are of two
//! different states.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

use crate::change::{Bases, ChangeSet, Scope};
use crate::checkpoint::Changed;
use crate::class::Class;
use crate::file_error::FileError;
use crate::files::{SessionFiles, load};
use crate::keep::{KeepStep, Outcome};
use crate::node::Node;
use crate::tree::DirTree;

/// What the changes of one state came from.
#[derive(Debug, Deserialize)]
struct Origins {
    bases: Vec<(TreePath, Option<Node>)>,
    /// Paths whose base is unknown, and was so then.
    older: Vec<TreePath>,
    /// The last keep that there was.
    keep: u32,
}

/// The same, as it is written.
#[derive(Debug, Serialize)]
struct Noted<'all> {
    bases: Vec<(&'all TreePath, &'all Option<Node>)>,
    older: Vec<TreePath>,
    keep: u32,
}

/// What the next checkpoint wants of those before.
#[derive(Debug, Deserialize)]
struct Older {
    older: Vec<TreePath>,
}

/// Origins that are about to count, and the checkpoint that they belong to.
#[derive(Debug, Serialize, Deserialize)]
struct Returning {
    to: u32,
    bases: Vec<(TreePath, Option<Node>)>,
    older: Vec<TreePath>,
}

impl SessionFiles {
    /// Stores what the session's changes come from, and gives it in a form for a checkpoint.
    /// To be asked while it is still certain: before the user goes on with the same files.
    ///
    /// # Errors
    /// As [`SessionFiles::changes`].
    pub fn origins(
        &mut self,
        real: &DirTree,
        upper: &DirTree,
        changed: &Changed,
    ) -> Result<Vec<u8>, FileError> {
        let before = match changed {
            Changed::Everything => None,
            Changed::Paths { origins, .. } => serde_json::from_slice(origins).ok(),
        };
        let before = before.filter(|it: &Older| !it.older.contains(&TreePath::root()));
        let (scope, kept) = match (changed, before) {
            (Changed::Paths { paths, .. }, Some(before)) => {
                let (scope, mut kept) = (Scope::of(paths), before.older);
                kept.retain(|path| !scope.has(path));
                (scope, kept)
            }
            (Changed::Everything | Changed::Paths { .. }, _) => (Scope::All, Vec::new()),
        };
        let (set, _leavings) = self.compare(real, std::slice::from_ref(upper), &[], scope)?;
        let mut older: BTreeSet<TreePath> = self.since.older().cloned().collect();
        older.extend(unknown(&set).chain(kept));
        if set.truncated {
            // What was not looked at is unknown: that is all, for all that is known here.
            older = BTreeSet::from([TreePath::root()]);
        }
        let bases = self.bases.iter().collect();
        let keep = self.keeps()?.last().map_or(0, |record| record.number);
        let origins = Noted { bases, older: older.into_iter().collect(), keep };
        serde_json::to_vec(&origins).map_err(|error| self.fail("", std::io::Error::other(error)))
    }

    /// Makes ready to go back to the origins of checkpoint `to`. Nothing counts yet. Empty ones
    /// are unknown ones: then what the user changed since the session began is a conflict.
    ///
    /// # Errors
    /// [`FileError::DamagedRecord`] when they cannot be understood, [`FileError::Store`].
    pub fn prepare_return(&self, to: u32, origins: &[u8]) -> Result<(), FileError> {
        let (bases, older) = self.origins_after(origins)?;
        let returning = Returning { to, bases: bases.into_iter().collect(), older };
        self.save(RETURNING, &returning)
    }

    /// The bases of an earlier state, moved on where keeps moved the user's tree, and the paths
    /// whose base is unknown.
    pub(super) fn origins_after(
        &self,
        origins: &[u8],
    ) -> Result<(Bases, Vec<TreePath>), FileError> {
        let path = self.directory.join(RETURNING);
        let origins = if origins.is_empty() {
            Origins { bases: Vec::new(), older: vec![TreePath::root()], keep: 0 }
        } else {
            serde_json::from_slice(origins)
                .map_err(|source| FileError::DamagedRecord { path, source })?
        };
        let mut bases: Bases = origins.bases.into_iter().collect();
        for record in self.keeps()? {
            for step in &record.steps {
                let came = if record.number > origins.keep { Came::After } else { Came::Before };
                follow(&mut bases, step, came);
            }
        }
        Ok((bases, origins.older))
    }

    /// What the changes come from in a record without keeps, in the form for a checkpoint.
    pub(super) fn noted(&self) -> Result<Vec<u8>, FileError> {
        let older = self.since.older().cloned().collect();
        let origins = Noted { bases: self.bases.iter().collect(), older, keep: 0 };
        serde_json::to_vec(&origins).map_err(|error| self.fail("", std::io::Error::other(error)))
    }

    /// The checkpoint that the record was going back to when it was left.
    ///
    /// # Errors
    /// [`FileError::Store`], [`FileError::DamagedRecord`].
    pub fn returning(&self) -> Result<Option<u32>, FileError> {
        Ok(self.stored_return()?.map(|returning| returning.to))
    }

    /// Goes back to the origins that were made ready: the files are those of the checkpoint
    /// now. Without any this does nothing.
    ///
    /// # Errors
    /// [`FileError::Store`], [`FileError::DamagedRecord`]; then it is to be repeated before
    /// anything else.
    pub fn finish_return(&mut self) -> Result<(), FileError> {
        let Some(returning) = self.stored_return()? else { return Ok(()) };
        self.bases = returning.bases.into_iter().collect();
        self.since.return_to(returning.older);
        self.save_bases()?;
        self.abandon_return()
    }

    /// Forgets what was made ready: the files did not change places.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub fn abandon_return(&self) -> Result<(), FileError> {
        let removed = self.fs.remove(&self.directory.join(RETURNING));
        removed.map_err(|source| self.fail(RETURNING, source))
    }

    fn stored_return(&self) -> Result<Option<Returning>, FileError> {
        match load(self.fs.as_ref(), &self.directory.join(RETURNING)) {
            Ok(returning) => Ok(Some(returning)),
            Err(FileError::Store { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// When a keep was made, as seen from a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Before,
    After,
}

/// The changes whose base nobody knows, as far as a set names them.
pub(super) fn unknown(set: &ChangeSet) -> impl Iterator<Item = TreePath> {
    let unknown = set.changes.iter().filter(|change| {
        change.class != Class::Edit || (change.conflict.is_some() && change.merge.is_none())
    });
    let unknown = unknown.map(|change| change.path.clone());
    unknown.chain(set.left_out.iter().map(|left| left.path.clone()))
}

/// Moves a base of an earlier state on where a keep moved the user's tree.
fn follow(bases: &mut Bases, step: &KeepStep, came: Came) {
    let is_later = came == Came::After;
    let (kept, undone) = match &step.merge {
        Some(merge) => (&merge.session, &merge.base),
        None => (&step.after, &step.before),
    };
    let base = match step.outcome {
        Outcome::Done | Outcome::AlreadyThere if is_later => kept,
        // Also one that was kept when the checkpoint was taken, and undone after it.
        Outcome::Undone if is_later || bases.get(&step.path) == Some(kept) => undone,
        Outcome::Done
        | Outcome::AlreadyThere
        | Outcome::Undone
        | Outcome::Planned
        | Outcome::Conflict { .. }
        | Outcome::Refused { .. }
        | Outcome::Failed { .. } => return,
    };
    bases.insert(step.path.clone(), base.clone());
}

/// The file of origins that are about to count.
const RETURNING: &str = "returning.json";
