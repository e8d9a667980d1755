// SPDX-License-Identifier: Apache-2.0
//! What lies in a workspace to hurt who opens it.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use moat_base::TreePath;
use moat_protocol::workspace::{EntryKind, FilesQuery, FilesReply, ReadResult};

use crate::support::{Scratch, path};

#[test]
fn links_lead_nowhere_outside() {
    let scratch = Scratch::new();
    let secret = scratch.base.join("secret");
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("key"), "canary").unwrap();
    for (target, name) in [
        (secret.join("key").to_str().unwrap(), "absolute"),
        ("../../secret/key", "relative"),
        ("../../secret", "directory"),
    ] {
        std::os::unix::fs::symlink(target, scratch.root.join(name)).unwrap();
    }
    // The control: who opens the names as they are gets there.
    assert_eq!(scratch.read("absolute"), b"canary");
    assert_eq!(scratch.read("directory/key"), b"canary");
    let open = scratch.open();
    for name in ["absolute", "relative", "directory/key"] {
        for query in [
            FilesQuery::Read { path: path(name) },
            FilesQuery::ReadPart { path: path(name), offset: 0, length: 10 },
        ] {
            assert!(open.ask(query).is_err(), "{name}");
        }
        assert!(open.write(name, "harm", None).is_err(), "{name}");
        let version = moat_protocol::workspace::Version("1".to_owned());
        assert!(open.write(name, "harm", Some(version)).is_err(), "{name}");
    }
    for query in [
        FilesQuery::List { path: path("directory") },
        FilesQuery::Delete { path: path("directory/key") },
        FilesQuery::Rename { from: path("directory/key"), to: path("mine") },
        FilesQuery::Create {
            path: path("directory/new"),
            node: moat_protocol::workspace::Node::File,
        },
    ] {
        assert!(open.ask(query.clone()).is_err(), "{query:?}");
    }
    scratch.write("mine", "x");
    let out = FilesQuery::Rename { from: path("mine"), to: path("directory/mine") };
    assert!(open.ask(out).is_err());
    // The link itself is deleted, and what it leads to stays.
    assert!(open.ask(FilesQuery::Delete { path: path("directory") }).is_ok());
    assert_eq!(std::fs::read(secret.join("key")).unwrap(), b"canary");
    assert_eq!(std::fs::read_dir(&secret).unwrap().count(), 1);
}

#[test]
fn pipes_sockets_and_devices_are_never_opened() {
    let scratch = Scratch::new();
    let fifo = scratch.root.join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    std::os::unix::fs::symlink("fifo", scratch.root.join("link")).unwrap();
    let open = scratch.open();
    for name in ["fifo", "link"] {
        assert!(open.ask(FilesQuery::Read { path: path(name) }).is_err());
        let part = FilesQuery::ReadPart { path: path(name), offset: 0, length: 1 };
        assert!(open.ask(part).is_err());
        assert!(open.write(name, "x", None).is_err());
        let version = moat_protocol::workspace::Version("1".to_owned());
        assert!(open.write(name, "x", Some(version)).is_err());
    }
    let Ok(FilesReply::Listed { entries, .. }) = open.ask(FilesQuery::List { path: path("") })
    else {
        panic!("no list")
    };
    assert_eq!(entries[0].kind, EntryKind::Other);
    // It can be renamed and thrown away, which opens nothing.
    let renamed = FilesQuery::Rename { from: path("fifo"), to: path("pipe") };
    assert_eq!(open.ask(renamed), Ok(FilesReply::Done));
    let deleted = open.ask(FilesQuery::Delete { path: path("pipe") });
    assert!(matches!(deleted, Ok(FilesReply::Trashed { .. })), "{deleted:?}");
}

#[test]
fn a_file_longer_than_memory_is_read_in_parts() {
    let scratch = Scratch::new();
    let file = std::fs::File::create(scratch.root.join("huge")).unwrap();
    let end = 10_u64 << 30;
    file.set_len(end).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"the beginning", 0).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"the end", end - 7).unwrap();
    let open = scratch.open();
    assert_eq!(open.read("huge"), ReadResult::Binary { length: end, image: None });
    let part = FilesQuery::ReadPart { path: path("huge"), offset: end - 7, length: u32::MAX };
    assert_eq!(open.ask(part), Ok(FilesReply::Part { base64: "dGhlIGVuZA==".to_owned() }));
    // Text of that length, as far as its beginning says.
    std::os::unix::fs::FileExt::write_at(&file, &vec![b'x'; 10_000], 0).unwrap();
    assert_eq!(open.read("huge"), ReadResult::Large { length: end });
    let version = moat_protocol::workspace::Version("1".to_owned());
    assert!(open.write("huge", "short", Some(version)).is_err());
    assert_eq!(scratch.root.join("huge").metadata().unwrap().len(), end);
}

