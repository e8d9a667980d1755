// SPDX-License-Identifier: Apache-2.0
//! Programs that take all there is: each is ended, says at which bound, and leaves the
//! session and the machine as they were. Each has a control in which the same program
//! gets what it wants, because the bound is above it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use moat_sandbox::{
    Bound, Collected, Command, HELPER_WORD, Interrupt, Launcher, Layer, Limits, OutputSink,
    Sandbox, Status, Stream,
};

use crate::support::{ATTACKER, Finished, Scratch, attack, helper, run, shell};

const MIB: u64 = 1 << 20;

/// A session in which loads are put on.
struct Ground {
    scratch: Scratch,
    launcher: Launcher,
}

impl Ground {
    fn new() -> Self {
        let scratch = Scratch::new();
        let launcher = scratch.launcher();
        Self { scratch, launcher }
    }

    fn sandbox(&self) -> Sandbox {
        self.scratch.attacked(&self.launcher, &[])
    }

    /// The processes below the launcher that became another program: a command's.
    fn processes(&self) -> Vec<String> {
        let (mut found, mut look) = (Vec::new(), vec![self.launcher.pid()]);
        while let Some(pid) = look.pop() {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            // The launcher, the holder and what waits for a command are one program; who has
            // ended and was not collected yet has no words.
            if !line.is_empty() && !line.trim_end().ends_with(HELPER_WORD) {
                found.push(line);
            }
            let children = format!("/proc/{pid}/task/{pid}/children");
            let children = std::fs::read_to_string(children).unwrap_or_default();
            look.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        found
    }

    /// Puts a load on; shows that the session works afterwards and nothing is left.
    fn put(
        &self,
        sandbox: &Sandbox,
        (load, amount): (&str, u64),
        limits: &Limits,
        until: Until,
    ) -> Finished {
        let amount = amount.to_string();
        let mut command = Command::new([ATTACKER, "attack", load, &amount]);
        command.limits = limits.clone();
        let interrupt = Interrupt::new().unwrap();
        let mut sink = Taking {
            collected: Collected::default(),
            interrupt: (until == Until::Taken).then(|| interrupt.clone()),
        };
        let exit = sandbox.run(&command, &mut sink, &interrupt).unwrap();
        assert_eq!(shell(sandbox, "echo fine").succeeded().output, "fine\n", "after {load}");
        assert_eq!(self.processes(), Vec::<String>::new(), "after {load}");
        let output = String::from_utf8(sink.collected.output).unwrap();
        Finished { exit, output, error: String::new() }
    }

    /// Held at `bound` with `limits`, and let go with the usual ones.
    #[track_caller]
    fn check(&self, load: &str, amount: u64, limits: &Limits, bound: Bound) {
        let sandbox = self.sandbox();
        let held = self.put(&sandbox, (load, amount), limits, Until::Ended);
        assert_eq!(held.exit.status, Status::Limit(bound), "{load}: {}", held.output);
        drop(sandbox);
        self.scratch.clear();
        let free = self.put(&self.sandbox(), (load, amount), &Limits::default(), Until::Taken);
        self.scratch.clear();
        assert_eq!(free.output, "took\n", "the control of {load}: {:?}", free.exit);
        assert_eq!(free.exit.status, Status::Interrupted);
    }
}

/// How long a load is left on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// It has taken what it wanted.
    Taken,
    /// It is ended, or ends by itself.
    Ended,
}

/// Ends the command when it has taken what it wanted, if it is to be ended then.
struct Taking {
    collected: Collected,
    interrupt: Option<Interrupt>,
}

impl OutputSink for Taking {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.collected.output(stream, bytes);
        if let Some(interrupt) = &self.interrupt {
            interrupt.trigger();
        }
    }
}

#[test]
fn memory_of_all_processes_together_is_bounded() {
    let ground = Ground::new();
    let limits = Limits { memory_bytes_all: 120 * MIB, ..Limits::default() };
    for load in [
        "take-memory",
        "take-memory-in-parts",
        "take-memory-file",
        "take-memory-file-hidden",
        "take-memory-file-mapped",
        "take-shared-memory",
        "take-system-v",
        "take-private-files",
    ] {
        ground.check(load, 240, &limits, Bound::Memory);
    }
}

