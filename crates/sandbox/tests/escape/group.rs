// SPDX-License-Identifier: Apache-2.0
//! The control group of a sandbox, where one is delegated to this process alone.
//!
//! `xtask vm` makes such a machine and starts the tests in it, one at a time; elsewhere they
//! say that they are skipped. They run on whatever step stands there.

use std::path::{Path, PathBuf};

use moat_sandbox::{
    Bound, Collected, Command, Interrupt, Launcher, Layer, Limits, OutputSink, Sandbox, Settings,
    Status, Step, Stream,
};

use crate::support::{ATTACKER, Finished, Scratch, helper, outside, shell};

const MIB: u64 = 1 << 20;
const MOUNT: &str = "/sys/fs/cgroup";

/// A launcher in a delegated group.
struct Ground {
    scratch: Scratch,
    launcher: Launcher,
    /// The group that was delegated.
    base: PathBuf,
}

impl Ground {
    fn new() -> Option<Self> {
        let scratch = Scratch::new();
        let launcher = Self::start(&scratch);
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let Some(base) = own.strip_suffix("/moat-own") else {
            println!("skipped: no control group is delegated to this process alone");
            return None;
        };
        let base = Path::new(MOUNT).join(base);
        Some(Self { scratch, launcher, base })
    }

    fn start(scratch: &Scratch) -> Launcher {
        // The probe and the lower steps find the program at its own place.
        let read_only = vec![helper().parent().unwrap().to_owned()];
        let settings = Settings { least: Step::Rules, read_only, ..scratch.settings() };
        Launcher::start(settings).unwrap()
    }

    fn sandbox(&self, layers: &[Layer]) -> Sandbox {
        let plan = layers.iter().fold(self.scratch.plan(), |plan, it| plan.without_layer(*it));
        Sandbox::start_with(&self.launcher, &plan, &[(helper(), ATTACKER.into())]).unwrap()
    }

    /// The groups of sandboxes.
    fn groups(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.base).unwrap().map(|entry| entry.unwrap());
        let of_sandbox = |name: &str| name.starts_with("moat-") && name != "moat-own";
        let found = entries.filter(|entry| of_sandbox(&entry.file_name().to_string_lossy()));
        found.map(|entry| entry.path()).collect()
    }

    fn group(&self) -> PathBuf {
        let groups = self.groups();
        assert_eq!(groups.len(), 1, "{groups:?}");
        groups.into_iter().next().unwrap()
    }
}

/// Runs an attack where its program lies; ends it when it has taken what it wanted.
fn put(sandbox: &Sandbox, name: &str, amount: &str, limits: &Limits) -> Finished {
    let program = match sandbox.confinement().step {
        Step::Full | Step::Shared => PathBuf::from(ATTACKER),
        Step::Rules => helper(),
    };
    let words = [program.as_os_str(), "attack".as_ref(), name.as_ref(), amount.as_ref()];
    let mut command = Command::new(words);
    command.limits = limits.clone();
    let interrupt = Interrupt::new().unwrap();
    let mut sink = Taking(Collected::default(), interrupt.clone());
    let exit = sandbox.run(&command, &mut sink, &interrupt).unwrap();
    let output = String::from_utf8(sink.0.output).unwrap();
    Finished { exit, output, error: String::new() }
}

struct Taking(Collected, Interrupt);

impl OutputSink for Taking {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.0.output(stream, bytes);
        if self.0.output == b"took\n" {
            self.1.trigger();
        }
    }
}

fn text(group: &Path, name: &str) -> String {
    std::fs::read_to_string(group.join(name)).unwrap()
}

/// The number after a name.
fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap().trim().parse().unwrap()
}

