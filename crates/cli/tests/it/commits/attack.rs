// SPDX-License-Identifier: Apache-2.0
//! What a session, or the repository itself, can hold in `.git` to fool git. Each has a
//! control: git without Moat's precautions does it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::{Scene, copy, git_in, loose, text};

/// A program that leaves a mark, and the mark.
struct Mark {
    program: String,
    at: PathBuf,
}

impl Mark {
    /// Makes a program at `place` that makes the file `at` and then fails.
    fn new(place: &Path, at: PathBuf) -> Self {
        let script = format!("#!/bin/sh\n: > '{}'\nexit 1\n", at.display());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, script).unwrap();
        fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
        Self { program: place.to_str().unwrap().to_owned(), at }
    }

    /// Whether it ran since it was last asked.
    fn ran(&self) -> bool {
        fs::remove_file(&self.at).is_ok()
    }
}

/// Everything that Moat does with commits.
fn all_of_it(scene: &Scene) -> Vec<crate::support::Ended> {
    let each: [&[&str]; 4] =
        [&["show"], &["commits", "--keep"], &["commits", "--undo"], &["commits", "--keep"]];
    each.into_iter().map(|arguments| scene.run(arguments)).collect()
}

#[test]
fn nothing_local_that_a_sessions_configuration_names_is_run() {
    configured(0..5);
}

#[test]
fn nothing_remote_that_a_sessions_configuration_names_is_run() {
    configured(5..9);
}

/// Tries some of the ways in which a repository's configuration names a program.
fn configured(which: std::ops::Range<usize>) {
    let scene = Scene::new();
    let tip = scene.commit("a.txt", "a\n", "one");
    let mark = Mark::new(&scene.home.at("evil/run"), scene.home.at("evil/mark"));
    let project = scene.home.project().to_str().unwrap().to_owned();
    let git_dir = scene.session_git();
    let config = git_dir.join("config");
    let clean = fs::read_to_string(&config).unwrap();
    let included = scene.home.at("evil/config");
    fs::write(&included, format!("[core]\nfsmonitor = {}\n", mark.program)).unwrap();
    let hook = git_dir.join("hooks/reference-transaction");
    let attributes = git_dir.join("info/attributes");
    let run = &mark.program;
    let remote = "[remote \"evil\"]\nfetch = +refs/heads/*:refs/evil/*\n";
    let place = git_dir.to_str().unwrap();
    // What is written, and what a user would have to do for it to run.
    let cases: [(String, Vec<&str>); 9] = [
        (format!("[core]\nfsmonitor = {run}\n"), vec!["--work-tree", &project, "status"]),
        (
            format!("[include]\npath = {}\n", included.display()),
            vec!["--work-tree", &project, "status"],
        ),
        (
            format!("[core]\nhooksPath = {}\n", hook.parent().unwrap().display()),
            vec!["update-ref", "refs/heads/other", &tip],
        ),
        (
            format!("[filter \"evil\"]\nclean = {run}\nrequired = true\n"),
            vec!["--work-tree", &project, "hash-object", "--path", "calc.py", "--stdin"],
        ),
        (format!("[diff]\nexternal = {run}\n"), vec!["diff", "HEAD~", "HEAD"]),
        (
            format!("[core]\nsshCommand = {run}\n{remote}url = ssh://nowhere.invalid/x\n"),
            vec!["fetch", "evil"],
        ),
        (format!("{remote}url = {place}\nuploadpack = {run}\n"), vec!["fetch", "evil"]),
        (
            format!("{remote}url = ext::{run}\n[protocol \"ext\"]\nallow = always\n"),
            vec!["fetch", "evil"],
        ),
        (
            format!(
                "[core]\nrepositoryFormatVersion = 1\n[extensions]\npartialClone = evil\n\
                 {remote}url = ext::{run}\npromisor = true\n[protocol \"ext\"]\nallow = always\n"
            ),
            vec!["cat-file", "-p", "0123456789012345678901234567890123456789"],
        ),
    ];
    Mark::new(&hook, mark.at.clone());
    fs::write(&attributes, "* filter=evil\n").unwrap();
    for (evil, control) in &cases[which] {
        fs::write(&config, format!("{clean}{evil}")).unwrap();
        let said = git_in(&scene.home, &git_dir, control);
        assert!(mark.ran(), "the control does nothing: {evil}\n{said:?}");
        scene.run(&["show"]).code(0).says("main: 1 new commit");
        scene.run(&["commits", "--keep"]).code(0);
        assert_eq!(scene.user(&["rev-parse", &scene.taken("main")]), tip, "{evil}");
        scene.run(&["commits", "--undo"]).code(0);
        assert!(!mark.ran(), "{evil}");
    }
    // The user's own repository has nothing of it.
    assert_eq!(fs::read_to_string(scene.user_git().join("config")).unwrap(), clean);
    assert!(!scene.user_git().join("hooks/reference-transaction").exists());
    assert!(!scene.user_git().join("info/attributes").exists());
}

