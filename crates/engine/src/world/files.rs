// SPDX-License-Identifier: Apache-2.0
//! The session's changes: shown, kept, dropped and taken back.
//!
//! The sandbox's crate does the work on files; this turns its words into the
//! protocol's and chooses which keep an undo is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Fs, TreePath, escape, visible};
use moat_files::{
    Change, ChangeKind, ChangeSet, Changed, Checkpoints, Clash, Class, DirTree, FileError,
    KeepRecord, KeepStep, Merge, Node, NodeKind, Outcome as StepOutcome, Phase, Rename, Rewind,
    Root, Selection, SessionFiles,
};
use moat_protocol as protocol;

use super::ground::Ground;
use super::surface::{given, missing};
use super::{Setback, Settled};
use crate::limits::{CLASH_BYTES_SHOWN_MAX, CLASHES_SHOWN_MAX};
use crate::record::EffectOutcome;

/// The record of what the session changed.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) files: SessionFiles,
    pub(super) real: DirTree,
    upper: PathBuf,
    /// What opening the record found half done and settled from the tree.
    recovered: Vec<KeepRecord>,
    /// Whether the files went back and what they come from has still to follow.
    owed: Owed,
}

/// What has to be done before the files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// What the files come from goes back, as the files did.
    Return,
}

impl Ledger {
    /// Opens the session's record in its directory, or begins it. The session's changes lie in
    /// `base`.
    pub(super) fn open(
        fs: &Arc<dyn Fs>,
        workspace: &Path,
        directory: &Path,
        base: &Path,
    ) -> Result<Self, Setback> {
        let record = directory.join("files");
        let begun = fs.list(&record).is_ok_and(|names| !names.is_empty());
        let files = if begun {
            SessionFiles::open(Arc::clone(fs), &record)
        } else {
            SessionFiles::create(Arc::clone(fs), &record)
        };
        // What is mounted below is not in the session's overlay, so it is no part of a change.
        let real = Root::open(workspace).map(|root| DirTree::new(root.without_mounts()));
        let real = real.map_err(|error| Setback::of(&error))?;
        let mut ledger = Self {
            files: files.map_err(|error| Setback::of(&error))?,
            real,
            upper: base.join("upper"),
            recovered: Vec::new(),
            owed: Owed::Nothing,
        };
        let recovered = ledger.files.recover(&ledger.real);
        ledger.recovered = recovered.map_err(|error| Setback::of(&error))?;
        Ok(ledger)
    }

    /// Looks for the session's changes in another place from now on.
    pub(super) fn moved_to(&mut self, base: &Path) {
        self.upper = base.join("upper");
    }

    /// The pending changes, for front ends.
    pub(super) fn changes(&mut self) -> Result<protocol::ChangeSet, Setback> {
        let set = self.set(&[])?;
        let changes = self.shown_with_surfaces(&set, &set.changes)?;
        let left_out = set.left_out.into_iter();
        let left_out = left_out.map(|it| refusal(it.path, it.reason));
        Ok(protocol::ChangeSet { changes, left_out: left_out.collect(), truncated: set.truncated })
    }

    /// Writes selected changes into the user's tree, those that need a confirmation only with
    /// one for exactly what is written. Also tells of renames of which only one half is there
    /// now.
    pub(super) fn keep(
        &mut self,
        selection: &protocol::Selection,
        confirmed: &[protocol::Confirmation],
    ) -> Result<(EffectOutcome, Vec<String>), Setback> {
        let set = self.set(included(selection))?;
        let record = self
            .files
            .keep_confirmed(&self.real, &set, &selected(selection), &given(confirmed))
            .map_err(|error| Setback::of(&error))?;
        Ok((moved(&record.steps), halves(&set, &record)))
    }

    /// Stores what the changes come from while that is still certain. When it cannot be
    /// stored, a later change by the user is a conflict, which is the safe side.
    pub(super) fn note(&mut self) {
        let _unknown = self.set(&[]);
    }

    /// What the changes come from, for a checkpoint; empty when it cannot be told.
    pub(super) fn origins(&mut self, changed: &Changed) -> Vec<u8> {
        let origins = self.pay().and_then(|()| {
            let upper = self.upper()?;
            self.files.origins(&self.real, &upper, changed).map_err(|error| Setback::of(&error))
        });
        // The checkpoint stands without them: what the user changed is a conflict then.
        origins.unwrap_or_else(|_unknown| Vec::new())
    }

