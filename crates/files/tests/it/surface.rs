// SPDX-License-Identifier: Apache-2.0
//! Surfaces are kept with a confirmation of exactly their content, and in no other way.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect trees as any other program would"
)]

use std::os::unix::fs::symlink;
use std::path::Path;

use moat_files::{BlobId, Confirmation, KeepStep, Outcome, Selection};

use crate::workspace::{Workspace, chmod, path, put, snapshot};

/// One of each class that is gated.
const SURFACES: &[&str] = &[
    ".vscode/tasks.json",
    ".vscode/settings.json",
    ".claude/settings.json",
    ".mcp.json",
    ".cursor/sandbox.json",
    ".codex/config.toml",
    ".idea/workspace.xml",
    ".npmrc",
    ".cargo/config.toml",
    ".env",
    ".helix/languages.toml",
    "app.csproj",
    "desktop.ini",
    "sub/.zed/settings.json",
];

/// Ways to write a name that some file system takes for it.
fn spellings(name: &str) -> Vec<String> {
    let (directory, file) = name.rsplit_once('/').unwrap_or(("", name));
    let below = |file: String| {
        if directory.is_empty() { file } else { format!("{directory}/{file}") }
    };
    let plain = file.trim_start_matches('.');
    let (base, extension) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let short = |text: &str, length: usize| text.chars().take(length).collect::<String>();
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

const WAYS: [Way; 7] = [
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
];

#[test]
fn no_way_to_write_a_surface_is_kept_without_its_confirmation() {
    let all: Vec<String> = SURFACES.iter().flat_map(|name| spellings(name)).collect();
    for Way { name, begins, write } in WAYS {
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
                Some(Confirmation { path: change.path.clone(), content })
            })
            .collect();
        assert_eq!(confirmed.len(), all.len(), "{name}");
        let record = work.files.keep_confirmed(&real, &set, &selection, &confirmed).unwrap();
        assert!(record.is_complete(), "{name}: {:?}", record.steps);
    }
}

fn confirm(name: &str, content: &str) -> Confirmation {
    Confirmation { path: path(name), content: content.to_owned() }
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
    let mut work = Workspace::new(|real| {
        for name in [".claude/settings.json", ".npmrc", ".cursorignore", ".vscode/tasks.json", "a"]
        {
            put(real, name, "x\n");
        }
    });
    let at = work.session();
    std::fs::remove_dir_all(at.join(".claude")).unwrap();
    std::fs::rename(at.join(".npmrc"), at.join("b")).unwrap();
    for name in [".cursorignore", ".vscode/tasks.json", "a"] {
        std::fs::remove_file(at.join(name)).unwrap();
    }
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let mut asked: Vec<String> = record
        .steps
        .iter()
        .filter(|step| word(step) == "asked")
        .map(|step| step.path.to_string())
        .collect();
    asked.sort();
    assert_eq!(asked, [".claude/settings.json", ".cursorignore", ".npmrc"]);
    assert!(!work.real().join("a").exists() && !work.real().join(".vscode/tasks.json").exists());
    let confirmed: Vec<_> = asked.iter().map(|name| confirm(name, "deleted")).collect();
    let set = work.changes();
    work.files.keep_confirmed(&real, &set, &Selection::Edits, &confirmed).unwrap();
    assert!(!work.real().join(".npmrc").exists() && !work.real().join(".claude").exists());
}

#[test]
fn a_file_that_a_surface_leads_to_is_one() {
    let mut work = Workspace::new(|real| {
        for name in ["config/servers.json", "shared/settings.json", "deep/own/tasks.json", "free"] {
            put(real, name, "old\n");
        }
        symlink("config/servers.json", real.join(".mcp.json")).unwrap();
        symlink("agents", real.join(".claude")).unwrap();
        symlink("./shared", real.join("agents")).unwrap();
        put(real, "deep/.vscode/x", "");
        symlink("../own/tasks.json", real.join("deep/.vscode/tasks.json")).unwrap();
    });
    let at = work.session();
    for name in ["config/servers.json", "shared/settings.json", "deep/own/tasks.json", "free"] {
        put(&at, name, "new\n");
    }
    // A link and what it leads to, made together.
    put(&at, "made/rules.json", "new\n");
    symlink("made/rules.json", at.join("opencode.json")).unwrap();
    let set = work.changes();
    let real = work.real_tree();
    let record = work.files.keep(&real, &set, &Selection::Edits).unwrap();
    let words: Vec<String> =
        record.steps.iter().map(|step| format!("{} {}", step.path, word(step))).collect();
    let expected = [
        "config/servers.json asked",
        "deep/own/tasks.json asked",
        "free kept",
        "made/rules.json asked",
        "opencode.json asked",
        "shared/settings.json asked",
    ];
    assert_eq!(words, expected);
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