#[test]
fn memory_that_processes_share_counts_once() {
    let ground = Ground::new();
    let limits = Limits { memory_bytes_all: 400 * MIB, ..Limits::default() };
    // Nine processes have the same 200 MiB: 1.8 GiB, when each is looked at by itself.
    let shared = ground.put(&ground.sandbox(), ("share-memory", 200), &limits, Until::Taken);
    assert_eq!(shared.output, "took\n", "{:?}", shared.exit);
    let sandbox = ground.sandbox();
    let own = ground.put(&sandbox, ("take-memory-in-parts", 1600), &limits, Until::Ended);
    assert_eq!(own.exit.status, Status::Limit(Bound::Memory));
}

#[test]
fn what_earlier_commands_left_in_private_files_does_not_end_the_next() {
    let ground = Ground::new();
    let sandbox = ground.sandbox();
    let limits = Limits { memory_bytes_all: 160 * MIB, ..Limits::default() };
    let full = ground.put(&sandbox, ("take-private-files", 640), &limits, Until::Ended);
    assert_eq!(full.exit.status, Status::Limit(Bound::Memory));
    let mut command = Command::new(["/bin/sh", "-c", "sleep 0.2; du -sm /tmp; rm /tmp/load"]);
    command.limits = limits;
    let after = run(&sandbox, &command).succeeded();
    let left: u64 = after.output.split_whitespace().next().unwrap().parse().unwrap();
    assert!(left > 100, "{}", after.output);
}

#[test]
fn what_the_session_holds_on_disk_is_bounded() {
    let ground = Ground::new();
    let limits = Limits { session_bytes: 64 * MIB, session_files: 5000, ..Limits::default() };
    for (load, amount) in [
        ("take-disk", 512),
        ("take-removed-disk", 512),
        ("take-mapped-disk", 512),
        ("take-closed-disk", 512),
        // Slowly, so that the walks come one after another, and none sees a part.
        ("take-deep-disk", 128),
        ("take-moving-disk", 128),
        ("take-files", 40_000),
    ] {
        ground.check(load, amount, &limits, Bound::Disk);
    }
}

#[test]
fn a_session_that_is_full_can_be_emptied() {
    let ground = Ground::new();
    let sandbox = ground.sandbox();
    let limits = Limits { session_bytes: 64 * MIB, ..Limits::default() };
    let full = ground.put(&sandbox, ("take-disk", 512), &limits, Until::Ended);
    assert_eq!(full.exit.status, Status::Limit(Bound::Disk));
    let with = |script: &str| {
        let mut command = Command::new(["/bin/sh", "-c", script]);
        command.limits = limits.clone();
        run(&sandbox, &command)
    };
    with("sleep 0.1; rm -r load; sleep 0.1").succeeded();
    let script = "head -c 40000000 /dev/zero > fits && sleep 0.2";
    with(script).succeeded();
}

#[test]
fn one_file_and_the_processor_s_time_are_bounded_by_name() {
    let ground = Ground::new();
    let limits = Limits { file_bytes: 16 * MIB, ..Limits::default() };
    ground.check("take-file", 64, &limits, Bound::FileSize);
    let sandbox = ground.sandbox();
    for limits in [
        Limits { cpu: Duration::from_secs(1), ..Limits::default() },
        Limits { cpu_all: Duration::from_secs(1), ..Limits::default() },
    ] {
        let spent = ground.put(&sandbox, ("take-processor", 1), &limits, Until::Ended);
        assert_eq!(spent.exit.status, Status::Limit(Bound::Cpu));
    }
    // Of many processes none is over the bound of one.
    let limits = Limits { cpu_all: Duration::from_secs(2), ..Limits::default() };
    let spent = ground.put(&sandbox, ("take-processor", 100), &limits, Until::Ended);
    assert_eq!(spent.exit.status, Status::Limit(Bound::Cpu));
    assert!(spent.exit.usage.cpu >= Duration::from_secs(2), "{:?}", spent.exit);
    let limits = Limits { wall: Duration::from_millis(500), ..Limits::default() };
    let spent = ground.put(&sandbox, ("take-processor", 100), &limits, Until::Ended);
    assert_eq!(spent.exit.status, Status::TimedOut);
}

