// SPDX-License-Identifier: Apache-2.0
//! Commits that a session made come into the user's repository as checked objects and refs
//! of their own, and nothing else that the session wrote into `.git` is obeyed.
//!
//! The session's `.git` is written here into its upper directory, where a command in the
//! session would have written it; so it can hold anything that a file system can.

mod attack;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use moat_protocol::Event;

use crate::support::{Home, always, right};

/// A project under git, and a session over it.
struct Scene {
    home: Home,
    id: String,
}

/// Git as the user runs it, in this test's home; without anything of the machine's own.
fn git_in<S: AsRef<OsStr>>(
    home: &Home,
    git_dir: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Output {
    let mut command = Command::new("/usr/bin/git");
    home.enter(&mut command);
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "A U Thor")
        .env("GIT_AUTHOR_EMAIL", "author@example.com")
        .env("GIT_COMMITTER_NAME", "C O Mitter")
        .env("GIT_COMMITTER_EMAIL", "committer@example.com")
        .env("GIT_DIR", git_dir)
        .args(arguments);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether git can make repositories of a form.
fn knows(form: &str) -> bool {
    let place = tempfile::tempdir().unwrap();
    let mut command = Command::new("/usr/bin/git");
    command.env_clear().args(["init", "-q", form]).arg(place.path());
    command.output().unwrap().status.success()
}

/// Where a loose object lies in a repository.
fn loose(id: &str) -> String {
    let (directory, file) = id.split_at(2);
    format!("objects/{directory}/{file}")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

impl Scene {
    /// A repository with one commit on `main`, and a session over it.
    fn new() -> Self {
        Self::with(&[])
    }

    /// The same, made with further arguments to `git init`.
    fn with(init: &[&str]) -> Self {
        let home = Home::new(always(right()));
        let git_dir = home.project().join(".git");
        let begin = |arguments: &[&str]| text(&git_in(&home, &git_dir, arguments));
        begin(&[&["init", "-q", "-b", "main"], init].concat());
        begin(&["add", "."]);
        begin(&["commit", "-q", "-m", "first"]);
        home.run(["exec", "fix total"]).code(0);
        let id = home.sessions().remove(0);
        let scene = Self { home, id };
        copy(&scene.user_git(), &scene.session_git());
        scene
    }

    fn user_git(&self) -> PathBuf {
        self.home.project().join(".git")
    }

    /// The `.git` of the session, as it lies in its upper directory.
    fn session_git(&self) -> PathBuf {
        self.home.at(&format!("state/moat/sessions/{}/upper/.git", self.id))
    }

    fn user(&self, arguments: &[&str]) -> String {
        text(&git_in(&self.home, &self.user_git(), arguments))
    }

    fn session(&self, arguments: &[&str]) -> String {
        text(&git_in(&self.home, &self.session_git(), arguments))
    }

    /// Commits a file in the session on the branch that it is on; gives the commit's id.
    fn commit(&self, name: &str, content: &str, message: &str) -> String {
        let file = self.home.at("blob");
        fs::write(&file, content).unwrap();
        let blob = self.session(&["hash-object", "-w", "--no-filters", file.to_str().unwrap()]);
        let entry = format!("100644,{blob},{name}");
        self.session(&["update-index", "--add", "--cacheinfo", &entry]);
        let tree = self.session(&["write-tree"]);
        let parent = self.session(&["rev-parse", "HEAD"]);
        let commit = self.session(&["commit-tree", &tree, "-p", &parent, "-m", message]);
        self.session(&["update-ref", "HEAD", &commit]);
        commit
    }

    /// The ref to which a branch is taken.
    fn taken(&self, branch: &str) -> String {
        format!("refs/moat/{}/{branch}", self.id)
    }

    /// The refs of the user's repository, one `ID NAME` a line.
    fn refs(&self) -> String {
        self.user(&["for-each-ref", "--format=%(objectname) %(refname)"])
    }

    fn run(&self, arguments: &[&str]) -> crate::support::Ended {
        self.home.run(["session"].iter().chain(arguments))
    }
}

#[test]
fn commits_of_a_session_are_shown_taken_and_given_back() {
    let scene = Scene::new();
    let before = scene.refs();
    scene.run(&["commits"]).code(0).says("the session has no new commits");
    let evil = "second \u{1b}]52;c;aGk=\u{7}\u{202e}subject";
    let first = scene.commit("new.txt", "new\n", evil);
    let tip = scene.commit("dir/other.txt", "other\n", "third");

    let shown = scene.run(&["show"]);
    shown.code(0).says("main: 2 new commits in 7 objects").says("A U Thor <author@example.com>");
    shown.says(first.split_at(10).0).says("third").says("<U+001B>]52").says("<U+202E>subject");
    assert!(!shown.out.contains('\u{1b}') && !shown.out.contains('\u{202e}'));
    assert_eq!(scene.refs(), before, "looking takes nothing");

    scene.run(&["commits", "--keep"]).code(0).says("git merge moat/").says("no branch of yours");
    let reference = scene.taken("main");
    assert_eq!(scene.refs(), format!("{before}\n{tip} {reference}"));
    assert_eq!(scene.user(&["cat-file", "-p", &format!("{tip}:dir/other.txt")]), "other");
    scene.user(&["fsck", "--strict", "--no-dangling"]);
    // A second time there is nothing to do, and that says so.
    scene.run(&["commits"]).code(0).says("is taken already");
    scene.run(&["commits", "--keep"]).code(0).says("nothing");

    // More commits move the ref on; undo moves it back, and then away.
    let more = scene.commit("new.txt", "newer\n", "fourth");
    scene.run(&["commits", "--keep", "--branch", "main"]).code(0);
    assert_eq!(scene.user(&["rev-parse", &reference]), more);
    scene.run(&["commits", "--undo"]).code(0).says("again");
    assert_eq!(scene.user(&["rev-parse", &reference]), tip);
    scene.run(&["commits", "--undo"]).code(0).says("is removed");
    assert_eq!(scene.refs(), before);
    scene.run(&["commits", "--undo"]).code(0).says("no commits were taken");
    assert_eq!(scene.user(&["symbolic-ref", "HEAD"]), "refs/heads/main");
}

#[test]
fn what_a_command_commits_can_be_taken_and_given_back_after_going_back() {
    let scene = Scene::new();
    fs::remove_dir_all(scene.session_git()).unwrap();
    let before = scene.refs();
    let script = "echo x > x && git add x && git -c user.name=A -c user.email=a@example.com \
                  commit -q -m inside && git status --short";
    let run = |script: &str| scene.run(&["run", "--", "sh", "-c", script]);
    run(script).code(0);
    let tip = run("git rev-parse HEAD").code(0).out.trim().to_owned();
    scene.run(&["show"]).code(0).says("main: 1 new commit").says("inside");
    scene.run(&["commits", "--keep"]).code(0);
    assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), tip);
    // The session goes back to before the commit; what stands in the repository stays, and
    // can still be given back.
    scene.run(&["rewind", "--to", "1", "--yes"]).code(0);
    scene.run(&["commits"]).code(0).says("the session has no new commits");
    assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), tip);
    scene.run(&["commits", "--undo"]).code(0).says("is removed");
    assert_eq!(scene.refs(), before);
}

