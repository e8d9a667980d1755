// SPDX-License-Identifier: Apache-2.0
//! Words that say nothing, in names of types, modules and functions.
//!
//! A name such as `SessionManager` hides what the thing does, and everything
//! ends up in it. The check knows the worst of them; the rest is for reviewers.
//!
//! Invariant: only names of our own are judged, never those of other crates.

use super::Finding;
use super::source::Scope;
use super::tree::Tree;

const TYPE_WORDS: &[&str] = &[
    "Manager", "Managers", "Helper", "Helpers", "Util", "Utils", "Info", "Infos", "Data", "Misc",
    "Legacy",
];

const MODULE_NAMES: &[&str] =
    &["common", "data", "helper", "helpers", "info", "manager", "misc", "util", "utils"];

/// Finds `mod.rs` files.
pub(super) fn mod_files(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .iter()
        .filter(|file| file.path.ends_with("/mod.rs"))
        .map(|file| Finding {
            path: file.path.clone(),
            line: 1,
            what: "is called `mod.rs`".to_owned(),
            why: "ten tabs with one name cannot be told apart",
            fix: "call it `name.rs` beside the directory `name/`",
        })
        .collect()
}

/// Finds types with a word that says nothing, or with a number of a version.
pub(super) fn types(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for found in &file.source.types {
            let words = words(&found.text);
            let empty = words.iter().find(|word| TYPE_WORDS.contains(&word.as_str()));
            let version = words.last().filter(|word| {
                word.strip_prefix('V').is_some_and(|rest| {
                    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
                })
            });
            if let Some(word) = empty.or(version) {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: found.line,
                    what: format!("the type `{}` is named with `{word}`", found.text),
                    why: "the word does not say what the type is",
                    fix: "name the thing itself; see docs/glossary.md",
                });
            }
        }
    }
    findings
}

/// Finds modules with a name that says nothing.
pub(super) fn modules(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let stem = file.path.rsplit('/').next().unwrap_or_default();
        let stem = stem.strip_suffix(".rs").unwrap_or(stem);
        let old = stem.starts_with("new_") || stem.starts_with("legacy") || stem.ends_with("_v2");
        if MODULE_NAMES.contains(&stem) || old {
            findings.push(Finding {
                path: file.path.clone(),
                line: 1,
                what: format!("the module is called `{stem}`"),
                why: "a drawer without a label collects everything",
                fix: "name it after the one noun it is about",
            });
        }
    }
    findings
}

/// Finds functions called `get_...`.
pub(super) fn getters(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for found in &file.source.functions {
            if found.scope == Scope::Shipped && found.text.starts_with("get_") {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: found.line,
                    what: format!("the function is called `{}`", found.text),
                    why: "Rust names an accessor after what it gives",
                    fix: "drop `get_`",
                });
            }
        }
    }
    findings
}

/// Finds functions that take a `bool`, whose meaning no caller can read.
pub(super) fn switches(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for found in file.source.switches.iter().filter(|found| found.scope == Scope::Shipped) {
            findings.push(Finding {
                path: file.path.clone(),
                line: found.line,
                what: format!("a parameter of type `bool`: `{}`", found.text),
                why: "nobody can read at the call what `true` means",
                fix: "take an enum with two named variants, or make it private",
            });
        }
    }
    findings
}

/// Splits a name in upper camel case into its words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if !character.is_uppercase() => word.push(character),
            Some(_) | None => words.push(character.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    const MANIFEST: (&str, &str) = ("crates/a/Cargo.toml", "[package]");

    #[test]
    fn a_mod_file_is_found() {
        assert_eq!(
            check(mod_files, &[MANIFEST, ("crates/a/src/m/mod.rs", "")]),
            ["crates/a/src/m/mod.rs:1: is called `mod.rs`"]
        );
        assert!(check(mod_files, &[MANIFEST, ("crates/a/src/m/amod.rs", "")]).is_empty());
    }

    #[test]
    fn empty_words_in_types_are_found_and_words_that_contain_them_are_not() {
        let run = |text: &str| check(types, &[MANIFEST, ("crates/a/src/x.rs", text)]);
        assert_eq!(
            run("\nstruct SessionManager;"),
            ["crates/a/src/x.rs:2: the type `SessionManager` is named with `Manager`"]
        );
        for text in ["enum PathUtils {}", "trait Helper {}", "type ModelInfo = u8;", "struct OpV2;"]
        {
            assert_eq!(run(text).len(), 1, "{text}");
        }
        for text in [
            "struct Metadata;",
            "struct Database;",
            "struct Information;",
            "struct Sha256;",
            "struct IpV6Address;",
            "fn manager(i: Vec<other::Manager>) {}",
        ] {
            assert!(run(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn empty_names_of_modules_are_found() {
        let run = |path: &str| check(modules, &[MANIFEST, (path, "")]);
        assert_eq!(
            run("crates/a/src/utils.rs"),
            ["crates/a/src/utils.rs:1: the module is called `utils`"]
        );
        assert_eq!(run("crates/a/src/new_parser.rs").len(), 1);
        assert_eq!(run("crates/a/src/parser_v2.rs").len(), 1);
        for path in ["crates/a/src/database.rs", "crates/a/src/newline.rs", "crates/a/src/x.rs"] {
            assert!(run(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn getters_are_found_but_not_in_tests() {
        let run = |text: &str| check(getters, &[MANIFEST, ("crates/a/src/x.rs", text)]);
        assert_eq!(
            run("impl A {\n fn get_name(&self) {} }"),
            ["crates/a/src/x.rs:2: the function is called `get_name`"]
        );
        for text in ["fn get() {}", "fn target() {}", "#[test] fn get_works() {}"] {
            assert!(run(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_visible_function_that_takes_a_bool_is_found() {
        let run = |text: &str| check(switches, &[MANIFEST, ("crates/a/src/x.rs", text)]);
        assert_eq!(
            run("impl A {\n pub(crate) fn open(&self, quiet: bool) {} }"),
            ["crates/a/src/x.rs:2: a parameter of type `bool`: `open(quiet)`"]
        );
        assert_eq!(run("pub fn open(a: u8, quiet: bool, loud: bool) {}").len(), 2);
        for text in [
            "fn open(quiet: bool) {}",
            "pub fn is_open(a: u8) -> bool { true }",
            "pub fn all(found: &mut [bool]) {}",
            "#[cfg(test)] mod tests { pub fn open(quiet: bool) {} }",
        ] {
            assert!(run(text).is_empty(), "{text}");
        }
    }
}
