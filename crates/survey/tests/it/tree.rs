// SPDX-License-Identifier: Apache-2.0
//! Directories and single files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::AtomicBool;

use moat_scan::Level;
use moat_survey::limits::{FILE_BYTES_MAX, WHOLE_BYTES_MAX, WINDOW_BYTES};
use moat_survey::{Ended, Error, Progress, Source, survey};
use rustix::fs::{CWD, FileType, Mode};

use crate::support::{HIDDEN, TASKS, Tree, acts, look, rules};

#[test]
fn what_acts_is_found_and_the_rest_is_not() {
    let tree = Tree::new();
    tree.put(".vscode/tasks.json", TASKS);
    tree.put("deep/below/.vscode/tasks.json", TASKS);
    tree.put("vscode/tasks.json", TASKS);
    tree.put("src/main.rs", "fn main() {}\n");
    let seen = tree.look();
    assert!(acts(&seen, ".vscode/tasks.json") && acts(&seen, "deep/below/.vscode/tasks.json"));
    assert!(!acts(&seen, "vscode/tasks.json"));
    assert!(rules(&seen, "src/main.rs").is_empty());
    assert_eq!(seen.counts.files, 4);
    assert_eq!(seen.findings.first().unwrap().finding.level, Level::High);
}

#[test]
fn links_out_are_not_followed_and_told_where_a_tool_would_follow() {
    let outside = Tree::new();
    outside.put("tasks.json", TASKS);
    outside.put("code/tasks.json", TASKS);
    outside.put("text.rs", HIDDEN);
    let tree = Tree::new();
    fs::create_dir(tree.at("a")).unwrap();
    fs::create_dir(tree.at("a/.vscode")).unwrap();
    symlink(outside.at("tasks.json"), tree.at("a/.vscode/tasks.json")).unwrap();
    symlink(outside.at("code"), tree.at(".vscode")).unwrap();
    symlink(outside.at("text.rs"), tree.at("text.rs")).unwrap();
    let seen = tree.look();
    assert_eq!(rules(&seen, "a/.vscode/tasks.json"), ["link-out"]);
    assert_eq!(rules(&seen, ".vscode"), ["link-out"]);
    // What nothing follows is told as well, and not read.
    assert_eq!(rules(&seen, "text.rs"), ["link-out"]);
    symlink("a", tree.at("within")).unwrap();
    assert!(rules(&tree.look(), "within").is_empty());
    assert_eq!((seen.counts.files, seen.counts.links), (0, 3));
    // The control: the same files inside are found.
    assert!(acts(
        &{
            outside.put(".vscode/tasks.json", TASKS);
            outside.look()
        },
        ".vscode/tasks.json"
    ));
    assert!(!rules(&outside.look(), "text.rs").is_empty());
}

#[test]
fn links_within_are_followed_where_a_tool_would_and_cycles_end() {
    let tree = Tree::new();
    tree.put("innocent/tasks.json", TASKS);
    tree.put("other/innocent.txt", TASKS);
    symlink("innocent", tree.at(".vscode")).unwrap();
    fs::create_dir(tree.at("a")).unwrap();
    fs::create_dir(tree.at("a/.vscode")).unwrap();
    symlink("../../other/innocent.txt", tree.at("a/.vscode/tasks.json")).unwrap();
    symlink(".", tree.at("loop")).unwrap();
    symlink("..", tree.at("innocent/.claude")).unwrap();
    symlink("one", tree.at("two")).unwrap();
    symlink("two", tree.at("one")).unwrap();
    let seen = tree.look();
    assert!(acts(&seen, ".vscode/tasks.json") && acts(&seen, "a/.vscode/tasks.json"));
    assert!(!acts(&seen, "innocent/tasks.json"));
}

