// SPDX-License-Identifier: Apache-2.0
//! A scratch home and workspace, and a launcher over them.

use std::path::{Path, PathBuf};

use moat_sandbox::{
    Collected, Command, Exit, Files, Interrupt, Launcher, Layer, Plan, Sandbox, Settings, Step,
};

/// A temporary home with a project, and the directories of one session.
pub(crate) struct Scratch {
    pub(crate) home: PathBuf,
    pub(crate) project: PathBuf,
    pub(crate) state: PathBuf,
    _directory: tempfile::TempDir,
}

impl Scratch {
    /// Lies beside the test's own binary: `/tmp` is private inside, so a place there would prove less.
    pub(crate) fn new() -> Self {
        Self::beneath(&target())
    }

    pub(crate) fn beneath(place: &Path) -> Self {
        let directory = tempfile::Builder::new().prefix("moat-test-").tempdir_in(place).unwrap();
        let base = directory.path().canonicalize().unwrap();
        let home = base.join("home");
        let project = home.join("project");
        let state = base.join("state");
        for place in [&project, &home.join(".ssh"), &state.join("upper"), &state.join("work")] {
            std::fs::create_dir_all(place).unwrap();
        }
        std::fs::write(home.join(".ssh/id_ed25519"), "canary-key").unwrap();
        std::fs::write(home.join(".bashrc"), "# clean\n").unwrap();
        Self { home, project, state, _directory: directory }
    }

    pub(crate) fn upper(&self) -> PathBuf {
        self.state.join("upper")
    }

    /// Takes away what the session holds; its sandboxes must have ended.
    pub(crate) fn clear(&self) {
        for place in ["upper", "work"] {
            moat_base::remove_files(&self.state.join(place)).unwrap();
            std::fs::create_dir(self.state.join(place)).unwrap();
        }
    }

    pub(crate) fn copy_on_write(&self) -> Files {
        Files::CopyOnWrite {
            lowers: vec![self.project.clone()],
            upper: self.upper(),
            work: self.state.join("work"),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            helper: helper(),
            home: self.home.clone(),
            path: vec!["/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()],
            read_only: Vec::new(),
            hidden: vec![self.state.clone()],
            memory: Vec::new(),
            least: Step::Full,
            environment: vec![
                ("LANG".into(), "C.UTF-8".into()),
                ("MOAT_CANARY".into(), "canary-variable".into()),
            ],
        }
    }

    pub(crate) fn launcher(&self) -> Launcher {
        Launcher::start(self.settings()).unwrap()
    }

    pub(crate) fn plan(&self) -> Plan {
        Plan::new(&self.project, self.copy_on_write()).unwrap()
    }

    pub(crate) fn sandbox(&self, launcher: &Launcher) -> Sandbox {
        Sandbox::start(launcher, &self.plan()).unwrap()
    }

    /// A sandbox in which the attack program lies at [`ATTACKER`], with `layers` switched off.
    pub(crate) fn attacked(&self, launcher: &Launcher, layers: &[Layer]) -> Sandbox {
        let plan = layers.iter().fold(self.plan(), |plan, layer| plan.without_layer(*layer));
        Sandbox::start_with(launcher, &plan, &[(helper(), ATTACKER.into())]).unwrap()
    }
}

/// Where the attack program lies inside.
pub(crate) const ATTACKER: &str = "/run/attacker";

/// A finished command with its output.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) exit: Exit,
    pub(crate) output: String,
    pub(crate) error: String,
}

impl Finished {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert!(self.exit.success(), "{:?}\n{}\n{}", self.exit, self.output, self.error);
        self
    }
}

pub(crate) fn run(sandbox: &Sandbox, command: &Command) -> Finished {
    let mut collected = Collected::default();
    let exit = sandbox.run(command, &mut collected, &Interrupt::new().unwrap()).unwrap();
    Finished {
        exit,
        output: String::from_utf8_lossy(&collected.output).into_owned(),
        error: String::from_utf8_lossy(&collected.error).into_owned(),
    }
}

pub(crate) fn shell(sandbox: &Sandbox, script: &str) -> Finished {
    run(sandbox, &Command::new(["/bin/sh", "-c", script]))
}

/// Runs an attack inside.
pub(crate) fn attack(sandbox: &Sandbox, name: &str, target: &str) -> Finished {
    run(sandbox, &Command::new([ATTACKER, "attack", name, target]))
}

/// Runs an attack inside, by the program's name on the host.
pub(crate) fn attack_at(sandbox: &Sandbox, program: &Path, name: &str, target: &str) -> Finished {
    let words = [program.as_os_str(), "attack".as_ref(), name.as_ref(), target.as_ref()];
    run(sandbox, &Command::new(words))
}

/// Runs an attack as any program of the host does.
pub(crate) fn outside(program: &Path, name: &str, target: &str, directory: &Path) -> String {
    let output = std::process::Command::new(program)
        .args(["attack", name, target])
        .current_dir(directory)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The helper example, which cargo builds with the tests.
pub(crate) fn helper() -> PathBuf {
    let helper = target().join("examples/sandbox_helper");
    assert!(helper.exists(), "build the helper first: cargo test -p moat-sandbox does");
    helper
}

/// The directory of this build's profile.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().to_owned()
}

/// A script that ends as soon as a process of its own, which carries `mark`, runs on without it.
pub(crate) fn leave_behind(mark: &str) -> String {
    format!(
        "UP=$(mktemp -u) && export UP && mkfifo \"$UP\" && \
         (setsid nohup sh -c ': {mark}; echo up >\"$UP\"; while :; do sleep 1; done' \
         >/dev/null 2>&1 &) && read -r up <\"$UP\""
    )
}

/// The processes of the host whose command line contains `mark`.
pub(crate) fn processes_with(mark: &str) -> Vec<i32> {
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if name != own && String::from_utf8_lossy(&line).contains(mark) {
            found.extend(name.parse::<i32>());
        }
    }
    found
}

/// What there is at a place and below it: names, kinds with modes, times, what is in files.
pub(crate) type Tree = Vec<(PathBuf, u32, (i64, i64), Vec<u8>)>;

/// Looks at all below a directory.
pub(crate) fn tree(place: &Path) -> Tree {
    use std::os::unix::fs::MetadataExt as _;
    let mut found = Vec::new();
    let mut look = vec![place.to_owned()];
    while let Some(path) = look.pop() {
        let data = path.symlink_metadata().unwrap();
        let text = if data.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        if data.is_dir() {
            look.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push((path, data.mode(), (data.mtime(), data.mtime_nsec()), text));
    }
    found.sort();
    found
}
