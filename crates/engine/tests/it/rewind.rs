// SPDX-License-Identifier: Apache-2.0
//! Going back in the conversation and forward again; commands in the session.

use std::panic::{AssertUnwindSafe, catch_unwind};

use moat_base::TreePath;
use moat_engine::{Attendance, Engine, State};
use moat_policy::CommandRule;
use moat_protocol::{
    Answer, CommandEnd, Event, Op, Outcome, RewindScope, RunStatus, Selection, Task,
};

use crate::journal::Write;
use crate::scripted::{Death, Died, Scene, ScriptedWorld, task};

/// The checkpoint that the scripted world has before an effect.
const fn before(effect: u32) -> u32 {
    effect * 2
}

/// The checkpoint that the scripted world has after an effect.
const fn after(effect: u32) -> u32 {
    effect * 2 + 1
}

fn finish(engine: &mut Engine<ScriptedWorld>) {
    while engine.is_runnable() {
        engine.step().unwrap();
    }
}

fn rewind(engine: &mut Engine<ScriptedWorld>, to: u32, scope: RewindScope) {
    engine.handle(Op::Rewind { to, scope }).unwrap();
}

fn turn(engine: &mut Engine<ScriptedWorld>, text: &str) {
    let task = Task { text: text.into(), ..task(Some("make test")) };
    engine.handle(Op::Start { task }).unwrap();
    finish(engine);
}

fn texts(state: &State) -> Vec<&str> {
    state.turns.iter().map(|turn| turn.task.text.as_str()).collect()
}

/// The state that another process finds.
fn stored(scene: &Scene) -> State {
    scene.open(Death::Never).state().clone()
}

#[test]
fn the_conversation_goes_back_and_forward_and_no_line_is_cut() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    turn(&mut engine, "first");
    let first = engine.state().effects;
    let after_first = engine.state().turns.clone();
    engine.handle(Op::Keep { selection: Selection::All, confirmed: Vec::new() }).unwrap();
    turn(&mut engine, "second");
    let all = engine.state().turns.clone();
    let lines = scene.fs.writes().len();

    rewind(&mut engine, after(first), RewindScope::Both);
    assert_eq!(engine.state().turns, after_first);
    assert_eq!(stored(&scene), *engine.state(), "the records alone tell it");
    let back = engine.state().effects;
    turn(&mut engine, "third");
    assert_eq!(texts(engine.state()), ["first", "third"]);
    let third = engine.state().turns.clone();

    rewind(&mut engine, before(back), RewindScope::Conversation);
    assert_eq!(engine.state().turns, all, "forward again, to what was left");
    let forward = engine.state().effects;
    rewind(&mut engine, before(forward), RewindScope::Both);
    assert_eq!(engine.state().turns, third, "and back to the other branch");
    rewind(&mut engine, after(0), RewindScope::Both);
    assert!(engine.state().turns.is_empty());
    assert_eq!(engine.state().workspace.as_deref(), Some("/w"));
    assert_eq!(stored(&scene), *engine.state());
    let written = scene.fs.writes();
    assert!(written.len() > lines);
    assert!(written.iter().all(|write| matches!(write, Write::Append(..) | Write::Sync(_))));
}

#[test]
fn a_plan_names_the_turns_that_leave_and_return_and_changes_nothing() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    turn(&mut engine, "first");
    turn(&mut engine, "second");
    let (now, effects) = (engine.state().clone(), engine.state().effects);
    engine.handle(Op::PlanRewind { to: after(0), scope: RewindScope::Both }).unwrap();
    assert_eq!(*engine.state(), now);
    rewind(&mut engine, after(0), RewindScope::Both);
    engine.handle(Op::PlanRewind { to: after(effects), scope: RewindScope::Conversation }).unwrap();
    let plans: Vec<_> = scene
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::RewindPlanned(plan) => Some((plan.leaving, plan.returning)),
            _ => None,
        })
        .collect();
    let both = vec!["first".to_owned(), "second".to_owned()];
    assert_eq!(plans, [(both.clone(), vec![]), (vec![], both)]);
}

#[test]
fn code_alone_leaves_the_conversation_as_it_is() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    turn(&mut engine, "first");
    let turns = engine.state().turns.clone();
    rewind(&mut engine, after(0), RewindScope::Code);
    assert_eq!(engine.state().turns, turns);
    let rewound = scene.events().into_iter().any(|event| matches!(event, Event::Rewound(_)));
    assert!(rewound);
}

