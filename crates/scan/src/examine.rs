// SPDX-License-Identifier: Apache-2.0
//! What the files of a tree would make a tool do: the catalogue's surfaces, and git's own files.
//!
//! A surface of the catalogue gives one finding with the lines that hold one of its keys; where
//! none does, with its first lines. Git's configuration is read as git reads it ([`crate::git`]).
//!
//! Invariant: a surface whose part is there is told, also where it cannot be read as what it
//! should be.

use std::borrow::Cow;

use moat_base::TreePath;

use crate::finding::{Act, Finding, Level, When};
use crate::fold::{fold_path, is_git_name};
use crate::git;
use crate::limits::{CARRIED_BYTES_MAX, CARRIED_LINES_MAX};
use crate::part::Part;
use crate::pattern::{Fit, surfaces};
use crate::surface::{Effect, Surface};

/// Whether some rule reads this path. It is asked for each file of a tree.
#[must_use]
pub fn is_examined(path: &TreePath) -> bool {
    match git_part(path) {
        GitPart::Config | GitPart::Hook => true,
        GitPart::Other => false,
        GitPart::Outside => {
            let named = surfaces(&fold_path(path.as_bytes()));
            named.iter().any(|(_, fit)| *fit == Fit::Whole)
        }
    }
}

/// What a file makes tools do, by its path and its content.
#[must_use]
pub fn examine(path: &TreePath, content: &[u8]) -> Vec<Finding> {
    match git_part(path) {
        GitPart::Config => return git::config(path, content),
        GitPart::Hook => return vec![hook(path, content)],
        GitPart::Other => return Vec::new(),
        GitPart::Outside => {}
    }
    let mut findings = Vec::new();
    for (surface, fit) in surfaces(&fold_path(path.as_bytes())) {
        if fit == Fit::Whole && surface.part.differs(None, Some(content)) {
            findings.push(of_surface(surface, path, content));
        }
    }
    findings
}

/// What a file is to git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GitPart {
    Config,
    Hook,
    /// Something else in a repository's own directory.
    Other,
    /// It is in none.
    Outside,
}

fn git_part(path: &TreePath) -> GitPart {
    let mut beneath = path.components().skip_while(|name| !is_git_name(name)).skip(1).peekable();
    if beneath.peek().is_none() {
        return GitPart::Outside;
    }
    let rest: Vec<&[u8]> = beneath.collect();
    match rest.as_slice() {
        [.., b"config" | b"config.worktree"] => GitPart::Config,
        [.., b"hooks", name] if !name.ends_with(b".sample") => GitPart::Hook,
        _ => GitPart::Other,
    }
}

fn hook(path: &TreePath, content: &[u8]) -> Finding {
    let (line, carries) = carried(content, "");
    Finding {
        rule: Cow::Borrowed("git-hook"),
        path: path.clone(),
        line,
        key: String::new(),
        carries,
        readers: Cow::Borrowed("git, and every tool that uses it"),
        // `post-index-change` and `fsmonitor-watchman` run at a mere `git status`.
        when: When::Open,
        effect: Act::Execute,
        level: Level::High,
        says: Cow::Borrowed("runs when git does something here"),
    }
}

fn of_surface(surface: &Surface, path: &TreePath, content: &[u8]) -> Finding {
    let strongest = surface.effects.iter().copied().map(weight).max();
    let (level, when, effect) = strongest.map_or((Level::Low, When::Action, Act::Render), flip);
    let (line, carries) = carried(content, surface.keys);
    Finding {
        rule: Cow::Owned(id(surface)),
        path: path.clone(),
        line,
        key: surface.keys.to_owned(),
        carries,
        readers: Cow::Borrowed(surface.reader),
        when,
        effect,
        level,
        says: Cow::Borrowed(surface.does),
    }
}

/// How an effect counts, the most dangerous last.
type Weight = (Level, std::cmp::Reverse<(When, Act)>);

