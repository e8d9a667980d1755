// SPDX-License-Identifier: Apache-2.0
//! Tests of the scripts that a person runs first, on machines made of stand-ins.
//!
//! A script is tried with a search path of our own, on which a program is there or
//! not; so a test installs nothing and asks no network. What is looked for by its
//! full path (a library, Maven's repository) is this machine's.
//!
//! Invariant: no stand-in does what its namesake does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::door;

/// Programs that tests, scripts and proofs start, with the package that brings each and
/// the step of `setup.sh` that looks for it.
const BROUGHT: [(&str, &[&str], &str); 22] = [
    ("build", &["git"], "git"),
    ("build", &["cmake"], "cmake"),
    ("build", &["make"], "make"),
    ("build", &["c++", "g++"], "g++"),
    ("build", &["clang"], "clang"),
    ("build", &["pkg-config"], "pkg-config"),
    ("build", &["node"], "nodejs"),
    ("build", &["npm"], "npm"),
    ("test", &["chromium"], "chromium"),
    ("test", &["clangd"], "clangd"),
    ("test", &["java"], "default-jdk-headless"),
    ("test", &["mvn"], "maven"),
    ("test", &["strace"], "strace"),
    ("test", &["curl"], "curl"),
    ("test", &["unshare"], "util-linux"),
    ("test", &["setpriv"], "util-linux"),
    ("test", &["nsenter"], "util-linux"),
    ("test", &["mount"], "mount"),
    ("test", &["cargo-nextest"], "cargo-nextest"),
    ("test", &["cargo-deny"], "cargo-deny"),
    ("all", &["runc"], "runc"),
    ("vm", &["cpio"], "cpio"),
];
/// What each system of this kind has, and programs that a step itself names as missing.
const THERE: [&str; 16] = [
    "apt-cache",
    "apt-get",
    "cat",
    "cp",
    "depmod",
    "dpkg-deb",
    "env",
    "kill",
    "mkfifo",
    "script",
    "sh",
    "sleep",
    "tar",
    "timeout",
    "true",
    "xz",
];

/// A machine with these programs and no others.
struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    /// Every program is there but `missing`.
    fn without(missing: &[&str]) -> Self {
        let machine = Self { directory: tempfile::tempdir().unwrap() };
        let programs = BROUGHT.iter().flat_map(|(_step, programs, _package)| *programs);
        for program in
            programs.chain(&["cargo", "python3", "qemu-system-x86_64", "busybox", "depmod", "xz"])
        {
            if !missing.contains(program) {
                machine.add(program, "exit 0");
            }
        }
        machine.add("id", "echo 0");
        // The language servers are here, of the versions that are wanted.
        machine.add("cat", "echo same");
        // It is given variables, and then a program of this machine with its arguments.
        machine.add("env", "shift; exec \"$@\"");
        machine.add("apt-get", "echo \"apt-get $*\"");
        machine
    }

    fn add(&self, program: &str, body: &str) {
        let path = self.directory.path().join(program);
        door::write_program(&path, &format!("#!/bin/sh\n{body}\n")).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = door::command("/bin/sh", &door::root());
        command.args(words).env_clear().env("PATH", self.directory.path());
        command
    }

    /// What `setup.sh` installs for a step.
    fn installs(&self, step: &str) -> BTreeSet<String> {
        let output = self.run(&["scripts/setup.sh", step]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
        let lines = said.lines();
        let missing = lines.clone().filter_map(|line| line.strip_prefix("setup: missing "));
        let missing = missing.map(|rest| rest.split(':').next().unwrap().to_owned());
        let missing: BTreeSet<String> = missing.collect();
        // What is named is what is installed.
        let asked: BTreeSet<String> = lines
            .filter_map(|line| {
                let packages = line.strip_prefix("apt-get install -q -y --no-install-recommends ");
                packages.or_else(|| {
                    line.strip_prefix("setup: building with cargo, which takes minutes once: ")
                })
            })
            .flat_map(str::split_whitespace)
            .map(|word| word.split('@').next().unwrap().to_owned())
            .collect();
        assert_eq!(asked, missing, "{said}");
        missing
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_a_step_needs_and_the_machine_lacks_is_installed_and_nothing_else() {
    for (step, programs, package) in BROUGHT {
        let whole = Machine::without(&[]).installs(step);
        assert!(!whole.contains(package), "{package} is asked for though it is there");
        let mut wanted = whole;
        wanted.insert(package.to_owned());
        assert_eq!(Machine::without(programs).installs(step), wanted, "without {programs:?}");
    }
}

#[test]
fn python_is_brought_with_the_modules_that_are_used() {
    let without = Machine::without(&["python3"]).installs("run");
    assert!(without.is_superset(&["python3", "python3-pip"].map(str::to_owned).into()));
    for (module, package) in [("pip", "python3-pip"), ("venv", "python3-venv")] {
        let machine = Machine::without(&[]);
        assert!(!machine.installs("test").contains(package));
        machine.add("python3", &format!("test \"$3\" != {module}"));
        assert!(machine.installs("test").contains(package), "{module}");
    }
}

#[test]
fn a_node_that_is_too_old_is_replaced_for_the_page_alone() {
    let machine = Machine::without(&[]);
    machine.add("uname", "echo x86_64");
    machine.add("npm", "echo \"npm $*\"");
    let said = |machine: &Machine| text(&machine.run(&["scripts/setup.sh", "build"]).stdout);
    assert!(!said(&machine).contains("npm "), "{}", said(&machine));
    machine.add("node", "test \"$1\" = --version && echo v18.20.4");
    let said = said(&machine);
    let is_brought = door::root().join("web/.node").exists();
    assert!(is_brought || said.contains("npm install --prefix web/.node"), "{said}");
}

#[test]
fn set_up_brings_every_program_that_tests_and_proofs_start() {
    let brought = BROUGHT.iter().flat_map(|(_step, programs, _package)| *programs);
    let known: BTreeSet<&str> = brought.copied().chain(["python3"]).chain(THERE).collect();
    let mut sources = Vec::new();
    for package in door::children(&door::root().join("crates")) {
        collect(&package.join("tests"), &mut sources);
    }
    collect(&door::root().join("xtask/src"), &mut sources);
    let mut found = BTreeSet::new();
    for source in &sources {
        let source_text = text(&door::read(source).unwrap());
        for call in ["Command::new(\"", "door::command(\"", " plain(\""] {
            // The first piece is what stands before the first call.
            for rest in source_text.split(call).skip(1) {
                let program = rest.split('"').next().unwrap();
                found.insert(program.rsplit('/').next().unwrap().to_owned());
            }
        }
    }
    // Texts that are no calls: planted violations of the house rules.
    let planted = |name: &String| name.len() < 2 || name.ends_with('\\');
    found.retain(|name| !planted(name));
    assert!(found.contains("unshare") && found.contains("strace"), "{found:?}");
    let unknown: Vec<&String> =
        found.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "`scripts/setup.sh` has to bring {unknown:?}");
}

fn collect(directory: &Path, sources: &mut Vec<PathBuf>) {
    for path in door::children(directory) {
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push(path);
        }
    }
}

