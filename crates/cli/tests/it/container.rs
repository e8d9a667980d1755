// SPDX-License-Identifier: Apache-2.0
//! A machine whose files all lie on an overlay, as those of most containers do. Another
//! overlay's changes cannot lie there, so sessions work on a copy.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Ended, Home, RIGHT, Running, WRONG, always, right, snapshot};

/// A home that is seen through an overlay.
struct Container<'home> {
    home: &'home Home,
    changes: tempfile::TempDir,
}

impl<'home> Container<'home> {
    fn new(home: &'home Home) -> Self {
        let changes = tempfile::tempdir().unwrap();
        for name in ["upper", "work"] {
            fs::create_dir(changes.path().join(name)).unwrap();
        }
        Self { home, changes }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.run_in("cd \"$1/work/project\"", arguments)
    }

    fn run_in(&self, first: &str, arguments: &[&str]) -> Ended {
        let script = format!(
            "mount -t overlay container -o \
             \"lowerdir=$1,upperdir=$2/upper,workdir=$2/work,userxattr\" \"$1\" && {first} && \
             shift 2 && exec \"$@\""
        );
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
        command.arg(self.home.at("")).arg(self.changes.path()).arg(env!("CARGO_BIN_EXE_moat"));
        self.home.enter(command.args(arguments));
        Running::start(command).end()
    }

    /// The project's file as the container sees it.
    fn calc(&self) -> String {
        let changed = self.changes.path().join("upper/work/project/calc.py");
        fs::read_to_string(if changed.exists() { changed } else { self.original() }).unwrap()
    }

    fn original(&self) -> PathBuf {
        self.home.project().join("calc.py")
    }
}

#[test]
fn a_repair_works_on_a_copy_where_no_overlay_can_be_laid() {
    let home = Home::new(always(right()));
    let container = Container::new(&home);
    let before = snapshot(&home.project());
    let done = container.run(&["exec", "fix total"]);
    if done.err.contains("unshare") || done.err.contains("mount:") {
        println!("not run: no overlay can be made in a user namespace here: {}", done.err);
        return;
    }
    done.code(0).says("solved").says("no copy-on-write is possible here");
    assert_eq!(container.calc(), WRONG, "the tree is touched before anything is kept");
    container
        .run(&["session", "show"])
        .code(0)
        .says("calc.py")
        .says("hunk 1")
        .says("the session's files are a copy of its start");
    container.run(&["session", "keep"]).code(0);
    assert_eq!(container.calc(), RIGHT);
    container.run(&["session", "undo"]).code(0);
    assert_eq!(container.calc(), WRONG);
    assert_eq!(snapshot(&home.project()), before, "the container wrote through its overlay");
    // The control: on the plain files below, the same needs no copy.
    home.run(["exec", "fix total"]).code(0).says("solved");
    let shown = home.run(["session", "show"]);
    assert!(!shown.out.contains("a copy of its start"), "{}", shown.out);
}

#[test]
fn the_doctor_says_that_files_are_copied_where_no_overlay_can_be_laid() {
    let home = Home::new(always(right()));
    let container = Container::new(&home);
    let project = home.project().display().to_string();
    let done = container.run(&["doctor", "-C", &project]);
    if done.err.contains("unshare") || done.err.contains("mount:") {
        println!("not run: no overlay can be made in a user namespace here: {}", done.err);
        return;
    }
    done.code(0).says("overlay, mounted at").says("a copy: no overlay can be laid here");
    done.says("warning   sessions in this workspace work on a copy of it");
    // It was looked at, and not copied.
    assert_eq!(container.calc(), WRONG);
    let json = container.run(&["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["workspace"]["files"], "copy");
    // The control: on the plain files below, the same workspace needs no copy.
    let plain = home.run(["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&plain.out).unwrap();
    assert_eq!(report["workspace"]["files"], "overlay");
}
