// SPDX-License-Identifier: Apache-2.0
//! A turn that writes a function with tests: its steps, and death in each of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use moat_base::TreePath;
use moat_engine::{Engine, TestForm, TestPlace};
use moat_protocol::{Op, Outcome, Task, TaskKind};

use crate::scripted::{Death, Died, Scene, ScriptedWorld, task};

const STEPS: [&str; 15] = [
    "find the check command",
    "run the check `make test`",
    "find the place to change",
    "ask the model to write `f`",
    "try candidate 1",
    "ask the model to write tests of `f`",
    "try candidate 1 with tests in `test_a.py`",
    "ask the model to write `f`",
    "try candidate 2",
    "try candidate 3",
    "try candidate 4",
    "try candidate 2 with tests in `test_a.py`",
    "try candidate 3 with tests in `test_a.py`",
    "change `a.py` in the session",
    "put tests into `test_a.py` in the session",
];

fn scene() -> Scene {
    let tests = Some(TestPlace {
        path: TreePath::parse("test_a.py").unwrap(),
        form: TestForm::Unittest,
        import: "from a import f".into(),
        line: "python3 -m unittest -v test_a.py".into(),
    });
    Scene { tests, ..Scene::default() }
}

fn start(scene: &Scene) {
    let task = Task { kind: TaskKind::Write, ..task(None) };
    scene.open(Death::Never).handle(Op::Start { task }).unwrap();
}

fn work(engine: &mut Engine<ScriptedWorld>) {
    while engine.is_runnable() {
        engine.step().unwrap();
    }
}

fn finished(scene: &Scene) -> Outcome {
    scene.open(Death::Never).state().turns[0].finished.clone().unwrap().0
}

#[test]
fn a_function_is_settled_on_whose_tests_pass_and_the_outcome_says_who_wrote_them() {
    let scene = scene();
    start(&scene);
    work(&mut scene.open(Death::Never));
    assert_eq!(scene.disk.lock().unwrap().carried_out, STEPS);
    let Outcome::Unverified { reason } = finished(&scene) else { panic!("{:?}", finished(&scene)) };
    assert!(reason.contains("same model"), "{reason}");
    assert!(reason.contains("the check passes with it as before"), "{reason}");
    let evidence = scene.open(Death::Never).state().turns[0].evidence();
    assert_eq!((evidence.candidates, evidence.requests), (4, 3));
    assert_eq!(evidence.after.unwrap().passed, 4, "the last run of the check, not of the tests");
}

#[test]
fn rebuilt_after_every_step_it_ends_in_the_same_state() {
    let straight = scene();
    start(&straight);
    work(&mut straight.open(Death::Never));
    let rebuilt = scene();
    start(&rebuilt);
    while rebuilt.open(Death::Never).is_runnable() {
        rebuilt.open(Death::Never).step().unwrap();
    }
    assert_eq!(rebuilt.open(Death::Never).state(), straight.open(Death::Never).state());
    assert_eq!(rebuilt.disk.lock().unwrap().carried_out, STEPS);
}

#[test]
fn killed_in_any_effect_each_file_is_written_once() {
    for effect in 1..=u32::try_from(STEPS.len()).unwrap() {
        for death in [Death::Before(effect), Death::After(effect)] {
            let scene = scene();
            start(&scene);
            let died = catch_unwind(AssertUnwindSafe(|| work(&mut scene.open(death))));
            assert!(died.expect_err("every effect is met").is::<Died>(), "{death:?}");
            work(&mut scene.open(Death::Never));
            assert_eq!(scene.disk.lock().unwrap().applied, 2, "{death:?}");
            assert!(matches!(finished(&scene), Outcome::Unverified { .. }), "{death:?}");
        }
    }
}
