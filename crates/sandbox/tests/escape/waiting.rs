// SPDX-License-Identifier: Apache-2.0
//! The processes that wait for a command: what becomes of it when they are killed, and of
//! bounds that change from one command to the next.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use moat_sandbox::{Command, Launcher, Settings, Status, Step};

use crate::running::children;
use crate::support::{Scratch, helper, processes_with, run, shell};

#[test]
fn a_command_runs_although_what_waited_for_it_was_killed() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    for _round in 0..5 {
        shell(&sandbox, "true").succeeded();
        kill_what_waits(&launcher);
        let output = shell(&sandbox, "echo still here").succeeded().output;
        assert_eq!(output, "still here\n");
    }
}

#[test]
fn without_process_ids_a_command_is_bounded_and_ended_although_what_waited_was_killed() {
    let scratch = Scratch::new();
    let launcher = without_process_ids(&scratch);
    let sandbox = scratch.sandbox(&launcher);
    assert_eq!(sandbox.confinement().step, Step::Shared);
    let mark = format!("moat-waiting-{}", std::process::id());
    for _round in 0..3 {
        shell(&sandbox, "true").succeeded();
        kill_what_waits(&launcher);
        let forever = format!(": {mark}; trap '' TERM PIPE; while :; do :; done");
        let mut command = Command::new(["sh", "-c", &forever]);
        command.limits.wall = Duration::from_millis(500);
        assert_eq!(run(&sandbox, &command).exit.status, Status::TimedOut);
        assert_eq!(processes_with(&mark), [0; 0], "the command outlived its end");
    }
    drop((sandbox, launcher));
    assert_eq!(processes_with(&mark), [0; 0]);
}

#[test]
fn each_command_has_its_own_bound_on_processes_whatever_waited() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    for bound in [700_u64, 700, 900, 700, 2048, 900] {
        let mut command = Command::new(["cat", "/proc/sys/kernel/pid_max"]);
        command.limits.processes = bound;
        assert_eq!(run(&sandbox, &command).succeeded().output, format!("{bound}\n"));
    }
}

#[test]
fn a_command_that_is_too_long_for_a_message_runs_as_well() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let word = "x".repeat(100_000);
    for length in [10, 20_000, 100_000] {
        let word = word.get(..length).unwrap();
        let finished = run(&sandbox, &Command::new(["printf", "%s", word])).succeeded();
        assert_eq!(finished.output, word);
    }
}

/// A launcher where the kernel gives no process-id namespace.
fn without_process_ids(scratch: &Scratch) -> Launcher {
    let machine = scratch.project.join("../machine");
    let script = format!(
        "#!/bin/sh\nexec unshare --user --map-current-user --keep-caps sh -c 'echo 0 \
         >/proc/sys/user/max_pid_namespaces; exec \"$0\" \"$@\"' '{}' \"$@\"\n",
        helper().display()
    );
    std::fs::write(&machine, script).unwrap();
    std::fs::set_permissions(&machine, std::fs::Permissions::from_mode(0o755)).unwrap();
    let helper = machine.canonicalize().unwrap();
    Launcher::start(Settings { helper, least: Step::Shared, ..scratch.settings() }).unwrap()
}

/// Kills the reapers that wait, as the kernel does when there is no memory.
fn kill_what_waits(launcher: &Launcher) {
    let holder = children(&launcher.pid().to_string());
    let waiting = eventually(|| Some(children(holder.trim())).filter(|it| !it.is_empty()));
    for reaper in waiting.split_whitespace() {
        let pid = rustix::process::Pid::from_raw(reaper.parse().unwrap()).unwrap();
        // The one of the command before may be gone by itself.
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        // It stays a zombie until its holder comes to it.
        let stat = format!("/proc/{reaper}/stat");
        eventually(|| match std::fs::read_to_string(&stat) {
            Ok(text) => text.contains(") Z ").then_some(()),
            Err(_collected) => Some(()),
        });
    }
}

/// Waits for a condition that comes by itself.
fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it does not come");
        std::thread::yield_now();
    }
}
