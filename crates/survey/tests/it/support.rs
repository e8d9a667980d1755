// SPDX-License-Identifier: Apache-2.0
//! A directory to fill, and what a survey says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use moat_survey::{Ended, Found, Progress, Source, Survey, survey};

/// What runs a command when its directory is opened.
pub(crate) const TASKS: &str = r#"{"version": "2.0.0", "tasks": [{"label": "a", "type": "shell",
 "command": "touch CANARY", "runOptions": {"runOn": "folderOpen"}}]}"#;

/// A character that turns the order of a line round.
pub(crate) const HIDDEN: &str = "let a = 1; // \u{202e}hidden\u{202c}\n";

/// A directory that goes away.
#[derive(Debug)]
pub(crate) struct Tree(tempfile::TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("moat-survey-").tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn look(&self) -> Survey {
        look(self.path())
    }
}

/// Looks through a path to the end.
pub(crate) fn look(path: &Path) -> Survey {
    let source = Source::open(path).unwrap();
    let seen = survey(&source, &Progress::default(), &AtomicBool::new(false)).unwrap();
    assert_eq!(seen.ended, Ended::Whole);
    seen
}

/// Whether something that carries the command was found at a path.
pub(crate) fn acts(seen: &Survey, path: &str) -> bool {
    let is_it = |found: &&Found| {
        found.finding.path.to_string() == path && found.finding.carries.contains("touch CANARY")
    };
    seen.findings.iter().find(is_it).is_some()
}

/// The rules that found something at a path.
pub(crate) fn rules(seen: &Survey, path: &str) -> Vec<String> {
    let at = seen.findings.iter().filter(|found| found.finding.path.to_string() == path);
    at.map(|found| found.finding.rule.to_string()).collect()
}
