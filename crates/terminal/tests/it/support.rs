// SPDX-License-Identifier: Apache-2.0
//! A keeper with a scratch workspace, and a front end that remembers what it saw.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use moat_base::{RealFs, TreePath};
use moat_protocol::workspace::WorkspaceNews;
use moat_terminal::{
    Flow, FrontId, Keeper, KeeperSettings, OutputSink, Size, TerminalSettings, Terminals,
};

/// How long a test waits for what must come; only a failure takes that long.
const WAIT_MAX: Duration = Duration::from_secs(60);

pub(crate) const SIZE: Size = Size { columns: 80, rows: 24 };
pub(crate) const FRONT: FrontId = FrontId(1);

/// Something that is waited for.
#[derive(Debug)]
pub(crate) struct Seen<T> {
    values: Mutex<Vec<T>>,
    changed: Condvar,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { values: Mutex::new(Vec::new()), changed: Condvar::new() }
    }
}

impl<T: Clone> Seen<T> {
    pub(crate) fn add(&self, values: &[T]) {
        self.values.lock().unwrap().extend_from_slice(values);
        self.changed.notify_all();
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.values.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn wait(&self, holds: impl Fn(&[T]) -> bool) -> Vec<T> {
        let values = self.values.lock().unwrap();
        let (values, timeout) =
            self.changed.wait_timeout_while(values, WAIT_MAX, |values| !holds(values)).unwrap();
        assert!(!timeout.timed_out(), "it did not come");
        values.clone()
    }
}

impl Seen<u8> {
    /// Waits until `text` was printed, and gives everything.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let seen = self.wait(|bytes| String::from_utf8_lossy(bytes).contains(text));
        String::from_utf8_lossy(&seen).into_owned()
    }
}

/// Terminals over a scratch directory.
pub(crate) struct Scratch {
    pub(crate) terminals: Terminals,
    pub(crate) keeper: u32,
    pub(crate) news: Arc<Seen<WorkspaceNews>>,
    pub(crate) directory: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap())
    }

    pub(crate) fn over(directory: tempfile::TempDir) -> Self {
        let keeper = Keeper::start(KeeperSettings {
            helper: helper(),
            shell: PathBuf::from("/bin/sh"),
            environment: vec![
                // A line of its own, so that what is printed after it begins a line.
                ("PS1".into(), "$ \n".into()),
                ("PATH".into(), "/usr/bin:/bin".into()),
                ("HOME".into(), directory.path().into()),
                ("CANARY".into(), "of the user".into()),
            ],
        })
        .unwrap();
        let news = Arc::new(Seen::default());
        let told = Arc::clone(&news);
        let pid = keeper.pid();
        let terminals = Terminals::start(TerminalSettings {
            keeper,
            root: directory.path().to_owned(),
            fs: Arc::new(RealFs),
            alive: directory.path().join("alive.json"),
            news: Arc::new(move |it| told.add(&[it])),
        })
        .unwrap();
        Self { terminals, keeper: pid, news, directory }
    }

    /// Opens a terminal; gives its number and what it prints.
    pub(crate) fn open(&self) -> (u32, Arc<Seen<u8>>) {
        let seen = Arc::new(Seen::default());
        let opened = self.terminals.open(&TreePath::root(), SIZE, FRONT, sink(&seen)).unwrap();
        (opened.terminal, seen)
    }

    pub(crate) fn type_line(&self, terminal: u32, line: &str) {
        self.terminals.write(terminal, format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits until a terminal's end was told, and gives its status.
    #[track_caller]
    pub(crate) fn ended(&self, terminal: u32) -> Option<i32> {
        let of = |news: &WorkspaceNews| {
            let WorkspaceNews::TerminalEnded { terminal: of, status } = news else { return None };
            (*of == terminal).then_some(*status)
        };
        let news = self.news.wait(|news| news.iter().any(|it| of(it).is_some()));
        news.iter().find_map(of).unwrap()
    }
}

/// A front end that takes everything at once.
pub(crate) fn sink(seen: &Arc<Seen<u8>>) -> OutputSink {
    let seen = Arc::clone(seen);
    Arc::new(move |_terminal, bytes| {
        seen.add(bytes);
        Flow::Taken
    })
}

/// Waits until something outside of this process holds, by looking again and again.
#[track_caller]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < WAIT_MAX, "{what}");
        std::thread::yield_now();
    }
}

/// Whether a process with this number runs.
pub(crate) fn runs(process: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
}

fn helper() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let target = own.parent().and_then(Path::parent).unwrap();
    let helper = target.join("examples/terminal_helper");
    assert!(helper.exists(), "build the helper first: cargo test -p moat-terminal does");
    helper
}
