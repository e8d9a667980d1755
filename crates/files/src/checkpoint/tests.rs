// SPDX-License-Identifier: Apache-2.0
//! Checkpoints of upper directories that are made by hand: exact, whole, bounded.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect trees as any program")]

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use moat_base::Timestamp;
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};

use super::*;
use crate::checkpoint::manifest::Gap;

/// Everything that is to come back, by path: kind and mode, time, content, attributes, twins.
type State = BTreeMap<PathBuf, (u32, (i64, i64), Vec<u8>, String, Option<PathBuf>)>;

fn state(root: &Path) -> State {
    let mut state = State::new();
    let mut twins: HashMap<u64, PathBuf> = HashMap::new();
    let mut waiting = vec![root.to_owned()];
    let mut all = Vec::new();
    while let Some(path) = waiting.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        }
        all.push((path, metadata));
    }
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (path, metadata) in all {
        let content = if metadata.is_file() {
            std::fs::read(&path).unwrap()
        } else if metadata.is_symlink() {
            path.read_link().unwrap().into_os_string().into_encoded_bytes()
        } else {
            Vec::new()
        };
        let own = path.strip_prefix(root).unwrap().to_owned();
        let twin = (!metadata.is_dir() && metadata.nlink() > 1)
            .then(|| twins.entry(metadata.ino()).or_insert_with(|| own.clone()).clone());
        let attributes = attributes(&path, &metadata);
        let time = (metadata.mtime(), metadata.mtime_nsec());
        state.insert(own, (metadata.mode(), time, content, attributes, twin));
    }
    state
}

fn attributes(path: &Path, metadata: &std::fs::Metadata) -> String {
    if !metadata.is_file() && !metadata.is_dir() {
        return String::new();
    }
    let mut names = vec![0; 4096];
    let length = rustix::fs::lgetxattr(path, "user.x", names.as_mut_slice()).unwrap_or(0);
    let value = String::from_utf8_lossy(&names[..length]).into_owned();
    let length = rustix::fs::llistxattr(path, names.as_mut_slice()).unwrap();
    format!("{} {value}", String::from_utf8_lossy(&names[..length]))
}

struct Session {
    dir: tempfile::TempDir,
    checkpoints: Option<Checkpoints>,
}

impl Session {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["upper", "files", "real"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let mut session = Self { dir, checkpoints: None };
        session.reopen();
        session
    }

    /// As a new process would.
    fn reopen(&mut self) {
        self.checkpoints = None;
        let opened = Checkpoints::open(&self.dir.path().join("files"), &self.upper()).unwrap();
        self.checkpoints = Some(opened);
    }

    fn all(&mut self) -> &mut Checkpoints {
        self.checkpoints.as_mut().unwrap()
    }

    fn upper(&self) -> PathBuf {
        self.dir.path().join("upper")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.upper().join(name)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        std::fs::write(self.at(name), text).unwrap();
    }

    fn take(&mut self) -> u32 {
        self.try_take().unwrap().number
    }

    /// As before every effect.
    fn take_if_changed(&mut self) {
        let wish = (Timestamp(1), "found", 7);
        self.all().take(Wish::WhenChanged, wish, &[], &mut none).unwrap();
    }

    fn try_take(&mut self) -> Result<Checkpoint, FileError> {
        self.all().take(Wish::Always, (Timestamp(1), "a test", 7), &[], &mut none)
    }

    fn rewind(&mut self, number: u32) -> Result<Rewind, FileError> {
        let real = DirTree::new(Root::open(&self.dir.path().join("real")).unwrap());
        self.all().rewind(&real, number, &mut || Ok(()))
    }

