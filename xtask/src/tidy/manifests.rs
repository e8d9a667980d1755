// SPDX-License-Identifier: Apache-2.0
//! What every manifest of ours says: lints, licence, versions, no features.
//!
//! Invariant: a crate cannot loosen a rule of the workspace for itself.

use super::Finding;
use super::layers::{manifest_line, our_name};
use super::tree::{DEPENDENCIES, Package, Tree, line_of};

const LICENCE: &str = "Apache-2.0";

/// Lints that the workspace must deny for the doors to hold.
const DENIED: &[(&str, &str)] = &[
    ("rust", "unsafe_code"),
    ("clippy", "allow_attributes"),
    ("clippy", "allow_attributes_without_reason"),
    ("clippy", "disallowed_methods"),
    ("clippy", "disallowed_types"),
    ("clippy", "too_many_lines"),
    ("clippy", "undocumented_unsafe_blocks"),
    ("clippy", "unwrap_used"),
];

/// Crates that may have features, and which: the types in TypeScript, which the product is
/// built without.
const FEATURES: &[(&str, &[&str])] = &[("base", &["typescript"]), ("protocol", &["typescript"])];

/// Finds crates that do not inherit the lints, and lints that were weakened.
pub(super) fn lints(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<_> = tree
        .packages()
        .iter()
        .filter(|package| !inherits(&package.manifest, "lints"))
        .map(|package| Finding {
            path: format!("{}/Cargo.toml", package.dir),
            line: 1,
            what: "does not inherit the lints of the workspace".to_owned(),
            why: "a rule that one crate does not have is not a rule",
            fix: "add `[lints]` with `workspace = true`",
        })
        .collect();
    let text = tree.text("Cargo.toml").unwrap_or_default();
    let root: toml::Table = text.parse().unwrap_or_default();
    for (tool, lint) in DENIED {
        let level = lint_level(&root, tool, lint);
        if !matches!(level, Some("deny" | "forbid")) {
            findings.push(Finding {
                path: "Cargo.toml".to_owned(),
                line: line_of(text, lint),
                what: format!("the lint `{lint}` is not denied"),
                why: "the doors and ceilings stand on it",
                fix: "set it to `deny` in the lints of the workspace",
            });
        }
    }
    findings
}

/// Finds features in crates of ours.
pub(super) fn features(tree: &Tree) -> Vec<Finding> {
    tree.packages()
        .iter()
        .filter(|package| package.manifest.contains_key("features"))
        .filter(|package| !may_have_features(package))
        .map(|package| Finding {
            path: format!("{}/Cargo.toml", package.dir),
            line: manifest_line(tree, package, "[features]"),
            what: format!("`{}` has features", package.name),
            why: "each feature doubles what has to be tested",
            fix: "decide at run time, or by `cfg(target_os)` in one module",
        })
        .collect()
}

/// Whether each of a crate's features is one that it may have.
fn may_have_features(package: &Package) -> bool {
    let of = FEATURES.iter().find(|(name, _)| *name == package.name);
    let named = package.manifest.get("features").and_then(toml::Value::as_table);
    of.zip(named).is_some_and(|((_, allowed), named)| {
        named.keys().all(|feature| allowed.contains(&feature.as_str()))
    })
}

/// Finds crates under another licence, and a missing licence text.
pub(super) fn licences(tree: &Tree) -> Vec<Finding> {
    let finding = |path: String, line: usize, what: String| Finding {
        path,
        line,
        what,
        why: "one licence for all of it keeps reuse simple",
        fix: "inherit it: `license.workspace = true`",
    };
    let mut findings = Vec::new();
    for package in tree.packages() {
        let section = package.manifest.get("package").and_then(toml::Value::as_table);
        let inherited = section.is_some_and(|section| inherits(section, "license"));
        let own = section.and_then(|section| section.get("license")?.as_str());
        if !inherited && own != Some(LICENCE) {
            findings.push(finding(
                format!("{}/Cargo.toml", package.dir),
                manifest_line(tree, package, "license"),
                format!("`{}` is not under {LICENCE}", package.name),
            ));
        }
    }
    let text = tree.text("Cargo.toml").unwrap_or_default();
    if !text.lines().any(|line| line.trim() == format!("license = \"{LICENCE}\"")) {
        let line = line_of(text, "license");
        findings.push(finding(
            "Cargo.toml".to_owned(),
            line,
            format!("the workspace is not under {LICENCE}"),
        ));
    }
    let licence = tree.text("LICENSE").unwrap_or_default();
    if !licence.contains("Apache License") || !licence.contains("Version 2.0, January 2004") {
        findings.push(finding(
            "LICENSE".to_owned(),
            1,
            format!("does not hold the text of {LICENCE}"),
        ));
    }
    findings
}

/// Finds dependencies whose version stands in a crate instead of the workspace,
/// and those that come from a repository instead of a registry.
pub(super) fn inherited(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.packages() {
        for (name, value) in entries(package) {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                findings.push(Finding {
                    path: format!("{}/Cargo.toml", package.dir),
                    line: manifest_line(tree, package, name),
                    what: format!("`{name}` is not taken from the workspace"),
                    why: "one version of each dependency is reviewed once",
                    fix: "name it in the root's `[workspace.dependencies]` and write `.workspace = true`",
                });
            }
        }
    }
    let text = tree.text("Cargo.toml").unwrap_or_default();
    let root: toml::Table = text.parse().unwrap_or_default();
    let shared = root.get("workspace").and_then(|table| table.get("dependencies")?.as_table());
    for (name, value) in shared.into_iter().flatten() {
        let foreign = value.get("git").is_some() || value.get("path").is_some();
        if foreign && our_name(name).is_none() {
            findings.push(Finding {
                path: "Cargo.toml".to_owned(),
                line: line_of(text, name),
                what: format!("`{name}` does not come from a registry"),
                why: "a branch can change under the same name",
                fix: "depend on a published version",
            });
        }
    }
    findings
}

