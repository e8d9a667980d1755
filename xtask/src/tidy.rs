// SPDX-License-Identifier: Apache-2.0
//! The house rules as checks that fail.
//!
//! A rule without a failing check does not hold, so each rule of the style is a
//! pure function from the repository's files to findings, with a test that
//! plants a violation and one that a near miss passes. What the compiler or
//! `clippy` can check by itself is left to them.
//!
//! Invariant: a finding names the place, what is wrong, why it matters and what
//! to do.
//! Start at [`CHECKS`].

mod docs;
mod doors;
mod layers;
mod manifests;
mod names;
mod sizes;
mod source;
mod texts;
mod tree;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context as _;

use crate::door;
use tree::Tree;

/// One violation of a house rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    why: &'static str,
    fix: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, why, fix } = self;
        write!(f, "{path}:{line}: {what}; {why}; {fix}")
    }
}

/// A rule: its name and the function that finds violations.
type Check = (&'static str, fn(&Tree) -> Vec<Finding>);

/// All rules.
const CHECKS: &[Check] = &[
    ("parse", unparsed),
    ("edges", layers::edges),
    ("dependency count", layers::counts),
    ("outside crates", layers::outside),
    ("doors", doors::calls),
    ("expectations", doors::expectations),
    ("unsafe", doors::unsafes),
    ("file size", sizes::files),
    ("crate size", sizes::crates),
    ("public items", sizes::exports),
    ("crate root", sizes::roots),
    ("enum size", sizes::enums),
    ("function size", sizes::functions),
    ("blob size", sizes::blobs),
    ("mod.rs", names::mod_files),
    ("type names", names::types),
    ("module names", names::modules),
    ("getters", names::getters),
    ("bool parameters", names::switches),
    ("licence header", texts::headers),
    ("todo", texts::todos),
    ("tests that do not run", texts::sleepers),
    ("machine paths", texts::machine_paths),
    ("registry hosts", texts::registry_hosts),
    ("lints", manifests::lints),
    ("features", manifests::features),
    ("licence", manifests::licences),
    ("versions", manifests::inherited),
    ("module docs", docs::modules),
    ("crate docs", docs::crates),
    ("links", docs::links),
    ("index", docs::index),
    ("dependency docs", docs::dependencies),
];

/// Checks the repository and prints every finding.
///
/// # Errors
/// When there is a finding, or the repository could not be read.
pub(crate) fn run() -> anyhow::Result<()> {
    let tree = read_repository()?;
    let findings = findings(&tree);
    for finding in &findings {
        door::say(&finding.to_string());
    }
    anyhow::ensure!(
        findings.is_empty(),
        "tidy found {} violation(s) of the house rules",
        findings.len()
    );
    door::say(&format!(
        "tidy: {} checks over {} files, nothing found",
        CHECKS.len(),
        tree.paths().count()
    ));
    Ok(())
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<_> = CHECKS.iter().flat_map(|(_, check)| check(tree)).collect();
    findings.sort();
    findings
}

fn unparsed(tree: &Tree) -> Vec<Finding> {
    tree.broken()
        .iter()
        .map(|(path, line, message)| Finding {
            path: path.clone(),
            line: *line,
            what: format!("cannot be parsed: {message}"),
            why: "what cannot be read cannot be checked",
            fix: "correct the syntax",
        })
        .collect()
}

/// Reads every file that git tracks or would track.
fn read_repository() -> anyhow::Result<Tree> {
    let root = door::root();
    let output = door::command("git", &root)
        .args(["-c", "core.fsmonitor=false", "ls-files", "-z"])
        .args(["--cached", "--others", "--exclude-standard"])
        .output()
        .context("could not start git")?;
    anyhow::ensure!(
        output.status.success(),
        "`git ls-files` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut files = BTreeMap::new();
    for name in names.split_terminator('\0') {
        let path = root.join(name);
        // A link or a file that was deleted but not yet committed has no content to check.
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            files.insert(name.to_owned(), door::read(&path)?);
        }
    }
    Ok(Tree::new(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository of planted files.
    pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Tree::new(files.iter().map(|(path, text)| ((*path).to_owned(), bytes(text))).collect())
    }

    /// Runs one check over planted files; gives `path:line: what` of each finding.
    pub(super) fn check(check: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        check(&tree(files))
            .into_iter()
            .map(|Finding { path, line, what, .. }| format!("{path}:{line}: {what}"))
            .collect()
    }

    #[test]
    fn the_repository_is_tidy() {
        let tree = read_repository().unwrap();
        let findings: Vec<_> = findings(&tree).iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }

    #[test]
    fn a_file_that_is_not_rust_is_found() {
        let manifest = ("crates/a/Cargo.toml", "[package]");
        assert_eq!(
            check(unparsed, &[manifest, ("crates/a/src/x.rs", "fn a() {}\nfn 1() {}")]),
            ["crates/a/src/x.rs:2: cannot be parsed: expected identifier"]
        );
        assert!(check(unparsed, &[manifest, ("crates/a/src/x.rs", "fn a() {}")]).is_empty());
    }
}
