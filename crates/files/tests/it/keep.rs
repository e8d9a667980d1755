// SPDX-License-Identifier: Apache-2.0
//! Keeping changes in the user's tree, undoing that, and dropping changes.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use moat_base::{AppendFile, Fs, RealFs};
use moat_files::{
    ChangeSet, FileError, KeepRecord, KeepStep, Outcome, Phase, Selection, SessionFiles,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::workspace::{Dice, Mounted, Raised, Workspace, chmod, path, put, snapshot, tree};

/// One word per step: the path and what became of it.
fn outcomes(steps: &[KeepStep]) -> Vec<String> {
    let word = |step: &KeepStep| match (&step.outcome, &step.not_undone) {
        (_, Some(_)) => "not undone",
        (Outcome::Planned, _) => "planned",
        (Outcome::Done, _) => "done",
        (Outcome::AlreadyThere, _) => "already",
        (Outcome::Conflict { .. }, _) => "conflict",
        (Outcome::Refused { .. }, _) => "refused",
        (Outcome::Failed { .. }, _) => "failed",
        (Outcome::Undone, _) => "undone",
    };
    steps.iter().map(|step| format!("{} {}", step.path, word(step))).collect()
}

fn keep(work: &mut Workspace, set: &ChangeSet, selection: &Selection) -> KeepRecord {
    let real = work.real_tree();
    work.files.keep(&real, set, selection).unwrap()
}

#[test]
fn keeping_everything_makes_the_trees_equal_and_undoing_restores_every_bit() {
    let mut work = Workspace::new(|real| {
        put(real, "edit.txt", "one\r\ntwo\r\nlast without end");
        put(real, "gone/deep/file", "x");
        put(real, "mode.sh", "#!/bin/sh\n");
        put(real, "private", "secret\n");
        put(real, "to-directory", "file\n");
        put(real, "to-file/inner", "inner\n");
        put(real, "data.bin", b"\0\xff");
        symlink("edit.txt", real.join("link")).unwrap();
        symlink("edit.txt", real.join("link-to-file")).unwrap();
        chmod(&real.join("private"), 0o600);
        chmod(&real.join("gone"), 0o750);
    });
    let before = snapshot(&work.real());
    let at = work.session();
    put(&at, "edit.txt", "one\r\n2\r\nlast without end");
    std::fs::remove_dir_all(at.join("gone")).unwrap();
    chmod(&at.join("mode.sh"), 0o755);
    put(&at, "private", "changed\n");
    std::fs::remove_file(at.join("to-directory")).unwrap();
    put(&at, "to-directory/sub/inner", "x\n");
    std::fs::remove_dir_all(at.join("to-file")).unwrap();
    put(&at, "to-file", "y");
    put(&at, "data.bin", b"\0\xfe");
    std::fs::remove_file(at.join("link")).unwrap();
    symlink("mode.sh", at.join("link")).unwrap();
    std::fs::remove_file(at.join("link-to-file")).unwrap();
    put(&at, "link-to-file", "file");
    put(&at, "new/deep/file", "");
    chmod(&at.join("new"), 0o700);
    let goal = snapshot(&at);

    let set = work.changes();
    let record = keep(&mut work, &set, &Selection::Edits);
    assert!(record.is_complete(), "{:?}", outcomes(&record.steps));
    assert_eq!((record.number, record.phase), (1, Phase::Kept));
    assert_eq!(snapshot(&work.real()), goal);
    work.remount();
    assert_eq!(work.changes().changes, []);

    let record = work.files.undo(&work.real_tree(), 1).unwrap();
    assert_eq!(record.phase, Phase::Undone, "{:?}", outcomes(&record.steps));
    assert_eq!(snapshot(&work.real()), before);
    work.remount();
    assert_eq!(work.changes(), set, "the session still has its work");
    let error = work.files.undo(&work.real_tree(), 1).unwrap_err();
    assert!(matches!(error, FileError::NotUndoable { number: 1, .. }), "{error:?}");
    assert!(work.files.undo(&work.real_tree(), 2).is_err());
}

#[test]
fn newer_work_of_the_user_is_never_overwritten() {
    let mut work = Workspace::new(|real| {
        for file in ["edited", "deleted", "kept", "mode", "dir/file"] {
            put(real, file, "base\n");
        }
    });
    let at = work.session();
    for file in ["edited", "deleted", "kept", "mode", "created"] {
        put(&at, file, "agent\n");
    }
    std::fs::remove_dir_all(at.join("dir")).unwrap();
    let set = work.changes();
    put(&work.real(), "edited", "user\n");
    put(&work.real(), "created", "user\n");
    put(&work.real(), "dir/new", "user\n");
    chmod(&work.real().join("mode"), 0o600);
    std::fs::remove_file(work.real().join("deleted")).unwrap();

    let record = keep(&mut work, &set, &Selection::Edits);
    let expected = [
        "dir/file done",
        "dir conflict",
        "created conflict",
        "deleted conflict",
        "edited conflict",
        "kept done",
        "mode conflict",
    ];
    assert_eq!(outcomes(&record.steps), expected);
    assert!(!record.is_complete());
    assert!(!work.real().join("deleted").exists());
    for (file, text) in [("edited", "user\n"), ("created", "user\n"), ("kept", "agent\n")] {
        assert_eq!(std::fs::read_to_string(work.real().join(file)).unwrap(), text);
    }

    put(&work.real(), "kept", "user again\n");
    let record = work.files.undo(&work.real_tree(), 1).unwrap();
    assert_eq!(record.phase, Phase::Kept, "something is left to undo");
    assert_eq!(outcomes(&record.steps)[0], "dir/file undone");
    assert_eq!(outcomes(&record.steps)[5], "kept not undone");
    assert_eq!(std::fs::read(work.real().join("kept")).unwrap(), b"user again\n");
    put(&work.real(), "kept", "agent\n");
    let record = work.files.undo(&work.real_tree(), 1).unwrap();
    assert_eq!(record.phase, Phase::Undone, "repeating the undo takes the rest back");
    assert_eq!(std::fs::read(work.real().join("kept")).unwrap(), b"base\n");
}

#[test]
fn what_must_not_be_kept_is_refused_with_a_reason() {
    let mut work = Workspace::new(|real| {
        put(real, ".git/config", "");
        put(real, "linked", "base\n");
        std::fs::hard_link(real.join("linked"), real.join("twin")).unwrap();
        put(real, "suid", "base\n");
        chmod(&real.join("suid"), 0o4755);
        put(real, "way/file", "base\n");
    });
    let at = work.session();
    put(&at, ".git/hooks/pre-commit", "evil");
    put(&at, "linked", "agent\n");
    put(&at, "suid", "agent\n");
    put(&at, "new-suid", "agent\n");
    chmod(&at.join("new-suid"), 0o4755);
    put(&at, "way/file", "agent\n");
    for (name, target) in [
        ("l1", "/etc/passwd"),
        ("l2", "../out"),
        ("l3", ".git/config"),
        ("l4", "way/../linked"),
        ("l5", "linked"),
    ] {
        symlink(target, at.join(name)).unwrap();
    }
    let set = work.changes();
    // The user puts a link where a directory was: nothing goes through it.
    std::fs::rename(work.real().join("way"), work.dir.path().join("elsewhere")).unwrap();
    symlink("../elsewhere", work.real().join("way")).unwrap();
    let selection = Selection::Paths(vec![path("")]);
    let record = keep(&mut work, &set, &selection);
    let expected = [
        ".git refused",
        "l1 refused",
        "l2 refused",
        "l3 refused",
        "l4 refused",
        "l5 done",
        "linked refused",
        "new-suid refused",
        "suid refused",
        "way/file refused",
    ];
    assert_eq!(outcomes(&record.steps), expected);
    assert_eq!(std::fs::read(work.dir.path().join("elsewhere/file")).unwrap(), b"base\n");
    assert_eq!(std::fs::read(work.real().join("twin")).unwrap(), b"base\n");
}

#[test]
fn a_selection_takes_what_it_names_and_the_rest_stays_pending() {
    let mut work = Workspace::new(|real| {
        put(real, "a/one", "1\n");
        put(real, "a/two", "2\n");
        put(real, "b", "3\n");
    });
    let at = work.session();
    for file in ["a/one", "a/two", "b", "new/deep/file", "new/other"] {
        put(&at, file, "agent\n");
    }
    let set = work.changes();
    let real = work.real_tree();
    for (selection, fault) in [
        (Selection::Paths(vec![path("a"), path("none")]), "no change"),
        (Selection::Hunks { path: path("b"), hunks: vec![1, 2] }, "no hunk 2"),
        (Selection::Hunks { path: path("b"), hunks: vec![0] }, "no hunk 0"),
    ] {
        let error = work.files.keep(&real, &set, &selection).unwrap_err();
        assert!(error.to_string().contains(fault), "{error}");
    }
    assert_eq!(work.files.keeps().unwrap(), [], "a selection that does not fit keeps nothing");

    let selection = Selection::Paths(vec![path("a"), path("new/deep/file")]);
    let record = keep(&mut work, &set, &selection);
    let expected = ["a/one done", "a/two done", "new done", "new/deep done", "new/deep/file done"];
    assert_eq!(outcomes(&record.steps), expected);
    work.remount();
    let rest: Vec<String> = work.changes().changes.iter().map(|it| it.path.to_string()).collect();
    assert_eq!(rest, ["b", "new/other"]);
    put(&work.session(), "a/one", "agent again\n");
    let set = work.changes();
    let again = set.find(&path("a/one")).unwrap();
    assert_eq!(again.conflict, None, "what was kept is the new base");
    assert!(keep(&mut work, &set, &Selection::Edits).is_complete());
    assert_eq!(snapshot(&work.real()), snapshot(&work.session()));
    assert_eq!(work.files.keeps().unwrap().len(), 2);
}

#[test]
fn a_file_that_was_moved_in_the_session_is_not_taken_for_one_the_user_deleted() {
    let mut work = Workspace::new(|real| {
        for file in ["d/one", "d/two", "d/three", "d/four"] {
            put(real, file, "base\n");
        }
    });
    let at = work.session();
    put(&at, "d/one", "agent\n");
    std::fs::rename(at.join("d/two"), at.join("d/second")).unwrap();
    let set = work.changes();
    let one = Selection::Paths(vec![path("d/one")]);
    assert!(keep(&mut work, &set, &one).is_complete());
    work.remount();
    let at = work.session();
    std::fs::rename(at.join("d/three"), at.join("d/third")).unwrap();
    let directory = work.dir.path().join("files");
    work.files = SessionFiles::open(Arc::new(RealFs), &directory).unwrap();
    let set = work.changes();
    assert!(set.changes.iter().all(|change| change.conflict.is_none()), "{set:?}");
    std::fs::remove_file(work.real().join("d/four")).unwrap();
    std::fs::rename(work.session().join("d/second"), work.session().join("d/again")).unwrap();
    let set = work.changes();
    let conflicts: Vec<_> = set.changes.iter().filter(|it| it.conflict.is_some()).collect();
    assert_eq!(conflicts.len(), 1, "the user's tree changed, so the new name is not certain");
    assert_eq!(conflicts[0].path, path("d/again"));
}

#[test]
fn a_record_that_was_cut_off_when_it_began_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    for writes in 0..3 {
        let directory = dir.path().join(writes.to_string());
        let cut = Arc::new(CutFs { left: AtomicUsize::new(writes) });
        assert_eq!(SessionFiles::create(cut, &directory).is_ok(), writes == 2);
        SessionFiles::open(Arc::new(RealFs), &directory).unwrap();
    }
    put(dir.path(), "2/start.json", "{");
    let error = SessionFiles::open(Arc::new(RealFs), &dir.path().join("2")).unwrap_err();
    assert!(matches!(error, FileError::DamagedRecord { .. }), "{error:?}");
}

