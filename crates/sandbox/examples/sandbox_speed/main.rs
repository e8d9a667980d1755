// SPDX-License-Identifier: Apache-2.0
//! Measures the sandbox beside what it is compared with; `cargo xtask bench sandbox`
//! runs it and judges. Everything is measured in turn in one run.
//!
//! Usage: `sandbox_speed HELPER SCRATCH FIGURE ROUNDS`. HELPER is the program that
//! becomes the launcher, SCRATCH an empty directory, both absolute. Each line of the
//! output is one sample: what was run, microseconds on the wall, and for samples of
//! a block of runs the microseconds of processor time of every process involved.
//!
//! Invariant: what a sample leaves to be taken down has a moment to go before the
//! next one starts, so no kind pays for its neighbour.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement runs programs of its own and prints"
)]

mod bubblewrap;
mod checkpoint;
mod counter;
mod start;
mod work;

use std::path::{Path, PathBuf};
use std::process::{Command as Plain, Stdio};
use std::time::{Duration, Instant};

use counter::Counter;
use moat_sandbox::{
    Collected, Command, Files, HELPER_WORD, Interrupt, Launcher, Sandbox, Settings, Step,
};
use rustix::event::Timespec;

/// How long what a sample left behind has to go.
const SETTLE_NS: i64 = 4_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [helper, scratch, figure, rounds] = arguments.as_slice() else {
        println!("usage: sandbox_speed HELPER SCRATCH FIGURE ROUNDS ({HELPER_WORD} is its word)");
        return;
    };
    let bench = Bench {
        helper: helper.into(),
        scratch: scratch.into(),
        rounds: rounds.parse().expect("ROUNDS is a number"),
        counter: Counter::of_this_process(),
        interrupt: Interrupt::new().expect("there are descriptors"),
    };
    match figure.as_str() {
        "start" => start::measure(&bench),
        "warm" => start::warm(&bench),
        "phases" => start::phases(&bench),
        "build" => work::build(&bench),
        "status" => work::status(&bench),
        "fork" => work::fork(&bench),
        "checkpoint" => checkpoint::measure(&bench),
        other => println!("`{other}` is no figure"),
    }
}

/// What all measurements share.
pub(crate) struct Bench {
    helper: PathBuf,
    scratch: PathBuf,
    rounds: usize,
    counter: Option<Counter>,
    interrupt: Interrupt,
}

impl Bench {
    /// Starts a launcher for a user whose home is `home`.
    fn launcher(&self, home: &Path, path: &[&str], read_only: &[&Path]) -> Launcher {
        let read_only = read_only.iter().map(|place| (*place).to_owned()).collect();
        Launcher::start(Settings { read_only, ..self.settings(home, path, Step::Full) })
            .expect("the launcher starts")
    }

    fn settings(&self, home: &Path, path: &[&str], least: Step) -> Settings {
        Settings {
            helper: self.helper.clone(),
            home: home.to_owned(),
            path: path.iter().map(PathBuf::from).collect(),
            read_only: Vec::new(),
            hidden: Vec::new(),
            least,
            environment: Vec::new(),
        }
    }

    /// Starts a launcher on a machine that has no user namespaces: an outer one forbids them.
    fn without_namespaces(&self, home: &Path) -> Launcher {
        let helper = self.scratch.join("machine");
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/unshare --user --map-root-user --mount /bin/sh -c 'echo 0 \
             >/proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all \
             \"$0\" \"$@\"' '{}' \"$@\"\n",
            self.helper.display()
        );
        std::fs::write(&helper, script).expect("the scratch can be written");
        std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("the script can be made a program");
        let settings = self.settings(home, &["/usr/bin", "/bin"], Step::Rules);
        Launcher::start(Settings { helper, ..settings }).expect("the launcher starts")
    }

    /// A fresh directory of the scratch.
    fn directory(&self, name: &str) -> PathBuf {
        let directory = self.scratch.join(name);
        std::fs::create_dir_all(&directory).expect("the scratch can be written");
        directory
    }

    /// Copy-on-write over `lowers`, with fresh directories named after `name`.
    fn copy_on_write(&self, lowers: &[&Path], name: &str) -> Files {
        Files::CopyOnWrite {
            lowers: lowers.iter().map(|lower| (*lower).to_owned()).collect(),
            upper: self.directory(&format!("{name}-upper")),
            work: self.directory(&format!("{name}-work")),
        }
    }

    /// Runs a command to its end; it must succeed.
    fn run(&self, sandbox: &Sandbox, command: &Command) {
        let mut sink = Collected::default();
        let exit = sandbox.run(command, &mut sink, &self.interrupt).expect("the command runs");
        let text = String::from_utf8_lossy(&sink.error).into_owned();
        assert!(exit.success(), "{:?} ended with {:?}: {text}", command.argv, exit.status);
    }

    /// Lets what the last sample left behind go, which nothing else would tell.
    fn settle(&self, times: i64) {
        let wait = Timespec { tv_sec: 0, tv_nsec: times * SETTLE_NS };
        let ended = rustix::event::poll(&mut [], Some(&wait));
        assert_eq!(ended, Ok(0), "the wait passes");
    }

    /// Takes one sample of the wall.
    fn wall(&self, kind: &str, work: impl FnOnce()) {
        self.settle(1);
        let started = Instant::now();
        work();
        sample(kind, started.elapsed(), None);
    }

    /// Takes one sample of the wall and of processor time, of `runs` runs together.
    fn both(&self, kind: &str, runs: u32, mut work: impl FnMut()) {
        self.settle(3);
        let before = self.counter.as_ref().map(Counter::read);
        let started = Instant::now();
        for _ in 0..runs {
            work();
        }
        let wall = started.elapsed() / runs;
        // What is taken down after the answer belongs to it too.
        self.settle(3);
        let after = self.counter.as_ref().map(Counter::read);
        let used = before.zip(after).map(|(before, after)| after.saturating_sub(before) / runs);
        sample(kind, wall, used);
    }
}

/// Prints one sample.
pub(crate) fn sample(kind: &str, wall: Duration, used: Option<Duration>) {
    let used = used.map_or_else(|| "null".to_owned(), |used| used.as_micros().to_string());
    println!("{{\"kind\":\"{kind}\",\"wall_us\":{},\"cpu_us\":{used}}}", wall.as_micros());
}

/// Runs a program without any sandbox of ours; it must succeed.
pub(crate) fn plain(command: &mut Plain) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.expect("the command starts");
    assert!(status.success(), "{command:?} ended with {status}");
}
