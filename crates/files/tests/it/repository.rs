// SPDX-License-Identifier: Apache-2.0
//! No directory of the user's tree becomes a git repository, at once or over several keeps.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use moat_files::{Class, Outcome, Selection};

use crate::workspace::{Workspace, fifo, path, put};

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\
                      \tfsmonitor = \"touch PWNED;false\"\n";

/// How the session hides what was kept before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hiding {
    Ignored,
    Fifo,
}

/// What the session does before each of the three keeps.
fn turn(number: usize, docs: &Path, hiding: Hiding) {
    match number {
        1 => {
            put(docs, "objects/k", "k\n");
            put(docs, "config", CONFIG);
        }
        2 => {
            hide(docs, "objects", hiding);
            put(docs, ".gitignore", "objects\nrefs\n");
            put(docs, "HEAD", "ref: refs/heads/main\n");
        }
        _ => {
            hide(docs, "HEAD", hiding);
            put(docs, ".gitignore", "objects\nHEAD\n");
            put(docs, "refs/k", "k\n");
        }
    }
}

fn hide(docs: &Path, name: &str, hiding: Hiding) {
    let at = docs.join(name);
    if at.is_dir() {
        std::fs::remove_dir_all(&at).unwrap();
    } else {
        std::fs::remove_file(&at).unwrap();
    }
    if hiding == Hiding::Fifo {
        fifo(&at);
    }
}

/// Whether git runs what the configuration in `docs` names for somebody who asks it there.
fn is_fooled(tree: &Path) -> bool {
    let mut git = Command::new("git");
    git.arg("status").current_dir(tree.join("docs")).env("HOME", tree);
    git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("XDG_CONFIG_HOME");
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap());
    let _it_may_refuse = git.output().unwrap();
    tree.join("PWNED").exists()
}

#[test]
fn a_repository_does_not_come_together_over_several_keeps() {
    for hiding in [Hiding::Ignored, Hiding::Fifo] {
        let mut work = Workspace::new(|real| put(real, "docs/readme", "text\n"));
        for number in 1..=3 {
            turn(number, &work.session().join("docs"), hiding);
            put(&work.session(), &format!("docs/page-{number}"), "text\n");
            let set = work.changes();
            let real = work.real_tree();
            work.files.keep(&real, &set, &Selection::Edits).unwrap();
            // Also whoever names each path, and confirms all that is asked.
            let paths = set.changes.iter().map(|change| change.path.clone()).collect();
            let gate = work.files.gate(&real, &set, &[]).unwrap();
            let confirmed: Vec<_> = set
                .changes
                .iter()
                .filter_map(|change| {
                    let content = gate.touched(change).unwrap().confirmation?;
                    let by = "test".to_owned();
                    Some(moat_files::Confirmation { path: change.path.clone(), content, by })
                })
                .collect();
            let all = Selection::Paths(paths);
            work.files.keep_confirmed(&real, &set, &all, &confirmed).unwrap();
        }
        assert!(work.real().join("docs/page-1").exists(), "{hiding:?}: the first keep writes");
        let kept: Vec<_> = ["objects", "HEAD", "refs"]
            .into_iter()
            .filter(|name| work.real().join("docs").join(name).exists())
            .collect();
        assert_eq!(kept, ["objects"], "{hiding:?}");
        assert!(!is_fooled(&work.real()), "{hiding:?}");
    }
}

/// The control: what the three keeps would leave in the user's tree.
#[test]
fn without_the_check_git_would_be_fooled() {
    let tree = tempfile::tempdir().unwrap();
    put(tree.path(), "docs/config", CONFIG);
    put(tree.path(), "docs/objects/k", "k\n");
    put(tree.path(), "docs/HEAD", "ref: refs/heads/main\n");
    assert!(!is_fooled(tree.path()), "so far it is none");
    put(tree.path(), "docs/refs/k", "k\n");
    assert!(is_fooled(tree.path()));
}

