// SPDX-License-Identifier: Apache-2.0
//! Surfaces are kept with a confirmation of exactly their content, and in no other way.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use moat_base::TreePath;
use moat_files::{BlobId, Confirmation, Confirmed, KeepStep, Outcome, Selection};
use moat_scan::{Part, Surface};

use crate::workspace::{Workspace, chmod, path, put, snapshot};

/// A path of each entry of the catalogue that is gated whatever the file holds.
fn surfaces(counts: impl Fn(&Surface) -> bool) -> Vec<String> {
    let gated = moat_scan::catalogue().filter(|surface| {
        surface.part == Part::Whole && surface.effects.iter().any(|effect| effect.is_gated())
    });
    let path = |surface: &Surface| {
        // Git's own files are never kept, and what counts at the root alone has no other place.
        let pattern = surface.patterns.iter().find(|pattern| {
            !pattern.starts_with('/') && **pattern != ".git" && !pattern.starts_with(".git/")
        })?;
        Some(pattern.replace("**", "file").replace('*', "name"))
    };
    let all: Vec<String> = gated.filter(|it| counts(it)).filter_map(path).collect();
    assert!(all.len() > 5, "{all:?}");
    all
}

/// Ways to write a name that some file system takes for it, all of these names.
fn spellings(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = names.iter().flat_map(|name| spelled(name)).collect();
    all.sort();
    all.dedup();
    all
}

fn spelled(name: &str) -> Vec<String> {
    let (directory, file) = name.rsplit_once('/').unwrap_or(("", name));
    let below = |file: String| {
        if directory.is_empty() { file } else { format!("{directory}/{file}") }
    };
    let plain = file.trim_start_matches('.');
    let (base, extension) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let short = |text: &str, length: usize| {
        text.chars().filter(|letter| *letter != '.').take(length).collect::<String>()
    };
    let dot = if extension.is_empty() { "" } else { "." };
    vec![
        name.to_owned(),
        name.to_uppercase(),
        below(format!("{file}. ")),
        below(format!("{file}::$DATA")),
        below(format!("\u{200b}{file}\u{feff}")),
        below(format!("{}~1{dot}{}", short(base, 6), short(extension, 3))),
        format!("other/{name}"),
        name.replace('/', "\\"),
    ]
}

/// What each spelling is written from: an ordinary file beside.
const SOURCE: &str = "ordinary.txt";

fn word(step: &KeepStep) -> &'static str {
    match &step.outcome {
        Outcome::Done | Outcome::AlreadyThere => "kept",
        Outcome::Refused { reason } if reason.contains("a confirmation of its own") => "asked",
        Outcome::Planned
        | Outcome::Conflict { .. }
        | Outcome::Refused { .. }
        | Outcome::Failed { .. }
        | Outcome::Undone => "other",
    }
}

