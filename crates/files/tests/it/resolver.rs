// SPDX-License-Identifier: Apache-2.0
//! The resolver beside a model of what it should do, over generated trees (P-08).
//!
//! The model walks names one by one over what was planted; the resolver asks the kernel once.
//! Beside the tree lie siblings whose names begin like its own, and files of others. A plain
//! program that joins the same paths is the control: it must have come out often.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use moat_base::{Tree as _, TreeError, TreePath};
use moat_files::{DirTree, Expected, FileMode};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::workspace::{Raised, path, put, snapshot, tree};

/// What is planted at a path of the tree.
#[derive(Clone, Debug)]
enum Node {
    File,
    Directory,
    Link(String),
    /// A second name of a file outside.
    Hard,
}

/// Names that are prefixes, folds and forms of each other.
const NAMES: [&str; 8] = ["a", "A", "ab", "a.", "\u{e4}", "a\u{308}", "..a", "tree"];
/// The tree, and what lies beside it.
const ROOT: &str = "tree";
const OUTSIDE: [&str; 4] = ["tree2/a", "tree-a/a", "Tree/a", "a"];
const SECRET: &str = "of others";
/// Where links lead; `@` is the directory that holds the tree.
const TARGETS: [&str; 18] = [
    "a",
    "A",
    "ab",
    "a/..",
    "./a/./ab",
    "..",
    "../a",
    "../..",
    "../tree/a",
    "../tree2/a",
    "../tree-a/a",
    "a/../../tree2/a",
    "@/tree/a",
    "@/tree2/a",
    "@/a",
    "/",
    "a/",
    "none",
];

type Planted = BTreeMap<Vec<String>, Node>;

fn names(max: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1..=max)
}

fn nodes() -> impl Strategy<Value = Vec<(Vec<String>, Node)>> {
    let link = prop::sample::select(TARGETS.to_vec()).prop_map(|to| Node::Link(to.to_owned()));
    let node = prop_oneof![
        3 => Just(Node::File),
        3 => Just(Node::Directory),
        4 => link,
        1 => Just(Node::Hard),
    ];
    prop::collection::vec((names(3), node), 0..14)
}

/// Plants what fits: no node beneath something that is no directory.
fn plant(top: &Path, nodes: &[(Vec<String>, Node)]) -> Planted {
    for name in OUTSIDE {
        put(top, name, SECRET);
    }
    fs::create_dir_all(top.join(ROOT)).unwrap();
    let mut planted = Planted::new();
    for (names, node) in nodes {
        let parents: Vec<_> = (1..names.len()).map(|end| names[..end].to_vec()).collect();
        let blocked = parents
            .iter()
            .any(|parent| planted.get(parent).is_some_and(|it| !matches!(it, Node::Directory)));
        if blocked || planted.contains_key(names) {
            continue;
        }
        for parent in parents {
            planted.entry(parent).or_insert(Node::Directory);
        }
        let at = top.join(ROOT).join(names.join("/"));
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        match node {
            Node::File => fs::write(&at, names.join("/")).unwrap(),
            Node::Directory => fs::create_dir(&at).unwrap(),
            Node::Link(to) => symlink(to.replace('@', top.to_str().unwrap()), &at).unwrap(),
            Node::Hard => fs::hard_link(top.join("a"), &at).unwrap(),
        }
        planted.insert(names.clone(), node.clone());
    }
    planted
}

/// What the model says of a path.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    File(String),
    Directory,
    Missing,
    /// It is left, or there is no way.
    Refused,
}

/// Follows links that stay beneath the root, as reading does.
fn read_model(planted: &Planted, names: &[String]) -> Says {
    let mut waiting: Vec<String> = names.iter().rev().cloned().collect();
    let (mut at, mut links): (Vec<String>, usize) = (Vec::new(), 0);
    while let Some(name) = waiting.pop() {
        let is_last = waiting.is_empty();
        match name.as_str() {
            "" | "." => continue,
            ".." => {
                if at.pop().is_none() {
                    return Says::Refused;
                }
                continue;
            }
            _ => {}
        }
        let mut next = at.clone();
        next.push(name);
        match planted.get(&next) {
            None => return Says::Missing,
            Some(Node::Directory) => at = next,
            Some(Node::Link(to)) => {
                links += 1;
                if to.starts_with(['/', '@']) || links > 40 {
                    return Says::Refused;
                }
                // What ends with a slash has to be a directory.
                if to.ends_with('/') {
                    waiting.push(".".to_owned());
                }
                waiting.extend(to.split('/').rev().map(str::to_owned));
            }
            Some(node) => {
                if !is_last {
                    return Says::Refused;
                }
                let text = if matches!(node, Node::Hard) { SECRET.into() } else { next.join("/") };
                return Says::File(text);
            }
        }
    }
    Says::Directory
}

/// Whether a write at a path is done: no link, no file on the way, nothing but a file there.
fn write_model(planted: &Planted, names: &[String]) -> bool {
    let parents = (1..names.len()).map(|end| names[..end].to_vec());
    let free = |parent: Vec<String>| matches!(planted.get(&parent), None | Some(Node::Directory));
    parents.into_iter().all(free)
        && matches!(planted.get(names), None | Some(Node::File | Node::Hard))
}

