// SPDX-License-Identifier: Apache-2.0
//! How long a workspace of 100,000 files takes to open, to find files in, and to search.
//!
//! `cargo run --release -p moat-workspace --example workspace_speed`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement makes its own files and says plainly what went wrong"
)]

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use moat_base::{RealFs, SystemClock, TreePath};
use moat_protocol::workspace::{
    FilesQuery, FilesReply, GitQuery, SearchQuery, SearchSpec, WorkspaceNews,
};
use moat_sandbox::{Launcher, Settings, Step};
use moat_workspace::{FrontId, Workspace, WorkspaceSettings};

const DIRECTORIES: usize = 2_000;
const FILES: usize = 50;
const ROUNDS: usize = 20;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some((word, rest)) = words.split_first()
        && word == moat_sandbox::HELPER_WORD
    {
        return moat_sandbox::helper_main(rest);
    }
    let program = std::env::current_exe().unwrap();
    let directory = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
    let root = directory.path().join("home/project");
    plant(&root);
    let launcher = Launcher::start(Settings {
        helper: program,
        home: directory.path().join("home"),
        path: vec!["/usr/bin".into(), "/bin".into()],
        read_only: Vec::new(),
        hidden: Vec::new(),
        memory: Vec::new(),
        environment: Vec::new(),
        least: Step::Rules,
    });
    let settings = WorkspaceSettings {
        root,
        state: directory.path().join("state"),
        preferences: directory.path().join("front.json"),
        programs: Vec::new(),
        launcher: Arc::new(launcher.unwrap()),
        fs: Arc::new(RealFs),
        clock: Arc::new(SystemClock::new()),
        news: Arc::new(|_| ()),
        gather: Duration::from_millis(100),
        boundary: String::new(),
        version: String::new(),
        instance: String::new(),
    };
    let start = Instant::now();
    let workspace = Workspace::open(&settings).unwrap();
    println!("open: {:?}", start.elapsed());
    let list = FilesQuery::List { path: TreePath::root() };
    let start_list = Instant::now();
    workspace.files(list).unwrap();
    println!("list the root (2,000 directories): {:?}", start_list.elapsed());
    while !known(&workspace) {
        std::thread::yield_now();
    }
    println!("all names known after: {:?}", start.elapsed());
    find(&workspace);
    search(&workspace);
    status(&workspace);
    println!("{}", memory());
    ExitCode::SUCCESS
}

fn find(workspace: &Workspace) {
    for text in ["m", "main", "src7file3", "module/1999", "zzzz", "d1f2rs"] {
        let query = FilesQuery::Find { text: text.to_owned(), limit: 50 };
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                workspace.files(query.clone()).unwrap();
                start.elapsed()
            })
            .collect();
        times.sort();
        println!("find {text:?}: median {:?}, worst {:?}", times[ROUNDS / 2], times[ROUNDS - 1]);
    }
}

fn search(workspace: &Workspace) {
    let (sender, news) = mpsc::sync_channel(10_000);
    for pattern in ["needle", "absent_everywhere"] {
        let start = Instant::now();
        let sender = sender.clone();
        let query = SearchQuery::Start { search: 1, spec: spec(pattern) };
        let sink = Arc::new(move |news| sender.send(news).is_ok());
        workspace.search(query, FrontId(1), sink).unwrap();
        let mut first = None;
        loop {
            if let WorkspaceNews::SearchEnded { files, .. } = news.recv().unwrap() {
                let whole = start.elapsed();
                println!("search {pattern:?}: first {first:?}, {files} files in {whole:?}");
                break;
            }
            first = first.or_else(|| Some(start.elapsed()));
        }
    }
}

fn status(workspace: &Workspace) {
    for round in 0..3 {
        let start = Instant::now();
        workspace.git(GitQuery::Status).unwrap();
        println!("git status, round {round}: {:?}", start.elapsed());
    }
}

fn plant(root: &Path) {
    for directory in 0..DIRECTORIES {
        let place = root.join(format!("src{}/module{directory}", directory % 40));
        std::fs::create_dir_all(&place).unwrap();
        for file in 0..FILES {
            let line = if file == 0 && directory % 20 == 0 { "needle" } else { "straw" };
            let text = format!("fn main() {{ /* {directory} {file} */ }}\n").repeat(20);
            std::fs::write(place.join(format!("file{file}_main.rs")), text + line + "\n").unwrap();
        }
    }
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(root).args(arguments).env("HOME", "/nonexistent");
        assert!(command.status().unwrap().success());
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--message=x"]);
}

fn known(workspace: &Workspace) -> bool {
    let query = FilesQuery::Find { text: String::new(), limit: 1 };
    matches!(workspace.files(query), Ok(FilesReply::Found { indexing: false, .. }))
}

fn spec(pattern: &str) -> SearchSpec {
    SearchSpec {
        pattern: pattern.to_owned(),
        regex: false,
        case: true,
        word: false,
        include: Vec::new(),
        exclude: Vec::new(),
        ignored: false,
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().filter(|line| line.starts_with("VmRSS")).collect()
}
