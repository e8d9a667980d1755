// SPDX-License-Identifier: Apache-2.0
//! The ladder: machines that lack something, made here, and what still holds on each.
//!
//! A machine is a launcher that starts where the kernel gives less: in an outer user
//! namespace whose limits forbid further ones, without capabilities, with `/proc` masked as
//! container runtimes do. `steps` runs the table on each; here is what else must be so on them.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use moat_base::RealFs;
use moat_files::{ChangeKind, DirTree, Root, Selection, SessionFiles};
use moat_probe::{BrokerPlan, Verdict};
use moat_sandbox::{
    Command, Effect, Error, Files, Interrupt, Launcher, Layer, OutputSink, Plan, Sandbox, Settings,
    Status, Step, Stream,
};

use crate::support::{Finished, Scratch, attack, attack_at, helper, processes_with, run, shell};
use crate::work;

/// A machine that lacks something: its name, the commands that make it, its step, its losses.
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    /// Run by a shell that is root of an outer user namespace with mounts of its own.
    made_by: &'static str,
    pub(crate) step: Step,
    lost: &'static [Effect],
}

use Effect::{ProcessesSeparate, ResourcesBounded};

pub(crate) const MACHINES: &[Machine] = &[
    Machine {
        name: "no network namespaces",
        made_by: "echo 0 >/proc/sys/user/max_net_namespaces; exec ",
        step: Step::Shared,
        lost: &[],
    },
    Machine {
        name: "no process-id namespaces",
        made_by: "echo 0 >/proc/sys/user/max_pid_namespaces; exec ",
        step: Step::Shared,
        lost: &[ProcessesSeparate, ResourcesBounded],
    },
    Machine {
        name: "neither, and no ipc namespaces",
        made_by: "for kind in net pid ipc uts cgroup; do \
                  echo 0 >/proc/sys/user/max_${kind}_namespaces; done; exec ",
        step: Step::Shared,
        lost: &[ProcessesSeparate, ResourcesBounded],
    },
    Machine {
        name: "a container with a masked `/proc`",
        made_by: "mount --bind /dev/null /proc/kcore; mount -t tmpfs none /proc/acpi; \
                  mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec ",
        step: Step::Shared,
        lost: &[ResourcesBounded],
    },
    Machine {
        name: "root without user namespaces",
        made_by: "echo 0 >/proc/sys/user/max_user_namespaces; exec ",
        step: Step::Shared,
        lost: &[],
    },
    Machine {
        name: "no user namespaces",
        made_by: "echo 0 >/proc/sys/user/max_user_namespaces; \
                  exec setpriv --bounding-set=-all --inh-caps=-all ",
        step: Step::Rules,
        lost: &[ProcessesSeparate, ResourcesBounded],
    },
    Machine {
        name: "a container without capabilities",
        made_by: "mount --bind /dev/null /proc/kcore; mount -t tmpfs none /proc/acpi; \
                  echo 0 >/proc/sys/user/max_user_namespaces; \
                  mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; \
                  exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs ",
        step: Step::Rules,
        lost: &[ProcessesSeparate, ResourcesBounded],
    },
];

pub(crate) fn machine(name: &str) -> &'static Machine {
    MACHINES.iter().find(|machine| machine.name == name).unwrap()
}

impl Machine {
    /// A program in the helper's place that makes this machine first.
    fn helper(&self, scratch: &Scratch) -> PathBuf {
        let path = scratch.home.join("machine");
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = probe-init ] && exec '{1}' \"$@\"\nexec /usr/bin/unshare --user --map-root-user --mount /bin/sh -c \
             '{0} \"$0\" \"$@\"' '{1}' \"$@\"\n",
            self.made_by,
            helper().display()
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    fn settings(&self, scratch: &Scratch) -> Settings {
        Settings {
            helper: self.helper(scratch),
            least: Step::Rules,
            // The probe runs the helper inside, which is a script here that starts this.
            read_only: vec![helper().parent().unwrap().to_owned()],
            ..scratch.settings()
        }
    }

    /// What is lost here. These machines' user is a root, whose processes only a highest
    /// process id of a namespace's own bounds.
    pub(crate) fn losses(&self) -> Vec<Effect> {
        let name = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        let mut parts = name.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (parts.next().unwrap(), parts.next().unwrap());
        let mut lost = self.lost.to_vec();
        if version < (6, 14) && !lost.contains(&ResourcesBounded) {
            lost.push(ResourcesBounded);
        }
        lost
    }