fn entries(package: &Package) -> impl Iterator<Item = (&String, &toml::Value)> {
    DEPENDENCIES.iter().filter_map(|section| package.manifest.get(*section)?.as_table()).flatten()
}

/// Whether `key` says `workspace = true`.
fn inherits(table: &toml::Table, key: &str) -> bool {
    let value = table.get(key).and_then(|value| value.get("workspace"));
    value.and_then(toml::Value::as_bool) == Some(true)
}

fn lint_level<'a>(root: &'a toml::Table, tool: &str, lint: &str) -> Option<&'a str> {
    let value = root.get("workspace")?.get("lints")?.get(tool)?.get(lint)?;
    value.as_str().or_else(|| value.get("level")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn root(change: impl Fn(&str) -> String) -> String {
        let mut text = "[workspace.package]\nlicense = \"Apache-2.0\"\n".to_owned();
        for tool in ["rust", "clippy"] {
            text.push_str(&format!("[workspace.lints.{tool}]\n"));
            for (_, lint) in DENIED.iter().filter(|(of, _)| *of == tool) {
                text.push_str(&format!("{lint} = \"{}\"\n", change(lint)));
            }
        }
        text
    }

    #[test]
    fn a_crate_without_the_lints_and_a_weakened_lint_are_found() {
        let strict = root(|_| "deny".to_owned());
        let run = |root: &str, manifest: &str| {
            check(lints, &[("Cargo.toml", root), ("crates/a/Cargo.toml", manifest)])
        };
        assert_eq!(
            run(&strict, "[package]"),
            ["crates/a/Cargo.toml:1: does not inherit the lints of the workspace"]
        );
        assert_eq!(run(&strict, "[lints]\nworkspace = false").len(), 1);
        assert!(run(&strict, "[lints]\nworkspace = true").is_empty());
        let weak = root(|lint| if lint == "unwrap_used" { "warn" } else { "deny" }.to_owned());
        assert_eq!(
            run(&weak, "[lints]\nworkspace = true"),
            ["Cargo.toml:12: the lint `unwrap_used` is not denied"]
        );
    }

    #[test]
    fn features_are_found_but_for_those_that_have_a_reason() {
        let manifest = "[package]\n[features]\nfast = []\n";
        assert_eq!(
            check(features, &[("crates/engine/Cargo.toml", manifest)]),
            ["crates/engine/Cargo.toml:2: `engine` has features"]
        );
        let types = "[package]\n[features]\ntypescript = []\n";
        assert!(check(features, &[("crates/base/Cargo.toml", types)]).is_empty());
        assert_eq!(
            check(features, &[("crates/base/Cargo.toml", manifest)]),
            ["crates/base/Cargo.toml:2: `base` has features"]
        );
        let uses = "[dependencies]\nserde = { features = [\"derive\"] }";
        assert!(check(features, &[("crates/engine/Cargo.toml", uses)]).is_empty());
    }

    #[test]
    fn another_licence_is_found() {
        let licence = "Apache License\nVersion 2.0, January 2004";
        let run = |licence: &str, root: &str, manifest: &str| {
            let files =
                [("LICENSE", licence), ("Cargo.toml", root), ("crates/a/Cargo.toml", manifest)];
            check(licences, &files)
        };
        let strict = root(|_| "deny".to_owned());
        for manifest in
            ["[package]\nlicense.workspace = true", "[package]\nlicense = \"Apache-2.0\""]
        {
            assert!(run(licence, &strict, manifest).is_empty());
        }
        let inherited = "[package]\nlicense.workspace = true";
        assert_eq!(
            run(licence, &strict, "[package]\nlicense = \"MIT\""),
            ["crates/a/Cargo.toml:2: `a` is not under Apache-2.0"]
        );
        assert_eq!(run(licence, &strict, "[package]").len(), 1);
        assert_eq!(run("MIT License", &strict, inherited).len(), 1);
        assert_eq!(run(licence, "license = \"MIT\"", inherited).len(), 1);
    }

    #[test]
    fn a_version_of_its_own_and_a_repository_are_found() {
        let run = |root: &str, manifest: &str| {
            check(inherited, &[("Cargo.toml", root), ("crates/a/Cargo.toml", manifest)])
        };
        assert_eq!(
            run("", "[dependencies]\nserde = \"1\""),
            ["crates/a/Cargo.toml:2: `serde` is not taken from the workspace"]
        );
        assert_eq!(run("", "[dev-dependencies]\nserde = { version = \"1\" }").len(), 1);
        let good =
            "[dependencies]\nserde.workspace = true\nhex = { workspace = true, features = [] }";
        assert!(run("[workspace.dependencies]\nserde = \"1\"", good).is_empty());
        let ours = "[workspace.dependencies]\nmoat-base = { path = \"crates/base\" }";
        assert!(run(ours, good).is_empty());
        let branch = "[workspace.dependencies]\nserde = { git = \"https://example.org/serde\" }";
        assert_eq!(run(branch, good), ["Cargo.toml:2: `serde` does not come from a registry"]);
    }
}
