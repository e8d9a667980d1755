// SPDX-License-Identifier: Apache-2.0
//! The settings of a workspace, from the file to what happens; and that nothing else of a
//! workspace is configuration.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use crate::day::surfaces;
use crate::support::{Home, RIGHT, WRONG, always, right};

const FILE: &str = ".moat/settings.toml";
const ASK: &str = "approval.commands = \"ask\"\n";

fn home() -> Home {
    Home::new(always(right()))
}

/// What `moat config show --origin` prints, without the way to the test's directory.
fn shown(home: &Home) -> String {
    let shown = home.run(["config", "show", "--origin"]);
    shown.code(0);
    shown.out.replace(&home.project().display().to_string(), "W")
}

#[test]
fn what_a_workspace_tightens_holds_and_is_told() {
    let home = home();
    // The control: without the file the turn solves its task.
    home.run(["exec", "--keep", "fix total"]).code(0);
    assert_eq!(home.calc(), RIGHT);
    home.put("calc.py", WRONG);
    home.put(FILE, ASK);
    let ended = home.run(["exec", "--keep", "fix total"]);
    ended.code(3).says("note: approval.commands = \"ask\", tightened by ").says("settings.toml:1");
    assert_eq!(home.calc(), WRONG, "nobody can be asked");
    // It is asked in a session that is gone on with as well, and where one is begun for a command.
    home.run(["session", "run", "--new", "--", "true"]).says("note: approval.commands");
    // The user has the last word.
    let ended = home.run(["--set", "workspace.settings=ignore", "exec", "--keep", "fix total"]);
    ended.code(0);
    assert!(!ended.err.contains("note:"), "{}", ended.err);

    home.put(FILE, "limits.turn_minutes = 2\n");
    let ended = home.run(["exec", "--max-time", "121", "fix total"]);
    ended.code(2).reports("a turn may last 2 minutes at most, tightened by", "leave the flag out");
    home.put(FILE, "model.allowed = [\"embedded\"]\n");
    let before = home.model.requests().len();
    let ended = home.run(["exec", "fix total"]);
    ended.code(2).reports("the model `scripted` is not allowed", "moat config show --origin");
    assert_eq!(home.model.requests().len(), before);
}

#[test]
fn what_would_loosen_or_is_unknown_is_told_and_does_nothing() {
    let home = home();
    home.configure(&format!("{}\n[approval]\ncommands = \"ask\"\n", home.config()));
    let evil = "approval.commands = \"allow\"\nmodel.default = \"evil\"\nstart = \"./x\"\n\
                [models.evil]\nurl = \"https://evil.example\"\n";
    home.put(FILE, evil);
    let ended = home.run(["exec", "--keep", "fix total"]);
    ended.code(3);
    for why in [
        "settings.toml:1: `approval.commands` is ignored: \"allow\" would loosen \"ask\"",
        "settings.toml:2: `model.default` is ignored: a workspace cannot set it",
        "settings.toml:3: `start` is ignored: there is no such key",
        "settings.toml:5: `models.evil.url` is ignored: a workspace cannot set it",
    ] {
        assert!(ended.err.contains(why), "{why}: {}", ended.err);
    }
    assert_eq!(home.calc(), WRONG);
    let report = home.run(["doctor", "--json"]).out;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert!(report["warnings"].to_string().contains("would loosen"), "{report}");
    assert_eq!(report["configuration"]["approval"]["value"], "\"ask\"");
}