/// What the resolver says. It may say that directories kept changing, when any program of the
/// machine renames something while a link leads up; then nothing was found out.
fn said(tree: &DirTree, at: &TreePath) -> Says {
    match tree.read(at, 1000) {
        Err(TreeError::Refused { reason, .. }) if reason.contains("kept changing") => {
            said(tree, at)
        }
        Ok(bytes) => Says::File(String::from_utf8(bytes).unwrap()),
        Err(TreeError::Missing { .. }) => Says::Missing,
        Err(TreeError::Refused { reason: "it is a directory", .. }) => Says::Directory,
        Err(TreeError::Refused { .. }) => Says::Refused,
        Err(other) => panic!("{at}: {other:?}"),
    }
}

/// What lies outside of the tree.
fn outside(top: &Path) -> Vec<String> {
    let beside = |name: &&str| fs::read_to_string(top.join(name)).unwrap();
    let mut found: Vec<String> = OUTSIDE.iter().map(beside).collect();
    let mut names: Vec<String> = fs::read_dir(top)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    found.extend(names);
    found
}

#[test]
fn the_resolver_does_what_a_model_of_it_does_and_leaves_what_lies_outside() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (escaped, refused, written) = (count(), count(), count());
    let paths = prop::collection::vec(names(4), 1..12);
    let ran = runner.run(&(nodes(), paths), |(nodes, paths)| {
        let top = place();
        let planted = plant(top.path(), &nodes);
        let root = top.path().join(ROOT);
        let tree = tree(&root);
        for names in paths.iter().chain(planted.keys()) {
            let text = names.join("/");
            let says = read_model(&planted, names);
            prop_assert_eq!(&said(&tree, &path(&text)), &says, "{}", text);
            if says == Says::Refused {
                refused.fetch_add(1, Ordering::Relaxed);
                // The control: a plain program reads what is outside.
                let plain = fs::read_to_string(root.join(&text));
                if plain.is_ok_and(|text| text == SECRET) {
                    escaped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let before = outside(top.path());
        for names in &paths {
            // One write changes what the next one finds, so each has the tree to itself.
            let alone = place();
            let planted = plant(alone.path(), &nodes);
            let tree = crate::workspace::tree(&alone.path().join(ROOT));
            let text = names.join("/");
            let was = snapshot(&alone.path().join(ROOT));
            let done = tree.write(&path(&text), b"new", FileMode::Kept, Expected::Any);
            prop_assert_eq!(done.is_ok(), write_model(&planted, names), "{}: {:?}", text, done);
            if done.is_ok() {
                written.fetch_add(1, Ordering::Relaxed);
                prop_assert_eq!(said(&tree, &path(&text)), Says::File("new".into()));
            } else {
                let same = snapshot(&alone.path().join(ROOT)) == was;
                prop_assert!(same, "a refused write changed something: {}", text);
            }
            prop_assert_eq!(outside(alone.path()), before.clone(), "{}", text);
        }
        Ok(())
    });
    ran.unwrap();
    let total = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    assert!(total(&escaped) > 50, "the control came out {} times", total(&escaped));
    assert!(total(&refused) > 500 && total(&written) > 500, "{refused:?} {written:?}");
}

/// A directory in memory where there is one: what is written is synced each time.
fn place() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn count() -> AtomicUsize {
    AtomicUsize::new(0)
}

#[test]
fn no_bytes_make_a_path_that_goes_up_or_begins_at_the_root() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 4000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let part =
        prop::sample::select(vec!["a", "..", ".", "", "/", "\0", "...", "a..", "\\", "\u{ff0e}."]);
    let text = prop::collection::vec(part, 0..6).prop_map(|parts| parts.join("/"));
    let ran = runner.run(&text, |text| {
        let is_safe = !text.starts_with('/')
            && !text.contains('\0')
            && text.split('/').all(|name| !["", ".", ".."].contains(&name));
        let taken = TreePath::from_bytes(text.as_bytes());
        prop_assert_eq!(taken.is_ok(), is_safe || text.is_empty(), "{:?}", text);
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn a_directory_that_turns_into_a_link_gives_nothing_of_others() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().join(ROOT);
    put(&root, "place/file", "mine");
    put(top.path(), "others/file", SECRET);
    symlink("../others", root.join("link")).unwrap();
    let tree = tree(&root);
    let done = AtomicBool::new(false);
    let (mut plain_read_others, mut mine) = (0, 0);
    std::thread::scope(|scope| {
        let _stops_also_on_failure = Raised(&done);
        scope.spawn(|| {
            let flags = rustix::fs::RenameFlags::EXCHANGE;
            let name = |name: &str| root.join(name);
            while !done.load(Ordering::Relaxed) {
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, name("place"), cwd, name("link"), flags).unwrap();
            }
        });
        let mut tries = 0;
        // Until both readers have met both states; the count bounds a machine that never switches.
        while tries < 400 || (plain_read_others == 0 || mine == 0) && tries < 2_000_000 {
            tries += 1;
            match tree.read(&path("place/file"), 100) {
                Ok(bytes) => {
                    assert_eq!(bytes, b"mine", "what lies outside was read");
                    mine += 1;
                }
                Err(TreeError::Refused { .. } | TreeError::Missing { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            // The control: a plain program reads what the link leads to.
            let plain = fs::read_to_string(root.join("place/file"));
            plain_read_others += usize::from(plain.is_ok_and(|text| text == SECRET));
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(plain_read_others > 0 && mine > 0, "{plain_read_others} {mine}");
}
