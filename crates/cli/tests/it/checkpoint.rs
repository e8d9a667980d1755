// SPDX-License-Identifier: Apache-2.0
//! Commands in a session, its checkpoints, going back and forward again.

use std::fs;
use std::path::PathBuf;

use moat_protocol::{Checkpoint, CommandEnd, Event};
use rustix::process::Signal;

use crate::approval::Terminal;
use crate::support::{Ended, Home, RIGHT, Running, always, right, running_as, snapshot, until};

/// Deletes, renames, changes the mode, creates, links; then says how it went.
const WORK: &str = "rm test_calc.py && mv calc.py moved.py && chmod 751 moved.py && mkdir -p d/e \
                    && echo new > d/e/new.txt && ln -s nowhere link && mkfifo pipe \
                    && rm -r old && mkdir old && echo shown; echo told >&2; exit 7";

/// What a command sees of the session: kind, mode, size, name and target of everything.
const LOOK: &str = "find . -printf '%y %m %s %p %l\\n' | sort; cat calc.py moved.py 2>/dev/null";

fn shell(home: &Home, script: &str) -> Ended {
    home.run(["session", "run", "--", "sh", "-c", script])
}

fn look(home: &Home) -> String {
    // A pipe that fails its last part is no matter here.
    shell(home, &format!("{LOOK}; true")).code(0).out.clone()
}

fn checkpoints(home: &Home) -> Vec<Checkpoint> {
    let listed = home.run(["session", "checkpoints", "--json"]);
    listed.code(0).out.lines().map(checkpoint).collect()
}

fn checkpoint(line: &str) -> Checkpoint {
    let event = format!(
        r#"{{"v":1,"session":"0123456789","sequence":0,"at":0,"event":{}}}"#,
        line.replacen('{', r#"{"event":"checkpointed","#, 1)
    );
    let event = moat_protocol::read_event(&event).unwrap().event;
    let Event::Checkpointed(checkpoint) = event else { panic!("{event:?}") };
    checkpoint
}

fn last(home: &Home) -> String {
    checkpoints(home).last().unwrap().number.to_string()
}

fn rewind(home: &Home, to: &str, more: &[&str]) -> Ended {
    home.run(["session", "rewind", "--to", to].iter().chain(more))
}

#[test]
fn what_a_command_did_is_undone_and_done_again_and_your_tree_has_no_part_in_it() {
    let home = Home::new(always(right()));
    home.put("old/below", "below\n");
    let own = snapshot(&home.project());
    let ran = home.run(["session", "run", "--new", "--", "sh", "-c", &format!("{LOOK}; true")]);
    let start = ran.code(0).out.clone();
    let ran = shell(&home, WORK);
    ran.code(7);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("shown\n", "told\n"));
    let (done, worked) = (last(&home), look(&home));
    assert!(worked.contains("moved.py") && !worked.contains("old/below"), "{worked}");
    home.run(["session", "show"]).code(0).says("moved.py").says("gone");

    let listed = home.run(["session", "checkpoints"]);
    listed.code(0).says("the start of the session").says("mkfifo pipe");
    let headless = rewind(&home, "1", &[]);
    headless.code(2).reports("nobody can be asked", "--yes");
    let planned = rewind(&home, "1", &["--dry-run"]);
    planned.code(0).says("gone    d/e/new.txt").says("new     test_calc.py");
    assert_eq!(look(&home), worked, "a plan changes nothing");

    rewind(&home, "1", &["--yes"]).code(0).says("your tree is untouched");
    assert_eq!(look(&home), start);
    rewind(&home, &done, &["--yes"]).code(0);
    assert_eq!(look(&home), worked, "forward again");
    rewind(&home, "1", &["-y", "--code"]).code(0);
    assert_eq!(look(&home), start);
    rewind(&home, "999", &["--yes"])
        .code(2)
        .reports("no checkpoint 999", "moat session checkpoints");
    assert_eq!(snapshot(&home.project()), own);
}

