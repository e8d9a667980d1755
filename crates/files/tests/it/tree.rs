// SPDX-License-Identifier: Apache-2.0
//! The resolver: what may be read, what may be written, and nothing outside.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use moat_base::{EntryKind, Hint as _, Tree as _, TreeError, TreePath};
use moat_files::{BlobId, DirTree, Expected, FileError, FileMode, Root};
use rustix::fs::{CWD, Mode, OFlags, RenameFlags, openat, renameat_with};

use crate::workspace::{Mounted, Raised, chmod, fifo, odd_name, path, put, snapshot, tree};

#[test]
fn reading_stays_inside_and_never_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    put(dir.path(), "secret", "secret");
    put(&root, "a/file", "text");
    put(&root, "root-sibling", "");
    symlink("a/file", root.join("inside")).unwrap();
    symlink("../a", root.join("a/up")).unwrap();
    symlink("../secret", root.join("out")).unwrap();
    symlink(dir.path().join("secret"), root.join("absolute")).unwrap();
    symlink("/proc/self/root", root.join("magic")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    fifo(&root.join("fifo"));
    let socket = std::os::unix::net::UnixDatagram::bind(root.join("socket"));
    std::fs::File::create(root.join("huge")).unwrap().set_len(1 << 40).unwrap();
    let tree = tree(&root);

    for inside in ["a/file", "inside", "a/up/file"] {
        assert_eq!(tree.read(&path(inside), 4).unwrap(), b"text", "{inside}");
    }
    for refused in
        ["out", "absolute", "magic", "magic/etc/passwd", "loop", "fifo", "socket", "a", ""]
    {
        let error = tree.read(&path(refused), 100).unwrap_err();
        assert!(matches!(error, TreeError::Refused { .. }), "{refused}: {error:?}");
    }
    for missing in ["none", "none/file", "a/none"] {
        let error = tree.read(&path(missing), 100).unwrap_err();
        assert!(matches!(error, TreeError::Missing { .. }), "{missing}: {error:?}");
    }
    for large in ["huge", "a/file"] {
        let error = tree.read(&path(large), 3).unwrap_err();
        assert!(matches!(error, TreeError::TooLarge { limit_bytes: 3, .. }), "{large}: {error:?}");
    }
    drop(socket);
}

#[test]
fn what_was_listed_is_read_as_strictly_and_added_to_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    put(dir.path(), "secret", "secret");
    put(&root, "a/file", "text");
    put(&root, "empty", "");
    symlink("a/file", root.join("inside")).unwrap();
    symlink("../a", root.join("a/up")).unwrap();
    symlink("../secret", root.join("out")).unwrap();
    fifo(&root.join("fifo"));
    let socket = std::os::unix::net::UnixDatagram::bind(root.join("socket"));
    let large = "0123456789".repeat(10_000);
    put(&root, "large", &large);
    let tree = tree(&root);

    let mut bytes = b"before".to_vec();
    for (name, text) in [("a/file", "text"), ("empty", ""), ("large", large.as_str())] {
        let start = bytes.len();
        tree.append_listed(&path(name), 100_000, &mut bytes).unwrap();
        assert_eq!(&bytes[start..], text.as_bytes(), "{name}");
    }
    // Each was something else when it was listed: a file, with directories on the way.
    let kept = bytes.clone();
    for refused in ["inside", "a/up/file", "out", "fifo", "socket", "a", ""] {
        let error = tree.append_listed(&path(refused), 100, &mut bytes).unwrap_err();
        assert!(matches!(error, TreeError::Refused { .. }), "{refused}: {error:?}");
    }
    let error = tree.append_listed(&path("large"), 99_999, &mut bytes).unwrap_err();
    assert!(matches!(error, TreeError::TooLarge { limit_bytes: 99_999, .. }), "{error:?}");
    let error = tree.append_listed(&path("none"), 100, &mut bytes).unwrap_err();
    assert!(matches!(error, TreeError::Missing { .. }), "{error:?}");
    assert_eq!(bytes, kept);
    drop(socket);
}

#[test]
fn what_is_mounted_beneath_a_tree_can_be_left_out() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "file", "of the tree");
    std::fs::create_dir(dir.path().join("mounted")).unwrap();
    let disk = Mounted::small_disk(&dir.path().join("mounted"), 64 * 1024);
    put(&disk.path(), "file", "of another file system");
    let open = || {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(CWD, disk.path().parent().unwrap(), flags, Mode::empty()).unwrap();
        Root::from_fd(fd, dir.path().to_owned()).unwrap()
    };
    let (with, without) = (DirTree::new(open()), DirTree::new(open().without_mounts()));
    for tree in [&with, &without] {
        assert_eq!(tree.read(&path("file"), 100).unwrap(), b"of the tree");
        assert_eq!(tree.names(&TreePath::root()).unwrap().len(), 2);
    }
    assert_eq!(with.read(&path("mounted/file"), 100).unwrap(), b"of another file system");
    assert_eq!(with.names(&path("mounted")).unwrap().len(), 1);
    let mut bytes = Vec::new();
    for error in [
        without.read(&path("mounted/file"), 100).unwrap_err(),
        without.append_listed(&path("mounted/file"), 100, &mut bytes).unwrap_err(),
        without.names(&path("mounted")).unwrap_err(),
        without.list(&path("mounted")).unwrap_err(),
    ] {
        assert!(matches!(error, TreeError::Refused { .. }), "{error:?}");
    }
}

