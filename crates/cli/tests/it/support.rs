// SPDX-License-Identifier: Apache-2.0
//! A home with a project, a scripted model behind a TCP port, and `moat` in it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use moat_protocol::{Envelope, Event, read_event};
use rustix::process::Signal;

use moat_testkit::{Act, Matcher, ModelServer, Rule};

/// How long a test waits for anything; far more than it takes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(100);
const SLICE: Duration = Duration::from_millis(5);

pub(crate) const WRONG: &str = "def total(values):
    result = 0
    for value in values:
        result -= value
    return result


def double(value):
    return value + value
";
pub(crate) const RIGHT: &str = "def total(values):
    return sum(values)


def double(value):
    return value + value
";
pub(crate) const TESTS: &str = "import unittest

from calc import double, total


class TotalTest(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([1, 2, 3]), 6)

    def test_empty(self):
        self.assertEqual(total([]), 0)

    def test_double(self):
        self.assertEqual(double(4), 8)
";

/// An answer of the model with this code.
pub(crate) fn code(text: &str) -> Act {
    Act::text(format!("```python\n{text}\n```"))
}

/// The answer that repairs the project.
pub(crate) fn right() -> Act {
    code("def total(values):\n    return sum(values)")
}

/// A script that gives one answer to everything.
pub(crate) fn always(act: Act) -> Vec<Rule> {
    vec![Rule::always(Matcher::Any, act)]
}

/// Waits until something holds; panics with `what` when it does not in time.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited too long: {what}");
        thread::park_timeout(SLICE);
    }
}

/// A user's home with everything that Moat may touch.
pub(crate) struct Home {
    directory: tempfile::TempDir,
    pub(crate) model: ModelServer,
    _bridge: Bridge,
}

impl Home {
    /// Makes a home with a project that has a bug, and a model with a script.
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        let directory = tempfile::Builder::new().prefix("moat-e2e-").tempdir().unwrap();
        let model = ModelServer::start(rules).unwrap();
        let bridge = Bridge::start(model.socket());
        let home = Self { directory, model, _bridge: bridge };
        for name in ["config/moat", "data", "state", "run", "cache", "home", "work/project"] {
            fs::create_dir_all(home.at(name)).unwrap();
        }
        // Whatever the tester's umask: a place that others can write is not used.
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(home.at("config/moat"), private).unwrap();
        home.configure(&home.config());
        home.put("calc.py", WRONG);
        home.put("test_calc.py", TESTS);
        home
    }

    /// The usual configuration.
    pub(crate) fn config(&self) -> String {
        config(self._bridge.port)
    }

    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.at("config/moat/config.toml"), text).unwrap();
    }

    /// A path below the test's directory.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.at("work/project")
    }

    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.project().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn calc(&self) -> String {
        fs::read_to_string(self.project().join("calc.py")).unwrap()
    }

    /// `moat` with arguments, in the project, with this home's environment only.
    pub(crate) fn moat<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moat"));
        command.args(arguments);
        self.enter(&mut command);
        command
    }

    /// Gives a command this home's environment.
    pub(crate) fn enter(&self, command: &mut Command) {
        command
            .current_dir(self.project())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.at("home"))
            .env("XDG_CONFIG_HOME", self.at("config"))
            .env("XDG_DATA_HOME", self.at("data"))
            .env("XDG_STATE_HOME", self.at("state"))
            .env("XDG_RUNTIME_DIR", self.at("run"))
            .env("XDG_CACHE_HOME", self.at("cache"))
            .stdin(Stdio::null());
    }

    /// Runs `moat` to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ended {
        Running::start(self.moat(arguments)).end()
    }

    /// The ids of the sessions, newest first.
    pub(crate) fn sessions(&self) -> Vec<String> {
        let listed = self.run(["session", "list"]);
        listed.code(0);
        let ids = listed.out.lines().filter_map(|line| line.split_whitespace().next());
        ids.filter(|word| *word != "no").map(str::to_owned).collect()
    }

    /// The file of the only session.
    pub(crate) fn session_file(&self) -> PathBuf {
        let mut found = fs::read_dir(self.at("state/moat/sessions")).unwrap();
        let first = found.next().unwrap().unwrap();
        assert!(found.next().is_none(), "more than one session");
        first.path().join("session.jsonl")
    }

    /// The processes that were started with this home, and what they are.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        let mark = self.directory.path().as_os_str().as_encoded_bytes();
        let broker = self.logged_broker();
        processes()
            .into_iter()
            .filter(|pid| {
                // Moat's own processes are closed to their user; root sees them all the same.
                if broker == Some(*pid) && command_line(*pid).ends_with("moat broker") {
                    return true;
                }
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.windows(mark.len()).any(|part| part == mark)
            })
            .map(|pid| (pid, command_line(pid)))
            .collect()
    }

    /// The process that the broker's log names; it may have ended.
    fn logged_broker(&self) -> Option<i32> {
        let log = fs::read_to_string(self.at("run/moat/broker.log")).ok()?;
        log.lines().find_map(|line| line.strip_prefix("broker: process ")?.parse().ok())
    }

    /// The broker's process.
    pub(crate) fn broker(&self) -> Option<i32> {
        self.processes().into_iter().find(|(_, line)| line.ends_with("moat broker")).map(|p| p.0)
    }
}

