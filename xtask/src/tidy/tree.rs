// SPDX-License-Identifier: Apache-2.0
//! The repository as the checks see it: files in memory, crates, Rust sources.
//!
//! Checks are pure functions over a [`Tree`], so a test plants a violation by
//! writing three lines of text instead of preparing a directory.
//!
//! Invariant: nothing here touches the machine; the caller reads the files.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Scope, Source};

/// All files of the repository by their path from its root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<u8>>,
    packages: Vec<Package>,
    rust: Vec<RustFile>,
    broken: Vec<(String, usize, String)>,
}

/// One crate of ours.
#[derive(Debug)]
pub(crate) struct Package {
    /// The directory's last name: `base` for `crates/base`.
    pub(crate) name: String,
    /// The directory from the root, without a slash at the end.
    pub(crate) dir: String,
    /// The parsed manifest.
    pub(crate) manifest: toml::Table,
}

/// One Rust file of our crates.
#[derive(Debug)]
pub(crate) struct RustFile {
    pub(crate) path: String,
    /// The crate's directory name.
    pub(crate) package: String,
    pub(crate) scope: Scope,
    pub(crate) lines: usize,
    pub(crate) source: Source,
}

/// The sections of a manifest that name dependencies.
pub(crate) const DEPENDENCIES: [&str; 3] =
    ["dependencies", "dev-dependencies", "build-dependencies"];

impl Tree {
    /// Reads crates and Rust sources out of the files.
    pub(crate) fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut tree = Self { files, ..Self::default() };
        tree.read_packages();
        tree.read_rust();
        tree
    }

    /// The paths of all files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every file with its bytes.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Every file that is text, with its text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter_map(|(path, bytes)| Some((path, std::str::from_utf8(bytes).ok()?)))
    }

    /// One file's text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// Whether there is a file or a directory of this path; the root is `""`.
    pub(crate) fn exists(&self, path: &str) -> bool {
        if path.is_empty() || self.files.contains_key(path) {
            return true;
        }
        let prefix = format!("{path}/");
        self.files.range(prefix.clone()..).next().is_some_and(|(next, _)| next.starts_with(&prefix))
    }

    /// Our crates, `xtask` included.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The Rust files of our crates.
    pub(crate) fn rust(&self) -> &[RustFile] {
        &self.rust
    }

    /// Files that could not be parsed: path, line and the parser's complaint.
    pub(crate) fn broken(&self) -> &[(String, usize, String)] {
        &self.broken
    }

    fn read_packages(&mut self) {
        for path in self.files.keys() {
            let Some(dir) = path.strip_suffix("/Cargo.toml") else {
                continue;
            };
            let name = match dir.strip_prefix("crates/") {
                Some(name) if !name.contains('/') => name,
                None if dir == "xtask" => dir,
                Some(_) | None => continue,
            };
            match self.text(path).unwrap_or_default().parse::<toml::Table>() {
                Ok(manifest) => self.packages.push(Package {
                    name: name.to_owned(),
                    dir: dir.to_owned(),
                    manifest,
                }),
                Err(error) => self.broken.push((path.clone(), 1, error.message().to_owned())),
            }
        }
    }

    fn read_rust(&mut self) {
        let mut test_files = BTreeSet::new();
        let (mut rust, mut broken) = (Vec::new(), Vec::new());
        for package in &self.packages {
            for (path, text) in self.texts() {
                if !is_rust_of(path, &package.dir) {
                    continue;
                }
                let scope = if package.name == "testkit" || is_test_path(path, &package.dir) {
                    Scope::Test
                } else {
                    Scope::Shipped
                };
                match Source::parse(text, scope) {
                    Ok(source) => {
                        let named = &source.test_modules;
                        test_files.extend(named.iter().flat_map(|name| children(path, name)));
                        rust.push(RustFile {
                            path: path.to_owned(),
                            package: package.name.clone(),
                            scope,
                            lines: text.lines().count(),
                            source,
                        });
                    }
                    Err((line, message)) => broken.push((path.to_owned(), line, message)),
                }
            }
        }
        self.rust = rust;
        self.broken.append(&mut broken);
        self.read_test_modules(&test_files);
    }

    /// Reads the files again that only a `#[cfg(test)] mod x;` includes.
    fn read_test_modules(&mut self, test_files: &BTreeSet<String>) {
        for file in &mut self.rust {
            let below = test_files.iter().any(|test| {
                file.path == *test
                    || test
                        .strip_suffix(".rs")
                        .is_some_and(|dir| file.path.starts_with(&format!("{dir}/")))
            });
            if !below || file.scope == Scope::Test {
                continue;
            }
            let bytes = self.files.get(&file.path).map_or(&[][..], Vec::as_slice);
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            if let Ok(source) = Source::parse(text, Scope::Test) {
                file.scope = Scope::Test;
                file.source = source;
            }
        }
    }
}

