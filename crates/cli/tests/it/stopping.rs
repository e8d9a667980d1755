// SPDX-License-Identifier: Apache-2.0
//! Turns that are stopped, killed, resumed, watched and steered.

use std::fs;

use moat_protocol::{Event, read_event};
use moat_testkit::{Act, Matcher, Rule};
use rustix::process::Signal;

use crate::support::{Home, RIGHT, Running, WRONG, always, code, right, running_as, until};

#[test]
fn ctrl_c_ends_the_check_and_its_processes_and_the_turn_can_be_resumed() {
    let home = Home::new(always(right()));
    let sleep = format!("sleep 98761.{}", std::process::id());
    let check = format!("(exec {sleep}) & exec {sleep}");
    let running = Running::start(home.moat(["exec", "--check", &check, "fix total"]));
    until("the check hangs", || running_as(&sleep).len() >= 2);
    running.signal(Signal::INT);
    running.end().code(130).says("resume");
    until("the check is gone", || running_as(&sleep).is_empty());
    assert_eq!(home.calc(), WRONG);
    home.run(["session", "list"]).code(0).says("stopped");
}

#[test]
fn a_turn_that_was_stopped_at_the_model_goes_on_to_its_end() {
    let home =
        Home::new(vec![Rule::once(Matcher::Any, Act::Hang), Rule::always(Matcher::Any, right())]);
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    running.signal(Signal::INT);
    running.end().code(130);
    home.run(["session", "resume"]).code(0).says("solved");
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
    home.run(["session", "resume"]).code(2).reports("no unfinished turn", "moat exec");
    home.run(["log", "verify"]).code(0);
}