#[test]
fn a_turn_that_is_gone_back_into_waits_and_goes_on_when_it_is_resumed() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    turn(&mut engine, "first");
    let (outcome, _) = engine.state().turns[0].finished.clone().unwrap();
    for effect in 1..engine.state().effects {
        rewind(&mut engine, after(effect), RewindScope::Both);
        let turn = &engine.state().turns[0];
        assert_eq!(turn.done.last().unwrap().effect, effect);
        assert!(turn.stopped && !engine.is_runnable(), "nothing goes on by itself");
        let back = engine.state().effects;
        let mut resumed = scene.open(Death::Never);
        resumed.handle(Op::Resume).unwrap();
        finish(&mut resumed);
        assert_eq!(resumed.state().turns[0].finished.clone().unwrap().0, outcome);
        engine = resumed;
        // To the whole turn again.
        rewind(&mut engine, before(back), RewindScope::Both);
        assert!(engine.state().turns[0].finished.is_some());
    }
    assert_eq!(outcome, Outcome::Solved);
}

#[test]
fn going_back_is_refused_while_a_turn_runs_and_to_what_is_not_there() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    engine.step().unwrap();
    let effects = engine.state().effects;
    rewind(&mut engine, after(0), RewindScope::Both);
    engine.handle(Op::Interrupt).unwrap();
    rewind(&mut engine, 100, RewindScope::Code);
    rewind(&mut engine, after(40), RewindScope::Both);
    let refused = scene.events().into_iter().filter_map(|event| match event {
        Event::Failed { report } => Some(report.error),
        _ => None,
    });
    let expected = [
        "the session cannot go back while a turn runs",
        "there is no checkpoint 100",
        "the conversation does not reach back to that checkpoint",
    ];
    assert_eq!(refused.collect::<Vec<_>>(), expected);
    assert_eq!(engine.state().effects, effects);
}

fn run(engine: &mut Engine<ScriptedWorld>) {
    let argv = vec!["make".into(), "x".into()];
    engine.handle(Op::Run { argv, directory: TreePath::root() }).unwrap();
    finish(engine);
}

fn ends(scene: &Scene) -> Vec<CommandEnd> {
    let end = |event| match event {
        Event::CommandEnded(end) => Some(end),
        _ => None,
    };
    scene.events().into_iter().filter_map(end).collect()
}

#[test]
fn a_command_passes_the_same_stations_as_any_other() {
    let ran = CommandEnd::Ran { status: RunStatus::Code(3) };
    let denied = CommandEnd::Denied { rule: "commands-ask".into() };
    let cases = [
        (Attendance::Headless, CommandRule::Allow, None, vec![ran.clone()]),
        (Attendance::Headless, CommandRule::Ask, None, vec![denied.clone()]),
        (Attendance::Attended, CommandRule::Ask, Some(Answer::Once), vec![ran]),
        (Attendance::Attended, CommandRule::Ask, Some(Answer::No), vec![denied]),
        (Attendance::Attended, CommandRule::Ask, None, vec![]),
    ];
    for (attendance, commands, answer, expected) in cases {
        let scene = Scene::default();
        let mut engine = scene.open_as(Death::Never, attendance, commands);
        run(&mut engine);
        if let Some(answer) = answer {
            // Waiting holds nothing: another process goes on.
            engine = scene.open_as(Death::Never, attendance, commands);
            engine.handle(Op::Approve { request: 1, answer }).unwrap();
            finish(&mut engine);
        }
        assert_eq!(ends(&scene), expected, "{attendance:?} {commands:?} {answer:?}");
        let applied = u32::from(matches!(expected.first(), Some(CommandEnd::Ran { .. })));
        assert_eq!(scene.disk.lock().unwrap().applied, applied);
    }
}

#[test]
fn a_command_that_the_process_died_in_is_unknown_and_not_repeated() {
    for death in [Death::Before(1), Death::After(1)] {
        let scene = Scene::default();
        let died = catch_unwind(AssertUnwindSafe(|| run(&mut scene.open(death))));
        assert!(died.expect_err("it dies in its first effect").is::<Died>());
        let mut engine = scene.open(Death::Never);
        finish(&mut engine);
        let said = scene.events().into_iter().any(
            |event| matches!(event, Event::Notice { text, .. } if text.contains("is not known")),
        );
        assert!(said, "{death:?}");
        assert_eq!(scene.disk.lock().unwrap().applied, u32::from(death == Death::After(1)));
    }
}

#[test]
fn a_command_beside_a_stopped_turn_is_no_part_of_it() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    engine.step().unwrap();
    run(&mut engine);
    engine.handle(Op::Interrupt).unwrap();
    let turns = engine.state().turns.clone();
    run(&mut engine);
    assert_eq!(engine.state().turns, turns);
    assert_eq!(ends(&scene).len(), 1);
    assert_eq!(stored(&scene), *engine.state());
    engine.handle(Op::Resume).unwrap();
    finish(&mut engine);
    assert_eq!(engine.state().turns[0].finished.clone().unwrap().0, Outcome::Solved);
}