#[test]
fn entries_are_listed_by_bytes_with_their_kinds() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "b", "12");
    put(dir.path(), "a/x", "");
    std::fs::write(dir.path().join(odd_name()), "1").unwrap();
    symlink("b", dir.path().join("link")).unwrap();
    fifo(&dir.path().join("fifo"));
    let tree = tree(dir.path());
    let listed: Vec<_> = tree
        .list(&TreePath::root())
        .unwrap()
        .into_iter()
        .map(|entry| (entry.path.as_bytes().to_vec(), entry.kind, entry.length_bytes))
        .collect();
    let expected = [
        (b"a".to_vec(), EntryKind::Directory, 0),
        (b"b".to_vec(), EntryKind::File, 2),
        (b"fifo".to_vec(), EntryKind::Special, 0),
        (b"link".to_vec(), EntryKind::Link, 0),
        (odd_name().as_bytes().to_vec(), EntryKind::File, 1),
    ];
    assert_eq!(listed, expected);
    let names = tree.names(&TreePath::root()).unwrap();
    let names: Vec<_> =
        names.into_iter().map(|(path, kind)| (path.as_bytes().to_vec(), kind)).collect();
    assert_eq!(names, expected.map(|(path, kind, _)| (path, kind)));
    let odd = TreePath::from_bytes(odd_name().as_bytes()).unwrap();
    assert_eq!(tree.read(&odd, 10).unwrap(), b"1");
    assert_eq!(tree.entry(&path("link")).unwrap().kind, EntryKind::Link);
    assert_eq!(tree.entry(&TreePath::root()).unwrap().kind, EntryKind::Directory);
    assert!(tree.list(&path("b")).is_err());
}

#[test]
fn a_write_replaces_the_whole_file_and_keeps_what_belongs_to_it() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "run.sh", "old");
    chmod(&dir.path().join("run.sh"), 0o750);
    rustix::fs::setxattr(
        dir.path().join("run.sh"),
        "user.note",
        b"mine",
        rustix::fs::XattrFlags::empty(),
    )
    .unwrap();
    std::fs::hard_link(dir.path().join("run.sh"), dir.path().join("other")).unwrap();
    let tree = tree(dir.path());
    let run = path("run.sh");
    let old = Expected::Content(BlobId::of(b"old"));

    assert_eq!(tree.write(&run, b"new", FileMode::Kept, old).unwrap(), BlobId::of(b"new"));
    let metadata = dir.path().join("run.sh").metadata().unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o750);
    assert_eq!(std::fs::read(dir.path().join("other")).unwrap(), b"old");
    let mut note = [0_u8; 8];
    let length =
        rustix::fs::getxattr(dir.path().join("run.sh"), "user.note", &mut note[..]).unwrap();
    assert_eq!(&note[..length], b"mine");

    let error = tree.write(&run, b"newer", FileMode::Kept, old).unwrap_err();
    assert!(matches!(error, FileError::Changed { .. }), "{error:?}");
    assert!(error.hint().is_some());
    for expected in [Expected::Absent, old] {
        assert!(tree.write(&run, b"x", FileMode::Kept, expected).is_err());
        assert!(tree.remove(&run, expected).is_err());
    }
    assert!(tree.write(&path("none"), b"x", FileMode::Kept, old).is_err());
    tree.write(&path("deep/er/file"), b"x", FileMode::Set(0o4777), Expected::Absent).unwrap();
    let mode = dir.path().join("deep/er/file").metadata().unwrap().mode() & 0o7777;
    assert_eq!(mode, 0o777, "set-id bits are never set");
    tree.remove(&path("deep/er/file"), Expected::Any).unwrap();
    tree.remove(&path("deep/er"), Expected::Any).unwrap();
    assert!(tree.remove(&TreePath::root(), Expected::Any).is_err());
    let names: Vec<_> = snapshot(dir.path()).into_keys().collect();
    assert_eq!(names, ["deep", "other", "run.sh"].map(std::path::PathBuf::from));
}

