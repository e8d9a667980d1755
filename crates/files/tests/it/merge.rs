// SPDX-License-Identifier: Apache-2.0
//! The user and the session change the same files.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::path::Path;
use std::sync::Arc;

use moat_base::RealFs;
use moat_files::{Change, KeepRecord, Outcome, Phase, Selection, SessionFiles};

use crate::workspace::{Workspace, chmod, path, put, snapshot, tree};

const BASE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

/// `BASE` with some lines replaced.
fn with(lines: &[(usize, &str)]) -> String {
    let mut text: Vec<&str> = BASE.lines().collect();
    for (number, line) in lines {
        text[number - 1] = line;
    }
    text.join("\n") + "\n"
}

fn read(root: &Path, name: &str) -> String {
    std::fs::read_to_string(root.join(name)).unwrap()
}

fn keep(work: &mut Workspace, selection: &Selection) -> KeepRecord {
    let set = work.changes();
    let real = work.real_tree();
    work.files.keep(&real, &set, selection).unwrap()
}

/// Lets the session's copies give way and mounts the overlay anew, as the engine does.
fn follow(work: &mut Workspace) {
    work.unmount();
    let (real, upper) = (work.real_tree(), tree(&work.upper()));
    work.files.give_way(&real, &upper).unwrap();
    work.remount();
}

fn only(work: &mut Workspace) -> Change {
    let set = work.changes();
    let [change] = set.changes.as_slice() else { panic!("{set:?}") };
    change.clone()
}

/// A session that changed line 2 and then the user line 8.
fn both_changed() -> Workspace {
    let mut work = Workspace::new(|real| put(real, "a", BASE));
    put(&work.session(), "a", with(&[(2, "session")]));
    work.changes();
    put(&work.real(), "a", with(&[(8, "user")]));
    work
}

#[test]
fn a_keep_joins_both_and_an_undo_gives_back_exactly_what_the_user_had() {
    let mut work = both_changed();
    let users = snapshot(&work.real());
    let change = only(&mut work);
    assert_eq!((change.conflict, change.hunks.len()), (None, 1), "only the session's lines show");
    let record = keep(&mut work, &Selection::Edits);
    assert!(record.is_complete(), "{record:?}");
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (8, "user")]));
    assert_eq!(work.changes().changes, [], "nothing is left to keep");

    let record = work.files.undo(&work.real_tree(), record.number).unwrap();
    assert_eq!(record.phase, Phase::Undone);
    assert_eq!(snapshot(&work.real()), users);
    let change = only(&mut work);
    assert!(change.merge.is_some() && change.conflict.is_none(), "the session has its work still");
    keep(&mut work, &Selection::Edits);
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (8, "user")]));
}

#[test]
fn a_file_that_both_changed_is_still_joined_after_a_fresh_mount() {
    let mut work = both_changed();
    follow(&mut work);
    assert_eq!(read(&work.session(), "a"), with(&[(2, "session")]), "the session's own version");
    assert!(only(&mut work).merge.is_some());
    keep(&mut work, &Selection::Edits);
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (8, "user")]));
}

#[test]
fn an_undo_after_the_copy_gave_way_gives_the_session_its_work_back() {
    let mut work = both_changed();
    keep(&mut work, &Selection::Edits);
    follow(&mut work);
    assert!(!work.upper().join("a").exists(), "the joined file is in the user's tree");
    assert_eq!(read(&work.session(), "a"), with(&[(2, "session"), (8, "user")]));
    let record = work.files.undo(&work.real_tree(), 1).unwrap();
    follow(&mut work);
    let (session, upper) = (work.session_tree(), tree(&work.upper()));
    work.files.restore(&session, &upper, &record).unwrap();
    assert_eq!(read(&work.session(), "a"), with(&[(2, "session")]));
    assert_eq!(read(&work.real(), "a"), with(&[(8, "user")]));
    keep(&mut work, &Selection::Edits);
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (8, "user")]));
}

#[test]
fn the_session_goes_on_after_a_joined_keep() {
    let mut work = both_changed();
    keep(&mut work, &Selection::Edits);
    // The session still has its own version, without the user's line, and changes more.
    put(&work.session(), "a", with(&[(2, "session"), (5, "more")]));
    let record = keep(&mut work, &Selection::Edits);
    assert!(record.is_complete(), "{record:?}");
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (5, "more"), (8, "user")]));
}

