// SPDX-License-Identifier: Apache-2.0
//! A check that cannot be found is asked for, where somebody can answer.

use std::fs;

use moat_testkit::{Act, Matcher, Rule};
use rustix::process::Signal;

use crate::approval::Terminal;
use crate::support::{Home, RIGHT, Running, WRONG, always, right, until};

const ASKED: &str = "type the command";
const LINE: &str = "python3 -c 'import calc; assert calc.total([1, 2]) == 3'";

/// A project in which nothing says how it is tested.
fn bare(rules: Vec<Rule>) -> Home {
    let home = Home::new(rules);
    fs::remove_file(home.project().join("test_calc.py")).unwrap();
    home
}

fn count(home: &Home, kind: &str) -> usize {
    let records = home.run(["session", "show", "--json"]).out;
    records.matches(&format!(r#""kind":"{kind}""#)).count()
}

#[test]
fn a_person_at_the_terminal_names_the_check() {
    let home = bare(always(right()));
    let mut terminal = Terminal::start(&home, &["exec", "fix total"], &[]);
    terminal.see(ASKED);
    terminal.type_line(&format!("  {LINE} "));
    assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
    terminal.see("solved");
    assert_eq!((count(&home, "check_asked"), count(&home, "check_given")), (1, 1));
    home.run(["session", "show"]).code(0).says(&format!("run     {LINE}  ("));
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

#[test]
fn no_answer_ends_the_turn_and_says_how_to_name_one() {
    for answer in ["\n", "  \n", "\u{4}"] {
        let home = bare(always(right()));
        let mut terminal = Terminal::start(&home, &["exec", "fix total"], &[]);
        terminal.see(ASKED);
        terminal.type_text(answer);
        assert_eq!(terminal.end(), Some(1), "{answer:?}: {}", terminal.text());
        terminal.see("none was given");
        terminal.see("--check COMMAND");
        assert!(home.model.requests().is_empty());
    }
}

#[test]
fn where_the_input_ended_early_nothing_is_waited_for() {
    let approval = ["exec", "--ask", "--check", "false", "fix total"];
    for (ask, code) in [(&["exec", "fix total"][..], 1), (&approval, 3)] {
        let home = bare(always(right()));
        let mut terminal = Terminal::start(&home, ask, &[]);
        // It waits in the terminal when the session starts, and the question comes later.
        terminal.type_text("\u{4}");
        assert_eq!(terminal.end(), Some(code), "{}", terminal.text());
    }
}

#[test]
fn headless_nobody_is_asked_and_that_is_said() {
    let home = bare(always(right()));
    let done = home.run(["exec", "fix total"]);
    done.code(1).says("nobody can be asked").says("--check COMMAND");
    assert_eq!(count(&home, "check_asked"), 0);
    assert_eq!(home.calc(), WRONG);
    home.run(["exec", "--json", "fix total"]).code(1).says("nobody can be asked");
}

#[test]
fn another_terminal_may_name_the_check() {
    let home = bare(always(right()));
    let mut terminal = Terminal::start(&home, &["exec", "fix total"], &[]);
    terminal.see(ASKED);
    let id = home.sessions().remove(0);
    home.run(["session", "check", &id, LINE]).code(0);
    assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
    terminal.see("solved");
}

#[test]
fn a_question_that_was_left_is_asked_again_and_an_answer_is_not() {
    let hang = Rule::once(Matcher::Any, Act::Hang);
    let home = bare(vec![hang, Rule::always(Matcher::Any, right())]);
    let mut terminal = Terminal::start(&home, &["exec", "fix total"], &[]);
    terminal.see(ASKED);
    terminal.interrupt();
    assert_eq!(terminal.end(), Some(130), "{}", terminal.text());

    let mut terminal = Terminal::start(&home, &["session", "resume"], &[]);
    terminal.see(ASKED);
    terminal.type_line(LINE);
    until("the model is asked", || home.model.requests().len() == 1);
    terminal.interrupt();
    assert_eq!(terminal.end(), Some(130), "{}", terminal.text());

    // Nobody is there, and nobody is needed.
    home.run(["session", "resume"]).code(0).says("solved");
    assert_eq!((count(&home, "check_asked"), count(&home, "check_given")), (1, 1));
}

#[test]
fn a_kill_while_it_asks_loses_nothing() {
    let home = bare(always(right()));
    let mut terminal = Terminal::start(&home, &["exec", "fix total"], &[]);
    terminal.see(ASKED);
    terminal.kill(&home, Signal::KILL);
    let told = Running::start(home.moat(["session", "list"])).end();
    told.code(0).says("unfinished");
    home.run(["session", "resume"]).code(1).says("nobody can be asked");
    assert_eq!(count(&home, "check_asked"), 1);
}
