// SPDX-License-Identifier: Apache-2.0
//! Measures what a change set of many files costs, and sees that none is forgotten: comparing,
//! keeping and undoing.
//!
//! `cargo run --release -p moat-sandbox --example many_changes -- DIRECTORY [FILES]` makes a tree
//! and a session in the new directory DIRECTORY, in which half of FILES (100,000) are changed
//! and half are new, and prints one line for each step. It fails where a change is missing from
//! the set, is not kept, or is not undone to the byte and the mode.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prepares its files itself and prints what it measures"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use moat_base::RealFs;
use moat_files::{ChangeKind, DirTree, KeepStep, Outcome, Root, Selection, SessionFiles};

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
    let before = texts(&project);
    let wanted = texts(&upper);
    let real = DirTree::new(Root::open(&project).unwrap());
    let uppers = [DirTree::new(Root::open(&upper).unwrap())];
    let set = step("compare", || session.changes(&real, &uppers, &[]).unwrap());
    let again = step("compare again", || session.changes(&real, &uppers, &[]).unwrap());
    assert_eq!((set.changes.len(), again.changes.len()), (files, files));
    assert!(!set.truncated && set.left_out.is_empty(), "{:?}", set.left_out.first());
    let created = set.changes.iter().filter(|it| it.kind == ChangeKind::Created).count();
    let changed = set.changes.iter().filter(|it| it.kind == ChangeKind::Modified).count();
    assert_eq!((created, changed), (files / 2, files / 2));
    let kept = step("keep", || session.keep(&real, &set, &Selection::Edits).unwrap());
    let failed = |it: &&KeepStep| it.outcome != Outcome::Done;
    assert_eq!(kept.steps.iter().find(failed), None);
    assert!(texts(&project) == wanted, "not everything was kept");
    let pending = session.changes(&real, &uppers, &[]).unwrap();
    assert_eq!(pending.changes.first(), None);
    let undone = step("undo", || session.undo(&real, kept.number).unwrap());
    assert_eq!(undone.steps.iter().find(|it| it.outcome != Outcome::Undone), None);
    assert!(texts(&project) == before, "not everything was taken back");
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

/// Every file below a directory, with its mode and its text.
fn texts(root: &Path) -> BTreeMap<PathBuf, (u32, String)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                waiting.push(path);
            } else {
                let mode = entry.metadata().unwrap().permissions().mode();
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root).unwrap().to_owned(), (mode, text));
            }
        }
    }
    found
}

fn step<T>(name: &str, act: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let made = act();
    println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    made
}
