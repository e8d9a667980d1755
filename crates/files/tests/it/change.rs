// SPDX-License-Identifier: Apache-2.0
//! Change sets: what a session changed, told from the overlay's upper directory.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use moat_base::{RealFs, TreePath};
use moat_files::{
    Change, ChangeKind, ChangeSet, Class, Content, FileError, NodeKind, SessionFiles,
};
use rustix::fs::{CWD, FileType, Mode, XattrFlags};

use crate::workspace::{Mounted, Workspace, chmod, fifo, odd_name, path, put, tree};

/// One line per change: class, kind, path, lines added and removed, conflict.
fn summary(set: &ChangeSet) -> Vec<String> {
    set.changes.iter().map(line).collect()
}

fn line(change: &Change) -> String {
    let class = match change.class {
        Class::Edit => "",
        Class::Ignored => "ignored ",
        Class::GitMetadata => "git ",
    };
    let kind = match change.kind {
        ChangeKind::Created => "created",
        ChangeKind::Modified => "modified",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Mode => "mode",
        ChangeKind::Type => "type",
    };
    let lines = match change.content {
        Content::Text => format!(" +{} -{}", change.lines_added, change.lines_removed),
        Content::Binary => " binary".to_owned(),
        Content::None => String::new(),
    };
    let conflict = if change.conflict.is_some() { " conflict" } else { "" };
    format!("{class}{kind} {}{lines}{conflict}", change.path)
}

#[test]
fn every_kind_of_change_is_told_and_what_is_equal_is_not() {
    let mut work = Workspace::new(|real| {
        put(real, "edit.txt", "one\ntwo\nthree\n");
        put(real, "same.txt", "same\n");
        put(real, "mode.sh", "#!/bin/sh\n");
        put(real, "gone/a.txt", "a\n");
        put(real, "gone/deep/b.txt", "b\n");
        put(real, "replaced/old.txt", "old\n");
        put(real, "replaced/kept.txt", "kept\n");
        put(real, "to-directory", "file\n");
        put(real, "to-file/inner", "inner\n");
        put(real, "blob.bin", b"\0\x01\x02");
        symlink("edit.txt", real.join("link")).unwrap();
    });
    let at = work.session();
    put(&at, "edit.txt", "one\n2\nthree\nfour\n");
    put(&at, "same.txt", "other\n");
    put(&at, "same.txt", "same\n");
    chmod(&at.join("mode.sh"), 0o755);
    std::fs::remove_dir_all(at.join("gone")).unwrap();
    std::fs::remove_dir_all(at.join("replaced")).unwrap();
    put(&at, "replaced/kept.txt", "kept\n");
    put(&at, "replaced/new.txt", "new");
    std::fs::remove_file(at.join("to-directory")).unwrap();
    put(&at, "to-directory/inner", "x\n");
    std::fs::remove_dir_all(at.join("to-file")).unwrap();
    put(&at, "to-file", "y\n");
    put(&at, "blob.bin", b"\0\x01\x03");
    std::fs::remove_file(at.join("link")).unwrap();
    symlink("same.txt", at.join("link")).unwrap();
    std::fs::write(at.join(odd_name()), b"\xff").unwrap();
    fifo(&at.join("fifo"));
    std::fs::create_dir(at.join("empty")).unwrap();

    let set = work.changes();
    let expected = [
        "modified blob.bin binary",
        "modified edit.txt +2 -1",
        "created empty",
        "deleted gone",
        "deleted gone/a.txt +0 -1",
        "deleted gone/deep",
        "deleted gone/deep/b.txt +0 -1",
        "modified link binary",
        "mode mode.sh",
        "created replaced/new.txt +1 -0",
        "deleted replaced/old.txt +0 -1",
        "type to-directory binary",
        "created to-directory/inner +1 -0",
        "type to-file binary",
        "deleted to-file/inner +0 -1",
        "created \\xff\\xfe odd binary",
    ];
    assert_eq!(summary(&set), expected);
    let left: Vec<_> = set.left_out.iter().map(|it| it.path.to_string()).collect();
    assert_eq!(left, ["fifo"]);
    assert!(!set.truncated);

    let odd = set.find(&TreePath::from_bytes(odd_name().as_bytes()).unwrap()).unwrap();
    assert_eq!(work.files.blobs().get(&odd.latest().unwrap()).unwrap(), b"\xff");
    let link = set.find(&path("link")).unwrap();
    assert_eq!(link.after.as_ref().unwrap().kind, NodeKind::Link);
    assert_eq!(work.files.blobs().get(&link.base().unwrap()).unwrap(), b"edit.txt");
    let stored = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<ChangeSet>(&stored).unwrap(), set);
}

