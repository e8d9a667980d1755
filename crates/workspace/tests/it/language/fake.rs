// SPDX-License-Identifier: Apache-2.0
//! A scripted server that crashes, hangs, floods, talks nonsense, and asks back.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moat_base::{Clock, SystemClock, Timestamp};
use moat_protocol::workspace::{
    LanguageAnswer, LanguageNews, LanguageQuery, LanguageWant, ServerStanding, Spot, WorkspaceNews,
};
use moat_workspace::FrontId;

use super::{FRONT, Talk, point, states};
use crate::support::{Scratch, eventually, path};

const HERE: Spot = Spot { line: 1, column: 1 };
const HOVER: LanguageWant = LanguageWant::Hover { at: HERE };
const NOTHING: LanguageAnswer = LanguageAnswer::Nothing { why: None };

/// A clock that stands until a test moves it on.
#[derive(Debug)]
struct Jumping {
    clock: SystemClock,
    ahead_s: AtomicU64,
}

impl Jumping {
    fn jump(&self, seconds: u64) {
        self.ahead_s.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.ahead_s.load(Ordering::SeqCst))
    }
}

/// A workspace whose server for Python behaves so, and its clock.
fn behaving(mode: &str) -> (Scratch, Arc<Jumping>) {
    let mut scratch = Scratch::new();
    let clock = Arc::new(Jumping { clock: SystemClock::new(), ahead_s: AtomicU64::new(0) });
    scratch.settings.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    scratch.settings.programs = vec![scratch.base.join("bin")];
    std::fs::create_dir(scratch.base.join("bin")).unwrap();
    install(&scratch, "pyright-langserver");
    be(&scratch, mode);
    scratch.write("a.py", "x");
    (scratch, clock)
}

fn install(scratch: &Scratch, name: &str) {
    let program = scratch.base.join("bin").join(name);
    std::fs::write(&program, include_str!("fake.py")).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
}

fn be(scratch: &Scratch, mode: &str) {
    std::fs::write(scratch.base.join("bin/mode"), mode).unwrap();
}

fn shown(scratch: &Scratch) -> Talk<'_> {
    let talk = Talk::allowed(scratch);
    talk.show("a.py", "python");
    talk
}