#[test]
fn the_long_test_goes_on_after_a_failure_and_says_what_became_of_each_part() {
    let machine = Machine::without(&[]);
    machine.add("date", "echo 0");
    machine.add("make", "echo \"ran $1\"; test \"$1\" != second");
    let output = machine.run(&["scripts/all.sh", "make", "first", "second", "third"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let (parts, end) = said.split_once("== What became of each part\n").unwrap();
    assert_eq!(end, "passed   first (0 s)\nFAILED   second (0 s)\npassed   third (0 s)\n");
    for part in ["first", "second", "third"] {
        assert!(parts.contains(&format!("ran {part}\n")), "{parts}");
    }
    let output = machine.run(&["scripts/all.sh", "make", "first", "third"]);
    assert_eq!(output.status.code(), Some(0));
    // A part that is interrupted is no success, and what comes after it does not run.
    machine.add("make", "echo \"ran $1\"; if test \"$1\" = second; then kill -INT $PPID; fi");
    let output = machine.run(&["scripts/all.sh", "make", "first", "second", "third"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("not run  third") && !said.contains("ran third"), "{said}");
}

#[test]
fn a_long_test_that_only_names_its_parts_passes_none() {
    let machine = Machine::without(&[]);
    machine.add("date", "echo 0");
    let run = |flags: &str| {
        let mut command = machine.command(&["scripts/all.sh", "make", "one"]);
        text(&command.env("MAKEFLAGS", flags).output().unwrap().stdout)
    };
    for flags in ["", "k", "w --jobserver-auth=fifo:/name", "--no-print-directory", "A=n"] {
        assert!(run(flags).ends_with("passed   one (0 s)\n"), "{flags}");
    }
    for flags in ["n", "wn -- ARGS=1"] {
        assert!(run(flags).ends_with("named    one (0 s)\n"), "{flags}");
    }
}

#[test]
fn the_long_test_has_every_part() {
    let mut make = door::command("make", &door::root());
    make.args(["-n", "test-all"]).env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
    let output = make.output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    for part in [
        "ci clippy test",
        "bench validate",
        "-- prove",
        "scripts/soak.sh",
        "scripts/many.sh",
        "scripts/container.sh",
        "-- vm own",
        "-- vm suite trixie",
        "bench sandbox",
        "scripts/offline.sh",
    ] {
        assert!(said.contains(part), "`{part}` is missing:\n{said}");
    }
    let end = said.split_once("== What became of each part\n").unwrap().1;
    assert_eq!(end.lines().filter(|line| line.starts_with("named ")).count(), 10, "{end}");
}

#[test]
fn the_demonstration_is_bold_only_on_a_terminal_that_wants_it() {
    let machine = Machine::without(&[]);
    // It ends the demonstration behind its first title.
    machine.add("moat", "exit 3");
    let moat = machine.directory.path().join("moat");
    let in_a_terminal = "import pty, sys; pty.spawn(sys.argv[1:])";
    let shown = |terminal: &[&str], variables: &[(&str, &str)]| {
        let words = [terminal, &["/bin/sh", "scripts/demo.sh"]].concat();
        let mut command = door::command(words[0], &door::root());
        command.args(&words[1..]).arg(&moat).stdin(Stdio::null());
        command.env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
        let said = text(&command.output().unwrap().stdout);
        assert!(said.contains("== The embedded model"), "{said}");
        said.contains('\u{1b}')
    };
    let terminal = ["python3", "-c", in_a_terminal];
    assert!(shown(&terminal, &[]));
    assert!(!shown(&terminal, &[("NO_COLOR", "1")]));
    assert!(!shown(&terminal, &[("TERM", "dumb")]));
    assert!(!shown(&[], &[]));
}