#[test]
fn a_kill_in_the_middle_of_a_model_request_loses_nothing() {
    let hang = Act::HangAfter("```python\ndef total".into());
    let home = Home::new(vec![Rule::once(Matcher::Any, hang), Rule::always(Matcher::Any, right())]);
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    running.signal(Signal::KILL);
    running.end().code(-9);
    let only_broker = || home.processes().iter().all(|(_, line)| line.ends_with("moat broker"));
    until("everything but the broker is gone", only_broker);
    home.run(["session", "list"]).code(0).says("unfinished");
    home.run(["session", "resume"]).code(0).says("left nothing behind").says("solved");
    let records = home.run(["session", "show", "--json"]).out;
    let applied = records.matches(r#""effect":"apply""#).count();
    assert_eq!(applied, 1, "{records}");
    let checks = records.matches(r#""effect":"run_check""#).count();
    assert_eq!(checks, 1, "the baseline ran twice: {records}");
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

#[test]
fn a_kill_during_the_check_leaves_no_process() {
    let home = Home::new(always(right()));
    let sleep = format!("sleep 98762.{}", std::process::id());
    let check = format!("setsid {sleep} & {sleep}");
    let running = Running::start(home.moat(["exec", "--check", &check, "fix total"]));
    until("the check hangs", || running_as(&sleep).len() >= 2);
    running.signal(Signal::KILL);
    running.end().code(-9);
    until("the check is gone", || running_as(&sleep).is_empty());
    assert_eq!(home.calc(), WRONG);
}

#[test]
fn a_second_terminal_watches_and_steers() {
    let wrong = code("def total(values):\n    return 7");
    let home = Home::new(vec![
        Rule::always(Matcher::Contains("sum is built in".into()), right()),
        Rule::once(Matcher::Any, Act::Hang),
        Rule::always(Matcher::Any, wrong),
    ]);
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    let id = home.sessions().remove(0);
    home.run(["session", "resume", &id]).code(2).reports("open in another process", "watch");
    let watcher = Running::start(home.moat(["session", "watch", "--json", &id]));
    home.run(["session", "steer", &id, "sum is built in"]).code(0);
    home.run(["session", "stop", &id]).code(0);
    running.end().code(4).says("resume");
    let watched = watcher.end();
    watched.code(0);
    let events: Vec<Event> =
        watched.out.lines().map(|line| read_event(line).unwrap().event).collect();
    assert!(matches!(events.first(), Some(Event::SessionOpened { .. })), "{}", watched.out);
    assert!(events.iter().any(|event| matches!(event, Event::TurnFinished { .. })));
    assert!(matches!(events.last(), Some(Event::SessionClosed)), "{}", watched.out);

    home.run(["session", "resume", &id]).code(0).says("solved");
    let last = home.model.requests().pop().unwrap();
    assert!(String::from_utf8_lossy(&last.body).contains("Also: sum is built in"));
    home.run(["session", "watch", &id]).code(2).reports("does not run", "resume");
    home.run(["session", "steer", &id, "late"]).code(2).reports("does not run", "resume");
}

/// Cuts a session's file after the last line that has a text, as a kill right then would have.
fn cut_after(home: &Home, text: &str) {
    let file = home.session_file();
    let stored = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = stored.split_inclusive('\n').collect();
    let last = lines.iter().rposition(|line| line.contains(text)).unwrap();
    fs::write(&file, lines[..=last].concat()).unwrap();
}

/// Where the session keeps the files that it changed.
fn upper(home: &Home) -> std::path::PathBuf {
    home.session_file().parent().unwrap().join("upper")
}

#[test]
fn a_change_of_which_nothing_is_known_ends_the_turn_as_unknown() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    cut_after(&home, r#""effect":"apply""#);
    // Whether the file was written cannot be told any more: it is no file.
    fs::remove_file(upper(&home).join("calc.py")).unwrap();
    fs::remove_file(home.project().join("calc.py")).unwrap();
    fs::create_dir(home.project().join("calc.py")).unwrap();
    home.run(["session", "resume"]).code(6).says("not known").says("calc.py");
    home.run(["session", "list"]).code(0).says("unknown");
    let records = home.run(["session", "show", "--json"]).out;
    assert_eq!(records.matches(r#""effect":"apply""#).count(), 1, "it was done again: {records}");
}

#[test]
fn a_command_that_another_terminal_stops_ends_as_unknown() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let sleep = format!("sleep 98763.{}", std::process::id());
    let line = format!("echo half > half; exec {sleep}");
    let running = Running::start(home.moat(["session", "run", "--", "/bin/sh", "-c", &line]));
    until("the command runs", || !running_as(&sleep).is_empty());
    let id = home.sessions().remove(0);
    home.run(["session", "stop", &id]).code(0);
    running.end().code(6);
    until("the command is gone", || running_as(&sleep).is_empty());
    home.run(["session", "show"]).code(0).says("half");
}

#[test]
fn a_kill_during_a_keep_is_settled_by_the_next_command() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let make = "mkdir many; for n in $(seq 1000); do echo new > many/$n; done";
    home.run(["session", "run", "--", "/bin/sh", "-c", make]).code(0);
    let many = home.project().join("many");
    // A file that is being written has a name that begins with a dot.
    let is_whole = |name: &std::ffi::OsStr| !name.as_encoded_bytes().starts_with(b".");
    let written = || {
        let entries = fs::read_dir(&many).into_iter().flatten().flatten();
        entries.filter(|entry| is_whole(&entry.file_name())).count()
    };
    let running = Running::start(home.moat(["session", "keep"]));
    until("it writes", || written() > 3);
    running.signal(Signal::KILL);
    running.end().code(-9);
    let half = written();
    assert!(half < 1000, "the keep was over before it was killed");
    let next = home.run(["session", "show"]);
    next.code(0)
        .says("the process died while it was about to keep changes")
        .says(" paths had been written, and what had not is still pending");
    assert_eq!(written(), half, "a look writes nothing");
    home.run(["session", "keep"]).code(0);
    assert_eq!(written(), 1000);
    assert_eq!(home.calc(), RIGHT);
    let records = home.run(["session", "show", "--json"]).out;
    assert_eq!(records.matches(r#""effect":"keep""#).count(), 2, "{records}");
}

#[test]
fn a_removed_session_leaves_no_file() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let id = home.sessions().remove(0);
    home.run(["session", "rm", &id]).code(0);
    assert_eq!(fs::read_dir(home.at("state/moat/sessions")).unwrap().count(), 0);
    home.run(["session", "show", &id]).code(2).reports("there is no session", "session list");
}
