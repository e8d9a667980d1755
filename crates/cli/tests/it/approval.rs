// SPDX-License-Identifier: Apache-2.0
//! Commands that are asked for: in a terminal, in another terminal, and headless.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use moat_protocol::Event;

use crate::support::{Home, RIGHT, WRONG, always, right, until};

const CHECK: &str = "python3 -m unittest -v  # asked $HOME";
const ASKING: [&str; 5] = ["exec", "--ask", "--check", CHECK, "fix total"];

/// Gives the program in its arguments a terminal, and passes on what is typed.
const IN_A_TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// A program at a terminal of its own.
pub(crate) struct Terminal {
    keyboard: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    child: Child,
}

impl Terminal {
    pub(crate) fn start(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let words = [&[env!("CARGO_BIN_EXE_moat")], arguments].concat();
        Self::program(home, &words, variables)
    }

    /// A shell line with the path of `moat` as `$0`.
    pub(crate) fn shell(home: &Home, line: &str) -> Self {
        Self::program(home, &["/bin/sh", "-c", line, env!("CARGO_BIN_EXE_moat")], &[])
    }

    pub(crate) fn program(home: &Home, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", IN_A_TERMINAL]).args(words);
        home.enter(&mut command);
        command.env("TERM", "xterm").envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (keyboard, mut reader) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let screen = Arc::<Mutex<Vec<u8>>>::default();
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut piece) {
                shown.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Self { keyboard, screen, child }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    pub(crate) fn see(&self, text: &str) {
        until(text, || self.text().contains(text));
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Ctrl-C, which the terminal turns into a signal.
    pub(crate) fn interrupt(&mut self) {
        self.keyboard.write_all(b"\x03").unwrap();
    }

    pub(crate) fn end(&mut self) -> Option<i32> {
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only a test that failed leaves it running.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

#[test]
fn headless_denies_what_would_be_asked_and_says_so() {
    let home = Home::new(always(right()));
    home.run(["exec", "--ask", "--check", CHECK, "fix total"])
        .code(3)
        .says("would be asked")
        .says("denied")
        .says(CHECK);
    assert_eq!(home.calc(), WRONG);
    assert!(home.model.requests().is_empty());
    home.run(["--set", "approval.commands=ask", "exec", "--json", "fix total"]).code(3);
}

#[test]
fn a_person_who_answers_yes_each_time_gets_the_change() {
    let home = Home::new(always(right()));
    let mut terminal = Terminal::start(&home, &ASKING, &[]);
    for asked in 1..=2 {
        until("it asks", || terminal.text().matches("type `yes`").count() >= asked);
        assert!(terminal.text().contains(CHECK), "{}", terminal.text());
        terminal.type_line("yes");
    }
    assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
    terminal.see("solved");
    assert_eq!(home.calc(), WRONG);
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

#[test]
fn any_other_answer_denies() {
    for answer in ["no", "", "y", "Yes", "yes please", "\u{4}"] {
        let home = Home::new(always(right()));
        let mut terminal = Terminal::start(&home, &ASKING, &[]);
        terminal.see("type `yes`");
        if answer == "\u{4}" {
            terminal.keyboard.write_all(answer.as_bytes()).unwrap();
        } else {
            terminal.type_line(answer);
        }
        assert_eq!(terminal.end(), Some(3), "{answer:?}: {}", terminal.text());
        assert!(home.model.requests().is_empty());
        let records = home.run(["session", "show", "--json"]).out;
        assert!(!records.contains(r#""outcome":"checked""#), "{answer:?}: it ran: {records}");
    }
}

#[test]
fn another_terminal_may_answer() {
    let home = Home::new(always(right()));
    let mut terminal = Terminal::start(&home, &ASKING, &[]);
    terminal.see("type `yes`");
    let id = home.sessions().remove(0);
    home.run(["session", "approve", &id, "1"]).code(0);
    until("it asks again", || terminal.text().matches("type `yes`").count() >= 2);
    home.run(["session", "approve", &id, "2", "--no"]).code(0);
    assert_eq!(terminal.end(), Some(3), "{}", terminal.text());
    assert_eq!(home.calc(), WRONG);
}

#[test]
fn a_command_cannot_paint_over_what_is_asked() {
    let home = Home::new(always(right()));
    let check = "true \u{1b}[2K\u{1b}[1A\r echo harmless \u{202e}";
    let mut terminal =
        Terminal::start(&home, &["exec", "--ask", "--check", check, "fix total"], &[]);
    terminal.see("type `yes`");
    let shown = terminal.text();
    assert!(!shown.contains("\u{1b}[1A") && !shown.contains('\u{202e}'), "{shown:?}");
    terminal.type_line("no");
    assert_eq!(terminal.end(), Some(3));
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let paints = |variables: &[(&str, &str)]| {
        let home = Home::new(always(right()));
        let mut terminal = Terminal::start(&home, &["exec", "fix total"], variables);
        assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
        terminal.see("moat session show");
        // Clearing the status line is no colour.
        terminal.text().replace("\u{1b}[K", "").contains('\u{1b}')
    };
    assert!(paints(&[]));
    assert!(!paints(&[("NO_COLOR", "1")]));
    assert!(!paints(&[("TERM", "dumb")]));
    let home = Home::new(always(right()));
    let done = home.run(["exec", "--json", "fix total"]);
    assert!(matches!(done.last_event(), Event::TurnFinished { .. }));
    assert!(!home.run(["session", "show"]).out.contains('\u{1b}'));
}