#[test]
fn repositories_of_every_form_are_served() {
    let reftable = "--ref-format=reftable";
    for init in [["--object-format=sha256"], [reftable]] {
        if init == [reftable] && !knows(reftable) {
            println!("not run: this git has no reftable");
            continue;
        }
        let scene = Scene::with(&init);
        let tip = scene.commit("new.txt", "new\n", "second");
        scene.run(&["commits", "--keep"]).code(0).says("git merge moat/");
        assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), tip, "{init:?}");
        scene.run(&["commits", "--undo"]).code(0).says("is removed");
        scene.user(&["fsck", "--strict", "--no-dangling"]);
    }
    // One that is cut off: what it does not have is not asked for.
    let scene = Scene::new();
    let first = scene.user(&["rev-parse", "HEAD"]);
    let tree = scene.user(&["rev-parse", "HEAD^{tree}"]);
    let second = scene.user(&["commit-tree", &tree, "-p", &first, "-m", "second"]);
    scene.user(&["update-ref", "HEAD", &second]);
    fs::write(scene.user_git().join("shallow"), format!("{second}\n")).unwrap();
    fs::remove_file(scene.user_git().join(loose(&first))).unwrap();
    fs::remove_dir_all(scene.session_git()).unwrap();
    copy(&scene.user_git(), &scene.session_git());
    scene.commit("new.txt", "new\n", "third");
    scene.run(&["commits", "--keep"]).code(0).says("git merge moat/");
}

