// SPDX-License-Identifier: Apache-2.0
//! Rules about text in any file: licence headers, open ends, and places that
//! only exist on one machine.
//!
//! The words that are looked for are spelled in parts here, so that this file
//! does not find itself.
//!
//! Invariant: what a finding quotes is what a person finds with a plain search.

use super::Finding;
use super::source::Scope;
use super::tree::{Tree, is_sample, is_test_text};

const HEADER: &str = "SPDX-License-Identifier: Apache-2.0";

/// Words for work left open, each spelled in parts.
const OPEN_ENDS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Directories that only exist on the machine of whoever wrote them down.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), TEMPORARY];
const TEMPORARY: &str = concat!("/t", "mp/");

/// Hosts of package registries, each spelled in parts.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("yarnpkg", ".com"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("repo1.maven", ".org"),
    concat!("repo.maven.apache", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("rubygems", ".org"),
    concat!("nuget", ".org"),
];

/// Finds source files without the licence header.
pub(super) fn headers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let ours = path.starts_with("crates/") || path.starts_with("xtask/");
        let lines_to_search = match name.rsplit_once('.') {
            Some((_, "rs")) if ours => 1,
            Some((_, "sh")) => 3,
            _ if name == "Makefile" || path == ".ci/run" => 3,
            _ => continue,
        };
        if !is_sample(path) && !text.lines().take(lines_to_search).any(|line| line.contains(HEADER))
        {
            findings.push(Finding {
                path: path.to_owned(),
                line: 1,
                what: "has no licence header".to_owned(),
                why: "a file that travels alone must say its licence",
                fix: "start it with a comment `SPDX-License-Identifier: Apache-2.0`",
            });
        }
    }
    findings
}

/// Finds open ends that name no issue; in Rust only comments can hold one.
pub(super) fn todos(tree: &Tree) -> Vec<Finding> {
    each_line(tree, |path, _, line| {
        if is_lock(path) {
            return None;
        }
        let word = OPEN_ENDS.iter().find(|word| {
            line.match_indices(*word).any(|(start, _)| {
                let (before, after) = around(line, start, word.len());
                let whole =
                    !before.is_some_and(is_word) && !after.chars().next().is_some_and(is_word);
                let said = !path.ends_with(".rs") || is_comment(line, start);
                whole && said && !names_issue(after) && before != Some('`')
            })
        })?;
        Some(Finding {
            path: String::new(),
            line: 0,
            what: format!("`{word}` without an issue"),
            why: "an open end that nobody owns stays open",
            fix: "do it, or open an issue and write its number as `(#12)` behind the word",
        })
    })
}

/// Finds tests that are skipped, that want a panic, or that sleep.
pub(super) fn sleepers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        // The kit holds the one loop that waits for a condition.
        let waits = |path: &str| {
            ["std::thread::sleep", "tokio::time::sleep"].contains(&path)
                && file.package != "testkit"
        };
        let calls = file.source.paths.iter().filter(|found| waits(&found.text));
        let skips = |text: &str| {
            ["ignore", "should_panic"].iter().any(|name| {
                text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
            })
        };
        let attributes = file.source.attributes.iter().filter(|found| skips(&found.text));
        for found in calls.chain(attributes) {
            if found.scope == Scope::Test || skips(&found.text) {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: found.line,
                    what: format!("a test uses `{}`", found.text),
                    why: "a test that is skipped, panics or sleeps proves nothing or fails at random",
                    fix: "wait on a condition, check the error, or delete the test",
                });
            }
        }
    }
    findings
}

/// Finds paths of one machine.
pub(super) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let rust = |path: &str| tree.rust().iter().find(|file| file.path == path);
    each_line(tree, |path, number, line| {
        if is_lock(path) {
            return None;
        }
        let found = MACHINE_PATHS.iter().find(|place| {
            line.match_indices(*place).any(|(start, _)| {
                let (before, _) = around(line, start, place.len());
                !before.is_some_and(|c| is_word(c) || ".~-}*)/".contains(c))
            })
        })?;
        let in_test = || {
            is_test_text(path)
                || rust(path).is_some_and(|file| {
                    file.scope == Scope::Test || file.source.is_test_line(number)
                })
        };
        // Inside a sandbox the private temporary directory has the usual name.
        let inside = path.starts_with("crates/sandbox/");
        if *found == TEMPORARY && (inside || in_test()) {
            return None;
        }
        Some(Finding {
            path: String::new(),
            line: 0,
            what: format!("names the place `{found}`"),
            why: "it exists on one machine only",
            fix: "take the path from the caller, or from the user's directories",
        })
    })
}

/// Finds host names of package registries.
pub(super) fn registry_hosts(tree: &Tree) -> Vec<Finding> {
    each_line(tree, |path, _, line| {
        if is_lock(path) {
            return None;
        }
        let host = REGISTRY_HOSTS.iter().find(|host| line.contains(*host))?;
        Some(Finding {
            path: String::new(),
            line: 0,
            what: format!("names the registry `{host}`"),
            why: "registries are configured by the user's own clients, never by us",
            fix: "call the client and let it find its registry",
        })
    })
}

/// Runs `judge` over every line of every text file and fills in the place.
fn each_line(tree: &Tree, judge: impl Fn(&str, usize, &str) -> Option<Finding>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        for (index, line) in text.lines().enumerate() {
            if let Some(finding) = judge(path, index + 1, line) {
                findings.push(Finding { path: path.to_owned(), line: index + 1, ..finding });
            }
        }
    }
    findings
}