#[test]
fn the_kernel_ends_what_takes_more_memory_than_its_bound_and_nothing_else() {
    let Some(ground) = Ground::new() else { return };
    let sandbox = ground.sandbox(&[]);
    let mut bystander = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let limits = Limits { memory_bytes_all: 60 * MIB, ..Limits::default() };
    let group = ground.group();
    let mut loads = vec!["take-memory", "take-memory-in-parts", "take-memory-file"];
    loads.extend(["take-memory-file-hidden", "take-shared-memory", "take-memory-on-its-way"]);
    if sandbox.confinement().step == Step::Full {
        // Elsewhere there are no private file systems, or no objects of System V.
        loads.extend(["take-system-v", "take-private-files"]);
    }
    for load in &loads {
        let before = number(&text(&group, "memory.events"), "oom_kill");
        let held = put(&sandbox, load, "120", &limits);
        assert_eq!(held.exit.status, Status::Limit(Bound::Memory), "{load}: {held:?}");
        let events = text(&group, "memory.events");
        assert!(number(&events, "oom_kill") > before, "{load}: it was not the kernel: {events}");
        assert_eq!(shell(&sandbox, "echo fine").succeeded().output, "fine\n", "after {load}");
        if *load == "take-private-files" {
            shell(&sandbox, "rm -f /tmp/load /dev/shm/load /var/tmp/load /run/load").succeeded();
        }
    }
    assert_eq!(bystander.try_wait().unwrap(), None, "a process outside was ended");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    for load in &loads {
        let free = put(&sandbox, load, "120", &Limits::default());
        assert_eq!(free.output, "took\n", "the control of {load}: {:?}", free.exit);
    }
}

#[test]
fn the_group_bounds_how_many_processes_there_are() {
    let Some(ground) = Ground::new() else { return };
    let limits = Limits { processes: 400, ..Limits::default() };
    let sandbox = ground.sandbox(&[]);
    let group = ground.group();
    let held = put(&sandbox, "take-processes", "1000", &limits);
    assert_eq!(held.output, format!("held {}\n", libc::EAGAIN), "{:?}", held.exit);
    let bound: u64 = text(&group, "pids.max").trim().parse().unwrap();
    assert!((400..420).contains(&bound), "{bound}");
    shell(&sandbox, "echo fine").succeeded();
    // The bound that is not this group's is the machine's, which nobody set.
    assert!(!sandbox.confinement().line().contains("processes of the machine's root"));
    drop(sandbox);
    ground.scratch.clear();
    let free = ground.sandbox(&[Layer::Processes]);
    let free = put(&free, "take-processes", "1000", &limits);
    assert_eq!(free.output, "took\n", "the control: {:?}", free.exit);
}

#[test]
fn a_command_neither_sees_nor_changes_its_group() {
    let Some(ground) = Ground::new() else { return };
    let sandbox = ground.sandbox(&[]);
    let (group, limits) = (ground.group(), Limits::default());
    let cases = [
        ("write", group.join("memory.max")),
        ("write", group.join("pids.max")),
        ("write", ground.base.join("moat-own/cgroup.procs")),
        ("write", ground.base.join("cgroup.subtree_control")),
        ("read", group.join("memory.max")),
        ("list", ground.base.clone()),
    ];
    for (name, target) in &cases {
        let target = target.to_str().unwrap();
        let inside = put(&sandbox, name, target, &limits);
        assert!(inside.output.starts_with("held "), "{name} {target}: {}", inside.output);
        let control = outside(&helper(), name, target, &ground.scratch.project);
        assert_eq!(control, "through\n", "the control of {name} {target} proves nothing");
    }
    if sandbox.confinement().step == Step::Full {
        // Its own group is the first one that it knows of.
        let known = shell(&sandbox, "grep ^0: /proc/self/cgroup").succeeded();
        assert_eq!(known.output, "0::/\n");
    }
    // The command is in that group, and Moat is not.
    let processes = text(&group, "cgroup.procs");
    assert!(!processes.lines().any(|line| line == std::process::id().to_string()));
}

#[test]
fn a_group_goes_with_its_sandbox_and_what_a_killed_moat_left_at_the_next_start() {
    let Some(ground) = Ground::new() else { return };
    let sandbox = ground.sandbox(&[]);
    shell(&sandbox, "true").succeeded();
    assert_eq!(ground.groups().len(), 1);
    drop(sandbox);
    assert_eq!(ground.groups(), Vec::<PathBuf>::new());
    ground.scratch.clear();
    // No process has this number: it is above the highest one.
    let left = ground.base.join("moat-4194305-0");
    std::fs::create_dir(&left).unwrap();
    let mut process = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    std::fs::write(left.join("cgroup.procs"), process.id().to_string()).unwrap();
    let living = ground.sandbox(&[]);
    let _later = Ground::start(&ground.scratch);
    assert!(!left.exists(), "what was left is still there");
    assert!(!process.wait().unwrap().success(), "its process was ended");
    shell(&living, "echo fine").succeeded();
    assert_eq!(ground.groups().len(), 1, "that of the living sandbox stays");
}