/// The line of the first place where `needle` stands in `text`, or 1.
pub(crate) fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |index| index + 1)
}

/// Whether a path belongs to tests only, whatever it holds.
pub(crate) fn is_test_text(path: &str) -> bool {
    path.split('/').any(|part| part == "tests")
        || path.ends_with("/tests.rs")
        || path.starts_with("crates/testkit/")
        || is_sample(path)
}

/// Whether a file is somebody's program for the agent or a test to work on, and
/// so follows its own rules, mistakes included.
pub(crate) fn is_sample(path: &str) -> bool {
    path.starts_with("bench/")
        || path.starts_with("demo/")
        || path.split('/').any(|part| ["fixtures", "golden", "sample", "samples"].contains(&part))
}

fn is_rust_of(path: &str, dir: &str) -> bool {
    let below = path.strip_prefix(dir);
    below.is_some_and(|rest| rest.starts_with('/') && rest.ends_with(".rs")) && !is_sample(path)
}

fn is_test_path(path: &str, dir: &str) -> bool {
    let rest = path.strip_prefix(dir).unwrap_or(path);
    rest.contains("/tests/") || rest.ends_with("/tests.rs") || rest.starts_with("/examples/")
}

/// Where `mod name;` in the file `path` may be.
fn children(path: &str, name: &str) -> Vec<String> {
    let dir = match path.rsplit_once('/') {
        Some((dir, "lib.rs" | "main.rs" | "mod.rs")) => dir.to_owned(),
        Some(_) | None => path.strip_suffix(".rs").unwrap_or(path).to_owned(),
    };
    vec![format!("{dir}/{name}.rs")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::new(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
                .collect(),
        )
    }

    #[test]
    fn scope_follows_the_place_and_the_attribute() {
        let tree = tree(&[
            ("crates/a/Cargo.toml", "[package]"),
            ("crates/a/src/lib.rs", "#[cfg(test)] mod fake; mod real;"),
            ("crates/a/src/fake.rs", ""),
            ("crates/a/src/fake/part.rs", ""),
            ("crates/a/src/real.rs", ""),
            ("crates/a/src/real/tests.rs", ""),
            ("crates/a/tests/it/main.rs", ""),
            ("demo/src/main.rs", "not rust at all"),
        ]);
        let scopes: Vec<_> =
            tree.rust().iter().map(|file| (file.path.as_str(), file.scope)).collect();
        assert_eq!(
            scopes,
            [
                ("crates/a/src/fake.rs", Scope::Test),
                ("crates/a/src/fake/part.rs", Scope::Test),
                ("crates/a/src/lib.rs", Scope::Shipped),
                ("crates/a/src/real.rs", Scope::Shipped),
                ("crates/a/src/real/tests.rs", Scope::Test),
                ("crates/a/tests/it/main.rs", Scope::Test),
            ]
        );
        assert!(tree.broken().is_empty());
    }

    #[test]
    fn directories_exist_as_their_files_do() {
        let tree = tree(&[("docs/a.md", ""), ("docs-old/b.md", "")]);
        assert!(tree.exists("docs") && tree.exists("docs/a.md") && tree.exists(""));
        assert!(!tree.exists("doc") && !tree.exists("docs/b.md"));
    }
}
