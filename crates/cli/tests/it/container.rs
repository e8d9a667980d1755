// SPDX-License-Identifier: Apache-2.0
//! A machine whose files all lie on an overlay, as those of most containers do. Another
//! overlay's changes cannot lie there, so they lie in memory, or the session works on a copy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{
    Ended, Home, RIGHT, Running, WRONG, always, right, running_as, snapshot, until,
};

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

    /// Runs `moat` where the machine's memory can take changes.
    fn run(&self, arguments: &[&str]) -> Ended {
        self.run_in("true", arguments)
    }

    /// Runs `moat` where no memory can.
    fn run_without_memory(&self, arguments: &[&str]) -> Ended {
        self.run_in("mount --bind \"$2\" /dev/shm", arguments)
    }

    fn run_in(&self, first: &str, arguments: &[&str]) -> Ended {
        let script = format!(
            "mount -t overlay container -o \
             \"lowerdir=$1,upperdir=$2/upper,workdir=$2/work,userxattr\" \"$1\" && {first} && \
             cd \"$1/work/project\" && shift 2 && exec \"$@\""
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

    /// The place in memory of the only session.
    fn place(&self) -> Option<PathBuf> {
        let sessions = self.changes.path().join("upper/state/moat/sessions");
        let mut entries = fs::read_dir(sessions).ok()?.flatten().map(|entry| entry.path());
        let pointer =
            entries.find_map(|path| fs::read_to_string(path.join("upper.memory")).ok())?;
        let pointer: serde_json::Value = serde_json::from_str(&pointer).ok()?;
        pointer["place"].as_str().map(PathBuf::from)
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place() {
            // It would stay in memory until the machine restarts.
            let _gone = fs::remove_dir_all(place);
        }
    }
}

/// Whether there can be an overlay over an overlay here, and memory for its changes.
fn is_told_in(ended: &Ended, text: &str) -> bool {
    let unable = ["unshare:", "mount:", "MiB of room, and"];
    if let Some(why) =
        unable.iter().find(|why| ended.err.contains(**why) || ended.out.contains(**why))
    {
        println!("not run: this machine has no room for it ({why}): {}", ended.err);
        return false;
    }
    ended.says(text);
    true
}

#[test]
fn a_repair_works_where_the_changes_have_to_lie_in_memory() {
    let home = Home::new(always(right()));
    let container = Container::new(&home);
    let before = snapshot(&home.project());
    let done = container.run(&["exec", "fix total"]);
    if !is_told_in(&done, "the session's changes lie in memory (`/dev/shm`") {
        return;
    }
    done.code(0).says("solved").says("they are lost when the machine restarts");
    assert!(!format!("{}{}", done.out, done.err).contains("copy of its start"), "{done:?}");
    let place = container.place().unwrap();
    assert!(place.starts_with("/dev/shm") && place.join("upper/calc.py").exists(), "{place:?}");
    assert_eq!(container.calc(), WRONG, "the tree is touched before anything is kept");
    container.run(&["session", "show"]).code(0).says("hunk 1").says("lie in memory");
    container.run(&["session", "keep"]).code(0);
    assert_eq!(container.calc(), RIGHT);
    container.run(&["session", "undo"]).code(0);
    assert_eq!(container.calc(), WRONG);
    // What a copied tree cannot: checkpoints of what commands do, and going back and forward.
    let work = ["session", "run", "--", "sh", "-c", "rm test_calc.py; echo n > new; ls -A"];
    assert_eq!(container.run(&work).code(0).out, "calc.py\nnew\n");
    container.run(&["session", "checkpoints"]).code(0).says("rm test_calc.py");
    container.run(&["session", "rewind", "--to", "1", "--code", "--yes"]).code(0);
    let look = ["session", "run", "--", "sh", "-c", "ls -A; cat calc.py"];
    let shown = container.run(&look);
    assert_eq!(shown.code(0).out, format!("calc.py\ntest_calc.py\n{WRONG}"));
    assert_eq!(snapshot(&home.project()), before, "the container wrote through its overlay");
    let sessions = container.run(&["session", "list"]);
    let id = sessions.code(0).out.split_whitespace().next().unwrap().to_owned();
    container.run(&["session", "rm", &id]).code(0);
    assert!(!place.exists(), "the place outlives its session");
}

#[test]
fn changes_that_went_with_the_memory_are_told_and_come_back_from_a_checkpoint() {
    let home = Home::new(always(right()));
    let container = Container::new(&home);
    let done = container.run(&["exec", "fix total"]);
    if !is_told_in(&done, "lie in memory") {
        return;
    }
    let remove = ["session", "run", "--", "sh", "-c", "rm test_calc.py; echo n > new"];
    container.run(&remove).code(0);
    let listed = container.run(&["session", "checkpoints", "--json"]);
    let last = listed.code(0).out.lines().count().to_string();
    // The machine restarts, and somebody else takes the name that was to be seen there.
    let place = container.place().unwrap();
    fs::remove_dir_all(&place).unwrap();
    if rustix::process::geteuid().is_root() {
        fs::create_dir_all(place.join("upper")).unwrap();
        fs::write(place.join("upper/calc.py"), "planted").unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::chown(&place, Some(12_345), None).unwrap();
    } else {
        println!("not run: only root can plant a directory of another user");
    }
    let look = ["session", "run", "--", "sh", "-c", "ls -A; cat calc.py"];
    let looked = container.run(&look);
    looked.code(0).says("is gone: it lay in memory, in `/dev/shm/moat-");
    assert_eq!(looked.out, format!("calc.py\ntest_calc.py\n{WRONG}"));
    let shown = container.run(&["session", "show"]);
    shown.code(0).says("is GONE with the memory that it lay in").says("pending nothing");
    let planted = place.join("upper/calc.py");
    assert!(!planted.exists() || fs::read_to_string(&planted).unwrap() == "planted");
    // Its directory is another now, so the planted one is nobody's concern any more.
    assert_ne!(container.place().unwrap(), place);
    let _not_planted = fs::remove_dir_all(&place);
    container.run(&["session", "keep"]);
    assert_eq!(container.calc(), WRONG, "nothing of it was kept");
    let tests = container.changes.path().join("upper/work/project/test_calc.py");
    assert!(!tests.exists(), "what is gone was taken for deleted");
    container.run(&["session", "rewind", "--to", &last, "--yes", "--code"]).code(0);
    container.run(&["session", "show"]).code(0).says("calc.py").says("test_calc.py").says("gone");
    container.run(&["session", "keep", "--path", "calc.py"]).code(0);
    assert_eq!(container.calc(), RIGHT);
}

#[test]
fn a_command_that_takes_too_much_of_the_memory_is_ended_and_the_bound_named() {
    let home = Home::new(always(right()));
    let container = Container::new(&home);
    let bound = ["--set", "limits.session_disk_mib=50"];
    let fill = "head -c 200000000 /dev/zero > big; sleep 98763.28";
    let tried = [bound.as_slice(), &["exec", "--check", fill, "fix total"]].concat();
    let ended = container.run(&tried);
    if !is_told_in(&ended, "lie in memory") {
        return;
    }
    ended.code(1).says("holds more than it may").says("limits.session_disk_mib");
    // The same in the session itself, which goes on.
    let worked = [bound.as_slice(), &["session", "run", "--", "sh", "-c", fill]].concat();
    assert_ne!(container.run(&worked).status.code(), Some(0));
    assert!(container.place().unwrap().join("upper/big").exists());
    until("nothing is left", || running_as("sleep 98763.28").is_empty());
    container.run(&["session", "run", "--", "rm", "big"]).code(0);
    container.run(&["session", "show"]).code(0).says("pending nothing");
}

#[test]
fn a_repair_works_on_a_copy_where_no_overlay_can_be_laid() {
    let home = Home::new(always(right()));
    let container = Container::new(&home);
    let before = snapshot(&home.project());
    let done = container.run_without_memory(&["exec", "fix total"]);
    if done.err.contains("unshare:") || done.err.contains("mount:") {
        println!("not run: no overlay can be made in a user namespace here: {}", done.err);
        return;
    }
    done.code(0)
        .says("solved")
        .says("no copy-on-write is possible here")
        .says("not in memory: `/dev/shm`: it is not memory");
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
    for told in ["a copy of its start", "lie in memory"] {
        assert!(!shown.out.contains(told), "{}", shown.out);
    }
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
