// SPDX-License-Identifier: Apache-2.0
//! Measures what a change set of many files costs: comparing, keeping and undoing.
//!
//! `cargo run --release -p moat-sandbox --example many_changes -- DIRECTORY [FILES]` makes a tree
//! and a session in the new directory DIRECTORY, in which half of FILES (100,000) are changed
//! and half are new, and prints one line for each step.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prepares its files itself and prints what it measures"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use moat_base::RealFs;
use moat_files::{DirTree, Root, Selection, SessionFiles};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().expect("a directory that does not exist yet");
    let files: usize = arguments.next().map_or(100_000, |count| count.parse().unwrap());
    let place = Path::new(&place);
    let (project, upper) = (place.join("project"), place.join("session/upper"));
    let mut session = step("prepare", || {
        for directory in 0..files / 1000 {
            fill(&project.join(format!("d{directory}")), 0..500, "before\n");
        }
        std::fs::create_dir_all(&upper).unwrap();
        let session = SessionFiles::create(Arc::new(RealFs), &place.join("session")).unwrap();
        for directory in 0..files / 1000 {
            fill(&upper.join(format!("d{directory}")), 0..1000, "after\n");
        }
        session
    });
    let real = DirTree::new(Root::open(&project).unwrap());
    let uppers = [DirTree::new(Root::open(&upper).unwrap())];
    let set = step("compare", || session.changes(&real, &uppers, &[]).unwrap());
    let again = step("compare again", || session.changes(&real, &uppers, &[]).unwrap());
    assert_eq!((set.changes.len(), again.changes.len()), (files, files));
    let kept = step("keep", || session.keep(&real, &set, &Selection::Edits).unwrap());
    step("undo", || session.undo(&real, kept.number).unwrap());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let memory = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    println!("{memory}");
}

fn fill(directory: &Path, names: std::ops::Range<usize>, text: &str) {
    std::fs::create_dir_all(directory).unwrap();
    for name in names {
        std::fs::write(directory.join(format!("f{name}")), format!("{name} {text}")).unwrap();
    }
}

fn step<T>(name: &str, act: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let made = act();
    println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    made
}
