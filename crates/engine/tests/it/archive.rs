// SPDX-License-Identifier: Apache-2.0
//! What is told of a session that nobody has open, against what its watchers saw.

use std::path::Path;

use moat_base::Timestamp;
use moat_engine::archive::{retell, retell_whole, summary};
use moat_engine::{ChainKey, History, read_history};
use moat_files::Checkpoint;
use moat_protocol::{
    Event, Op, Outcome, Query, Reply, RewindScope, Selection, SessionSummary, Standing,
};

use crate::scripted::{Death, Scene, task};

fn id() -> moat_base::SessionId {
    "0123456789".parse().unwrap()
}

fn history(scene: &Scene) -> History {
    read_history(&scene.fs, Path::new("/s"), &ChainKey::new([1; 32]), &id()).unwrap().0
}

fn in_short(scene: &Scene) -> SessionSummary {
    summary(&id(), &history(scene))
}

/// What the scripted world does not show live, and what is not stored.
fn is_compared(event: &Event) -> bool {
    !matches!(
        event,
        Event::CommandStarted { .. }
            | Event::CommandOutput { .. }
            | Event::CommandFinished { .. }
            | Event::ModelAsked { .. }
            | Event::ModelText { .. }
            | Event::ModelAnswered { .. }
            | Event::ChangesPending(_)
    )
}

fn told(scene: &Scene) -> Vec<Event> {
    retell(&id(), &history(scene)).into_iter().map(|envelope| envelope.event).collect()
}

#[test]
fn a_stored_session_tells_what_its_watchers_saw() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    assert_eq!(in_short(&scene).standing, Standing::Empty);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    engine.step().unwrap();
    let begun = in_short(&scene);
    assert_eq!((begun.standing, begun.resumable), (Standing::Unfinished, true));
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    engine.handle(Op::Keep { selection: Selection::All, confirmed: Vec::new() }).unwrap();
    let seen: Vec<Event> = scene.events().into_iter().filter(is_compared).collect();
    let all = told(&scene);
    let compared: Vec<Event> = all.iter().filter(|event| is_compared(event)).cloned().collect();
    assert_eq!(compared, seen);
    let count = |wanted: fn(&Event) -> bool| all.iter().filter(|event| wanted(event)).count();
    // One run of the check and four of candidates; three requests, one of them for four answers.
    assert_eq!(count(|event| matches!(event, Event::CommandFinished { .. })), 5);
    assert_eq!(count(|event| matches!(event, Event::ModelAnswered { .. })), 3);
    assert_eq!(count(|event| matches!(event, Event::ModelText { .. })), 6);

    let short = in_short(&scene);
    assert_eq!((short.standing, short.resumable), (Standing::Solved, false));
    assert_eq!((short.turns, short.kept), (1, true));
    assert_eq!(short.task.as_deref(), Some("make it pass"));
    assert_eq!(short.workspace.as_deref(), Some("/w"));
    engine.handle(Op::UndoKeep).unwrap();
    assert!(!in_short(&scene).kept);
}

#[test]
fn what_the_conversation_went_back_from_is_not_told() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    let finished =
        |scene: &Scene| told(scene).iter().any(|event| matches!(event, Event::TurnFinished { .. }));
    assert!(finished(&scene));
    // Back to after the first effect: the turn is there again and not finished.
    engine.handle(Op::Rewind { to: 3, scope: RewindScope::Both }).unwrap();
    assert!(!finished(&scene));
    assert_eq!(in_short(&scene).standing, Standing::Stopped);
    assert!(matches!(told(&scene).last(), Some(Event::Rewound(_))));
}

/// A checkpoint of the session's files; its mark names the point of the conversation.
fn checkpoint(number: u32, mark: u64) -> Checkpoint {
    let (at, after) = (Timestamp(0), String::new());
    Checkpoint { number, at, after, mark, differing: 0, uncovered: 0 }
}

/// What is told of the turns and of going back, in words.
fn whole(scene: &Scene, checkpoints: &[Checkpoint]) -> Vec<String> {
    let told = retell_whole(&id(), &history(scene), checkpoints);
    assert!((0..).zip(&told).all(|(at, envelope)| envelope.sequence == at), "numbered");
    let word = |event| match event {
        Event::Checkpointed(it) => Some(format!("checkpoint {}", it.number)),
        Event::TurnStarted { turn, .. } => Some(format!("turn {turn}")),
        Event::TurnFinished { outcome: Outcome::Stopped { .. }, .. } => Some("stopped".into()),
        Event::TurnFinished { .. } => Some("finished".into()),
        Event::Rewound(it) => Some(format!("back to {}", it.to)),
        _ => None,
    };
    told.into_iter().filter_map(|envelope| word(envelope.event)).collect()
}

#[test]
fn a_front_end_that_can_go_back_is_told_everything_and_each_checkpoint_at_its_place() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    let mut turn = || {
        engine.handle(Op::Start { task: task(None) }).unwrap();
        while engine.is_runnable() {
            engine.step().unwrap();
        }
        engine.state().effects
    };
    let first = u64::from(turn());
    // Checkpoint 1 of the scripted world stands at the start of the session.
    engine.handle(Op::Rewind { to: 1, scope: RewindScope::Both }).unwrap();
    let back = first + 1;
    engine.handle(Op::Start { task: task(None) }).unwrap();
    let (start, before, after) = (1, back << 1, back << 1 | 1);
    let taken = [
        checkpoint(1, start),
        checkpoint(2, first << 1 | 1),
        checkpoint(3, before),
        checkpoint(4, after),
        // Of an effect that is not in the record, as a process leaves it that dies.
        checkpoint(5, (back + 1) << 1),
    ];
    let expected = [
        "checkpoint 1",
        "turn 1",
        "checkpoint 2",
        "finished",
        "checkpoint 3",
        "back to 1",
        "checkpoint 4",
        "turn 1",
        "checkpoint 5",
        "stopped",
    ];
    assert_eq!(whole(&scene, &taken), expected);
    let one_way = told(&scene).iter().filter(|it| matches!(it, Event::TurnStarted { .. })).count();
    assert_eq!(one_way, 1, "what counts is one turn");
}

#[test]
fn a_turn_that_no_process_runs_is_told_as_stopped_unless_it_waits_for_a_person() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    engine.step().unwrap();
    assert_eq!(whole(&scene, &[]), ["turn 1", "stopped"]);
    // The record has no such line: whoever opens the session can go on with the turn.
    assert_eq!(in_short(&scene).standing, Standing::Unfinished);

    let scene = Scene { is_bare: true, ..Scene::default() };
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    assert_eq!(whole(&scene, &[]), ["turn 1"], "its question is open");
}

#[test]
fn questions_and_answers_have_a_form_on_the_wire() {
    let scene = Scene::default();
    scene.open(Death::Never).handle(Op::Start { task: task(None) }).unwrap();
    let reply = Reply::Session {
        summary: in_short(&scene),
        events: retell(&id(), &history(&scene)),
        broken: None,
    };
    let text = serde_json::to_string(&reply).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), reply);
    let query = Query::Session { session: id() };
    let text = serde_json::to_string(&query).unwrap();
    assert_eq!(text, r#"{"query":"session","session":"0123456789"}"#);
    assert_eq!(serde_json::from_str::<Query>(&text).unwrap(), query);
}