#[test]
fn what_the_user_has_by_then_counts_right_before_each_write() {
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&["docs/objects/k"], &["docs/HEAD"], "docs/HEAD"),
        (&["docs/objects/k"], &["docs/refs/k"], "docs/refs"),
        (&["docs/Objects/k"], &["docs/head"], "docs/head"),
        (&["HEAD", "refs/k"], &["objects/k"], "objects"),
        (&["docs/HEAD", "docs/refs/k"], &["docs/hooks/x"], "docs/hooks"),
    ];
    for (users, sessions, refused) in cases {
        let mut work = Workspace::new(|real| put(real, "docs/readme", "text\n"));
        for name in sessions {
            put(&work.session(), name, "text\n");
        }
        put(&work.session(), "docs/page", "text\n");
        let set = work.changes();
        assert!(set.changes.iter().all(|change| change.class == Class::Edit), "{set:?}");
        for name in users {
            put(&work.real(), name, "text\n");
        }
        let real = work.real_tree();
        let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
        let outcomes: BTreeMap<_, _> =
            record.steps.iter().map(|step| (step.path.to_string(), &step.outcome)).collect();
        let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused { reason } if reason.contains("a repository"));
        assert!(is_refused(outcomes[refused]), "{outcomes:?}");
        assert_eq!(outcomes["docs/page"], &Outcome::Done);
        for name in sessions {
            assert!(!work.real().join(name).exists(), "{name}");
        }
    }
}

#[test]
fn taking_back_a_removal_does_not_complete_a_repository() {
    let mut work = Workspace::new(|real| put(real, "docs/HEAD", "text\n"));
    std::fs::remove_file(work.session().join("docs/HEAD")).unwrap();
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert!(record.is_complete(), "{record:?}");
    put(&work.real(), "docs/objects/k", "k\n");
    let undone = work.files.undo(&real, record.number).unwrap();
    assert!(undone.steps[0].not_undone.as_ref().unwrap().contains("a repository"));
    std::fs::remove_dir_all(work.real().join("docs/objects")).unwrap();
    let undone = work.files.undo(&real, record.number).unwrap();
    assert_eq!(undone.steps[0].outcome, Outcome::Undone);
}

#[test]
fn a_configuration_beside_a_part_of_a_repository_needs_a_confirmation() {
    let plain = "[default]\nregion = here\n";
    // The file, what it holds, what is beside it, and whether it is asked about.
    let cases = [
        ("docs/config", CONFIG, "docs/objects/k", true),
        ("docs/config", CONFIG, "docs/refs/k", true),
        ("docs/Config", "a=1\n[Include]\npath = x\n", "docs/HEAD", true),
        ("config", CONFIG, "objects/k", true),
        ("docs/config", plain, "docs/HEAD", false),
        ("docs/config", CONFIG, "docs/readme", false),
        ("docs/config.toml", CONFIG, "docs/HEAD", false),
        ("docs/config", CONFIG, "other/objects/k", false),
    ];
    for beside_is_kept in [true, false] {
        for (name, text, beside, expected) in cases {
            let case = format!("{name} {text:?} {beside} {beside_is_kept}");
            let mut work = Workspace::new(|real| {
                put(real, "a", "text\n");
                if beside_is_kept {
                    put(real, beside, "text\n");
                }
            });
            put(&work.session(), name, text);
            put(&work.session(), beside, "other\n");
            let set = work.changes();
            let real = work.real_tree();
            let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
            let step = record.steps.iter().find(|step| step.path == path(name)).unwrap();
            assert_eq!(step.confirmed.is_some(), expected, "{case}");
            assert_eq!(work.real().join(name).exists(), !expected, "{case}");
        }
    }
}

#[test]
fn ordinary_directories_have_names_of_a_repository() {
    let mut work = Workspace::new(|real| put(real, "game/objects/chair", "x\n"));
    let names = ["game/config", "game/index", "docs/HEAD", "objects/k", "refs/k", "web/modules/a"];
    for name in names {
        put(&work.session(), name, "text\n");
    }
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert!(record.is_complete(), "{record:?}");
    for name in names {
        assert!(work.real().join(name).exists(), "{name}");
    }
}