#[track_caller]
fn words(answer: LanguageAnswer) -> serde_json::Value {
    match answer {
        LanguageAnswer::Hovered { texts, .. } => serde_json::from_str(&texts[0]).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_runs_before_the_user_allowed_it() {
    let (scratch, _clock) = behaving("echo");
    {
        let talk = Talk::new(&scratch);
        assert_eq!(talk.servers().allowed, None);
        talk.show("a.py", "python");
        let server = talk.server("pyright");
        assert_eq!(server.standing, ServerStanding::Idle);
        assert!(server.program.unwrap().ends_with("bin/pyright-langserver"));
        assert_eq!(talk.ask("a.py", HOVER), NOTHING);
        scratch.news.wait(|all| {
            assert!(!states(all).any(|it| it.standing == ServerStanding::Starting));
            states(all).next().is_some()
        });
        talk.tell(LanguageQuery::Allow { allowed: true });
        assert_eq!(words(talk.ask("a.py", HOVER))["texts"].as_object().unwrap().len(), 1);
        assert_eq!(scratch.read("a.py"), b"x");
    }
    // It is remembered, in Moat's own place, until it is taken back.
    let talk = Talk::new(&scratch);
    assert_eq!(talk.servers().allowed, Some(true));
    talk.show("a.py", "python");
    words(talk.ask("a.py", HOVER));
    scratch.news.clear();
    talk.tell(LanguageQuery::Allow { allowed: false });
    talk.wait_for("pyright", ServerStanding::Idle);
    assert_eq!(talk.ask("a.py", HOVER), NOTHING);
}

#[test]
fn one_that_ends_is_started_again_and_told_of_everything() {
    let (scratch, clock) = behaving("crash");
    let talk = shown(&scratch);
    talk.wait_for("pyright", ServerStanding::Ready);
    be(&scratch, "crash");
    let ask = talk.begin("a.py", 1, HOVER);
    assert_eq!(talk.answer(ask), NOTHING);
    be(&scratch, "echo");
    let trouble = talk.wait_for("pyright", ServerStanding::Waiting).trouble.unwrap();
    assert_eq!(trouble, "it ended with status 3: could not go on");
    scratch.news.clear();
    clock.jump(60);
    talk.wait_for("pyright", ServerStanding::Ready);
    let texts = &words(talk.ask("a.py", HOVER))["texts"];
    assert!(texts.as_object().unwrap().values().all(|text| text == "x"), "{texts}");
}

#[test]
fn one_that_cannot_run_is_given_up_and_said_so_once() {
    let (scratch, clock) = behaving("dead");
    let talk = shown(&scratch);
    let waiting = |times: usize| {
        let is = |it: &&_| {
            let server: &moat_protocol::workspace::ServerState = it;
            server.name == "pyright" && server.standing == ServerStanding::Waiting
        };
        scratch.news.wait(|all| states(all).filter(is).count() >= times);
        clock.jump(60);
    };
    (1..=4).for_each(waiting);
    let server = talk.wait_for("pyright", ServerStanding::GivenUp);
    assert!(server.trouble.unwrap().contains("cannot work here"));
    assert_eq!(talk.ask("a.py", HOVER), NOTHING);
    // It stays so, whatever is opened, until the user wants it again.
    talk.show("a.py", "python");
    assert_eq!(talk.server("pyright").standing, ServerStanding::GivenUp);
    be(&scratch, "echo");
    talk.tell(LanguageQuery::Restart { server: "pyright".to_owned() });
    words(talk.ask("a.py", HOVER));
}

#[test]
fn what_is_no_message_ends_it() {
    for (mode, why) in [
        ("nonsense", "it printed something that is no message"),
        ("no json", "it sent a body that is no JSON"),
        ("long", "it sent a message that is too long"),
        ("flood", "it sends too much"),
    ] {
        let (scratch, _clock) = behaving(mode);
        let talk = shown(&scratch);
        assert_eq!(talk.ask("a.py", HOVER), NOTHING, "{mode}");
        let server = talk.wait_for("pyright", ServerStanding::Waiting);
        assert_eq!(server.trouble.as_deref(), Some(why), "{mode}");
    }
}

#[test]
fn one_that_reads_nothing_is_ended() {
    let (scratch, _clock) = behaving("deaf");
    let talk = shown(&scratch);
    talk.wait_for("pyright", ServerStanding::Ready);
    let ask = talk.begin("a.py", 1, HOVER);
    let text = "x".repeat(1 << 20);
    // Together longer than what may wait.
    for version in 2..50 {
        talk.change("a.py", version, &format!("{text}{version}"));
    }
    let server = talk.wait_for("pyright", ServerStanding::Waiting);
    assert_eq!(server.trouble.as_deref(), Some("it does not read what it is sent"));
    assert_eq!(talk.answer(ask), LanguageAnswer::Stale);
}

#[test]
fn one_that_does_not_answer_is_waited_for_no_longer_than_the_bound() {
    let (scratch, clock) = behaving("hang");
    let talk = shown(&scratch);
    talk.wait_for("pyright", ServerStanding::Ready);
    let ask = talk.begin("a.py", 1, HOVER);
    clock.jump(31);
    let why = Some("pyright did not answer in time".to_owned());
    assert_eq!(talk.answer(ask), LanguageAnswer::Nothing { why });
    // What it was asked is taken back, so it is not silent about anything.
    assert_eq!(talk.server("pyright").standing, ServerStanding::Ready);
    talk.problems("a.py", |all| all.iter().any(|it| it.message == "cancelled"));
}

#[test]
fn one_without_a_file_in_an_editor_is_ended() {
    let (scratch, clock) = behaving("echo");
    let talk = shown(&scratch);
    talk.wait_for("pyright", ServerStanding::Ready);
    talk.problems("a.py", |all| !all.is_empty());
    scratch.news.clear();
    talk.open.workspace.gone(FrontId(2));
    assert_eq!(talk.server("pyright").standing, ServerStanding::Ready);
    talk.open.workspace.gone(FRONT);
    clock.jump(6);
    talk.problems("a.py", <[_]>::is_empty);
    // Only from when it was seen to be unused.
    while talk.server("pyright").standing == ServerStanding::Ready {
        clock.jump(301);
        std::thread::yield_now();
    }
    talk.wait_for("pyright", ServerStanding::Idle);
}

#[test]
fn what_it_asks_is_answered_and_what_nobody_wanted_is_not_done() {
    let (scratch, _clock) = behaving("asks");
    let talk = shown(&scratch);
    talk.wait_for("pyright", ServerStanding::Ready);
    let answers = loop {
        let said = words(talk.ask("a.py", HOVER));
        if said["answers"].as_array().unwrap().len() >= 6 {
            break said["answers"].clone();
        }
    };
    let settings = &answers[0][0]["analysis"];
    assert_eq!(settings["diagnosticMode"], "openFilesOnly", "{answers}");
    let expected = serde_json::json!([null, null, null, "declined", {"applied": false}]);
    assert_eq!(answers.as_array().unwrap()[1..], expected.as_array().unwrap()[..]);
    talk.tell(LanguageQuery::Saved { path: path("a.py") });
    let noted = words(talk.ask("a.py", HOVER))["noted"].to_string();
    assert!(noted.contains("didSave") && noted.contains("didChangeWatchedFiles"), "{noted}");
}

#[test]
fn a_file_that_comes_back_at_once_was_never_closed_for_the_server() {
    let (scratch, clock) = behaving("asks");
    scratch.write("b.py", "y");
    let talk = shown(&scratch);
    let noted = || words(talk.ask("b.py", HOVER))["noted"].clone();
    let count = |noted: &serde_json::Value, method: &str| {
        noted.as_array().unwrap().iter().filter(|it| *it == method).count()
    };
    talk.show("b.py", "python");
    talk.wait_for("pyright", ServerStanding::Ready);
    talk.tell(LanguageQuery::Closed { path: path("a.py") });
    talk.show_text("a.py", "python", "x and more");
    talk.problems("a.py", |all| all.iter().any(|it| it.message.contains("seen")));
    let said = noted();
    assert_eq!(count(&said, "textDocument/didClose"), 0, "{said}");
    assert_eq!(count(&said, "textDocument/didOpen"), 2, "{said}");
    assert_eq!(count(&said, "textDocument/didChange"), 1, "{said}");
    // The control: one that stays away is closed.
    talk.tell(LanguageQuery::Closed { path: path("a.py") });
    clock.jump(6);
    eventually(noted, |said| count(said, "textDocument/didClose") == 1);
}

#[test]
fn an_action_gives_back_what_its_command_would_change() {
    let (scratch, _clock) = behaving("echo");
    let talk = shown(&scratch);
    let actions = talk.ask("a.py", LanguageWant::Actions { span: point(HERE) });
    assert!(matches!(&actions, LanguageAnswer::Actions { actions } if actions.len() == 1));
    let answer = talk.ask("a.py", LanguageWant::Act { action: 0 });
    let LanguageAnswer::Edited { files } = answer else { panic!("{answer:?}") };
    assert_eq!(files[0].edits[0].text, "done");
    assert_eq!(talk.ask("a.py", LanguageWant::Act { action: 1 }), NOTHING);
    assert_eq!(scratch.read("a.py"), b"x");
}

#[test]
fn an_edit_that_leaves_the_workspace_is_refused_as_a_whole() {
    let (scratch, _clock) = behaving("echo");
    let talk = shown(&scratch);
    let rename = |name: &str| LanguageWant::Rename { at: HERE, name: name.to_owned() };
    assert!(matches!(talk.ask("a.py", rename("good")), LanguageAnswer::Edited { .. }));
    let refused = talk.ask("a.py", rename("bad"));
    let LanguageAnswer::Nothing { why: Some(why) } = refused else { panic!("{refused:?}") };
    assert!(why.contains("outside"), "{why}");
}

#[test]
fn an_answer_about_an_older_text_is_not_given() {
    let (scratch, _clock) = behaving("slow");
    let talk = shown(&scratch);
    talk.wait_for("pyright", ServerStanding::Ready);
    let hover = talk.begin("a.py", 1, HOVER);
    let complete = LanguageWant::Complete { at: HERE, typed: None };
    let complete = talk.begin("a.py", 1, complete);
    talk.change("a.py", 2, "xy");
    assert_eq!(talk.answer(hover), LanguageAnswer::Stale);
    // The editor goes on with items while a word is typed.
    let items = talk.answer(complete);
    assert!(matches!(&items, LanguageAnswer::Completed { items, .. } if items[0].label == "late"));
    assert_eq!(talk.ask("a.py", HOVER), LanguageAnswer::Stale);
    let hover = talk.begin("a.py", 2, HOVER);
    talk.tell(LanguageQuery::Cancel { ask: hover });
    assert_eq!(talk.answer(hover), LanguageAnswer::Cancelled);
    talk.problems("a.py", |all| all.iter().any(|it| it.message == "cancelled"));
}

#[test]
fn what_two_servers_find_is_told_together() {
    let (scratch, clock) = behaving("echo");
    install(&scratch, "ruff");
    let talk = shown(&scratch);
    let both = talk.problems("a.py", |all| all.len() == 2);
    let sources: Vec<&str> = both.iter().map(|it| it.source.as_str()).collect();
    assert_eq!(sources, ["pyright-langserver", "ruff"]);
    // What one found goes with it, and comes back with it.
    scratch.news.clear();
    std::fs::remove_file(scratch.base.join("bin/ruff")).unwrap();
    talk.tell(LanguageQuery::Restart { server: "ruff".to_owned() });
    talk.problems("a.py", |all| all.len() == 1);
    talk.wait_for("ruff", ServerStanding::Waiting);
    install(&scratch, "ruff");
    clock.jump(60);
    talk.problems("a.py", |all| all.len() == 2);
    let told = scratch.news.wait(|all| !all.is_empty());
    assert!(told.iter().all(|it| matches!(
        it,
        WorkspaceNews::Language(LanguageNews::Problems { .. } | LanguageNews::Servers(_))
    )));
}