#[test]
fn a_fifo_a_socket_and_a_device_are_told_and_not_opened() {
    let tree = Tree::new();
    fs::create_dir(tree.at(".vscode")).unwrap();
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(CWD, tree.at(".vscode/tasks.json"), FileType::Fifo, mode, 0).unwrap();
    rustix::fs::mknodat(CWD, tree.at("socket"), FileType::Socket, mode, 0).unwrap();
    // Only where this user may make devices.
    let null = rustix::fs::makedev(1, 3);
    let device = tree.at("device");
    let made = rustix::fs::mknodat(CWD, &device, FileType::CharacterDevice, mode, null).is_ok();
    let seen = tree.look();
    assert_eq!(rules(&seen, ".vscode/tasks.json"), ["special-file"]);
    assert_eq!(seen.findings.first().unwrap().finding.level, Level::Medium);
    assert_eq!(rules(&seen, "socket"), ["special-file"]);
    assert_eq!(rules(&seen, "device").len(), usize::from(made));
    for special in [".vscode/tasks.json", "socket"] {
        let refused = Source::open(&tree.at(special));
        assert!(matches!(refused, Err(Error::Special { .. })), "{special}");
    }
}

#[test]
fn a_sparse_file_of_ten_gigabytes_costs_its_data_alone() {
    let tree = Tree::new();
    let mut file = File::create(tree.at("huge.txt")).unwrap();
    file.set_len(10 << 30).unwrap();
    file.seek(SeekFrom::Start(7 << 30)).unwrap();
    file.write_all(HIDDEN.as_bytes()).unwrap();
    let seen = tree.look();
    assert!(!rules(&seen, "huge.txt").is_empty(), "what lies in the middle is found");
    assert!(seen.counts.bytes < FILE_BYTES_MAX / 8, "{:?}", seen.counts);
}

#[test]
fn a_long_file_is_searched_piece_by_piece_and_its_keys_are_told_as_unread() {
    let tree = Tree::new();
    let line = "an ordinary line of a text, like many others\n";
    let border = WINDOW_BYTES * 3 - HIDDEN.len() / 2;
    let mut text = line.repeat(border / line.len());
    text.push_str(HIDDEN);
    text.push_str(&line.repeat(1000));
    tree.put("long.txt", &text);
    let lines = u32::try_from(border / line.len()).unwrap() + 1;
    tree.put(
        ".vscode/tasks.json",
        [TASKS, " ".repeat(usize::try_from(WHOLE_BYTES_MAX).unwrap()).as_str()].concat(),
    );
    let seen = tree.look();
    let hidden: Vec<_> =
        seen.findings.iter().filter(|it| it.finding.path.to_string() == "long.txt").collect();
    assert!(!hidden.is_empty());
    assert!(hidden.iter().all(|it| it.finding.line == Some(lines)), "{hidden:?}");
    assert_eq!(rules(&seen, ".vscode/tasks.json"), ["not-parsed"]);
}

