// SPDX-License-Identifier: Apache-2.0
//! A session's own record of files: contents, bases, keeps.
//!
//! It lives in one directory of the session and survives the process. The tree the
//! session shows belongs to the sandbox; here is what is needed to compare it with
//! the user's tree, to keep changes, and to take them back.
//!
//! Invariant: a keep is on the disk, with the contents it replaces, before the
//! first file of the user's tree is written.

mod fork;
mod origin;
pub(crate) mod stamp;
mod surface;
mod way;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Fs, Tree, TreeError, TreePath};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::blob::{BlobId, BlobStore};
use crate::change::{
    Bases, Budget, ChangeSet, Comparison, Leavings, OwnWrites, Scope, Since, find_renames,
    is_before,
};
use crate::class::Classifier;
use crate::file_error::FileError;
use crate::keep::{
    HardLinks, KeepRecord, KeepStep, Outcome, Phase, Selection, plan_discard, plan_keep, transition,
};
use crate::limits::RECORD_BYTES_MAX;
use crate::node::Node;
use crate::resolver::{self, Links};
use crate::stat::Moment;
use crate::surface::{Confirmation, SurfaceGate};
use crate::tree::DirTree;
use crate::upper::Uppers;

/// The record of one session's files.
#[derive(Debug)]
pub struct SessionFiles {
    fs: Arc<dyn Fs>,
    directory: PathBuf,
    blobs: BlobStore,
    since: Since,
    bases: Bases,
    own_writes: OwnWrites,
}

/// What is stored of the bases: lists, because a path is not a JSON name.
#[derive(Debug, Default, Serialize, Deserialize)]
struct StoredBases {
    bases: Vec<(TreePath, Option<Node>)>,
    own_writes: Vec<(TreePath, Moment)>,
    /// When the tree was last mounted anew under the session.
    #[serde(default)]
    latest: Option<Moment>,
    /// What the session had changed by then without a base.
    #[serde(default)]
    older: Vec<TreePath>,
}

impl SessionFiles {
    /// Begins a session's record in `directory`, which is made when it is missing.
    ///
    /// From here on, a file of the user's tree that changes counts as changed by the
    /// user. The directory should be on a file system of this machine.
    ///
    /// # Errors
    /// [`FileError::Store`] when the directory cannot be written.
    pub fn create(fs: Arc<dyn Fs>, directory: &Path) -> Result<Self, FileError> {
        let fail = |source| FileError::Store { path: directory.to_owned(), source };
        fs.create_dir_all(directory).map_err(fail)?;
        let start = stamp::take(directory).map_err(fail)?;
        let files = Self::with(fs, directory, start, StoredBases::default())?;
        files.save_bases()?;
        files.save(START, &start)?;
        Ok(files)
    }