#[test]
fn nothing_that_the_users_own_repository_names_is_run() {
    let scene = Scene::new();
    let tip = scene.commit("a.txt", "a\n", "one");
    // The mark lies where even the most that Moat lets git write would show it.
    let git_dir = scene.user_git();
    let mark = Mark::new(&git_dir.join("hooks/reference-transaction"), git_dir.join("mark"));
    let elsewhere = Mark::new(&git_dir.join("evil"), git_dir.join("mark"));
    let config = git_dir.join("config");
    let clean = fs::read_to_string(&config).unwrap();
    let run = &elsewhere.program;
    let evil = format!(
        "[core]\nfsmonitor = {run}\nalternateRefsCommand = {run}\nrepositoryFormatVersion = 1\n\
         [extensions]\npartialClone = evil\n[remote \"evil\"]\nurl = ext::{run}\npromisor = true\n\
         [protocol \"ext\"]\nallow = always\n"
    );
    fs::write(&config, format!("{clean}{evil}")).unwrap();
    let project = scene.home.project().to_str().unwrap().to_owned();
    let missing = "0123456789012345678901234567890123456789";
    let controls: [&[&str]; 3] = [
        &["update-ref", "refs/heads/other", "HEAD"],
        &["--work-tree", &project, "status"],
        &["cat-file", "-p", missing],
    ];
    for control in controls {
        git_in(&scene.home, &git_dir, control);
        assert!(mark.ran(), "the control does nothing: {control:?}");
    }
    for done in all_of_it(&scene) {
        done.code(0);
    }
    assert!(!mark.ran());
    let packed = fs::read_to_string(git_dir.join(scene.taken("main"))).unwrap();
    assert_eq!(packed.trim(), tip);
    // What is missing is not fetched from anywhere: the branch is refused.
    let tree = scene.session(&["rev-parse", "HEAD^{tree}"]);
    let orphan = scene.home.at("orphan");
    fs::write(
        &orphan,
        format!(
            "tree {tree}\nparent {missing}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n"
        ),
    )
    .unwrap();
    let place = orphan.to_str().unwrap();
    let commit = scene.session(&["hash-object", "-w", "--literally", "-t", "commit", place]);
    scene.session(&["update-ref", "refs/heads/orphan", &commit]);
    assert_ne!(scene.run(&["commits", "--keep"]).status.code(), Some(0));
    assert!(!mark.ran());
    assert!(!git_dir.join(scene.taken("orphan")).exists());
}