#[test]
fn uppers_made_by_hand_are_read_as_the_kernel_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let (real, one, two) = (dir.path().join("r"), dir.path().join("1"), dir.path().join("2"));
    for file in ["a", "b", "dir/x", "dir/y", "dir/z", "hidden/x"] {
        put(&real, file, "lower\n");
    }
    let mut files = SessionFiles::create(Arc::new(RealFs), &dir.path().join("files")).unwrap();
    let whiteout = |at: &Path| {
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        let made = rustix::fs::mknodat(CWD, at, FileType::CharacterDevice, Mode::empty(), 0);
        assert_eq!(made, Ok(()), "a device node 0:0 needs no privilege on this file system");
    };
    let opaque = |at: &Path| {
        rustix::fs::setxattr(at, "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
    };
    // The session's upper, frozen by a fork, below; the fork's upper above it.
    put(&one, "a", "frozen\n");
    put(&one, "dir/y", "frozen\n");
    put(&one, "fresh/file", "frozen\n");
    whiteout(&one.join("b"));
    whiteout(&one.join("never-there"));
    put(&two, "a", "fork\n");
    put(&two, "b", "back again\n");
    whiteout(&two.join("dir/x"));
    put(&two, "hidden/new", "fork\n");
    opaque(&two.join("hidden"));
    whiteout(&two.join("fresh"));

    let set = files.changes(&tree(&real), &[tree(&two), tree(&one)], &[]).unwrap();
    let expected = [
        "modified a +1 -1",
        "modified b +1 -1",
        "deleted dir/x +0 -1",
        "modified dir/y +1 -1",
        "created hidden/new +1 -0",
        "deleted hidden/x +0 -1",
    ];
    assert_eq!(summary(&set), expected);
    let blob = set.find(&path("a")).unwrap().latest().unwrap();
    assert_eq!(files.blobs().get(&blob).unwrap(), b"fork\n");
}

#[test]
fn ignored_files_and_git_are_named_as_a_whole() {
    let mut work = Workspace::new(|real| {
        put(real, ".gitignore", "*.log\n/dist\n");
        put(real, ".git/config", "[core]\n");
        put(real, "Cargo.toml", "");
        put(real, "old.log", "");
        put(real, "dist/kept", "");
    });
    let at = work.session();
    put(&at, "target/release/out", "x");
    put(&at, "new.log", "x");
    put(&at, "dist/other", "x");
    put(&at, ".git/hooks/pre-commit", "x");
    put(&at, "pkg/__pycache__/m.pyc", "x");
    put(&at, "pkg/m.py", "x\n");
    put(&at, ".moat-0123456789abcdef.tmp", "left by a write that was interrupted");
    std::fs::remove_file(at.join("old.log")).unwrap();
    let expected = [
        "git modified .git",
        "ignored created .moat-0123456789abcdef.tmp",
        "ignored modified dist",
        "ignored created new.log",
        "ignored deleted old.log",
        "created pkg",
        "ignored created pkg/__pycache__",
        "created pkg/m.py +1 -0",
        "ignored created target",
    ];
    assert_eq!(summary(&work.changes()), expected);

    let (real, upper) = (work.real_tree(), tree(&work.upper()));
    let set = work.files.changes(&real, &[upper], &[path("dist/other")]).unwrap();
    assert_eq!(line(set.find(&path("dist/other")).unwrap()), "created dist/other +1 -0");
}

