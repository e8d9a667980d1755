// SPDX-License-Identifier: Apache-2.0
//! Who may make sockets, start processes, touch files, read time or the environment.
//!
//! `clippy.toml` bans the calls with the compiler's knowledge of names, but an
//! owner lifts the ban with an `expect`, and anybody could write one. This
//! check says which crate may, and also knows calls that `clippy.toml` does
//! not list, such as those of `libc` and `rustix`.
//!
//! `probe` attacks what the others protect, so it makes sockets and opens files.
//! Tests may prepare files and take time; sockets and processes stay with the
//! crates whose tests are about them.
//!
//! Invariant: each door has its owners here and nowhere else.

use super::Finding;
use super::source::Scope;
use super::tree::{RustFile, Tree};

/// A way to the outside, the calls that lead there, and who may make them.
struct Door {
    name: &'static str,
    /// Resolved paths; a `*` at the end stands for any function (lower case).
    calls: &'static [&'static str],
    owners: &'static [&'static str],
    /// Who may in tests, beside the owners; `*` is everybody.
    test_owners: &'static [&'static str],
}

const DOORS: &[Door] = &[
    Door {
        name: "processes",
        calls: &[
            "std::process::Command::*",
            "tokio::process::Command::*",
            "libc::fork",
            "libc::vfork",
            "libc::clone",
            "libc::execv",
            "libc::execve",
            "libc::execvp",
            "libc::execveat",
            "libc::posix_spawn",
            "libc::posix_spawnp",
            "libc::system",
            "libc::popen",
            "libc::syscall",
            "rustix::runtime::*",
        ],
        // `terminal` starts the user's own shells, which are not confined.
        owners: &["sandbox", "terminal", "xtask"],
        test_owners: &["cli", "engine", "files", "inference", "net", "tools", "workspace"],
    },
    Door {
        name: "sockets",
        calls: &[
            "std::net::TcpStream::*",
            "std::net::TcpListener::*",
            "std::net::UdpSocket::*",
            "std::os::unix::net::UnixStream::*",
            "std::os::unix::net::UnixListener::*",
            "std::os::unix::net::UnixDatagram::*",
            "tokio::net::*",
            "libc::socket",
            "libc::connect",
            "libc::bind",
            "libc::socketpair",
            "rustix::net::*",
        ],
        // `terminal` has a pair of them between the server and the keeper.
        owners: &["net", "probe", "sandbox", "terminal", "xtask"],
        test_owners: &["base", "cli", "engine", "files", "inference", "model", "workspace"],
    },
    // A socket in the file system, and the lock beside it, belong to who binds it.
    Door {
        name: "socket files",
        calls: &[
            "std::fs::DirBuilder::new",
            "std::fs::remove_file",
            "std::fs::set_permissions",
            "rustix::fs::open",
            "rustix::fs::flock",
        ],
        owners: &["base", "files", "net", "probe", "sandbox", "terminal", "xtask"],
        test_owners: &["*"],
    },
    // `Fs` reads and writes whole files. Weights are read in parts, a service inherits
    // its log as a descriptor, and a session's directory is created exclusively.
    Door {
        name: "files in parts",
        calls: &["std::fs::OpenOptions::new", "rustix::fs::mkdir"],
        owners: &["base", "cli", "files", "inference", "sandbox", "xtask"],
        test_owners: &["*"],
    },
    Door {
        name: "files",
        calls: &[
            "std::fs::*",
            "std::fs::File::*",
            "std::fs::OpenOptions::*",
            "std::fs::DirBuilder::*",
            "tokio::fs::*",
            "rustix::fs::*",
            "libc::open",
            "libc::openat",
            "libc::unlink",
        ],
        // `terminal` opens pseudo-terminals, and reads which processes belong to one.
        owners: &["base", "files", "probe", "sandbox", "terminal", "xtask"],
        test_owners: &["*"],
    },
    Door {
        name: "time",
        calls: &[
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "std::thread::sleep",
            "tokio::time::*",
            "rustix::time::*",
            "libc::clock_gettime",
            "libc::time",
        ],
        owners: &["base", "xtask"],
        test_owners: &["*"],
    },
    Door {
        name: "the environment",
        calls: &[
            "std::env::var",
            "std::env::var_os",
            "std::env::vars",
            "std::env::vars_os",
            "std::env::args",
            "std::env::args_os",
            "std::env::current_dir",
            "std::env::current_exe",
            "std::env::home_dir",
            "std::env::temp_dir",
            "std::env::set_var",
            "std::env::remove_var",
            "std::env::set_current_dir",
            "libc::getenv",
        ],
        owners: &["cli", "xtask"],
        test_owners: &["inference", "sandbox", "terminal", "workspace"],
    },
];

