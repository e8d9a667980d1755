// SPDX-License-Identifier: Apache-2.0
//! Nothing acknowledged is lost, nothing runs twice, what is not known is said.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use moat_engine::{ChainKey, Engine, History, Record, Store, StoreError, read_history};
use moat_protocol::{Event, Op, Outcome, Selection};

use crate::journal::{JournalFs, Write};
use crate::scripted::{Death, Died, Disk, FixedClock, Scene, ScriptedWorld, task};

/// The effects of the scripted session, from the check to the keep.
const EFFECTS: u32 = 12;

/// A session from its task to its kept change, on a machine that does not die.
fn straight() -> Scene {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    work(&mut engine);
    assert_eq!(engine.state().effects, EFFECTS, "a new effect is killed too: count it");
    scene
}

fn work(engine: &mut Engine<ScriptedWorld>) {
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    if engine.state().turns[0].finished.is_some() {
        engine.handle(Op::Keep { selection: Selection::All, confirmed: Vec::new() }).unwrap();
    }
}

fn finished(scene: &Scene) -> Outcome {
    let engine = scene.open(Death::Never);
    engine.state().turns[0].finished.clone().unwrap().0
}

#[test]
fn the_engine_rebuilt_after_every_step_ends_in_the_same_state() {
    let straight = straight();
    let rebuilt = Scene::default();
    rebuilt.open(Death::Never).handle(Op::Start { task: task(None) }).unwrap();
    loop {
        let mut engine = rebuilt.open(Death::Never);
        if !engine.is_runnable() {
            work(&mut engine);
            assert_eq!(engine.state(), straight.open(Death::Never).state());
            break;
        }
        engine.step().unwrap();
    }
    assert_eq!(rebuilt.disk.lock().unwrap().carried_out, straight.disk.lock().unwrap().carried_out);
}

#[test]
fn killed_in_any_effect_no_side_effect_happens_twice() {
    let last = straight().disk.lock().unwrap().carried_out.last().cloned();
    assert_eq!(last.as_deref(), Some(KEEP));
    let mut unknown = 0;
    for effect in 1..=EFFECTS {
        for death in [Death::Before(effect), Death::After(effect)] {
            let scene = Scene::default();
            scene.open(Death::Never).handle(Op::Start { task: task(None) }).unwrap();
            let died = catch_unwind(AssertUnwindSafe(|| work(&mut scene.open(death))));
            let died = died.expect_err("every effect up to the last is met");
            assert!(died.is::<Died>(), "{death:?}");

            let mut engine = scene.open(Death::Never);
            let said_unknown = scene.events().iter().any(|event| {
                matches!(event, Event::Notice { text, .. } if text.contains("is not known"))
            });
            if said_unknown {
                unknown += 1;
            } else {
                work(&mut engine);
            }
            let disk = scene.disk.lock().unwrap();
            assert_eq!(disk.applied, 1, "{death:?}");
            assert!(disk.kept <= 1, "{death:?}");
            drop(disk);
            assert_eq!(finished(&scene), Outcome::Solved, "{death:?}");
        }
    }
    assert_eq!(unknown, 2, "a death on either side of the keep is reported as unknown");
}

#[test]
fn cut_at_every_unsynced_byte_nothing_acknowledged_is_lost() {
    let scene = straight();
    let written = scene.fs.writes();
    let mut torn = 0;
    for count in 0..=written.len() {
        let acknowledged =
            written[..count].iter().filter(|write| matches!(write, Write::Sync(_))).count();
        let (_, unsynced) = scene.fs.after_crash(count, 0);
        for kept in 0..=unsynced {
            let (disk, _) = scene.fs.after_crash(count, kept);
            let (lines, cut) = reopen(&disk).unwrap();
            assert!(lines == acknowledged || lines == acknowledged + 1, "{count} {kept}");
            torn += usize::from(cut);
            // What was set aside is set aside once: the next opening finds whole lines.
            assert_eq!(reopen(&disk).unwrap(), (lines, false));
        }
    }
    assert!(torn > 1000, "the crash cut lines short {torn} times");
}

/// At each cut an engine is opened over the files of that moment, the session's and the
/// world's, and goes on to the end.
#[test]
fn cut_at_every_write_the_engine_goes_on_and_nothing_runs_twice() {
    let scene = straight();
    let (mut cuts, mut unknown, mut found_done) = (0, 0, 0);
    for count in 0..=scene.fs.count() {
        let (_, unsynced) = scene.fs.after_crash(count, 0);
        // A line that is cut short is the same to the engine wherever that was.
        for kept in [0, unsynced / 2, unsynced] {
            // An effect that began after the last of these writes may have happened or not.
            let disk = scene.disk.lock().unwrap();
            let at_least = disk.written.partition_point(|written| *written < count);
            let at_most = disk.written.partition_point(|written| *written <= count);
            drop(disk);
            for done in at_least..=at_most {
                let fs = scene.fs.after_crash(count, kept).0;
                let resumed = Scene { fs, disk: after(&scene, done), ..Scene::default() };
                let told = go_on(&resumed, &scene, done);
                let about = format!("after {count} writes, {kept} bytes and {done} effects");
                assert_eq!(resumed.disk.lock().unwrap().carried_out, told.expected, "{about}");
                assert_eq!(resumed.disk.lock().unwrap().applied, 1, "{about}");
                assert_eq!(finished(&resumed), Outcome::Solved, "{about}");
                cuts += 1;
                unknown += u32::from(told.unknown);
                found_done += u32::from(told.found_done);
            }
        }
    }
    assert!(cuts > 100, "{cuts} cuts");
    // The keep was intended and not resolved: whether it happened is not known, and it is
    // not repeated. Of the change to a file it is known.
    assert!(unknown >= 2 && found_done >= 1, "{unknown} {found_done}");
}

