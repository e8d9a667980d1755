// SPDX-License-Identifier: Apache-2.0
//! Two sessions over one tree, one forked from the other: what is pending in each, and what a
//! keep in one is to the other.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::path::PathBuf;
use std::sync::Arc;

use moat_base::{Fs, RealFs, Timestamp};
use moat_files::{
    ChangeKind, ChangeSet, Changed, Checkpoints, Outcome, Selection, SessionFiles, Wish,
};

use crate::workspace::{Workspace, path, put, snapshot, tree};

const BASE: &str = "a\nb\nc\nd\ne\n";

fn open(work: &Workspace) -> Checkpoints {
    Checkpoints::open(&work.dir.path().join("files"), &work.upper()).unwrap()
}

/// Takes a checkpoint as the engine does.
fn take(work: &mut Workspace, checkpoints: &mut Checkpoints) -> u32 {
    let (real, upper, files) = (work.real_tree(), tree(&work.upper()), &mut work.files);
    let mut origins = |changed: &Changed| files.origins(&real, &upper, changed);
    checkpoints.take(Wish::Always, (Timestamp(0), "work", 0), &[], &mut origins).unwrap().number
}

/// The other session.
struct Fork {
    dir: tempfile::TempDir,
    files: SessionFiles,
}

impl Fork {
    fn of(work: &Workspace, number: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fs: Arc<dyn Fs> = Arc::new(RealFs);
        let from = work.dir.path().join("files");
        let (files, upper) = (dir.path().join("files"), dir.path().join("upper"));
        SessionFiles::fork(&fs, (&from, number), &files, (Timestamp(0), "a fork", 1)).unwrap();
        std::fs::create_dir(&upper).unwrap();
        let mut checkpoints = Checkpoints::open(&files, &upper).unwrap();
        checkpoints.unfold().unwrap();
        let files = SessionFiles::open(fs, &files).unwrap();
        Self { dir, files }
    }

    fn upper(&self) -> PathBuf {
        self.dir.path().join("upper")
    }

    fn changes(&mut self, work: &Workspace) -> ChangeSet {
        let uppers = [tree(&self.upper())];
        self.files.changes(&work.real_tree(), &uppers, &[]).unwrap()
    }

    fn keep(&mut self, work: &Workspace) {
        let set = self.changes(work);
        let record = self.files.keep(&work.real_tree(), &set, &Selection::Edits).unwrap();
        assert!(record.steps.iter().all(|step| step.outcome == Outcome::Done), "{record:?}");
    }
}

/// What went back to a checkpoint has pending there.
fn gone_back(work: &mut Workspace, checkpoints: &mut Checkpoints, number: u32) -> ChangeSet {
    let origins = checkpoints.origins(number).unwrap().unwrap();
    let real = work.real_tree();
    work.while_down(|work| {
        let mut ready = || work.files.prepare_return(number, &origins);
        checkpoints.rewind(&real, number, &mut ready).unwrap();
    });
    work.files.finish_return().unwrap();
    work.changes()
}

#[test]
fn what_was_pending_at_the_checkpoint_is_pending_in_the_fork() {
    let mut work = Workspace::new(|real| {
        put(real, "file", BASE);
        put(real, "gone", "x\n");
    });
    let mut checkpoints = open(&work);
    put(&work.session(), "file", BASE.replace('a', "ONE"));
    put(&work.session(), "new", "n\n");
    std::fs::remove_file(work.session().join("gone")).unwrap();
    let one = take(&mut work, &mut checkpoints);
    // The user's own edit, and what the session did later.
    put(&work.real(), "file", BASE.replace('e', "USER"));
    put(&work.session(), "file", BASE.replace('a', "TWO"));
    put(&work.session(), "later", "x\n");
    take(&mut work, &mut checkpoints);
    let before = snapshot(&work.upper());

    let mut fork = Fork::of(&work, one);
    let set = fork.changes(&work);
    assert_eq!(set.changes.len(), 3, "{set:?}");
    let change = set.find(&path("file")).unwrap();
    assert!(change.merge.is_some() && change.conflict.is_none(), "joined: {change:?}");
    assert_eq!(set.find(&path("gone")).unwrap().kind, ChangeKind::Deleted);
    assert_eq!(snapshot(&work.upper()), before, "the old session is as it was");
    assert_eq!(set, gone_back(&mut work, &mut checkpoints, one), "as after going back");
}

#[test]
fn a_keep_in_one_is_an_edit_of_the_users_to_the_other() {
    let mut work = Workspace::new(|real| put(real, "file", BASE));
    let mut checkpoints = open(&work);
    put(&work.session(), "file", BASE.replace('a', "ONE"));
    let one = take(&mut work, &mut checkpoints);
    let mut fork = Fork::of(&work, one);
    let upper = fork.upper().join("file");
    let text = std::fs::read_to_string(&upper).unwrap();
    std::fs::write(&upper, text.replace('e', "FORK")).unwrap();

    fork.keep(&work);
    let both = BASE.replace('a', "ONE").replace('e', "FORK");
    assert_eq!(std::fs::read_to_string(work.real().join("file")).unwrap(), both);
    assert_eq!(work.changes().changes, [], "the user's tree has it");
    put(&work.session(), "file", BASE.replace('a', "ONE").replace('c', "OLD"));
    let set = work.changes();
    assert!(set.find(&path("file")).unwrap().conflict.is_none(), "{set:?}");
    let real = work.real_tree();
    work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let all = both.replace('c', "OLD");
    assert_eq!(std::fs::read_to_string(work.real().join("file")).unwrap(), all);

    // Each takes back its own, and finds the other's as work of the user's.
    let theirs = fork.files.undo(&work.real_tree(), 1).unwrap();
    assert!(theirs.steps[0].not_undone.is_some(), "newer work stays");
    work.files.undo(&work.real_tree(), 1).unwrap();
    fork.files.undo(&work.real_tree(), 1).unwrap();
    assert_eq!(std::fs::read_to_string(work.real().join("file")).unwrap(), BASE);
    assert_eq!(fork.changes(&work).changes.len(), 1, "it is pending again");
}

#[test]
fn a_keep_before_the_fork_is_the_old_sessions_to_take_back() {
    let mut work = Workspace::new(|real| put(real, "file", BASE));
    let mut checkpoints = open(&work);
    put(&work.session(), "file", "one\n");
    let one = take(&mut work, &mut checkpoints);
    put(&work.session(), "file", "two\n");
    let set = work.changes();
    let real = work.real_tree();
    work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let two = take(&mut work, &mut checkpoints);

    let mut earlier = Fork::of(&work, one);
    let set = earlier.changes(&work);
    let change = set.find(&path("file")).unwrap();
    assert_eq!((change.kind, &change.conflict), (ChangeKind::Modified, &None), "against the kept");
    let mut later = Fork::of(&work, two);
    assert_eq!(later.changes(&work).changes, []);
    assert_eq!(later.files.keeps().unwrap(), []);
    assert!(later.files.undo(&work.real_tree(), 1).is_err());
    // The new session counts its keeps from one, and its checkpoints know that.
    put(&later.upper(), "file", "three\n");
    later.keep(&work);
    assert_eq!(later.files.keeps().unwrap()[0].number, 1);
    assert_eq!(later.changes(&work).changes, []);
}