#[test]
fn the_conversation_goes_with_the_files_or_by_itself() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0).says("solved");
    let fixed = last(&home);
    rewind(&home, "1", &["--dry-run"]).code(0).says("leaves").says("changed calc.py");
    rewind(&home, "1", &["--yes"]).code(0);
    let shown = home.run(["session", "show"]);
    assert!(!shown.code(0).out.contains("fix total"), "{}", shown.out);
    shown.says("pending nothing");
    rewind(&home, &fixed, &["--yes", "--conversation"]).code(0);
    home.run(["session", "show"]).code(0).says("fix total").says("pending nothing");
    rewind(&home, &fixed, &["--yes", "--code"]).code(0);
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
    rewind(&home, "1", &["--yes"]).code(0).says("calc.py: it was kept");
    assert_eq!(shell(&home, "cat calc.py").code(0).out, RIGHT, "as your tree has it");
    assert_eq!(home.calc(), RIGHT);
    home.run(["session", "undo"]).code(0);
    assert_ne!(home.calc(), RIGHT);
}

#[test]
fn a_command_that_is_killed_half_way_is_unknown_and_the_state_before_it_is_there() {
    let home = Home::new(always(right()));
    home.run(["session", "run", "--new", "--", "touch", "first"]).code(0);
    let before = look(&home);
    let script = "echo half > half.txt; rm calc.py; sleep 98761.5";
    let running = Running::start(home.moat(["session", "run", "--", "sh", "-c", script]));
    until("the command works", || !running_as("sleep 98761.5").is_empty());
    running.signal(Signal::KILL);
    running.end().code(-9);
    until("nothing is left", || running_as("sleep 98761.5").is_empty());
    home.run(["session", "show"]).code(0).says("half.txt").says("is not known");
    assert!(shell(&home, "ls").code(0).out.contains("half.txt"));
    let found = checkpoints(&home);
    let at = found.iter().position(|it| it.after == "what was found in the session").unwrap();
    rewind(&home, &found[at - 1].number.to_string(), &["--yes"]).code(0);
    assert_eq!(look(&home), before);
    rewind(&home, &found[at].number.to_string(), &["--yes"]).code(0);
    assert!(shell(&home, "cat half.txt; ls").code(0).out.starts_with("half\n"));
}

#[test]
fn ctrl_c_ends_a_command_and_what_it_did_can_be_undone() {
    let home = Home::new(always(right()));
    home.run(["session", "run", "--new", "--", "touch", "first"]).code(0);
    let before = look(&home);
    let at = last(&home);
    let script = "echo half > half.txt; sleep 98762.5";
    let running = Running::start(home.moat(["session", "run", "--", "sh", "-c", script]));
    until("the command works", || !running_as("sleep 98762.5").is_empty());
    running.signal(Signal::INT);
    running.end().code(130);
    until("nothing is left", || running_as("sleep 98762.5").is_empty());
    home.run(["session", "show"]).code(0).says("half.txt");
    assert!(checkpoints(&home).last().unwrap().after.ends_with("(interrupted)"));
    rewind(&home, &at, &["--yes"]).code(0).says("gone    half.txt");
    assert_eq!(look(&home), before);
}

#[test]
fn what_you_did_meanwhile_is_joined_with_what_comes_back() {
    let home = Home::new(always(right()));
    home.put("notes.txt", "a\nb\nc\nd\ne\n");
    let edit = ["sed", "-i", "s/e/SESSION/", "notes.txt"];
    home.run(["session", "run", "--new", "--"].iter().chain(&edit)).code(0);
    let with = last(&home);
    home.run(["session", "undo"]).code(0);
    home.put("notes.txt", "USER\nb\nc\nd\ne\n");
    assert!(shell(&home, "cat notes.txt").code(0).out.starts_with("USER"));
    rewind(&home, &with, &["--yes", "--code"]).code(0);
    home.run(["session", "keep"]).code(0);
    let kept = fs::read_to_string(home.project().join("notes.txt")).unwrap();
    assert_eq!(kept, "USER\nb\nc\nd\nSESSION\n");
}