/// A way in which a program puts something at a path, or changes what is there.
struct Way {
    name: &'static str,
    /// Whether there was a file at the path before.
    begins: Begins,
    write: fn(&Path, &str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    Absent,
    Present,
}

const WAYS: [Way; 9] = [
    Way { name: "create", begins: Begins::Absent, write: |at, to| put(at, to, "new\n") },
    Way { name: "edit", begins: Begins::Present, write: |at, to| put(at, to, "new\n") },
    Way {
        name: "rename onto",
        begins: Begins::Present,
        write: |at, to| {
            put(at, "passing", "new\n");
            std::fs::rename(at.join("passing"), at.join(to)).unwrap();
        },
    },
    Way {
        name: "copy onto",
        begins: Begins::Absent,
        write: |at, to| {
            put(at, to, "");
            std::fs::copy(at.join(SOURCE), at.join(to)).unwrap();
        },
    },
    Way {
        name: "symbolic link onto",
        begins: Begins::Absent,
        write: |at, to| {
            put(at, to, "");
            std::fs::remove_file(at.join(to)).unwrap();
            symlink("elsewhere", at.join(to)).unwrap();
        },
    },
    Way {
        name: "hard link onto",
        begins: Begins::Absent,
        write: |at, to| {
            put(at, to, "");
            std::fs::remove_file(at.join(to)).unwrap();
            std::fs::hard_link(at.join(SOURCE), at.join(to)).unwrap();
        },
    },
    Way { name: "mode", begins: Begins::Present, write: |at, to| chmod(&at.join(to), 0o755) },
    Way {
        name: "shell redirect",
        begins: Begins::Absent,
        write: |at, to| {
            put(at, to, "");
            let mut shell = Command::new("sh");
            shell.args(["-c", "echo new > \"$1\"", "sh", to]).current_dir(at);
            assert!(shell.status().unwrap().success());
        },
    },
    Way {
        name: "directory renamed onto",
        begins: Begins::Absent,
        write: |at, to| {
            let Some((directory, file)) = to.rsplit_once('/') else {
                return put(at, to, "new\n");
            };
            if at.join(directory).exists() {
                return put(at, to, "new\n");
            }
            put(at, &format!("staging/{file}"), "new\n");
            std::fs::create_dir_all(at.join(directory).parent().unwrap()).unwrap();
            std::fs::rename(at.join("staging"), at.join(directory)).unwrap();
        },
    },
];

#[test]
fn no_way_to_write_a_surface_is_kept_without_its_confirmation() {
    let all = spellings(&surfaces(|_| true));
    assert!(all.len() > 200, "{}", all.len());
    for (number, Way { name, begins, write }) in WAYS.into_iter().enumerate() {
        let mut work = Workspace::new(|real| {
            put(real, SOURCE, "text\n");
            for path in all.iter().filter(|_| begins == Begins::Present) {
                put(real, path, "old\n");
            }
            put(real, "control.txt", "old\n");
        });
        let before = snapshot(&work.real());
        let at = work.session();
        for path in &all {
            write(&at, path);
        }
        if begins == Begins::Absent {
            std::fs::remove_file(at.join("control.txt")).unwrap();
            write(&at, "new-control.txt");
        } else {
            write(&at, "control.txt");
        }
        let set = work.changes();
        let (real, selection) = (work.real_tree(), Selection::Edits);
        let needed = work.files.preview(&real, &set, &selection).unwrap();
        assert_eq!(needed.len(), all.len(), "{name}");

        let record = work.files.keep(&real, &set, &selection).unwrap();
        let asked = record.steps.iter().filter(|step| word(step) == "asked").count();
        assert_eq!(asked, all.len(), "{name}");
        let kept: Vec<String> = record
            .steps
            .iter()
            .filter(|it| word(it) == "kept")
            .map(|it| it.path.to_string())
            .collect();
        let control: &[&str] = match begins {
            Begins::Absent => &["control.txt", "new-control.txt"],
            Begins::Present => &["control.txt"],
        };
        assert_eq!(kept, control, "{name}: the same on an ordinary file is kept");
        let now = snapshot(&work.real());
        for path in &all {
            let path = Path::new(path);
            assert_eq!(now.get(path), before.get(path), "{name} {path:?}");
        }
        work.files.undo(&real, record.number).unwrap();
        assert_eq!(snapshot(&work.real()), before, "{name}: nor is there an empty directory");

        let set = work.changes();
        let gate = work.files.gate(&real, &set, &[]).unwrap();
        let confirmed: Vec<Confirmation> = set
            .changes
            .iter()
            .filter_map(|change| {
                let content = gate.touched(change).unwrap().confirmation?;
                let by = "test".to_owned();
                Some(Confirmation { path: change.path.clone(), content, by })
            })
            .collect();
        assert_eq!(confirmed.len(), all.len(), "{name}");
        // Each way writes another part of them, since each write waits for the disk.
        let some = confirmed.iter().skip(number).step_by(WAYS.len());
        let some = Selection::Paths(some.map(|it| it.path.clone()).collect());
        let record = work.files.keep_confirmed(&real, &set, &some, &confirmed).unwrap();
        assert!(record.is_complete(), "{name}: {:?}", record.steps);
    }
}

fn confirm(name: &str, content: &str) -> Confirmation {
    Confirmation { path: path(name), content: content.to_owned(), by: "test".to_owned() }
}

#[test]
fn a_confirmation_is_for_one_path_and_one_content() {
    let mut work = Workspace::new(|real| put(real, "other", "x\n"));
    put(&work.session(), ".mcp.json", "{}\n");
    put(&work.session(), ".npmrc", "{}\n");
    let set = work.changes();
    let real = work.real_tree();
    let digest = BlobId::of(b"{}\n").to_string();
    let right = format!("644:{digest}");
    let wrong = [
        vec![],
        vec![confirm(".mcp.json", "deleted")],
        vec![confirm(".mcp.json", &digest)],
        vec![confirm(".mcp.json", &format!("755:{digest}"))],
        vec![confirm(".mcp.json", &format!("644:{}", BlobId::of(b"[]\n")))],
        vec![confirm("sub/.mcp.json", &right), confirm(".MCP.json", &right)],
    ];
    for confirmed in wrong {
        let some = Selection::Paths(vec![path(".mcp.json")]);
        let record = work.files.keep_confirmed(&real, &set, &some, &confirmed).unwrap();
        assert_eq!(word(&record.steps[0]), "asked", "{confirmed:?}");
        assert!(!work.real().join(".mcp.json").exists());
    }
    let confirmed = [confirm(".mcp.json", &right)];
    let all = Selection::Edits;
    let record = work.files.keep_confirmed(&real, &set, &all, &confirmed).unwrap();
    let words: Vec<&str> = record.steps.iter().map(word).collect();
    assert_eq!(words, ["kept", "asked"], "the other one is not meant");

    // The record shows what was confirmed, how, and what was not.
    let stored = work.files.keeps().unwrap().pop().unwrap();
    let said: Vec<_> = stored.steps.into_iter().map(|step| step.confirmed).collect();
    let given = Confirmed::Given { content: right.clone(), by: "test".into() };
    let missing = Confirmed::Missing { content: right };
    assert_eq!(said, [Some(given), Some(missing)]);

    // Once more: what the session has by then is another content.
    put(&work.session(), ".mcp.json", "{\"mcpServers\":{}}\n");
    let set = work.changes();
    let record = work.files.keep_confirmed(&real, &set, &all, &confirmed).unwrap();
    assert!(record.steps.iter().all(|step| word(step) == "asked"), "{:?}", record.steps);
    let undone = work.files.undo(&real, 7).unwrap();
    assert_eq!(undone.number, 7, "taking it back needs no confirmation");
    assert!(!work.real().join(".mcp.json").exists());
}

#[test]
fn some_hunks_of_a_surface_need_their_own_confirmation() {
    let lines = |first: &str, last: &str| {
        let middle: String = (0..20).map(|number| format!("# {number}\n")).collect();
        format!("{first}\n{middle}{last}\n")
    };
    let mut work = Workspace::new(|real| put(real, ".npmrc", lines("a=1", "b=1")));
    put(&work.session(), ".npmrc", lines("a=2", "b=2"));
    let set = work.changes();
    let real = work.real_tree();
    let one = Selection::Hunks { path: path(".npmrc"), hunks: vec![1] };
    let whole = format!("644:{}", BlobId::of(lines("a=2", "b=2").as_bytes()));
    let part = format!("644:{}", BlobId::of(lines("a=2", "b=1").as_bytes()));

    let needed = work.files.preview(&real, &set, &one).unwrap();
    assert_eq!((needed.len(), needed[0].hunks.len()), (1, 1), "only what is meant is shown");
    let gate = work.files.gate(&real, &set, &[]).unwrap();
    assert_eq!(gate.touched(&needed[0]).unwrap().confirmation, Some(part.clone()));

    let confirmed = [confirm(".npmrc", &whole)];
    let record = work.files.keep_confirmed(&real, &set, &one, &confirmed).unwrap();
    assert_eq!(word(&record.steps[0]), "asked");
    let confirmed = [confirm(".npmrc", &part)];
    let record = work.files.keep_confirmed(&real, &set, &one, &confirmed).unwrap();
    assert_eq!(word(&record.steps[0]), "kept");
    assert_eq!(std::fs::read_to_string(work.real().join(".npmrc")).unwrap(), lines("a=2", "b=1"));
}

#[test]
fn removing_needs_a_confirmation_where_it_relaxes_or_redirects() {
    let acts = |it: &Surface| it.effects.iter().any(|effect| effect.acts_when_gone());
    let (acting, harmless) = (spellings(&surfaces(acts)), surfaces(|it| !acts(it)));
    let mut work = Workspace::new(|real| {
        for name in acting.iter().chain(&harmless).map(String::as_str).chain(["ordinary", "a"]) {
            put(real, name, "x\n");
        }
    });
    let at = work.session();
    for name in &acting {
        std::fs::remove_file(at.join(name)).unwrap();
        // The directories go, too, as far as they are empty.
        let above = Path::new(name).ancestors().skip(1).filter(|it| !it.as_os_str().is_empty());
        above.take_while(|it| std::fs::remove_dir(at.join(it)).is_ok()).for_each(drop);
    }
    for name in harmless.iter().map(String::as_str).chain(["ordinary"]) {
        std::fs::remove_file(at.join(name)).unwrap();
    }
    std::fs::rename(at.join("a"), at.join("b")).unwrap();
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let asked = |it: &&KeepStep| word(it) == "asked";
    let mut asked: Vec<_> =
        record.steps.iter().filter(asked).map(|step| step.path.clone()).collect();
    asked.sort();
    let mut expected: Vec<_> =
        acting.iter().map(|name| TreePath::from_bytes(name.as_bytes()).unwrap()).collect();
    expected.sort();
    assert_eq!(asked, expected);
    assert!(record.steps.iter().all(|step| word(step) != "other"), "{:?}", record.steps);
    for name in harmless.iter().map(String::as_str).chain(["ordinary", "a"]) {
        assert!(!work.real().join(name).exists(), "{name}");
    }

    let confirmed: Vec<_> = asked
        .into_iter()
        .map(|path| Confirmation { path, content: "deleted".into(), by: "test".into() })
        .collect();
    let set = work.changes();
    let record = work.files.keep_confirmed(&real, &set, &Selection::Edits, &confirmed).unwrap();
    assert!(record.is_complete(), "{:?}", record.steps);
    assert!(!work.real().join(".gemini").exists() && !work.real().join(".npmrc").exists());
}

#[test]
fn a_file_that_a_surface_leads_to_is_one() {
    let files = [
        "config/servers.json",
        "shared/settings.json",
        "deep/own/tasks.json",
        "inner/real/hooks.json",
        "free",
    ];
    let mut work = Workspace::new(|real| {
        for name in files {
            put(real, name, "old\n");
        }
        symlink("config/servers.json", real.join(".mcp.json")).unwrap();
        symlink("agents", real.join(".claude")).unwrap();
        symlink("./shared", real.join("agents")).unwrap();
        put(real, "deep/.vscode/x", "");
        symlink("../own/tasks.json", real.join("deep/.vscode/tasks.json")).unwrap();
        // One of the names on the way is a link itself.
        symlink("inner/way/hooks.json", real.join(".npmrc")).unwrap();
        symlink("real", real.join("inner/way")).unwrap();
        symlink("other", real.join("plain")).unwrap();
        // Whatever lies in here does not keep the rest from being looked at.
        for number in 0..300 {
            put(real, &format!(".venv/lib/{number}/x"), "");
        }
    });
    let at = work.session();
    for name in files {
        put(&at, name, "new\n");
    }
    // A link and what it leads to, made together; and one through a link that is made.
    put(&at, "made/rules.json", "new\n");
    symlink("made/rules.json", at.join("opencode.json")).unwrap();
    put(&at, "far/away.toml", "new\n");
    symlink("near/away.toml", at.join("bunfig.toml")).unwrap();
    symlink("far", at.join("near")).unwrap();
    // The links themselves, led elsewhere.
    for (name, target) in [("agents", "elsewhere"), ("inner/way", "other"), ("plain", "free")] {
        std::fs::remove_file(at.join(name)).unwrap();
        symlink(target, at.join(name)).unwrap();
    }
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let words: Vec<String> =
        record.steps.iter().map(|step| format!("{} {}", step.path, word(step))).collect();
    let expected = [
        "agents asked",
        "bunfig.toml asked",
        "config/servers.json asked",
        "deep/own/tasks.json asked",
        "far/away.toml asked",
        "free kept",
        "inner/real/hooks.json asked",
        "inner/way asked",
        "made/rules.json asked",
        "near asked",
        "opencode.json asked",
        "plain kept",
        "shared/settings.json asked",
    ];
    assert_eq!(words, expected);
}

#[test]
fn links_in_a_circle_lead_nowhere() {
    let mut work = Workspace::new(|real| {
        symlink("b", real.join(".mcp.json")).unwrap();
        symlink("./b/../.mcp.json", real.join("b")).unwrap();
        symlink("../../..", real.join(".vscode")).unwrap();
    });
    put(&work.session(), "c", "new\n");
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    assert!(record.is_complete(), "{:?}", record.steps);
}

#[test]
fn joined_work_needs_a_confirmation_of_what_is_joined() {
    let lines = |first: &str, last: &str| format!("{first}\n\n\n\n\n\n\n\n{last}\n");
    let mut work = Workspace::new(|real| put(real, ".npmrc", lines("a", "b")));
    put(&work.session(), ".npmrc", lines("a", "session"));
    let set = work.changes();
    let gate = work.files.gate(&work.real_tree(), &set, &[]).unwrap();
    let content = gate.touched(&set.changes[0]).unwrap().confirmation.unwrap();
    put(&work.real(), ".npmrc", lines("user", "b"));
    let set = work.changes();
    let real = work.real_tree();
    let confirmed = [confirm(".npmrc", &content)];
    let record = work.files.keep_confirmed(&real, &set, &Selection::Edits, &confirmed).unwrap();
    assert_eq!(word(&record.steps[0]), "asked", "that was another content");
    let joined = format!("644:{}", BlobId::of(lines("user", "session").as_bytes()));
    let confirmed = [confirm(".npmrc", &joined)];
    let record = work.files.keep_confirmed(&real, &set, &Selection::Edits, &confirmed).unwrap();
    assert_eq!(word(&record.steps[0]), "kept");
}

#[test]
fn a_file_that_is_moved_onto_a_surface_is_shown_whole() {
    let text = "line\n".repeat(30);
    let mut work = Workspace::new(|real| put(real, "notes.json", &text));
    std::fs::rename(work.session().join("notes.json"), work.session().join(".mcp.json")).unwrap();
    let set = work.changes();
    assert!(set.changes[0].rename.is_some() && set.changes[0].hunks.is_empty());
    let needed = work.files.preview(&work.real_tree(), &set, &Selection::Edits).unwrap();
    assert_eq!((needed.len(), needed[0].lines_added), (1, 30));
}

#[test]
fn more_links_than_are_followed_make_every_change_ask() {
    // Each way through a link of this kind goes twice over the one below it.
    let doubled = |levels: usize| {
        Workspace::new(|real| {
            put(real, "end/0", "old\n");
            symlink("end", real.join("l0")).unwrap();
            for level in 1..=levels {
                let below = level - 1;
                symlink(format!("l{below}/../l{below}"), real.join(format!("l{level}"))).unwrap();
            }
            symlink(format!("l{levels}"), real.join(".vscode")).unwrap();
            put(real, "free", "old\n");
        })
    };
    for (levels, expected) in [(2, "kept"), (24, "kept")] {
        let mut work = doubled(levels);
        put(&work.session(), "free", "new\n");
        let set = work.changes();
        let record = work.files.keep(&work.real_tree(), &set, &Selection::Edits).unwrap();
        assert_eq!(word(&record.steps[0]), expected, "the kernel follows 40: {levels}");
    }
    // A session can make as many links as it likes, each of which leads through a long chain.
    let chained = |links: usize| {
        let mut work = Workspace::new(|real| put(real, "free", "old\n"));
        let at = work.session();
        put(&at, "free", "new\n");
        std::fs::create_dir(at.join("end")).unwrap();
        for number in 0..400 {
            symlink(format!("c{}", number + 1), at.join(format!("c{number}"))).unwrap();
        }
        for number in 0..links {
            let name = format!("{number}/.mcp.json");
            put(&at, &name, "");
            std::fs::remove_file(at.join(&name)).unwrap();
            symlink("../c0", at.join(&name)).unwrap();
        }
        let set = work.changes();
        let some = Selection::Paths(vec![path("free")]);
        let real = work.real_tree();
        let record = work.files.keep(&real, &set, &some).unwrap();
        let reason = format!("{:?}", record.steps[0].outcome);
        (word(&record.steps[0]), reason.contains("more links"))
    };
    assert_eq!(chained(3), ("kept", false), "the control");
    assert_eq!(chained(1_500), ("asked", true));
}

#[test]
fn what_a_tool_may_decode_to_something_else_is_asked_about() {
    let mut work = Workspace::new(|real| put(real, "requirements.txt", "a==1\n"));
    let at = work.session();
    let encoded = "# -*- coding: utf-7 -*-\na==1\n+AC0ALQ-index-url http:+AC8ALw-x\n";
    put(&at, "requirements.txt", encoded);
    put(&at, "marked/requirements.txt", "\u{feff}-f wheels\n");
    put(&at, "marked/a.xml", "<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a+AD4-<a/>");
    // The controls: the same tools read these as they stand.
    put(&at, "plain/requirements.txt", "# -*- coding: utf-8 -*-\na==2\n");
    put(&at, "plain/a.xml", "<?xml version='1.0' encoding='UTF-8'?><a/>");
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let files = record.steps.iter().filter(|step| step.path.extension().is_some());
    let mut words: Vec<String> =
        files.map(|step| format!("{} {}", step.path, word(step))).collect();
    words.sort();
    let expected = [
        "marked/a.xml asked",
        "marked/requirements.txt asked",
        "plain/a.xml kept",
        "plain/requirements.txt kept",
        "requirements.txt asked",
    ];
    assert_eq!(words, expected);
    assert_eq!(std::fs::read_to_string(work.real().join("requirements.txt")).unwrap(), "a==1\n");
}

#[test]
fn a_name_that_is_git_s_own_without_invisible_characters_is_never_kept() {
    let mut work = Workspace::new(|real| put(real, "a", "old\n"));
    let at = work.session();
    let names = [".g\u{ad}it", ".gi\u{34f}t", "sub/.\u{fe0f}GIT"];
    for name in names {
        put(&at, &format!("{name}/hooks/post-commit"), "#!/bin/sh\n");
    }
    // The control: another letter makes it an ordinary directory.
    put(&at, ".g\u{ad}itx/hooks/post-commit", "#!/bin/sh\n");
    let set = work.changes();
    let real = work.real_tree();
    work.files.keep(&real, &set, &Selection::Edits).unwrap();
    for name in names {
        assert!(!work.real().join(name).exists(), "{name:?}");
    }
    assert!(work.real().join(".g\u{ad}itx/hooks/post-commit").exists());
}
