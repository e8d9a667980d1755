// SPDX-License-Identifier: Apache-2.0
//! Checkpoints of a session whose overlay the kernel keeps: random work, and back.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use moat_base::Timestamp;
use moat_files::{ChangeKind, Changed, Checkpoints, Merge, Outcome, Rewind, Selection, Wish};
use rustix::fs::{CWD, FileType, Mode};

use crate::workspace::{Dice, Workspace, chmod, path, put, snapshot, tree};

const SEEDS: u64 = 24;
const ROUNDS: usize = 8;
const STEPS: usize = 25;

/// A tree with times and twins, which a plain snapshot leaves out.
type Exact = (crate::workspace::Seen, BTreeMap<PathBuf, (i64, i64, u64)>);

fn exact(root: &Path) -> Exact {
    let seen = snapshot(root);
    let times = seen.keys().map(|path| {
        let metadata = root.join(path).symlink_metadata().unwrap();
        let links = if metadata.is_dir() { 1 } else { metadata.nlink() };
        (path.clone(), (metadata.mtime(), metadata.mtime_nsec(), links))
    });
    let times = times.collect();
    (seen, times)
}

fn open(work: &Workspace) -> Checkpoints {
    Checkpoints::open(&work.dir.path().join("files"), &work.upper()).unwrap()
}

fn take(checkpoints: &mut Checkpoints) -> u32 {
    checkpoints
        .take(Wish::Always, (Timestamp(0), "work", 0), &[], &mut |_| Ok(Vec::new()))
        .unwrap()
        .number
}

/// Takes a checkpoint that knows what the session's changes come from.
fn take_whole(work: &mut Workspace, checkpoints: &mut Checkpoints) -> u32 {
    let (real, upper, files) = (work.real_tree(), tree(&work.upper()), &mut work.files);
    let mut origins = |changed: &Changed| files.origins(&real, &upper, changed);
    checkpoints.take(Wish::Always, (Timestamp(0), "work", 0), &[], &mut origins).unwrap().number
}

/// Goes back with what the changes come from, as the engine does; then the session's copies
/// give way where the user went on.
fn rewind_whole(work: &mut Workspace, checkpoints: &mut Checkpoints, number: u32) {
    let origins = checkpoints.origins(number).unwrap().unwrap();
    let real = work.real_tree();
    work.while_down(|work| {
        let mut ready = || work.files.prepare_return(number, &origins);
        checkpoints.rewind(&real, number, &mut ready).unwrap();
    });
    assert_eq!(work.files.returning().unwrap(), Some(number));
    work.files.finish_return().unwrap();
    assert_eq!(work.files.returning().unwrap(), None);
    follow(work);
}

/// What happens when the user's tree changed.
fn follow(work: &mut Workspace) {
    work.unmount();
    let (real, upper) = (work.real_tree(), tree(&work.upper()));
    work.files.give_way(&real, &upper).unwrap();
    work.remount();
}

fn rewind(work: &mut Workspace, checkpoints: &mut Checkpoints, number: u32) -> Rewind {
    let real = work.real_tree();
    work.while_down(|_| checkpoints.rewind(&real, number, &mut || Ok(())).unwrap())
}

/// Everything that a command may do to a tree.
fn act(dice: &mut Dice, root: &Path, step: usize) -> io::Result<()> {
    let names = ["a", "b", "dir", "dir/a", "dir/sub", "dir/sub/x", "lower", "lower/one", "other"];
    let pick = |dice: &mut Dice| root.join(names[dice.below(names.len())]);
    let (one, other) = (pick(dice), pick(dice));
    // Opening a FIFO would wait for its other end.
    let is_fifo = one.metadata().is_ok_and(|it| !it.is_file() && !it.is_dir());
    match dice.below(12) {
        0 | 1 if !is_fifo => std::fs::write(&one, format!("step {step}\n").repeat(dice.below(40))),
        2 => std::fs::create_dir_all(&one),
        3 => std::fs::remove_file(&one),
        4 => std::fs::remove_dir_all(&one),
        5 | 6 => std::fs::rename(&one, &other),
        7 => symlink(names[dice.below(names.len())], &one),
        8 => std::fs::hard_link(&one, &other),
        9 => {
            let mode = [0o600, 0o644, 0o755, 0o700, 0o1777, 0o4755][dice.below(6)];
            let metadata = one.symlink_metadata()?;
            if !metadata.is_symlink() {
                // An ordinary user must be able to look at what becomes of it.
                let least = if metadata.is_dir() { 0o700 } else { 0 };
                chmod(&one, mode | least);
            }
            Ok(())
        }
        10 => Ok(rustix::fs::mknodat(CWD, &one, FileType::Fifo, Mode::RUSR, 0)?),
        11 if !is_fifo => {
            let mut file = std::fs::OpenOptions::new().append(true).open(&one)?;
            io::Write::write_all(&mut file, b"appended\n")
        }
        _ => Ok(()),
    }
}