#[test]
fn what_may_not_be_read_is_told() {
    // The root of a machine may read everything.
    if rustix::process::geteuid().is_root() {
        return;
    }
    let tree = Tree::new();
    let file = tree.put("closed.txt", "x");
    tree.put("shut/file", "x");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(tree.at("shut"), fs::Permissions::from_mode(0o0)).unwrap();
    let seen = tree.look();
    fs::set_permissions(tree.at("shut"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(rules(&seen, "closed.txt"), ["not-read"]);
    assert_eq!(rules(&seen, "shut"), ["not-read"]);
}

#[test]
fn directories_deeper_than_a_path_may_be_are_told() {
    let tree = Tree::new();
    let name = "d".repeat(200);
    let mut directory = rustix::fs::open(
        tree.path(),
        rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC,
        Mode::empty(),
    )
    .unwrap();
    for _level in 0..40 {
        rustix::fs::mkdirat(&directory, &name, Mode::RWXU).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
        directory = rustix::fs::openat(&directory, &name, flags, Mode::empty()).unwrap();
    }
    let seen = tree.look();
    assert_eq!(seen.findings.len(), 1);
    assert_eq!(seen.findings.first().unwrap().finding.rule, "not-looked-at");
    assert!(seen.counts.directories > 15);
}

#[test]
fn names_that_are_no_text_are_kept() {
    let tree = Tree::new();
    let directory = tree.path().join(OsStr::from_bytes(b"\xff\xfe"));
    fs::create_dir_all(directory.join(".vscode")).unwrap();
    fs::write(directory.join(".vscode/tasks.json"), TASKS).unwrap();
    assert!(acts(&tree.look(), "\\xff\\xfe/.vscode/tasks.json"));
}

#[test]
fn a_repository_is_looked_at_but_for_its_objects() {
    let config = "[core]\n\tfsmonitor = touch CANARY\n";
    let tree = Tree::new();
    for base in ["named/.git", "bare", "named/.git/modules/sub"] {
        for name in ["objects/ab/cd", "refs/heads/main", "hooks/pre-commit.sample"] {
            tree.put(&format!("{base}/{name}"), "#!/bin/sh\ntouch CANARY\n");
        }
        tree.put(&format!("{base}/HEAD"), "ref: refs/heads/main\n");
        tree.put(&format!("{base}/config"), config);
        tree.put(&format!("{base}/hooks/pre-commit"), "#!/bin/sh\ntouch CANARY\n");
    }
    let seen = tree.look();
    for base in ["named/.git", "bare", "named/.git/modules/sub"] {
        assert!(acts(&seen, &format!("{base}/config")), "{base}");
        assert!(acts(&seen, &format!("{base}/hooks/pre-commit")), "{base}");
        assert!(rules(&seen, &format!("{base}/hooks/pre-commit.sample")).is_empty());
    }
    // Itself as the root, which has no name there.
    for base in ["named/.git", "bare"] {
        assert!(acts(&look(&tree.at(base)), "config"), "{base}");
    }
    // The control: the same file outside of a repository is none of git's.
    tree.put("other/config", config);
    assert!(rules(&tree.look(), "other/config").is_empty());
}

#[test]
fn names_that_are_one_elsewhere_are_told() {
    let tree = Tree::new();
    for name in ["Read.me", "read.me", "other", "a/Read.me", "b/x", "b/x\u{200b}", "c/y.", "c/y"] {
        tree.put(name, "text\n");
    }
    let seen = tree.look();
    let alike = |path: &str| rules(&seen, path).iter().filter(|it| *it == "names-alike").count();
    for pair in [["Read.me", "read.me"], ["b/x", "b/x\u{200b}"], ["c/y.", "c/y"]] {
        assert_eq!(pair.map(alike).iter().sum::<usize>(), 1, "{pair:?}");
    }
    assert!(alike("other") == 0 && alike("a/Read.me") == 0);
}

#[test]
fn the_parts_of_a_repository_hide_nothing_beside_them() {
    let tree = Tree::new();
    for base in ["", "below/"] {
        tree.put(&format!("{base}HEAD"), "ref: refs/heads/main\n");
        tree.put(&format!("{base}config"), "[core]\n\tfsmonitor = touch CANARY\n");
        tree.put(&format!("{base}objects/ab/cd"), "");
        tree.put(&format!("{base}refs/heads/main"), "");
        tree.put(&format!("{base}.vscode/tasks.json"), TASKS);
        tree.put(&format!("{base}src/text.rs"), HIDDEN);
    }
    let seen = tree.look();
    for base in ["", "below/"] {
        assert!(acts(&seen, &format!("{base}config")), "{base}");
        assert!(acts(&seen, &format!("{base}.vscode/tasks.json")), "{base}");
        assert!(!rules(&seen, &format!("{base}src/text.rs")).is_empty(), "{base}");
    }
}

#[test]
fn a_single_file_is_known_by_its_directories() {
    let tree = Tree::new();
    let tasks = tree.put("project/.vscode/tasks.json", TASKS);
    assert!(acts(&look(&tasks), "tasks.json"));
    let other = tree.put("project/tasks.json", TASKS);
    assert!(!acts(&look(&other), "tasks.json"));
    assert!(Source::open(&tree.at("nothing")).is_err());
}

#[test]
fn a_survey_that_is_stopped_ends() {
    let tree = Tree::new();
    for file in 0..100 {
        tree.put(&format!("{file}/.vscode/tasks.json"), TASKS);
    }
    let source = Source::open(tree.path()).unwrap();
    let seen = survey(&source, &Progress::default(), &AtomicBool::new(true)).unwrap();
    assert_eq!((seen.ended, seen.findings.len()), (Ended::Stopped, 0));
}

#[test]
fn a_changed_byte_changes_the_mark_and_a_moved_tree_does_not() {
    let mark = |content: &str| {
        let tree = Tree::new();
        tree.put(".vscode/tasks.json", content);
        tree.look().findings.first().unwrap().mark.clone()
    };
    assert_eq!(mark(TASKS), mark(TASKS));
    assert_ne!(mark(TASKS), mark(&TASKS.replace("CANARY", "CANARZ")));
    assert_ne!(mark(TASKS), mark(&format!("{TASKS}\n")), "also a byte that no finding shows");
}