#[test]
fn work_of_the_user_after_the_start_is_a_conflict_and_earlier_work_is_not() {
    let mut work = Workspace::new(|real| {
        for file in ["first", "late", "both", "deleted", "untouched", "sub/gone", "sub/moved"] {
            put(real, file, "base\n");
        }
    });
    let at = work.session();
    put(&at, "first", "agent\n");
    assert_eq!(summary(&work.changes()), ["modified first +1 -1"]);
    // The base of `first` is stored now; the others are changed before they are seen.
    put(&at, "late", "agent\n");
    put(&at, "sub/gone", "agent\n");
    std::fs::rename(at.join("untouched"), at.join("renamed")).unwrap();
    std::fs::remove_file(at.join("deleted")).unwrap();
    put(&at, "both", "agreed\n");
    for file in ["first", "late", "deleted"] {
        put(&work.real(), file, "user\n");
    }
    put(&work.real(), "both", "agreed\n");
    std::fs::remove_file(work.real().join("sub/gone")).unwrap();
    work.remount();
    let expected = [
        "deleted deleted +0 -1 conflict",
        "modified first +1 -1 conflict",
        "modified late +1 -1 conflict",
        "created renamed +0 -0",
        "created sub/gone +1 -0 conflict",
        "deleted untouched +0 -1",
    ];
    assert_eq!(summary(&work.changes()), expected);

    let files = SessionFiles::open(Arc::new(RealFs), &work.dir.path().join("files")).unwrap();
    work.files = files;
    assert_eq!(summary(&work.changes()), expected, "the record survives the process");
}

#[test]
fn a_large_file_is_named_and_a_long_text_is_binary() {
    let mut work = Workspace::new(|_| {});
    let at = work.session();
    std::fs::File::create(at.join("huge")).unwrap().set_len(65 << 20).unwrap();
    put(&at, "long.txt", "line\n".repeat(500_000));
    let set = work.changes();
    assert_eq!(summary(&set), ["created long.txt binary"]);
    assert!(set.left_out[0].reason.contains("67108864 bytes"), "{}", set.left_out[0].reason);
}

#[test]
fn what_costs_a_session_no_disk_is_bounded_where_it_costs_the_user_s() {
    let mut work = Workspace::new(|_| {});
    let at = work.session();
    let text = "line\n".repeat((1 << 20) / 5);
    put(&at, "few/000", &text);
    put(&at, "many/000", &text);
    for (place, count) in [("few", 100), ("many", 200)] {
        for number in 1..count {
            let name = at.join(format!("{place}/{number:03}"));
            std::fs::hard_link(at.join(place).join("000"), name).unwrap();
        }
    }
    let set = work.changes();
    // Each has two directories, and the first is whole.
    let of =
        |place: &str| set.changes.iter().filter(|it| it.path.as_path().starts_with(place)).count();
    assert_eq!(of("few"), 101);
    assert!((100..201).contains(&of("many")), "{}", of("many"));
    assert!(set.truncated);
    assert_eq!(set.left_out.len(), 301 - of("few") - of("many") + 1);
}

#[test]
fn what_is_left_out_is_named_up_to_a_bound() {
    let mut work = Workspace::new(|_| {});
    let at = work.session();
    for (count, named, truncated) in [(100, 100, false), (10_002, 10_000, true)] {
        for number in 0..count {
            let name = at.join(format!("{number}"));
            if !name.exists() {
                fifo(&name);
            }
        }
        let set = work.changes();
        assert_eq!((set.left_out.len(), set.truncated), (named, truncated));
    }
}