/// Finds calls through a door in a crate that does not own it.
pub(super) fn calls(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for found in &file.source.paths {
            let through =
                DOORS.iter().find(|door| door.calls.iter().any(|call| matches(call, &found.text)));
            let Some(door) = through else { continue };
            if !door.is_open_to(file, found.scope) {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: found.line,
                    what: format!(
                        "`{}` reaches for {}: `{}`",
                        file.package, door.name, found.text
                    ),
                    why: "each way to the outside has one door, so that it can be reviewed in one place",
                    fix: "call the crate that owns the door; the owners are in `xtask/src/tidy/doors.rs`",
                });
            }
        }
    }
    findings
}

/// Finds lifted bans in crates that own no door at all.
pub(super) fn expectations(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for found in &file.source.attributes {
            let lifts = found.text.starts_with("expect(")
                && ["clippy::disallowed_methods", "clippy::disallowed_types"]
                    .iter()
                    .any(|lint| found.text.contains(lint));
            let owner = DOORS.iter().any(|door| door.is_open_to(file, found.scope));
            if lifts && !owner {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: found.line,
                    what: format!("`{}` lifts the ban of `clippy.toml`", file.package),
                    why: "it owns no door, so no call of its own can need that",
                    fix: "call the crate that owns the door",
                });
            }
        }
    }
    findings
}

/// Finds `unsafe` outside `sandbox`, and the tests of `files`, which mount disks of their own.
pub(super) fn unsafes(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .iter()
        .filter(|file| file.package != "sandbox" && !file.path.starts_with("crates/files/tests/"))
        .flat_map(|file| {
            file.source.unsafes.iter().map(|found| Finding {
                path: file.path.clone(),
                line: found.line,
                what: format!("`unsafe` in `{}`", file.package),
                why: "memory safety is argued in one crate only",
                fix: "use a safe call, or move it behind a safe function of `sandbox`",
            })
        })
        .collect()
}

impl Door {
    fn is_open_to(&self, file: &RustFile, scope: Scope) -> bool {
        let listed = |list: &[&str]| list.contains(&file.package.as_str()) || list.contains(&"*");
        let test = scope == Scope::Test && (listed(self.test_owners) || file.package == "testkit");
        // A build script is no part of the product; it reads what is built and writes a table.
        let builds = file.path.ends_with("/build.rs") && BUILD_DOORS.contains(&self.name);
        listed(self.owners) || test || builds
    }
}

/// Doors that are open to a crate's build script.
const BUILD_DOORS: [&str; 2] = ["files", "the environment"];