#[test]
fn hunks_kept_or_dropped_in_any_order_add_up_to_the_whole() {
    for seed in 1..13 {
        let mut dice = Dice(seed);
        let old = text(&mut dice, 60);
        let new = edited(&mut dice, &old);
        let mut work = Workspace::new(|real| put(real, "f.txt", &old));
        put(&work.session(), "f.txt", &new);
        loop {
            let set = work.changes();
            let Some(change) = set.find(&path("f.txt")) else { break };
            let count = change.hunks.len();
            let hunks = vec![1 + dice.below(count)];
            let selection = Selection::Hunks { path: path("f.txt"), hunks };
            let before = std::fs::read_to_string(work.real().join("f.txt")).unwrap();
            assert!(keep(&mut work, &set, &selection).is_complete(), "seed {seed}");
            work.remount();
            let after = std::fs::read_to_string(work.real().join("f.txt")).unwrap();
            assert_ne!(before, after, "seed {seed}: each hunk is a change");
        }
        let kept = std::fs::read_to_string(work.real().join("f.txt")).unwrap();
        assert_eq!(kept, new, "seed {seed}");

        let work = &mut Workspace::new(|real| put(real, "f.txt", &old));
        put(&work.session(), "f.txt", &new);
        let session = work.session_tree();
        for round in 0.. {
            let set = work.changes();
            let Some(change) = set.find(&path("f.txt")) else { break };
            let hunks = vec![1 + dice.below(change.hunks.len())];
            let selection = Selection::Hunks { path: path("f.txt"), hunks };
            let steps = work.files.discard(&session, &set, &selection).unwrap();
            assert_eq!(outcomes(&steps), ["f.txt done"], "seed {seed}");
            assert!(round < 100, "seed {seed}: dropping ends");
        }
        let left = std::fs::read_to_string(work.session().join("f.txt")).unwrap();
        assert_eq!(left, old, "seed {seed}");
    }
}

