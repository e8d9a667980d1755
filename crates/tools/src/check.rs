// SPDX-License-Identifier: Apache-2.0
//! Finds the commands that test a workspace.
//!
//! Nothing is run to find out: manifests and file names decide, and each finding
//! says why, so that a person can judge it before it runs. Commands are chosen to
//! work without a network and to leave no caches in the workspace.
//!
//! Invariant: detection reads only files of the tree and never fails. A name from the tree is
//! an argument of its own and is never taken for an option or read by a shell.

mod python;

use moat_base::{EntryKind, Tree, TreePath};

use crate::limits::{MANIFEST_BYTES_MAX, TEST_SCAN_DEPTH_MAX, TEST_SCAN_ENTRIES_MAX};

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// pytest.
    Pytest,
    /// Python's own unittest.
    Unittest,
    /// A Python script that tests without a framework.
    PythonScript,
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
        shown_line(&self.argv, &[], &self.directory)
    }

    fn new(kind: CheckKind, argv: &[&str], why: impl Into<String>) -> Self {
        Self {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            directory: TreePath::root(),
            kind,
            why: why.into(),
        }
    }
}

/// A command as a person would type it in the root of the workspace. It is for reading: what
/// runs is the argument vector, which no shell sees.
#[must_use]
pub fn shown_line(
    argv: &[String],
    environment: &[(String, String)],
    directory: &TreePath,
) -> String {
    let line = match argv {
        [shell, flag, line] if shell == "/bin/sh" && flag == "-c" => line.clone(),
        _ => {
            let set = environment.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
            set.chain(argv.iter().map(|word| quoted(word))).collect::<Vec<_>>().join(" ")
        }
    };
    if directory.is_root() {
        return line;
    }
    format!("cd {} && {line}", quoted(&directory.to_string()))
}

/// A file's name as an argument that no program takes for an option, nor (pytest) for a file
/// of arguments.
pub(crate) fn operand(file: &str) -> String {
    if file.starts_with(['-', '@']) { format!("./{file}") } else { file.to_owned() }
}

/// A word as the shell needs it (POSIX.1-2024, Shell Command Language, 2.2).
fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Lists the commands that test the workspace, best first.
#[must_use]
pub fn detect(tree: &dyn Tree) -> Vec<Check> {
    let workspace = Workspace::of(tree);
    let mut checks = Vec::new();
    checks.extend(workspace.cargo());
    checks.extend(workspace.node());
    checks.extend(python::checks(&workspace));
    checks.extend(workspace.java());
    let make = workspace.make();
    // A Makefile beside a manifest usually calls the same runner; alone it is the way.
    checks.extend(make);
    checks.extend(workspace.ctest());
    checks
}

/// What detection knows of the workspace.
struct Workspace<'t> {
    tree: &'t dyn Tree,
    /// Files down to a small depth, caches left out, by their names as they are.
    files: Vec<String>,
}

impl<'t> Workspace<'t> {
    fn of(tree: &'t dyn Tree) -> Self {
        let mut files = Vec::new();
        let mut pending = vec![(TreePath::root(), 0_usize)];
        let mut seen = 0_usize;
        while let Some((directory, depth)) = pending.pop() {
            for (path, kind) in tree.names(&directory).unwrap_or_default() {
                seen += 1;
                if seen > TEST_SCAN_ENTRIES_MAX {
                    return Self { tree, files };
                }
                let name = path.file_name().unwrap_or_default();
                match kind {
                    // A name that is no text cannot be an argument, which is stored as text.
                    EntryKind::File => {
                        files.extend(String::from_utf8(path.as_bytes().to_vec()).ok());
                    }
                    EntryKind::Directory
                        if depth < TEST_SCAN_DEPTH_MAX
                            && !name.starts_with(b".")
                            && !matches!(
                                name,
                                b"node_modules"
                                    | b"target"
                                    | b"venv"
                                    | b"__pycache__"
                                    | b"build"
                                    | b"dist"
                            ) =>
                    {
                        pending.push((path, depth + 1));
                    }
                    EntryKind::Directory | EntryKind::Link | EntryKind::Special => {}
                }
            }
        }
        Self { tree, files }
    }

