// SPDX-License-Identifier: Apache-2.0
//! Runs thousands of commands of every ending, over sessions and forks, and counts
//! before and after what could have been left behind.
//!
//! ```text
//! sandbox_soak HELPER SCRATCH COMMANDS [leak]
//! ```
//!
//! With `leak` it leaves one descriptor, one sandbox and one file behind on purpose,
//! to show that each is noticed. The exit code says whether anything was left.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test program says plainly what went wrong and keeps to no door"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use moat_base::{Clock as _, SystemClock};
use moat_files::remove_files;
use moat_sandbox::{
    Command, Files, Interrupt, Launcher, Limits, OutputSink, Plan, Sandbox, Settings, Status,
    Stream,
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [helper, scratch, commands, rest @ ..] = words.as_slice() else {
        println!("usage: sandbox_soak HELPER SCRATCH COMMANDS [leak]");
        return ExitCode::FAILURE;
    };
    let commands: u32 = commands.parse().expect("COMMANDS is a number");
    let soak = Soak::new(helper.as_ref(), scratch.as_ref());
    let mut sandbox = soak.session();
    // The first round fills what is filled once.
    soak.round(&mut sandbox);
    let before = soak.census();
    let mut done = 0;
    let clock = SystemClock::new();
    while done < commands {
        done += soak.round(&mut sandbox);
    }
    let seconds = clock.monotonic().as_secs();
    let leaked = (rest == ["leak"]).then(|| (fs::File::open("/dev/null"), soak.fork("leaked")));
    let after = soak.settled(&before);
    println!("{done} commands in {seconds} s");
    let mut clean = true;
    for (what, (had, may_grow)) in &before {
        let has = after.get(what).map_or(0, |(has, _)| *has);
        let fine = has <= had + may_grow;
        clean &= fine;
        println!("{what:<24}{had:>12}{has:>12}  {}", if fine { "" } else { "LEFT BEHIND" });
    }
    drop((leaked, sandbox));
    let mark = soak.mark.clone();
    drop(soak);
    let left = marked(&mark).len();
    println!("{:<24}{:>12}{left:>12}", "processes at the end", 0);
    if clean && left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Something that is counted: how much there is, and by how much it may grow.
type Census = BTreeMap<&'static str, (u64, u64)>;

struct Soak {
    scratch: PathBuf,
    home: PathBuf,
    /// Part of the command line of every process that belongs to this run.
    mark: String,
    launcher: Launcher,
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
    fn new(helper: &Path, scratch: &Path) -> Self {
        let scratch = scratch.canonicalize().expect("the scratch directory exists");
        let home = scratch.join("home");
        fs::create_dir_all(home.join("project")).expect("the project is made");
        fs::write(home.join("project/file"), "old").expect("the project is filled");
        // Under a name of its own, by which its duplicates are known.
        let mark = format!("soak-{}", std::process::id());
        let own = scratch.join(&mark);
        fs::copy(helper, &own).expect("the helper is copied");
        let settings = Settings {
            helper: own,
            home: home.clone(),
            path: vec!["/usr/bin".into(), "/bin".into()],
            read_only: Vec::new(),
            hidden: vec![scratch.join("state")],
            memory: Vec::new(),
            least: moat_sandbox::Step::Full,
            environment: Vec::new(),
        };
        let launcher = Launcher::start(settings).expect("the launcher starts");
        Self { scratch, home, mark, launcher }
    }

    fn project(&self) -> PathBuf {
        self.home.join("project")
    }

    fn start(&self, name: &str, below: &[PathBuf]) -> Sandbox {
        let state = self.scratch.join("state").join(name);
        let (upper, work) = (state.join("upper"), state.join("work"));
        for place in [&upper, &work] {
            fs::create_dir_all(place).expect("the state is made");
        }
        let mut lowers = below.to_vec();
        lowers.push(self.project());
        let files = Files::CopyOnWrite { lowers, upper, work };
        let plan = Plan::new(&self.project(), files).expect("the project can be a workspace");
        Sandbox::start(&self.launcher, &plan).expect("the sandbox starts")
    }

    fn session(&self) -> Sandbox {
        self.start("session", &[])
    }

    fn fork(&self, name: &str) -> Sandbox {
        self.start(name, &[self.scratch.join("state/session/upper")])
    }

    /// One command of every kind, in the session and in a fork, which is then thrown
    /// away; the session is opened anew. Tells how many commands ran.
    fn round(&self, sandbox: &mut Sandbox) -> u32 {
        let mut ran = self.commands(sandbox);
        let fork = self.fork("fork");
        ran += self.commands(&fork);
        fork.end().expect("the fork ends");
        remove_files(&self.scratch.join("state/fork")).expect("the fork is removed");
        // The old one first: an overlay's upper directory has one owner.
        let old = std::mem::replace(sandbox, self.fork("between"));
        old.end().expect("the session ends");
        let between = std::mem::replace(sandbox, self.session());
        // Ended by being dropped, as when an error unwinds.
        drop(between);
        remove_files(&self.scratch.join("state/between")).expect("the fork is removed");
        ran
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
            ("head -c 200000000 /dev/zero | tail; sleep 97", &memory, None),
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

    /// What there is now.
    fn census(&self) -> Census {
        let launcher = format!("/proc/{}", self.launcher.pid());
        let processes = marked(&self.mark);
        let in_use = |pid: &str| resident(&format!("/proc/{pid}"));
        let largest = processes.iter().map(|pid| in_use(pid)).max().unwrap_or(0);
        BTreeMap::from([
            ("own descriptors", (entries("/proc/self/fd"), 0)),
            ("own memory, bytes", (resident("/proc/self"), GROWTH_BYTES)),
            ("own mounts", (lines("/proc/self/mountinfo"), 0)),
            ("own threads", (entries("/proc/self/task"), 0)),
            ("launcher's descriptors", (entries(&format!("{launcher}/fd")), 0)),
            ("largest process, bytes", (largest, GROWTH_BYTES)),
            ("processes", (processes.len() as u64, 0)),
            ("namespaces", (namespaces(&processes), 0)),
            ("files", (files(&self.scratch), 0)),
        ])
    }

    /// The census once it is as before, or after a while: a reaper is made in advance
    /// while the answer is on its way.
    fn settled(&self, before: &Census) -> Census {
        let clock = SystemClock::new();
        loop {
            let now = self.census();
            let same = before.iter().all(|(what, (had, may_grow))| {
                now.get(what).is_some_and(|(has, _)| *has <= had + may_grow)
            });
            if same || clock.monotonic() > SETTLING {
                return now;
            }
            std::thread::yield_now();
        }
    }
}

/// The processes of this run but the program itself.
fn marked(mark: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let names = fs::read_dir("/proc").expect("`/proc` can be read").flatten();
    let mut found = Vec::new();
    for name in names.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        let line = fs::read(format!("/proc/{name}/cmdline")).unwrap_or_default();
        if name != own && String::from_utf8_lossy(&line).contains(mark) {
            found.push(name);
        }
    }
    found
}

/// How many namespaces these processes are in.
fn namespaces(processes: &[String]) -> u64 {
    let mut found = std::collections::BTreeSet::new();
    for pid in processes {
        for kind in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
            found.extend(fs::read_link(format!("/proc/{pid}/ns/{kind}")));
        }
    }
    found.len() as u64
}

fn entries(directory: &str) -> u64 {
    fs::read_dir(directory).map_or(0, |entries| entries.count() as u64)
}

fn lines(file: &str) -> u64 {
    fs::read_to_string(file).map_or(0, |text| text.lines().count() as u64)
}

/// The memory that is a process's own.
fn resident(process: &str) -> u64 {
    let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn files(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| {
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            1 + if is_directory { files(&entry.path()) } else { 0 }
        })
        .sum()
}

/// What an allocator may keep.
const GROWTH_BYTES: u64 = 2 << 20;
const SETTLING: Duration = Duration::from_secs(20);