#[test]
fn dropping_changes_gives_the_session_the_users_files_again() {
    let mut work = Workspace::new(|real| {
        for file in ["a", "b", "dir/x", "dir/y", "late"] {
            put(real, file, "base\n");
        }
    });
    let before = snapshot(&work.real());
    let at = work.session();
    put(&at, "a", "agent\n");
    chmod(&at.join("b"), 0o600);
    std::fs::remove_dir_all(at.join("dir")).unwrap();
    put(&at, "new/file", "agent\n");
    let set = work.changes();
    let session = work.session_tree();
    let steps = work.files.discard(&session, &set, &Selection::Edits).unwrap();
    assert!(steps.iter().all(|step| step.outcome == Outcome::Done), "{:?}", outcomes(&steps));
    assert_eq!(snapshot(&work.session()), before);
    assert_eq!(work.changes().changes, []);

    put(&work.session(), "a", "agent\n");
    let stale = work.changes();
    put(&work.session(), "a", "agent, later\n");
    let steps = work.files.discard(&session, &stale, &Selection::Edits).unwrap();
    assert_eq!(outcomes(&steps), ["a conflict"], "what was not seen is not dropped");
}

/// Random work in a session; what is kept is exactly what the session shows.
#[test]
fn random_work_is_kept_and_undone_exactly() {
    for seed in 1..16 {
        let mut dice = Dice(seed);
        let mut work = Workspace::new(|real| {
            for number in 0..12 {
                let directory = ["", "a/", "a/b/", "c/"][number % 4];
                put(real, &format!("{directory}f{number}"), format!("base {number}\n"));
            }
        });
        let before = snapshot(&work.real());
        for _ in 0..3 {
            for _ in 0..8 {
                act(&mut dice, &work.session());
            }
            let _checkpoint = work.changes();
        }
        let goal = snapshot(&work.session());
        let set = work.changes();
        let record = keep(&mut work, &set, &Selection::Edits);
        assert!(record.is_complete(), "seed {seed}: {:?}", outcomes(&record.steps));
        assert_eq!(snapshot(&work.real()), goal, "seed {seed}");
        work.remount();
        assert_eq!(work.changes().changes, [], "seed {seed}");
        let record = work.files.undo(&work.real_tree(), record.number).unwrap();
        assert_eq!(record.phase, Phase::Undone, "seed {seed}: {:?}", outcomes(&record.steps));
        assert_eq!(snapshot(&work.real()), before, "seed {seed}");
        work.remount();
        let now = work.changes();
        let steps = work.files.discard(&work.session_tree(), &now, &Selection::Edits).unwrap();
        assert!(steps.iter().all(|step| step.outcome == Outcome::Done), "seed {seed}");
        assert_eq!(snapshot(&work.session()), before, "seed {seed}");
    }
}

