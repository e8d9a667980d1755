// SPDX-License-Identifier: Apache-2.0
//! The user works in the tree while a session does.
//!
//! A user edits at random (the numbers are the same each time) while a build runs in the
//! session; between builds the session changes files too, and now and then its changes are
//! kept. After each round a command of the session must see exactly the session's changes
//! over the tree of that moment, and after each keep everything of the user's must be there.
//! The control leaves the mount as it is: then commands see old files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{RealFs, TreePath};
use moat_files::{ChangeSet, Class, DirTree, KeepRecord, Outcome, Root, Selection, SessionFiles};
use moat_sandbox::{Launcher, Live, Sandbox};

use crate::support::{Scratch, shell};

const EDITS: usize = 1_000;
const EDITS_EACH_ROUND: usize = 10;
const SEED: u64 = 0x5eed;

/// Small numbers, the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).unwrap() % bound
    }

    fn pick<'all, T>(&mut self, all: &'all [T]) -> &'all T {
        &all[self.below(all.len())]
    }
}

/// The text of every file by its path, without git's own and what the build makes.
type Texts = BTreeMap<String, String>;

fn texts(root: &Path) -> Texts {
    let mut texts = Texts::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if matches!(name.as_str(), ".git" | "out") {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                texts.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    texts
}

/// What a command of the session sees; one process reads all files. None of them is empty.
fn look(sandbox: &Sandbox) -> Texts {
    let script =
        "find . -path ./.git -prune -o -path ./out -prune -o -type f -exec grep -H '' {} +";
    let shown = shell(sandbox, script).succeeded().output;
    let mut texts = Texts::new();
    for line in shown.split_inclusive('\n') {
        let (name, text) = line.split_once(':').unwrap();
        texts.entry(name.trim_start_matches("./").to_owned()).or_default().push_str(text);
    }
    texts
}

/// The user, with the tree and an editor.
struct User {
    tree: PathBuf,
    dice: Dice,
    edits: usize,
}

impl User {
    fn git(&self, arguments: &[&str]) {
        let done = std::process::Command::new("git")
            .args(["-c", "user.name=u", "-c", "user.email=u@localhost", "-c", "gc.auto=0"])
            .args(arguments)
            .current_dir(&self.tree)
            .env("HOME", &self.tree)
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?} {done:?}");
    }

    fn prepare(&self) {
        for directory in ["src", "src/deep", "lib", "doc"] {
            std::fs::create_dir_all(self.tree.join(directory)).unwrap();
            for number in 0..6 {
                let name = format!("{directory}/f{number}");
                let text: String = (0..30).map(|line| format!("{name} {line}\n")).collect();
                std::fs::write(self.tree.join(&name), text).unwrap();
            }
        }
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", "first"]);
        self.git(&["checkout", "-q", "-b", "other"]);
        std::fs::remove_dir_all(self.tree.join("doc")).unwrap();
        for name in ["src/f1", "lib/f2", "lib/new"] {
            let text: String = (0..30).map(|line| format!("other {name} {line}\n")).collect();
            std::fs::write(self.tree.join(name), text).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "other"]);
        self.git(&["checkout", "-q", "main"]);
    }

    fn edit(&mut self) {
        self.edits += 1;
        let names: Vec<String> = texts(&self.tree).into_keys().collect();
        let token = format!("user {}\n", self.edits);
        let (edits, some) = (self.edits, !names.is_empty());
        let name = if some { self.dice.pick(&names).clone() } else { format!("n{edits}") };
        let path = self.tree.join(&name);
        let made = self.tree.join(format!("made{}", self.dice.below(4)));
        match self.dice.below(12) {
            0..=2 if some => std::fs::write(&path, self.changed(&path, &token)).unwrap(),
            3..=5 if some => {
                // As editors save.
                let aside = path.with_extension("swap");
                std::fs::write(&aside, self.changed(&path, &token)).unwrap();
                std::fs::rename(&aside, &path).unwrap();
            }
            6 if some => std::fs::remove_file(&path).unwrap(),
            7 if some => std::fs::rename(&path, path.with_extension(edits.to_string())).unwrap(),
            8 if made.exists() => std::fs::remove_dir_all(&made).unwrap(),
            9 if made.exists() => {
                std::fs::rename(&made, self.tree.join(format!("moved{edits}"))).unwrap();
            }
            10 if edits.is_multiple_of(3) => {
                let branch = *self.dice.pick(&["main", "other"]);
                self.git(&["checkout", "-q", "-f", branch]);
            }
            _ => {
                std::fs::create_dir_all(made.join("sub")).unwrap();
                std::fs::write(made.join(format!("sub/n{edits}")), token).unwrap();
            }
        }
    }

    /// The text of a file with one line more.
    fn changed(&mut self, path: &Path, token: &str) -> String {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let at = self.dice.below(lines.len() + 1);
        lines.insert(at, token);
        lines.concat()
    }
}

/// The session and what it has changed: the text of a path, `None` for nothing.
struct Agent {
    live: Live,
    files: SessionFiles,
    real: DirTree,
    upper: PathBuf,
    dice: Dice,
    changes: BTreeMap<String, Option<String>>,
    joined: usize,
    conflicts: usize,
    renewals: usize,
}

