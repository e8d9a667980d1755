// SPDX-License-Identifier: Apache-2.0
//! What an editor and an explorer do with files.

use std::os::unix::fs::PermissionsExt as _;

use moat_protocol::workspace::{
    Encoding, EntryKind, FilesQuery, FilesReply, LineEnding, Node, ReadResult,
};
use proptest::prelude::*;

use crate::support::{Scratch, eventually, path};

#[test]
fn a_directory_is_listed_with_what_is_ignored() {
    let scratch = Scratch::new();
    scratch.repository(&["b.txt", "A.txt", "src/x.rs"]);
    scratch.write(".gitignore", "*.log\n/out/\n");
    scratch.write("a.log", "123");
    scratch.write("out/x", "");
    std::os::unix::fs::symlink("b.txt", scratch.root.join("link")).unwrap();
    let open = scratch.open();
    let Ok(FilesReply::Listed { entries, truncated }) =
        open.ask(FilesQuery::List { path: path("") })
    else {
        panic!("no list")
    };
    let shown: Vec<_> =
        entries.iter().map(|it| (it.name.as_str(), it.kind, it.ignored, it.length)).collect();
    use EntryKind::*;
    assert_eq!(
        shown,
        [
            (".git", Directory, true, 0),
            ("out", Directory, true, 0),
            ("src", Directory, false, 0),
            (".gitignore", File, false, 12),
            ("a.log", File, true, 3),
            ("A.txt", File, false, 17),
            ("b.txt", File, false, 17),
            ("link", Link, false, 0),
        ]
    );
    assert!(!truncated);
    assert_eq!(open.names("src"), ["x.rs"]);
}

#[test]
fn a_large_directory_is_cut_and_says_so() {
    let scratch = Scratch::new();
    for number in 0..20_005 {
        std::fs::write(scratch.root.join(format!("f{number:05}")), "").unwrap();
    }
    std::fs::create_dir(scratch.root.join("z")).unwrap();
    let open = scratch.open();
    let listed = open.ask(FilesQuery::List { path: path("") }).unwrap();
    let FilesReply::Listed { entries, truncated } = listed else { panic!("no list") };
    assert_eq!((entries.len(), truncated, entries[0].name.as_str()), (20_000, true, "z"));
}

#[test]
fn what_a_file_is_decides_how_it_is_read() {
    let scratch = Scratch::new();
    scratch.write("text", "a\r\nb\r\n");
    scratch.write("binary", b"a\0b");
    scratch.write("latin", b"caf\xe9");
    scratch.write("image", b"\x89PNG\r\n\x1a\n\0\0");
    let open = scratch.open();
    let text = open.text("text");
    assert_eq!((text.text.as_str(), text.line_ending), ("a\nb\n", LineEnding::Crlf));
    assert_eq!((text.encoding, text.read_only), (Encoding::Utf8, None));
    assert_eq!(open.read("binary"), ReadResult::Binary { length: 3, image: None });
    assert_eq!(open.read("latin"), ReadResult::Large { length: 4 });
    let image = Some("image/png".to_owned());
    assert_eq!(open.read("image"), ReadResult::Binary { length: 10, image });
    let part = open.ask(FilesQuery::ReadPart { path: path("binary"), offset: 1, length: 100 });
    assert_eq!(part, Ok(FilesReply::Part { base64: "AGI=".to_owned() }));
    let part = open.ask(FilesQuery::ReadPart { path: path("binary"), offset: 9, length: 1 });
    assert_eq!(part, Ok(FilesReply::Part { base64: String::new() }));
}

#[test]
fn a_file_is_written_only_while_it_is_what_was_read() {
    let scratch = Scratch::new();
    scratch.write("file", "one\n");
    std::fs::set_permissions(scratch.root.join("file"), PermissionsExt::from_mode(0o755)).unwrap();
    let open = scratch.open();
    let read = open.text("file");
    let Ok(FilesReply::Written { version }) =
        open.write("file", "two\n", Some(read.version.clone()))
    else {
        panic!("it was not written")
    };
    assert_eq!(scratch.read("file"), b"two\n");
    let mode = scratch.root.join("file").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(open.text("file").version, version);
    // Somebody else writes; the new text and its version are told, and the file stands.
    scratch.write("file", "theirs\n");
    for expected in [version, read.version] {
        let Ok(FilesReply::Changed { current: Some(current) }) =
            open.write("file", "mine\n", Some(expected))
        else {
            panic!("it was not refused")
        };
        assert_eq!(
            (current.text.as_str(), scratch.read("file").as_slice()),
            ("theirs\n", b"theirs\n".as_slice())
        );
        assert_eq!(current.version, open.text("file").version);
    }
    let version = open.text("file").version;
    std::fs::remove_file(scratch.root.join("file")).unwrap();
    let gone = open.write("file", "mine\n", Some(version));
    assert_eq!(gone, Ok(FilesReply::Changed { current: None }));
    assert!(!scratch.root.join("file").exists());
    // A new one, and then not a second time.
    assert!(matches!(open.write("d/new", "x", None), Ok(FilesReply::Written { .. })));
    let again = open.write("d/new", "y", None);
    assert!(matches!(again, Ok(FilesReply::Changed { current: Some(_) })), "{again:?}");
    assert_eq!(scratch.read("d/new"), b"x");
    assert_eq!(open.names("d"), ["new"], "nothing is left of writing");
}

