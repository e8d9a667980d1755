// SPDX-License-Identifier: Apache-2.0
//! Changes that act by themselves: kept with a word of their own, and in no other way.

use std::fs;
use std::os::unix::fs::symlink;

use moat_protocol::{Confirmer, Event};

use crate::approval::Terminal;
use crate::support::{Ended, Home, RIGHT, WRONG, always, right, until};

const SERVERS: &str = "{\"mcpServers\":{\"x\":{\"command\":\"./planted\"}}}\n";

/// A home whose session repaired the project, and in which a command wrote more files.
fn with_session(files: &[(&str, &str)]) -> Home {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0).says("solved");
    for (name, text) in files {
        write(&home, name, text);
    }
    home
}

/// Writes a file where the writes of a session's command end up.
fn write(home: &Home, name: &str, text: &str) {
    let path = home.session_file().with_file_name("upper").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn exists(home: &Home, name: &str) -> bool {
    home.project().join(name).symlink_metadata().is_ok()
}

/// The values of the `--confirm-surface` flags that a keep printed.
fn advised(ended: &Ended) -> Vec<String> {
    let lines = ended.out.lines().filter(|line| line.starts_with("confirm "));
    let value =
        |line: &str| Some(line.split_once("--confirm-surface '")?.1.strip_suffix('\'')?.to_owned());
    lines.filter_map(value).collect()
}

#[test]
fn without_a_person_it_is_left_until_the_command_line_names_it() {
    let home = with_session(&[
        (".mcp.json", SERVERS),
        (".VSCode./Tasks.json", "{}\n"),
        ("Makefile", "all:\n"),
        ("notes.txt", "x\n"),
    ]);
    home.run(["session", "show"])
        .code(0)
        .says("surface: can start programs as MCP servers")
        .says("kept only with a confirmation of its own")
        .says("surface: runs at the next build or start (task runners");
    let first = home.run(["session", "keep"]);
    first.code(1).says("left    .mcp.json: it can start programs").says("left    .VSCode./Tasks");
    assert_eq!(home.calc(), RIGHT, "the rest is kept");
    assert!(exists(&home, "Makefile") && exists(&home, "notes.txt"));
    assert!(!exists(&home, ".mcp.json") && !exists(&home, ".VSCode."));
    let advice = advised(&first);
    let [tasks, servers] = advice.as_slice() else { panic!("{advice:?}") };
    assert!(servers.starts_with(".mcp.json=644:"), "{servers}");

    let keep = |confirmed: &str| home.run(["session", "keep", "--confirm-surface", confirmed]);
    let other = servers.replace(".mcp.json=644", ".mcp.json=755");
    for wrong in [&other, ".mcp.json=deleted", ".mcp.json=yes"] {
        keep(wrong).code(1).says("what was confirmed is something else");
    }
    for (stray, says) in [
        ("calc.py=deleted", "needs a confirmation"),
        (".mcp.json", "does not name a change"),
        (".mcp.json=", "does not name a change"),
        ("../x=deleted", "is not a path"),
    ] {
        keep(stray).code(2).says(says).says("hint:");
    }
    assert!(!exists(&home, ".mcp.json"));
    // What changed after it was shown is something else.
    write(&home, ".mcp.json", "{}\n");
    keep(servers).code(1).says("what was confirmed is something else");
    assert!(!exists(&home, ".mcp.json"));
    write(&home, ".mcp.json", SERVERS);
    keep(servers).code(1).says("kept    .mcp.json").says("left    .VSCode./Tasks.json");
    assert_eq!(fs::read_to_string(home.project().join(".mcp.json")).unwrap(), SERVERS);
    let records = home.run(["session", "show", "--json"]).out;
    let id = servers.split_once('=').unwrap().1;
    let word = format!(r#""confirmed":[{{"path":".mcp.json","id":"{id}","by":"arguments"}}]"#);
    assert!(records.contains(&word), "{records}");
    keep(tasks).code(0);
    assert!(exists(&home, ".VSCode./Tasks.json"));

    home.run(["session", "undo"]).code(0).says("undone");
    assert!(!exists(&home, ".VSCode./Tasks.json"), "undo asks for nothing");
}

#[test]
fn a_person_is_asked_about_each_and_says_no_by_anything_but_yes() {
    let home = with_session(&[(".mcp.json", SERVERS), (".npmrc", "registry=x\n"), ("free", "x\n")]);
    let mut terminal = Terminal::start(&home, &["session", "keep"], &[]);
    let questions = [
        (".mcp.json", "Claude Code", "./planted", "no"),
        (".npmrc", "npm, pnpm", "+registry=x", "yes"),
    ];
    for (number, (path, reader, line, answer)) in questions.into_iter().enumerate() {
        until(path, || terminal.text().matches("type `yes`").count() > number);
        let shown = terminal.text();
        for part in [path, reader, line] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!exists(&home, "free"), "nothing is written before all was asked");
        terminal.type_line(answer);
    }
    assert_eq!(terminal.end(), Some(1), "{}", terminal.text());
    assert!(exists(&home, ".npmrc") && exists(&home, "free") && !exists(&home, ".mcp.json"));
    assert_eq!(home.calc(), RIGHT);
    let records = home.run(["session", "show", "--json"]).out;
    assert!(records.contains(r#""by":"terminal""#), "{records}");

    for answer in ["no", "y", "Yes", "yes please", "\u{4}"] {
        let mut terminal = Terminal::start(&home, &["session", "keep"], &[]);
        terminal.see("type `yes`");
        if answer == "\u{4}" {
            terminal.type_text(answer);
        } else {
            terminal.type_line(answer);
        }
        assert_eq!(terminal.end(), Some(1), "{answer:?}: {}", terminal.text());
        assert!(!exists(&home, ".mcp.json"), "{answer:?}");
    }
    let mut terminal = Terminal::start(&home, &["session", "keep"], &[]);
    terminal.see("type `yes`");
    terminal.type_line("yes");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
    assert!(exists(&home, ".mcp.json"));
}

#[test]
fn ctrl_c_at_a_question_keeps_nothing_at_all() {
    let home = with_session(&[(".mcp.json", SERVERS)]);
    let mut terminal = Terminal::start(&home, &["session", "keep"], &[]);
    terminal.see("type `yes`");
    terminal.type_text("\u{3}");
    assert_eq!(terminal.end(), Some(130), "{}", terminal.text());
    assert_eq!(home.calc(), WRONG);
    assert!(!exists(&home, ".mcp.json"));
}

#[test]
fn a_question_that_nobody_can_see_is_not_asked() {
    let home = with_session(&[(".mcp.json", SERVERS)]);
    let shell = "\"$0\" session keep > out; echo \"ended $?\"";
    let mut terminal = Terminal::shell(&home, shell);
    terminal.see("ended 1");
    assert_eq!(terminal.end(), Some(0));
    assert!(!exists(&home, ".mcp.json") && home.calc() == RIGHT);
}

#[test]
fn keeping_at_the_end_of_a_turn_covers_no_surface_and_json_carries_the_id() {
    let home = Home::new(always(right()));
    // What is repaired is what an agent would start.
    symlink("calc.py", home.project().join(".mcp.json")).unwrap();
    let done = home.run(["exec", "--keep", "--json", "fix total"]);
    done.code(1);
    assert_eq!(home.calc(), WRONG);
    let mut ids = Vec::new();
    for envelope in done.events() {
        if let Event::ChangesPending(set) = envelope.event {
            for change in set.changes {
                assert!(change.gates().any(|it| it.does.contains("MCP")), "{change:?}");
                ids.extend(change.confirm);
            }
        } else if let Event::Kept { paths, refused } = envelope.event {
            assert!(paths.is_empty());
            ids.extend(refused.into_iter().filter_map(|refusal| refusal.confirm));
        }
    }
    ids.dedup();
    let [id] = ids.as_slice() else { panic!("{ids:?}") };

    let kept = home.run(["session", "keep", "--json"]);
    kept.code(1);
    let planned = |ended: &Ended| {
        ended.events().into_iter().any(|envelope| {
            let Event::KeepPlanned { unconfirmed } = envelope.event else { return false };
            unconfirmed.len() == 1 && unconfirmed[0].confirm.as_ref() == Some(id)
        })
    };
    assert!(planned(&kept), "{}", kept.out);
    let flag = format!("calc.py={id}");
    home.run(["session", "keep", "--json", "--confirm-surface", &flag]).code(0);
    assert_eq!(home.calc(), RIGHT);
    let records = home.run(["session", "show", "--json"]).out;
    assert!(records.contains(&format!("\"by\":\"{}\"", Confirmer::Arguments.name())), "{records}");
}

#[test]
fn some_hunks_of_a_surface_are_asked_about_as_they_would_be_written() {
    let text = |first: &str, last: &str| {
        let middle: String = (0..20).map(|number| format!("# {number}\n")).collect();
        format!("{first}\n{middle}{last}\n")
    };
    let home = Home::new(always(right()));
    home.put(".npmrc", text("a=1", "b=1"));
    home.run(["exec", "fix total"]).code(0);
    write(&home, ".npmrc", &text("a=2", "b=2"));
    let whole = advised(home.run(["session", "keep", "--path", ".npmrc"]).code(1)).remove(0);
    let keep = ["session", "keep", "--hunk", ".npmrc:2"];
    let left = home.run(keep);
    let part = advised(left.code(1)).remove(0);
    assert_ne!(part, whole);
    home.run(keep.into_iter().chain(["--confirm-surface", &whole])).code(1);
    home.run(keep.into_iter().chain(["--confirm-surface", &part])).code(0);
    assert_eq!(fs::read_to_string(home.project().join(".npmrc")).unwrap(), text("a=1", "b=2"));
}

#[test]
fn what_happened_inside_git_stands_apart_and_is_never_kept() {
    let home = Home::new(always(right()));
    home.put(".git/HEAD", "ref: refs/heads/main\n");
    home.put(".git/config", "[core]\n");
    home.run(["exec", "fix total"]).code(0);
    write(&home, ".git/config", "[core]\n\tfsmonitor = ./planted\n");
    write(&home, ".git/hooks/post-commit", "#!/bin/sh\n");
    home.run(["session", "show"])
        .code(0)
        .says("git     .git  changed in the session; never kept")
        .says(".git/config: can run programs at `git status`")
        .says(".git/hooks/post-commit: runs when git commits");
    home.run(["session", "keep"]).code(0);
    home.run(["session", "keep", "--path", ".git"]).code(1).says("git's own files");
    assert_eq!(fs::read_to_string(home.project().join(".git/config")).unwrap(), "[core]\n");
    assert!(!exists(&home, ".git/hooks"));
}