/// The record is cut off at every write of it; nothing is lost and nothing is guessed.
#[test]
fn a_keep_that_is_interrupted_is_settled_from_the_tree() {
    let fill = |real: &Path| {
        for file in ["a", "b", "c"] {
            put(real, file, "base\n");
        }
    };
    for writes in 0..6 {
        let mut work = Workspace::new(fill);
        for file in ["a", "b", "c"] {
            put(&work.session(), file, "agent\n");
        }
        let set = work.changes();
        let directory = work.dir.path().join("files");
        let real = work.real_tree();
        let cut = Arc::new(CutFs { left: AtomicUsize::new(writes) });
        let mut files = SessionFiles::open(cut, &directory).unwrap();
        let kept = files.keep(&real, &set, &Selection::Edits);
        let undone = kept.as_ref().map_or(Ok(()), |it| files.undo(&real, it.number).map(drop));

        let mut files = SessionFiles::open(Arc::new(RealFs), &directory).unwrap();
        // Meanwhile the user works on: that must be seen as theirs.
        put(&work.real(), "b", "user\n");
        // A temporary file that a crash left beside a kept one.
        put(&work.real(), ".moat-0123456789abcdef.tmp", "half");
        let settled = files.recover(&real).unwrap();
        let left = work.real().join(".moat-0123456789abcdef.tmp").exists();
        assert_eq!(left, settled.is_empty(), "after {writes} writes");
        let state: Vec<_> = settled.iter().flat_map(|it| outcomes(&it.steps)).collect();
        let expected: &[&str] = match writes {
            0 => &[],
            1 | 2 => &["a done", "b conflict", "c done"],
            3 => &[],
            _ => &["a undone", "b not undone", "c undone"],
        };
        assert_eq!(state, expected, "after {writes} writes");
        assert_eq!((kept.is_ok(), undone.is_ok()), (writes > 2, writes < 3));
        assert_eq!(files.recover(&real).unwrap(), [], "settled once");
        for record in files.keeps().unwrap() {
            files.undo(&real, record.number).ok();
        }
        for (file, text) in [("a", "base\n"), ("b", "user\n"), ("c", "base\n")] {
            assert_eq!(std::fs::read_to_string(work.real().join(file)).unwrap(), text);
        }
    }
}

