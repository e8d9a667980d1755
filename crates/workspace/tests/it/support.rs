// SPDX-License-Identifier: Apache-2.0
//! A scratch home with a workspace in it, open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use moat_base::{RealFs, Report, SystemClock, TreePath};
use moat_protocol::workspace::{
    Encoding, FileText, FilesQuery, FilesReply, GitQuery, GitReply, LineEnding, ReadResult,
    Version, WorkspaceNews,
};
use moat_sandbox::{Launcher, Settings, Step};
use moat_workspace::{Workspace, WorkspaceSettings};

/// How long a test waits for what must come; only a failure takes that long.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// News, as they come.
#[derive(Debug, Default)]
pub(crate) struct News {
    all: Mutex<Vec<WorkspaceNews>>,
    changed: Condvar,
}

impl News {
    pub(crate) fn add(&self, news: WorkspaceNews) {
        self.all.lock().unwrap().push(news);
        self.changed.notify_all();
    }

    /// Forgets what came.
    pub(crate) fn clear(&self) {
        self.all.lock().unwrap().clear();
    }

    #[track_caller]
    pub(crate) fn wait(&self, holds: impl Fn(&[WorkspaceNews]) -> bool) -> Vec<WorkspaceNews> {
        let all = self.all.lock().unwrap();
        let (all, timeout) =
            self.changed.wait_timeout_while(all, WAIT_MAX, |all| !holds(all)).unwrap();
        assert!(!timeout.timed_out(), "it did not come: {all:?}");
        all.clone()
    }
}

/// A workspace in a home of its own, on the disk of the build.
pub(crate) struct Scratch {
    pub(crate) base: PathBuf,
    pub(crate) root: PathBuf,
    pub(crate) news: Arc<News>,
    pub(crate) settings: WorkspaceSettings,
    _directory: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self::with_state("state")
    }

    /// With Moat's state in another place: relative to the scratch directory, or anywhere.
    pub(crate) fn with_state(state: impl AsRef<Path>) -> Self {
        let directory = tempfile::Builder::new().prefix("moat-test-").tempdir_in(target()).unwrap();
        let base = directory.path().canonicalize().unwrap();
        let (home, root) = (base.join("home"), base.join("home/project"));
        let state = base.join(state);
        std::fs::create_dir_all(&root).unwrap();
        let launcher = Launcher::start(Settings {
            helper: helper(),
            home,
            path: vec!["/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()],
            read_only: Vec::new(),
            hidden: vec![base.join("state")],
            memory: Vec::new(),
            least: Step::Rules,
            environment: vec![("LANG".into(), "C.UTF-8".into())],
        });
        let news = Arc::new(News::default());
        let told = Arc::clone(&news);
        let settings = WorkspaceSettings {
            root: root.clone(),
            state,
            preferences: base.join("config/front.json"),
            programs: Vec::new(),
            launcher: Arc::new(launcher.unwrap()),
            fs: Arc::new(RealFs),
            clock: Arc::new(SystemClock::new()),
            news: Arc::new(move |it| told.add(it)),
            gather: Duration::ZERO,
            boundary: "all of it".to_owned(),
            version: "1".to_owned(),
            instance: "one".to_owned(),
        };
        Self { base, root, news, settings, _directory: directory }
    }

    pub(crate) fn open(&self) -> Open<'_> {
        Open { workspace: Workspace::open(&self.settings).unwrap(), _scratch: self }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.root.join(name)).unwrap()
    }

    /// The user's own git, as it is.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = std::process::Command::new("git");
        command.current_dir(&self.root).args(arguments).env("HOME", self.base.join("home"));
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A repository with one commit of `names`.
    pub(crate) fn repository(&self, names: &[&str]) {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["config", "user.name", "Some One"]);
        self.git(&["config", "user.email", "some@one"]);
        for name in names {
            self.write(name, format!("content of {name}\n"));
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=first"]);
    }
}

/// A workspace with shorter questions.
pub(crate) struct Open<'a> {
    pub(crate) workspace: Workspace,
    /// It lies there as long as it is open.
    _scratch: &'a Scratch,
}

impl Open<'_> {
    pub(crate) fn ask(&self, query: FilesQuery) -> Result<FilesReply, Report> {
        self.workspace.files(query)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> ReadResult {
        match self.ask(FilesQuery::Read { path: path(name) }) {
            Ok(FilesReply::Read(read)) => read,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> FileText {
        match self.read(name) {
            ReadResult::Text(text) => text,
            other => panic!("{name}: {other:?}"),
        }
    }

    pub(crate) fn write(
        &self,
        name: &str,
        text: &str,
        expected: Option<Version>,
    ) -> Result<FilesReply, Report> {
        self.ask(FilesQuery::Write {
            path: path(name),
            text: text.to_owned(),
            encoding: Encoding::Utf8,
            line_ending: LineEnding::Lf,
            expected,
        })
    }

    /// Names in a directory.
    #[track_caller]
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        match self.ask(FilesQuery::List { path: path(directory) }) {
            Ok(FilesReply::Listed { entries, .. }) => {
                entries.into_iter().map(|entry| entry.name).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn git(&self, query: GitQuery) -> GitReply {
        self.workspace.git(query).unwrap()
    }
}

pub(crate) fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

/// Asks until the answer is the one that must come.
#[track_caller]
pub(crate) fn eventually<T: std::fmt::Debug>(ask: impl Fn() -> T, holds: impl Fn(&T) -> bool) -> T {
    let start = std::time::Instant::now();
    loop {
        let answer = ask();
        if holds(&answer) {
            return answer;
        }
        assert!(start.elapsed() < WAIT_MAX, "{answer:?}");
        std::thread::yield_now();
    }
}

fn helper() -> PathBuf {
    let helper = target().join("examples/workspace_helper");
    assert!(helper.exists(), "build the helper first: cargo test -p moat-workspace does");
    helper
}

fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().to_owned()
}