    fn text(&self, path: &str) -> Option<String> {
        let path = TreePath::from_bytes(path.as_bytes()).ok()?;
        let bytes = self.tree.read(&path, MANIFEST_BYTES_MAX).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn exists(&self, path: &str) -> bool {
        TreePath::from_bytes(path.as_bytes()).is_ok_and(|path| self.tree.entry(&path).is_ok())
    }

    fn any(&self, test: impl Fn(&str) -> bool) -> Option<&String> {
        self.files.iter().find(|file| test(file))
    }

    fn cargo(&self) -> Option<Check> {
        self.exists("Cargo.toml").then(|| {
            Check::new(
                CheckKind::CargoTest,
                &["cargo", "test", "--offline", "--no-fail-fast"],
                "there is a `Cargo.toml`",
            )
        })
    }

    fn node(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        let manifest: serde_json::Value = self
            .text("package.json")
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let script = manifest.pointer("/scripts/test").and_then(|script| script.as_str());
        if let Some(script) = script.filter(|script| !script.contains("no test specified")) {
            let kind = [
                ("vitest", CheckKind::Vitest),
                ("jest", CheckKind::Jest),
                ("mocha", CheckKind::Mocha),
                ("node --test", CheckKind::NodeTest),
            ]
            .iter()
            .find(|(word, _)| script.contains(word))
            .map_or(CheckKind::NpmTest, |(_, kind)| *kind);
            // Vitest would watch for changes and never end.
            let watch = kind == CheckKind::Vitest && !script.contains("run");
            let argv: &[&str] = if watch {
                &["npm", "test", "--silent", "--", "--run"]
            } else {
                &["npm", "test", "--silent"]
            };
            checks.push(Check::new(
                kind,
                argv,
                format!("`package.json` has the script `test`: {script}"),
            ));
            return checks;
        }
        let is_test = |file: &str| {
            let name = file.rsplit('/').next().unwrap_or(file);
            let script = [".js", ".mjs", ".cjs"].iter().any(|end| name.ends_with(end));
            script
                && (name.contains(".test.")
                    || name.contains(".spec.")
                    || name.starts_with("test")
                    || file.starts_with("test/")
                    || file.contains("_test."))
        };
        if let Some(file) = self.any(is_test) {
            let text = self.text(file).unwrap_or_default();
            let uses_runner =
                text.contains("node:test") || text.contains("'test'") && text.contains("require");
            if uses_runner {
                checks.push(Check::new(
                    CheckKind::NodeTest,
                    &["node", "--test"],
                    format!("`{file}` uses the test runner of Node"),
                ));
            } else if !text.contains("describe(") {
                checks.push(Check::new(
                    CheckKind::NodeScript,
                    &["node", &operand(file)],
                    format!("`{file}` is a script that tests"),
                ));
            }
        }
        checks
    }

    fn java(&self) -> Option<Check> {
        if self.exists("pom.xml") {
            return Some(Check::new(
                CheckKind::Maven,
                &["mvn", "-o", "-q", "-B", "test"],
                "there is a `pom.xml`",
            ));
        }
        let file =
            ["build.gradle", "build.gradle.kts"].into_iter().find(|file| self.exists(file))?;
        let program = if self.exists("gradlew") { "./gradlew" } else { "gradle" };
        Some(Check::new(
            CheckKind::Gradle,
            &[program, "--offline", "test"],
            format!("there is a `{file}`"),
        ))
    }

    fn make(&self) -> Option<Check> {
        let file =
            ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|file| self.exists(file))?;
        let text = self.text(file)?;
        let target = ["test", "check", "tests"].into_iter().find(|target| {
            text.lines().any(|line| {
                line.split_once(':').is_some_and(|(names, rest)| {
                    !rest.starts_with('=') && names.split_whitespace().any(|name| name == *target)
                }) && !line.starts_with(['.', '\t', '#'])
            })
        })?;
        Some(Check::new(
            CheckKind::Make,
            &["make", target],
            format!("`{file}` has the target `{target}`"),
        ))
    }

