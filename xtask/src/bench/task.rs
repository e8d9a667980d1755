// SPDX-License-Identifier: Apache-2.0
//! A repair task, or a right program that tasks are made from, as on disk.
//!
//! The schema of `task.toml` and `program.toml` is in `bench/README.md`.
//!
//! Invariant: a file that names an unknown language or lacks a field does not
//! become a [`Task`].

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::place;

/// The languages that tasks are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Python 3, standard library only.
    Python,
    /// Rust, no dependencies.
    Rust,
    /// JavaScript for Node, no packages.
    JavaScript,
    /// C11 with make.
    C,
}

impl Language {
    /// All of them, in the order of reports.
    pub(super) const ALL: [Self; 4] = [Self::Python, Self::Rust, Self::JavaScript, Self::C];

    /// The name in task files and reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::C => "c",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }
}

/// A task or a program.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// The name of its directory.
    pub(super) id: String,
    /// Where it lies.
    pub(super) directory: PathBuf,
    /// What it is written in.
    pub(super) language: Language,
    /// `hand`, or `mutator seed N`; empty for a program.
    pub(super) origin: String,
    /// What a user would type.
    pub(super) statement: String,
    /// The command that the agent is given.
    pub(super) check: String,
    /// The command that judges, once the hidden tests are in place.
    pub(super) hidden_check: String,
    /// Files that are put back before judging, so that tests count as given.
    pub(super) tests: Vec<String>,
    /// Files that the mutator may change; empty for a task.
    pub(super) mutate: Vec<String>,
    /// The text of the file it was read from.
    pub(super) text: String,
}

impl Task {
    /// Reads `file` (`task.toml` or `program.toml`) in `directory`.
    pub(super) fn read(directory: &Path, file: &str) -> anyhow::Result<Self> {
        let path = directory.join(file);
        let text = place::text(&path)?;
        let id = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Self::parse(id, directory, text).with_context(|| format!("in `{}`", path.display()))
    }

    fn parse(id: &str, directory: &Path, text: String) -> anyhow::Result<Self> {
        let table: toml::Table = text.parse().context("not valid TOML")?;
        let string = |name: &str| -> anyhow::Result<String> {
            let value = table.get(name).and_then(toml::Value::as_str);
            Ok(value.with_context(|| format!("`{name}` is missing"))?.to_owned())
        };
        let list = |name: &str| -> Vec<String> {
            let value = table.get(name).and_then(toml::Value::as_array);
            let names = value.into_iter().flatten().filter_map(toml::Value::as_str);
            names.map(str::to_owned).collect()
        };
        if table.contains_key("id") && string("id")? != id {
            bail!("`id` differs from the name of the directory");
        }
        let language = string("language")?;
        Ok(Self {
            id: id.to_owned(),
            directory: directory.to_path_buf(),
            language: Language::from_name(&language)
                .with_context(|| format!("`{language}` is no language of the bench"))?,
            origin: string("origin").unwrap_or_default(),
            statement: string("statement")?,
            check: string("check")?,
            hidden_check: string("hidden_check")?,
            tests: list("tests"),
            mutate: list("mutate"),
            text,
        })
    }

    /// Whether it was written by hand or made by the mutator.
    pub(super) fn origin_kind(&self) -> &'static str {
        if self.origin == "hand" { "hand" } else { "mutator" }
    }

    /// A file or directory of the task.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Reads all tasks of a directory whose id contains `pattern`.
pub(super) fn read_all(directory: &Path, file: &str, pattern: &str) -> anyhow::Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for path in place::directories(directory)? {
        let task = Task::read(&path, file)?;
        if task.id.contains(pattern) {
            tasks.push(task);
        }
    }
    if tasks.is_empty() {
        bail!("`{}` has no task that matches `{pattern}`", directory.display());
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id = \"a\"\nlanguage = \"c\"\norigin = \"hand\"\nstatement = \"s\"\n\
                        check = \"x\"\nhidden_check = \"y\"\ntests = [\"t\"]\n";

    fn parse(text: &str) -> anyhow::Result<Task> {
        Task::parse("a", Path::new("a"), text.to_owned())
    }

    #[test]
    fn a_whole_file_is_read() {
        let task = parse(GOOD).unwrap();
        assert_eq!(task.language, Language::C);
        assert_eq!((task.check.as_str(), task.hidden_check.as_str()), ("x", "y"));
        assert_eq!(task.tests, ["t"]);
    }

    #[test]
    fn what_is_missing_or_unknown_is_refused() {
        for (from, to) in [
            ("statement = \"s\"\n", ""),
            ("check = \"x\"\n", ""),
            ("\"c\"", "\"cobol\""),
            ("id = \"a\"", "id = \"b\""),
            ("id =", "id"),
        ] {
            assert!(parse(&GOOD.replacen(from, to, 1)).is_err(), "{from}");
        }
    }
}