#[test]
fn open_files_are_bounded_for_each_process() {
    let ground = Ground::new();
    let limits = Limits { open_files: 64, ..Limits::default() };
    let sandbox = ground.sandbox();
    let held = ground.put(&sandbox, ("take-descriptors", 100), &limits, Until::Ended);
    assert_eq!((held.exit.status, held.output.as_str()), (Status::Code(1), "held 24\n"));
    let free = ground.put(&sandbox, ("take-descriptors", 100), &Limits::default(), Until::Taken);
    assert_eq!(free.output, "took\n");
}

#[test]
fn stopped_and_deaf_processes_and_a_storm_of_short_ones_end_at_their_time() {
    let ground = Ground::new();
    let sandbox = ground.sandbox();
    for script in [
        "kill -STOP $$",
        "trap '' TERM INT HUP; sleep 60",
        "sh -c 'kill -STOP $$' & wait",
        "while :; do (true &); done",
        // The shell that cannot fork any more ends; the one around it needs no more processes.
        "(bomb() { bomb | bomb & }; bomb); exec sleep 60",
    ] {
        let mut command = Command::new(["/bin/sh", "-c", script]);
        command.limits.wall = Duration::from_millis(700);
        command.limits.processes = 400;
        assert_eq!(run(&sandbox, &command).exit.status, Status::TimedOut, "{script}");
        shell(&sandbox, "true").succeeded();
        assert_eq!(ground.processes(), Vec::<String>::new(), "after {script}");
    }
}

#[test]
fn endless_output_takes_no_memory_here_also_without_a_line_s_end() {
    let ground = Ground::new();
    let sandbox = ground.sandbox();
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    shell(&sandbox, "true").succeeded();
    let before = peak();
    for script in ["yes", "cat /dev/zero", "cat /dev/zero >&2", "yes | tee /dev/stderr"] {
        let mut command = Command::new(["/bin/sh", "-c", script]);
        command.limits.output_bytes = 4096;
        let mut collected = Collected::default();
        let exit = sandbox.run(&command, &mut collected, &Interrupt::new().unwrap()).unwrap();
        assert_eq!(exit.status, Status::OutputLimit, "{script}");
        assert_eq!(collected.output.len() + collected.error.len(), 4096, "{script}");
        assert!(exit.output_bytes_dropped >= 256 * MIB - 4096, "{exit:?}");
    }
    assert!(peak() - before < 16 * MIB, "{} bytes more", peak() - before);
}

#[test]
fn room_cannot_be_reserved_faster_than_it_is_written() {
    let ground = Ground::new();
    let sandbox = ground.sandbox();
    let open = ground.scratch.attacked(&ground.launcher, &[Layer::Seccomp]);
    for load in ["reserve-disk", "reserve-memory"] {
        assert_eq!(attack(&sandbox, load, "16").output, "held 95\n", "{load}");
        assert_eq!(attack(&open, load, "16").output, "through\n", "{load}");
    }
    assert_eq!(attack(&sandbox, "give-back", "16").output, "through\n");
    // C libraries write where they cannot reserve.
    let script = "import os\n\
                  file = os.open('room', os.O_RDWR | os.O_CREAT)\n\
                  os.posix_fallocate(file, 0, 1000000)\n\
                  print(os.fstat(file).st_size)";
    let shown = run(&sandbox, &Command::new(["/usr/bin/python3", "-c", script])).succeeded();
    assert_eq!(shown.output, "1000000\n");
}