#[test]
fn a_full_disk_in_the_middle_of_a_keep_is_reported_and_loses_nothing() {
    let mut work = Workspace::new(|_| {});
    let point = work.dir.path().join("small");
    std::fs::create_dir(&point).unwrap();
    let disk = Mounted::small_disk(&point, 256 * 1024);
    put(&disk.path(), "old", "base\n");
    put(&work.upper(), "old", "x".repeat(1 << 20));
    put(&work.upper(), "small", "fits\n");
    put(&work.upper(), "zzz", "y".repeat(1 << 20));
    let real = disk.tree();
    // The disk is younger than the session, so begin another one.
    let files = work.dir.path().join("files-2");
    work.files = SessionFiles::create(Arc::new(RealFs), &files).unwrap();
    let set = work.files.changes(&real, &[tree(&work.upper())], &[]).unwrap();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert_eq!(outcomes(&record.steps), ["old failed", "small done", "zzz failed"]);
    let names: Vec<_> = snapshot(&disk.path()).into_keys().collect();
    assert_eq!(names, ["old", "small"].map(PathBuf::from));
    assert_eq!(std::fs::read(disk.path().join("old")).unwrap(), b"base\n");
    work.files.undo(&real, 1).unwrap();
    assert_eq!(snapshot(&disk.path()).len(), 1);
}

