// SPDX-License-Identifier: Apache-2.0
//! What permissions and space do to a user who is not root.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown};
use std::path::Path;
use std::process::Command;

use moat_testkit::{Act, Matcher, Rule};

use crate::support::{Ended, Home, RIGHT, Running, WRONG, always, right};

const NOBODY: u32 = 65534;

/// Who runs `moat`.
pub(crate) enum User {
    /// The tests' own user, who is not root.
    Own,
    /// Another one, since root may do everything.
    Nobody,
}

impl User {
    /// Takes care that a user without rights can run `moat` in this home.
    pub(crate) fn of(home: &Home) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return Some(Self::Own);
        }
        give(&home.at(""));
        let mut probe = Self::Nobody.command(home, &["--version"]);
        if probe.output().is_ok_and(|done| done.status.success()) {
            return Some(Self::Nobody);
        }
        println!("not run: another user cannot run this binary");
        None
    }

    fn command(&self, home: &Home, arguments: &[&str]) -> Command {
        self.program(home, env!("CARGO_BIN_EXE_moat"), arguments)
    }

    /// A program as this user runs it.
    pub(crate) fn program(&self, home: &Home, program: &str, arguments: &[&str]) -> Command {
        let id = NOBODY.to_string();
        let mut command = match self {
            Self::Own => Command::new(program),
            Self::Nobody => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
                command.arg(program);
                command
            }
        };
        home.enter(command.args(arguments));
        command
    }

    fn run(&self, home: &Home, arguments: &[&str]) -> Ended {
        Running::start(self.command(home, arguments)).end()
    }
}

/// Gives a tree away.
fn give(path: &Path) {
    lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_user_without_rights_gets_the_whole_boundary() {
    let home = Home::new(always(right()));
    let Some(user) = User::of(&home) else { return };
    user.run(&home, &["exec", "--keep", "fix total"]).code(0).says("boundary full").says("solved");
    assert_eq!(home.calc(), RIGHT);
    user.run(&home, &["session", "undo"]).code(0);
    assert_eq!(home.calc(), WRONG);
    user.run(&home, &["log", "verify"]).code(0);
}

#[test]
fn a_workspace_without_permission_is_named() {
    let home = Home::new(always(right()));
    let locked = home.at("work/locked");
    fs::create_dir(&locked).unwrap();
    let Some(user) = User::of(&home) else { return };
    mode(&locked, 0o0);
    let place = locked.to_str().unwrap();
    let done = user.run(&home, &["exec", "-C", place, "--check", "false", "fix total"]);
    done.code(5).reports("could not open the directory", "check who may enter it");
    done.reports("locked", "cause: Permission denied");
    user.run(&home, &["exec", "-C", &format!("{place}/in"), "fix total"])
        .code(2)
        .reports("could not open the workspace", "--dir");
    mode(&locked, 0o755);
}

#[test]
fn files_that_may_not_be_read_do_not_stop_the_work_beside_them() {
    let home = Home::new(always(right()));
    home.put("secret.py", "x = 1\n");
    home.put("closed/inner.py", "y = 1\n");
    let Some(user) = User::of(&home) else { return };
    mode(&home.project().join("secret.py"), 0o0);
    mode(&home.project().join("closed"), 0o0);
    let done =
        user.run(&home, &["exec", "--check", "python3 -m unittest -v test_calc", "fix total"]);
    mode(&home.project().join("closed"), 0o755);
    done.code(0).says("solved");
    user.run(&home, &["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

#[test]
fn a_read_only_workspace_can_be_worked_in_and_a_keep_says_why_not() {
    let home = Home::new(always(right()));
    let Some(user) = User::of(&home) else { return };
    mode(&home.project(), 0o555);
    user.run(&home, &["exec", "fix total"]).code(0).says("solved");
    let kept = user.run(&home, &["session", "keep"]);
    kept.code(1).says("calc.py").says("Permission denied");
    assert_eq!(home.calc(), WRONG);
    mode(&home.project(), 0o755);
    user.run(&home, &["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
}

#[test]
fn a_state_directory_that_may_not_be_written_is_named() {
    let home = Home::new(always(right()));
    let Some(user) = User::of(&home) else { return };
    mode(&home.at("state"), 0o555);
    user.run(&home, &["exec", "fix total"]).code(5).reports("state directory", "permissions");
    mode(&home.at("state"), 0o755);
    assert_eq!(home.calc(), WRONG);
}

#[test]
fn a_disk_that_fills_up_during_a_turn_loses_nothing_that_was_acknowledged() {
    let big = Act::text("x".repeat(250_000));
    let home = Home::new(vec![Rule::once(Matcher::Any, big), Rule::always(Matcher::Any, right())]);
    let mut probe = Command::new("unshare");
    probe.args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
    if !probe.output().is_ok_and(|done| done.status.success()) {
        println!("not run: no private mounts here");
        return;
    }
    let script = format!(
        "mount -t tmpfs -o size=200k tmpfs {state} || exit 99; \
         {moat} exec 'fix total'; echo \"first $?\"; {moat} session list; \
         mount -o remount,size=9m none {state}; {moat} session resume; echo \"second $?\"; \
         {moat} session keep; echo \"third $?\"",
        state = home.at("state").display(),
        moat = env!("CARGO_BIN_EXE_moat")
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    home.enter(&mut command);
    let done = Running::start(command).end();
    done.code(0).says("first 5").reports("No space left on device", "hint:");
    done.says("unfinished").says("second 0").says("third 0");
    assert_eq!(home.calc(), RIGHT, "{}\n{}", done.out, done.err);
}

#[test]
fn another_user_gets_no_answer_from_the_broker_even_where_every_mode_lets_them_in() {
    if !rustix::process::geteuid().is_root() {
        println!("not run: only root can become another user");
        return;
    }
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let socket = home.at("run/moat/broker.sock");
    // A client's first frame, which the broker answers with the same.
    let program = format!(
        "import socket\n\
         s = socket.socket(socket.AF_UNIX); s.settimeout(60)\n\
         try:\n    s.connect('{}'); s.sendall(b'K\\0\\0\\0\\0'); print('answer', s.recv(5))\n\
         except OSError as error: print(error)\n",
        socket.display()
    );
    let id = NOBODY.to_string();
    let asks = |who: &[&str]| {
        let words = [who, &["python3", "-c", &program]].concat();
        let mut command = Command::new(words[0]);
        home.enter(command.args(&words[1..]));
        command.current_dir("/");
        Running::start(command).end().code(0).out.trim().to_owned()
    };
    let nobody = ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"];
    for place in ["", "run"] {
        mode(&home.at(place), 0o755);
    }
    assert_eq!(asks(&nobody), "[Errno 13] Permission denied");
    mode(&home.at("run/moat"), 0o755);
    mode(&socket, 0o777);
    // The connection is closed before it is read from, whichever side notices first.
    let refused = asks(&nobody);
    let closed = ["answer b''", "[Errno 32] Broken pipe", "[Errno 104] Connection reset by peer"];
    assert!(closed.contains(&refused.as_str()), "{refused}");
    // The control: its own user is answered.
    assert_eq!(asks(&[]), "answer b'K\\x00\\x00\\x00\\x00'");
}
