// SPDX-License-Identifier: Apache-2.0
//! Which changes are edits, which are by-products, and which are git's own.
//!
//! The rules are those of the tree itself: its `.gitignore` files and
//! `.git/info/exclude`, read through [`Tree`], and a short table of caches that
//! build tools leave behind. The agent can write a `.gitignore`; what it gains is
//! that a change is not offered for keeping.
//!
//! Source: gitignore(5); Cache Directory Tagging Specification (`CACHEDIR.TAG`).
//!
//! Invariant: nothing inside a `.git` directory, or a bare repository, is an edit.

use std::collections::BTreeMap;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use moat_base::{EntryKind, Tree, TreeError, TreePath};
use moat_scan::is_git_name;
use moat_scan::repository::{MARKS, Marks, is_at_top};
use serde::{Deserialize, Serialize};

use crate::limits::{RULES_BYTES_MAX, RULES_BYTES_MAX_ALL};
use crate::tree::is_temporary;

/// What a change is to the person who reviews it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A change to review and keep.
    Edit,
    /// Ignored by the rules of the tree, or a cache: named as a whole, not stored.
    Ignored,
    /// Inside a git repository's own directory: named as a whole, never copied.
    GitMetadata,
}

/// Tells the class of paths; the walk goes from the root down and asks for each entry.
#[derive(Debug)]
pub(crate) struct Classifier {
    /// Where a path is looked up, uppermost first.
    layers: Vec<Arc<dyn Tree>>,
    /// The rules of each directory that was asked about.
    rules: BTreeMap<TreePath, Option<Gitignore>>,
    /// How many bytes of rules may still be read.
    rules_bytes: usize,
    included: Vec<TreePath>,
}

/// Directories that are caches wherever they are.
const CACHE_DIRECTORIES: [&[u8]; 8] = [
    b"__pycache__",
    b"node_modules",
    b".pytest_cache",
    b".mypy_cache",
    b".ruff_cache",
    b".tox",
    b".nox",
    b".hypothesis",
];

/// Directories that are build outputs when a certain file is beside them.
const OUTPUT_DIRECTORIES: [(&[u8], &[u8]); 2] =
    [(b"target", b"Cargo.toml"), (b"target", b"pom.xml")];

/// Files that mark the directory they are in as a cache or an environment.
const CACHE_MARKS: [&[u8]; 2] = [b"CACHEDIR.TAG", b"pyvenv.cfg"];

/// Extensions of files that compilers leave behind.
const OUTPUT_EXTENSIONS: [&str; 4] = ["pyc", "pyo", "class", "o"];

impl Classifier {
    /// Makes a classifier for a tree of layers; `included` paths are edits whatever
    /// the rules say.
    pub(crate) fn new(layers: Vec<Arc<dyn Tree>>, included: Vec<TreePath>) -> Self {
        Self { layers, rules: BTreeMap::new(), rules_bytes: RULES_BYTES_MAX_ALL, included }
    }

    /// The class of an entry whose directories are all edits themselves.
    pub(crate) fn class(&mut self, path: &TreePath, kind: EntryKind) -> Class {
        let is_repository = kind == EntryKind::Directory && self.is_repository(path);
        if is_git(path) || is_repository || self.is_of_a_bare_root(path) {
            return Class::GitMetadata;
        }
        if self.included.iter().any(|it| related(it, path)) {
            return Class::Edit;
        }
        if self.is_cache(path, kind) || self.is_ruled_out(path, kind) {
            return Class::Ignored;
        }
        Class::Edit
    }

    /// Whether git takes a directory for a repository.
    fn is_repository(&self, path: &TreePath) -> bool {
        self.marks(path).are_of_a_repository()
    }

    /// Whether the root itself would be a bare repository, and the path a part of it: git
    /// runs programs that its `config` names for whoever asks it something there.
    fn is_of_a_bare_root(&self, path: &TreePath) -> bool {
        path.parent().is_some_and(|parent| parent.is_root())
            && path.file_name().is_some_and(is_at_top)
            && self.marks(&TreePath::root()).are_whole()
    }

    /// The marks that any layer has: what a layer hides is still there below, since a keep
    /// may leave it where it is.
    fn marks(&self, directory: &TreePath) -> Marks {
        let mut marks = Marks::default();
        for mark in MARKS {
            let Ok(path) = directory.join(mark) else { continue };
            let has = |layer: &Arc<dyn Tree>| {
                layer.entry(&path).is_ok_and(|entry| entry.kind != EntryKind::Special)
            };
            if self.layers.iter().any(has) {
                marks.note(mark);
            }
        }
        marks
    }

