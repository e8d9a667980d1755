// SPDX-License-Identifier: Apache-2.0
//! `moat doctor`: what it prints, for people and for machines, and how it ends.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Ended, Home, Running, always, right, running_with, snapshot};

const EFFECTS: [&str; 7] = [
    "other files are hidden",
    "other files stay unchanged",
    "other processes are out of reach",
    "the network is closed",
    "the kernel's interface is narrow",
    "no privilege can be gained",
    "resources are bounded",
];

fn home() -> Home {
    let home = Home::new(always(right()));
    for (name, text) in [(".ssh/id_ed25519", "a key"), (".bashrc", "# clean\n")] {
        let path = home.at("home").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    home
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap()
}

/// Runs `moat` on a machine that gives no user namespaces; nothing where none can be made.
fn without_namespaces(home: &Home, arguments: &[&str]) -> Option<Ended> {
    let script = "echo 0 >/proc/sys/user/max_user_namespaces && \
                  exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_moat")).args(arguments);
    home.enter(&mut command);
    let ended = Running::start(command).end();
    if ended.err.contains("unshare:") {
        println!("not run: no user namespace can be made here: {}", ended.err);
        return None;
    }
    Some(ended)
}

#[test]
fn the_report_says_what_is_enforced_and_by_which_attack() {
    let home = home();
    let before = snapshot(&home.project());
    let done = home.run(["doctor"]);
    done.code(0);
    assert!(done.out.starts_with("ENFORCED  every effect holds here"), "{}", done.out);
    for effect in EFFECTS {
        let line = done.out.lines().find(|line| line.contains(effect)).unwrap();
        assert!(line.starts_with("enforced ") && line.contains(" held"), "{line}");
    }
    let attack = "  enforced  read a private key that was planted    works outside; ENOENT\n";
    assert!(done.out.contains(attack), "{}", done.out);
    done.says("id_ed25519`\n").says(".bashrc`\n");
    for heading in [
        "\nMachine\n",
        "\nThe sandbox\n",
        "\nWhat a command cannot do\n",
        "\nMoat's own processes\n",
        "\nWorkspace\n",
        "\nLimits of a command\n",
        "\nConfiguration\n",
        "\nNot covered by any of this\n",
        "\nDirectories\n",
        "\nReading this\n",
    ] {
        done.says(heading);
    }
    for part in ["moat itself", "the launcher", "the broker", "the model server"] {
        let line = done.out.lines().find(|line| line.contains(part)).unwrap();
        assert!(line.starts_with("enforced "), "{line}");
    }
    done.says("sandbox.least = \"partial\", from default");
    done.says("under an overlay: a file written in it did not reach the workspace");
    assert!(!done.out.contains('\u{1b}'), "colour went to a pipe");
    // Only what the machine names may be longer than a line.
    let long = done.out.lines().filter(|line| line.chars().count() > 80 && !line.contains('/'));
    assert_eq!(long.collect::<Vec<_>>(), Vec::<&str>::new());
    // Nothing is left of it.
    assert_eq!(snapshot(&home.project()), before);
    assert_eq!(fs::read_dir(home.at("state/moat/doctor")).unwrap().count(), 0);
    let own = home.at("").display().to_string();
    assert_eq!(running_with(&own), Vec::<i32>::new());
    assert_eq!(fs::read_to_string(home.at("home/.bashrc")).unwrap(), "# clean\n");
}

#[test]
fn a_summary_is_short_and_says_the_same() {
    let home = home();
    let done = home.run(["doctor", "--summary"]);
    done.code(0);
    assert!(done.out.starts_with("ENFORCED "), "{}", done.out);
    for effect in EFFECTS {
        let line = done.out.lines().find(|line| line.contains(effect)).unwrap();
        assert!(line.starts_with("enforced "), "{line}");
    }
    assert!(done.out.lines().count() <= 24, "{}", done.out);
    assert!(!done.out.contains("works outside"), "{}", done.out);
}