#[test]
fn a_very_deep_directory_is_named_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (real, upper) = (dir.path().join("real"), dir.path().join("upper"));
    std::fs::create_dir(&real).unwrap();
    std::fs::create_dir_all(upper.join("d/".repeat(1_900))).unwrap();
    let mut files = SessionFiles::create(Arc::new(RealFs), &dir.path().join("files")).unwrap();
    let set = files.changes(&tree(&real), &[tree(&upper)], &[]).unwrap();
    assert_eq!(set.left_out.len(), 1);
    assert!(set.left_out[0].reason.contains("deep"), "{}", set.left_out[0].reason);
}

#[test]
fn a_deleted_tree_ends_the_comparison_with_a_clear_error() {
    let mut work = Workspace::new(|real| put(real, "a", ""));
    let (real, upper) = (work.real_tree(), tree(&work.upper()));
    put(&work.session(), "a", "x");
    std::fs::remove_dir_all(work.real()).unwrap();
    let error = work.files.changes(&real, &[upper], &[]).unwrap_err();
    assert!(matches!(error, FileError::RootGone { .. }), "{error:?}");
}

#[test]
fn a_diff_for_people_shows_endings_and_hides_nothing() {
    let mut work = Workspace::new(|real| {
        put(real, "a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\nend");
        put(real, "crlf.txt", "a\r\nb\r\n");
    });
    let at = work.session();
    put(&at, "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\nend\n\u{1b}[2J\u{202e}x\n");
    put(&at, "crlf.txt", "a\r\nB\r\n");
    put(&at, "new.txt", "n\n");
    symlink("x\n+++ b/other", at.join("link")).unwrap();
    let set = work.changes();
    let show = |name: &str| set.find(&path(name)).unwrap().unified(work.files.blobs()).unwrap();
    let expected = "--- a/a.txt\n+++ b/a.txt\n@@ -1,5 +1,5 @@\n 1\n-2\n+TWO\n 3\n 4\n 5\n\
        @@ -10,4 +10,5 @@\n 10\n 11\n 12\n-end\n\\ No newline at end of file\n+end\n\
        +<U+001B>[2J<U+202E>x\n";
    assert_eq!(show("a.txt"), expected);
    let expected = "--- a/crlf.txt\n+++ b/crlf.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n";
    assert_eq!(show("crlf.txt"), expected);
    let expected = "new file mode 0644\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+n\n";
    assert_eq!(show("new.txt"), expected);
    let expected = "new link mode 0777\n--- /dev/null\n+++ b/link\n+x\\x0a+++ b/other\n";
    assert_eq!(show("link"), expected);
}

#[test]
fn a_fork_over_a_fork_is_compared_with_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let (real, one, two) = (dir.path().join("r"), dir.path().join("1"), dir.path().join("2"));
    for path in [&real, &one, &two, &dir.path().join("m")] {
        std::fs::create_dir(path).unwrap();
    }
    put(&real, "d/a", "base\n");
    put(&real, "d/b", "base\n");
    put(&real, "e/c", "base\n");
    let mut files = SessionFiles::create(Arc::new(RealFs), &dir.path().join("files")).unwrap();
    let merged = dir.path().join("m");
    {
        let session = Mounted::overlay(&[&real], &one, &merged);
        put(&session.path(), "d/a", "session\n");
        std::fs::remove_dir_all(session.path().join("e")).unwrap();
    }
    {
        let fork = Mounted::overlay(&[&one, &real], &two, &merged);
        std::fs::remove_dir_all(fork.path().join("d")).unwrap();
        put(&fork.path(), "d/a", "fork\n");
        put(&fork.path(), "e/c", "base\n");
    }
    let set = files.changes(&tree(&real), &[tree(&two), tree(&one)], &[]).unwrap();
    assert_eq!(summary(&set), ["modified d/a +1 -1", "deleted d/b +0 -1"]);
    for upper in [&one, &two] {
        chmod(&upper.with_extension("work").join("work"), 0o700);
    }
}