#[test]
fn objects_and_refs_from_outside_of_the_workspace_do_not_come_in() {
    // A repository that the session knows the way to and cannot see.
    let scene = Scene::new();
    let outside = scene.home.at("outside.git");
    copy(&scene.user_git(), &outside);
    let tree = text(&git_in(&scene.home, &outside, ["rev-parse", "HEAD^{tree}"]));
    let commit = ["commit-tree", &tree, "-p", "HEAD", "-m", "a secret"];
    let secret = text(&git_in(&scene.home, &outside, commit));
    text(&git_in(&scene.home, &outside, ["update-ref", "refs/heads/stolen", &secret]));
    let before = scene.refs();
    let clean = scene.home.at("clean.git");
    copy(&scene.session_git(), &clean);
    let renewed = || {
        fs::remove_dir_all(scene.session_git()).unwrap();
        copy(&clean, &scene.session_git());
    };
    let refused = |what: &str| {
        // The control: git that sees it all takes it for the session's.
        let copy = scene.home.at("control.git");
        text(&git_in(&scene.home, &copy, ["init", "-q", "--bare", copy.to_str().unwrap()]));
        let from = scene.session_git().to_str().unwrap().to_owned();
        let fetch = ["fetch", "-q", &from, "+refs/heads/*:refs/taken/*"];
        text(&git_in(&scene.home, &copy, fetch));
        let seen = text(&git_in(&scene.home, &copy, ["log", "--all", "--format=%s"]));
        assert!(seen.contains("a secret"), "{what}: {seen}");
        fs::remove_dir_all(copy).unwrap();
        for done in all_of_it(&scene) {
            assert!(!done.out.contains("a secret"), "{what}: {}", done.out);
        }
        assert_eq!(scene.refs(), before, "{what}");
        assert!(
            !git_in(&scene.home, &scene.user_git(), ["cat-file", "-e", &secret]).status.success()
        );
        renewed();
    };
    let at = |name: &str| scene.session_git().join(name);

    fs::create_dir_all(at("objects/info")).unwrap();
    let objects = format!("{}\n", outside.join("objects").display());
    fs::write(at("objects/info/alternates"), objects).unwrap();
    fs::write(at("refs/heads/stolen"), format!("{secret}\n")).unwrap();
    refused("alternates");

    fs::remove_dir_all(at("objects")).unwrap();
    symlink(outside.join("objects"), at("objects")).unwrap();
    fs::write(at("refs/heads/stolen"), format!("{secret}\n")).unwrap();
    refused("linked objects");

    fs::remove_dir_all(at("refs")).unwrap();
    symlink(outside.join("refs"), at("refs")).unwrap();
    fs::remove_dir_all(at("objects")).unwrap();
    symlink(outside.join("objects"), at("objects")).unwrap();
    refused("linked refs");

    fs::write(at("commondir"), format!("{}\n", outside.display())).unwrap();
    refused("commondir");

    fs::remove_dir_all(scene.session_git()).unwrap();
    fs::write(scene.session_git(), format!("gitdir: {}\n", outside.display())).unwrap();
    for done in all_of_it(&scene) {
        assert!(!done.out.contains("a secret"), "{}", done.out);
    }
    assert_eq!(scene.refs(), before, "a file in the place of `.git`");
}

#[test]
fn a_tree_that_would_write_into_git_is_refused() {
    let before = |scene: &Scene| scene.refs();
    for name in [".GIT", ".git", "git~1", ".gi\u{200c}t", "..", "a/b"] {
        let scene = Scene::new();
        let refs = before(&scene);
        let file = scene.home.at("blob");
        fs::write(&file, "[core]\nfsmonitor = evil\n").unwrap();
        let blob = scene.session(&["hash-object", "-w", file.to_str().unwrap()]);
        let tree = |mode: &str, name: &str, id: &str| {
            let mut bytes = format!("{mode} {name}\0").into_bytes();
            let digits = id.as_bytes().chunks(2);
            bytes.extend(
                digits.map(|it| u8::from_str_radix(str::from_utf8(it).unwrap(), 16).unwrap()),
            );
            fs::write(&file, bytes).unwrap();
            let place = file.to_str().unwrap().to_owned();
            scene.session(&["hash-object", "-w", "--literally", "-t", "tree", &place])
        };
        let inner = tree("100644", "config", &blob);
        let outer = tree("40000", name, &inner);
        let parent = scene.session(&["rev-parse", "HEAD"]);
        let commit = scene.session(&["commit-tree", &outer, "-p", &parent, "-m", "evil"]);
        scene.session(&["update-ref", "HEAD", &commit]);
        let same = format!("{parent}^{{tree}}");
        let good = scene.session(&["commit-tree", &same, "-p", &parent, "-m", "a good one"]);
        scene.session(&["update-ref", "refs/heads/good", &good]);

        // The control: an ordinary fetch takes it in.
        let copy = scene.home.at("control.git");
        text(&git_in(&scene.home, &copy, ["init", "-q", "--bare", copy.to_str().unwrap()]));
        let from = scene.session_git().to_str().unwrap().to_owned();
        text(&git_in(&scene.home, &copy, ["fetch", "-q", &from, "main:taken"]));

        let shown = scene.run(&["commits"]);
        shown.says("git refuses what the session committed").says("a good one");
        scene.run(&["commits", "--keep"]).code(0).says("the branch `main` is left");
        let taken = format!("{refs}\n{good} {}", scene.taken("good"));
        assert_eq!(scene.refs(), taken, "{name}: the other branch is not spoilt");
        let has = ["cat-file", "-e", &commit];
        assert!(!git_in(&scene.home, &scene.user_git(), has).status.success(), "{name}");
    }
}

