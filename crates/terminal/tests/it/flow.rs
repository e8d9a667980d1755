// SPDX-License-Identifier: Apache-2.0
//! Nothing that is printed is lost, and a slow front end stops the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use moat_base::TreePath;
use moat_terminal::{Flow, FrontId, OutputSink};

use crate::support::{FRONT, SIZE, Scratch, Seen, sink};

#[test]
fn every_byte_comes_once_and_in_order() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch.type_line(terminal, "stty -echo; seq 1 200000; echo the end$((1 + 1))");
    let printed = seen.wait_for("the end2");
    let numbers: Vec<u32> = printed.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(numbers, (1..=200_000).collect::<Vec<u32>>());
}

/// A front end that takes nothing until it is let.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    waits: AtomicBool,
}

impl Gate {
    fn pass(&self) {
        let open = self.open.lock().unwrap();
        self.waits.store(true, Ordering::Release);
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

#[test]
fn a_front_end_that_takes_nothing_stops_the_program_and_then_has_everything() {
    let scratch = Scratch::new();
    let (gate, seen) = (Arc::new(Gate::default()), Arc::new(Seen::default()));
    let (its_gate, its_seen) = (Arc::clone(&gate), Arc::clone(&seen));
    let slow: OutputSink = Arc::new(move |_terminal, bytes| {
        its_gate.pass();
        its_seen.add(bytes);
        Flow::Taken
    });
    let opened = scratch.terminals.open(&TreePath::root(), SIZE, FRONT, slow).unwrap();
    let terminal = opened.terminal;
    let mark = scratch.directory.path().join("mark");
    // More than the kernel and the pump hold together.
    scratch.type_line(terminal, "stty -echo; seq 1 500000; : >mark; echo the end$((1 + 1))");
    crate::support::eventually("the gate", || gate.waits.load(Ordering::Acquire));
    // What is asked meanwhile is answered.
    scratch.terminals.resize(terminal, SIZE).unwrap();
    assert_eq!(scratch.terminals.list().len(), 1);
    assert!(!mark.exists(), "the program went on");
    gate.open();
    let printed = seen.wait_for("the end2");
    let numbers: Vec<u32> = printed.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(numbers.len(), 500_000);
    assert!(mark.exists());
}

#[test]
fn a_front_end_that_is_gone_stops_nobody() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let gone: OutputSink = Arc::new(move |_terminal, _bytes| {
        *count.lock().unwrap() += 1;
        Flow::Gone
    });
    scratch.type_line(terminal, "echo one$((1 + 1))");
    seen.wait_for("one2");
    scratch.terminals.attach(terminal, FrontId(2), gone).unwrap();
    scratch.type_line(terminal, "echo two$((1 + 1))");
    seen.wait_for("two2");
    crate::support::eventually("it is asked", || *asked.lock().unwrap() > 0);
    scratch.type_line(terminal, "echo three$((1 + 1))");
    seen.wait_for("three2");
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[test]
fn what_a_program_does_not_read_is_refused_at_the_limit_and_not_lost_before() {
    let scratch = Scratch::new();
    let (terminal, seen) = scratch.open();
    scratch
        .type_line(terminal, "stty raw -echo; echo ready$((1 + 1)); read -r go <fifo; cat | wc -c");
    let fifo = scratch.directory.path().join("fifo");
    std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    let later = Arc::new(Seen::default());
    scratch.terminals.attach(terminal, FrontId(3), sink(&later)).unwrap();
    seen.wait_for("ready2");
    let piece = vec![b'x'; 64 * 1024];
    let mut taken = 0;
    while taken < 64 * piece.len() && scratch.terminals.write(terminal, &piece).is_ok() {
        taken += piece.len();
    }
    assert!(taken >= 1024 * 1024 - piece.len(), "{taken}");
    assert!(scratch.terminals.write(terminal, &vec![b'x'; 2 * 1024 * 1024]).is_err());
    scratch.terminals.close(terminal).unwrap();
}
