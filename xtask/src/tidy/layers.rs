// SPDX-License-Identifier: Apache-2.0
//! Which crate may depend on which.
//!
//! The table is the architecture: a new edge is a change of this file and is
//! reviewed as one. Edges to crates of other people are free, but for those
//! that are doors themselves, such as a TLS library.
//!
//! Invariant: an edge that the table does not name is a finding, also between
//! tests.

use super::Finding;
use super::tree::{DEPENDENCIES, Package, Tree, line_of};

/// What each crate may use of ours, by directory name.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("protocol", &["base"]),
    ("policy", &["base"]),
    ("log", &["base"]),
    ("index", &["base"]),
    ("scan", &["base"]),
    ("config", &["base"]),
    ("net", &["base", "log"]),
    ("diff", &["base"]),
    ("files", &["base", "diff", "scan"]),
    ("survey", &["base", "files", "scan"]),
    ("seccomp", &[]),
    ("sandbox", &["base", "files", "seccomp"]),
    ("terminal", &["base", "protocol"]),
    ("workspace", &["base", "protocol", "files", "sandbox"]),
    ("probe", &["base", "files", "sandbox"]),
    ("model", &["base", "net"]),
    ("inference", &["base", "net", "files", "sandbox"]),
    ("tools", &["base", "index"]),
    ("complete", &["base", "index"]),
    ("tui", &["base", "protocol"]),
    ("server", &["base", "protocol"]),
    ("engine", &["base", "protocol", "policy", "index", "model", "files", "sandbox", "tools"]),
    (
        "cli",
        &[
            "base",
            "complete",
            "config",
            "engine",
            "files",
            "index",
            "inference",
            "log",
            "model",
            "net",
            "policy",
            "probe",
            "protocol",
            "sandbox",
            "scan",
            "server",
            "survey",
            "terminal",
            "tools",
            "tui",
            "workspace",
        ],
    ),
    ("testkit", &["base", "net", "protocol"]),
    ("xtask", &[]),
];

/// The most crates of ours that one crate may depend on: as many as the orchestrator,
/// `engine`, needs. `cli` wires them all.
const INTERNAL_DEPENDENCIES_MAX: usize = 8;

/// Crates of other people that open a door, and who may use them.
const OUTSIDE: &[(&[&str], &[&str])] = &[
    // The page's server takes connections from a listener that `net` made, and makes none.
    (&["axum", "hyper", "hyper-util"], &["net", "server"]),
    (&["mio", "native-tls", "quinn", "reqwest", "rustls", "socket2", "ureq"], &["net"]),
    (&["tokio"], &["net", "cli", "server"]),
    (&["caps", "landlock", "libseccomp", "seccompiler"], &["sandbox"]),
    // `net` asks a socket for its peer's user, which rustix gets wrong across process namespaces.
    (&["nix"], &["sandbox", "net"]),
    (&["llama-cpp-2", "llama-cpp-sys-2"], &["inference"]),
    (&["clap", "lexopt", "pico-args", "argh"], &["cli"]),
    (&["crossterm", "ratatui", "termion"], &["tui", "cli"]),
    (&["anyhow", "color-eyre", "eyre"], &["cli", "xtask"]),
];

/// Finds edges between our crates that the table does not allow.
pub(super) fn edges(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.packages() {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == package.name) else {
            findings.push(finding(
                tree,
                package,
                "name",
                format!("crate `{}` has no layer", package.name),
            ));
            continue;
        };
        for (section, name) in dependencies(package) {
            let Some(ours) = our_name(&name) else {
                continue;
            };
            // The kit of fakes serves every crate's tests but those it is made of.
            let test_kit = section == "dev-dependencies"
                && ours == "testkit"
                && !["base", "log", "net", "protocol", "testkit"].contains(&package.name.as_str());
            // What the probe says is tested where protections can be switched off, with the
            // helper and the machines of the other attacks.
            let attacked =
                section == "dev-dependencies" && package.name == "sandbox" && ours == "probe";
            if !allowed.contains(&ours) && !test_kit && !attacked {
                findings.push(finding(
                    tree,
                    package,
                    &name,
                    format!("`{}` may not depend on `{ours}` ({section})", package.name),
                ));
            }
        }
    }
    findings
}

/// Finds crates that depend on too many of ours.
pub(super) fn counts(tree: &Tree) -> Vec<Finding> {
    tree.packages()
        .iter()
        .filter(|package| package.name != "cli")
        .filter_map(|package| {
            let count = dependencies(package)
                .iter()
                .filter(|(section, name)| *section == "dependencies" && our_name(name).is_some())
                .count();
            (count > INTERNAL_DEPENDENCIES_MAX).then(|| Finding {
                path: format!("{}/Cargo.toml", package.dir),
                line: 1,
                what: format!(
                    "depends on {count} crates of ours, the ceiling is {INTERNAL_DEPENDENCIES_MAX}"
                ),
                why: "a crate that knows everything is where everything ends up",
                fix: "split it, or pass what it needs through a trait",
            })
        })
        .collect()
}

/// Finds crates of other people that open a door in a crate that does not own it.
pub(super) fn outside(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.packages() {
        for (section, name) in dependencies(package) {
            let owners = OUTSIDE.iter().find(|(names, _)| names.contains(&name.as_str()));
            let Some((_, owners)) = owners else { continue };
            let test_only = section == "dev-dependencies" || package.name == "testkit";
            let owned = owners.contains(&package.name.as_str());
            let excused = test_only && name == "anyhow";
            if !owned && !excused {
                findings.push(Finding {
                    path: format!("{}/Cargo.toml", package.dir),
                    line: manifest_line(tree, package, &name),
                    what: format!("`{}` may not use `{name}`", package.name),
                    why: "that crate opens a door which another crate of ours owns",
                    fix: "go through the owning crate, or change the table in `xtask/src/tidy/layers.rs`",
                });
            }
        }
    }
    findings
}