/// The character before a match, and the text after it.
fn around(line: &str, start: usize, length: usize) -> (Option<char>, &str) {
    let before = line.get(..start).and_then(|text| text.chars().next_back());
    (before, line.get(start + length..).unwrap_or_default())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether a place in a line of Rust stands behind the start of a comment.
fn is_comment(line: &str, start: usize) -> bool {
    line.trim_start().starts_with('*') || line.get(..start).is_some_and(|text| text.contains("//"))
}

fn names_issue(after: &str) -> bool {
    let number = after.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
    number
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Files that other programs write.
fn is_lock(path: &str) -> bool {
    path.ends_with(".lock") || path.ends_with("package-lock.json")
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    const MANIFEST: (&str, &str) = ("crates/a/Cargo.toml", "[package]");

    #[test]
    fn a_missing_header_is_found() {
        let run = |path: &str, text: &str| check(headers, &[(path, text)]);
        assert_eq!(
            run("crates/a/src/x.rs", "//! Doc.\n"),
            ["crates/a/src/x.rs:1: has no licence header"]
        );
        assert_eq!(run("scripts/x.sh", "#!/bin/sh\n").len(), 1);
        assert_eq!(run("crates/a/src/x.rs", &format!("\n// {HEADER}")).len(), 1);
        assert!(run("crates/a/src/x.rs", &format!("// {HEADER}\n//! Doc.")).is_empty());
        assert!(run("scripts/x.sh", &format!("#!/bin/sh\n# {HEADER}\n")).is_empty());
        assert!(run("bench/tasks/a/x.rs", "fn f() {}").is_empty());
        assert!(run("docs/x.md", "# X").is_empty());
    }

    #[test]
    fn an_open_end_without_an_issue_is_found() {
        let run = |text: &str| check(todos, &[("crates/a/src/x.rs", text)]);
        for word in OPEN_ENDS {
            assert_eq!(
                run(&format!("\n// {word}: later")),
                [format!("crates/a/src/x.rs:2: `{word}` without an issue")]
            );
            assert_eq!(run(&format!("// {word}(#)")).len(), 1);
            for near in ["(#12): later", "S", "_LIST"] {
                assert!(run(&format!("// {word}{near}")).is_empty(), "{near}");
            }
            for near in
                [format!("// the word `{word}`"), format!("// MAS{word}"), format!("f(\"{word}\")")]
            {
                assert!(run(&near).is_empty(), "{near}");
            }
            let manifest = format!("description = \"{word}\"");
            assert_eq!(check(todos, &[("crates/a/Cargo.toml", &manifest)]).len(), 1);
        }
    }

    #[test]
    fn tests_that_do_not_run_or_sleep_are_found() {
        let run = |text: &str| check(sleepers, &[MANIFEST, ("crates/a/src/x.rs", text)]);
        assert_eq!(
            run("#[test]\n#[ignore]\nfn f() {}"),
            ["crates/a/src/x.rs:2: a test uses `ignore`"]
        );
        for text in [
            "#[test] #[ignore = \"slow\"] fn f() {}",
            "#[test] #[should_panic(expected = \"x\")] fn f() {}",
            "#[test] fn f() { std::thread::sleep(d); }",
            "#[cfg(test)] mod tests { use std::thread; fn f() { thread::sleep(d); } }",
        ] {
            assert_eq!(run(text).len(), 1, "{text}");
        }
        for text in ["#[test] fn f() { clock.sleep(d); }", "#[ignored] fn f() {}", "fn ignore() {}"]
        {
            assert!(run(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_place_on_one_machine_is_found() {
        let run = |path: &str, text: &str| check(machine_paths, &[MANIFEST, (path, text)]);
        let (home, shared, temporary) = (MACHINE_PATHS[1], MACHINE_PATHS[0], TEMPORARY);
        assert_eq!(
            run("docs/a.md", &format!("\nsee {shared}x")),
            [format!("docs/a.md:2: names the place `{shared}`")]
        );
        assert_eq!(run("crates/a/tests/it/main.rs", &format!("// {home}x")).len(), 1);
        assert_eq!(
            run("crates/a/src/x.rs", &format!("const A: &str = \"{temporary}x\";")).len(),
            1
        );
        let in_test = format!("#[cfg(test)]\nmod tests {{\n const A: &str = \"{temporary}x\";\n}}");
        assert!(run("crates/a/src/x.rs", &in_test).is_empty());
        assert!(run("crates/a/tests/it/main.rs", &format!("// {temporary}x")).is_empty());
        for near in [format!("frame{shared}x"), format!("~{temporary}x"), format!("${{x}}{shared}")]
        {
            assert!(run("docs/a.md", &near).is_empty(), "{near}");
        }
    }

    #[test]
    fn a_host_of_a_registry_is_found() {
        let run = |path: &str, text: &str| check(registry_hosts, &[(path, text)]);
        let host = REGISTRY_HOSTS[0];
        assert_eq!(
            run("crates/a/src/x.rs", &format!("\n// https://{host}/x")),
            [format!("crates/a/src/x.rs:2: names the registry `{host}`")]
        );
        assert!(run("Cargo.lock", &format!("source = \"{host}\"")).is_empty());
        assert!(run("docs/a.md", "https://example.org").is_empty());
    }
}