#[test]
fn what_was_replaced_by_an_equal_looking_file_is_noticed() {
    let scratch = Scratch::new();
    scratch.write("file", "one\n");
    let open = scratch.open();
    let read = open.text("file");
    // The same length and time, and another inode.
    let time = scratch.root.join("file").metadata().unwrap().modified().unwrap();
    scratch.write("other", "two\n");
    let other = std::fs::File::options().write(true).open(scratch.root.join("other")).unwrap();
    other.set_modified(time).unwrap();
    std::fs::rename(scratch.root.join("other"), scratch.root.join("file")).unwrap();
    let answer = open.write("file", "mine\n", Some(read.version));
    assert!(matches!(answer, Ok(FilesReply::Changed { current: Some(_) })), "{answer:?}");
    assert_eq!(scratch.read("file"), b"two\n");
}

#[test]
fn writing_through_a_link_writes_its_target() {
    let scratch = Scratch::new();
    scratch.write("real/file", "one\n");
    std::os::unix::fs::symlink("real", scratch.root.join("dir")).unwrap();
    std::os::unix::fs::symlink("../dir/file", scratch.root.join("real/link")).unwrap();
    let open = scratch.open();
    for name in ["dir/file", "real/link"] {
        let read = open.text(name);
        let text = format!("by {name}\n");
        assert!(matches!(
            open.write(name, &text, Some(read.version)),
            Ok(FilesReply::Written { .. })
        ));
        assert_eq!(scratch.read("real/file"), text.as_bytes());
    }
    assert!(scratch.root.join("real/link").is_symlink() && scratch.root.join("dir").is_symlink());
}

#[test]
fn a_file_that_may_not_be_written_says_so_and_is_not() {
    let scratch = Scratch::new();
    scratch.write("file", "one\n");
    std::fs::set_permissions(scratch.root.join("file"), PermissionsExt::from_mode(0o444)).unwrap();
    let open = scratch.open();
    let read = open.text("file");
    assert!(read.read_only.is_some());
    assert!(open.write("file", "two\n", Some(read.version)).is_err());
    assert_eq!(scratch.read("file"), b"one\n");
}

#[test]
fn things_are_made_and_renamed_and_nothing_is_replaced() {
    let scratch = Scratch::new();
    scratch.write("a", "a");
    scratch.write("b", "b");
    let open = scratch.open();
    let create = |name: &str, node| open.ask(FilesQuery::Create { path: path(name), node });
    assert_eq!(create("n/e/w", Node::File), Ok(FilesReply::Done));
    assert_eq!(create("n/dir", Node::Directory), Ok(FilesReply::Done));
    for (name, node) in
        [("a", Node::File), ("a", Node::Directory), ("n", Node::Directory), ("n", Node::File)]
    {
        assert!(create(name, node).is_err(), "{name} {node:?}");
    }
    let rename =
        |from: &str, to: &str| open.ask(FilesQuery::Rename { from: path(from), to: path(to) });
    assert!(rename("a", "b").is_err());
    assert!(rename("n", "n/e/n").is_err());
    assert!(rename("missing", "c").is_err());
    assert_eq!((scratch.read("a"), scratch.read("b")), (b"a".to_vec(), b"b".to_vec()));
    assert_eq!(rename("n", "deep/er/n"), Ok(FilesReply::Done));
    assert_eq!(rename("a", "c"), Ok(FilesReply::Done));
    assert_eq!(open.names("deep/er/n"), ["dir", "e"]);
    assert!(!scratch.root.join("a").exists() && !scratch.root.join("n").exists());
    // A link is renamed as a link.
    std::os::unix::fs::symlink("/etc", scratch.root.join("link")).unwrap();
    assert_eq!(rename("link", "moved"), Ok(FilesReply::Done));
    assert_eq!(
        std::fs::read_link(scratch.root.join("moved")).unwrap(),
        std::path::Path::new("/etc")
    );
}

