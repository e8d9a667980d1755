// SPDX-License-Identifier: Apache-2.0
//! Names of a workspace's files in the commands that Moat makes of them: each is one argument,
//! which no shell reads and no program takes for an option (P-12).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use moat_protocol::Event;

use crate::support::{Home, RIGHT, always, right};

/// What a name does when it is put into a command as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plainly {
    /// A shell that finds it in its line does what it says.
    RunByShell,
    /// A program takes it for an option, and runs what is in it.
    RunByOption,
    /// It is no file any more.
    Lost,
    /// Nothing.
    Harmless,
}

const NAMES: [(&str, Plainly); 14] = [
    ("$(touch fired)_test.py", Plainly::RunByShell),
    ("`touch fired`_test.py", Plainly::RunByShell),
    ("a;touch fired;_test.py", Plainly::RunByShell),
    ("a&touch fired;_test.py", Plainly::RunByShell),
    ("a|touch fired #_test.py", Plainly::RunByShell),
    ("a\ntouch fired\n_test.py", Plainly::RunByShell),
    ("a>fired #_test.py", Plainly::RunByShell),
    ("-cimport os;os.mkdir('fired')#_test.py", Plainly::RunByOption),
    ("-rf_test.py", Plainly::Lost),
    ("a b_test.py", Plainly::Lost),
    ("it's_test.py", Plainly::Lost),
    ("a\\b_test.py", Plainly::Lost),
    (".hidden_test.py", Plainly::Harmless),
    ("\u{e4}\u{202e}_test.py", Plainly::Harmless),
];

/// A test that fails when it was started by another name than its own, or beside something else.
fn script(name: &str) -> String {
    let bytes = name.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    format!(
        "import os, sys\n\
         assert os.path.basename(os.fsencode(sys.argv[0])) == b'{bytes}', sys.argv\n\
         assert len(sys.argv) == 1 and not os.path.exists('fired')\n\
         sys.path.insert(0, '.')\n\
         sys.dont_write_bytecode = True\n\
         from calc import total\n\
         assert total([1, 2, 3]) == 6\n"
    )
}

/// Puts the name into a command as it is, in a directory where the test passes.
fn plainly(directory: &Path, name: &str, how: Plainly) -> Plainly {
    fs::create_dir(directory).unwrap();
    fs::write(directory.join("calc.py"), RIGHT).unwrap();
    fs::write(directory.join(name), script(name)).unwrap();
    let mut command = if how == Plainly::RunByOption {
        let mut python = Command::new("python3");
        python.arg(name);
        python
    } else {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("python3 {name}")]);
        shell
    };
    command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null());
    let ran = command.stderr(Stdio::null()).status().unwrap();
    match (directory.join("fired").exists(), ran.success()) {
        (true, _) if how == Plainly::RunByOption => how,
        (true, _) => Plainly::RunByShell,
        (false, true) => Plainly::Harmless,
        (false, false) => Plainly::Lost,
    }
}

#[test]
fn a_test_file_by_any_name_is_run_as_that_file_and_nothing_else() {
    for (name, how) in NAMES {
        let home = Home::new(always(right()));
        // The control: what the name does in a line, or as the argument that it is.
        assert_eq!(plainly(&home.at("control"), name, how), how, "{name:?}");

        fs::remove_file(home.project().join("test_calc.py")).unwrap();
        home.put(name, script(name));
        let ran = home.run(["exec", "--json", "fix total"]);
        ran.code(0);
        let argument = if name.starts_with('-') { format!("./{name}") } else { name.to_owned() };
        let expected = ["/usr/bin/env", "python3", &argument];
        let mut commands = 0;
        for envelope in ran.events() {
            if let Event::CommandStarted { argv, .. } = envelope.event {
                assert_eq!(argv, expected);
                commands += 1;
            }
        }
        assert!(commands >= 2, "{name:?}: before the repair and after it");
        assert!(!home.project().join("fired").exists(), "{name:?}");
    }
}

#[test]
fn a_test_file_whose_name_is_no_text_is_not_taken_for_another() {
    let home = Home::new(always(right()));
    fs::remove_file(home.project().join("test_calc.py")).unwrap();
    let name = OsStr::from_bytes(b"\xff_test.py");
    fs::write(home.project().join(name), "from calc import total\nassert total([1]) == 1\n")
        .unwrap();
    // The control: a program that is given the name's bytes runs it, and it fails.
    let mut plain = Command::new("python3");
    plain.arg("-B").arg(name).current_dir(home.project()).stderr(Stdio::null());
    assert_eq!(plain.status().unwrap().code(), Some(1));
    home.run(["exec", "fix total"])
        .code(1)
        .says("no command that tells right from wrong was found");
    home.run(["exec", "--check", "python3 *_test.py", "fix total"]).code(0);
}