    fn names(&self, directory: &str) -> Vec<String> {
        let listed = std::fs::read_dir(self.dir.path().join(directory)).unwrap();
        let mut names: Vec<String> =
            listed.map(|it| it.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// One of everything that an upper directory can have.
    fn fill(&self) {
        self.put("file", "one\n");
        self.put("run.sh", "#!/bin/sh\n");
        chmod(&self.at("run.sh"), 0o755);
        self.put("new/deep/empty", "");
        self.put("twin", "twins\n");
        std::fs::hard_link(self.at("twin"), self.at("new/twin")).unwrap();
        symlink("../\u{fffd}nowhere", self.at("link")).unwrap();
        rustix::fs::mknodat(CWD, self.at("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        whiteout(&self.at("gone"));
        self.put("opaque/inside", "x");
        attribute(&self.at("opaque"), "user.overlay.opaque", "y");
        attribute(&self.at("file"), "user.x", "value");
        self.put("closed/inside", "x");
        self.put("secret", "hidden");
        chmod(&self.at("secret"), 0o000);
        chmod(&self.at("closed"), 0o2500);
        self.put(".git/HEAD", "ref: refs/heads/main\n");
        self.put("target/cache", vec![7; 100_000]);
        let past = Timespec { tv_sec: -5, tv_nsec: 123_456_789 };
        for name in ["file", "link", "new", "gone", "fifo"] {
            let times = Timestamps { last_access: past, last_modification: past };
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::utimensat(CWD, self.at(name), &times, flags).unwrap();
        }
    }
}

/// A session that stores nothing with its checkpoints.
fn none(_: &Changed) -> Result<Vec<u8>, FileError> {
    Ok(Vec::new())
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn whiteout(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
}

fn attribute(path: &Path, name: &str, value: &str) {
    rustix::fs::setxattr(path, name, value.as_bytes(), XattrFlags::empty()).unwrap();
}

/// The upper directory as root sees it: an ordinary user opens what was closed first, and
/// closes it again.
fn seen(session: &Session) -> State {
    let mut closed = Vec::new();
    for name in ["closed", "secret"] {
        let path = session.at(name);
        if let Ok(metadata) = path.symlink_metadata() {
            let mode = metadata.mode() & 0o7777;
            if !rustix::process::geteuid().is_root() && mode & 0o600 != 0o600 {
                chmod(&path, mode | 0o700);
                closed.push((name, path, mode));
            }
        }
    }
    let mut seen = state(&session.upper());
    for (name, path, mode) in closed {
        chmod(&path, mode);
        let entry = seen.get_mut(Path::new(name)).unwrap();
        entry.0 = path.symlink_metadata().unwrap().mode();
    }
    seen
}

#[test]
fn everything_an_upper_directory_can_have_comes_back_exactly() {
    let mut session = Session::new();
    let empty = (session.take(), seen(&session));
    session.fill();
    let full = (session.take(), seen(&session));
    assert_eq!(session.all().list()[1].uncovered, 0);
    chmod(&session.at("closed"), 0o700);
    chmod(&session.at("secret"), 0o600);
    std::fs::remove_dir_all(session.at("new")).unwrap();
    std::fs::remove_file(session.at("gone")).unwrap();
    session.put("gone/now", "a directory");
    std::fs::remove_file(session.at("fifo")).unwrap();
    symlink("file", session.at("fifo")).unwrap();
    session.put("file", "two\n");
    chmod(&session.at("run.sh"), 0o644);
    session.put("twin", "no twins\n");
    let other = (session.take(), seen(&session));
    assert!(empty.1.len() < other.1.len());
    for (number, expected) in [&empty, &full, &other, &full, &empty, &other, &full] {
        let rewound = session.rewind(*number).unwrap();
        assert_eq!(rewound.left_out, []);
        assert_eq!(seen(&session), *expected, "{number}");
        assert!(session.all().is_at(*number).unwrap());
        session.take();
        session.reopen();
    }
    assert_eq!(session.names(""), ["files", "real", "upper"]);
}

#[test]
fn only_what_changed_is_read_again() {
    let mut session = Session::new();
    session.put("same", "same");
    session.put("other", "other");
    session.take();
    let look = |session: &mut Session| {
        let head = session.all().head_of_look();
        session.all().look(head).unwrap().0
    };
    let id = crate::BlobId::of(b"planted");
    let path = TreePath::parse("same").unwrap();
    let honest = look(&mut session).find(&path).unwrap().clone();
    let plant = |session: &mut Session, stamp: Moment| {
        let last = session.all().last.as_mut().unwrap();
        last.head.stamp = At(stamp);
        let entry = last.entries.iter_mut().find(|entry| entry.path == path).unwrap();
        *entry = manifest::Entry { content: Some(id), ..honest.clone() };
        look(session).find(&path).unwrap().content
    };
    let changed = honest.changed.0;
    let later = Moment { seconds: changed.seconds + 1, ..changed };
    assert_eq!(plant(&mut session, later), Some(id), "an old file is not read");
    let read = Some(crate::BlobId::of(b"same"));
    assert_eq!(plant(&mut session, changed), read, "a file as new as the look is read");
    session.put("same", "SAME");
    assert_eq!(plant(&mut session, later), Some(crate::BlobId::of(b"SAME")));
}

#[test]
fn a_rewrite_right_after_a_checkpoint_is_seen_whatever_its_times() {
    let mut session = Session::new();
    session.put("file", "0000");
    let time = Timespec { tv_sec: 1, tv_nsec: 0 };
    for round in 1..100_u32 {
        session.put("file", format!("{round:04}"));
        let times = Timestamps { last_access: time, last_modification: time };
        rustix::fs::utimensat(CWD, session.at("file"), &times, AtFlags::empty()).unwrap();
        let taken = session.try_take().unwrap();
        assert_eq!(taken.differing, 1, "{round}");
    }
}

#[test]
fn a_checkpoint_that_is_not_needed_is_not_taken() {
    let mut session = Session::new();
    session.fill();
    let number = session.take();
    for _ in 0..2 {
        let wish = (Timestamp(1), "nothing", 8);
        let taken = session.all().take(Wish::WhenChanged, wish, &[], &mut none).unwrap();
        assert_eq!((taken.number, taken.mark), (number, 7));
        session.reopen();
    }
    chmod(&session.at("run.sh"), 0o700);
    let taken =
        session.all().take(Wish::WhenChanged, (Timestamp(1), "x", 8), &[], &mut none).unwrap();
    assert_eq!((taken.number, taken.differing), (number + 1, 1));
}

#[test]
fn what_is_in_no_checkpoint_is_never_replaced() {
    let mut session = Session::new();
    let number = session.take();
    session.put("file", "work of an hour");
    let error = session.rewind(number).unwrap_err();
    assert!(matches!(error, FileError::NotCovered), "{error:?}");
    session.reopen();
    assert!(matches!(session.rewind(number), Err(FileError::NotCovered)));
    assert_eq!(std::fs::read(session.at("file")).unwrap(), b"work of an hour");
    session.take();
    session.rewind(number).unwrap();
    assert!(!session.at("file").exists());
    // Going back and forth needs no new checkpoint in between: both states have one.
    session.rewind(number + 1).unwrap();
    assert_eq!(std::fs::read(session.at("file")).unwrap(), b"work of an hour");
}

#[test]
fn a_copied_tree_is_left_alone() {
    let mut session = Session::new();
    session.put("file", "one");
    let number = session.take();
    std::fs::write(session.dir.path().join("upper.copied"), r#""begun""#).unwrap();
    assert!(matches!(session.rewind(number), Err(FileError::CopiedTree)));
    assert!(matches!(session.try_take(), Err(FileError::CopiedTree)));
    std::fs::remove_file(session.dir.path().join("upper.copied")).unwrap();
    session.rewind(number).unwrap();
}

#[test]
fn after_going_back_the_same_state_is_still_a_new_checkpoint() {
    let mut session = Session::new();
    let empty = session.take();
    session.put("file", "x");
    let full = session.take();
    session.rewind(empty).unwrap();
    let wish = (Timestamp(1), "back", 9);
    let taken = session.all().take(Wish::WhenChanged, wish, &[], &mut none).unwrap();
    assert_eq!((taken.number, taken.mark), (full + 1, 9));
}

#[test]
fn a_checkpoint_that_fails_leaves_no_contents_and_a_rewind_that_is_refused_no_tree() {
    let mut session = Session::new();
    session.put("file", "one");
    let number = session.take();
    let before = (session.names("files/blobs"), session.names(""));
    session.put("file", "two");
    let wish = (Timestamp(1), "x", 0);
    session.all().take(Wish::Always, wish, &[], &mut |_| Err(FileError::NotCovered)).unwrap_err();
    assert_eq!(session.names("files/blobs"), before.0);
    assert_eq!(session.all().list().len(), 1);
    session.take();
    let real = DirTree::new(Root::open(&session.dir.path().join("real")).unwrap());
    session.all().rewind(&real, number, &mut || Err(FileError::NotCovered)).unwrap_err();
    assert_eq!(session.names(""), before.1);
    assert_eq!(std::fs::read(session.at("file")).unwrap(), b"two");
}

#[test]
fn the_same_content_under_new_times_costs_nothing_and_drops_nothing() {
    let mut session = Session::new();
    session.all().bounds.bytes = 400_000;
    for second in 0..10 {
        session.put("cache", vec![7; 100_000]);
        let at = Timespec { tv_sec: second, tv_nsec: 0 };
        let times = Timestamps { last_access: at, last_modification: at };
        rustix::fs::utimensat(CWD, session.at("cache"), &times, AtFlags::empty()).unwrap();
        session.take();
    }
    assert_eq!(session.all().list().len(), 10);
}

#[test]
fn what_is_stored_with_a_checkpoint_and_what_that_names_stay_as_long_as_it() {
    let mut session = Session::new();
    let named = session.all().blobs.put(b"named by the origins").unwrap().to_string();
    let text = format!(r#"{{"b":"{named}"}}"#).into_bytes();
    let wish = (Timestamp(1), "x", 0);
    let number = session.all().take(Wish::Always, wish, &[], &mut |_| Ok(text.clone()));
    let number = number.unwrap().number;
    session.reopen();
    session.all().sweep().unwrap();
    assert_eq!(session.all().origins(number).unwrap(), Some(text));
    assert!(session.names("files/blobs").contains(&named));
    let last = session.take();
    assert_eq!(session.all().origins(last).unwrap(), None);
    session.all().bounds = Bounds { count: 1, dropped: 1, ..Bounds::default() };
    session.take();
    assert_eq!(session.names("files/blobs"), Vec::<String>::new());
    assert!(matches!(
        session.all().origins(number),
        Err(FileError::NoSuchCheckpoint { number: it }) if it == number
    ));
}

/// This says something only for an ordinary user; root may enter everything.
#[test]
fn any_number_of_closed_directories_is_covered_and_closed_again() {
    let mut session = Session::new();
    for number in 0..2_000 {
        session.put(&format!("d{number}/inside"), "x");
        chmod(&session.at(&format!("d{number}")), 0o000);
    }
    let taken = session.try_take().unwrap();
    assert_eq!(taken.uncovered, 0);
    for number in 0..2_000 {
        let mode = session.at(&format!("d{number}")).metadata().unwrap().mode();
        assert_eq!(mode & 0o7777, 0);
        chmod(&session.at(&format!("d{number}")), 0o700);
    }
}

/// Takes a step with a fuse at each of its changes of the disk. After every death the
/// session opens, and each state that was acknowledged comes back.
fn cut(prepare: impl Fn(&mut Session), step: impl Fn(&mut Session) -> Result<(), FileError>) {
    for changes in 0..10_000 {
        let mut session = Session::new();
        let empty = seen(&session);
        session.take();
        session.fill();
        session.take();
        let full = seen(&session);
        prepare(&mut session);
        let before = seen(&session);
        session.all().fuse.set(changes);
        let result = step(&mut session);
        let is_blown = session.all().fuse.is_blown();
        session.reopen();
        let now = seen(&session);
        assert!(
            now == before || (now == full) || (result.is_ok() && !is_blown),
            "cut at {changes}: neither the old nor the new tree"
        );
        session.take_if_changed();
        for (number, expected) in [(2, &full), (1, &empty)] {
            if session.all().list().iter().any(|it| it.number == number) {
                session.rewind(number).unwrap();
                assert_eq!(seen(&session), *expected, "cut at {changes}");
            }
        }
        for checkpoint in session.all().list() {
            session.rewind(checkpoint.number).unwrap();
        }
        let next = session.take();
        assert_eq!(session.all().list().last().unwrap().number, next);
        assert!(!session.names("").contains(&"upper-next".to_owned()));
        if !is_blown {
            assert!(changes > 2, "{changes}");
            return;
        }
    }
    panic!("the step never came to its end");
}

#[test]
fn a_checkpoint_cut_off_anywhere_exists_whole_or_not_at_all() {
    cut(
        |session| {
            session.put("more", "x");
            session.put("other", "y");
        },
        |session| session.try_take().map(drop),
    );
}

#[test]
fn a_rewind_cut_off_anywhere_leaves_one_tree_or_the_other() {
    cut(
        |session| {
            session.put("file", "changed");
            session.take();
        },
        |session| session.rewind(2).map(drop),
    );
}

#[test]
fn dropping_old_checkpoints_cut_off_anywhere_loses_nothing_that_is_needed() {
    cut(
        |session| {
            for round in 0..6 {
                session.put("file", format!("round {round}"));
                session.take();
            }
            // Back to where `full` is what the newest checkpoint has.
            session.rewind(2).unwrap();
            session.take();
            session.all().bounds.count = 4;
        },
        |session| session.try_take().map(drop),
    );
}

#[test]
fn what_nobody_needs_goes_and_what_anybody_needs_stays() {
    let mut session = Session::new();
    let store = |session: &mut Session, text: &str| {
        session.all().blobs.put(text.as_bytes()).unwrap().to_string()
    };
    let kept = store(&mut session, "named by a keep");
    let base = store(&mut session, "named by a base");
    let loose = store(&mut session, "named by nobody");
    let record = session.dir.path().join("files/keep-000001.json");
    std::fs::write(record, format!(r#"{{"steps":[{{"a":"{kept}"}}]}}"#)).unwrap();
    let record = session.dir.path().join("files/bases.json");
    std::fs::write(record, format!(r#"[["p",{{"blob":"{base}"}}]]"#)).unwrap();
    let mut ids = Vec::new();
    session.all().bounds = Bounds { count: 3, dropped: 2, ..Bounds::default() };
    for round in 0..8 {
        session.put("file", format!("round {round}"));
        ids.push(crate::BlobId::of(format!("round {round}").as_bytes()).to_string());
        session.all().take(Wish::Always, (Timestamp(1), "x", 0), &[2], &mut none).unwrap();
    }
    let numbers: Vec<u32> = session.all().list().iter().map(|it| it.number).collect();
    assert!(numbers.len() <= 4 && numbers.contains(&2) && numbers.contains(&8), "{numbers:?}");
    let names = session.names("files/blobs");
    for (round, id) in ids.iter().enumerate() {
        let is_needed = numbers.contains(&(u32::try_from(round).unwrap() + 1));
        assert_eq!(names.contains(id), is_needed, "{round}");
    }
    assert!(names.contains(&kept) && names.contains(&base) && !names.contains(&loose));
    assert_eq!(session.take(), 9, "numbers are given once");
}

#[test]
fn bytes_are_bounded_and_the_newest_stays() {
    let mut session = Session::new();
    session.all().bounds.bytes = 300_000;
    for round in 0..10_u8 {
        session.put("file", vec![round; 100_000]);
        session.take();
    }
    let list = session.all().list();
    assert!((1..=3).contains(&list.len()), "{list:?}");
    session.put("file", vec![99; 1_000_000]);
    let number = session.take();
    assert_eq!(session.all().list().last().unwrap().number, number);
    let expected = seen(&session);
    session.put("file", "x");
    session.all().take(Wish::Always, (Timestamp(1), "x", 0), &[number], &mut none).unwrap();
    session.rewind(number).unwrap();
    assert_eq!(seen(&session), expected);
}

#[test]
fn what_the_machine_lost_when_it_went_down_is_dropped() {
    let mut session = Session::new();
    session.put("file", "one");
    session.take();
    session.put("file", "two");
    session.take();
    session.put("file", "three");
    session.take();
    let blob = format!("files/blobs/{}", crate::BlobId::of(b"two"));
    std::fs::write(session.dir.path().join(blob), "").unwrap();
    session.reopen();
    assert_eq!(session.all().list().len(), 3, "the machine still runs");
    let error = session.rewind(2).unwrap_err();
    assert!(matches!(error, FileError::DamagedBlob { .. }), "{error:?}");
    assert_eq!(std::fs::read(session.at("file")).unwrap(), b"three");
    let vouched = session.dir.path().join("files/checkpoints/vouched.json");
    std::fs::write(vouched, r#"{"boot":"another","through":0}"#).unwrap();
    session.reopen();
    let numbers: Vec<u32> = session.all().list().iter().map(|it| it.number).collect();
    assert_eq!(numbers, [1, 3]);
    session.rewind(1).unwrap();
    assert_eq!(std::fs::read(session.at("file")).unwrap(), b"one");
}

#[test]
fn a_file_of_holes_costs_its_data_and_comes_back_with_its_holes() {
    let mut session = Session::new();
    let file = File::create(session.at("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"data", 1 << 39).unwrap();
    drop(file);
    let number = session.take();
    std::fs::remove_file(session.at("sparse")).unwrap();
    session.take();
    session.rewind(number).unwrap();
    let file = File::open(session.at("sparse")).unwrap();
    let metadata = file.metadata().unwrap();
    assert_eq!(metadata.len(), 1 << 40);
    assert!(metadata.blocks() * 512 < 1 << 20, "{}", metadata.blocks());
    let mut data = [0; 6];
    std::os::unix::fs::FileExt::read_at(&file, &mut data, (1 << 39) - 1).unwrap();
    assert_eq!(&data, b"\0data\0");
}

#[test]
fn what_is_not_covered_is_named_and_never_lost() {
    let mut session = Session::new();
    session.all().bounds.new_bytes = 100;
    session.put("small", "small");
    session.put("long", vec![b'l'; 200]);
    let mut deep = session.at("deep");
    for _ in 0..300 {
        deep.push("d");
    }
    std::fs::create_dir_all(&deep).unwrap();
    let taken = session.try_take().unwrap();
    assert_eq!(taken.uncovered, 2);
    let last = session.all().last.clone().unwrap();
    let gap = |name: &str| last.find(&TreePath::parse(name).unwrap()).map(|entry| entry.kind);
    assert_eq!(gap("long"), Some(Kind::Uncovered(Gap::OverBudget)));
    assert_eq!(gap("small"), Some(Kind::File));

    session.put("small", "changed");
    session.take();
    let rewound = session.rewind(taken.number).unwrap();
    assert_eq!(std::fs::read(session.at("small")).unwrap(), b"small");
    assert_eq!(std::fs::read(session.at("long")).unwrap(), vec![b'l'; 200], "it stayed");
    assert!(rewound.left_out.iter().any(|it| it.reason.contains("set aside")), "{rewound:?}");

    std::fs::remove_file(session.at("small")).unwrap();
    std::fs::remove_dir_all(session.upper()).unwrap();
    std::fs::create_dir(session.upper()).unwrap();
    let empty = session.take();
    session.put("long", vec![b'L'; 200]);
    let with = session.take();
    let rewound = session.rewind(empty).unwrap();
    let [left] = rewound.left_out.as_slice() else { panic!("{rewound:?}") };
    assert!(left.reason.contains("set aside"), "{left:?}");
    assert!(!session.at("long").exists());
    session.take();
    session.reopen();
    let aside = session.names("").into_iter().rfind(|name| name.starts_with("aside-")).unwrap();
    assert_eq!(session.names(&aside), ["long"], "what a checkpoint holds is not kept twice");
    assert_eq!(session.rewind(with).unwrap().left_out, [], "it is found where it was set aside");
    assert_eq!(std::fs::read(session.at("long")).unwrap(), vec![b'L'; 200]);
}

#[test]
fn a_preview_says_what_a_command_will_see() {
    let mut session = Session::new();
    let real = session.dir.path().join("real");
    for name in ["shown", "hidden", "same", "dir/below", "run"] {
        std::fs::create_dir_all(real.join(name).parent().unwrap()).unwrap();
        std::fs::write(real.join(name), "real").unwrap();
    }
    session.take();
    whiteout(&session.at("hidden"));
    session.put("shown", "session");
    session.put("same", "real");
    session.put("new", "new");
    session.put("run", "real");
    chmod(&session.at("run"), 0o755);
    std::fs::create_dir(session.at("dir")).unwrap();
    session.take();
    let tree = DirTree::new(Root::open(&real).unwrap());
    let words = |rewind: &Rewind| -> Vec<String> {
        rewind.changes.iter().map(|(path, kind)| format!("{path} {kind:?}")).collect()
    };
    let back = session.all().preview(&tree, 1).unwrap();
    assert_eq!(words(&back), ["hidden Created", "new Deleted", "run Mode", "shown Modified"]);
    assert_eq!(session.rewind(1).unwrap(), back);
    session.take();
    let forward = session.all().preview(&tree, 2).unwrap();
    assert_eq!(words(&forward), ["hidden Deleted", "new Created", "run Mode", "shown Modified"]);
    let error = session.all().preview(&tree, 9).unwrap_err();
    assert!(matches!(error, FileError::NoSuchCheckpoint { number: 9 }), "{error:?}");
}

/// A session that was forked from another one, and that nobody opened yet.
fn forked(old: &Session, number: u32) -> Session {
    let dir = tempfile::tempdir().unwrap();
    for name in ["upper", "files", "real"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
    }
    let source = Source::open(&old.dir.path().join("files"), number).unwrap();
    let what = (Timestamp(1), "a fork", 9);
    let given = source.give(&dir.path().join("files"), what, b"", &[]).unwrap();
    assert_eq!(given.left_out, []);
    let mut session = Session { dir, checkpoints: None };
    session.reopen();
    session
}

#[test]
fn a_fork_has_everything_of_its_checkpoint_and_outlives_the_old_session() {
    let mut old = Session::new();
    old.fill();
    let number = old.take();
    let expected = seen(&old);
    old.put("file", "two\n");
    old.take();
    let gone_on = seen(&old);
    let mut new = forked(&old, number);
    assert_eq!(new.all().awaited().unwrap(), Some(1));
    new.all().unfold().unwrap();
    assert_eq!(new.all().awaited().unwrap(), None);
    assert_eq!(seen(&new), expected);
    assert!(new.all().is_at(1).unwrap());
    new.all().unfold().unwrap();

    // Contents are shared, and files are not.
    let blob = |session: &Session, name: &str| {
        session.dir.path().join("files/blobs").join(name).metadata().unwrap().ino()
    };
    let shared = crate::BlobId::of(b"one\n").to_string();
    assert_eq!(blob(&new, &shared), blob(&old, &shared));
    new.put("file", "mine\n");
    new.take();
    assert_eq!(seen(&old), gone_on);
    old.rewind(number).unwrap();
    assert_eq!(seen(&old), expected);

    drop(old);
    new.reopen();
    new.rewind(1).unwrap();
    assert_eq!(seen(&new), expected);
    let again = forked(&new, 1);
    drop(new);
    let mut again = again;
    again.all().unfold().unwrap();
    assert_eq!(seen(&again), expected);
}

#[test]
fn an_unfolding_that_is_cut_off_anywhere_is_done_by_the_next_opening() {
    let mut old = Session::new();
    old.fill();
    let number = old.take();
    let expected = seen(&old);
    for changes in 0.. {
        let mut new = forked(&old, number);
        new.all().fuse.set(changes);
        let cut = new.all().unfold();
        new.reopen();
        let there = seen(&new);
        assert!(there.len() == 1 || there == expected, "after {changes} changes");
        new.all().unfold().unwrap();
        assert_eq!(seen(&new), expected, "after {changes} changes");
        assert_eq!(new.names(""), ["files", "real", "upper"]);
        if cut.is_ok() {
            assert!(changes > 10, "{changes} changes");
            return;
        }
    }
}

#[test]
fn only_what_is_whole_is_given_to_a_fork() {
    let mut old = Session::new();
    old.put("file", "one\n");
    let number = old.take();
    let files = old.dir.path().join("files");
    assert!(matches!(
        Source::open(&files, number + 1).map(|_| ()),
        Err(FileError::NoSuchCheckpoint { .. })
    ));
    let give = |number: u32| {
        let goal = tempfile::tempdir().unwrap();
        let source = Source::open(&files, number)?;
        source.give(goal.path(), (Timestamp(1), "a fork", 9), b"", &[])
    };
    assert!(give(number).is_ok());
    let blob = files.join("blobs").join(crate::BlobId::of(b"one\n").to_string());
    std::fs::write(&blob, "one").unwrap();
    assert!(matches!(give(number), Err(FileError::DamagedBlob { .. })), "it is cut short");
    std::fs::remove_file(&blob).unwrap();
    assert!(matches!(give(number), Err(FileError::DamagedBlob { .. })), "it is gone");
    let manifest = files.join("checkpoints").join(name(number));
    let text = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, &text[..text.len() - 1]).unwrap();
    assert!(matches!(give(number), Err(FileError::NoSuchCheckpoint { .. })));
}

#[test]
fn what_somebody_put_into_an_awaited_directory_is_not_replaced() {
    let mut old = Session::new();
    old.put("file", "one\n");
    let number = old.take();
    let mut new = forked(&old, number);
    new.put("other", "work of an hour");
    assert!(matches!(new.all().unfold(), Err(FileError::NotCovered)));
    assert_eq!(std::fs::read(new.at("other")).unwrap(), b"work of an hour");
    // On a copied tree there is nothing to lay the files over.
    let mut new = forked(&old, number);
    std::fs::write(new.dir.path().join("upper.copied"), r#""begun""#).unwrap();
    assert!(matches!(new.all().unfold(), Err(FileError::CopiedTree)));
}
