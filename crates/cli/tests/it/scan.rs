// SPDX-License-Identifier: Apache-2.0
//! `moat scan` as a person and as a job of continuous integration see it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Home, always, right};

const TASKS: &str = "{\"version\": \"2.0.0\", \"tasks\": [{\"label\": \"a\", \"type\": \"shell\",\n\
 \"command\": \"touch CANARY \u{202e}\u{9b}31m\", \"runOptions\": {\"runOn\": \"folderOpen\"}}]}";

/// A home with a project that acts when it is opened.
fn hostile() -> Home {
    let home = Home::new(always(right()));
    home.put(".vscode/tasks.json", TASKS);
    home
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn a_person_is_shown_what_acts_and_nothing_of_it_acts_on_the_terminal() {
    let ended = hostile().run(["scan"]);
    ended.code(1);
    let out = &ended.out;
    assert!(out.starts_with("high .vscode/tasks.json\n"), "{out}");
    assert!(out.contains("touch CANARY <U+202E><U+009B>31m"), "{out}");
    assert!(!out.contains('\u{202e}') && !out.contains('\u{9b}') && !out.contains('\u{1b}'));
    assert!(out.lines().last().unwrap().contains(" high, "), "{out}");
}

#[test]
fn the_exit_code_follows_the_level() {
    let home = hostile();
    for (level, code) in [("high", 1), ("medium", 1), ("low", 1), ("never", 0)] {
        home.run(["scan", "--fail-on", level]).code(code);
    }
    fs::remove_dir_all(home.project().join(".vscode")).unwrap();
    home.run(["scan", "--fail-on", "low"]).code(0);
    home.run(["scan", "nothing"]).code(2);
    home.run(["scan", "/dev/null"]).code(2);
    home.run(["scan", "--fail-on", "everything"]).code(2);
    home.run(["scan", "--json", "--sarif"]).code(2);
}

#[test]
fn json_has_its_version_and_is_exact_and_inert() {
    let home = hostile();
    let ended = home.run(["scan", "--json"]);
    ended.code(1);
    assert!(!ended.out.contains('\u{202e}') && !ended.out.contains('\u{9b}'));
    let told = json(&ended.out);
    assert_eq!((&told["version"], &told["complete"]), (&1.into(), &true.into()));
    let finding = &told["findings"][0];
    assert_eq!(finding["path"], ".vscode/tasks.json");
    assert!(finding["carries"].as_str().unwrap().contains("touch CANARY \u{202e}\u{9b}31m"));
    for key in ["level", "rule", "key", "readers", "when", "effect", "says", "mark"] {
        assert!(finding[key].is_string(), "{key}: {finding}");
    }
}

#[test]
fn a_baseline_accepts_what_it_names_until_a_byte_changes() {
    let home = hostile();
    home.run(["scan", "--write-baseline", "../known.json"]).code(0);
    let accepted = home.run(["scan", "--baseline", "../known.json", "--fail-on", "low"]);
    accepted.code(0);
    assert!(!accepted.out.contains("CANARY") && accepted.out.contains("accepted"));
    // One byte of the file, which the finding does not show.
    home.put(".vscode/tasks.json", format!("{TASKS}\n"));
    let back = home.run(["scan", "--baseline", "../known.json"]);
    back.code(1);
    assert!(back.out.contains("CANARY"), "{}", back.out);
    // A baseline in the tree counts for nothing by itself.
    home.put("known.json", fs::read(home.at("work/known.json")).unwrap());
    home.put(".vscode/tasks.json", TASKS);
    home.run(["scan"]).code(1);
    home.put("wrong.json", "{\"version\": 2, \"accepted\": []}");
    home.run(["scan", "--baseline", "wrong.json"]).code(2);
    home.run(["scan", "--baseline", "missing.json"]).code(2);
}

#[test]
fn sarif_has_what_its_schema_asks_for() {
    let home = hostile();
    home.put("sub dir/.vscode/tasks.json", TASKS);
    let ended = home.run(["scan", "--sarif"]);
    ended.code(1);
    check_sarif(&json(&ended.out));
    home.run(["scan", "--sarif=../out.sarif", "--fail-on", "never"]).code(0);
    assert_eq!(fs::read_to_string(home.at("work/out.sarif")).unwrap(), ended.out);
    home.run(["scan", "--write-baseline", "../known.json"]).code(0);
    let accepted = json(&home.run(["scan", "--sarif", "--baseline", "../known.json"]).out);
    check_sarif(&accepted);
    assert_eq!(accepted["runs"][0]["results"][0]["suppressions"][0]["kind"], "external");
}

/// What the schema of SARIF 2.1.0 requires of the objects that are used here: properties that it
/// knows, those that must be there, and its closed sets of words.
fn check_sarif(log: &Value) {
    keys(log, &["$schema", "version", "runs"], &["version", "runs"]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    keys(run, &["tool", "invocations", "columnKind", "results"], &["tool"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    keys(&run["tool"], &["driver"], &["driver"]);
    keys(&run["invocations"][0], &["executionSuccessful"], &["executionSuccessful"]);
    let driver = &run["tool"]["driver"];
    keys(driver, &["name", "version", "semanticVersion", "rules"], &["name"]);
    let rules = driver["rules"].as_array().unwrap();
    let mut ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for rule in rules {
        let known = ["id", "shortDescription", "defaultConfiguration", "properties"];
        keys(rule, &known, &["id"]);
        keys(&rule["shortDescription"], &["text"], &["text"]);
    }
    ids.dedup();
    assert_eq!(ids.len(), rules.len(), "rules are unique");
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 2);
    for result in results {
        let known = [
            "ruleId",
            "ruleIndex",
            "level",
            "message",
            "locations",
            "partialFingerprints",
            "properties",
            "suppressions",
        ];
        keys(result, &known, &["message"]);
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], ids[index]);
        keys(&result["message"], &["text"], &["text"]);
        let place = &result["locations"][0]["physicalLocation"];
        keys(place, &["artifactLocation", "region"], &["artifactLocation"]);
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.contains([' ', ':', '\\']), "{uri}");
        assert!(place.get("region").is_none_or(|it| it["startLine"].as_u64().unwrap() >= 1));
        assert!(result["partialFingerprints"].as_object().unwrap().values().all(Value::is_string));
    }
}