#[test]
fn a_thousand_computing_processes_do_not_keep_the_watch_from_looking() {
    let ground = Ground::new();
    let sandbox = ground.sandbox();
    let limits = Limits { cpu_all: Duration::from_secs(3), ..Limits::default() };
    let spent = ground.put(&sandbox, ("take-processor", 1000), &limits, Until::Ended);
    assert_eq!(spent.exit.status, Status::Limit(Bound::Cpu), "{:?}", spent.exit);
    println!("ended after {:?} of processor time", spent.exit.usage.cpu);
}

/// A program of the host's that goes on with its work: it starts processes, writes files and
/// takes memory, and says each round.
struct Bystander(Child, BufReader<ChildStdout>);

impl Bystander {
    fn start(place: &Path) -> Self {
        let mut command = std::process::Command::new(helper());
        command.args(["attack", "work", "1000000"]).current_dir(place).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Self(child, says)
    }

    /// Waits for so many rounds; false when it ended before.
    fn goes_on(&mut self, rounds: u32) -> bool {
        (0..rounds).all(|_| {
            let mut line = String::new();
            self.1.read_line(&mut line).unwrap();
            line == "round\n"
        })
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// What a program beside a load must get done before the load is ended.
const ROUNDS: u32 = 10;

/// Loads that go on until they are ended, at their bounds. Each says something once it is there.
const LOADS: &[(&str, &str)] = &[
    (
        "a fork bomb",
        "/run/attacker attack take-processes 20 & bomb() { bomb | bomb & }; \
         (bomb) 2>/dev/null; exec sleep 600",
    ),
    (
        "a memory hog",
        "/run/attacker attack take-memory 150 & for each in 1 2 3; do (while :; do \
         a=$(head -c 20000000 /dev/zero | tr '\\0' x); done) & done; wait",
    ),
    (
        "a disk filler",
        "while :; do head -c 40000000 /dev/zero > long; echo full; \
         mkdir many; cd many; for each in 1 2 3 4 5 6 7 8 9; do echo > $each; done; cd ..; \
         rm -r long many; done",
    ),
    ("an endless printer", "yes & yes >&2 & cat /dev/zero"),
];

#[test]
fn a_program_of_the_host_s_goes_on_beside_every_load() {
    let ground = Ground::new();
    for (name, script) in LOADS {
        let sandbox = ground.sandbox();
        let mut bystander = Bystander::start(&ground.scratch.home);
        let mut command = Command::new(["/bin/sh", "-c", script]);
        command.limits = Limits {
            processes: 310,
            memory_bytes_all: 800 * MIB,
            session_bytes: 200 * MIB,
            output_bytes_kill: u64::MAX,
            ..Limits::default()
        };
        let interrupt = Interrupt::new().unwrap();
        let (there, seen) = mpsc::channel();
        let (beside, ends) = (&mut bystander, &interrupt);
        let exit = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A load that never comes so far, or ends, is found by its status.
                if seen.recv().is_ok() && beside.goes_on(ROUNDS) {
                    ends.trigger();
                }
            });
            let mut sink = Telling(there);
            sandbox.run(&command, &mut sink, &interrupt).unwrap()
        });
        assert_eq!(exit.status, Status::Interrupted, "{name}: {exit:?}");
        assert_eq!(shell(&sandbox, "echo fine").succeeded().output, "fine\n", "after {name}");
        assert_eq!(ground.processes(), Vec::<String>::new(), "after {name}");
        drop(sandbox);
        ground.scratch.clear();
    }
    // The control: what shares the bounds of a load does not get so far.
    let mut command = Command::new([
        "/bin/sh",
        "-c",
        "/run/attacker attack take-processes 400; exec /run/attacker attack work 1",
    ]);
    command.limits.processes = 310;
    let shared = run(&ground.sandbox(), &command);
    assert_eq!(shared.output, "held 11\nheld 11\n", "{shared:?}");
}

/// Tells that there is output.
struct Telling(mpsc::Sender<()>);

impl OutputSink for Telling {
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {
        // Once is enough: who waited has gone on.
        let _told = self.0.send(());
    }
}
