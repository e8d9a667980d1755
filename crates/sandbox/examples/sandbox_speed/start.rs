// SPDX-License-Identifier: Apache-2.0
//! From the start to the exit of `/bin/true`, in every way there is.
//!
//! | Kind | From | To |
//! |---|---|---|
//! | `plain` | before `posix_spawn` | it was waited for |
//! | `cold` | before the plan is compiled; the launcher runs | the answer that it ended |
//! | `cold_gone` | the same | the sandbox is taken down too |
//! | `cold_launcher` | before the launcher is started | the answer that it ended |
//! | `warm` | a command for a sandbox that is up | the answer that it ended |
//! | `again` | the next command at once after one | the answer that it ended |
//! | `bwrap` | before `posix_spawn` | it was waited for; it does not wait for its mounts |
//! | `fallback` | as `warm`, on the last step of the ladder | the answer that it ended |

use std::path::PathBuf;
use std::process::Command as Plain;
use std::time::Instant;

use moat_sandbox::{Command, Files, Launcher, Layer, Plan, Sandbox, Step};

use crate::{Bench, bubblewrap, plain, sample};

const TRUE: &str = "/bin/true";
/// Runs per sample of processor time.
const BLOCK: u32 = 10;

/// A way to run `true`, and its name.
type Kind<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// Where all of them run.
struct Place<'a> {
    bench: &'a Bench,
    launcher: Launcher,
    tree: PathBuf,
    home: PathBuf,
}

/// Prints samples of every kind, in turn.
pub(crate) fn measure(bench: &Bench) {
    let (tree, home) = (bench.directory("tree"), bench.directory("home"));
    let launcher = bench.launcher(&home, &["/usr/bin", "/bin"], &[]);
    let place = Place { bench, launcher, tree, home };
    let warm = place.sandbox("warm");
    let less = bench.without_namespaces(&place.home);
    let fallback = place.sandbox_of(&less, "fallback");
    assert_eq!(fallback.confinement().step, Step::Rules, "the machine lacks what it should");
    let command = Command::new([TRUE]);
    let kinds = kinds(&place, (&warm, &fallback), &command);
    for _ in 0..bench.rounds {
        for (name, kind) in &kinds {
            bench.wall(name, kind);
        }
        place.cold();
        bench.run(&warm, &command);
        let started = Instant::now();
        bench.run(&warm, &command);
        sample("again", started.elapsed(), None);
    }
    for _ in 0..bench.rounds / 10 {
        for (name, kind) in &kinds {
            bench.both(&format!("{name}_block"), BLOCK, kind);
        }
        bench.both("cold_block", BLOCK, || drop(place.ended("cold")));
    }
}

/// Plain and warm alone, for a look with a profiler.
pub(crate) fn warm(bench: &Bench) {
    let (tree, home) = (bench.directory("tree"), bench.directory("home"));
    let launcher = bench.launcher(&home, &["/usr/bin", "/bin"], &[]);
    let place = Place { bench, launcher, tree, home };
    let sandbox = place.sandbox("warm");
    let command = Command::new([TRUE]);
    for _ in 0..bench.rounds {
        bench.wall("plain", || plain(&mut Plain::new(TRUE)));
        bench.wall("warm", || bench.run(&sandbox, &command));
    }
}

/// Where the time of a cold start goes: its parts in turn, and whole starts that lack
/// one layer each, whose difference to a full one is what that layer costs.
pub(crate) fn phases(bench: &Bench) {
    let (tree, home) = (bench.directory("tree"), bench.directory("home"));
    let launcher = bench.launcher(&home, &["/usr/bin", "/bin"], &[]);
    let place = Place { bench, launcher, tree, home };
    for _ in 0..bench.rounds {
        bench.settle(1);
        let mut since = Instant::now();
        let mut part = |name: &str| {
            sample(name, since.elapsed(), None);
            since = Instant::now();
        };
        let plan = Plan::new(&place.tree, place.files("cold")).expect("the plan is good");
        part("part_1_plan");
        let sandbox = Sandbox::start(&place.launcher, &plan).expect("the sandbox starts");
        part("part_2_holder");
        bench.run(&sandbox, &Command::new([TRUE]));
        part("part_3_first_command");
        bench.run(&sandbox, &Command::new([TRUE]));
        part("part_4_next_command");
        drop(sandbox);
        part("part_5_end");
        for (name, layer) in LAYERS {
            let plan = Plan::new(&place.tree, place.files("cold")).expect("the plan is good");
            let plan = match layer {
                Some(layer) => plan.without_layer(layer),
                None => plan,
            };
            let mut kept = None;
            bench.wall(name, || {
                let sandbox = Sandbox::start(&place.launcher, &plan).expect("the sandbox starts");
                bench.run(&sandbox, &Command::new([TRUE]));
                kept = Some(sandbox);
            });
        }
    }
}

/// Layers that a start can lack.
const LAYERS: [(&str, Option<Layer>); 7] = [
    ("all_layers", None),
    ("without_network", Some(Layer::NetworkNamespace)),
    ("without_processes", Some(Layer::ProcessNamespace)),
    ("without_ipc", Some(Layer::IpcNamespace)),
    ("without_landlock", Some(Layer::Landlock)),
    ("without_filter", Some(Layer::Seccomp)),
    ("without_capabilities", Some(Layer::Capabilities)),
];

fn kinds<'a>(
    place: &'a Place<'a>,
    (warm, fallback): (&'a Sandbox, &'a Sandbox),
    command: &'a Command,
) -> Vec<Kind<'a>> {
    let bench = place.bench;
    let mut kinds: Vec<Kind<'_>> = vec![
        ("plain", Box::new(|| plain(&mut Plain::new(TRUE)))),
        ("warm", Box::new(|| bench.run(warm, command))),
        ("fallback", Box::new(|| bench.run(fallback, command))),
        ("cold_launcher", Box::new(|| place.with_launcher())),
    ];
    if bubblewrap::present() {
        let run = || plain(bubblewrap::command(&place.tree, &place.home).arg(TRUE));
        kinds.push(("bwrap", Box::new(run)));
    }
    kinds
}

impl Place<'_> {
    /// Starts a sandbox over the tree, its changes in directories of its own.
    fn sandbox(&self, name: &str) -> Sandbox {
        self.sandbox_of(&self.launcher, name)
    }

    fn sandbox_of(&self, launcher: &Launcher, name: &str) -> Sandbox {
        let plan = Plan::new(&self.tree, self.files(name)).expect("the plan is good");
        Sandbox::start(launcher, &plan).expect("the sandbox starts")
    }

    fn files(&self, name: &str) -> Files {
        self.bench.copy_on_write(&[&self.tree], name)
    }

    /// A sandbox whose first command has ended.
    fn ended(&self, name: &str) -> Sandbox {
        let sandbox = self.sandbox(name);
        self.bench.run(&sandbox, &Command::new([TRUE]));
        sandbox
    }

    fn cold(&self) {
        self.bench.settle(1);
        let started = Instant::now();
        let sandbox = self.ended("cold");
        sample("cold", started.elapsed(), None);
        drop(sandbox);
        sample("cold_gone", started.elapsed(), None);
    }

    fn with_launcher(&self) {
        let launcher = self.bench.launcher(&self.home, &["/usr/bin", "/bin"], &[]);
        let sandbox = self.sandbox_of(&launcher, "launcher");
        self.bench.run(&sandbox, &Command::new([TRUE]));
        // Both live until here, so that the launcher is not waited for first.
        drop((sandbox, launcher));
    }
}