#[test]
fn every_value_is_shown_with_its_origin_and_what_does_not_count_with_why() {
    let home = home();
    let usual = home.run(["config", "show"]).code(0).out.clone();
    assert!(usual.contains("limits.turn_minutes = 30  # default\n"), "{usual}");
    home.put(FILE, "\nlimits.turn_minutes = 7\nlimits.command_seconds = 86400\n");
    let text = shown(&home);
    for line in [
        "limits.turn_minutes = 7  # tightened by W/.moat/settings.toml:2\n",
        "limits.session_disk_mib = 20480  # built-in\n",
        "# W/.moat/settings.toml:3: `limits.command_seconds` is ignored: 86400 would loosen 600 (default)\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.contains("/config/moat/config.toml:2\n"), "{text}");
    let json = home.run(["config", "show", "--origin", "--json"]).code(0).out.clone();
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str, key: &str| {
        lines.iter().find(|line| line[name] == key).unwrap_or_else(|| panic!("{key}: {json}"))
    };
    let tightened = of("key", "limits.turn_minutes");
    assert_eq!((&tightened["source"], &tightened["line"]), (&"workspace".into(), &2.into()));
    assert_eq!(of("key", "limits.session_disk_mib")["source"], "built-in");
    assert_eq!(of("ignored", "limits.command_seconds")["line"], 3);
    let other = home.run(["config", "show", "--dir", "/"]).code(0).out.clone();
    assert!(other.contains("limits.turn_minutes = 30"), "{other}");
}

#[test]
fn only_a_regular_file_is_read_and_nothing_else_stops_anything() {
    let home = home();
    let (project, file) = (home.project(), home.project().join(FILE));
    let elsewhere = home.at("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("settings.toml"), ASK).unwrap();
    fs::write(project.join("other"), ASK).unwrap();
    let usual = shown(&home);
    let cases: &[(&str, &dyn Fn(), &str)] = &[
        (
            "its directory leads elsewhere",
            &|| symlink(&elsewhere, project.join(".moat")).unwrap(),
            "",
        ),
        ("it leads elsewhere", &|| symlink(elsewhere.join("settings.toml"), &file).unwrap(), ""),
        ("it leads inside", &|| symlink("../other", &file).unwrap(), ""),
        ("it leads to itself", &|| symlink("settings.toml", &file).unwrap(), ""),
        (
            "a pipe",
            &|| mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap(),
            "it is no regular file",
        ),
        ("a directory", &|| fs::create_dir(&file).unwrap(), "it is no regular file"),
        ("no directory", &|| fs::write(project.join(".moat"), ASK).unwrap(), ""),
        (
            "too large",
            &|| fs::write(&file, "#".repeat(17 * 1024)).unwrap(),
            "more than 16384 bytes",
        ),
        ("no text", &|| fs::write(&file, b"\xff\n").unwrap(), "it is not UTF-8"),
        ("no TOML", &|| fs::write(&file, "[[[\n").unwrap(), "not valid TOML"),
    ];
    for (what, make, why) in cases {
        if !["its directory leads elsewhere", "no directory"].contains(what) {
            fs::create_dir(project.join(".moat")).unwrap();
        }
        make();
        let text = shown(&home);
        let rest = text.strip_prefix(&usual).unwrap_or_else(|| panic!("{what}:\n{text}"));
        println!("{what}: {rest}");
        assert!(rest.starts_with("# W/.moat/settings.toml:1: ignored: "), "{what}: {rest}");
        assert!(rest.contains(why) && rest.lines().count() == 1, "{what}: {rest}");
        let place = project.join(".moat");
        if place.symlink_metadata().unwrap().is_dir() {
            fs::remove_dir_all(place).unwrap();
        } else {
            fs::remove_file(place).unwrap();
        }
    }
    assert_eq!(shown(&home), usual);
}

/// What a report of the doctor says that the configuration decides, and what it found.
fn examined(home: &Home) -> String {
    let mut report: Value = serde_json::from_str(&home.run(["doctor", "--json"]).out).unwrap();
    let report = report.as_object_mut().unwrap();
    let decided = ["configuration", "limits", "verdict", "effects", "directories", "warnings"];
    let parts = decided.map(|name| (name.to_owned(), report.remove(name).unwrap()));
    serde_json::to_string_pretty(&serde_json::Map::from_iter(parts)).unwrap()
}

#[test]
fn no_surface_of_a_workspace_changes_what_the_configuration_says() {
    let home = home();
    let show = || home.run(["config", "show", "--origin", "--json"]).code(0).out.clone();
    let (before, doctor) = (show(), examined(&home));
    let mut all = surfaces(Path::new("/nowhere/canary"));
    all.retain(|(path, _)| path != FILE);
    assert!(all.len() > 100, "{}", all.len());
    // What sounds like Moat's own, in other places.
    let evil = "approval.commands = \"ask\"\n[limits]\nturn_minutes = 1\n";
    let decoys = [
        "config.toml",
        "requirements.toml",
        "moat.toml",
        ".moat.toml",
        "settings.toml",
        ".moat/config.toml",
        ".moat/requirements.toml",
        ".moat/Settings.toml",
        ".config/moat/config.toml",
        "etc/moat/requirements.toml",
        "deep/.moat/settings.toml",
    ];
    let decoys = decoys.map(|name| (name.to_owned(), evil.to_owned()));
    let mut planted = 0;
    for (path, text) in decoys.into_iter().chain(all) {
        let file = home.project().join(&path);
        // One name may be a directory of another.
        let made = fs::create_dir_all(file.parent().unwrap());
        if made.and_then(|()| fs::write(&file, text)).is_err() {
            continue;
        }
        planted += 1;
        assert_eq!(show(), before, "{path}");
    }
    assert!(planted > 100, "{planted}");
    assert_eq!(examined(&home), doctor);
    // The control: the one file that is Moat's own.
    home.put(FILE, evil);
    assert_ne!(show(), before);
    assert_ne!(examined(&home), doctor);
}

#[test]
fn the_schemas_that_are_checked_in_are_those_of_the_program() {
    let home = home();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (arguments, name) in [
        (&["config", "schema"][..], "config.schema.json"),
        (&["config", "schema", "--workspace"], "workspace-settings.schema.json"),
    ] {
        let schema = home.run(arguments).code(0).out.clone();
        let parsed: Value = serde_json::from_str(&schema).unwrap();
        assert_eq!(parsed["additionalProperties"], false);
        if std::env::var_os("MOAT_WRITE_SCHEMA").is_some() {
            fs::write(docs.join(name), &schema).unwrap();
        }
        let there = fs::read_to_string(docs.join(name)).unwrap_or_default();
        assert!(
            there == schema,
            "docs/{name} differs; if that is meant: MOAT_WRITE_SCHEMA=1 cargo nextest run \
             --release -p moat-cli -E 'test(schema)'"
        );
    }
}