fn is_trashed_and_restored(scratch: &Scratch) {
    scratch.write("dir/sub/file", "content");
    scratch.write("dir/other", "other");
    std::os::unix::fs::symlink("nowhere", scratch.root.join("dir/link")).unwrap();
    std::fs::set_permissions(scratch.root.join("dir/other"), PermissionsExt::from_mode(0o640))
        .unwrap();
    let open = scratch.open();
    let delete = |name: &str| open.ask(FilesQuery::Delete { path: path(name) });
    let restore = |trash| open.ask(FilesQuery::Restore { trash });
    let Ok(FilesReply::Trashed { trash }) = delete("dir") else { panic!("not deleted") };
    assert!(!scratch.root.join("dir").exists());
    // Something new in its place is not replaced.
    scratch.write("dir", "new");
    assert!(restore(trash).is_err());
    std::fs::remove_file(scratch.root.join("dir")).unwrap();
    assert_eq!(restore(trash), Ok(FilesReply::Done));
    assert_eq!(scratch.read("dir/sub/file"), b"content");
    let other = scratch.root.join("dir/other").metadata().unwrap();
    assert_eq!(other.permissions().mode() & 0o777, 0o640);
    assert_eq!(
        std::fs::read_link(scratch.root.join("dir/link")).unwrap(),
        std::path::Path::new("nowhere")
    );
    assert!(restore(trash).is_err(), "it is not in the trash any more");
    assert!(restore(99).is_err() && delete("missing").is_err() && delete("").is_err());
    let Ok(FilesReply::Trashed { trash: next }) = delete("dir/other") else {
        panic!("not deleted")
    };
    assert!(next > trash);
    // Another server finds it.
    drop(open);
    let open = scratch.open();
    assert_eq!(open.ask(FilesQuery::Restore { trash: next }), Ok(FilesReply::Done));
    assert_eq!(scratch.read("dir/other"), b"other");
}

#[test]
fn what_was_deleted_comes_back() {
    is_trashed_and_restored(&Scratch::new());
}

#[test]
fn what_was_deleted_to_another_file_system_comes_back() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let scratch = Scratch::with_state(memory.path());
    use std::os::unix::fs::MetadataExt as _;
    let devices = [memory.path(), &scratch.root].map(|path| path.metadata().unwrap().dev());
    assert_ne!(devices[0], devices[1], "this says nothing on one file system");
    is_trashed_and_restored(&scratch);
}

#[test]
fn files_are_found_by_letters_and_new_ones_too() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "ignored\n");
    for name in ["src/main.rs", "src/search/mod.rs", "ignored/main.rs", "node_modules/main.js"] {
        scratch.write(name, "");
    }
    let open = scratch.open();
    let find = |text: &str| match open.ask(FilesQuery::Find { text: text.to_owned(), limit: 10 }) {
        Ok(FilesReply::Found { found, of, indexing }) => {
            let paths: Vec<String> = found.iter().map(|it| it.path.to_string()).collect();
            (paths, of, indexing)
        }
        other => panic!("{other:?}"),
    };
    let (paths, of, _) = eventually(|| find("main"), |(_, _, indexing)| !indexing);
    assert_eq!((paths, of), (vec!["src/main.rs".to_owned()], 3));
    scratch.write("new/place/main.py", "");
    eventually(|| find("main").0, |paths| paths.len() == 2);
    std::fs::rename(scratch.root.join("new"), scratch.root.join("newer")).unwrap();
    eventually(|| find("mainpy").0, |paths| paths == &["newer/place/main.py"]);
    std::fs::remove_dir_all(scratch.root.join("newer")).unwrap();
    eventually(|| find("").1, |of| *of == 3);
    // Other rules, other files.
    scratch.write(".gitignore", "src\n");
    eventually(|| find("main").0, |paths| paths == &["ignored/main.rs"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A file that can be edited comes back as it was, whatever is in it.
    #[test]
    fn reading_and_writing_gives_the_same_bytes(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["a", "\n", "\r\n", "\r", "\u{e9}", "\u{1f600}", "\t", "\u{feff}", "\0"]),
            0..20,
        ),
        encoding in 0..5,
    ) {
        let text = pieces.concat();
        let units = || text.encode_utf16();
        let bytes: Vec<u8> = match encoding {
            0 => text.clone().into_bytes(),
            1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            2 => [0xff, 0xfe].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect(),
            3 => [0xfe, 0xff].into_iter().chain(units().flat_map(u16::to_be_bytes)).collect(),
            _ => [text.as_bytes(), b"\xff"].concat(),
        };
        SHARED.with(|scratch| {
            scratch.write("file", &bytes);
            let open = scratch.open();
            if let ReadResult::Text(read) = open.read("file") {
                prop_assert!(read.line_ending == LineEnding::Mixed || !read.text.contains('\r'));
                let answer = open.ask(FilesQuery::Write {
                    path: path("file"),
                    text: read.text,
                    encoding: read.encoding,
                    line_ending: read.line_ending,
                    expected: Some(read.version),
                });
                prop_assert!(matches!(answer, Ok(FilesReply::Written { .. })), "{answer:?}");
            }
            prop_assert_eq!(scratch.read("file"), bytes);
            Ok(())
        })?;
    }
}

thread_local! {
    static SHARED: Scratch = Scratch::new();
}
