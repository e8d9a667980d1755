// SPDX-License-Identifier: Apache-2.0
//! Commands of every ending leave nothing behind. `make test-all` runs thousands.

use std::process::Command;

use crate::support::{Scratch, helper};

/// The output of a soak, and whether it was clean.
fn soak(words: &[&str]) -> (String, bool) {
    let scratch = Scratch::new();
    let place = scratch.home.join("soak");
    std::fs::create_dir(&place).unwrap();
    let program = helper().with_file_name("sandbox_soak");
    let output = Command::new(program).arg(helper()).arg(&place).args(words).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!error.contains("panicked"), "{error}");
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

/// On three steps of the ladder.
#[test]
fn commands_of_every_ending_leave_nothing_behind() {
    let (shown, clean) = soak(&["200"]);
    assert!(clean, "{shown}");
}

#[test]
fn what_is_left_behind_on_purpose_is_noticed() {
    let (shown, clean) = soak(&["0", "leak"]);
    assert!(!clean, "{shown}");
    let mut noticed =
        vec!["own descriptors", "own memory", "own threads", "own watches", "processes", "files"];
    noticed.push("pinned namespaces");
    if rustix::process::geteuid().is_root() {
        noticed.extend(["namespaces", "mounts of the holder", "descriptors of all processes"]);
    } else {
        println!("not run: only root sees what a holder has, whose memory is closed");
    }
    for what in noticed {
        let line = shown.lines().find(|line| line.starts_with(what)).unwrap();
        assert!(line.contains("LEFT BEHIND"), "{shown}");
    }
}

/// A change set of 3,000 files is complete, is kept and is taken back. `make test-all` does it
/// with 100,000.
#[test]
fn none_of_many_changes_is_forgotten() {
    let scratch = Scratch::new();
    let program = helper().with_file_name("many_changes");
    let place = scratch.home.join("many");
    let output = Command::new(program).arg(place).arg("3000").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
