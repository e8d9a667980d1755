// SPDX-License-Identifier: Apache-2.0
//! Documentation that must exist and must not lie about files.
//!
//! A map is worth having only if it leads somewhere: links in Markdown lead to
//! files and headings that exist, and the list of dependencies names each
//! direct dependency and none that is gone.
//!
//! Invariant: addresses on the network are not followed; nothing here connects.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::layers::{dependencies as dependencies_of, our_name};
use super::tree::{Tree, is_sample, line_of};

const DEPENDENCIES: &str = "docs/dependencies.md";
const INDEX: &str = "docs/index.md";

/// What the documentation of a crate says, each as a word in italics.
const CRATE_PARTS: [&str; 3] = ["*Responsibility*", "*Not here*", "*Map*"];

/// Finds Rust files that do not say what they are for.
pub(super) fn modules(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let text = tree.text(&file.path).unwrap_or_default();
        let doc = module_doc(text);
        if doc.len() < 10 || doc == "Placeholder." {
            findings.push(Finding {
                path: file.path.clone(),
                line: 1,
                what: "has no module documentation".to_owned(),
                why: "a reader starts at the top of a file",
                fix: "write `//!` lines below the licence: what it is for, why, what it leaves out",
            });
        }
    }
    findings
}

/// Finds crate roots whose documentation lacks a part.
pub(super) fn crates(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.packages() {
        let path = format!("{}/src/lib.rs", package.dir);
        let Some(text) = tree.text(&path) else { continue };
        let doc = module_doc(text);
        for part in CRATE_PARTS.iter().filter(|part| !doc.contains(**part)) {
            findings.push(Finding {
                path: path.clone(),
                line: 1,
                what: format!("the documentation of the crate lacks {part}"),
                why: "each crate says what it is responsible for, what is elsewhere, and where to look",
                fix: "add the part to the `//!` lines, as `crates/base/src/lib.rs` does",
            });
        }
    }
    findings
}

/// Finds links in Markdown that lead to no file or no heading.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_document(path)) {
        for (line, target) in targets(text) {
            if let Err(what) = follow(tree, path, text, &target) {
                findings.push(Finding {
                    path: path.to_owned(),
                    line,
                    what,
                    why: "a link that leads nowhere makes the rest doubtful",
                    fix: "correct the link or write what it promises",
                });
            }
        }
    }
    findings
}

/// Finds documents that the index does not lead to.
pub(super) fn index(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(INDEX).unwrap_or_default();
    let listed: BTreeSet<String> = targets(text)
        .into_iter()
        .filter_map(|(_, target)| resolve(INDEX, target.split('#').next().unwrap_or_default()))
        .collect();
    tree.paths()
        .filter(|path| path.starts_with("docs/") && path.ends_with(".md"))
        .filter(|path| *path != INDEX && !listed.contains(*path))
        .map(|path| Finding {
            path: path.to_owned(),
            line: 1,
            what: format!("{INDEX} does not lead here"),
            why: "a document that nobody finds is not read and goes stale",
            fix: "link it from the index",
        })
        .collect()
}

/// Finds direct dependencies without a reason, and reasons without a dependency.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let used: BTreeMap<String, String> = tree
        .packages()
        .iter()
        .flat_map(|package| {
            let of = dependencies_of(package).into_iter();
            of.map(|(_, name)| (name, format!("{}/Cargo.toml", package.dir)))
        })
        .filter(|(name, _)| our_name(name).is_none())
        .collect();
    let text = tree.text(DEPENDENCIES).unwrap_or_default();
    let named: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let missing = used.iter().filter(|(name, _)| !named.contains(name.as_str()));
    let missing = missing.map(|(name, manifest)| Finding {
        path: manifest.clone(),
        line: line_of(tree.text(manifest).unwrap_or_default(), name),
        what: format!("`{name}` has no row in {DEPENDENCIES}"),
        why: "each dependency is code that we answer for",
        fix: "add a row that says why it was chosen",
    });
    let gone = named.iter().filter(|name| !used.contains_key(**name));
    let gone = gone.map(|name| Finding {
        path: DEPENDENCIES.to_owned(),
        line: line_of(text, &format!("| `{name}`")),
        what: format!("`{name}` is no direct dependency"),
        why: "a list with wrong rows is not read",
        fix: "remove the row",
    });
    missing.chain(gone).collect()
}

/// The text of the leading `//!` lines, below the licence.
fn module_doc(text: &str) -> String {
    let lines = text
        .lines()
        .skip_while(|line| line.starts_with("// SPDX") || line.trim().is_empty())
        .map_while(|line| line.strip_prefix("//!"));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Our own documents, not those of tasks and fixtures.
fn is_document(path: &str) -> bool {
    path.ends_with(".md") && !is_sample(path)
}

/// The targets of links with their lines; code is left out.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
        for part in prose.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push((index + 1, target.trim().to_owned()));
            }
        }
    }
    found
}