    /// Goes back to a checkpoint: the files, and what they come from. Nothing is mounted.
    pub(super) fn go_back(
        &mut self,
        checkpoints: &mut Checkpoints,
        to: u32,
    ) -> Result<Rewind, FileError> {
        let origins = checkpoints.origins(to)?.unwrap_or_default();
        let (files, real) = (&self.files, &self.real);
        let went = checkpoints.rewind(real, to, &mut || files.prepare_return(to, &origins));
        if let Err(error) = went {
            // One that stays is told by the files when the session is opened again.
            let _told_later = self.files.abandon_return();
            return Err(error);
        }
        self.owed = Owed::Return;
        // What cannot be done now is done before the files are looked at.
        let _owed = self.pay();
        went
    }

    /// Settles a return that the process died in. Nothing is mounted yet.
    pub(super) fn settle_return(&mut self, checkpoints: &mut Checkpoints) -> Result<(), FileError> {
        let Some(to) = self.files.returning()? else { return Ok(()) };
        match checkpoints.is_at(to) {
            Ok(true) => self.files.finish_return(),
            Ok(false) | Err(FileError::NoSuchCheckpoint { .. }) => self.files.abandon_return(),
            Err(error) => Err(error),
        }
    }

    fn pay(&mut self) -> Result<(), Setback> {
        if self.owed == Owed::Return {
            self.files.finish_return().map_err(|error| Setback::of(&error))?;
            self.owed = Owed::Nothing;
        }
        Ok(())
    }

    /// What has to happen to the session's own files before they are mounted over a tree that
    /// changed.
    pub(super) fn give_way(&mut self) -> Result<(), Setback> {
        self.pay()?;
        let upper = self.upper()?;
        self.files.give_way(&self.real, &upper).map_err(|error| Setback::of(&error))
    }

    /// Drops selected changes from the session.
    pub(super) fn discard(
        &mut self,
        ground: &Ground,
        selection: &protocol::Selection,
    ) -> Result<EffectOutcome, Setback> {
        let set = self.set(included(selection))?;
        let steps = self
            .files
            .discard(&ground.tree()?, &set, &selected(selection))
            .map_err(|error| Setback::of(&error))?;
        Ok(moved(&steps))
    }

    /// Takes the last keep that stands back. The record is for [`Ledger::restore`].
    pub(super) fn undo_keep(&mut self) -> Result<(EffectOutcome, Option<KeepRecord>), Setback> {
        self.pay()?;
        let keeps = self.files.keeps().map_err(|error| Setback::of(&error))?;
        let Some(last) = keeps.iter().rev().find(|keep| keep.phase == Phase::Kept) else {
            let nothing = EffectOutcome::Moved { paths: Vec::new(), refused: Vec::new() };
            return Ok((nothing, None));
        };
        let record =
            self.files.undo(&self.real, last.number).map_err(|error| Setback::of(&error))?;
        Ok((taken_back(&record), Some(record)))
    }

    /// Gives the session its side of an undone keep back, where its copy had given way.
    pub(super) fn restore(&mut self, ground: &Ground, record: &KeepRecord) -> Result<(), Setback> {
        let upper = self.upper()?;
        let restored = self.files.restore(&ground.tree()?, &upper, record);
        restored.map_err(|error| Setback::of(&error))
    }

    /// The user's tree.
    pub(super) const fn real(&self) -> &DirTree {
        &self.real
    }

    /// The paths that keeps wrote and nobody took back.
    pub(super) fn kept(&self) -> Result<Vec<TreePath>, Setback> {
        let keeps = self.files.keeps().map_err(|error| Setback::of(&error))?;
        let steps = keeps.into_iter().flat_map(|keep| keep.steps);
        let kept = steps.filter(|step| step.outcome == StepOutcome::Done).map(|step| step.path);
        let kept: BTreeSet<TreePath> = kept.collect();
        Ok(kept.into_iter().collect())
    }

    /// What the record says of a keep that the process died in.
    ///
    /// Only a keep that was half done when the record was opened is surely that one.
    /// Without such, the process died before it or after it: a complete record may be
    /// of an earlier keep, so nothing is claimed.
    pub(super) fn settle_keep(&self) -> Settled {
        match self.recovered.last() {
            Some(record) if record.phase == Phase::Kept => Settled::Done(moved(&record.steps)),
            Some(_) | None => Settled::Unknown,
        }
    }

    pub(super) fn set(&mut self, included: &[TreePath]) -> Result<ChangeSet, Setback> {
        self.pay()?;
        let uppers = [self.upper()?];
        self.files.changes(&self.real, &uppers, included).map_err(|error| Setback::of(&error))
    }