/// The control copies with ordinary paths and escapes; keeping never does.
#[test]
fn keeping_into_a_directory_that_turns_into_a_link_writes_nothing_outside() {
    let mut work = Workspace::new(|real| put(real, "d/file", "base\n"));
    let outside = work.dir.path().join("outside");
    put(&outside, "file", "base\n");
    symlink(&outside, work.real().join("swap")).unwrap();
    put(&work.session(), "d/file", "agent\n");
    let set = work.changes();
    let (one, two) = (work.real().join("d"), work.real().join("swap"));
    let stop = AtomicBool::new(false);
    let (mut done, mut other) = (0, 0);
    std::thread::scope(|scope| {
        let _stops_also_on_failure = Raised(&stop);
        let flips = scope.spawn(|| {
            let mut flips = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &one, CWD, &two, RenameFlags::EXCHANGE).unwrap();
                flips += 1;
            }
            flips
        });
        for round in 0..2_000 {
            let record = keep(&mut work, &set, &Selection::Edits);
            if outcomes(&record.steps) == ["d/file done"] {
                done += 1;
                work.files.undo(&work.real_tree(), record.number).ok();
            } else {
                other += 1;
            }
            assert_eq!(std::fs::read(outside.join("file")).unwrap(), b"base\n");
            if round >= 20 && done > 0 && other > 0 {
                break;
            }
        }
        let escaped = (0..200_000).any(|_| {
            std::fs::write(work.real().join("d/file"), "control").unwrap();
            std::fs::read(outside.join("file")).unwrap() == b"control"
        });
        stop.store(true, Ordering::Relaxed);
        assert!(escaped, "the control shows that the attack works");
        assert!(flips.join().unwrap() > 200);
    });
    assert!(done > 0 && other > 0, "done {done}, other {other}");
    assert_eq!(snapshot(&outside).len(), 1);
}

/// Our own files on a disk that stops taking them after some replacements.
#[derive(Debug)]
struct CutFs {
    left: AtomicUsize,
}

