// SPDX-License-Identifier: Apache-2.0
//! Bad input gets a clear error with a hint and loses nothing.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use moat_testkit::{Act, Matcher, Rule};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Ended, Home, RIGHT, Running, WRONG, always, right, snapshot, until};

#[test]
fn bad_arguments_are_named_with_a_way_out() {
    let home = Home::new(always(right()));
    home.put("file", "x");
    let long = "x".repeat(70_000);
    let cases: &[(&[&str], &str, &str)] = &[
        (&["exec", ""], "the task is empty", "say in a sentence"),
        (&["exec", " \n "], "the task is empty", "say in a sentence"),
        (&["exec", &long], "longer than 64 KiB", "put the details into a file"),
        (&["exec", "-C", "missing", "fix"], "could not open the workspace", "--dir"),
        (&["exec", "-C", "file", "fix"], "is not a directory", "--dir"),
        (&["exec", "-C", "/", "fix"], "cannot be the workspace", "a project directory"),
        (&["exec", "-C", "/usr", "fix"], "a directory of the system", "a project directory"),
        (&["exec", "--check", " ", "fix"], "`--check` is empty", "give a command"),
        (&["exec", "--max-time", "0", "fix"], "`--max-time` is zero", "at least a second"),
        (&["exec", "--max-time", "soon", "fix"], "invalid value", "--max-time"),
        (&["exec", "--chek", "make", "fix"], "unexpected argument '--chek'", "--check"),
        (&["exec", "--model", "gpt", "fix"], "there are no weights `gpt`", "qwen2.5-coder"),
        (&["--set", "limits.turn_minuts=1", "exec", "fix"], "turn_minuts", "turn_minutes"),
        (&["--set", "limits.turn_minutes=x", "exec", "fix"], "turn_minutes", "hint"),
        (&["session", "show", "nope"], "there is no session", "session list"),
        (&["session", "show"], "there is no session yet", "moat exec"),
        (&["fly"], "unrecognized subcommand", "--help"),
        (&["model", "path", "nope"], "there are no weights `nope`", "known are"),
        (&["model", "rm", "nope"], "there are no weights `nope`", "known are"),
    ];
    let before = snapshot(&home.project());
    for (arguments, error, hint) in cases {
        home.run(*arguments).code(2).reports(error, hint);
    }
    assert_eq!(snapshot(&home.project()), before);
    assert!(home.sessions().is_empty());
    assert!(home.model.requests().is_empty());
}

#[test]
fn weights_that_are_missing_are_named_with_the_command_that_gets_them() {
    let home = Home::new(always(right()));
    home.configure("");
    home.run(["exec", "fix total"]).code(5).reports("qwen2.5-coder", "moat model pull");
    assert!(home.sessions().is_empty());
}

#[test]
fn a_configuration_with_an_unknown_key_is_named_with_file_line_and_the_closest_key() {
    let home = Home::new(always(right()));
    home.configure(&format!("{}\n[limits]\ncommand_second = 3\n", home.config()));
    let done = home.run(["exec", "fix total"]);
    done.code(2).reports("config.toml", "command_seconds");
    home.configure("[model\n");
    home.run(["exec", "fix total"]).code(2).reports("config.toml", "hint");
}