    pub(super) fn upper(&self) -> Result<DirTree, Setback> {
        Root::open(&self.upper).map(DirTree::new).map_err(|error| Setback::of(&error))
    }

    pub(super) fn shown(&self, change: &Change) -> Result<protocol::Change, FileError> {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let side = |node: &Node| self.side(node);
        let (renamed_from, renamed_to) = match &change.rename {
            Some(Rename::From(path, _)) => (Some(path.clone()), None),
            Some(Rename::To(path)) => (None, Some(path.clone())),
            None => (None, None),
        };
        // What a renamed file was is shown where it is now.
        let hunks = if change.hunks.is_empty() || renamed_to.is_some() {
            Vec::new()
        } else {
            hunks(&change.unified(self.files.blobs())?)
        };
        Ok(protocol::Change {
            path: change.path.clone(),
            kind: kind_of(change.kind),
            class: match change.class {
                Class::Edit => protocol::ChangeClass::Edit,
                Class::Ignored => protocol::ChangeClass::Ignored,
                Class::GitMetadata => protocol::ChangeClass::GitMetadata,
            },
            before: change.before.as_ref().map_or(Ok(protocol::Side::Nothing), side)?,
            after: change.after.as_ref().map_or(Ok(protocol::Side::Nothing), side)?,
            lines_added: number(change.lines_added),
            lines_removed: number(change.lines_removed),
            hunks,
            conflict: change.conflict.clone(),
            renamed_from,
            renamed_to,
            merge: self.merge(change)?,
            surfaces: Vec::new(),
            confirm: None,
        })
    }

    /// How a change stands to what the user changed in the same file.
    fn merge(&self, change: &Change) -> Result<protocol::Merge, FileError> {
        let Some(Merge { base, .. }) = &change.merge else { return Ok(protocol::Merge::Alone) };
        if change.conflict.is_none() {
            return Ok(protocol::Merge::Joined);
        }
        let text = |node: Option<&Node>| match node.and_then(|node| node.blob) {
            Some(id) if !change.clashes.is_empty() => self.files.blobs().get(&id),
            Some(_) | None => Ok(Vec::new()),
        };
        let texts = [base.as_ref(), change.before.as_ref(), change.after.as_ref()];
        let [base_text, user, session] = texts.map(text);
        let (base_text, user, session) = (base_text?, user?, session?);
        let shown = |text: &[u8], range| cut(&Clash::lines(text, range));
        let places = change.clashes.iter().take(CLASHES_SHOWN_MAX).map(|clash| protocol::Clash {
            line: u32::try_from(clash.user.start + 1).unwrap_or(u32::MAX),
            base: shown(&base_text, &clash.base),
            user: shown(&user, &clash.user),
            session: shown(&session, &clash.session),
        });
        let places = places.collect();
        let base = base.as_ref().map_or(Ok(protocol::Side::Nothing), |node| self.side(node))?;
        Ok(protocol::Merge::Conflict { base, places })
    }

    /// What is on one side of a change: what a keep would write, or write over.
    fn side(&self, node: &Node) -> Result<protocol::Side, FileError> {
        let blobs = self.files.blobs();
        let mode = protocol::Mode(node.mode);
        Ok(match (node.kind, node.blob) {
            (NodeKind::File, None) => protocol::Side::File { mode, content: None },
            (NodeKind::File, Some(id)) => {
                let length_bytes = blobs.length_bytes(&id)?;
                let content = protocol::FileContent { length_bytes, sha256: id.to_string() };
                protocol::Side::File { mode, content: Some(content) }
            }
            (NodeKind::Directory, _) => protocol::Side::Directory { mode },
            (NodeKind::Link, None) => protocol::Side::Link { target: None },
            (NodeKind::Link, Some(id)) => {
                protocol::Side::Link { target: Some(escape(&blobs.get(&id)?)) }
            }
        })
    }
}

/// What happened to a path, in the protocol's word.
pub(super) const fn kind_of(kind: ChangeKind) -> protocol::ChangeKind {
    match kind {
        ChangeKind::Created => protocol::ChangeKind::Created,
        ChangeKind::Modified => protocol::ChangeKind::Modified,
        ChangeKind::Deleted => protocol::ChangeKind::Deleted,
        ChangeKind::Mode => protocol::ChangeKind::Mode,
        ChangeKind::Type => protocol::ChangeKind::Type,
    }
}

/// The beginning of some lines, safe to show.
fn cut(lines: &[u8]) -> String {
    let text = String::from_utf8_lossy(lines);
    let end = text.floor_char_boundary(CLASH_BYTES_SHOWN_MAX);
    let mut shown = visible(text.get(..end).unwrap_or_default()).into_owned();
    if end < text.len() {
        shown.push_str(&format!("\n[{} more bytes]\n", text.len() - end));
    }
    shown
}

