// SPDX-License-Identifier: Apache-2.0
//! A checkpoint after a command that changed ten files, in a session with 1,000 changed ones.
//!
//! `checkpoint` is what a session waits for after each command: looking at everything that it
//! changed, storing what is new, and noting what the changes come from. `checkpoint_files` is
//! the same without that note, `rewind` going back by ten files and forward again, with the
//! sync of the disk that goes with it, each without the mount.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use moat_base::{RealFs, Timestamp};
use moat_files::{Changed, Checkpoints, DirTree, FileError, Root, SessionFiles, Wish};
use moat_sandbox::{Command, Launcher, Plan, Sandbox};

use super::{Bench, sample};

const CHANGED: usize = 1_000;
const PER_DIRECTORY: usize = 50;

/// Takes the samples.
pub(crate) fn measure(bench: &Bench) {
    let (home, tree) = (bench.directory("home"), bench.directory("checkpoint-tree"));
    let launcher = bench.launcher(&home, &["/usr/bin", "/bin"], &[]);
    for file in 0..CHANGED {
        let path = tree.join(name(file));
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        std::fs::write(path, text(file, 0)).expect("the scratch can be written");
    }
    let records = bench.directory("checkpoint-records");
    let files = SessionFiles::create(Arc::new(RealFs), &records).expect("a session begins");
    let layers = bench.copy_on_write(&[&tree], "checkpoint");
    let upper = bench.scratch.join("checkpoint-upper");
    let plan = Plan::new(&tree, layers).expect("the plan is good");
    let checkpoints = Checkpoints::open(&records, &upper).expect("it opens");
    let mut session = Session { files, checkpoints, real: open(&tree), upper: open(&upper) };
    work(bench, &launcher, &plan, 0..CHANGED, 1);
    session.take(Kind::Whole);
    // One after the other: a whole one builds on a whole one.
    for (turn, kind) in [Kind::Whole, Kind::Files].into_iter().enumerate() {
        for round in 0..bench.rounds {
            let first = round * 10 % CHANGED;
            work(bench, &launcher, &plan, first..first + 10, 2 + 2 * round + turn);
            bench.settle(1);
            let started = Instant::now();
            session.take(kind);
            sample(kind.name(), started.elapsed(), None);
        }
    }
    let newest = session.checkpoints.list().last().map_or(0, |it| it.number);
    for to in [newest - 1, newest].repeat(bench.rounds.div_ceil(4)) {
        bench.settle(1);
        let started = Instant::now();
        let went = session.checkpoints.rewind(&session.real, to, &mut || Ok(()));
        sample("rewind", started.elapsed(), None);
        assert!(went.expect("it goes back").left_out.is_empty());
    }
}

/// Which part of a checkpoint is taken.
#[derive(Clone, Copy)]
enum Kind {
    Whole,
    Files,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Whole => "checkpoint",
            Self::Files => "checkpoint_files",
        }
    }
}

struct Session {
    files: SessionFiles,
    checkpoints: Checkpoints,
    real: DirTree,
    upper: DirTree,
}

impl Session {
    fn take(&mut self, kind: Kind) {
        let Self { files, checkpoints, real, upper } = self;
        let mut origins = |changed: &Changed| -> Result<Vec<u8>, FileError> {
            match kind {
                Kind::Whole => files.origins(real, upper, changed),
                Kind::Files => Ok(Vec::new()),
            }
        };
        let taken = checkpoints.take(Wish::Always, (Timestamp(0), "x", 0), &[], &mut origins);
        taken.expect("a checkpoint is taken");
    }
}

/// Changes files with a command in a sandbox, which is gone when this returns.
fn work(
    bench: &Bench,
    launcher: &Launcher,
    plan: &Plan,
    files: std::ops::Range<usize>,
    round: usize,
) {
    let sandbox = Sandbox::start(launcher, plan).expect("the sandbox starts");
    let lines: Vec<String> =
        files.map(|file| format!("printf '{}' > {}", text(file, round), name(file))).collect();
    bench.run(&sandbox, &Command::new(["/bin/sh", "-c", &lines.join("\n")]));
    sandbox.end().expect("the sandbox ends");
}

fn name(file: usize) -> String {
    format!("package_{:02}/module_{file:04}.py", file / PER_DIRECTORY)
}

fn text(file: usize, round: usize) -> String {
    format!("def part_{file}():\\n    return {round}\\n")
}

fn open(path: &Path) -> DirTree {
    DirTree::new(Root::open(path).expect("it is a directory"))
}