    fn ctest(&self) -> Option<Check> {
        let text = self.text("CMakeLists.txt")?;
        (text.contains("enable_testing") || text.contains("add_test") || text.contains("include(CTest)"))
            .then(|| Check {
                argv: vec![
                    "/bin/sh".to_owned(),
                    "-c".to_owned(),
                    "cmake -S . -B build && cmake --build build && ctest --test-dir build --output-on-failure".to_owned(),
                ],
                directory: TreePath::root(),
                kind: CheckKind::Ctest,
                why: "`CMakeLists.txt` declares tests".to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MapTree;

    fn check(files: &[(&str, &str)], expect: &[&str]) {
        let tree = MapTree::of(files);
        let found = detect(&tree);
        let lines: Vec<String> = found.iter().map(Check::line).collect();
        assert_eq!(lines, expect, "{files:?}");
        assert!(found.iter().all(|check| !check.why.is_empty()));
    }

    #[test]
    fn manifests_and_names_decide() {
        check(&[("Cargo.toml", "[package]")], &["cargo test --offline --no-fail-fast"]);
        check(
            &[("package.json", r#"{"scripts":{"test":"jest --ci"}}"#), ("a.test.js", "")],
            &["npm test --silent"],
        );
        check(
            &[("package.json", r#"{"scripts":{"test":"vitest"}}"#)],
            &["npm test --silent -- --run"],
        );
        check(
            &[("package.json", "{}"), ("test/a.test.js", "const test = require('node:test');")],
            &["node --test"],
        );
        check(&[("test.js", "const assert = require('assert');")], &["node test.js"]);
        check(
            &[("test_a.py", "import unittest\nclass T(unittest.TestCase):\n    pass\n")],
            &["python3 -m unittest discover -v -p 'test*.py'"],
        );
        check(
            &[("tests/test_a.py", "import unittest\n")],
            &["python3 -m unittest discover -v -s tests -t tests -p 'test*.py'"],
        );
        check(
            &[
                (".venv/bin/python", ""),
                ("pyproject.toml", "[tool.pytest.ini_options]"),
                ("tests/test_a.py", "def test_a(): pass"),
            ],
            &[".venv/bin/python -m pytest -v --tb=short --color=no -p no:cacheprovider"],
        );
        check(&[("test_a.py", "assert 1 == 2\n")], &["python3 test_a.py"]);
        check(&[("Makefile", "CC = gcc\nall: x\ntest: all\n\t./t\n")], &["make test"]);
        check(&[("Makefile", "test := 1\nall:\n\ttest: x\n")], &[]);
        check(&[("pom.xml", "<project/>")], &["mvn -o -q -B test"]);
        check(&[("README.md", "")], &[]);
        check(
            &[("CMakeLists.txt", "enable_testing()")],
            &[
                "cmake -S . -B build && cmake --build build && ctest --test-dir build --output-on-failure",
            ],
        );
    }

    #[test]
    fn broken_manifests_are_passed_over() {
        check(&[("package.json", "{\"scripts\": ["), ("Makefile", "\u{0}\u{1}:::")], &[]);
    }

    #[test]
    fn a_file_by_any_name_is_one_argument_and_no_option() {
        let names = [
            "a b", "it's", "\"q\"", "$(id)", "`id`", "a\nb", "*", "[a]", ";true", "a\\b", "\u{e4}",
            "&|<>", "$HOME", "~", "#x", "-c", "--", "-", "@x",
        ];
        let is = |argv: &[&str], files: &[(&str, &str)]| {
            let found = detect(&MapTree::of(files));
            assert_eq!(found.first().map(|check| check.argv.clone()), {
                Some(argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
            });
        };
        for name in names {
            let safe = operand(name);
            is(&["python3", &format!("{safe}_test.py")], &[(&format!("{name}_test.py"), "x")]);
            is(&["node", &format!("{safe}.test.js")], &[(&format!("{name}.test.js"), "x")]);
            let below = format!("{name}/test_a.py");
            let start = operand(name);
            is(
                &[
                    "python3", "-m", "unittest", "discover", "-v", "-s", &start, "-t", &start,
                    "-p", "test*.py",
                ],
                &[(&below, "import unittest\n")],
            );
        }
        assert!(operand("-c").starts_with("./") && operand("a-c") == "a-c");
    }

    #[test]
    fn a_line_of_the_user_stays_as_it_is() {
        assert_eq!(
            Check::from_line("make -s test && ./x 'a b'").line(),
            "make -s test && ./x 'a b'"
        );
        assert_eq!(
            Check::new(CheckKind::Make, &["a b", "it's", ""], "x").line(),
            "'a b' 'it'\\''s' ''"
        );
    }
}
