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
use moat_files::{ChangeKind, Checkpoints, Rewind, Selection, Wish};
use rustix::fs::{CWD, FileType, Mode};

use crate::workspace::{Dice, Workspace, chmod, path, put, snapshot};

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
    checkpoints.take(Wish::Always, (Timestamp(0), "work", 0), &[]).unwrap().number
}

fn rewind(work: &mut Workspace, checkpoints: &mut Checkpoints, number: u32) -> Rewind {
    let real = work.real_tree();
    work.while_down(|_| checkpoints.rewind(&real, number).unwrap())
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
                chmod(&one, mode);
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