const fn weight(effect: Effect) -> Weight {
    let (level, when, act) = match effect {
        Effect::ExecOpen => (Level::High, When::Open, Act::Execute),
        Effect::Redirect => (Level::High, When::Open, Act::Redirect),
        Effect::Relax => (Level::High, When::Open, Act::Relax),
        Effect::Inject => (Level::Medium, When::Action, Act::Execute),
        Effect::Persist => (Level::Medium, When::Action, Act::Execute),
        // Every project has builds, and instructions are there to be read.
        Effect::ExecAction => (Level::Low, When::Action, Act::Execute),
        Effect::Prompt => (Level::Low, When::Open, Act::Instruct),
        Effect::Render => (Level::Low, When::Open, Act::Render),
    };
    (level, std::cmp::Reverse((when, act)))
}

const fn flip((level, std::cmp::Reverse((when, act))): Weight) -> (Level, When, Act) {
    (level, when, act)
}

/// The id of a surface: its first pattern as a word, what it does first, and for a part of a
/// file the first of its keys.
fn id(surface: &Surface) -> String {
    let pattern = surface.patterns.first().copied().unwrap_or("surface");
    let mut word = String::new();
    for letter in pattern.chars() {
        match letter {
            'a'..='z' | '0'..='9' => word.push(letter),
            '*' => word.push('x'),
            _ if !word.is_empty() && !word.ends_with('-') => word.push('-'),
            _ => {}
        }
    }
    let effect = match surface.effects.first() {
        Some(Effect::ExecOpen) => "open",
        Some(Effect::ExecAction) => "action",
        Some(Effect::Redirect) => "redirect",
        Some(Effect::Relax) => "relax",
        Some(Effect::Prompt) => "prompt",
        Some(Effect::Render) => "render",
        Some(Effect::Inject) => "inject",
        Some(Effect::Persist) => "persist",
        None => "surface",
    };
    let key = match surface.part {
        Part::Whole => String::new(),
        Part::Toml(_)
        | Part::TomlAddresses(_)
        | Part::Schemas
        | Part::Tags(_)
        | Part::Requirements
        | Part::Mentions(_) => surface
            .keys
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .find(|word| word.len() > 3)
            .map_or_else(String::new, |word| format!("-{}", word.to_lowercase())),
    };
    format!("{}-{effect}{key}", word.trim_end_matches('-'))
}