impl Fs for CutFs {
    fn read(&self, path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
        RealFs.read(path, limit_bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        RealFs.append(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let take = |left: usize| left.checked_sub(1);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => RealFs.replace(path, bytes),
            Err(_) => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealFs.create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealFs.list(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFs.remove(path)
    }
}

/// Lines with many repetitions, sometimes with other endings and none at the end.
fn text(dice: &mut Dice, lines: usize) -> String {
    let mut text = String::new();
    for _ in 0..lines {
        text.push_str(["alpha", "beta", "gamma", "", "}", "  x"][dice.below(6)]);
        text.push_str(if dice.below(8) == 0 { "\r\n" } else { "\n" });
    }
    if dice.below(3) == 0 {
        text.push_str("no end");
    }
    text
}

/// The text with a handful of places inserted, removed or replaced.
fn edited(dice: &mut Dice, text: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for number in 0..=dice.below(6) {
        let at = dice.below(lines.len());
        match dice.below(3) {
            0 => lines.insert(at, format!("inserted {number}\n")),
            1 => drop(lines.remove(at)),
            _ => lines[at] = format!("replaced {number}\n"),
        }
    }
    lines.push("added at the end".to_owned());
    lines.concat()
}

/// One random thing that a program might do to a tree; impossible ones do nothing.
fn act(dice: &mut Dice, root: &Path) {
    let directory = ["", "a", "a/b", "c", "new", "new/deep"][dice.below(6)];
    let target = root.join(directory).join(format!("f{}", dice.below(14)));
    let other =
        root.join(["a", "c", "new", ""][dice.below(4)]).join(format!("f{}", dice.below(14)));
    let number = dice.below(1000);
    // What does not fit the tree as it is fails, as it would for any program.
    let _fits_or_not = match dice.below(10) {
        0..=3 => std::fs::create_dir_all(root.join(directory))
            .and_then(|()| std::fs::write(&target, format!("line\nwork {number}\n"))),
        4 => std::fs::remove_file(&target),
        5 => std::fs::rename(&target, &other),
        6 => std::fs::remove_dir_all(root.join(directory).join("b")),
        7 => {
            if target.symlink_metadata().is_ok_and(|it| it.is_file()) {
                chmod(&target, [0o600, 0o755, 0o640][dice.below(3)]);
            }
            Ok(())
        }
        8 => std::fs::remove_file(&target).and_then(|()| std::fs::create_dir(&target)),
        _ => symlink(["f1", "a/b", "missing"][dice.below(3)], &target),
    };
}

#[test]
fn modes_that_open_or_shut_a_path_are_refused_and_what_is_inside_is_kept() {
    let mut work = Workspace::new(|real| {
        for name in ["file", "open", "dir/file", "shut/file"] {
            put(real, name, "old\n");
        }
        chmod(&real.join("open"), 0o666);
    });
    let at = work.session();
    put(&at, "open", "new\n");
    let modes = [
        ("new/everybody", 0o777),
        ("new/sticky", 0o1777),
        ("new/group", 0o2755),
        ("new/closed", 0o500),
        ("new/private", 0o700),
    ];
    for (name, mode) in modes {
        put(&at, &format!("{name}/file"), "new\n");
        chmod(&at.join(name), mode);
    }
    put(&at, "new/file", "new\n");
    chmod(&at.join("new/file"), 0o666);
    chmod(&at.join("file"), 0o646);
    chmod(&at.join("dir"), 0o2755);
    chmod(&at.join("shut"), 0o000);
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let refused: Vec<String> = record
        .steps
        .iter()
        .filter_map(|step| match &step.outcome {
            Outcome::Refused { reason } => {
                Some(format!("{} {}", step.path, reason.split(';').next().unwrap()))
            }
            Outcome::Planned
            | Outcome::Done
            | Outcome::AlreadyThere
            | Outcome::Conflict { .. }
            | Outcome::Failed { .. }
            | Outcome::Undone => None,
        })
        .collect();
    let expected = [
        "dir it has a set-id or sticky bit",
        "file everybody on the machine could write it",
        "new/closed its owner could not list, change or enter it",
        "new/everybody everybody on the machine could write it",
        "new/file everybody on the machine could write it",
        "new/group it has a set-id or sticky bit",
        "new/sticky it has a set-id or sticky bit",
        "shut its owner could not list, change or enter it",
    ];
    assert_eq!(refused, expected);
    let seen = snapshot(&work.real());
    for (name, _) in modes {
        let mode = seen[Path::new(name)].1;
        assert!(mode & 0o7002 == 0 && mode & 0o700 == 0o700, "{name} {mode:o}");
        assert!(seen.contains_key(&Path::new(name).join("file")), "{name}");
    }
    assert_eq!(seen[Path::new("new/private")].1, 0o700, "the control: an ordinary one is kept");
    assert_eq!(seen[Path::new("open")].1, 0o666, "what the user has is no news");
    assert_eq!(seen[Path::new("open")].2, b"new\n");
    for name in ["shut", "new/closed"] {
        chmod(&at.join(name), 0o700);
    }
}