const APPLY: &str = "change `a.py` in the session";
const KEEP: &str = "keep changes in the workspace";

/// What the world's disk held when so many effects had been carried out.
fn after(scene: &Scene, done: usize) -> Arc<Mutex<Disk>> {
    let carried_out = scene.disk.lock().unwrap().carried_out[..done].to_vec();
    let count = |what: &str| carried_out.iter().filter(|one| *one == what).count();
    let (applied, kept) =
        (u32::try_from(count(APPLY)).unwrap(), u32::try_from(count(KEEP)).unwrap());
    Arc::new(Mutex::new(Disk { applied, kept, carried_out, written: Vec::new() }))
}

/// What came of a session after its crash.
struct Told {
    /// Everything that was carried out, before and after.
    expected: Vec<String>,
    /// Whether a side effect was reported as unknown.
    unknown: bool,
    /// Whether a side effect without an outcome was found to have happened.
    found_done: bool,
}

/// Opens a session after a crash in which `done` effects had been carried out, and plays it
/// to its end. Says what must have been carried out then: what `straight` did, and again only
/// an effect whose outcome is not stored and which left no trace.
fn go_on(resumed: &Scene, straight: &Scene, done: usize) -> Told {
    let all = straight.disk.lock().unwrap().carried_out.clone();
    let (history, _) = history(&resumed.fs).unwrap();
    let stored = |wanted: fn(&Record) -> bool| {
        history.lines.iter().filter(|line| wanted(&line.record)).count()
    };
    let resolved = stored(|record| matches!(record, Record::Resolved { .. }));
    let is_open = stored(|record| matches!(record, Record::Intended { .. })) > resolved;
    let open = all.get(resolved).filter(|_| is_open).map(String::as_str);
    let unknown = open == Some(KEEP);
    let found_done = open == Some(APPLY) && done > resolved;
    let again = match (unknown, found_done) {
        (true, _) => all.len(),
        (_, true) => resolved + 1,
        _ => resolved,
    };
    let expected = all[..done].iter().chain(&all[again..]).cloned().collect();

    let mut engine = resumed.open(Death::Never);
    let said = |text: &str| {
        let events = resumed.events();
        let mut notices = events.iter();
        notices
            .any(|event| matches!(event, Event::Notice { text: said, .. } if said.contains(text)))
    };
    assert_eq!(said("whether it happened is not known"), unknown);
    assert_eq!(said("it had happened"), found_done);
    if engine.state().turns.is_empty() {
        engine.handle(Op::Start { task: task(None) }).unwrap();
    }
    let is_kept = resolved == all.len() || unknown;
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    if !is_kept {
        work(&mut engine);
    }
    Told { expected, unknown, found_done }
}

#[test]
fn a_changed_session_is_refused_and_shown_up_to_the_break() {
    let scene = Scene::default();
    scene.open(Death::Never).handle(Op::Start { task: task(None) }).unwrap();
    let path = Path::new("/s/session.jsonl");
    let mut bytes = scene.fs.bytes(path);
    let at = bytes.windows(7).position(|window| window == b"make it").unwrap();
    bytes[at] = b'M';
    scene.fs.set(path, bytes);
    assert!(matches!(reopen(&scene.fs), Err(StoreError::Corrupt { line: 2, .. })));
    let session = "0123456789".parse().unwrap();
    let key = ChainKey::new([1; 32]);
    let (history, broken) = read_history(&scene.fs, Path::new("/s"), &key, &session).unwrap();
    assert!(matches!(history.lines[0].record, Record::Created { .. }));
    assert_eq!(history.lines.len(), 1);
    assert!(broken.is_some());
}

fn reopen(fs: &JournalFs) -> Result<(usize, bool), StoreError> {
    let session = "0123456789".parse().unwrap();
    let key = ChainKey::new([1; 32]);
    let (_, history) = Store::open(fs, Arc::new(FixedClock), Path::new("/s"), &key, &session)?;
    Ok((history.lines.len(), !history.torn.is_empty()))
}

/// What a session's file holds, which may not be there yet.
fn history(fs: &JournalFs) -> Result<(History, Option<StoreError>), StoreError> {
    let session = "0123456789".parse().unwrap();
    match read_history(fs, Path::new("/s"), &ChainKey::new([1; 32]), &session) {
        Err(StoreError::Read { .. }) => Ok((History::default(), None)),
        other => other,
    }
}