#[test]
fn names_that_are_no_text_are_names_like_others() {
    let scratch = Scratch::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9\n\x1b[31m");
    std::fs::write(scratch.root.join(name), "x").unwrap();
    let open = scratch.open();
    let Ok(FilesReply::Listed { entries, .. }) = open.ask(FilesQuery::List { path: path("") })
    else {
        panic!("no list")
    };
    let entry = &entries[0];
    assert_eq!(entry.path.as_bytes(), name.as_bytes());
    assert!(!entry.name.chars().any(char::is_control), "{:?}", entry.name);
    let as_text = entry.path.to_string();
    assert_eq!(open.text(&as_text).text, "x");
    let to = TreePath::from_bytes(b"\xff/\xfe").unwrap();
    let renamed = FilesQuery::Rename { from: entry.path.clone(), to: to.clone() };
    assert_eq!(open.ask(renamed), Ok(FilesReply::Done));
    let Ok(FilesReply::Trashed { trash }) = open.ask(FilesQuery::Delete { path: to.clone() })
    else {
        panic!("not deleted")
    };
    assert_eq!(open.ask(FilesQuery::Restore { trash }), Ok(FilesReply::Done));
    assert_eq!(open.text(&to.to_string()).text, "x");
}

#[test]
fn a_directory_that_becomes_a_link_while_it_is_written_to_leads_nowhere() {
    let scratch = Scratch::new();
    let outside = scratch.base.join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("file"), "canary").unwrap();
    scratch.write("one/file", "x");
    std::os::unix::fs::symlink(&outside, scratch.root.join("other")).unwrap();
    let (one, other) = (scratch.root.join("one"), scratch.root.join("other"));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                let cwd = rustix::fs::CWD;
                let _now_and_then = rustix::fs::renameat_with(cwd, &one, cwd, &other, exchange);
            }
        });
        let open = scratch.open();
        let mut read = 0;
        for number in 0..300 {
            if let Ok(FilesReply::Read(ReadResult::Text(text))) =
                open.ask(FilesQuery::Read { path: path("one/file") })
            {
                assert_ne!(text.text, "canary");
                let _refused_at_times =
                    open.write("one/file", &format!("{number}"), Some(text.version));
                read += 1;
            }
            let _at_times = open.ask(FilesQuery::Delete { path: path("one/file") });
            let _at_times = open.write("one/file", "x", None);
            let _at_times = open.write("other/file", "x", None);
        }
        over.store(true, Ordering::Relaxed);
        assert!(read > 0, "it was never there");
    });
    assert_eq!(std::fs::read(outside.join("file")).unwrap(), b"canary");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

/// This says something only for an ordinary user; root may write everywhere.
#[test]
fn a_closed_directory_is_told_and_nothing_is_lost() {
    let scratch = Scratch::new();
    scratch.write("closed/file", "x");
    let closed = scratch.root.join("closed");
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o555)).unwrap();
    let open = scratch.open();
    let version = open.text("closed/file").version;
    let wrote = open.write("closed/file", "y", Some(version));
    let is_root = rustix::process::geteuid().is_root();
    assert_eq!(wrote.is_ok(), is_root);
    if let Err(report) = wrote {
        assert!(report.hint.is_some(), "{report:?}");
        assert_eq!(scratch.read("closed/file"), b"x");
    }
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o755)).unwrap();
}

/// What a full disk does: the note of a deletion cannot be
/// written, and then nothing is deleted.
#[test]
fn what_cannot_be_noted_is_not_deleted() {
    let scratch = Scratch::new();
    scratch.write("file", "x");
    let open = scratch.open();
    let trash = scratch.base.join("state/trash");
    // A file in the place of the directory that the deletion would make.
    std::fs::write(trash.join("1"), "in the way").unwrap();
    assert!(open.ask(FilesQuery::Delete { path: path("file") }).is_err());
    assert_eq!(scratch.read("file"), b"x");
}