    pub(crate) fn launcher(&self, scratch: &Scratch) -> Launcher {
        Launcher::start(self.settings(scratch)).unwrap()
    }

    fn sandbox(&self, scratch: &Scratch, launcher: &Launcher) -> Sandbox {
        let shown = [(helper(), crate::support::ATTACKER.into())];
        Sandbox::start_with(launcher, &scratch.plan(), &shown)
            .map_err(|error| format!("{}: {error:?}", self.name))
            .unwrap()
    }

    fn attack(&self, sandbox: &Sandbox, name: &str, target: &str) -> Finished {
        attack_on(self.step, sandbox, name, target)
    }
}

/// Runs an attack where its program lies on this step.
fn attack_on(step: Step, sandbox: &Sandbox, name: &str, target: &str) -> Finished {
    match step {
        Step::Rules => attack_at(sandbox, &helper(), name, target),
        Step::Full | Step::Shared => attack(sandbox, name, target),
    }
}

#[test]
fn each_machine_lands_on_its_step_and_says_what_is_lost() {
    for machine in MACHINES {
        let scratch = Scratch::new();
        let launcher = machine.launcher(&scratch);
        let sandbox = machine.sandbox(&scratch, &launcher);
        let confinement = sandbox.confinement();
        assert_eq!(confinement.step, machine.step, "{}: {}", machine.name, confinement.line());
        assert_eq!(confinement.lost(), machine.losses(), "{}", machine.name);
        assert!(!confinement.is_full(), "{}", machine.name);
        assert!(!confinement.line().contains('\n') && confinement.line() != "full");
        shell(&sandbox, "echo inside > written && cat written").succeeded();
        assert!(!scratch.project.join("written").exists(), "{}", machine.name);
        // A floor of everything refuses the same machine, and names the step.
        let strict = Settings { least: Step::Full, ..machine.settings(&scratch) };
        drop((sandbox, launcher));
        let strict = Launcher::start(strict).unwrap();
        let refused = Sandbox::start(&strict, &scratch.plan());
        assert!(
            matches!(refused, Err(Error::Unenforced { step, .. }) if step == machine.step),
            "{}: {refused:?}",
            machine.name
        );
    }
}

/// The supervisor, and what it is for: without the filter the same attacks get through.
#[test]
fn modes_times_and_watches_are_held_by_the_filter_where_landlock_does_not_look() {
    let scratch = Scratch::new();
    let machine = machine("no user namespaces");
    let launcher = machine.launcher(&scratch);
    let key = scratch.home.join(".ssh/id_ed25519").display().to_string();
    let attacks = ["mode", "mode-through-link", "times", "own-attribute", "watch-names"];
    let sandbox = machine.sandbox(&scratch, &launcher);
    for name in attacks {
        let held = machine.attack(&sandbox, name, &key);
        assert!(held.output.starts_with("held "), "{name}: {held:?}");
    }
    // Its own files are served as usual, but for rights over others.
    assert_eq!(machine.attack(&sandbox, "own-mode", "").output, "through\n");
    assert_eq!(machine.attack(&sandbox, "set-id", "").output, format!("held {}\n", libc::EPERM));
    drop(sandbox);
    std::fs::remove_dir_all(scratch.upper()).unwrap();
    std::fs::create_dir(scratch.upper()).unwrap();
    let plan = scratch.plan().without_layer(Layer::Seccomp);
    let unfiltered = Sandbox::start_with(&launcher, &plan, &[(helper(), "/".into())]).unwrap();
    for name in attacks {
        let through = machine.attack(&unfiltered, name, &key);
        assert_eq!(through.output, "through\n", "the control of {name} proves nothing");
    }
    // Landlock is there in the control: it holds what it looks at.
    let held = machine.attack(&unfiltered, "read", &key);
    assert_eq!(held.output, format!("held {}\n", libc::EACCES));
}