#[test]
fn random_work_comes_back_exactly_from_every_checkpoint() {
    for seed in 1..=SEEDS {
        let mut work = Workspace::new(|real| {
            for file in ["a", "dir/a", "dir/sub/x", "lower/one", "lower/deep/two", "other"] {
                put(real, file, format!("real {file}\n"));
            }
            symlink("lower/one", real.join("lower/link")).unwrap();
        });
        let real = snapshot(&work.real());
        let mut checkpoints = open(&work);
        let mut dice = Dice(seed * 7919);
        let mut states = vec![(take(&mut checkpoints), exact(&work.session()))];
        for round in 0..ROUNDS {
            for step in 0..STEPS {
                // What does not fit the tree as it is just fails, as a command's step would.
                let _not_possible_now = act(&mut dice, &work.session(), round * STEPS + step);
            }
            states.push((take(&mut checkpoints), exact(&work.session())));
        }
        for _ in 0..ROUNDS {
            let (number, expected) = states[dice.below(states.len())].clone();
            let rewound = rewind(&mut work, &mut checkpoints, number);
            assert_eq!(rewound.left_out, [], "seed {seed}");
            assert_eq!(exact(&work.session()), expected, "seed {seed}, checkpoint {number}");
            states.push((take(&mut checkpoints), expected));
            if dice.below(2) == 0 {
                checkpoints = open(&work);
            }
            // The session goes on from where it went back to.
            let _not_possible_now = act(&mut dice, &work.session(), 9999);
            states.push((take(&mut checkpoints), exact(&work.session())));
        }
        assert_eq!(snapshot(&work.real()), real, "seed {seed}: the user's tree has no part in it");
    }
}

#[test]
fn what_was_kept_stays_in_the_users_tree_and_pending_work_is_told_against_it() {
    let mut work = Workspace::new(|real| put(real, "file", "real\n"));
    let mut checkpoints = open(&work);
    let start = take(&mut checkpoints);
    put(&work.session(), "file", "one\n");
    let one = take(&mut checkpoints);
    put(&work.session(), "file", "two\n");
    let set = work.changes();
    let real = work.real_tree();
    assert!(work.files.keep(&real, &set, &Selection::Edits).unwrap().is_complete());
    take(&mut checkpoints);

    rewind(&mut work, &mut checkpoints, one);
    assert_eq!(std::fs::read(work.real().join("file")).unwrap(), b"two\n");
    let set = work.changes();
    let change = set.find(&path("file")).unwrap();
    assert_eq!((change.kind, &change.conflict), (ChangeKind::Modified, &None));

    let paths = [path("file"), path("none")];
    assert_eq!(checkpoints.holds(one, &paths).unwrap(), [path("file")]);
    assert_eq!(checkpoints.holds(start, &paths).unwrap(), []);
    take(&mut checkpoints);
    rewind(&mut work, &mut checkpoints, start);
    assert_eq!(std::fs::read(work.session().join("file")).unwrap(), b"two\n");
    assert_eq!(work.changes().changes, []);
    work.files.undo(&work.real_tree(), 1).unwrap();
    work.remount();
    assert_eq!(std::fs::read(work.session().join("file")).unwrap(), b"real\n");
}

const BASE: &str = "a\nb\nc\nd\ne\n";

/// The session changes the last line, drops that, and the user changes the first one. Going
/// back brings the session's line again.
fn dropped_and_gone_on() -> (Workspace, Checkpoints, u32) {
    let mut work = Workspace::new(|real| put(real, "file", BASE));
    let mut checkpoints = open(&work);
    put(&work.session(), "file", BASE.replace('e', "SESSION"));
    let with = take_whole(&mut work, &mut checkpoints);
    let set = work.changes();
    let session = work.session_tree();
    work.files.discard(&session, &set, &Selection::Edits).unwrap();
    take_whole(&mut work, &mut checkpoints);
    put(&work.real(), "file", BASE.replace('a', "USER"));
    follow(&mut work);
    take_whole(&mut work, &mut checkpoints);
    (work, checkpoints, with)
}

fn kept(work: &mut Workspace) -> String {
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert!(record.steps.iter().all(|step| step.outcome == Outcome::Done), "{record:?}");
    std::fs::read_to_string(work.real().join("file")).unwrap()
}

