// SPDX-License-Identifier: Apache-2.0
//! What is told of a session that nobody has open, against what its watchers saw.

use std::path::Path;

use moat_engine::{ChainKey, History, read_history, retell, summary};
use moat_protocol::{Event, Op, Query, Reply, RewindScope, Selection, SessionSummary, Standing};

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