/// Follows one link inside the repository.
fn follow(tree: &Tree, path: &str, text: &str, target: &str) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let resolved = if file.is_empty() {
        path.to_owned()
    } else {
        resolve(path, file).ok_or_else(|| format!("the link `{target}` leaves the repository"))?
    };
    if !tree.exists(&resolved) {
        return Err(format!("the link `{target}` leads to no file"));
    }
    let there = if resolved == path { text } else { tree.text(&resolved).unwrap_or_default() };
    let known = || there.lines().filter_map(anchor).any(|known| known == heading);
    if heading.is_empty() || !resolved.ends_with(".md") || known() {
        Ok(())
    } else {
        Err(format!("the link `{target}` leads to no heading"))
    }
}

/// The path that `link` in the file `from` stands for.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchor of a heading as forges make it: lower case, blanks to hyphens.
fn anchor(line: &str) -> Option<String> {
    let title = line.trim_start_matches('#');
    if title.len() == line.len() || !title.starts_with(' ') {
        return None;
    }
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    const HEADER: &str = "// SPDX-License-Identifier: Apache-2.0\n";
    const MANIFEST: (&str, &str) = ("crates/a/Cargo.toml", "[package]");

    #[test]
    fn a_file_without_documentation_is_found() {
        let run = |text: &str| {
            let text = format!("{HEADER}{text}");
            check(modules, &[MANIFEST, ("crates/a/src/x.rs", &text)])
        };
        for text in [
            "fn f() {}",
            "//! \nfn f() {}",
            "//! Placeholder.",
            "// Reads the thing.",
            "/// Reads the thing.\nfn f() {}",
        ] {
            assert_eq!(run(text), ["crates/a/src/x.rs:1: has no module documentation"], "{text}");
        }
        assert!(run("//! Reads the thing.\nfn f() {}").is_empty());
    }

    #[test]
    fn a_crate_root_without_a_part_is_found() {
        let run = |doc: &str| {
            let text = format!("{HEADER}//! A crate.\n//! {doc}");
            check(crates, &[MANIFEST, ("crates/a/src/lib.rs", &text)])
        };
        assert_eq!(
            run("*Responsibility*: x *Not here*: y"),
            ["crates/a/src/lib.rs:1: the documentation of the crate lacks *Map*"]
        );
        assert!(run("*Responsibility*: x *Not here*: y *Map*: z").is_empty());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let run = |text: &str| {
            let other = "# Other\n\n## A `code` heading, twice\n";
            check(links, &[("docs/a.md", text), ("docs/b.md", other), ("README.md", "")])
        };
        for (text, what) in [
            ("[x](c.md)", "the link `c.md` leads to no file"),
            ("[x](../../c.md)", "the link `../../c.md` leaves the repository"),
            ("[x](b.md#no)", "the link `b.md#no` leads to no heading"),
            ("[x](#no)", "the link `#no` leads to no heading"),
            ("[y](b.md) [x](c.md)", "the link `c.md` leads to no file"),
        ] {
            assert_eq!(run(&format!("\n{text}")), [format!("docs/a.md:2: {what}")]);
        }
        for text in [
            "[x](b.md) [x](../README.md) [x](..)",
            "[x](b.md#a-code-heading-twice)",
            "# Here\n[x](#here)",
            "[x](https://example.org/none)",
            "`[x](c.md)`",
            "```\n[x](c.md)\n```",
        ] {
            assert_eq!(run(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_document_that_the_index_forgot_is_found() {
        let run = |text: &str| {
            let files =
                [("docs/a.md", ""), ("docs/deep/b.md", ""), ("docs/x.toml", ""), (INDEX, text)];
            check(index, &files)
        };
        assert_eq!(
            run("[a](a.md)\n`[b](deep/b.md)`"),
            ["docs/deep/b.md:1: docs/index.md does not lead here"]
        );
        assert!(run("[a](a.md#part) [b](deep/b.md)").is_empty());
    }

    #[test]
    fn dependencies_without_a_reason_and_reasons_without_a_dependency_are_found() {
        let manifest = "[dependencies]\nmoat-base.workspace = true\nserde.workspace = true\n";
        let run = |text: &str| {
            check(dependencies, &[("crates/a/Cargo.toml", manifest), (DEPENDENCIES, text)])
        };
        assert_eq!(
            run("# Why"),
            ["crates/a/Cargo.toml:3: `serde` has no row in docs/dependencies.md"]
        );
        assert!(run("| `serde` | reads and writes |").is_empty());
        assert_eq!(
            run("| `serde` | reads |\n| `gone` | was |"),
            ["docs/dependencies.md:2: `gone` is no direct dependency"]
        );
    }
}
