// SPDX-License-Identifier: Apache-2.0
//! The administrator's requirements at their real place, on a machine whose `/etc` the test
//! makes.
//!
//! Only root has a machine of that kind: elsewhere nobody could be taken for the administrator.
//! `moat-config` has the same by tables for everybody.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Ended, Home, Running, WRONG, always, right};

const FILE: &str = "/etc/moat/requirements.toml";

/// Runs `moat` where the administrator wrote `text`, after `and_then`; without any capability,
/// so that what is closed to the user is closed.
fn run(home: &Home, text: &str, and_then: &str, arguments: &[&str]) -> Ended {
    let script = "mount -t tmpfs -o mode=755 etc /etc && mkdir -m 755 /etc/moat && \
                  printf %s \"$1\" >/etc/moat/requirements.toml && eval \"$2\" && shift 2 && \
                  exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", text, and_then]);
    command.arg(env!("CARGO_BIN_EXE_moat")).args(arguments);
    home.enter(&mut command);
    Running::start(command).end()
}

/// Whether this user is an administrator who can mount.
fn can_administer(home: &Home) -> bool {
    let can = rustix::process::geteuid().is_root()
        && run(home, "", ":", &["config", "show"]).status.success();
    if !can {
        println!("skipped: only root, where it may mount, is an administrator here");
    }
    can
}

#[test]
fn requirements_that_are_wrong_or_unprotected_stop_every_command() {
    let home = Home::new(always(right()));
    if !can_administer(&home) {
        return;
    }
    let cases = [
        ("limits.turn_minutes = 5\n[approval\n", ":", "requirements.toml:2: not valid TOML"),
        (
            "\nlimits.turn_minuts = 5\n",
            ":",
            "requirements.toml:2: there is no key `limits.turn_minuts`",
        ),
        ("limits.turn_minutes = 0\n", ":", "requirements.toml:1: `limits.turn_minutes` must be"),
        ("model.allowed = [\"scripted\"]\n", ":", "requirements.toml:1: `model.allowed` must be"),
        (
            "",
            "chmod 000 /etc/moat/requirements.toml",
            "could not read `/etc/moat/requirements.toml`",
        ),
        ("", "chmod 000 /etc/moat", "could not read `/etc/moat/requirements.toml`"),
        ("", "chmod 646 /etc/moat/requirements.toml", "can be written by others than root"),
        ("", "chown 65534 /etc/moat/requirements.toml", "does not belong to root"),
        ("", "chmod 1777 /etc", "can be written by others than root"),
        ("", "mv /etc/moat /etc/real; ln -s real /etc/moat", "is a link or of the wrong kind"),
    ];
    for (text, and_then, says) in cases {
        for arguments in [
            &["config", "show"][..],
            &["exec", "--keep", "fix total"],
            &["session", "list"],
            &["session", "run", "--new", "--", "true"],
            &["model", "list"],
            &["serve", "--no-browser"],
        ] {
            let ended = run(&home, text, and_then, arguments);
            ended.code(2).reports(says, "hint:");
        }
    }
    assert!(home.model.requests().is_empty() && home.calc() == WRONG);
    assert!(home.sessions().is_empty());
    // The one that tells it in its report.
    let (text, and_then, says) = cases[0];
    let ended = run(&home, text, and_then, &["doctor", "--json"]);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert!(report["configuration"]["error"].as_str().unwrap().contains(says), "{report}");
}

#[test]
fn what_is_required_is_held_against_the_user_the_call_and_the_workspace() {
    let home = Home::new(always(right()));
    if !can_administer(&home) {
        return;
    }
    let required = "model.allowed = [\"embedded\"]\nlimits.turn_minutes = 5\n\
                    approval.commands = \"ask\"\nworkspace.settings = \"tighten\"\n";
    home.configure(&format!("{}\n[limits]\nturn_minutes = 9\n", home.config()));
    home.put(".moat/settings.toml", "limits.turn_minutes = 4\napproval.commands = \"allow\"\n");
    let call = ["--set", "limits.turn_minutes=8", "--set", "workspace.settings=ignore"];
    let with = |more: &[&str]| run(&home, required, ":", &[&call, more].concat());
    let shown = with(&["config", "show", "--origin"]);
    shown.code(0);
    let project = home.project().display().to_string();
    for line in [
        "limits.turn_minutes = 4  # tightened by W/.moat/settings.toml:1\n".to_owned(),
        format!("approval.commands = \"ask\"  # required by {FILE}:3\n"),
        format!("workspace.settings = \"tighten\"  # required by {FILE}:4\n"),
        format!(
            "`models.scripted` is ignored: `model.allowed` does not name it (required by {FILE}:1)\n"
        ),
        format!(
            "`approval.commands` is ignored: \"allow\" would loosen \"ask\" (required by {FILE}:3)\n"
        ),
    ] {
        let text = shown.out.replace(&project, "W");
        assert!(text.contains(&line), "{line}{text}");
    }
    with(&["exec", "fix total"])
        .code(2)
        .reports("the model `scripted` is not allowed: `model.allowed`, required by", "hint:");
    with(&["exec", "--model", "embedded", "--max-time", "301", "fix total"])
        .code(2)
        .reports("a turn may last 5 minutes at most, required by", "hint:");
    assert!(home.model.requests().is_empty() && home.sessions().is_empty());
    // The control: where nothing is required, a session begins.
    fs::remove_dir_all(home.project().join(".moat")).unwrap();
    let ended = run(&home, "", ":", &["exec", "fix total"]);
    ended.says("task    fix total");
    assert_eq!(home.sessions().len(), 1);
}
