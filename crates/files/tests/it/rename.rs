// SPDX-License-Identifier: Apache-2.0
//! Renames told from content.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::os::unix::fs::symlink;
use std::path::Path;

use moat_files::{ChangeSet, Rename, Selection};

use crate::workspace::{Workspace, chmod, path, put, snapshot};

/// `new <- old`, in the order of the new paths.
fn renames(set: &ChangeSet) -> Vec<String> {
    let mut found = Vec::new();
    for change in &set.changes {
        match &change.rename {
            Some(Rename::From(from, _)) => {
                found.push(format!("{} <- {from}", change.path));
                let other = set.find(from).unwrap();
                assert_eq!(other.rename, Some(Rename::To(change.path.clone())));
            }
            Some(Rename::To(_)) | None => {}
        }
    }
    found
}

fn text(name: &str) -> String {
    (0..20).map(|line| format!("{name} {line}\n")).collect()
}

#[test]
fn equal_and_similar_files_are_renames_and_others_are_not() {
    let mut work = Workspace::new(|real| {
        for name in ["plain", "edited", "rewritten", "src/a", "src/sub/b"] {
            put(real, name, text(name));
        }
        put(real, "empty", "");
        put(real, "copied", text("copied"));
        put(real, "run.sh", "#!/bin/sh\n");
        chmod(&real.join("run.sh"), 0o755);
        put(real, "data", b"\0binary");
        symlink("plain", real.join("link")).unwrap();
    });
    let at = work.session();
    let moved = |from: &str, to: &str| {
        let bytes = std::fs::read(at.join(from)).unwrap();
        put(&at, to, bytes);
        std::fs::remove_file(at.join(from)).unwrap();
    };
    for (from, to) in [("plain", "plain2"), ("data", "data2"), ("src/a", "lib/a")] {
        moved(from, to);
    }
    moved("src/sub/b", "lib/sub/b");
    moved("run.sh", "bin/run");
    chmod(&at.join("bin/run"), 0o755);
    moved("edited", "edited2");
    put(&at, "edited2", text("edited").replace("edited 3\n", "edited three\n"));
    moved("rewritten", "rewritten2");
    put(&at, "rewritten2", text("something else"));
    moved("empty", "empty2");
    put(&at, "copy", text("copied"));
    std::fs::remove_file(at.join("link")).unwrap();
    symlink("plain", at.join("link2")).unwrap();

    let set = work.changes();
    let expected = [
        "bin/run <- run.sh",
        "data2 <- data",
        "edited2 <- edited",
        "lib/a <- src/a",
        "lib/sub/b <- src/sub/b",
        "link2 <- link",
        "plain2 <- plain",
    ];
    assert_eq!(renames(&set), expected);
    let edited = set.find(&path("edited2")).unwrap();
    assert_eq!((edited.lines_added, edited.lines_removed), (1, 1), "shown against the old file");
    let shown = edited.unified(work.files.blobs()).unwrap();
    assert!(shown.starts_with("renamed from edited\n"), "{shown}");
    assert!(shown.contains("-edited 3\n+edited three\n"), "{shown}");
    assert_eq!(set.find(&path("plain2")).unwrap().hunks, []);

    let goal = snapshot(&at);
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert!(record.is_complete(), "{record:?}");
    assert_eq!(snapshot(&work.real()), goal, "modes and links are kept");
}

#[test]
fn of_many_equal_files_each_goes_to_one_of_its_own_name_first() {
    let licence = text("licence");
    let mut work = Workspace::new(|real| {
        for crate_name in ["a", "b", "c"] {
            put(real, &format!("{crate_name}/LICENCE"), &licence);
        }
        put(real, "copying", &licence);
    });
    let at = work.session();
    for gone in ["a", "b"] {
        std::fs::remove_dir_all(at.join(gone)).unwrap();
    }
    std::fs::remove_file(at.join("copying")).unwrap();
    for made in ["x/LICENCE", "x/OTHER", "y/LICENCE", "z"] {
        put(&at, made, &licence);
    }
    let expected = ["x/LICENCE <- a/LICENCE", "x/OTHER <- copying", "y/LICENCE <- b/LICENCE"];
    assert_eq!(renames(&work.changes()), expected);
}

#[test]
fn hunks_of_a_renamed_file_are_those_against_the_old_one() {
    let long = |second: &str, other: &str| {
        let mut text: Vec<String> = (0..40).map(|line| format!("line {line}\n")).collect();
        text[2] = second.to_owned();
        text[35] = other.to_owned();
        text.concat()
    };
    let mut work = Workspace::new(|real| {
        put(real, "old", long("2\n", "35\n"));
        chmod(&real.join("old"), 0o755);
    });
    let at = work.session();
    std::fs::rename(at.join("old"), at.join("new")).unwrap();
    put(&at, "new", long("two\n", "other\n"));
    let set = work.changes();
    assert_eq!(set.find(&path("new")).unwrap().hunks.len(), 2);
    let some = Selection::Hunks { path: path("new"), hunks: vec![1] };
    let real = work.real_tree();
    work.files.keep(&real, &set, &some).unwrap();
    let kept = &snapshot(&work.real())[Path::new("new")];
    assert_eq!(kept, &('f', 0o755, long("two\n", "35\n").into_bytes()));
    assert!(work.real().join("old").exists(), "the other half is a change of its own");
}