#[test]
fn branches_are_chosen_by_name_and_json_carries_everything() {
    let scene = Scene::new();
    let start = scene.session(&["rev-parse", "HEAD"]);
    let main = scene.commit("a.txt", "a\n", "on main");
    scene.session(&["symbolic-ref", "HEAD", "refs/heads/side/one"]);
    scene.session(&["update-ref", "refs/heads/side/one", &start]);
    let side = scene.commit("b.txt", "b\n", "on the side");
    scene.session(&["update-ref", "--no-deref", "HEAD", &start]);
    let loose = scene.commit("c.txt", "c\n", "on no branch");

    scene.session(&["update-ref", "refs/tags/v1", &start]);
    let done = scene.run(&["commits", "--json"]);
    let Event::CommitsPending(commits) = done.code(0).last_event() else { panic!("{done:?}") };
    let found: Vec<_> =
        commits.branches.iter().map(|it| (it.name.as_str(), it.tip.as_str(), it.commits)).collect();
    let expected = [("main", main.as_str(), 1), ("side/one", &side, 1), ("HEAD", &loose, 1)];
    assert_eq!(found, expected);
    assert_eq!(commits.branches[0].before.as_deref(), Some(start.as_str()));
    let others: Vec<_> = commits.others.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(others, ["HEAD", "refs/tags/v1"]);

    scene
        .run(&["commits", "--keep", "--branch", "nothing"])
        .code(2)
        .reports("no new commits on a branch `nothing`", "moat session commits");
    let done = scene.run(&["commits", "--keep", "--branch", "side/one", "--json"]);
    let Event::CommitsTaken { taken, refused } = done.code(0).last_event() else {
        panic!("{done:?}")
    };
    assert_eq!((taken.len(), refused.len()), (1, 0));
    assert_eq!(taken[0].reference, scene.taken("side/one"));
    assert!(!scene.refs().contains(&main) && scene.refs().contains(&side));
    scene.run(&["commits", "--keep"]).code(0);
    assert!(scene.refs().contains(&main) && scene.refs().contains(&loose));
}

#[test]
fn history_that_was_rewritten_after_it_was_taken_is_not_forced() {
    let scene = Scene::new();
    let start = scene.session(&["rev-parse", "HEAD"]);
    let one = scene.commit("a.txt", "one\n", "one");
    scene.run(&["commits", "--keep"]).code(0);
    scene.session(&["update-ref", "HEAD", &start]);
    scene.commit("a.txt", "two\n", "two");
    scene.run(&["commits", "--keep"]).code(1).says("the session has rewritten it since");
    assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), one);
    // A ref that the user moved is the user's.
    scene.user(&["update-ref", &scene.taken("main"), &start]);
    scene.run(&["commits", "--undo"]).code(1).says("was moved since");
    assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), start);
}

#[test]
fn a_take_that_died_is_settled_from_the_refs() {
    let scene = Scene::new();
    let tip = scene.commit("a.txt", "one\n", "one");
    scene.run(&["commits", "--keep"]).code(0);
    // The process died before it could store what came of it.
    let file = scene.home.session_file();
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines[lines.len() - 1].contains("commits_taken"), "{}", lines[lines.len() - 1]);
    let cut = format!("{}\n", lines[..lines.len() - 1].join("\n"));
    fs::write(&file, &cut).unwrap();
    scene.run(&["commits"]).code(0).says("it had happened");
    scene.run(&["commits", "--undo"]).code(0).says("is removed");
    // It died before anything of it was to be seen.
    fs::write(&file, &cut).unwrap();
    scene.run(&["commits"]).code(0).says("left nothing behind").says("main: 1 new commit");
    scene.run(&["commits", "--keep"]).code(0);
    assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), tip);
}

#[test]
fn a_repository_that_lies_elsewhere_is_named_and_left_alone() {
    let scene = Scene::new();
    scene.commit("a.txt", "one\n", "one");
    let elsewhere = scene.home.at("elsewhere.git");
    fs::rename(scene.user_git(), &elsewhere).unwrap();
    scene.home.put(".git", format!("gitdir: {}\n", elsewhere.display()));
    scene.run(&["commits"]).code(5).says("not a repository's own directory");
    scene.run(&["commits", "--keep"]).code(2).reports("cannot be taken", "moat session keep");
    scene.run(&["show"]).code(0).says("commits of the session cannot be looked at");
    fs::remove_file(scene.user_git()).unwrap();
    scene.run(&["commits"]).code(5).says("it does not exist");
    // A configuration of the session that git cannot read is an answer, too.
    fs::rename(&elsewhere, scene.user_git()).unwrap();
    fs::write(scene.session_git().join("config"), "[broken").unwrap();
    scene.run(&["commits"]).code(5).says("bad config");
}

#[test]
fn more_than_the_limit_is_refused() {
    let scene = Scene::new();
    let before = scene.refs();
    scene.session(&["config", "core.compression", "0"]);
    let mut seed = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()
    })
    .take(129 << 17)
    .flatten()
    .collect();
    let file = scene.home.at("noise");
    fs::write(&file, &noise).unwrap();
    let blob = scene.session(&["hash-object", "-w", file.to_str().unwrap()]);
    scene.session(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},noise")]);
    scene.commit("a.txt", "a\n", "large");
    scene.run(&["commits"]).code(5).says("printed more than the limit");
    assert_eq!(scene.refs(), before);
}