impl Agent {
    fn new(scratch: &Scratch, launcher: Arc<Launcher>) -> Self {
        let root = || Root::open(&scratch.project).unwrap().without_mounts();
        let record = scratch.upper().with_file_name("files");
        Self {
            live: Live::start(launcher, scratch.plan(), Arc::new(root())).unwrap(),
            files: SessionFiles::create(Arc::new(RealFs), &record).unwrap(),
            real: DirTree::new(root()),
            upper: scratch.upper(),
            dice: Dice(SEED + 1),
            changes: BTreeMap::new(),
            joined: 0,
            conflicts: 0,
            renewals: 0,
        }
    }

    fn sandbox(&self) -> &Sandbox {
        self.live.sandbox().unwrap()
    }

    fn set(&mut self) -> ChangeSet {
        let upper = DirTree::new(Root::open(&self.upper).unwrap());
        self.files.changes(&self.real, &[upper], &[]).unwrap()
    }

    fn follow(&mut self) {
        if self.live.is_stale() {
            self.renewals += 1;
            let upper = DirTree::new(Root::open(&self.upper).unwrap());
            let (files, real) = (&mut self.files, &self.real);
            self.live.renew(|| files.give_way(real, &upper).unwrap()).unwrap();
        }
    }

    /// The session's changes over the user's tree.
    fn expected(&self) -> Texts {
        let mut expected = texts(self.real.root().path());
        for (path, text) in &self.changes {
            match text {
                Some(text) => expected.insert(path.clone(), text.clone()),
                None => expected.remove(path),
            };
        }
        expected
    }

    fn sees_what_it_should(&self, round: usize, when: &str) {
        let (shown, expected) = (look(self.sandbox()), self.expected());
        let names: BTreeSet<&String> = shown.keys().chain(expected.keys()).collect();
        for name in names {
            let sides = (shown.get(name), expected.get(name));
            assert_eq!(sides.0, sides.1, "{name} in round {round} {when}, seed {SEED:#x}");
        }
    }

    /// Changes, makes, moves and removes files by a command.
    fn work(&mut self, round: usize) {
        let seen = self.expected();
        let names: Vec<&String> = seen.keys().collect();
        let mut script = "set -e\n".to_owned();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for step in 0..3 {
            let name = (*self.dice.pick(&names)).as_str();
            if !done.insert(name) {
                continue;
            }
            let text = &seen[name];
            let line = format!("session {round} {step}\n");
            let change = match self.dice.below(8) {
                0..=4 => {
                    let at = self.dice.below(text.lines().count()) + 1;
                    let mut all: Vec<&str> = text.split_inclusive('\n').collect();
                    all.insert(at, &line);
                    script.push_str(&format!("sed -i '{at}a session {round} {step}' '{name}'\n"));
                    Some(all.concat())
                }
                5 => {
                    script.push_str(&format!("rm '{name}'\n"));
                    None
                }
                6 => {
                    let goal = format!("by-session-{round}-{step}");
                    script.push_str(&format!("mv '{name}' {goal}\n"));
                    self.changes.insert(goal, Some(text.clone()));
                    None
                }
                _ => {
                    script.push_str(&format!("echo 'session {round} {step}' >>'{name}'\n"));
                    Some(format!("{text}{line}"))
                }
            };
            self.changes.insert(name.to_owned(), change);
        }
        shell(self.sandbox(), &script).succeeded();
    }

    /// Keeps everything; what is in conflict is then dropped from the session.
    fn keep(&mut self) {
        let before = texts(self.real.root().path());
        let set = self.set();
        let record = self.files.keep(&self.real, &set, &Selection::Edits).unwrap();
        self.joined += record.steps.iter().filter(|step| step.merge.is_some()).count();
        self.judge(&before, &set, &record);
        self.follow();
        let set = self.set();
        let conflicts = set.changes.iter().filter(|change| change.conflict.is_some());
        let conflicts: Vec<TreePath> = conflicts.map(|change| change.path.clone()).collect();
        self.conflicts += conflicts.len();
        if !conflicts.is_empty() {
            let root = self.sandbox().root().try_clone_to_owned().unwrap();
            let session = DirTree::cached(Root::from_fd(root, self.upper.clone()).unwrap());
            let dropped = Selection::Paths(conflicts);
            for step in self.files.discard(&session, &set, &dropped).unwrap() {
                let is_dropped = matches!(step.outcome, Outcome::Done | Outcome::AlreadyThere);
                assert!(is_dropped, "{step:?}");
            }
        }
        self.changes.clear();
    }