/// Whether a resolved path is this call; `*` stands for one function name.
fn matches(call: &str, path: &str) -> bool {
    match call.strip_suffix('*') {
        None => call == path,
        Some(prefix) => path.strip_prefix(prefix).is_some_and(|name| {
            name == "*"
                || (name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains("::"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn file(package: &str, path: &str, text: &str) -> Vec<String> {
        let manifest = format!("crates/{package}/Cargo.toml");
        let path = format!("crates/{package}/{path}");
        check(calls, &[(&manifest, "[package]"), (&path, text)])
    }

    #[test]
    fn a_call_is_found_however_it_is_written() {
        for text in [
            "fn f() { std::process::Command::new(\"a\"); }",
            "use std::process::Command; fn f() { Command::new(\"a\"); }",
            "use std::process::{self, Command as C}; fn f() { C::new(\"a\"); }",
            "use std::process; fn f() { process::Command::new(\"a\"); }",
            "use std::process::Command; fn f() { assert!(Command::new(\"a\").status().is_ok()); }",
            "use std::process::Command; fn f() -> fn(&str) -> Command { Command::new }",
            "fn f() { libc::fork(); }",
            "use libc::fork;",
        ] {
            assert_eq!(file("engine", "src/a.rs", text).len(), 1, "{text}");
        }
        assert_eq!(
            file("engine", "src/a.rs", "\nfn f() { std::env::var(\"A\"); }"),
            ["crates/engine/src/a.rs:2: `engine` reaches for the environment: `std::env::var`"]
        );
    }

    #[test]
    fn the_owner_a_type_and_a_name_that_only_looks_alike_pass() {
        let spawn = "fn f() { std::process::Command::new(\"a\"); }";
        assert!(file("sandbox", "src/a.rs", spawn).is_empty());
        for text in [
            "use clap::Command; fn f() { Command::new(\"a\"); }",
            "use std::net::IpAddr; fn f(a: std::net::SocketAddr) {}",
            "fn f(path: &std::path::Path, fs: &dyn Fs) { fs.read(path); }",
            "fn f() -> std::process::ExitCode { std::process::ExitCode::SUCCESS }",
            "// std::process::Command::new\nfn f() -> &'static str { \"std::env::var\" }",
            "use std::time::Duration; fn f() { Duration::from_secs(1); }",
        ] {
            assert!(file("engine", "src/a.rs", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn tests_may_prepare_files_but_not_open_sockets() {
        let files = "#[cfg(test)] mod tests { fn f() { std::fs::write(\"a\", \"b\"); } }";
        assert!(file("policy", "src/a.rs", files).is_empty());
        assert_eq!(file("policy", "src/a.rs", "fn f() { std::fs::write(\"a\", \"b\"); }").len(), 1);
        let socket = "#[test] fn f() { std::net::UdpSocket::bind(\"a\"); }";
        assert_eq!(file("policy", "tests/it/main.rs", socket).len(), 1);
        assert!(file("net", "tests/it/main.rs", socket).is_empty());
    }

    #[test]
    fn a_lifted_ban_is_found_where_no_door_is_owned() {
        let lifted = "#[expect(clippy::disallowed_methods, reason = \"x\")] fn f() {}";
        let run = |package: &str, text: &str| {
            let manifest = format!("crates/{package}/Cargo.toml");
            let path = format!("crates/{package}/src/a.rs");
            check(expectations, &[(&manifest, "[package]"), (&path, text)])
        };
        assert_eq!(
            run("policy", lifted),
            ["crates/policy/src/a.rs:1: `policy` lifts the ban of `clippy.toml`"]
        );
        assert!(run("base", lifted).is_empty());
        let other = "#[expect(clippy::too_many_lines, reason = \"a table\")] fn f() {}";
        assert!(run("policy", other).is_empty());
    }

    #[test]
    fn a_build_script_may_read_and_write_and_no_more() {
        let manifest = ("crates/policy/Cargo.toml", "[package]");
        let run = |text: &str| check(calls, &[manifest, ("crates/policy/build.rs", text)]);
        assert!(run("fn f() { std::fs::write(\"a\", \"b\"); }").is_empty());
        assert_eq!(
            run("fn f() { std::process::Command::new(\"a\"); }"),
            [
                "crates/policy/build.rs:1: `policy` reaches for processes: `std::process::Command::new`"
            ]
        );
    }

    #[test]
    fn unsafe_is_found_outside_the_sandbox_also_in_a_macro() {
        let run = |package: &str, text: &str| {
            let manifest = format!("crates/{package}/Cargo.toml");
            let path = format!("crates/{package}/src/a.rs");
            check(unsafes, &[(&manifest, "[package]"), (&path, text)])
        };
        for text in [
            "fn f() { unsafe { g() } }",
            "unsafe fn f() {}",
            "macro_rules! m { () => { unsafe { g() } } }",
        ] {
            assert_eq!(run("net", text), ["crates/net/src/a.rs:1: `unsafe` in `net`"]);
            assert!(run("sandbox", text).is_empty());
        }
        let near = "// unsafe\nfn not_unsafe() -> &'static str { \"unsafe\" }";
        assert!(run("net", near).is_empty());
    }
}