#[test]
fn what_the_user_did_meanwhile_is_joined_with_what_comes_back() {
    let (mut work, mut checkpoints, with) = dropped_and_gone_on();
    rewind_whole(&mut work, &mut checkpoints, with);
    let set = work.changes();
    let change = set.find(&path("file")).unwrap();
    assert!(matches!(change.merge, Some(Merge { .. })) && change.conflict.is_none(), "{change:?}");
    let both = BASE.replace('a', "USER").replace('e', "SESSION");
    assert_eq!(kept(&mut work), both);

    // The control: with what the changes came from lost, the user's line would be taken back.
    let (mut work, mut checkpoints, with) = dropped_and_gone_on();
    rewind(&mut work, &mut checkpoints, with);
    assert_eq!(kept(&mut work), BASE.replace('e', "SESSION"), "the control shows nothing");

    // And where a checkpoint does not know it, that is a conflict.
    let (mut work, mut checkpoints, with) = dropped_and_gone_on();
    rewind(&mut work, &mut checkpoints, with);
    work.files.prepare_return(with, &[]).unwrap();
    work.files.finish_return().unwrap();
    let set = work.changes();
    assert!(set.find(&path("file")).unwrap().conflict.is_some());
}

#[test]
fn a_keep_and_its_undo_move_what_an_earlier_state_comes_from() {
    let mut work = Workspace::new(|real| put(real, "file", BASE));
    let mut checkpoints = open(&work);
    put(&work.session(), "file", "one\n");
    let one = take_whole(&mut work, &mut checkpoints);
    put(&work.session(), "file", "two\n");
    assert_eq!(kept(&mut work), "two\n");
    let two = take_whole(&mut work, &mut checkpoints);

    // An earlier state is pending against what was kept.
    rewind_whole(&mut work, &mut checkpoints, one);
    let set = work.changes();
    let change = set.find(&path("file")).unwrap();
    assert_eq!((change.kind, &change.conflict), (ChangeKind::Modified, &None));
    take_whole(&mut work, &mut checkpoints);

    // A state that was kept, after the keep was undone: it is pending again, not given up.
    work.files.undo(&work.real_tree(), 1).unwrap();
    rewind_whole(&mut work, &mut checkpoints, two);
    assert_eq!(std::fs::read_to_string(work.session().join("file")).unwrap(), "two\n");
    let set = work.changes();
    assert!(set.find(&path("file")).unwrap().conflict.is_none());
    assert_eq!(kept(&mut work), "two\n");
}

#[test]
fn what_changes_come_from_is_told_from_what_differs_as_from_everything() {
    for seed in 1..=SEEDS {
        let mut work = Workspace::new(|real| {
            for file in ["a", "dir/a", "dir/sub/x", "lower/one", "lower/deep/two", "other"] {
                put(real, file, format!("real {file}\n"));
            }
            put(real, ".gitignore", "b\n");
        });
        let mut checkpoints = open(&work);
        let mut dice = Dice(seed * 104_729);
        for round in 0..ROUNDS {
            for step in 0..STEPS / 4 {
                let _not_possible_now = act(&mut dice, &work.session(), round * STEPS + step);
            }
            let number = take_whole(&mut work, &mut checkpoints);
            let told = checkpoints.origins(number).unwrap().unwrap();
            let (real, upper) = (work.real_tree(), tree(&work.upper()));
            let all = work.files.origins(&real, &upper, &Changed::Everything).unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            assert_eq!(text(told), text(all), "seed {seed}, round {round}");
        }
    }
}

#[test]
fn a_return_that_was_interrupted_is_told_by_the_files() {
    let (mut work, mut checkpoints, with) = dropped_and_gone_on();
    let origins = checkpoints.origins(with).unwrap().unwrap();
    // Before the files changed places: nothing of it counts.
    work.files.prepare_return(with, &origins).unwrap();
    work.reopen();
    assert_eq!(work.files.returning().unwrap(), Some(with));
    assert!(!checkpoints.is_at(with).unwrap());
    work.files.abandon_return().unwrap();
    assert_eq!(work.files.returning().unwrap(), None);
    // After it: the rest is done when the record is opened.
    let real = work.real_tree();
    work.while_down(|work| {
        let mut ready = || work.files.prepare_return(with, &origins);
        checkpoints.rewind(&real, with, &mut ready).unwrap();
    });
    work.reopen();
    let mut checkpoints = open(&work);
    assert!(checkpoints.is_at(with).unwrap());
    work.files.finish_return().unwrap();
    assert_eq!(kept(&mut work), BASE.replace('a', "USER").replace('e', "SESSION"));
}