impl Home {
    /// Ends the broker and waits for it, if there is one.
    pub(crate) fn end_broker(&self) {
        if let Some(pid) = self.broker() {
            signal(pid, Signal::TERM);
            until("the broker ends", || self.broker().is_none());
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The broker outlives its clients; here it is no longer of use.
        if let Some(pid) = self.broker() {
            signal(pid, Signal::TERM);
        }
        let own = self.directory.path().to_string_lossy().into_owned();
        for pid in running_with(&own) {
            // So does a model server, which names its weights.
            if command_line(pid).contains("model serve") {
                signal(pid, Signal::TERM);
            }
        }
    }
}

/// The configuration that makes a server at this port the model.
pub(crate) fn config(port: u16) -> String {
    format!(
        "[model]\ndefault = \"scripted\"\n\n[models.scripted]\nurl = \
         \"http://127.0.0.1:{port}/v1\"\nmodel = \"scripted\"\nzone = \"host\"\n"
    )
}

/// All processes.
pub(crate) fn processes() -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A process's arguments, joined with spaces; empty when it is gone.
pub(crate) fn command_line(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', " ")
}

/// The processes whose arguments contain a text.
pub(crate) fn running_with(text: &str) -> Vec<i32> {
    processes().into_iter().filter(|pid| command_line(*pid).contains(text)).collect()
}

/// The processes whose whole command line this is: not those that pass it on.
pub(crate) fn running_as(text: &str) -> Vec<i32> {
    processes().into_iter().filter(|pid| command_line(*pid).trim_end() == text).collect()
}

pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        // It may have ended by itself.
        let _gone = rustix::process::kill_process(pid, signal);
    }
}

/// A child whose output is taken while it runs.
pub(crate) struct Running {
    child: Option<Child>,
    out: Option<JoinHandle<Vec<u8>>>,
    err: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.process_group(0);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let take = |mut pipe: Box<dyn io::Read + Send>| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                pipe.read_to_end(&mut bytes).unwrap();
                bytes
            })
        };
        let out = take(Box::new(child.stdout.take().unwrap()));
        let err = take(Box::new(child.stderr.take().unwrap()));
        Self { child: Some(child), out: Some(out), err: Some(err) }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.as_ref().unwrap().id()).unwrap()
    }

    pub(crate) fn signal(&self, what: Signal) {
        signal(self.pid(), what);
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let mut child = self.child.take().unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > DEADLINE {
                let group = rustix::process::Pid::from_child(&child);
                let _gone = rustix::process::kill_process_group(group, Signal::KILL);
                child.wait().unwrap();
                let out = self.out.take().unwrap().join().unwrap();
                panic!("it did not end; it wrote:\n{}", String::from_utf8_lossy(&out));
            }
            thread::park_timeout(SLICE);
        };
        let text = |taken: Option<JoinHandle<Vec<u8>>>| {
            String::from_utf8_lossy(&taken.unwrap().join().unwrap()).into_owned()
        };
        Ended { status, out: text(self.out.take()), err: text(self.err.take()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Only a test that failed leaves it running.
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

/// What a child left.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Checks the exit code.
    pub(crate) fn code(&self, code: i32) -> &Self {
        let shown = self.status.signal().map_or_else(|| self.status.code(), |signal| Some(-signal));
        assert_eq!(shown, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Checks that both streams together say something.
    pub(crate) fn says(&self, text: &str) -> &Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(text), "`{text}` is missing:\n{all}");
        self
    }

    /// Checks that standard error has the three parts of a report.
    pub(crate) fn reports(&self, error: &str, hint: &str) -> &Self {
        assert!(self.err.contains(error), "`{error}` is missing: {}\n{}", self.err, self.out);
        assert!(self.err.contains(hint), "`{hint}` is missing: {}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// The events of `--json`.
    pub(crate) fn events(&self) -> Vec<Envelope> {
        self.out.lines().map(|line| read_event(line).unwrap()).collect()
    }

    /// The last event of `--json`.
    pub(crate) fn last_event(&self) -> Event {
        self.events().pop().unwrap().event
    }
}

/// Leads TCP connections to a unix socket.
pub(crate) struct Bridge {
    pub(crate) port: u16,
}

impl Bridge {
    pub(crate) fn start(socket: &Path) -> Self {
        let socket = socket.to_owned();
        serve(move |client| {
            let Ok(server) = UnixStream::connect(&socket) else { return };
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                // Either side may go away at any time.
                let _gone = io::copy(&mut from, &mut to);
                let _gone = to.shutdown(Shutdown::Both);
            });
            let (mut from, mut to) = (server, client);
            let _gone = io::copy(&mut from, &mut to);
            let _gone = to.shutdown(Shutdown::Both);
        })
    }
}

/// Serves TCP connections on a free port with a function, as long as the test runs.
pub(crate) fn serve(answer: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> Bridge {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(client));
        }
    });
    Bridge { port }
}

/// Every file below a directory with its content or what it is instead.
pub(crate) fn snapshot(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let content = if kind.is_dir() {
                waiting.push(path.clone());
                b"directory".to_vec()
            } else if kind.is_file() {
                fs::read(&path).unwrap()
            } else {
                format!("{kind:?}").into_bytes()
            };
            found.push((path, content));
        }
    }
    found.sort();
    found
}
