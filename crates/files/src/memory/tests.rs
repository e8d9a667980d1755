// SPDX-License-Identifier: Apache-2.0
//! Places in a real tmpfs: found, lost, planted, swept.
#![expect(clippy::disallowed_methods, reason = "the tests make and break the places themselves")]

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A tmpfs and the directory of a session; `None` where there is no memory to try it in.
struct Case {
    memory: tempfile::TempDir,
    sessions: tempfile::TempDir,
}

impl Case {
    fn new() -> Option<Self> {
        let none = Path::new("/nonexistent/upper");
        let (fitting, reasons) = candidates(none, &["/dev/shm".into()]);
        let Some(memory) = fitting.first() else {
            println!("not run: no memory to make a place in: {reasons:?}");
            return None;
        };
        let memory = tempfile::tempdir_in(memory).unwrap();
        let sessions = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(sessions.path().join("one/upper")).unwrap();
        Some(Self { memory, sessions })
    }

    fn session(&self) -> PathBuf {
        self.sessions.path().join("one")
    }

    fn upper(&self) -> PathBuf {
        self.session().join("upper")
    }

    fn make(&self) -> PathBuf {
        make(self.memory.path(), &self.upper()).unwrap()
    }

    fn places(&self) -> Vec<PathBuf> {
        RealFs.list(self.memory.path()).unwrap()
    }
}

#[test]
fn a_place_is_found_again_is_the_user_s_alone_and_goes_with_the_session() {
    let Some(case) = Case::new() else { return };
    assert_eq!(find(&case.upper()).unwrap(), Found::Own);
    assert_eq!(base(&case.upper()).unwrap(), case.session());
    let place = case.make();
    assert_eq!(find(&case.upper()).unwrap(), Found::Memory(place.clone()));
    assert_eq!(base(&case.upper()).unwrap(), place);
    assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    let other = case.make();
    assert_ne!(place.file_name(), other.file_name(), "the name is made anew each time");
    remove(&case.upper()).unwrap();
    assert_eq!(find(&case.upper()).unwrap(), Found::Own);
    assert!(!other.exists());
    // Removing what is not there is done.
    remove(&case.upper()).unwrap();
}

#[test]
fn what_went_away_is_told_as_lost_until_it_is_settled() {
    let Some(case) = Case::new() else { return };
    let whole: fn(&Path) -> PathBuf = Path::to_owned;
    let upper: fn(&Path) -> PathBuf = |place| place.join(UPPER);
    for taken in [whole, upper] {
        let place = case.make();
        std::fs::write(place.join("upper/changed"), "x").unwrap();
        remove_files(&taken(&place)).unwrap();
        assert_eq!(find(&case.upper()).unwrap(), Found::Lost(place.clone()));
        assert_eq!(settle(&case.upper()).unwrap(), Some(place));
        assert_eq!(find(&case.upper()).unwrap(), Found::Own);
    }
    assert_eq!(losses(&case.upper()).unwrap(), 2);
    // What is there is not settled away, and a new place does not make the loss forgotten.
    let place = case.make();
    assert_eq!(settle(&case.upper()).unwrap(), None);
    assert_eq!(find(&case.upper()).unwrap(), Found::Memory(place));
    remove(&case.upper()).unwrap();
    assert_eq!(losses(&case.upper()).unwrap(), 2);
}

#[test]
fn what_another_put_in_the_place_of_a_lost_one_is_never_used() {
    let Some(case) = Case::new() else { return };
    let place = case.make();
    let plant = || {
        remove_files(&place).unwrap();
        std::fs::create_dir_all(place.join("upper")).unwrap();
        std::fs::write(place.join("upper/planted"), "x").unwrap();
    };
    let set_mode = |mode| std::fs::set_permissions(&place, PermissionsExt::from_mode(mode));
    plant();
    for mode in [0o770, 0o707, 0o755] {
        set_mode(mode).unwrap();
        assert_eq!(find(&case.upper()).unwrap(), Found::Lost(place.clone()), "{mode:o}");
    }
    // The control: the same, closed to others, is found.
    set_mode(0o700).unwrap();
    assert_eq!(find(&case.upper()).unwrap(), Found::Memory(place.clone()));
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&place, Some(12_345), None).unwrap();
        assert_eq!(find(&case.upper()).unwrap(), Found::Lost(place.clone()));
        remove(&case.upper()).unwrap();
        assert!(place.join("upper/planted").exists(), "what is another's was removed");
        std::os::unix::fs::chown(&place, Some(0), None).unwrap();
    } else {
        println!("not run: only root can make a directory of another user");
    }
    let (place, elsewhere) = (case.make(), case.sessions.path().join("elsewhere"));
    std::fs::rename(&place, &elsewhere).unwrap_or_else(|_another_file_system| {
        remove_files(&place).unwrap();
        std::fs::create_dir_all(elsewhere.join("upper")).unwrap();
    });
    symlink(&elsewhere, &place).unwrap();
    assert_eq!(find(&case.upper()).unwrap(), Found::Lost(place));
}

#[test]
fn the_places_of_sessions_that_are_gone_are_swept_and_no_others() {
    let Some(case) = Case::new() else { return };
    let (orphan, live) = (case.make(), case.make());
    sweep(case.memory.path());
    assert_eq!(case.places(), std::slice::from_ref(&live), "{orphan:?} is known to nobody");
    // What others made, by name or by right, is left alone.
    let hex = "0".repeat(32);
    for name in ["moat-", "moat-nothex", &format!("moat-{hex}")] {
        std::fs::create_dir(case.memory.path().join(name)).unwrap();
    }
    let readable = case.memory.path().join(format!("moat-{}", "1".repeat(32)));
    std::fs::create_dir(&readable).unwrap();
    std::fs::copy(live.join("owner"), readable.join("owner")).unwrap();
    std::fs::set_permissions(&readable, PermissionsExt::from_mode(0o755)).unwrap();
    // The session of this one cannot be seen from here: another container's.
    let elsewhere = case.memory.path().join(format!("moat-{}", "2".repeat(32)));
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o700)).unwrap();
    let owner = Owner { device: 1, inode: 1, ..Owner::of(&case.upper()).unwrap() };
    std::fs::write(elsewhere.join("owner"), serde_json::to_vec(&owner).unwrap()).unwrap();
    let before = case.places();
    sweep(case.memory.path());
    assert_eq!(case.places(), before);
    remove_files(&case.session()).unwrap();
    sweep(case.memory.path());
    assert_eq!(case.places().len(), before.len() - 1);
    assert!(!live.exists());
}

#[test]
fn only_memory_with_room_that_others_cannot_rename_in_is_a_candidate() {
    let Some(case) = Case::new() else { return };
    let disk = case.sessions.path().to_owned();
    let open = case.memory.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
    let (fitting, reasons) = candidates(&case.upper(), &[open.clone(), "/nonexistent".into()]);
    assert!(fitting.is_empty() && reasons.len() == 1, "{fitting:?} {reasons:?}");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o1777)).unwrap();
    assert_eq!(
        candidates(&case.upper(), std::slice::from_ref(&open)).0,
        std::slice::from_ref(&open)
    );
    let is_memory = rustix::fs::statfs(&disk).unwrap().f_type == TMPFS;
    assert_eq!(candidates(&case.upper(), &[disk]).0.is_empty(), !is_memory);
    // What the session changed on disk already would disappear behind an empty place.
    std::fs::write(case.upper().join("changed"), "x").unwrap();
    assert_eq!(candidates(&case.upper(), &[open]), (Vec::new(), Vec::new()));
}