#[test]
fn hunks_of_a_joined_file_are_kept_and_dropped_one_by_one() {
    let text = |lines: &[(usize, &str)]| {
        let base: Vec<String> = (1..=40).map(|number| format!("{number}\n")).collect();
        let mut text = base;
        for (number, line) in lines {
            text[number - 1] = format!("{line}\n");
        }
        text.concat()
    };
    let prepared = || {
        let mut work = Workspace::new(|real| put(real, "a", text(&[])));
        put(&work.session(), "a", text(&[(2, "one"), (38, "two")]));
        work.changes();
        put(&work.real(), "a", text(&[(20, "user")]));
        work
    };
    let hunk = |number| Selection::Hunks { path: path("a"), hunks: vec![number] };
    for (first, second) in [(1, 38), (2, 2)] {
        let mut work = prepared();
        keep(&mut work, &hunk(first));
        let now = read(&work.real(), "a");
        assert!(now.contains("user") && now.contains("one") != now.contains("two"), "{now}");
        let rest = only(&mut work);
        assert_eq!((rest.hunks.len(), rest.hunks[0].before.start + 1), (1, second));
        keep(&mut work, &Selection::Edits);
        assert_eq!(read(&work.real(), "a"), text(&[(2, "one"), (20, "user"), (38, "two")]));
        for number in [2, 1] {
            work.files.undo(&work.real_tree(), number).unwrap();
        }
        assert_eq!(read(&work.real(), "a"), text(&[(20, "user")]));
        assert_eq!(only(&mut work).hunks.len(), 2);
    }
    let mut work = prepared();
    let set = work.changes();
    let session = work.session_tree();
    work.files.discard(&session, &set, &hunk(1)).unwrap();
    assert_eq!(read(&work.session(), "a"), text(&[(20, "user"), (38, "two")]));
    let set = work.changes();
    work.files.discard(&session, &set, &Selection::Edits).unwrap();
    assert_eq!(work.changes().changes, []);
}

#[test]
fn a_conflict_is_shown_with_all_sides_and_written_nowhere() {
    let mut work = Workspace::new(|real| {
        for name in ["lines", "gone", "deleted", "binary", "mode"] {
            put(real, name, BASE);
        }
        put(real, "binary", b"\0");
    });
    let at = work.session();
    put(&at, "lines", with(&[(5, "session")]));
    put(&at, "gone", with(&[(5, "session")]));
    std::fs::remove_file(at.join("deleted")).unwrap();
    put(&at, "binary", b"\x001");
    chmod(&at.join("mode"), 0o755);
    put(&at, "made", "session\n");
    work.changes();
    let real = work.real();
    put(&real, "lines", with(&[(1, "user"), (5, "user")]));
    std::fs::remove_file(real.join("gone")).unwrap();
    put(&real, "deleted", with(&[(1, "user")]));
    put(&real, "binary", b"\x002");
    chmod(&real.join("mode"), 0o600);
    put(&real, "made", "user\n");
    let users = snapshot(&real);

    let set = work.changes();
    let reasons: Vec<_> = set
        .changes
        .iter()
        .map(|it| format!("{} {}", it.path, it.conflict.as_deref().unwrap_or("none")))
        .collect();
    let expected = [
        "binary you and the session both changed it, and it is not text",
        "deleted you changed it after the session began, and the session deleted it",
        "gone you deleted or moved it after the session began, and the session changed it",
        "lines you and the session changed the same lines, or lines side by side",
        "made you and the session both made it, with different content",
        "mode you and the session gave it different modes",
    ];
    assert_eq!(reasons, expected);
    let lines = set.find(&path("lines")).unwrap();
    let [clash] = lines.clashes.as_slice() else { panic!("{lines:?}") };
    assert_eq!((clash.base.start, clash.user.start, clash.session.start), (4, 4, 4));
    let merge = lines.merge.as_ref().unwrap();
    assert_ne!(merge.base, lines.before, "the base is stored beside both sides");

    let record = keep(&mut work, &Selection::Edits);
    assert!(record.steps.iter().all(|it| matches!(it.outcome, Outcome::Conflict { .. })));
    assert_eq!(snapshot(&real), users);
    // Both changed the mode and the content, each only one of them.
    chmod(&real.join("mode"), 0o644);
    put(&real, "mode", with(&[(1, "user")]));
    keep(&mut work, &Selection::Paths(vec![path("mode")]));
    assert_eq!(read(&real, "mode"), with(&[(1, "user")]));
    assert_eq!(snapshot(&real)[Path::new("mode")].1, 0o755);
}

#[test]
fn a_joined_keep_that_meets_newer_work_leaves_it() {
    let mut work = both_changed();
    let set = work.changes();
    put(&work.real(), "a", with(&[(9, "newer")]));
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert!(matches!(record.steps[0].outcome, Outcome::Conflict { .. }), "{record:?}");
    assert_eq!(read(&work.real(), "a"), with(&[(9, "newer")]));
    // Seen again, it is joined with that.
    keep(&mut work, &Selection::Edits);
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (9, "newer")]));
}