/// Every dependency of a manifest as section and name, targets included.
pub(super) fn dependencies(package: &Package) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut tables = vec![&package.manifest];
    if let Some(targets) = package.manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    for table in tables {
        for section in DEPENDENCIES {
            if let Some(entries) = table.get(section).and_then(toml::Value::as_table) {
                found.extend(entries.iter().map(|(name, value)| {
                    let renamed = value.get("package").and_then(toml::Value::as_str);
                    (section, renamed.unwrap_or(name).to_owned())
                }));
            }
        }
    }
    found
}

/// The directory name of a crate of ours.
pub(super) fn our_name(dependency: &str) -> Option<&str> {
    match dependency {
        "xtask" => Some("xtask"),
        name => name.strip_prefix("moat-"),
    }
}

/// The line of a manifest that names a dependency.
pub(super) fn manifest_line(tree: &Tree, package: &Package, name: &str) -> usize {
    let text = tree.text(&format!("{}/Cargo.toml", package.dir));
    line_of(text.unwrap_or_default(), name)
}

fn finding(tree: &Tree, package: &Package, name: &str, what: String) -> Finding {
    Finding {
        path: format!("{}/Cargo.toml", package.dir),
        line: manifest_line(tree, package, name),
        what,
        why: "an arrow may only point down the layers",
        fix: "use a lower crate, or change the table in `xtask/src/tidy/layers.rs` as an architecture change",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn an_edge_that_points_up_is_found_and_one_that_points_down_is_not() {
        let up =
            "[package]\nname = \"moat-policy\"\n[dependencies]\nmoat-engine.workspace = true\n";
        assert_eq!(
            check(edges, &[("crates/policy/Cargo.toml", up)]),
            ["crates/policy/Cargo.toml:4: `policy` may not depend on `engine` (dependencies)"]
        );
        let down = "[package]\n[dependencies]\nmoat-base.workspace = true\nserde = \"1\"\n";
        assert!(check(edges, &[("crates/policy/Cargo.toml", down)]).is_empty());
    }

    #[test]
    fn edges_of_tests_of_targets_and_under_another_name_count_too() {
        for section in [
            "[dev-dependencies]\nmoat-engine.workspace = true",
            "[build-dependencies]\nmoat-engine.workspace = true",
            "[target.'cfg(unix)'.dependencies]\nmoat-engine.workspace = true",
            "[dependencies]\nharmless = { package = \"moat-engine\", path = \"../engine\" }",
        ] {
            assert_eq!(check(edges, &[("crates/tui/Cargo.toml", section)]).len(), 1, "{section}");
        }
    }

    #[test]
    fn the_kit_of_fakes_is_for_tests_only() {
        let tests = "[dev-dependencies]\nmoat-testkit.workspace = true";
        let shipped = "[dependencies]\nmoat-testkit.workspace = true";
        assert!(check(edges, &[("crates/engine/Cargo.toml", tests)]).is_empty());
        assert_eq!(check(edges, &[("crates/engine/Cargo.toml", shipped)]).len(), 1);
        assert_eq!(check(edges, &[("crates/base/Cargo.toml", tests)]).len(), 1);
        assert_eq!(check(edges, &[("crates/log/Cargo.toml", tests)]).len(), 1);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let manifest = "[package]\nname = \"moat-magic\"";
        assert_eq!(
            check(edges, &[("crates/magic/Cargo.toml", manifest)]),
            ["crates/magic/Cargo.toml:2: crate `magic` has no layer"]
        );
    }

    #[test]
    fn nine_internal_dependencies_are_too_many_but_not_for_the_command() {
        let manifest = |count: usize| {
            let lines = (0..count).map(|n| format!("moat-c{n}.workspace = true\n"));
            format!("[dependencies]\n{}", lines.collect::<String>())
        };
        assert_eq!(check(counts, &[("crates/engine/Cargo.toml", &manifest(9))]).len(), 1);
        assert!(check(counts, &[("crates/engine/Cargo.toml", &manifest(8))]).is_empty());
        assert!(check(counts, &[("crates/cli/Cargo.toml", &manifest(9))]).is_empty());
    }

    #[test]
    fn a_door_of_other_people_is_found_in_a_crate_that_does_not_own_it() {
        let manifest = "[dependencies]\nrustls = \"1\"\n";
        assert_eq!(
            check(outside, &[("crates/model/Cargo.toml", manifest)]),
            ["crates/model/Cargo.toml:2: `model` may not use `rustls`"]
        );
        assert!(check(outside, &[("crates/net/Cargo.toml", manifest)]).is_empty());
        let free = "[dependencies]\nserde = \"1\"\n[dev-dependencies]\nanyhow = \"1\"\n";
        assert!(check(outside, &[("crates/model/Cargo.toml", free)]).is_empty());
    }

    #[test]
    fn the_table_has_no_cycle() {
        for (index, (name, below)) in LAYERS.iter().enumerate() {
            for dependency in *below {
                let position = LAYERS.iter().position(|(other, _)| other == dependency);
                assert!(
                    position.is_some_and(|position| position < index),
                    "`{name}` -> `{dependency}`: a crate stands below those that use it"
                );
            }
        }
    }
}
