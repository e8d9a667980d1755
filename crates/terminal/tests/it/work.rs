// SPDX-License-Identifier: Apache-2.0
//! What a person does in a terminal.

use std::sync::Arc;

use moat_base::TreePath;
use moat_terminal::{Error, FrontId, Size};

use crate::support::{FRONT, SIZE, Scratch, Seen, sink};

#[test]
fn a_shell_echoes_and_answers_in_the_user_s_own_environment() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.directory.path().join("below")).unwrap();
    let seen = Arc::new(Seen::default());
    let below = TreePath::parse("below").unwrap();
    let opened = scratch.terminals.open(&below, SIZE, FRONT, sink(&seen)).unwrap();
    assert_eq!((opened.program.as_str(), opened.ended), ("sh", false));
    scratch.type_line(opened.terminal, "echo a$((1 + 1))b \"$CANARY\" $TERM ${PWD##*/}");
    seen.wait_for("a2b of the user xterm-256color below");
    assert_eq!(scratch.terminals.list(), [opened]);
}

#[test]
fn the_shell_leads_a_session_with_the_terminal_as_its_own() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "ps -o sid= -p $$ | tr -d ' '; echo self $$; tty; echo over");
    let printed = seen.wait_for("\r\nover");
    let lines: Vec<&str> = printed.lines().collect();
    let shell = lines.iter().find_map(|line| line.strip_prefix("self ")).unwrap();
    assert!(lines.contains(&shell), "{printed}");
    assert!(lines.iter().any(|line| line.starts_with("/dev/pts/")), "{printed}");
}

#[test]
fn a_new_size_is_seen() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "stty size");
    seen.wait_for("24 80");
    scratch.terminals.resize(terminal, Size { columns: 101, rows: 33 }).unwrap();
    scratch.type_line(terminal, "stty size");
    seen.wait_for("33 101");
}

#[test]
fn an_interrupt_ends_what_runs_and_not_the_shell() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "cat; echo status $?");
    scratch.type_line(terminal, "typed");
    // Once from the terminal's echo, once from `cat`.
    seen.wait(|bytes| String::from_utf8_lossy(bytes).matches("typed\r\n").count() == 2);
    scratch.terminals.write(terminal, b"\x03").unwrap();
    // What is typed before `cat` is gone would be its.
    seen.wait(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.split_once("^C").is_some_and(|(_before, after)| after.contains("$ "))
    });
    scratch.type_line(terminal, "echo still $((20 + 1))");
    let printed = seen.wait_for("still 21");
    assert!(!printed.contains("status 0"), "{printed}");
}

#[test]
fn jobs_stop_and_go_on() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "cat");
    scratch.type_line(terminal, "first");
    seen.wait(|bytes| String::from_utf8_lossy(bytes).matches("first\r\n").count() == 2);
    scratch.terminals.write(terminal, b"\x1a").unwrap();
    seen.wait_for("Stopped");
    scratch.type_line(terminal, "fg");
    scratch.type_line(terminal, "second");
    seen.wait(|bytes| String::from_utf8_lossy(bytes).matches("second\r\n").count() == 2);
}

#[test]
fn who_attaches_later_sees_what_was_printed_before() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "echo before$((1 + 1))");
    seen.wait_for("before2");
    let later = Arc::new(Seen::default());
    scratch.terminals.attach(terminal, FrontId(2), sink(&later)).unwrap();
    later.wait_for("before2");
    scratch.type_line(terminal, "echo after$((1 + 1))");
    later.wait_for("after2");
    seen.wait_for("after2");
    // Both have the same bytes.
    let all = seen.all();
    later.wait(|bytes| bytes.len() >= all.len());
    assert!(later.all().starts_with(&all));
    scratch.terminals.detach(FrontId(2));
    let had = later.all();
    scratch.type_line(terminal, "echo last$((1 + 1))");
    seen.wait_for("last2");
    assert_eq!(later.all(), had);
}

#[test]
fn what_cannot_be_opened_is_said() {
    let scratch = Scratch::new();
    let missing = TreePath::parse("missing").unwrap();
    let refused = scratch.terminals.open(&missing, SIZE, FRONT, sink(&Arc::default()));
    let Err(Error::Open { step, source }) = refused else { panic!("{refused:?}") };
    assert_eq!(
        (step.as_str(), source.kind()),
        ("starting the shell", std::io::ErrorKind::NotFound)
    );
    assert!(matches!(scratch.terminals.close(7), Err(Error::Unknown { terminal: 7 })));
    assert!(scratch.terminals.list().is_empty());
    // The next one works.
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "echo fine$((1 + 1))");
    seen.wait_for("fine2");
}
