// SPDX-License-Identifier: Apache-2.0
//! Finds the commands that test a workspace.

use moat_base::{Tree, TreePath};

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// pytest.
    Pytest,
    /// Python's own unittest.
    Unittest,
    /// `cargo test`.
    CargoTest,
    /// `npm test`, whatever it runs.
    NpmTest,
    /// `node --test`.
    NodeTest,
    /// A Node script that tests without a framework.
    NodeScript,
    /// Jest.
    Jest,
    /// Vitest.
    Vitest,
    /// Mocha.
    Mocha,
    /// A target of a Makefile.
    Make,
    /// CTest.
    Ctest,
    /// Maven.
    Maven,
    /// Gradle.
    Gradle,
    /// A command that the user named.
    Command,
}

/// A command that tests a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub directory: TreePath,
    /// What runs the tests.
    pub kind: CheckKind,
    /// Why it was chosen, for people.
    pub why: String,
}

impl Check {
    /// Takes a shell line that the user gave.
    #[must_use]
    pub fn from_line(line: &str) -> Self {
        Self {
            argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()],
            directory: TreePath::root(),
            kind: CheckKind::Command,
            why: "it was given with the task".to_owned(),
        }
    }

    /// The command as a person would type it.
    #[must_use]
    pub fn line(&self) -> String {
        self.argv.join(" ")
    }
}

/// Lists the commands that test the workspace, best first.
#[must_use]
pub fn detect(tree: &dyn Tree) -> Vec<Check> {
    let _ = tree;
    Vec::new()
}