/// The lines of a text that hold one of these keys, or its first lines; with how many are
/// left out. And the number of the first one.
fn carried(content: &[u8], keys: &str) -> (Option<u32>, String) {
    let text = String::from_utf8_lossy(content);
    let words: Vec<String> = words(keys);
    let holds = |line: &str| {
        let small = line.to_lowercase();
        words.iter().any(|word| small.contains(word.as_str()))
    };
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(number, line)| (number, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let mut told: Vec<&(usize, &str)> = lines.iter().filter(|(_, line)| holds(line)).collect();
    if told.is_empty() {
        told = lines.iter().collect();
    }
    let first = told.first().and_then(|(number, _)| u32::try_from(number + 1).ok());
    let mut carries = String::new();
    let mut count = 0;
    for (_, line) in told.iter().take(CARRIED_LINES_MAX) {
        let room = CARRIED_BYTES_MAX.saturating_sub(carries.len());
        let cut = line.floor_char_boundary(room);
        if cut < line.len() {
            carries.push_str(line.get(..cut).unwrap_or_default());
            break;
        }
        if count > 0 {
            carries.push('\n');
        }
        carries.push_str(line);
        count += 1;
    }
    let rest = lines.len() - count;
    if rest > 0 {
        carries.push_str(&format!("\n(and {rest} more lines)"));
    }
    (first, carries)
}

/// The words of a surface's keys that a line may hold.
fn words(keys: &str) -> Vec<String> {
    let parts = keys.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut words: Vec<String> = parts.map(str::to_lowercase).collect();
    words.retain(|word| word.len() > 2 && !PROSE.contains(&word.as_str()));
    words.sort();
    words.dedup();
    words
}

/// What stands between the keys in the catalogue's lists.
const PROSE: &[&str] = &[
    "and", "are", "beside", "file", "files", "from", "includes", "its", "key", "keys", "name",
    "names", "that", "the", "them", "they", "text", "what", "where", "which", "with", "value",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalogue::catalogue;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    #[test]
    fn every_surface_is_examined_and_has_an_id_of_its_own() {
        let mut ids: BTreeMap<String, &Surface> = BTreeMap::new();
        for surface in catalogue() {
            for pattern in surface.patterns {
                let name = pattern.trim_start_matches('/').replace("**", "deep").replace('*', "x");
                // Of a repository's own directory only what acts is read.
                let is_git = name.split('/').any(|name| name == ".git") && !name.ends_with(".git");
                assert!(is_git || is_examined(&path(&name)), "{name}");
            }
            let id = id(surface);
            assert!(!id.starts_with('-') && !id.contains("--"), "{id}");
            if let Some(other) = ids.insert(id.clone(), surface) {
                panic!("{id}: {:?} and {:?}", other.patterns, surface.patterns);
            }
        }
    }

    #[test]
    fn what_acts_is_told_with_its_lines_and_a_near_miss_is_not() {
        let tasks = "{\n  \"version\": \"2.0.0\",\n  \"tasks\": [\n    {\"command\": \"touch CANARY\"}\n  ]\n}\n";
        let found = examine(&path("sub/.VSCode/Tasks.json"), tasks.as_bytes());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].carries.contains("touch CANARY"), "{found:?}");
        assert_eq!((found[0].level, found[0].effect), (Level::High, Act::Execute));
        assert!(examine(&path("vscode/tasks.json"), tasks.as_bytes()).is_empty());
        // Of a manifest only some keys act.
        let manifest = path("pyproject.toml");
        let redirects = |text: &str| {
            let found = examine(&manifest, text.as_bytes());
            found.iter().filter(|it| it.effect == Act::Redirect).count()
        };
        assert_eq!(
            redirects("[build-system]\nrequires = [\"evil @ https://evil.example/x\"]\n"),
            1
        );
        assert_eq!(redirects("[build-system]\nrequires = [\"hatchling\"]\n"), 0);
        assert!(redirects("[tool.uv\n") > 0, "what cannot be read counts");
    }

    #[test]
    fn hooks_and_configurations_of_repositories_are_told() {
        let script = b"#!/bin/sh\ntouch CANARY\n";
        for name in [".git/hooks/pre-commit", "a/.GIT/hooks/post-checkout"] {
            let found = examine(&path(name), script);
            assert_eq!((found.len(), found[0].level), (1, Level::High), "{name}");
            assert!(found[0].carries.contains("touch CANARY"));
        }
        for name in [".git/hooks/pre-commit.sample", "hooks/pre-commit", "git/config"] {
            assert!(!is_examined(&path(name)), "{name}");
        }
        let config = b"[core]\n\tfsmonitor = touch CANARY\n";
        assert_eq!(examine(&path(".git/config"), config)[0].carries, "touch CANARY");
        assert_eq!(examine(&path(".git/modules/a/config"), config).len(), 1);
    }

    #[test]
    fn what_is_carried_is_bounded_and_says_so() {
        let long = "x".repeat(CARRIED_BYTES_MAX * 2);
        let many = "a\n".repeat(CARRIED_LINES_MAX * 3);
        for text in [long.as_str(), many.as_str()] {
            let (line, carries) = carried(text.as_bytes(), "");
            assert_eq!(line, Some(1));
            assert!(carries.len() < CARRIED_BYTES_MAX + 64, "{}", carries.len());
            assert!(carries.ends_with(" more lines)"), "{carries}");
        }
        assert_eq!(carried(b"", "command"), (None, String::new()));
        assert_eq!(carried(b"\xff\x00\n", ""), (Some(1), "\u{fffd}\0".into()));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
            number in 0_usize..10_000,
        ) {
            let all: Vec<&str> = catalogue().flat_map(|it| it.patterns).copied().collect();
            let name = all[number % all.len()].trim_start_matches('/').replace('*', "x");
            for name in [name.as_str(), ".git/config", ".git/hooks/a"] {
                let found = examine(&path(name), &bytes);
                assert!(found.iter().all(|it| it.carries.len() < 2 * CARRIED_BYTES_MAX));
            }
        }
    }
}