#[test]
fn a_joined_keep_survives_the_process() {
    let mut work = both_changed();
    keep(&mut work, &Selection::Edits);
    work.files = SessionFiles::open(Arc::new(RealFs), &work.dir.path().join("files")).unwrap();
    assert_eq!(work.changes().changes, []);
    work.files.undo(&work.real_tree(), 1).unwrap();
    assert_eq!(read(&work.real(), "a"), with(&[(8, "user")]));
    assert!(only(&mut work).merge.is_some());
}

#[test]
fn what_the_session_did_not_change_gives_way_and_what_it_changed_does_not() {
    let mut work = Workspace::new(|real| {
        for name in ["touched", "kept", "changed", "removed", "dir/only", "dir/mode"] {
            put(real, name, BASE);
        }
    });
    let at = work.session();
    for name in ["touched", "dir/only"] {
        // Opened for writing and left as it was: the kernel copies it up all the same.
        drop(std::fs::OpenOptions::new().append(true).open(at.join(name)).unwrap());
    }
    put(&at, "kept", with(&[(2, "session")]));
    std::fs::remove_file(at.join("removed")).unwrap();
    keep(&mut work, &Selection::Edits);
    put(&at, "changed", with(&[(2, "session")]));
    work.changes();
    let real = work.real();
    for name in ["touched", "kept", "changed"] {
        put(&real, name, with(&[(8, "user")]));
    }
    put(&real, "removed", "again\n");
    chmod(&real.join("dir"), 0o711);
    assert_eq!(read(&work.session(), "touched"), BASE, "the copy hides the user's file");
    follow(&mut work);
    let at = work.session();
    for name in ["touched", "kept"] {
        assert_eq!(read(&at, name), with(&[(8, "user")]), "{name}");
    }
    assert_eq!(read(&at, "removed"), "again\n");
    assert_eq!(snapshot(&at)[Path::new("dir")].1, 0o711);
    assert_eq!(read(&at, "changed"), with(&[(2, "session")]));
    assert_eq!(only(&mut work).path, path("changed"));

    std::fs::remove_dir_all(real.join("dir")).unwrap();
    follow(&mut work);
    assert!(!work.session().join("dir").exists(), "nothing of the session's was in it");
    assert_eq!(only(&mut work).path, path("changed"));
}

#[test]
fn what_the_session_changes_after_the_user_comes_from_the_users_file() {
    let mut work = Workspace::new(|real| {
        put(real, "a", BASE);
        put(real, "unseen", BASE);
    });
    // Changed by both before the base of it was stored: never certain again.
    put(&work.session(), "unseen", "session\n");
    put(&work.real(), "unseen", "user\n");
    put(&work.real(), "a", with(&[(8, "user")]));
    follow(&mut work);
    assert_eq!(read(&work.session(), "a"), with(&[(8, "user")]));
    put(&work.session(), "a", with(&[(2, "session"), (8, "user")]));
    let conflicts: Vec<_> =
        work.changes().changes.iter().map(|it| (it.path.clone(), it.conflict.is_some())).collect();
    assert_eq!(conflicts, [(path("a"), false), (path("unseen"), true)]);
    follow(&mut work);
    assert!(work.changes().find(&path("unseen")).unwrap().conflict.is_some());
    keep(&mut work, &Selection::Edits);
    assert_eq!(read(&work.real(), "a"), with(&[(2, "session"), (8, "user")]));
    assert_eq!(read(&work.real(), "unseen"), "user\n");
    work.files = SessionFiles::open(Arc::new(RealFs), &work.dir.path().join("files")).unwrap();
    assert!(only(&mut work).conflict.is_some(), "the moments survive the process");
}

#[test]
fn an_ignored_file_of_the_session_stays_and_can_still_be_named() {
    let mut work = Workspace::new(|real| {
        put(real, ".gitignore", "dist/\n");
        put(real, "dist/old", "base\n");
    });
    let at = work.session();
    put(&at, "dist/made", "session\n");
    put(&at, "dist/old", "session\n");
    work.changes();
    put(&work.real(), "dist/old", "user\n");
    follow(&mut work);
    assert_eq!(read(&work.session(), "dist/old"), "session\n");
    let named = [path("dist/made"), path("dist/old")];
    let (real, upper) = (work.real_tree(), tree(&work.upper()));
    let set = work.files.changes(&real, &[upper], &named).unwrap();
    assert!(set.find(&named[0]).unwrap().conflict.is_none());
    assert!(set.find(&named[1]).unwrap().conflict.is_some(), "the user's newer file is not lost");
}