#[test]
fn files_that_are_no_weights_are_refused_and_nothing_is_left() {
    let home = Home::new(always(right()));
    for (name, bytes) in [("garbage", b"this is not a model".as_slice()), ("empty", b"")] {
        let file = home.at("cache").join(name);
        fs::write(&file, bytes).unwrap();
        let done = home.run(["model", "import", file.to_str().unwrap()]);
        assert!(!done.status.success(), "{name}");
        done.reports("GGUF", "hint:");
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    home.run(["model", "import", "missing.gguf"]).code(5).reports("missing.gguf", "hint:");
    let files = snapshot(&home.at("data"));
    assert!(!files.iter().any(|(path, _)| path.to_string_lossy().contains("import")), "{files:?}");
    assert!(!home.run(["model", "list"]).out.contains("here "));
}

#[test]
fn truncated_weights_are_refused_at_import_with_what_is_wrong_with_them() {
    let home = Home::new(always(right()));
    let header = [b"GGUF".as_slice(), &3_u32.to_le_bytes()].concat();
    let cases = [
        ("short", [header.as_slice(), &[1; 10]].concat(), "it is truncated"),
        ("endless", [header.as_slice(), &[0xff; 64]].concat(), "its header is damaged"),
    ];
    for (name, bytes, reason) in cases {
        let file = home.at("cache").join(format!("{name}.gguf"));
        fs::write(&file, &bytes).unwrap();
        let done = home.run(["model", "import", file.to_str().unwrap()]);
        done.code(2).reports("cannot be imported", "GGUF").says(reason);
        assert_eq!(fs::read(&file).unwrap(), bytes);
        home.run(["exec", "--model", name, "fix total"]).code(2);
        assert_eq!(home.calc(), WRONG);
    }
    until("no model server stays", || home.processes().is_empty());
}

#[test]
fn odd_files_beside_the_work_do_not_stop_it_and_stay_as_they_are() {
    let home = Home::new(always(right()));
    let project = home.project();
    fs::write(project.join(OsStr::from_bytes(b"odd\xff name.py")), b"\xff\xfe not utf-8").unwrap();
    fs::write(project.join("latin.py"), b"# caf\xe9\nx = 1\n").unwrap();
    home.put("nul.py", b"a\0b\0\0");
    symlink("loop-a", project.join("loop-b")).unwrap();
    symlink("loop-b", project.join("loop-a")).unwrap();
    symlink(".", project.join("self")).unwrap();
    symlink("/etc/passwd", project.join("outside.py")).unwrap();
    let huge = fs::File::create(project.join("huge.bin")).unwrap();
    huge.set_len(8 << 30).unwrap();
    let long = fs::File::create(project.join("huge.py")).unwrap();
    long.set_len(1 << 30).unwrap();
    mknodat(CWD, project.join("fifo.py"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let null = rustix::fs::makedev(1, 3);
    let device = mknodat(CWD, project.join("null.py"), FileType::CharacterDevice, Mode::RWXU, null);
    if let Err(error) = device {
        println!("not run with a device file: {error}");
    }
    let _socket = UnixListener::bind(project.join("sock.py")).unwrap();
    fs::create_dir_all(project.join("deep").join("d/".repeat(200))).unwrap();

    home.run(["exec", "--check", "python3 -m unittest -v test_calc", "fix total"])
        .code(0)
        .says("solved");
    let shown = home.run(["session", "show"]);
    assert!(!shown.out.contains("fifo") && !shown.out.contains("huge"), "{}", shown.out);
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
    let kind = |name: &str| fs::symlink_metadata(project.join(name)).unwrap().file_type();
    assert!(kind("loop-a").is_symlink() && kind("self").is_symlink());
    assert!(kind("fifo.py").is_fifo());
    if device.is_ok() {
        assert!(!shown.out.contains("null.py"), "{}", shown.out);
        assert!(kind("null.py").is_char_device());
    }
}

#[test]
fn a_workspace_that_is_not_searched_whole_is_said_to_be_so_once() {
    let check = ["exec", "--check", "python3 -m unittest -v test_calc", "fix total"];
    let home = Home::new(always(right()));
    // One more than are searched, with the two of the project.
    for number in 0..20_000 - 2 {
        home.put(&format!("many/{}/f{number}.txt", number / 1000), "");
    }
    let said = |done: &Ended| done.out.matches("files of the workspace are searched").count();
    let whole = home.run(check);
    assert_eq!(said(whole.code(0)), 0, "{}", whole.out);
    home.put("many/one-more.txt", "");
    let cut = home.run(check);
    cut.code(0).says("20000 of the 20001 files");
    assert_eq!(said(&cut), 1, "{}", cut.out);
}

#[test]
fn a_source_that_is_not_utf_8_keeps_every_byte_that_is_not_replaced() {
    let source = |body: &str| {
        let head = b"# -*- coding: latin-1 -*-\n# caf\xe9 \xff\n\n\n";
        let tail = b"\n\n\nNAME = '\xe4\xf6\xfc'\n\n\ndef double(value):\n    return value + value  # \xd7 2\n";
        [head.as_slice(), body.as_bytes(), tail].concat()
    };
    let wrong = source("def total(values):\n    return -sum(values)");
    let home = Home::new(always(right()));
    home.put("calc.py", &wrong);
    home.run(["exec", "fix total"]).code(0).says("solved");
    home.run(["session", "show"]).code(0).says("calc.py");
    home.run(["session", "keep"]).code(0);
    let kept = fs::read(home.project().join("calc.py")).unwrap();
    assert_eq!(kept, source("def total(values):\n    return sum(values)"));
    home.run(["session", "undo"]).code(0);
    assert_eq!(fs::read(home.project().join("calc.py")).unwrap(), wrong);
}

#[test]
fn a_session_file_of_garbage_is_reported_and_kept() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let file = home.session_file();
    for garbage in [b"\xff\x00garbage\n".as_slice(), b"", b"{}\n{}\n"] {
        fs::write(&file, garbage).unwrap();
        let listed = home.run(["session", "list"]);
        listed.code(0);
        assert!(!listed.err.contains("panicked"), "{}", listed.err);
        let kept = home.run(["session", "keep"]);
        assert!(!kept.status.success(), "{garbage:?}: {}", kept.out);
        kept.reports("error:", "hint:");
        assert_eq!(home.calc(), WRONG);
        assert_eq!(fs::read(&file).unwrap(), garbage, "the evidence is gone");
    }
}

#[test]
fn an_error_shows_the_controls_of_a_path_and_no_terminal_obeys_them() {
    let home = Home::new(always(right()));
    let place = home.at("work/pro\u{1b}[2Jject");
    fs::rename(home.project(), &place).unwrap();
    let state = home.at("sta\u{1b}[2Jte");
    fs::create_dir(&state).unwrap();
    let moat = |arguments: &[&str], directory: PathBuf| {
        let mut command = home.moat(arguments);
        command.current_dir(directory).env("XDG_STATE_HOME", &state);
        Running::start(command).end()
    };
    let is_shown = |done: &Ended, what: &str| {
        done.code(0).says(what).says("<U+001B>[2J");
        assert!(!done.err.contains('\u{1b}') && !done.out.contains('\u{1b}'), "{done:?}");
    };
    moat(&["exec", "fix total"], place.clone()).code(0);
    let session = fs::read_dir(state.join("moat/sessions")).unwrap().next().unwrap().unwrap();
    let id = session.file_name().into_string().unwrap();
    fs::rename(&place, home.at("work/moved")).unwrap();
    is_shown(&moat(&["session", "show", &id], home.at("work")), "is gone");
    let file = session.path().join("session.jsonl");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    is_shown(&moat(&["session", "list"], home.at("work")), "could not read");
}

#[test]
fn a_torn_last_line_is_set_aside() {
    let home =
        Home::new(vec![Rule::once(Matcher::Any, Act::Hang), Rule::always(Matcher::Any, right())]);
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    running.signal(rustix::process::Signal::KILL);
    running.end().code(-9);
    let file = home.session_file();
    let mut bytes = fs::read(&file).unwrap();
    bytes.truncate(bytes.len() - 7);
    fs::write(&file, bytes).unwrap();
    home.run(["session", "resume"]).code(0).says("cut short").says("solved");
}

#[test]
fn a_workspace_of_any_name_is_found_again_by_every_command() {
    for name in [b"pro\xffject".as_slice(), b"back\\slash", b"new\nline", b"co:lon,com\\xffma"] {
        let hang = Rule::once(Matcher::Any, Act::Hang);
        let home = Home::new(vec![hang, Rule::always(Matcher::Any, right())]);
        let place = home.at("work").join(OsStr::from_bytes(name));
        fs::rename(home.project(), &place).unwrap();
        let moat = |arguments: &[&str]| {
            let mut command = home.moat(arguments);
            command.current_dir(&place);
            Running::start(command)
        };
        let calc = || fs::read_to_string(place.join("calc.py")).unwrap();
        let running = moat(&["exec", "fix total"]);
        until("the model is asked", || home.model.requests().len() == 1);
        running.signal(rustix::process::Signal::INT);
        running.end().code(130);
        moat(&["session", "resume"]).end().code(0).says("solved");
        let told = moat(&["session", "show"]).end();
        told.code(0).says(&moat_base::escape(place.as_os_str().as_bytes())).says("calc.py");
        moat(&["session", "run", "--", "true"]).end().code(0);
        moat(&["session", "keep"]).end().code(0);
        assert_eq!(calc(), RIGHT, "{name:?}");
        moat(&["session", "undo"]).end().code(0);
        assert_eq!(calc(), WRONG, "{name:?}");
    }
}

#[test]
fn a_workspace_that_is_deleted_under_the_session_is_named() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let id = home.sessions().remove(0);
    fs::create_dir(home.project().join("inner")).unwrap();
    let mut inner = home.moat(["session", "show"]);
    inner.current_dir(home.project().join("inner"));
    Running::start(inner).end().code(0).says(&id);
    fs::rename(home.project(), home.at("work/moved")).unwrap();
    let moat = |arguments: &[&str]| {
        let mut command = home.moat(arguments);
        command.current_dir(home.at("work"));
        Running::start(command).end()
    };
    moat(&["session", "keep"]).code(2).reports("there is no session of", "session list");
    moat(&["session", "keep", &id]).code(2).reports("is gone", "put it back");
    moat(&["session", "show", &id]).code(0);
    moat(&["session", "list"]).code(0).says("solved");
    fs::rename(home.at("work/moved"), home.project()).unwrap();
    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

#[test]
fn a_workspace_that_is_deleted_during_the_turn_ends_it_with_a_reason() {
    let home = Home::new(Vec::new());
    let text = "```python\ndef total(values):\n    return sum(values)\n```".to_owned();
    home.model.script(always(Act::OnceGone { path: home.project(), text }));
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    fs::remove_dir_all(home.project()).unwrap();
    let done = running.end();
    done.code(5)
        .says("could not try candidate 1: could not read the file")
        .says("start the task again");
    done.says("cause: `calc.py` does not exist");
    assert!(!done.err.contains("panicked"), "{}", done.err);
    let moat = |arguments: &[&str]| {
        let mut command = home.moat(arguments);
        command.current_dir(home.at("work"));
        Running::start(command).end()
    };
    let listed = moat(&["session", "list"]);
    listed.code(0).says("failed");
    let id = listed.out.split_whitespace().next().unwrap();
    moat(&["session", "show", id]).code(0).says("fix total").says("is gone");
    let place = home.project();
    let again = moat(&["exec", "-C", place.to_str().unwrap(), "fix total"]);
    again.code(2).reports("could not open the workspace", "--dir");
}

#[test]
fn moats_own_places_and_the_home_itself_are_no_workspace_or_stay_hidden() {
    let home = Home::new(always(right()));
    for name in ["home", "state", "config", "."] {
        let done = home.run([
            "exec",
            "-C",
            home.at(name).to_str().unwrap(),
            "--check",
            "cat state/moat/session.key moat/session.key; ls -A; false",
            "fix total",
        ]);
        done.code(2).reports("cannot be the workspace", "project directory of its own");
    }
    assert!(home.sessions().is_empty(), "a session that never began is left");
}

#[test]
fn a_full_disk_for_the_state_is_named_and_costs_nothing() {
    let home = Home::new(always(right()));
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs {state} && head -c 60000 /dev/zero > {state}/fill && \
         exec {moat} exec 'fix total'",
        state = home.at("state").display(),
        moat = env!("CARGO_BIN_EXE_moat")
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]);
    if !command.output().is_ok_and(|done| done.status.success()) {
        println!("not run: no private mounts here");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    home.enter(&mut command);
    let done = Running::start(command).end();
    done.reports("No space left on device", "free some space");
    assert!(matches!(done.status.code(), Some(1 | 5)), "{}\n{}", done.out, done.err);
    assert_eq!(home.calc(), WRONG);
    // Its broker, if it came to one, sees the full disk for ever.
    home.end_broker();
    home.run(["exec", "fix total"]).code(0);
}