    /// Opens the record of a session that was begun before. When a crash came before
    /// the beginning was recorded, this is the beginning.
    ///
    /// # Errors
    /// [`FileError::Store`] or [`FileError::DamagedRecord`] when it cannot be read.
    pub fn open(fs: Arc<dyn Fs>, directory: &Path) -> Result<Self, FileError> {
        let start = match load(fs.as_ref(), &directory.join(START)) {
            Err(FileError::Store { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Self::create(fs, directory);
            }
            other => other?,
        };
        let bases = load(fs.as_ref(), &directory.join(BASES))?;
        Self::with(fs, directory, start, bases)
    }

    fn with(
        fs: Arc<dyn Fs>,
        directory: &Path,
        start: Moment,
        stored: StoredBases,
    ) -> Result<Self, FileError> {
        Ok(Self {
            fs,
            directory: directory.to_owned(),
            blobs: BlobStore::open(&directory.join("blobs"))?,
            since: Since::new(start, stored.latest, stored.older),
            bases: stored.bases.into_iter().collect(),
            own_writes: stored.own_writes.into_iter().collect(),
        })
    }

    /// The stored contents.
    #[must_use]
    pub const fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Computes what the session changed: its upper directories, nearest first,
    /// against the user's tree. Both sides of every edit are stored.
    ///
    /// `included` paths count as edits even where the ignore rules name them.
    ///
    /// # Errors
    /// [`FileError::RootGone`] when the user's tree was deleted, [`FileError::Store`]
    /// when contents cannot be stored. What cannot be read is named in the set.
    pub fn changes(
        &mut self,
        real: &DirTree,
        uppers: &[DirTree],
        included: &[TreePath],
    ) -> Result<ChangeSet, FileError> {
        let (mut set, _leavings) = self.compare(real, uppers, included, Scope::All)?;
        find_renames(&mut set, &self.blobs)?;
        Ok(set)
    }

    fn compare(
        &mut self,
        real: &DirTree,
        uppers: &[DirTree],
        included: &[TreePath],
        scope: Scope,
    ) -> Result<(ChangeSet, Leavings), FileError> {
        let known = self.bases.len();
        let mut layers: Vec<Arc<dyn Tree>> = Vec::new();
        for tree in uppers.iter().chain([real]) {
            layers.push(Arc::new(tree.clone()));
        }
        let comparison = Comparison {
            lower: real,
            uppers: Uppers(uppers),
            blobs: &self.blobs,
            bases: &mut self.bases,
            own_writes: &self.own_writes,
            since: &self.since,
            classifier: Classifier::new(layers, included.to_vec()),
            set: ChangeSet { changes: Vec::new(), left_out: Vec::new(), truncated: false },
            leavings: Leavings::default(),
            budget: Budget::new(),
            scope,
        };
        let compared = comparison.run()?;
        if self.bases.len() != known {
            self.save_bases()?;
        }
        Ok(compared)
    }

    /// Writes selected changes into the user's tree. What touches a surface that acts by
    /// itself is refused unless exactly that was confirmed.
    ///
    /// Each path is compared with what the change says it was right before it is
    /// written; one that differs is reported and the others proceed.
    ///
    /// # Errors
    /// [`FileError::NoSuchChange`] and [`FileError::NoSuchHunk`] for a selection that
    /// does not fit, [`FileError::RootGone`], [`FileError::Store`]; nothing was written
    /// then, except when the record of what was written could not be stored.
    pub fn keep_confirmed(
        &mut self,
        real: &DirTree,
        changes: &ChangeSet,
        selection: &Selection,
        confirmed: &[Confirmation],
    ) -> Result<KeepRecord, FileError> {
        real.root().check()?;
        let gate = SurfaceGate::new(&self.blobs, real, changes, confirmed)?;
        let steps = plan_keep(&self.blobs, changes, selection, &gate)?.steps;
        let contents: Vec<BlobId> = steps
            .iter()
            .flat_map(|step| [&step.before, &step.after])
            .flatten()
            .filter_map(|node| node.blob)
            .collect();
        self.blobs.sync(&contents)?;
        let last = self.keeps()?.last().map_or(0, |record| record.number);
        let mut record = KeepRecord { number: last + 1, phase: Phase::Intended, steps };
        self.save_keep(&record)?;
        for step in &mut record.steps {
            self.take(real, step);
        }
        record.phase = Phase::Kept;
        self.save_bases()?;
        self.save_keep(&record)?;
        Ok(record)
    }

    /// Takes back the steps of a keep where the user's tree still has what was kept.
    ///
    /// A path with newer work is reported and left; the undo can then be repeated.
    ///
    /// # Errors
    /// [`FileError::NotUndoable`], [`FileError::RootGone`], [`FileError::Store`].
    pub fn undo(&mut self, real: &DirTree, number: u32) -> Result<KeepRecord, FileError> {
        real.root().check()?;
        let refuse = |reason| FileError::NotUndoable { number, reason };
        let mut record = self
            .keeps()?
            .into_iter()
            .find(|record| record.number == number)
            .ok_or_else(|| refuse("there is no such keep"))?;
        match record.phase {
            Phase::Kept => {}
            Phase::Undone => return Err(refuse("it was undone already")),
            Phase::Intended | Phase::Undoing => {
                return Err(refuse("it was interrupted and must be settled first"));
            }
        }
        record.phase = Phase::Undoing;
        self.save_keep(&record)?;
        for step in record.steps.iter_mut().rev() {
            self.take_back(real, step);
        }
        self.finish_undo(record)
    }

    /// Settles keeps and undos that a crash interrupted, by looking at the tree. No
    /// file is changed; temporary files that a write left are removed. Gives the records that were settled.
    ///
    /// # Errors
    /// As [`SessionFiles::keeps`], and [`FileError::RootGone`].
    pub fn recover(&mut self, real: &DirTree) -> Result<Vec<KeepRecord>, FileError> {
        real.root().check()?;
        let mut settled = Vec::new();
        for mut record in self.keeps()? {
            if matches!(record.phase, Phase::Intended | Phase::Undoing) {
                sweep(real, &record);
            }
            match record.phase {
                Phase::Kept | Phase::Undone => continue,
                Phase::Intended => {
                    for step in &mut record.steps {
                        self.settle(real, step);
                    }
                    record.phase = Phase::Kept;
                    self.save_bases()?;
                    self.save_keep(&record)?;
                    settled.push(record);
                }
                Phase::Undoing => {
                    for step in &mut record.steps {
                        self.settle_undo(real, step);
                    }
                    settled.push(self.finish_undo(record)?);
                }
            }
        }
        Ok(settled)
    }

    /// The keeps of the session, first to last.
    ///
    /// # Errors
    /// [`FileError::Store`] or [`FileError::DamagedRecord`] when one cannot be read.
    pub fn keeps(&self) -> Result<Vec<KeepRecord>, FileError> {
        let mut records = Vec::new();
        let listed = self.fs.list(&self.directory);
        for path in listed.map_err(|source| self.fail("", source))? {
            let name = path.file_name().map(|name| name.to_string_lossy());
            if name.is_some_and(|name| name.starts_with("keep-") && name.ends_with(".json")) {
                records.push(load(self.fs.as_ref(), &path)?);
            }
        }
        records.sort_by_key(|record: &KeepRecord| record.number);
        Ok(records)
    }

    /// Takes selected changes out of the session, by writing through its merged tree.
    ///
    /// # Errors
    /// As [`SessionFiles::keep`] for the selection.
    pub fn discard(
        &mut self,
        session: &DirTree,
        changes: &ChangeSet,
        selection: &Selection,
    ) -> Result<Vec<KeepStep>, FileError> {
        session.root().check()?;
        let steps = plan_discard(&self.blobs, changes, selection)?;
        let steps = self.rewrite(session, steps);
        for step in &steps {
            if let (Outcome::Done | Outcome::AlreadyThere, Some(merge)) =
                (&step.outcome, &step.merge)
            {
                self.bases.insert(step.path.clone(), merge.session.clone());
            }
        }
        self.save_bases()?;
        Ok(steps)
    }

    fn rewrite(&self, session: &DirTree, mut steps: Vec<KeepStep>) -> Vec<KeepStep> {
        for step in &mut steps {
            if step.outcome == Outcome::Planned {
                let nodes = (step.before.as_ref(), step.after.as_ref());
                step.outcome =
                    transition(session, &self.blobs, &step.path, nodes, HardLinks::Parted);
            }
        }
        steps
    }

    fn take(&mut self, real: &DirTree, step: &mut KeepStep) {
        let beside = self.beside(real, &step.path);
        if step.outcome == Outcome::Planned {
            let nodes = (step.before.as_ref(), step.after.as_ref());
            step.outcome = transition(real, &self.blobs, &step.path, nodes, HardLinks::Refused);
        }
        self.rebase(real, step, beside);
    }

    /// Whether anybody but a keep or an undo changed the names beside a path since the session
    /// knows them.
    fn beside(&self, real: &DirTree, path: &TreePath) -> Beside {
        let parent = path.parent().unwrap_or_default();
        match resolver::stat(real.root(), &parent, Links::Refused) {
            Ok(stat) if self.own_writes.get(&parent) == Some(&stat.changed) => Beside::Untouched,
            Ok(stat) if is_before(stat.changed, self.since.of(path)) => Beside::Untouched,
            // The step makes the directory.
            Err(TreeError::Missing { .. }) => Beside::Untouched,
            Ok(_) | Err(_) => Beside::Touched,
        }
    }

    fn take_back(&mut self, real: &DirTree, step: &mut KeepStep) {
        if step.outcome != Outcome::Done {
            return;
        }
        let beside = self.beside(real, &step.path);
        let nodes = (step.after.as_ref(), step.before.as_ref());
        match transition(real, &self.blobs, &step.path, nodes, HardLinks::Refused) {
            Outcome::Done | Outcome::AlreadyThere | Outcome::Planned | Outcome::Undone => {
                step.outcome = Outcome::Undone;
                step.not_undone = None;
            }
            Outcome::Conflict { reason }
            | Outcome::Refused { reason }
            | Outcome::Failed { reason } => step.not_undone = Some(reason),
        }
        self.rebase(real, step, beside);
    }

    /// Tells from the tree whether a step of an interrupted keep was taken.
    fn settle(&mut self, real: &DirTree, step: &mut KeepStep) {
        if step.outcome != Outcome::Planned {
            return;
        }
        step.outcome = match real.observe(&step.path) {
            Ok(current) if current.as_ref().map(|it| &it.node) == step.after.as_ref() => {
                Outcome::Done
            }
            Ok(current) if current.as_ref().map(|it| &it.node) == step.before.as_ref() => {
                let reason = "it was interrupted before this path was written".to_owned();
                Outcome::Failed { reason }
            }
            Ok(_) | Err(_) => {
                let reason = "it was interrupted, and the path has something else now".to_owned();
                Outcome::Conflict { reason }
            }
        };
        // Nobody knows who else wrote there meanwhile.
        self.rebase(real, step, Beside::Touched);
    }

    fn settle_undo(&mut self, real: &DirTree, step: &mut KeepStep) {
        if step.outcome != Outcome::Done {
            return;
        }
        match real.observe(&step.path) {
            Ok(current) if current.as_ref().map(|it| &it.node) == step.before.as_ref() => {
                step.outcome = Outcome::Undone;
                step.not_undone = None;
            }
            Ok(_) | Err(_) => {
                step.not_undone = Some("the undo was interrupted before this path".to_owned());
            }
        }
        // Nobody knows who else wrote there meanwhile.
        self.rebase(real, step, Beside::Touched);
    }

    /// After a step was taken, what remains is a change to what was kept.
    fn rebase(&mut self, real: &DirTree, step: &KeepStep, beside: Beside) {
        let (kept, undone) = match &step.merge {
            Some(merge) => (&merge.session, &merge.base),
            None => (&step.after, &step.before),
        };
        let base = match step.outcome {
            Outcome::Done | Outcome::AlreadyThere => kept,
            Outcome::Undone => undone,
            Outcome::Planned
            | Outcome::Conflict { .. }
            | Outcome::Refused { .. }
            | Outcome::Failed { .. } => return,
        };
        self.bases.insert(step.path.clone(), base.clone());
        let parent = step.path.parent().unwrap_or_default();
        if beside == Beside::Untouched
            && let Ok(stat) = resolver::stat(real.root(), &parent, Links::Refused)
        {
            self.own_writes.insert(parent, stat.changed);
        }
    }

    fn finish_undo(&self, mut record: KeepRecord) -> Result<KeepRecord, FileError> {
        let is_left = |step: &KeepStep| step.outcome == Outcome::Done;
        record.phase = if record.steps.iter().any(is_left) { Phase::Kept } else { Phase::Undone };
        self.save_bases()?;
        self.save_keep(&record)?;
        Ok(record)
    }

    fn save_keep(&self, record: &KeepRecord) -> Result<(), FileError> {
        self.save(&format!("keep-{:06}.json", record.number), record)
    }

    fn save_bases(&self) -> Result<(), FileError> {
        let own = |(path, node): (&TreePath, &Option<Node>)| (path.clone(), node.clone());
        let stored = StoredBases {
            bases: self.bases.iter().map(own).collect(),
            own_writes: self.own_writes.iter().map(|(path, at)| (path.clone(), *at)).collect(),
            latest: Some(self.since.latest()),
            older: self.since.older().cloned().collect(),
        };
        self.save(BASES, &stored)
    }

    fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), FileError> {
        let path = self.directory.join(name);
        let bytes = serde_json::to_vec(value)
            .map_err(|source| FileError::DamagedRecord { path: path.clone(), source })?;
        if bytes.len() as u64 > RECORD_BYTES_MAX {
            // It could not be read back, and with it the session.
            return Err(self.fail(name, ErrorKind::FileTooLarge.into()));
        }
        let replaced = self.fs.replace(&path, &bytes);
        replaced.map_err(|source| self.fail(name, source))
    }

    fn fail(&self, name: &str, source: std::io::Error) -> FileError {
        FileError::Store { path: self.directory.join(name), source }
    }
}

/// What became of the names in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// They are as the session began with them, but for its own keeps.
    Untouched,
    /// Somebody else may have added, moved or removed one.
    Touched,
}

/// Removes the temporary files of an interrupted keep. One that stays is harmless.
fn sweep(real: &DirTree, record: &KeepRecord) {
    let parents: BTreeSet<TreePath> =
        record.steps.iter().filter_map(|step| step.path.parent()).collect();
    for parent in parents {
        if let Err(error) = real.sweep(&parent) {
            tracing::debug!(%parent, %error, "temporary files may be left");
        }
    }
}

fn load<T: DeserializeOwned>(fs: &dyn Fs, path: &Path) -> Result<T, FileError> {
    let bytes = fs
        .read(path, RECORD_BYTES_MAX)
        .map_err(|source| FileError::Store { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes)
        .map_err(|source| FileError::DamagedRecord { path: path.to_owned(), source })
}

/// The file that says when the session began; written last, so that it vouches for the rest.
const START: &str = "start.json";

/// The file of the bases.
const BASES: &str = "bases.json";