    fn is_cache(&self, path: &TreePath, kind: EntryKind) -> bool {
        if kind != EntryKind::Directory {
            return path.file_name().is_some_and(is_temporary)
                || path
                    .extension()
                    .is_some_and(|extension| OUTPUT_EXTENSIONS.contains(&extension));
        }
        let name = path.file_name().unwrap_or_default();
        let parent = path.parent().unwrap_or_default();
        CACHE_DIRECTORIES.contains(&name)
            || CACHE_MARKS.iter().any(|mark| self.exists(path, mark))
            || OUTPUT_DIRECTORIES
                .iter()
                .any(|(output, beside)| *output == name && self.exists(&parent, beside))
    }

    /// The rules nearest to the path decide, as in git.
    fn is_ruled_out(&mut self, path: &TreePath, kind: EntryKind) -> bool {
        let is_directory = kind == EntryKind::Directory;
        let mut directory = path.parent();
        while let Some(current) = directory {
            let rest = path.as_path().strip_prefix(current.as_path());
            if let (Some(rules), Ok(rest)) = (self.rules_of(&current), rest) {
                match rules.matched(rest, is_directory) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
            directory = current.parent();
        }
        false
    }

    fn rules_of(&mut self, directory: &TreePath) -> Option<&Gitignore> {
        if !self.rules.contains_key(directory) {
            let rules = self.read_rules(directory);
            self.rules.insert(directory.clone(), rules);
        }
        self.rules.get(directory).and_then(Option::as_ref)
    }

    fn read_rules(&mut self, directory: &TreePath) -> Option<Gitignore> {
        let mut builder = GitignoreBuilder::new("");
        // Later lines win, so the weaker file comes first.
        let excludes =
            directory.is_root().then(|| self.read(directory, b".git/info/exclude")).flatten();
        let rules = self.read(directory, b".gitignore");
        if excludes.is_none() && rules.is_none() {
            return None;
        }
        for bytes in [excludes, rules].into_iter().flatten() {
            self.rules_bytes = self.rules_bytes.checked_sub(bytes.len())?;
            for line in bytes.split(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                // A line that is not UTF-8 or not a pattern matches nothing, as in git.
                let _malformed =
                    str::from_utf8(line).ok().map(|line| builder.add_line(None, line).is_err());
            }
        }
        builder.build().ok().filter(|rules| !rules.is_empty())
    }

    fn read(&self, directory: &TreePath, name: &[u8]) -> Option<Vec<u8>> {
        let path = directory.join(name).ok()?;
        for layer in &self.layers {
            match layer.read(&path, RULES_BYTES_MAX) {
                Ok(bytes) => return Some(bytes),
                Err(TreeError::Missing { .. }) => {}
                // A whiteout hides the layers below; anything unreadable rules nothing.
                Err(_) => return None,
            }
        }
        None
    }

    fn exists(&self, directory: &TreePath, name: &[u8]) -> bool {
        let Ok(path) = directory.join(name) else {
            return false;
        };
        for layer in &self.layers {
            match layer.entry(&path) {
                Ok(entry) => return entry.kind != EntryKind::Special,
                Err(TreeError::Missing { .. }) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

/// Whether a path is, or is inside, a `.git`, in any spelling a file system may fold.
pub(crate) fn is_git(path: &TreePath) -> bool {
    path.components().any(is_git_name)
}

/// Whether one path is the other or beneath it.
fn related(one: &TreePath, other: &TreePath) -> bool {
    one.as_path().starts_with(other.as_path()) || other.as_path().starts_with(one.as_path())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::root::Root;
    use crate::tree::DirTree;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<dyn Tree>) {
        let dir = tempfile::tempdir().unwrap();
        let tree = DirTree::new(Root::open(dir.path()).unwrap());
        for (path, text) in files {
            let path = TreePath::parse(path).unwrap();
            tree.write(&path, text.as_bytes(), crate::FileMode::Kept, crate::Expected::Absent)
                .unwrap();
        }
        (dir, Arc::new(tree))
    }

    fn check(classifier: &mut Classifier, path: &str, kind: EntryKind, class: Class) {
        let parsed = TreePath::parse(path).unwrap();
        assert_eq!(classifier.class(&parsed, kind), class, "{path}");
        assert!(Path::new(path).is_relative());
    }

    #[test]
    fn the_rules_of_the_tree_and_known_caches_decide() {
        use Class::{Edit, GitMetadata, Ignored};
        use EntryKind::{Directory, File};
        let (_dir, tree) = tree(&[
            (".gitignore", "*.log\n/dist/\n\u{feff}\n[\nbuild\r\n"),
            (".git/info/exclude", "private.txt\n"),
            ("sub/.gitignore", "!keep.log\nlocal\n"),
            ("rust/Cargo.toml", ""),
            ("tagged/CACHEDIR.TAG", ""),
            ("env/pyvenv.cfg", ""),
            ("bare/HEAD", ""),
            ("bare/objects/x", ""),
            ("bare/refs/x", ""),
            ("worktree/HEAD", ""),
            ("worktree/commondir", "../data"),
            ("data/objects/x", ""),
            ("data/refs/x", ""),
        ]);
        let mut classifier = Classifier::new(vec![tree], vec![TreePath::parse("dist/a").unwrap()]);
        for (path, kind, class) in [
            ("a.log", File, Ignored),
            ("sub/a.log", File, Ignored),
            ("sub/keep.log", File, Edit),
            ("local", File, Edit),
            ("sub/local", File, Ignored),
            ("sub/dist", Directory, Edit),
            ("dist", Directory, Edit),
            ("dist/a", File, Edit),
            ("build", Directory, Ignored),
            ("private.txt", File, Ignored),
            ("rust/target", Directory, Ignored),
            ("src/target", Directory, Edit),
            ("tagged", Directory, Ignored),
            ("env", Directory, Ignored),
            ("a/__pycache__", Directory, Ignored),
            ("a.pyc", File, Ignored),
            ("a.py", File, Edit),
            (".git", Directory, GitMetadata),
            (".git/hooks/pre-commit", File, GitMetadata),
            ("sub/.GIT/config", File, GitMetadata),
            ("sub/.git./config", File, GitMetadata),
            ("git~1/hooks/pre-commit", File, GitMetadata),
            (".git::$INDEX_ALLOCATION/config", File, GitMetadata),
            (".g\u{200c}it/config", File, GitMetadata),
            (".g\u{ad}it/hooks/post-commit", File, GitMetadata),
            (".gi\u{e0100}t\u{fe0f}/config", File, GitMetadata),
            (".\u{34f}GIT", Directory, GitMetadata),
            ("g\u{ad}it/hooks/post-commit", File, Edit),
            (".g\u{ad}itx", File, Edit),
            ("worktree", Directory, GitMetadata),
            ("data", Directory, GitMetadata),
            ("git~2", Directory, Edit),
            (".github", Directory, Edit),
            (".gitmodules", File, Edit),
            ("bare", Directory, GitMetadata),
        ] {
            check(&mut classifier, path, kind, class);
        }
    }

    #[test]
    fn a_root_that_became_a_bare_repository_is_git_s_own_and_a_project_is_not() {
        use Class::{Edit, GitMetadata};
        use EntryKind::{Directory, File};
        let (_dir, bare) = tree(&[("HEAD", ""), ("config", ""), ("objects/x", ""), ("refs/x", "")]);
        let mut classifier = Classifier::new(vec![bare], Vec::new());
        for name in ["HEAD", "config", "hooks"] {
            check(&mut classifier, name, File, GitMetadata);
        }
        check(&mut classifier, "objects", Directory, GitMetadata);
        check(&mut classifier, "src.rs", File, Edit);
        check(&mut classifier, "src/config", File, Edit);
        let (_dir, project) = tree(&[("config", ""), ("objects/x", ""), ("refs/x", "")]);
        let mut classifier = Classifier::new(vec![project], Vec::new());
        check(&mut classifier, "config", File, Edit);
        check(&mut classifier, "objects", Directory, Edit);
    }

    #[test]
    fn rules_are_read_up_to_a_bound_and_what_comes_after_hides_nothing() {
        let line = "ignored\n";
        let rules = line.repeat(usize::try_from(RULES_BYTES_MAX).unwrap() / line.len());
        let count = RULES_BYTES_MAX_ALL / rules.len() + 1;
        let names: Vec<String> = (0..count).map(|number| format!("{number:03}")).collect();
        let files: Vec<(String, &str)> =
            names.iter().map(|name| (format!("{name}/.gitignore"), rules.as_str())).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(at, text)| (at.as_str(), *text)).collect();
        let (_dir, tree) = tree(&files);
        let mut classifier = Classifier::new(vec![tree], Vec::new());
        for name in &names {
            let is_last = names.last() == Some(name);
            let class = if is_last { Class::Edit } else { Class::Ignored };
            check(&mut classifier, &format!("{name}/ignored"), EntryKind::File, class);
        }
    }
}
