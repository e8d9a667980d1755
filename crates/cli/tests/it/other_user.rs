// SPDX-License-Identifier: Apache-2.0
//! Another user of the same machine as the attacker, and rights that were acquired (P-29).
//!
//! The attacker is a second user id, so these tests run as root only; whoever runs them
//! otherwise is told. `places` and `privilege` of the program have tables for everybody.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use moat_testkit::Act;
use rustix::process::Signal;

use crate::support::{Ended, Home, RIGHT, Running, always, right, snapshot, until};

/// The attacker's user id.
const THEM: &str = "65534";

/// Whether there can be a second user here.
fn can_be_another() -> bool {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can act as a second user");
        return false;
    }
    let probe = as_them("true").output();
    let can = probe.is_ok_and(|done| done.status.success());
    if !can {
        println!("skipped: `setpriv` cannot change the user here");
    }
    can
}

/// A program as the attacker runs it.
fn as_them(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", THEM, "--regid", THEM, "--clear-groups", "--"]).arg(program);
    command.current_dir("/").stdin(Stdio::null());
    // Without the tester's own places, into which the attacker may not look.
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

/// Runs a shell line as the attacker, with `$1` the path.
fn they_do(line: &str, path: &Path) {
    let mut command = as_them("/bin/sh");
    let done = command.args(["-c", line, "sh"]).arg(path).output().unwrap();
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A home into which other users can look, with a directory where everybody may make files.
fn shared(rules: Vec<moat_testkit::Rule>) -> (Home, PathBuf) {
    let home = Home::new(rules);
    mode(&home.at(""), 0o755);
    let shared = home.at("shared");
    fs::create_dir(&shared).unwrap();
    mode(&shared, 0o1777);
    (home, shared)
}

fn run_with(home: &Home, variables: &[(&str, &Path)], arguments: &[&str]) -> Ended {
    let mut command = home.moat(arguments);
    command.envs(variables.iter().copied());
    Running::start(command).end()
}

#[test]
fn a_program_whose_file_gives_rights_is_refused_before_it_reads_anything() {
    if !can_be_another() {
        return;
    }
    let (home, shared) = shared(always(right()));
    let secret = home.at("secret");
    fs::write(&secret, "of root").unwrap();
    mode(&secret, 0o600);
    // What the attacker starts is told where everything is: the user's own places.
    let copy = |program: &str, name: &str| {
        let path = shared.join(name);
        fs::copy(program, &path).unwrap();
        mode(&path, 0o755);
        path
    };
    let start = |program: &Path, arguments: &[&str]| {
        let mut command = as_them(program);
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
        for (name, place) in
            [("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "their-state")]
        {
            command.env(name, home.at(place));
        }
        Running::start(command).end()
    };
    let moat = copy(env!("CARGO_BIN_EXE_moat"), "moat");
    let cat = copy("/bin/cat", "cat");
    let secret = secret.to_str().unwrap();
    // Without any such right both are plain programs.
    start(&cat, &[secret]).code(1);
    start(&moat, &["--version"]).code(0);
    start(&moat, &["sandbox-init"]).code(0);
    let before = snapshot(&home.at("state"));
    let gives: [(&str, &[&str]); 3] = [
        ("a set-user-id bit", &["chmod", "4755"]),
        ("a set-group-id bit", &["chmod", "2755"]),
        ("a file capability", &["setcap", "cap_dac_override+ep"]),
    ];
    for (what, tool) in gives {
        for program in [&moat, &cat] {
            mode(program, 0o755);
            let given = Command::new(tool[0]).args(&tool[1..]).arg(program).output();
            assert!(given.is_ok_and(|done| done.status.success()), "{what} could not be given");
        }
        // The control: on another program the same right opens what is closed to the attacker.
        mode(Path::new(secret), if what.contains("group") { 0o640 } else { 0o600 });
        start(&cat, &[secret]).code(0).says("of root");
        let verbs: [&[&str]; 5] = [
            &["session", "list"],
            &["exec", "fix total"],
            &["--version"],
            &["broker"],
            // The word by which it starts itself as the launcher.
            &["sandbox-init"],
        ];
        for verb in verbs {
            let done = start(&moat, verb);
            done.code(5).reports("rights that its user does not have", "hint:");
        }
    }
    assert_eq!(snapshot(&home.at("state")), before);
    assert!(!home.at("their-state").exists(), "a refused program made its directories");
}

#[test]
fn root_for_another_user_is_refused_and_roots_own_is_not() {
    if !can_be_another() {
        return;
    }
    let home = Home::new(always(right()));
    let run = |name: &str, value: &str| {
        let mut command = home.moat(["session", "list"]);
        Running::start({
            command.env(name, value);
            command
        })
        .end()
    };
    let elevated = [("SUDO_UID", "1000"), ("SUDO_USER", "ann"), ("DOAS_USER", "ann")];
    for (name, value) in [&elevated[..], &[("PKEXEC_UID", "1000")]].concat() {
        run(name, value).code(5).reports(&format!("`{name}` is set"), "as yourself");
    }
    assert!(fs::read_dir(home.at("state")).unwrap().next().is_none(), "nothing was made");
    for (name, value) in [("SUDO_UID", "0"), ("SUDO_USER", "root"), ("OTHER", "1000")] {
        run(name, value).code(0);
    }
}

/// The variables that name Moat's places.
const PLACES: [&str; 5] =
    ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];

#[test]
fn what_another_user_planted_in_the_place_of_a_directory_is_not_used() {
    if !can_be_another() {
        return;
    }
    let (home, shared) = shared(always(right()));
    let theirs = home.at("theirs");
    fs::create_dir(&theirs).unwrap();
    mode(&theirs, 0o1777);
    let victim = home.at("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "kept").unwrap();
    let plants = [
        ("a directory", "mkdir -m 777 \"$1\""),
        ("a closed directory", "mkdir -m 700 \"$1\""),
        ("a file", "echo planted > \"$1\""),
        ("a pipe", "mkfifo -m 666 \"$1\""),
        (
            "a socket",
            "exec python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$1\"",
        ),
        ("a link to a directory of the victim", "ln -s ../victim \"$1\""),
        ("a link to nothing", "ln -s ../victim/new \"$1\""),
        (
            "a link to a directory of theirs",
            "mkdir -m 777 -p \"$1\"-real; ln -s \"$1\"-real \"$1\"",
        ),
    ];
    for (number, (what, line)) in plants.into_iter().enumerate() {
        for variable in PLACES {
            let base = shared.join(format!("{number}-{variable}"));
            fs::create_dir(&base).unwrap();
            mode(&base, 0o1777);
            they_do(line, &base.join("moat"));
            let before = (snapshot(&base), snapshot(&victim));
            for verb in [&["session", "list"][..], &["exec", "fix total"]] {
                let done = run_with(&home, &[(variable, &base)], verb);
                done.code(5).reports("belongs to another user", "XDG_STATE_HOME");
                done.says(&base.join("moat").display().to_string());
            }
            let after = (snapshot(&base), snapshot(&victim));
            assert_eq!(after, before, "{what} in the place of {variable}");
        }
    }
    assert!(home.model.requests().is_empty());
    // The control: in the same places, without what they planted, everything works.
    let base = shared.join("own");
    fs::create_dir(&base).unwrap();
    mode(&base, 0o1777);
    fs::create_dir(base.join("moat")).unwrap();
    mode(&base.join("moat"), 0o700);
    fs::copy(home.at("config/moat/config.toml"), base.join("moat/config.toml")).unwrap();
    run_with(&home, &PLACES.map(|name| (name, base.as_path())), &["exec", "--keep", "fix total"])
        .code(0);
    assert_eq!(home.calc(), RIGHT);
    let pid = fs::read_dir(base.join("moat")).unwrap().count();
    assert!(pid > 1, "nothing was made in the shared place");
    end_broker_of(&base);
}

/// Ends the broker that was started with another runtime directory.
fn end_broker_of(base: &Path) {
    let mark = base.as_os_str().as_encoded_bytes().to_vec();
    for pid in crate::support::processes() {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if environment.windows(mark.len()).any(|part| part == mark) {
            crate::support::signal(pid, Signal::TERM);
        }
    }
}

#[test]
fn a_configuration_that_another_user_wrote_or_could_write_is_not_used() {
    if !can_be_another() {
        return;
    }
    let (home, shared) = shared(always(right()));
    let base = shared.join("config");
    fs::create_dir(&base).unwrap();
    mode(&base, 0o1777);
    let file = base.join("moat/config.toml");
    they_do(
        "mkdir -m 755 \"$1\"; echo 'limits.turn_minutes = 7' > \"$1\"/config.toml",
        &base.join("moat"),
    );
    let show = || run_with(&home, &[("XDG_CONFIG_HOME", &base)], &["config", "show"]);
    show().code(5).reports("belongs to another user", "hint:");
    // The directory is the victim's own, and the file in it is not.
    let own = |path: &Path| std::os::unix::fs::lchown(path, Some(0), Some(0)).unwrap();
    own(&base.join("moat"));
    show().code(5).reports("config.toml` belongs to another user", "hint:");
    own(&file);
    mode(&file, 0o666);
    show().code(5).reports("config.toml` can be written by other users", "chmod");
    mode(&file, 0o644);
    mode(&base.join("moat"), 0o777);
    show().code(5).reports("moat` can be written by other users", "chmod");
    // The control: it is what is written there that would have been used.
    mode(&base.join("moat"), 0o755);
    show().code(0).says("turn_minutes = 7");
    // Who may replace the directory as a whole may as well write in it.
    mode(&base, 0o777);
    show().code(5).reports("which everybody can write", "hint:");
}

#[test]
fn a_runtime_directory_that_is_open_is_refused_before_a_lock_is_made_in_it() {
    let home = Home::new(always(right()));
    let runtime = home.at("run/moat");
    fs::create_dir(&runtime).unwrap();
    for open in [0o777, 0o1777, 0o750, 0o701] {
        mode(&runtime, open);
        home.run(["exec", "fix total"]).code(5).reports("is open to other users", "chmod go-rwx");
        assert!(fs::read_dir(&runtime).unwrap().next().is_none(), "something was made in it");
    }
    mode(&runtime, 0o700);
    home.run(["exec", "fix total"]).code(0);
    assert!(runtime.join("broker.lock").exists());
}

#[test]
fn what_lies_in_the_place_of_a_log_is_replaced_and_never_written_through() {
    let home = Home::new(always(right()));
    let runtime = home.at("run/moat");
    fs::create_dir(&runtime).unwrap();
    mode(&runtime, 0o700);
    let victim = home.at("victim");
    fs::write(&victim, "kept").unwrap();
    symlink(&victim, runtime.join("broker.log")).unwrap();
    // The control: a program that opens the name truncates what it leads to.
    fs::File::create(runtime.join("broker.log")).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"");
    fs::write(&victim, "kept").unwrap();
    home.run(["exec", "fix total"]).code(0);
    assert_eq!(fs::read(&victim).unwrap(), b"kept");
    let log = runtime.join("broker.log").symlink_metadata().unwrap();
    assert!(log.is_file() && log.permissions().mode() & 0o777 == 0o600);
}

/// Connects to a socket, says something, and writes what comes back, or why nothing did.
const CALL: &str = "import socket, sys\n\
    s = socket.socket(socket.AF_UNIX)\n\
    s.settimeout(60)\n\
    try:\n    \
        s.connect(sys.argv[1])\n    \
        s.sendall(b'moat?\\n')\n    \
        data = s.recv(4096)\n    \
        print('answer' if data else 'closed')\n\
    except OSError as error:\n    \
        print(type(error).__name__)\n";

#[test]
fn another_user_reaches_neither_the_session_nor_the_broker() {
    if !can_be_another() {
        return;
    }
    let home = Home::new(always(Act::Hang));
    mode(&home.at(""), 0o755);
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    let runtime = home.at("run/moat");
    let sockets: Vec<PathBuf> = fs::read_dir(&runtime)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sock"))
        .collect();
    assert_eq!(sockets.len(), 2, "the broker's and the session's: {sockets:?}");
    let call = |mut command: Command, socket: &Path| {
        let done = command.args(["-c", CALL]).arg(socket).output().unwrap();
        String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).trim().to_owned()
    };
    for socket in &sockets {
        assert_eq!(call(as_them("python3"), socket), "PermissionError", "{}", socket.display());
        // The control: its own user is answered.
        assert_eq!(call(Command::new("python3"), socket), "answer", "{}", socket.display());
    }
    // With the directory and the sockets open the peer's user still decides.
    mode(&runtime, 0o755);
    for socket in &sockets {
        mode(socket, 0o666);
        let theirs = call(as_them("python3"), socket);
        assert!(
            ["closed", "ConnectionResetError", "BrokenPipeError"].contains(&theirs.as_str()),
            "{}: {theirs}",
            socket.display()
        );
        assert_eq!(call(Command::new("python3"), socket), "answer", "{}", socket.display());
    }
    mode(&runtime, 0o700);
    running.signal(Signal::INT);
    running.end().code(130);
}