#[test]
fn a_command_that_is_asked_for_needs_a_person() {
    let home = Home::new(always(right()));
    home.configure(&format!("{}\n[approval]\ncommands = \"ask\"\n", home.config()));
    let denied = home.run(["session", "run", "--new", "--", "touch", "made"]);
    denied.code(3).says("commands-ask");
    home.run(["session", "show"]).code(0).says("pending nothing");
    let mut person = Terminal::start(&home, &["session", "run", "--", "touch", "made"], &[]);
    person.see("type `yes`");
    person.type_line("yes");
    assert_eq!(person.end(), Some(0));
    home.run(["session", "show"]).code(0).says("made");

    let mut person = Terminal::start(&home, &["session", "rewind", "--to", "1"], &[]);
    person.see("made");
    person.see("type `yes`");
    person.type_line("no");
    assert_eq!(person.end(), Some(3));
    home.run(["session", "show"]).code(0).says("made");
    let mut person = Terminal::start(&home, &["session", "rewind", "--to", "1"], &[]);
    person.see("type `yes`");
    person.interrupt();
    assert_eq!(person.end(), Some(130), "Ctrl-C is no");
    home.run(["session", "show"]).code(0).says("made");
    let mut person = Terminal::start(&home, &["session", "rewind", "--to", "1"], &[]);
    person.see("type `yes`");
    person.type_line("yes");
    assert_eq!(person.end(), Some(0));
    home.run(["session", "show"]).code(0).says("pending nothing");
}

#[test]
fn a_command_runs_where_it_is_called_and_nothing_it_writes_acts_on_a_terminal() {
    let home = Home::new(always(right()));
    home.put("sub/inner/file", "x");
    home.run(["session", "run", "--new", "--dir", "sub", "--", "ls"]).code(0).says("inner");
    let mut inside = home.moat(["session", "run", "--", "ls"]);
    inside.current_dir(home.project().join("sub/inner"));
    assert_eq!(Running::start(inside).end().code(0).out, "file\n");
    home.run(["session", "run", "--dir", "/etc", "--", "ls"]).code(2);
    home.run(["session", "run", "--dir", "../..", "--", "ls"]).code(2);
    home.run(["session", "run", "--dir", "none", "--", "ls"])
        .code(5)
        .reports("working directory", "hint");
    home.run(["session", "run", "--", "no-such-program"]).code(5).reports("error", "program");

    let escape = "printf 'a\\033]0;title\\007b\\n'";
    assert_eq!(shell(&home, escape).code(0).out, "a\u{1b}]0;title\u{7}b\n", "a pipe gets it all");
    let mut person = Terminal::start(&home, &["session", "run", "--", "sh", "-c", escape], &[]);
    person.see("boundary: ");
    person.see("a<U+001B>]0;title<U+0007>b");
    assert_eq!(person.end(), Some(0));

    let told = home.run(["session", "run", "--json", "--", "sh", "-c", "kill -9 $$"]);
    told.code(137);
    let ends = told.events().into_iter().filter(|it| matches!(it.event, Event::CommandEnded(_)));
    let ends: Vec<Event> = ends.map(|it| it.event).collect();
    let [Event::CommandEnded(CommandEnd::Ran { status })] = ends.as_slice() else {
        panic!("{ends:?}");
    };
    assert_eq!(format!("{status:?}"), "Signal(9)");
}

#[test]
fn a_session_whose_checkpoints_are_gone_opens_and_begins_again() {
    let home = Home::new(always(right()));
    home.run(["session", "run", "--new", "--", "touch", "made"]).code(0);
    let files: PathBuf = home.session_file().with_file_name("files");
    fs::remove_dir_all(files.join("checkpoints")).unwrap();
    home.run(["session", "checkpoints"]).code(0);
    home.run(["session", "run", "--", "touch", "more"]).code(0);
    let names: Vec<String> = checkpoints(&home).into_iter().map(|it| it.after).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    rewind(&home, "1", &["--yes"]).code(0);
    home.run(["session", "show"]).code(0).says("made");
}