#[test]
fn nothing_outlives_its_command_its_sandbox_or_its_launcher_on_any_machine() {
    for (index, machine) in MACHINES.iter().enumerate() {
        let scratch = Scratch::new();
        let launcher = machine.launcher(&scratch);
        let sandbox = machine.sandbox(&scratch, &launcher);
        let mark = format!("moat-ladder-{}-{index}", std::process::id());
        let left = format!(
            "for i in 1 2 3; do (setsid nohup sh -c ': {mark}; trap \"\" TERM; while :; do \
             sleep 1; done' >/dev/null 2>&1 &); done; "
        );
        shell(&sandbox, &left).succeeded();
        assert_eq!(processes_with(&mark), [0; 0], "{}: after the command", machine.name);
        // Interrupted in the middle, with children that ignore what can be ignored.
        let interrupt = Interrupt::new().unwrap();
        let script = format!("{left}echo ready; : {mark}; while :; do sleep 1; done");
        let command = Command::new(["/bin/sh", "-c", &script]);
        let mut sink = Interrupting(interrupt.clone());
        let exit = sandbox.run(&command, &mut sink, &interrupt).unwrap();
        assert_eq!(exit.status, Status::Interrupted, "{}", machine.name);
        assert_eq!(processes_with(&mark), [0; 0], "{}: after an interrupt", machine.name);
        shell(&sandbox, "echo again").succeeded();
        // The launcher is killed: its holder dies with it, and everything after that.
        let pid = i32::try_from(launcher.pid()).unwrap();
        let mut sink = Killing(pid);
        let killed = sandbox.run(&command, &mut sink, &Interrupt::new().unwrap());
        assert!(matches!(killed, Err(Error::Gone)), "{}: {killed:?}", machine.name);
        drop(sandbox);
        // A reaper that is no process 1 needs a moment more than its holder.
        while !processes_with(&mark).is_empty() {
            std::thread::yield_now();
        }
    }
}

struct Interrupting(Interrupt);

impl OutputSink for Interrupting {
    fn output(&mut self, _stream: Stream, bytes: &[u8]) {
        if bytes.ends_with(b"ready\n") {
            self.0.trigger();
        }
    }
}

struct Killing(i32);