#[test]
fn names_that_mean_something_else_are_refused_and_shown() {
    let scene = Scene::new();
    let before = scene.refs();
    let tip = scene.commit("a.txt", "a\n", "one");
    let start = scene.user(&["rev-parse", "HEAD"]);
    scene.session(&["update-ref", "HEAD", &start]);
    let heads = scene.session_git().join("refs/heads");
    // The control: git itself lists these.
    let listed = ["-x", "a\u{202e}b", "\u{200b}", "HEAD", "it's"];
    for name in listed {
        fs::write(heads.join(name), format!("{tip}\n")).unwrap();
    }
    let seen = scene.session(&["for-each-ref", "--format=%(refname)", "refs/heads/"]);
    for name in listed {
        assert!(seen.lines().any(|line| line == format!("refs/heads/{name}")), "{name:?}: {seen}");
    }
    // These it does not list; a ref of ours would leave its place.
    let packed = ["refs/heads/../../../x", "refs/heads/\u{1b}[31mred", "refs/heads/a..b"];
    let lines: String = packed.iter().map(|name| format!("{tip} {name}\n")).collect();
    fs::write(scene.session_git().join("packed-refs"), lines).unwrap();
    for done in all_of_it(&scene) {
        assert!(!done.out.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{:?}", done.out);
    }
    assert_eq!(scene.refs(), before);
    fs::remove_file(scene.session_git().join("packed-refs")).unwrap();
    let shown = scene.run(&["commits"]);
    shown.code(0).says("left    -x: ").says("a<U+202E>b: ").says("HEAD: ");
    scene
        .run(&["commits", "--keep", "--branch=-x"])
        .code(2)
        .reports("cannot be taken", "moat session commits");
    assert_eq!(scene.refs(), before);
}

#[test]
fn what_a_session_replaces_or_cuts_off_is_seen_as_it_is() {
    let scene = Scene::new();
    let start = scene.session(&["rev-parse", "HEAD"]);
    let evil = scene.commit("a.txt", "evil\n", "the true one");
    scene.session(&["update-ref", "HEAD", &start]);
    let good = scene.commit("b.txt", "good\n", "a harmless one");
    scene.session(&["update-ref", "HEAD", &evil]);
    scene.session(&["update-ref", &format!("refs/replace/{evil}"), &good]);
    assert!(scene.session(&["log", "-1", "--format=%s"]).contains("harmless"), "control");
    let shown = scene.run(&["commits"]);
    shown.code(0).says("the true one");
    assert!(!shown.out.contains("harmless"), "{}", shown.out);
    scene.run(&["commits", "--keep"]).code(0);
    assert!(!scene.refs().contains("refs/replace"), "{}", scene.refs());

    // History that ends where the session says so, and is not there.
    let refs = scene.refs();
    scene.session(&["update-ref", "-d", &format!("refs/replace/{evil}")]);
    let middle = scene.commit("c.txt", "middle\n", "middle");
    scene.commit("d.txt", "end\n", "end");
    fs::remove_file(scene.session_git().join(loose(&middle))).unwrap();
    let end = scene.session(&["rev-parse", "HEAD"]);
    fs::write(scene.session_git().join("shallow"), format!("{end}\n")).unwrap();
    assert_eq!(scene.session(&["rev-list", "--count", "HEAD"]), "1", "control");
    let done = scene.run(&["commits", "--keep"]);
    done.says("left");
    assert_eq!(scene.refs(), refs);
    scene.user(&["fsck", "--strict", "--no-dangling"]);
}