fn keys(object: &Value, known: &[&str], required: &[&str]) {
    let object = object.as_object().unwrap();
    assert!(object.keys().all(|key| known.contains(&key.as_str())), "{object:?}");
    assert!(required.iter().all(|key| object.contains_key(*key)), "{object:?}");
}

#[test]
fn a_scan_starts_nothing_connects_to_nothing_and_opens_nothing_outside() {
    let home = hostile();
    let outside = home.at("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("tasks.json"), TASKS).unwrap();
    std::os::unix::fs::symlink(&outside, home.project().join("link")).unwrap();
    let log = home.at("strace.log");
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=execve,socket,connect,openat,openat2,open", "-o"]);
    command.arg(&log).arg(env!("CARGO_BIN_EXE_moat")).args(["scan", "."]);
    home.enter(&mut command);
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    let log = fs::read_to_string(log).unwrap();
    let calls = |name: &str| log.lines().filter(|line| line.contains(name)).count();
    assert_eq!(calls("execve("), 1, "its own start alone:\n{log}");
    assert_eq!((calls("socket("), calls("connect(")), (0, 0), "{log}");
    assert!(calls("tasks.json") >= 1, "the trace shows what is opened:\n{log}");
    assert_eq!(calls("outside"), 0, "{log}");
}

#[test]
fn an_archive_as_tar_makes_it_is_read() {
    let home = hostile();
    let long = format!("{}.vscode/tasks.json", "directory/".repeat(19));
    home.put(&long, TASKS);
    for (format, packing) in [("gnu", "-cf"), ("pax", "-czf"), ("ustar", "-cf")] {
        let mut command = Command::new("tar");
        command.args(["--format", format, packing, "../out.tar", "."]);
        home.enter(&mut command);
        assert!(command.status().unwrap().success());
        let ended = home.run(["scan", "--json", "../out.tar"]);
        ended.code(1);
        let told = json(&ended.out);
        let paths: Vec<&str> = told["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|it| it["path"].as_str())
            .collect();
        assert!(paths.contains(&long.as_str()), "{format}: {paths:?}");
        assert!(paths.contains(&".vscode/tasks.json"), "{format}: {paths:?}");
    }
}
