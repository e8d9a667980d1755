// SPDX-License-Identifier: Apache-2.0
//! Moat's own program, which it starts again as the launcher and the broker: what a sandbox and
//! a replaced file can do about that (P-10).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Ended, Home, Running, always, right};

/// Copies a program to a place of the test's own.
fn copy(program: &str, to: PathBuf) -> PathBuf {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(program, &to).unwrap();
    fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
    to
}

/// Starts the program at `path` by its descriptor when something else is in its place already:
/// where `replacement` lies is what the kernel says that the program's path is.
const REPLACED: &str = "import os, sys\n\
    path, script, replacement, *words = sys.argv[1:]\n\
    fd = os.open(path, os.O_RDONLY)\n\
    os.unlink(path)\n\
    os.rename(script, replacement)\n\
    os.set_inheritable(fd, True)\n\
    os.execve(fd, [path, *words], os.environ)\n";

#[test]
fn what_took_the_place_of_the_program_is_not_started_in_its_name() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let fired = home.at("fired");
    let replaced = |program: &str, name: &str, in_place: bool, words: &[&str]| -> Ended {
        let path = copy(program, home.at("bin").join(name));
        let script = home.at("bin/script");
        let text = format!("#!/bin/sh\necho \"$0\" > '{}'\n", fired.display());
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let suffix = if in_place { "" } else { " (deleted)" };
        let replacement = format!("{}{suffix}", path.display());
        let mut command = Command::new("python3");
        command.args(["-c", REPLACED]).args([&path, &script, Path::new(&replacement)]).args(words);
        home.enter(&mut command);
        Running::start(command).end()
    };
    // The control: a program that starts itself again by the path that the kernel tells.
    let again = ["-c", "\"$(readlink /proc/$$/exe)\""];
    replaced("/bin/sh", "sh", false, &again).code(0);
    assert!(fs::remove_file(&fired).is_ok(), "the control did not start what was put there");
    for in_place in [false, true] {
        for words in [&["exec", "fix total"][..], &["session", "run", "--", "true"]] {
            let moat = env!("CARGO_BIN_EXE_moat");
            replaced(moat, "moat", in_place, words)
                .code(5)
                .reports("is not the program that runs", "run the command again");
            assert!(!fired.exists(), "what was put there was started");
        }
    }
}

#[test]
fn a_command_cannot_change_the_program_that_confines_it() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let inside = copy(env!("CARGO_BIN_EXE_moat"), home.project().join("tools/moat"));
    let beside = copy(env!("CARGO_BIN_EXE_moat"), home.at("home/bin/moat"));
    let before = fs::metadata(&inside).unwrap().len();
    for program in [&inside, &beside] {
        let run = |line: &str| {
            let mut command = Command::new(program);
            command.args(["session", "run", "--", "/bin/sh", "-c", line]);
            home.enter(&mut command);
            Running::start(command).end()
        };
        let place = program.display();
        // In the workspace the session's copy changes, which is the control; beside it nothing.
        let line = format!(
            "for p in '{place}' /proc/1/exe; do (echo x > \"$p\") 2>/dev/null && echo wrote \"$p\"; \
             done; ls -l '{place}' 2>/dev/null; true"
        );
        let said = run(&line);
        said.code(0);
        assert!(!said.out.contains("wrote /proc"), "{}", said.out);
        if program == &inside {
            said.says("wrote");
        }
        assert_eq!(fs::metadata(program).unwrap().len(), before, "{place}");
        run("true").code(0);
    }
}
