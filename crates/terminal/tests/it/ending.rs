// SPDX-License-Identifier: Apache-2.0
//! How terminals end, and that nothing is left of them.

use std::sync::Arc;

use moat_terminal::{Error, FrontId};

use crate::support::{Scratch, Seen, eventually, runs, sink};

/// The number that a line of the output gives after `word`.
fn number(printed: &str, word: &str) -> i32 {
    let line = printed.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_else(|| panic!("{printed}")).trim().parse().unwrap()
}

#[test]
fn the_exit_status_is_told_when_all_was_shown() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "echo last$((1 + 1)); exit 7");
    assert_eq!(scratch.ended(terminal), Some(7));
    assert!(String::from_utf8_lossy(&seen.all()).contains("last2"));
    assert!(scratch.terminals.list()[0].ended);
    // What it printed can still be looked at, and typing goes nowhere.
    let later = Arc::new(Seen::default());
    scratch.terminals.attach(terminal, FrontId(2), sink(&later)).unwrap();
    later.wait_for("last2");
    scratch.type_line(terminal, "echo nobody");
    scratch.terminals.close(terminal).unwrap();
    assert!(scratch.terminals.list().is_empty());
}

#[test]
fn a_shell_that_a_signal_ends_says_which() {
    let scratch = Scratch::new();
    let (terminal, _seen) = scratch.open();
    scratch.type_line(terminal, "kill -KILL $$");
    assert_eq!(scratch.ended(terminal), Some(128 + 9));
}

#[test]
fn closing_ends_everything_in_the_session_also_what_does_not_want_to() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(
        terminal,
        "(trap '' HUP TERM; exec sleep 1000) & echo stubborn $!; sleep 1001 & echo job $!; \
         echo shell $$; echo up$((1 + 1))",
    );
    let printed = seen.wait_for("up2");
    let processes = ["stubborn ", "job ", "shell "].map(|word| number(&printed, word));
    assert!(processes.iter().all(|process| runs(*process)), "{printed}");
    scratch.terminals.close(terminal).unwrap();
    eventually("they end", || !processes.iter().any(|process| runs(*process)));
}

#[test]
fn the_server_s_end_ends_the_shells_and_the_next_one_says_so() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "echo shell $$; echo up$((1 + 1))");
    let shell = number(&seen.wait_for("up2"), "shell ");
    let (keeper, directory) = (scratch.keeper, scratch.directory);
    drop(scratch.terminals);
    assert!(!runs(shell), "the shell runs on");
    assert!(!runs(i32::try_from(keeper).unwrap()), "the keeper runs on");
    let next = Scratch::over(directory);
    let listed = next.terminals.list();
    assert_eq!((listed[0].terminal, listed[0].ended), (terminal, true));
    next.terminals.attach(terminal, FrontId(1), sink(&Arc::default())).unwrap();
    assert_eq!(next.ended(terminal), None);
    let (other, _seen) = next.open();
    assert!(other > terminal);
}

#[test]
fn the_keeper_s_death_ends_the_shells() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "echo shell $$; echo up$((1 + 1))");
    let shell = number(&seen.wait_for("up2"), "shell ");
    let keeper = rustix::process::Pid::from_raw(i32::try_from(scratch.keeper).unwrap()).unwrap();
    rustix::process::kill_process(keeper, rustix::process::Signal::KILL).unwrap();
    assert_eq!(scratch.ended(terminal), None);
    eventually("the shell ends", || !runs(shell));
    let root = moat_base::TreePath::root();
    let size = crate::support::SIZE;
    let refused = scratch.terminals.open(&root, size, FrontId(1), sink(&Arc::default()));
    assert!(matches!(refused, Err(Error::Gone)));
}

#[test]
fn no_descriptor_is_left_of_terminals_that_were_closed() {
    let scratch = Scratch::new();
    let count = |process: u32| std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    let (first, seen) = scratch.open();
    scratch.type_line(first, "ls -l /proc/self/fd | grep -c pts; echo up$((1 + 1))");
    // Only its own three lead to the terminal, and none to another.
    let printed = seen.wait_for("\nup2");
    assert!(printed.lines().any(|line| line == "2" || line == "3"), "{printed}");
    scratch.terminals.close(first).unwrap();
    let own = std::process::id();
    let terminals = |process: u32| {
        let links = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten();
        links
            .filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .filter(|path| path.starts_with("/dev/pts") || path.ends_with("ptmx"))
            .count()
    };
    let keeper_before = count(scratch.keeper);
    for _ in 0..5 {
        let (terminal, seen) = scratch.open();
        seen.wait_for("$ ");
        scratch.terminals.close(terminal).unwrap();
    }
    eventually("the keeper has no more than before", || {
        count(scratch.keeper) <= keeper_before && terminals(scratch.keeper) == 0
    });
    drop(scratch);
    let _own_may_have_others = terminals(own);
}
