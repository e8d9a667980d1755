// SPDX-License-Identifier: Apache-2.0
//! Commands that are asked for: in a terminal, in another terminal, and headless.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use moat_protocol::Event;

use crate::support::{Home, RIGHT, WRONG, always, right, signal, until};

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

    /// Ends the session's own process, which the terminal's program started.
    pub(crate) fn kill(&mut self, home: &Home, what: rustix::process::Signal) {
        let line = |line: &str| line.contains(" exec ") && !line.contains(" pty");
        let running = home.processes().into_iter().filter(|(_, it)| line(it));
        running.for_each(|(pid, _)| signal(pid, what));
        self.end();
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
    home.run(["session", "show"]).code(0).says("denied by the rule `commands-ask`");
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
    let told = home.run(["session", "show"]);
    told.code(0).says("approved when asked by `commands-ask`");
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

/// What the sandbox sets for every command, and what it passes on of this test's own variables
/// (docs/sandbox.md).
const FIXED: [&str; 16] = [
    "HOME",
    "PATH",
    "PWD",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "PAGER",
    "GIT_TERMINAL_PROMPT",
    "CARGO_NET_OFFLINE",
    "GOFLAGS",
    "GOPROXY",
    "PIP_NO_INDEX",
    "RUSTUP_AUTO_INSTALL",
    "UV_OFFLINE",
    "npm_config_offline",
];

#[test]
fn what_is_shown_is_exactly_what_the_sandbox_gets() {
    let home = Home::new(always(right()));
    // A null byte ends each word.
    let check = "echo begin; tr '\\000\\n' '\\n\\t' < /proc/$$/cmdline; echo between; \
                 tr '\\000' '\\n' < /proc/$$/environ; echo end; python3 -m unittest -v #\u{202e}";
    let mut terminal =
        Terminal::start(&home, &["exec", "--ask", "--check", check, "fix total"], &[]);
    terminal.see("type `yes`");
    terminal.type_line("yes");
    until("it asks again", || terminal.text().matches("type `yes`").count() >= 2);
    // The check is asked for anew for each candidate, with what that one changes.
    terminal.see("trying  candidate 1, which changes total in calc.py");
    terminal.type_line("no");
    assert_eq!(terminal.end(), Some(3), "{}", terminal.text());

    let records = home.run(["session", "show", "--json"]).out;
    let records: Vec<serde_json::Value> =
        records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_kind = |kind: &str| records.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
    let proposal = &of_kind("asked")[0]["proposal"];
    let checked = of_kind("resolved");
    let checked = checked.iter().find(|it| it["outcome"]["outcome"] == "checked").unwrap();
    let output = checked["outcome"]["output"].as_str().unwrap();
    let (argv, rest) = output.split_once("begin\n").unwrap().1.split_once("between\n").unwrap();
    let environ = rest.split_once("end\n").unwrap().0;

    let words = proposal["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    assert_eq!(argv.lines().collect::<Vec<_>>(), words.collect::<Vec<_>>());
    let mut got: Vec<(&str, &str)> =
        environ.lines().map(|line| line.split_once('=').unwrap()).collect();
    let shown = proposal["environment"].as_array().unwrap();
    assert!(!shown.is_empty());
    for pair in shown {
        let pair = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let at = got.iter().position(|it| *it == pair);
        got.remove(at.unwrap_or_else(|| panic!("{pair:?} was shown and not set: {got:?}")));
    }
    // The language is passed on, and the program that gives the terminal sets one.
    got.retain(|(name, _)| !name.starts_with("LC_"));
    let unnamed: Vec<_> = got.iter().filter(|(name, _)| !FIXED.contains(name)).collect();
    assert!(unnamed.is_empty(), "set and not shown: {unnamed:?}");
    let candidate = &of_kind("asked")[1]["proposal"]["candidate"];
    assert_eq!((&candidate["path"], &candidate["symbol"]), (&"calc.py".into(), &"total".into()));
}

#[test]
fn an_open_question_is_shown_again_by_resume() {
    let home = Home::new(always(right()));
    let mut terminal = Terminal::start(&home, &ASKING, &[]);
    terminal.see("type `yes`");
    terminal.interrupt();
    assert_eq!(terminal.end(), Some(130), "{}", terminal.text());
    home.run(["session", "resume"]).code(3).says("nobody can answer").says(CHECK);
    let mut terminal = Terminal::start(&home, &ASKING, &[]);
    terminal.see("type `yes`");
    terminal.interrupt();
    assert_eq!(terminal.end(), Some(130), "{}", terminal.text());
    let mut terminal = Terminal::start(&home, &["session", "resume"], &[]);
    terminal.see("type `yes`");
    terminal.type_line("no");
    assert_eq!(terminal.end(), Some(3), "{}", terminal.text());
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