#[test]
fn machines_get_every_attack_with_its_control() {
    let home = home();
    let done = home.run(["doctor", "--json"]);
    done.code(0);
    let report = json(&done);
    assert_eq!(report["schema"], 1);
    assert_eq!(report["verdict"], "enforced");
    assert_eq!(report["machine"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["machine"]["sha256"].as_str().unwrap().len(), 64);
    assert!(report["machine"]["date"].is_u64());
    for name in ["kernel", "distribution", "architecture", "security_modules"] {
        assert!(report["machine"][name].is_string(), "{name}: {}", report["machine"]);
    }
    assert!(report["machine"]["user"]["id"].is_u64());
    assert!(report["machine"]["landlock"].as_i64().unwrap() >= 6);
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() >= 40, "{}", findings.len());
    let mut proved = 0;
    for finding in findings {
        let results = (finding["outside"]["result"].as_str(), finding["inside"]["result"].as_str());
        match finding["verdict"].as_str().unwrap() {
            "enforced" => {
                assert_eq!(results, (Some("works"), Some("fails")), "{finding}");
                proved += 1;
            }
            "proves_nothing" => {
                assert!(
                    matches!(results, (Some("fails" | "not_tried"), Some("fails"))),
                    "{finding}"
                );
                assert!(finding["outside"]["reason"].is_string(), "{finding}");
            }
            other => panic!("{other}: {finding}"),
        }
    }
    assert!(proved >= 20, "{proved}");
    let effects = report["effects"].as_array().unwrap();
    assert_eq!(effects.len(), EFFECTS.len());
    assert!(effects.iter().all(|effect| effect["enforced"] == true), "{effects:?}");
    for part in report["parts"].as_array().unwrap() {
        assert_eq!(part["standing"], "enforced", "{part}");
    }
    assert_eq!(report["workspace"]["files"], "overlay");
    assert!(report["workspace"]["file_system"]["kind"].is_string());
    assert_eq!(report["configuration"]["least"]["value"], "\"partial\"");
    assert!(report["configuration"]["user"]["sha256"].is_string());
    assert!(report["limits"].as_array().unwrap().len() >= 10);
    assert!(report["not_covered"].as_array().unwrap().len() >= 4);
}

#[test]
fn a_broken_configuration_is_reported_and_stops_no_examination() {
    let home = home();
    home.configure("limits.command_secnds = 3\n");
    let done = home.run(["doctor"]);
    done.code(2).says("the configuration is broken").says("command_seconds");
    assert!(done.out.starts_with("ENFORCED "), "{}", done.out);
    let report = json(&home.run(["doctor", "--json"]));
    assert!(report["configuration"]["error"].is_string());
    assert!(report["configuration"]["least"].is_null());
    home.run(["exec", "fix total"]).code(2);
}

#[test]
fn the_floor_and_the_limits_are_those_that_commands_get() {
    let home = home();
    home.configure(&format!(
        "{}\n[sandbox]\nleast = \"full\"\n[limits]\ncommand_seconds = 90\n",
        home.config()
    ));
    let done = home.run(["--set", "limits.command_memory_mib=100", "doctor"]);
    done.code(0).says("sandbox.least = \"full\", from ").says("config.toml");
    done.says("90 seconds").says("memory of all processes           100 MiB");
}

#[test]
fn a_workspace_that_cannot_be_one_is_refused_where_it_was_named() {
    let home = home();
    let place = home.at("home").display().to_string();
    home.run(["doctor", "-C", &place])
        .code(5)
        .says("REFUSED ")
        .says("it holds your whole home directory");
    // Where it is only where somebody stands, it is a warning.
    let mut command = home.moat(["doctor"]);
    command.current_dir(home.at("home"));
    let done = Running::start(command).end();
    done.code(0).says("warning").says("it holds your whole home directory");
    home.run(["doctor", "-C", "/nonexistent"]).code(2);
}

#[test]
fn a_machine_that_gives_less_is_partial_and_refused_where_all_is_asked_for() {
    let home = home();
    let Some(partial) = without_namespaces(&home, &["doctor"]) else { return };
    partial.code(1).says("rules only").says("fix: ");
    assert!(partial.out.starts_with("PARTIAL "), "{}", partial.out);
    let arguments = ["--set", "sandbox.least=\"full\"", "doctor", "--json"];
    let refused = without_namespaces(&home, &arguments).unwrap();
    refused.code(5);
    let report = json(&refused);
    assert_eq!(report["verdict"], "refused");
    assert!(!report["attempts"].as_array().unwrap().is_empty());
    // The control: the same where namespaces are given.
    home.run(["--set", "sandbox.least=\"full\"", "doctor", "--summary"]).code(0);
}
