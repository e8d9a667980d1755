// SPDX-License-Identifier: Apache-2.0
//! Measures start to exit of `true`: plain, in a new sandbox, in a running one, and
//! in bubblewrap where it is installed. All in one run, interleaved; ratios count.
//!
//! Usage: `sandbox_speed HELPER SCRATCH`, both absolute; SCRATCH is an empty directory.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement runs programs of its own and prints"
)]

use std::path::PathBuf;
use std::process::{Command as Plain, Stdio};
use std::time::Instant;

use moat_sandbox::{
    Collected, Command, Files, HELPER_WORD, Interrupt, Launcher, Plan, Sandbox, Settings,
};

/// A way to run `true`, and its name.
type Kind<'a> = (&'static str, Box<dyn Fn() + 'a>);

const ROUNDS: usize = 200;
const BWRAP: &str = "/usr/bin/bwrap";

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [helper, scratch] = arguments.as_slice() else {
        println!("usage: sandbox_speed HELPER SCRATCH ({HELPER_WORD} is its first argument)");
        return;
    };
    let places = ["tree", "upper", "work", "home"].map(|name| scratch.join(name));
    for place in &places {
        std::fs::create_dir_all(place).expect("the scratch can be prepared");
    }
    let [tree, upper, work, home] = places;
    let launcher = Launcher::start(Settings {
        helper: helper.clone(),
        home,
        path: vec!["/usr/bin".into(), "/bin".into()],
        read_only: Vec::new(),
        hidden: Vec::new(),
        least: moat_sandbox::Step::Full,
        environment: Vec::new(),
    })
    .expect("the launcher starts");
    let plan = || {
        let files = Files::CopyOnWrite {
            lowers: vec![tree.clone()],
            upper: upper.clone(),
            work: work.clone(),
        };
        Plan::new(&tree, files).expect("the plan is good")
    };
    let warm_plan = Plan::new(&tree, Files::ReadOnly).expect("the plan is good");
    let warm = Sandbox::start(&launcher, &warm_plan).expect("the sandbox starts");
    let interrupt = Interrupt::new().expect("there are descriptors");
    let run = |sandbox: &Sandbox| {
        let mut sink = Collected::default();
        let exit = sandbox.run(&Command::new(["/bin/true"]), &mut sink, &interrupt);
        assert!(exit.expect("the command runs").success(), "the command succeeds");
    };
    let mut kinds: Vec<Kind<'_>> = vec![
        ("plain", Box::new(|| plain(&mut Plain::new("/bin/true")))),
        (
            "cold",
            Box::new(|| run(&Sandbox::start(&launcher, &plan()).expect("the sandbox starts"))),
        ),
        ("warm", Box::new(|| run(&warm))),
    ];
    if std::path::Path::new(BWRAP).exists() {
        kinds.push(("bwrap", Box::new(|| plain(&mut bwrap()))));
    }
    let mut times = vec![Vec::with_capacity(ROUNDS); kinds.len()];
    for _ in 0..ROUNDS {
        for ((_name, kind), times) in kinds.iter().zip(&mut times) {
            let start = Instant::now();
            kind();
            times.push(start.elapsed().as_micros());
        }
    }
    let mut first = None;
    for ((name, _kind), times) in kinds.iter().zip(&mut times) {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(1);
        let median = at(50);
        let base = *first.get_or_insert(median);
        println!(
            "{name:6} min {:6} us  p10 {:6} us  median {median:6} us  {}.{:02} x plain",
            at(0),
            at(10),
            median / base,
            median * 100 / base % 100
        );
    }
}

fn plain(command: &mut Plain) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.expect("the command starts").success(), "the command succeeds");
}

/// The nearest that bubblewrap offers: its namespaces and mounts, without filters and proxy.
fn bwrap() -> Plain {
    let mut command = Plain::new(BWRAP);
    let options = "--unshare-all --die-with-parent --new-session --ro-bind /usr /usr \
                   --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
                   --tmpfs /tmp --tmpfs /run --tmpfs /home --proc /proc --dev /dev /bin/true";
    command.args(options.split_whitespace());
    command
}
