// SPDX-License-Identifier: Apache-2.0
//! Runs thousands of commands of every ending, over sessions and forks on three steps of the
//! ladder, with renewed mounts, checkpoints, rewinds and keeps in between, and counts before
//! and after what could have been left behind.
//!
//! ```text
//! sandbox_soak HELPER SCRATCH COMMANDS [leak]
//! ```
//!
//! With `leak` one of each thing is left behind on purpose, to show that each is noticed. The
//! exit code says whether anything was left.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test program says plainly what went wrong and keeps to no door"
)]

mod census;
mod leak;
mod live;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use moat_base::remove_files;
use moat_base::{Clock as _, SystemClock};
use moat_sandbox::{
    Command, Files, Interrupt, Launcher, Limits, OutputSink, Plan, Sandbox, Settings, Status, Step,
    Stream,
};

use crate::census::{Census, marked};
use crate::leak::Leak;

/// A step of the ladder: how a shell that is root of an outer user namespace gets there, and
/// its part of the commands in a hundred.
struct Ground {
    step: Step,
    made_by: &'static str,
    share: u32,
}

const GROUNDS: [Ground; 3] = [
    Ground { step: Step::Full, made_by: "", share: 60 },
    Ground {
        step: Step::Shared,
        made_by: "echo 0 >/proc/sys/user/max_net_namespaces; exec ",
        share: 20,
    },
    Ground {
        step: Step::Rules,
        made_by: "echo 0 >/proc/sys/user/max_user_namespaces; \
                  exec setpriv --bounding-set=-all --inh-caps=-all ",
        share: 20,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [helper, scratch, commands, rest @ ..] = words.as_slice() else {
        println!("usage: sandbox_soak HELPER SCRATCH COMMANDS [leak]");
        return ExitCode::FAILURE;
    };
    let commands: u32 = commands.parse().expect("COMMANDS is a number");
    let leaks = rest == ["leak"];
    let mut clean = true;
    for ground in &GROUNDS {
        let part = commands.saturating_mul(ground.share) / 100;
        clean &= soak(helper.as_ref(), scratch.as_ref(), ground, part, leaks);
        if leaks {
            // Once is enough, where there is most to leave behind.
            break;
        }
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a part of the commands on one step. Tells whether nothing was left.
fn soak(helper: &Path, scratch: &Path, ground: &Ground, commands: u32, leaks: bool) -> bool {
    let soak = Soak::new(helper, scratch, ground);
    let mut sandbox = soak.session();
    assert_eq!(sandbox.confinement().step, ground.step, "{:?}", sandbox.confinement());
    // The first round fills what is filled once.
    soak.round(&mut sandbox);
    let before = Census::at_rest(&soak);
    let (mut done, mut rounds) = (0, 0);
    let clock = SystemClock::new();
    while done < commands {
        done += soak.round(&mut sandbox);
        rounds += 1;
    }
    let seconds = clock.monotonic().as_secs();
    let leaked = leaks.then(|| Leak::new(&soak));
    let after = Census::settled(&soak, &before);
    println!("{}: {done} commands in {rounds} rounds, {seconds} s", ground.step.name());
    let clean = after.compare(&before);
    drop((leaked, sandbox));
    let mark = soak.mark.clone();
    drop(soak);
    let left = marked(&mark).len();
    println!("{:<28}{:>12}{left:>12}", "processes at the end", 0);
    clean && left == 0
}

struct Soak {
    scratch: PathBuf,
    home: PathBuf,
    /// Part of the command line of every process that belongs to this run.
    mark: String,
    step: Step,
    launcher: Arc<Launcher>,
}

/// Drops output; interrupts at the first piece where that is wanted.
struct Sink(Option<Interrupt>);

impl OutputSink for Sink {
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {
        if let Some(interrupt) = &self.0 {
            interrupt.trigger();
        }
    }
}

impl Soak {
    fn new(helper: &Path, scratch: &Path, ground: &Ground) -> Self {
        let scratch = scratch.canonicalize().expect("the scratch directory exists");
        let scratch = scratch.join(format!("{:?}", ground.step));
        let home = scratch.join("home");
        fs::create_dir_all(home.join("project")).expect("the project is made");
        fs::write(home.join("project/file"), "old").expect("the project is filled");
        // Under a name of its own, by which its duplicates are known.
        let mark = format!("soak-{}-{:?}", std::process::id(), ground.step);
        let own = scratch.join(&mark);
        fs::copy(helper, &own).expect("the helper is copied");
        let settings = Settings {
            helper: machine(&scratch, &own, ground),
            home: home.clone(),
            path: vec!["/usr/bin".into(), "/bin".into()],
            read_only: Vec::new(),
            hidden: vec![scratch.join("state")],
            memory: Vec::new(),
            least: ground.step,
            environment: Vec::new(),
        };
        let launcher = Arc::new(Launcher::start(settings).expect("the launcher starts"));
        Self { scratch, home, mark, step: ground.step, launcher }
    }

    fn project(&self) -> PathBuf {
        self.home.join("project")
    }

    fn state(&self, name: &str) -> PathBuf {
        self.scratch.join("state").join(name)
    }

    fn plan(&self, name: &str, below: &[PathBuf]) -> Plan {
        let (upper, work) = (self.state(name).join("upper"), self.state(name).join("work"));
        for place in [&upper, &work] {
            fs::create_dir_all(place).expect("the state is made");
        }
        let mut lowers = below.to_vec();
        lowers.push(self.project());
        let files = Files::CopyOnWrite { lowers, upper, work };
        Plan::new(&self.project(), files).expect("the project can be a workspace")
    }

    fn start(&self, name: &str, below: &[PathBuf]) -> Sandbox {
        Sandbox::start(&self.launcher, &self.plan(name, below)).expect("the sandbox starts")
    }

    fn session(&self) -> Sandbox {
        self.start("session", &[])
    }

    fn fork(&self, name: &str) -> Sandbox {
        self.start(name, &[self.state("session/upper")])
    }

    /// One command of every kind, in the session and in a fork, which is then thrown
    /// away; the session is opened anew; another one is renewed, kept from and taken back.
    /// Tells how many commands ran.
    fn round(&self, sandbox: &mut Sandbox) -> u32 {
        let mut ran = self.commands(sandbox);
        let fork = self.fork("fork");
        ran += self.commands(&fork);
        fork.end().expect("the fork ends");
        remove_files(&self.state("fork")).expect("the fork is removed");
        // The old one first: an overlay's upper directory has one owner.
        let old = std::mem::replace(sandbox, self.fork("between"));
        old.end().expect("the session ends");
        let between = std::mem::replace(sandbox, self.session());
        // Ended by being dropped, as when an error unwinds.
        drop(between);
        remove_files(&self.state("between")).expect("the fork is removed");
        ran + live::round(self)
    }

    fn commands(&self, sandbox: &Sandbox) -> u32 {
        let mark = &self.mark;
        let memory = Limits { memory_bytes_all: 32 << 20, ..Limits::default() };
        let wall = Limits { wall: Duration::from_millis(40), ..Limits::default() };
        let output = Limits { output_bytes_kill: 1 << 20, ..Limits::default() };
        let usual = Limits::default();
        let kinds: [(&str, &Limits, Option<Status>); 11] = [
            ("true", &usual, Some(Status::Code(0))),
            ("cat file; echo new > file; mkdir -p d; mv file d/f; mv d/f file", &usual, None),
            ("exit 3", &usual, Some(Status::Code(3))),
            ("kill -SEGV $$", &usual, Some(Status::Signal(11))),
            ("sleep 97; :", &wall, Some(Status::TimedOut)),
            ("trap '' TERM; kill -STOP $$; :", &wall, Some(Status::TimedOut)),
            ("yes", &output, Some(Status::OutputLimit)),
            (self.hog(), &memory, None),
            ("(setsid sleep 97 &); for i in 1 2 3 4 5; do sleep 97 & done; exit 0", &usual, None),
            ("echo x > /tmp/x; ln -sf /tmp/x l; rm /tmp/x l; : > \"$HOME/x\"", &usual, None),
            ("echo ready; sleep 97; :", &usual, Some(Status::Interrupted)),
        ];
        for (script, limits, expect) in kinds {
            let mut command = Command::new(["/bin/sh", "-c", script, mark]);
            command.limits = limits.clone();
            let interrupt = Interrupt::new().expect("a switch is made");
            let stop = (expect == Some(Status::Interrupted)).then(|| interrupt.clone());
            let exit = sandbox.run(&command, &mut Sink(stop), &interrupt).expect("it runs");
            assert!(expect.is_none_or(|expect| exit.status == expect), "{script}: {exit:?}");
        }
        let missing = Command::new(["/does/not/exist"]);
        let interrupt = Interrupt::new().expect("a switch is made");
        assert!(sandbox.run(&missing, &mut Sink(None), &interrupt).is_err());
        u32::try_from(kinds.len()).map_or(u32::MAX, |kinds| kinds + 1)
    }

    /// Takes memory until it is ended; nobody ends it where there are only rules.
    const fn hog(&self) -> &'static str {
        match self.step {
            Step::Full | Step::Shared => "head -c 200000000 /dev/zero | tail; sleep 97",
            Step::Rules => "head -c 20000000 /dev/zero | tail -c 1",
        }
    }
}

/// The program that makes the ground before it becomes the helper.
fn machine(scratch: &Path, helper: &Path, ground: &Ground) -> PathBuf {
    if ground.made_by.is_empty() {
        return helper.to_owned();
    }
    let path = scratch.join("machine");
    let script = format!(
        "#!/bin/sh\nexec /usr/bin/unshare --user --map-root-user --mount /bin/sh -c '{0} \"$0\" \
         \"$@\"' '{1}' \"$@\"\n",
        ground.made_by,
        helper.display()
    );
    fs::write(&path, script).expect("the ground is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    path
}