impl OutputSink for Killing {
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {
        let pid = rustix::process::Pid::from_raw(self.0).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
}

#[test]
fn a_copied_tree_is_compared_kept_and_undone_as_an_overlay_is() {
    let scratch = Scratch::new();
    let machine = machine("no user namespaces");
    let put = |name: &str, text: &str| {
        let path = scratch.project.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("edit.txt", "one\n");
    put("same.txt", "same\n");
    put("gone/a.txt", "a\n");
    put("run.sh", "#!/bin/sh\n");
    put(".git/HEAD", "ref: refs/heads/main\n");
    put(".gitignore", "ignored/\n");
    put("ignored/cache", "x");
    let launcher = machine.launcher(&scratch);
    let directory = scratch.home.join("record");
    let mut files = SessionFiles::create(Arc::new(RealFs), &directory).unwrap();
    let sandbox = machine.sandbox(&scratch, &launcher);
    assert!(sandbox.confinement().line().contains("the files are a copy"));
    let real = DirTree::new(Root::open(&scratch.project).unwrap());
    let upper = || [DirTree::new(Root::open(&scratch.upper()).unwrap())];
    let untouched = files.changes(&real, &upper(), &[]).unwrap();
    assert_eq!((untouched.changes, untouched.left_out), (vec![], vec![]));
    let script = "echo two >> edit.txt; rm -r gone; chmod +x run.sh; echo n > new.txt; \
                  echo y > ignored/cache; pwd; touch same.txt";
    let shown = shell(&sandbox, script).succeeded();
    assert_eq!(shown.output, format!("{}\n", scratch.project.display()));
    let set = files.changes(&real, &upper(), &[]).unwrap();
    let told: Vec<(String, ChangeKind)> =
        set.edits().map(|change| (change.path.to_string(), change.kind)).collect();
    let expected = [
        ("edit.txt", ChangeKind::Modified),
        ("gone", ChangeKind::Deleted),
        ("gone/a.txt", ChangeKind::Deleted),
        ("new.txt", ChangeKind::Created),
        ("run.sh", ChangeKind::Mode),
    ];
    assert_eq!(told, expected.map(|(path, kind)| (path.to_owned(), kind)));
    assert!(set.changes.iter().all(|change| change.conflict.is_none()));
    let whole: Vec<String> = set
        .changes
        .iter()
        .filter(|change| !told.iter().any(|(path, _)| *path == change.path.to_string()))
        .map(|change| change.path.to_string())
        .collect();
    assert_eq!(whole, ["ignored"], "the cache is named as a whole, git's directory is not touched");
    let kept = files.keep(&real, &set, &Selection::Edits).unwrap();
    assert_eq!(std::fs::read_to_string(scratch.project.join("edit.txt")).unwrap(), "one\ntwo\n");
    assert!(!scratch.project.join("gone").exists());
    files.undo(&real, kept.number).unwrap();
    assert_eq!(std::fs::read_to_string(scratch.project.join("gone/a.txt")).unwrap(), "a\n");
    // A fork is a copy of the copy.
    let state = scratch.upper().parent().unwrap().join("fork");
    let (fork_upper, fork_work) = (state.join("upper"), state.join("work"));
    for place in [&fork_upper, &fork_work] {
        std::fs::create_dir_all(place).unwrap();
    }
    let lowers = vec![scratch.upper(), scratch.project.clone()];
    let plan = Plan::new(
        &scratch.project,
        Files::CopyOnWrite { lowers, upper: fork_upper, work: fork_work },
    );
    let fork = Sandbox::start(&launcher, &plan.unwrap()).unwrap();
    let shown = shell(&fork, "cat new.txt; test ! -e gone; echo f > only-here").succeeded();
    assert_eq!(shown.output, "n\n");
    shell(&sandbox, "test ! -e only-here").succeeded();
    drop((sandbox, fork, launcher));
    goes_on_where_everything_stands(&scratch, &mut files, &real);
}

/// The session goes on with its copy on a better machine, and so does a fork of it.
fn goes_on_where_everything_stands(scratch: &Scratch, files: &mut SessionFiles, real: &DirTree) {
    let full = scratch.launcher();
    let sandbox = scratch.sandbox(&full);
    assert!(sandbox.confinement().is_full());
    let script = "test ! -e gone && cat new.txt && echo more >> new.txt && pwd";
    let shown = shell(&sandbox, script).succeeded();
    assert_eq!(shown.output, format!("n\n{}\n", scratch.project.display()));
    let upper = [DirTree::new(Root::open(&scratch.upper()).unwrap())];
    let set = files.changes(real, &upper, &[]).unwrap();
    assert!(set.edits().any(|change| change.path.to_string() == "gone/a.txt"));
    let state = scratch.upper().parent().unwrap().join("later");
    let (fork_upper, fork_work) = (state.join("upper"), state.join("work"));
    for place in [&fork_upper, &fork_work] {
        std::fs::create_dir_all(place).unwrap();
    }
    let lowers = vec![scratch.upper(), scratch.project.clone()];
    let files = Files::CopyOnWrite { lowers, upper: fork_upper.clone(), work: fork_work };
    let fork = Sandbox::start(&full, &Plan::new(&scratch.project, files).unwrap()).unwrap();
    let shown = shell(&fork, "test ! -e gone && cat new.txt && echo f > forked").succeeded();
    assert_eq!(shown.output, "n\nmore\n");
    assert!(fork_upper.join("forked").exists() && !scratch.upper().join("forked").exists());
}

#[test]
fn without_mounts_only_a_session_s_own_files_are_offered() {
    let scratch = Scratch::new();
    let launcher = machine("no user namespaces").launcher(&scratch);
    for files in [Files::Direct, Files::ReadOnly] {
        let plan = Plan::new(&scratch.project, files).unwrap();
        let refused = Sandbox::start(&launcher, &plan);
        assert!(matches!(refused, Err(Error::Copy { .. })), "{refused:?}");
    }
    // A session that an overlay was begun for is not taken for a copy.
    std::fs::write(scratch.upper().join("changed"), "x").unwrap();
    let refused = Sandbox::start(&launcher, &scratch.plan());
    assert!(matches!(refused, Err(Error::Copy { .. })), "{refused:?}");
}

#[test]
fn the_probe_names_the_step_the_attempts_and_each_loss() {
    let scratch = Scratch::new();
    for (index, machine) in MACHINES.iter().enumerate() {
        let launcher = machine.launcher(&scratch);
        let place = scratch.home.join(format!("probe-{index}"));
        std::fs::create_dir(&place).unwrap();
        let examination = moat_probe::examine(&launcher, &place, &BrokerPlan::default());
        let examination = examination.unwrap_or_else(|error| panic!("{}: {error:?}", machine.name));
        assert_eq!(examination.confinement.step, machine.step);
        let attempts = launcher.attempts();
        let failed = attempts.iter().filter(|(_what, error)| error.is_some());
        assert_ne!(failed.count(), 0, "{}", machine.name);
        for finding in &examination.findings {
            let lost = machine.losses().contains(&finding.effect);
            let held = matches!(finding.verdict, Verdict::Enforced | Verdict::ProvesNothing);
            assert!(held || lost, "{}: {finding:?}", machine.name);
        }
        for effect in Effect::ALL {
            let lost = machine.losses().contains(&effect);
            // A root without capabilities or user namespaces has no privilege to gain outside
            // either, so that nothing shows that there is none inside.
            if effect != Effect::PrivilegeFixed {
                assert_eq!(examination.holds(effect), !lost, "{}: {effect:?}", machine.name);
            }
        }
    }
}

#[test]
fn python_works_where_there_are_only_rules() {
    let scratch = Scratch::new();
    let launcher = machine("no user namespaces").launcher(&scratch);
    let sandbox = Sandbox::start(&launcher, &scratch.plan()).unwrap();
    let test = "import unittest, subprocess, sys, os, socket, tempfile, threading, shutil\n\
        from concurrent.futures import ThreadPoolExecutor\n\
        class It(unittest.TestCase):\n\
        \x20def test_venv(self): self.assertIn('.venv', sys.prefix)\n\
        \x20def test_subprocess(self):\n\
        \x20 self.assertEqual(subprocess.run(['echo', 'a'], capture_output=True).stdout, b'a\\n')\n\
        \x20def test_threads(self):\n\
        \x20 with ThreadPoolExecutor(4) as p: self.assertEqual(list(p.map(abs, [-1, 2])), [1, 2])\n\
        \x20def test_pair(self):\n\
        \x20 a, b = socket.socketpair(); a.send(b'x'); self.assertEqual(b.recv(1), b'x')\n\
        \x20def test_copy(self):\n\
        \x20 shutil.copy2(__file__, 'copied.py'); os.chmod('copied.py', 0o700)\n\
        \x20 self.assertEqual(os.stat('copied.py').st_mode & 0o777, 0o700)\n\
        \x20def test_temporary(self): tempfile.NamedTemporaryFile().write(b'x')\n\
        if __name__ == '__main__': unittest.main()\n";
    work::write(&sandbox, "test_it.py", test);
    let script = "/usr/bin/python3 -m venv --without-pip .venv && . .venv/bin/activate \
                  && python -m unittest -q test_it && git init -q && git add test_it.py \
                  && git commit -qm one && git status --porcelain -uno";
    let shown = shell(&sandbox, script).succeeded();
    assert_eq!(shown.output, "");
    // What is said to be closed is closed, with an error that a program understands.
    let closed = shell(&sandbox, "/usr/bin/python3 -c 'import socket; socket.socket()' 2>&1");
    assert!(closed.output.contains("Address family not supported"), "{}", closed.output);
    assert!(!scratch.project.join(".venv").exists());
}

#[test]
fn c_and_rust_build_where_there_are_only_rules() {
    // Cargo reads `.cargo/config.toml` in each directory above, of which some are closed here;
    // a repository around the tests may have one.
    let place = || Scratch::beneath(&std::env::temp_dir());
    let Some((settings, scratch)) = work::own_home_with(place) else { return };
    let machine = machine("no user namespaces");
    let least = Step::Rules;
    let settings = Settings { helper: machine.helper(&scratch), least, ..settings };
    let launcher = Launcher::start(settings).unwrap();
    let sandbox = Sandbox::start(&launcher, &scratch.plan()).unwrap();
    work::write(&sandbox, "main.c", "#include <stdio.h>\nint main(void) { puts(\"built\"); }\n");
    let shown = shell(&sandbox, "cc -o main main.c && ./main").succeeded();
    assert_eq!(shown.output, "built\n");
    if !work::present(&sandbox, "cargo") {
        return;
    }
    work::cargo_project(&sandbox);
    let built = shell(&sandbox, "cargo test --offline -q 2>&1").succeeded();
    assert!(built.output.contains("1 passed"), "{}", built.output);
    assert!(!scratch.project.join("target").exists());
}

#[test]
fn a_program_finds_its_way_where_there_are_only_rules() {
    let scratch = Scratch::new();
    let machine = machine("no user namespaces");
    let launcher = machine.launcher(&scratch);
    let sandbox = machine.sandbox(&scratch, &launcher);
    let script = "set -e; test -w \"$HOME\"; test -w \"$TMPDIR\"; f=$(mktemp); echo x > $f; \
                  cat <(echo substituted); grep -q processor /proc/cpuinfo; git --version >/dev/null";
    let shown = run(&sandbox, &Command::new(["/bin/bash", "-c", script])).succeeded();
    assert_eq!(shown.output, "substituted\n");
}