/// One sentence for each rename of which a keep wrote one half and not the other.
fn halves(set: &ChangeSet, record: &KeepRecord) -> Vec<String> {
    let taken = record
        .steps
        .iter()
        .filter(|step| matches!(step.outcome, StepOutcome::Done | StepOutcome::AlreadyThere));
    let taken: BTreeSet<&TreePath> = taken.map(|step| &step.path).collect();
    let is_there = |path: &TreePath| taken.contains(path);
    let sentence = |change: &Change| match &change.rename {
        Some(Rename::From(from, _)) => match (is_there(from), is_there(&change.path)) {
            (true, false) => Some(format!(
                "`{from}` was removed and `{}`, to which the session moved it, was not kept",
                change.path
            )),
            (false, true) => Some(format!(
                "`{}` was kept and `{from}`, from which the session moved it, is still there",
                change.path
            )),
            (true, true) | (false, false) => None,
        },
        Some(Rename::To(_)) | None => None,
    };
    set.changes.iter().filter_map(sentence).collect()
}

/// Splits a unified diff into its hunks.
fn hunks(unified: &str) -> Vec<protocol::Hunk> {
    let mut hunks: Vec<protocol::Hunk> = Vec::new();
    for line in unified.split_inclusive('\n') {
        if line.starts_with("@@") {
            let number = u32::try_from(hunks.len() + 1).unwrap_or(u32::MAX);
            hunks.push(protocol::Hunk { number, text: String::new() });
        }
        if let Some(hunk) = hunks.last_mut() {
            hunk.text.push_str(&visible(line));
        }
    }
    hunks
}

pub(super) fn selected(selection: &protocol::Selection) -> Selection {
    match selection {
        protocol::Selection::All => Selection::Edits,
        // The root names nothing in particular: all that a review shows is meant.
        protocol::Selection::Paths { paths } if paths.iter().any(TreePath::is_root) => {
            Selection::Edits
        }
        protocol::Selection::Paths { paths } => Selection::Paths(paths.clone()),
        protocol::Selection::Hunks { path, numbers } => Selection::Hunks {
            path: path.clone(),
            hunks: numbers.iter().map(|number| *number as usize).collect(),
        },
    }
}

/// Paths that a person named count as edits even where the ignore rules name them.
pub(super) fn included(selection: &protocol::Selection) -> &[TreePath] {
    match selection {
        protocol::Selection::Paths { paths } if !paths.iter().any(TreePath::is_root) => paths,
        protocol::Selection::Paths { .. } => &[],
        protocol::Selection::All | protocol::Selection::Hunks { .. } => &[],
    }
}

fn moved(steps: &[KeepStep]) -> EffectOutcome {
    let (mut paths, mut refused) = (Vec::new(), Vec::new());
    for step in steps {
        match &step.outcome {
            StepOutcome::Done | StepOutcome::AlreadyThere => paths.push(step.path.clone()),
            StepOutcome::Conflict { reason }
            | StepOutcome::Refused { reason }
            | StepOutcome::Failed { reason } => {
                refused.push(protocol::Refusal {
                    confirm: missing(step),
                    ..refusal(step.path.clone(), reason.clone())
                });
            }
            StepOutcome::Planned | StepOutcome::Undone => {}
        }
    }
    EffectOutcome::Moved { paths, refused }
}

const fn refusal(path: TreePath, reason: String) -> protocol::Refusal {
    protocol::Refusal { path, reason, confirm: None }
}