    /// Nothing of the user's was lost or overwritten, and what was not kept is a conflict.
    fn judge(&self, before: &Texts, set: &ChangeSet, record: &KeepRecord) {
        let after = texts(self.real.root().path());
        let outcome = |name: &str| {
            record.steps.iter().find(|step| step.path.to_string() == name).map(|it| &it.outcome)
        };
        for (name, text) in before {
            if after.get(name) == Some(text) {
                continue;
            }
            assert_eq!(outcome(name), Some(&Outcome::Done), "{name} changed without being kept");
            let change = set.find(&TreePath::parse(name).unwrap()).unwrap();
            let seen = change.before.as_ref().unwrap().blob.unwrap();
            let seen = self.files.blobs().get(&seen).unwrap();
            assert_eq!(seen, text.as_bytes(), "{name}: something newer was overwritten");
            // Lines that the user wrote go only with a file that the session removed as the
            // user has it.
            if let Some(after) = after.get(name) {
                for line in text.lines().filter(|line| line.starts_with("user ")) {
                    assert!(after.lines().any(|it| it == line), "{name} lost `{line}`");
                }
            }
        }
        for change in &set.changes {
            let name = change.path.to_string();
            let as_shown = match outcome(&name) {
                Some(Outcome::Conflict { .. }) => change.conflict.is_some(),
                Some(Outcome::Done | Outcome::AlreadyThere) => change.conflict.is_none(),
                _ => change.class != Class::Edit,
            };
            assert!(as_shown, "{change:?} {:?}", outcome(&name));
        }
    }
}

fn prepared() -> (Scratch, User) {
    let scratch = Scratch::new();
    let user = User { tree: scratch.project.clone(), dice: Dice(SEED), edits: 0 };
    user.prepare();
    (scratch, user)
}

#[test]
fn a_user_who_edits_while_a_build_runs_loses_nothing_and_nothing_is_stale() {
    let (scratch, mut user) = prepared();
    let mut agent = Agent::new(&scratch, Arc::new(scratch.launcher()));
    for round in 0..EDITS / EDITS_EACH_ROUND {
        std::thread::scope(|scope| {
            scope.spawn(|| (0..EDITS_EACH_ROUND).for_each(|_| user.edit()));
            // A file may vanish while it is read.
            shell(agent.sandbox(), "mkdir -p out && cat $(find . -type f) >out/all 2>&1; true");
        });
        agent.follow();
        agent.sees_what_it_should(round, "after the user's edits");
        agent.work(round);
        agent.sees_what_it_should(round, "after its own");
        // Not always, so that some changes have no certain base.
        if round % 3 != 0 {
            agent.set();
        }
        if round % 4 == 3 {
            agent.keep();
            agent.follow();
            agent.sees_what_it_should(round, "after the keep");
        }
    }
    assert_eq!(user.edits, EDITS);
    assert!(agent.joined > 0 && agent.conflicts > 0, "{} {}", agent.joined, agent.conflicts);
    println!(
        "{EDITS} edits: {} fresh mounts, {} joined, {} conflicts shown",
        agent.renewals, agent.joined, agent.conflicts
    );
}

#[test]
fn without_a_fresh_mount_commands_see_old_files() {
    let (scratch, mut user) = prepared();
    let agent = Agent::new(&scratch, Arc::new(scratch.launcher()));
    assert_eq!(look(agent.sandbox()), agent.expected());
    let path = user.tree.join("src/f0");
    let aside = user.tree.join("aside");
    std::fs::write(&aside, user.changed(&path, "user\n")).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    assert_ne!(look(agent.sandbox())["src/f0"], agent.expected()["src/f0"], "the kernel forgot it");
    assert!(agent.live.is_stale());
}

#[test]
fn a_mount_is_kept_as_long_as_nothing_changes() {
    let (scratch, user) = prepared();
    let mut agent = Agent::new(&scratch, Arc::new(scratch.launcher()));
    assert!(!agent.live.is_stale(), "nothing was looked at");
    look(agent.sandbox());
    // The watch forms meanwhile; what changed before it was complete is not known.
    while agent.live.is_stale() {
        agent.follow();
        look(agent.sandbox());
        std::thread::yield_now();
    }
    let renewals = agent.renewals;
    for _ in 0..5 {
        look(agent.sandbox());
        agent.follow();
    }
    assert_eq!(agent.renewals, renewals);
    std::fs::write(user.tree.join("src/f0"), "written in place\n").unwrap();
    assert!(!agent.live.is_stale(), "an overlay shows the content that a file has by now");
    assert_eq!(look(agent.sandbox()), agent.expected());
    std::fs::remove_file(user.tree.join("src/f0")).unwrap();
    assert!(agent.live.is_stale());
}

#[test]
fn a_directory_put_in_the_place_of_the_workspace_is_not_mounted() {
    let (scratch, user) = prepared();
    let mut agent = Agent::new(&scratch, Arc::new(scratch.launcher()));
    look(agent.sandbox());
    std::fs::rename(&user.tree, user.tree.with_extension("old")).unwrap();
    std::fs::create_dir(&user.tree).unwrap();
    let error = agent.live.renew(|| {}).unwrap_err();
    let is_refused = matches!(error, moat_sandbox::Error::Start { .. } | moat_sandbox::Error::Gone);
    assert!(is_refused, "{error:?}");
    assert!(agent.live.sandbox().is_err() && agent.live.is_stale());
    std::fs::remove_dir(&user.tree).unwrap();
    std::fs::rename(user.tree.with_extension("old"), &user.tree).unwrap();
    agent.follow();
    assert_eq!(look(agent.sandbox()), agent.expected());
}
