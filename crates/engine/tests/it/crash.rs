// SPDX-License-Identifier: Apache-2.0
//! Nothing acknowledged is lost, nothing runs twice, what is not known is said.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use moat_engine::{ChainKey, Engine, Record, Store, StoreError, read_history};
use moat_protocol::{Event, Op, Outcome, Selection};

use crate::journal::{JournalFs, Write};
use crate::scripted::{Death, Died, FixedClock, Scene, ScriptedWorld, task};

const EFFECTS: u32 = 12;

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
    let straight = Scene::default();
    let mut engine = straight.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    work(&mut engine);

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
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    work(&mut engine);
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
