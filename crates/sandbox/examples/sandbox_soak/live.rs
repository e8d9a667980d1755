// SPDX-License-Identifier: Apache-2.0
//! A session in which the user works too: mounts made anew, checkpoints, keeps, undos and
//! rewinds, as the engine does them.
//!
//! Invariant: a round leaves the project and the session's directory as they were.

use std::fs;
use std::sync::Arc;

use moat_base::{Clock as _, RealFs, SystemClock, remove_files};
use moat_files::{Checkpoints, DirTree, FileError, Root, Selection, SessionFiles, Wish, memory};
use moat_sandbox::{Command, Interrupt, Live, Status};

use crate::{Sink, Soak};

/// Runs one, and tells how many commands ran.
pub(crate) fn round(soak: &Soak) -> u32 {
    let directory = soak.state("live");
    let plan = soak.plan("live", &[]);
    let base = memory::base(&directory.join("upper")).expect("the session has a place");
    let open = || Root::open(&soak.project()).expect("the project is there").without_mounts();
    let real = DirTree::new(open());
    let upper = || DirTree::new(Root::open(&base.join("upper")).expect("the upper is there"));
    let record = directory.join("files");
    let mut files = SessionFiles::create(Arc::new(RealFs), &record).expect("a record is begun");
    let mut live = Live::start(Arc::clone(&soak.launcher), plan, Arc::new(open()))
        .expect("the session starts");
    let mut checkpoints =
        Checkpoints::open(&record, &base.join("upper")).expect("checkpoints are begun");
    // A copied tree has none.
    let has_checkpoints = checkpoints.are_possible();
    let take = |checkpoints: &mut Checkpoints| {
        has_checkpoints.then(|| {
            let what = (SystemClock::new().now(), "a step of the soak", 0);
            let taken = checkpoints.take(Wish::Always, what, &[], &mut |_| Ok(Vec::new()));
            taken.expect("a checkpoint is taken").number
        })
    };
    let first = take(&mut checkpoints);
    command(soak, &live, "echo changed > file; echo made > made; mkdir -p d/e; : > d/e/f");
    let second = take(&mut checkpoints);
    // The user goes on.
    fs::write(soak.project().join("other"), "the user's").expect("the user writes");
    let mut gave_way = Ok(());
    live.renew(|| gave_way = files.give_way(&real, &upper())).expect("it is mounted anew");
    gave_way.expect("what is no change gives way");
    let set = files.changes(&real, &[upper()], &[]).expect("the change set is there");
    let kept = files.keep(&real, &set, &Selection::Edits).expect("it is kept");
    files.undo(&real, kept.number).expect("it is taken back");
    for to in [first, second].into_iter().flatten() {
        take(&mut checkpoints);
        let mut went: Option<Result<_, FileError>> = None;
        live.renew(|| went = Some(checkpoints.rewind(&real, to, &mut || Ok(()))))
            .expect("it is mounted anew");
        went.expect("it was called").expect("it goes back");
        command(soak, &live, "ls");
    }
    drop(live);
    fs::remove_file(soak.project().join("other")).expect("the user removes it");
    let left = fs::read_to_string(soak.project().join("file")).expect("the file is there");
    assert_eq!(left, "old", "an undo gives back what was there");
    remove_files(&directory).expect("the session is removed");
    if has_checkpoints { 3 } else { 1 }
}

fn command(soak: &Soak, live: &Live, script: &str) {
    let command = Command::new(["/bin/sh", "-c", script, &soak.mark]);
    let interrupt = Interrupt::new().expect("a switch is made");
    let sandbox = live.sandbox().expect("it is there");
    let exit = sandbox.run(&command, &mut Sink(None), &interrupt).expect("it runs");
    assert_eq!(exit.status, Status::Code(0), "{script}: {exit:?}");
}