fn taken_back(record: &KeepRecord) -> EffectOutcome {
    let (mut paths, mut refused) = (Vec::new(), Vec::new());
    for step in &record.steps {
        if let Some(reason) = &step.not_undone {
            refused.push(refusal(step.path.clone(), reason.clone()));
        } else if step.outcome == StepOutcome::Undone {
            paths.push(step.path.clone());
        }
    }
    EffectOutcome::Moved { paths, refused }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::Permissions;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use moat_base::RealFs;
    use moat_files::BlobId;

    use super::*;

    #[test]
    fn both_sides_of_a_change_are_told() {
        let place = tempfile::tempdir().unwrap();
        let (work, session) = (place.path().join("work"), place.path().join("session"));
        let upper = session.join("upper");
        let fs: Arc<dyn Fs> = Arc::new(RealFs);
        let put = |at: PathBuf, bytes: &[u8], mode: u32| {
            fs.replace(&at, bytes).unwrap();
            std::fs::set_permissions(at, Permissions::from_mode(mode)).unwrap();
        };
        for path in [&work, &upper] {
            fs.create_dir_all(path).unwrap();
        }
        put(work.join("bin"), b"a\0", 0o644);
        put(work.join("run"), b"#!/bin/sh\n", 0o644);
        put(work.join("turned"), b"text\n", 0o600);
        symlink("old", work.join("link")).unwrap();
        let mut ledger = Ledger::open(&fs, &work, &session, &session).unwrap();
        put(upper.join("bin"), b"abc\0", 0o777);
        put(upper.join("run"), b"#!/bin/sh\n", 0o755);
        symlink(OsStr::from_bytes(b"../\xff\n"), upper.join("link")).unwrap();
        symlink("bin", upper.join("turned")).unwrap();
        fs.create_dir_all(&upper.join("new")).unwrap();

        let file = |bytes: &[u8], mode: u32| protocol::Side::File {
            mode: protocol::Mode(mode),
            content: Some(protocol::FileContent {
                length_bytes: bytes.len() as u64,
                sha256: BlobId::of(bytes).to_string(),
            }),
        };
        let link = |target: &str| protocol::Side::Link { target: Some(target.into()) };
        let directory = protocol::Side::Directory { mode: protocol::Mode(0o700) };
        let expected = [
            ("bin", file(b"a\0", 0o644), file(b"abc\0", 0o777)),
            ("link", link("old"), link("../\\xff\\x0a")),
            ("new", protocol::Side::Nothing, directory),
            ("run", file(b"#!/bin/sh\n", 0o644), file(b"#!/bin/sh\n", 0o755)),
            ("turned", file(b"text\n", 0o600), link("bin")),
        ];
        let set = ledger.changes().unwrap();
        let told = set.changes.into_iter().map(|it| (it.path.to_string(), it.before, it.after));
        let expected = expected.map(|(path, before, after)| (path.to_owned(), before, after));
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert!(set.left_out.is_empty() && !set.truncated);
    }

    #[test]
    fn what_a_change_set_cannot_hold_is_named() {
        let place = tempfile::tempdir().unwrap();
        let (work, session) = (place.path().join("work"), place.path().join("session"));
        let upper = session.join("upper");
        let fs: Arc<dyn Fs> = Arc::new(RealFs);
        for path in [&work, &upper] {
            fs.create_dir_all(path).unwrap();
        }
        fs.create_dir_all(&upper.join("d/".repeat(300))).unwrap();
        let left_out =
            Ledger::open(&fs, &work, &session, &session).unwrap().changes().unwrap().left_out;
        assert_eq!(left_out.len(), 1);
        assert!(left_out[0].reason.contains("deep"), "{}", left_out[0].reason);
    }

    #[test]
    fn a_unified_diff_falls_into_its_hunks() {
        let diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-\u{202e}\n+d\n";
        let hunks = hunks(diff);
        let texts: Vec<_> = hunks.iter().map(|hunk| (hunk.number, hunk.text.as_str())).collect();
        let expected = [(1, "@@ -1 +1 @@\n-a\n+b\n"), (2, "@@ -9 +9 @@\n-<U+202E>\n+d\n")];
        assert_eq!(texts, expected);
    }

    #[test]
    fn an_earlier_keep_is_not_taken_for_the_interrupted_one() {
        let place = tempfile::tempdir().unwrap();
        let (work, session) = (place.path().join("work"), place.path().join("session"));
        let fs: Arc<dyn Fs> = Arc::new(RealFs);
        for path in [&work, &session.join("upper")] {
            fs.create_dir_all(path).unwrap();
        }
        let open = || Ledger::open(&fs, &work, &session, &session).unwrap();
        let mut ledger = open();
        fs.replace(&session.join("upper/new.txt"), b"new\n").unwrap();
        let (kept, _halves) = ledger.keep(&protocol::Selection::All, &[]).unwrap();
        assert!(matches!(kept, EffectOutcome::Moved { paths, .. } if paths.len() == 1));

        // The next keep died before its record was written: the first one's is there.
        assert!(matches!(open().settle_keep(), Settled::Unknown));

        // A keep that died half way is known from its record and the tree.
        let record = session.join("files/keep-000001.json");
        let text = String::from_utf8(fs.read(&record, 1 << 20).unwrap()).unwrap();
        let half = text.replace(r#""phase":"kept""#, r#""phase":"intended""#);
        assert_ne!(half, text);
        fs.replace(&record, half.as_bytes()).unwrap();
        assert!(matches!(open().settle_keep(), Settled::Done(_)));
    }
}
