// SPDX-License-Identifier: Apache-2.0
//! Real work: a build, a look through a large repository, a fork.

use std::path::{Path, PathBuf};
use std::process::Command as Plain;
use std::time::Instant;

use moat_sandbox::{Command, Launcher, Plan, Sandbox};

use crate::{Bench, bubblewrap, plain, sample};

const DIRECTORIES: usize = 200;
const FILES_PER_DIRECTORY: usize = 100;
const CHANGED: usize = 1000;

/// Builds a small crate with a vendored dependency from nothing, plain and inside in turn.
pub(crate) fn build(bench: &Bench) {
    let Some((cargo, rustc, toolchain)) = toolchain() else {
        println!("{{\"skipped\":\"cargo is not on this machine\"}}");
        return;
    };
    let (tree, home) = (bench.directory("crate"), bench.directory("home"));
    let tree = &tree;
    write_crate(tree);
    let bin = toolchain.join("bin");
    let path = [bin.to_str().expect("the toolchain's path is text"), "/usr/bin", "/bin"];
    let launcher = bench.launcher(&home, &path, &[&toolchain]);
    let sandbox = start(&launcher, bench, &[tree], "build");
    let inside = tree.join("inside");
    for round in 0..=bench.rounds {
        for at in [tree.join("outside"), inside.clone()] {
            let target = at.to_str().expect("the scratch's path is text");
            let words = ["build", "--offline", "-q", "-j", "1", "--target-dir", target];
            let outside = at != inside;
            let work = || {
                if outside {
                    let mut command = Plain::new(&cargo);
                    command.args(words).current_dir(tree).env("RUSTC", &rustc);
                    plain(command.env("CARGO_HOME", home.join(".cargo")));
                } else {
                    let all = [cargo.to_str().expect("the path is text")].into_iter().chain(words);
                    bench.run(&sandbox, &Command::new(all));
                }
            };
            // The first round fills the kernel's caches.
            if round == 0 {
                work();
            } else {
                bench.both(if outside { "build_plain" } else { "build_inside" }, 1, work);
            }
            let gone = ["/bin/rm", "-rf", target];
            if outside {
                plain(Plain::new(gone[0]).args(&gone[1..]));
            } else {
                bench.run(&sandbox, &Command::new(gone));
            }
        }
    }
}

/// `git status` on 20,000 files: plain, in a session's sandbox, under bubblewrap.
pub(crate) fn status(bench: &Bench) {
    let (tree, home) = (bench.directory("repository"), bench.directory("home"));
    repository(&tree);
    let launcher = bench.launcher(&home, &["/usr/bin", "/bin"], &[]);
    let sandbox = start(&launcher, bench, &[&tree], "status");
    // One git for all: the one that every view shows.
    let words = ["/usr/bin/git", "-c", "safe.directory=*", "status", "--short"];
    for round in 0..=bench.rounds {
        let outside = || plain(Plain::new(words[0]).args(&words[1..]).current_dir(&tree));
        let inside = || bench.run(&sandbox, &Command::new(words));
        let wrapped = || plain(bubblewrap::command(&tree, &home).args(words));
        if round == 0 {
            outside();
            inside();
            continue;
        }
        bench.wall("status_plain", outside);
        bench.wall("status_inside", inside);
        if bubblewrap::present() {
            bench.wall("status_bwrap", wrapped);
        }
    }
}

/// A fork of a session that has changed 1,000 files: a sandbox of its own over them.
pub(crate) fn fork(bench: &Bench) {
    let (tree, home) = (bench.directory("tree"), bench.directory("home"));
    let launcher = bench.launcher(&home, &["/usr/bin", "/bin"], &[]);
    let session = start(&launcher, bench, &[&tree], "session");
    let script = format!("for i in $(seq {CHANGED}); do echo $i > $i; done");
    bench.run(&session, &Command::new(["/bin/sh", "-c", &script]));
    let upper = bench.directory("session-upper");
    for round in 0..bench.rounds {
        bench.settle(1);
        let started = Instant::now();
        let name = format!("fork-{round}");
        let fork = start(&launcher, bench, &[&upper, &tree], &name);
        sample("fork", started.elapsed(), None);
        let seen = Command::new(["/usr/bin/test", "-f", &CHANGED.to_string()]);
        bench.run(&fork, &seen);
        sample("fork_first_command", started.elapsed(), None);
    }
}

fn start(launcher: &Launcher, bench: &Bench, lowers: &[&Path], name: &str) -> Sandbox {
    let root = lowers.last().expect("there is a tree");
    let plan = Plan::new(root, bench.copy_on_write(lowers, name)).expect("the plan is good");
    Sandbox::start(launcher, &plan).expect("the sandbox starts")
}

/// The compiler's own programs, behind any that choose between versions.
fn toolchain() -> Option<(PathBuf, PathBuf, PathBuf)> {
    let asked = Plain::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    let root = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim());
    let [cargo, rustc] = ["bin/cargo", "bin/rustc"].map(|name| root.join(name));
    (cargo.is_file() && rustc.is_file()).then_some((cargo, rustc, root))
}

fn write(path: &Path, text: &str) {
    let parent = path.parent().expect("the path has a directory");
    std::fs::create_dir_all(parent).expect("the scratch can be written");
    std::fs::write(path, text).expect("the scratch can be written");
}

/// A program with a library in its own tree.
fn write_crate(tree: &Path) {
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{rest}")
    };
    write(
        &tree.join("Cargo.toml"),
        &manifest("small", "[dependencies]\nshapes = { path = \"vendor/shapes\" }\n"),
    );
    let source = "use shapes::Shape;\nfn main() {\n    let all: Vec<Box<dyn Shape>> = shapes::all();\n    \
                  let sum: f64 = all.iter().map(|shape| shape.area()).sum();\n    println!(\"{sum}\");\n}\n";
    write(&tree.join("src/main.rs"), source);
    let vendored = tree.join("vendor/shapes");
    write(&vendored.join("Cargo.toml"), &manifest("shapes", ""));
    let mut library = "pub trait Shape { fn area(&self) -> f64; }\n".to_owned();
    let mut all = String::new();
    for number in 1..=200 {
        library += &format!(
            "#[derive(Clone, Debug, PartialEq)]\npub struct S{number}(pub f64);\n\
             impl Shape for S{number} {{ fn area(&self) -> f64 {{ self.0 * {number}.0 }} }}\n"
        );
        all += &format!("Box::new(S{number}(1.0)), ");
    }
    library += &format!("pub fn all() -> Vec<Box<dyn Shape>> {{ vec![{all}] }}\n");
    write(&vendored.join("src/lib.rs"), &library);
}

fn repository(tree: &Path) {
    for directory in 0..DIRECTORIES {
        for file in 0..FILES_PER_DIRECTORY {
            let path = tree.join(format!("package_{directory:03}/module_{file:03}.py"));
            write(&path, &format!("def part_{directory}_{file}():\n    return {file}\n"));
        }
    }
    let commit = ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "start"];
    for arguments in [&["init", "-q"][..], &["add", "."], &commit] {
        plain(Plain::new("/usr/bin/git").args(arguments).current_dir(tree));
    }
}