#[test]
fn a_write_goes_through_no_link_and_over_nothing_special() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    put(&root, "a/file", "text");
    put(dir.path(), "outside/file", "text");
    symlink("a", root.join("alias")).unwrap();
    symlink("../outside", root.join("escape")).unwrap();
    symlink("a/file", root.join("link")).unwrap();
    symlink("../outside/new", root.join("dangling")).unwrap();
    fifo(&root.join("fifo"));
    let before = (snapshot(&root), snapshot(&dir.path().join("outside")));
    let tree = tree(&root);
    for target in
        ["alias/file", "escape/file", "escape/new/x", "link", "dangling", "fifo", "a", "a/file/x"]
    {
        let error = tree.write(&path(target), b"x", FileMode::Kept, Expected::Any).unwrap_err();
        let refused =
            matches!(error, FileError::Refused { .. } | FileError::Tree(TreeError::Refused { .. }));
        assert!(refused, "{target}: {error:?}");
    }
    assert!(tree.remove(&path("escape/file"), Expected::Any).is_err());
    assert_eq!(before, (snapshot(&root), snapshot(&dir.path().join("outside"))));
    tree.remove(&path("escape"), Expected::Any).unwrap();
    assert!(dir.path().join("outside/file").exists(), "the link went, not its goal");
}

/// The control writes with ordinary paths and escapes; the resolver never does.
#[test]
fn a_directory_that_turns_into_a_link_catches_no_write() {
    let dir = tempfile::tempdir().unwrap();
    let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
    put(&root, "d/file", "");
    put(&outside, "file", "untouched");
    symlink(&outside, root.join("swap")).unwrap();
    let tree = tree(&root);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stops_also_on_failure = Raised(&stop);
        let flips = scope.spawn(|| {
            let (one, two) = (root.join("d"), root.join("swap"));
            let mut flips = 0_u32;
            while !stop.load(Ordering::Relaxed) || flips < 200 {
                renameat_with(CWD, &one, CWD, &two, RenameFlags::EXCHANGE).unwrap();
                flips += 1;
            }
            flips
        });
        let (mut written, mut refused) = (0, 0);
        for round in 0_u32..200_000 {
            let bytes = round.to_be_bytes();
            match tree.write(&path("d/file"), &bytes, FileMode::Kept, Expected::Any) {
                Ok(_) => written += 1,
                Err(_) => refused += 1,
            }
            if round >= 200 && written > 20 && refused > 20 {
                break;
            }
        }
        assert!(written > 20 && refused > 20, "written {written}, refused {refused}");
        assert_eq!(std::fs::read(outside.join("file")).unwrap(), b"untouched");
        assert_eq!(snapshot(&outside).len(), 1);

        let escaped = (0..200_000).any(|_| {
            std::fs::write(root.join("d/file"), "control").unwrap();
            std::fs::read(outside.join("file")).unwrap() == b"control"
        });
        assert!(escaped, "the control shows that the attack works");
        stop.store(true, Ordering::Relaxed);
        assert!(flips.join().unwrap() >= 200);
    });
}

#[test]
fn a_tree_that_is_deleted_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    put(&root, "file", "");
    let tree = DirTree::new(Root::open(&root).unwrap());
    std::fs::remove_dir_all(&root).unwrap();
    std::fs::create_dir(&root).unwrap();
    put(&root, "file", "another tree at the same path");
    assert!(matches!(tree.root().check(), Err(FileError::RootGone { .. })));
    let error = tree.read(&path("file"), 100).unwrap_err();
    assert!(error.to_string().contains("deleted"), "{error}");
    assert!(tree.write(&path("new"), b"x", FileMode::Kept, Expected::Any).is_err());
    assert_eq!(snapshot(&root).len(), 1);
}

#[test]
fn a_full_disk_leaves_the_old_content_and_no_remainder() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Mounted::small_disk(dir.path(), 64 * 1024);
    put(&disk.path(), "file", "old");
    let before = snapshot(&disk.path());
    let tree = disk.tree();
    for (target, expected) in [("file", Expected::Any), ("new", Expected::Absent)] {
        let bytes = vec![b'x'; 256 * 1024];
        let error = tree.write(&path(target), &bytes, FileMode::Kept, expected).unwrap_err();
        assert!(error.hint().unwrap().contains("disk is full"), "{error:?}");
        assert_eq!(snapshot(&disk.path()), before);
    }
    tree.write(&path("file"), b"fits", FileMode::Kept, Expected::Any).unwrap();
}

#[test]
fn what_is_mounted_read_only_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Mounted::read_only(dir.path());
    let error = disk.tree().write(&path("new"), b"x", FileMode::Kept, Expected::Any).unwrap_err();
    assert!(error.hint().unwrap().contains("read-only"), "{error:?}");
    assert!(snapshot(&disk.path()).is_empty());
}
