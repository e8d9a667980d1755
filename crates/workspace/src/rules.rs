// SPDX-License-Identifier: Apache-2.0
//! What a repository ignores: its `.gitignore` files and `.git/info/exclude`, read as git
//! reads them (gitignore(5)).
//!
//! A directory's rules are those of all above it, the nearest first. What is beneath an
//! ignored directory is ignored, whatever rules lie there. A user's global ignore file does
//! not count: it lies outside of the workspace.
//!
//! Invariant: only regular files of bounded length are read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use moat_base::{Tree, TreePath};
use moat_files::DirTree;

use crate::limits::{RULES_BYTES_MAX, RULES_KEPT_MAX};

/// The stores of repositories, which no listing of sources is about.
const STORES: [&[u8]; 4] = [b".git", b".hg", b".svn", b".jj"];

/// Directories that hold what was installed or made, also where no rule says so.
const MADE: [&[u8]; 4] = [b"node_modules", b"__pycache__", b".venv", b".mypy_cache"];

/// Whether a path of the tree is a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is.
    Directory,
    /// It is something else.
    Other,
}

/// The rules that hold in one directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// The rules of the directories from the root down, each with the length of its path.
    matchers: Vec<(Arc<Gitignore>, usize)>,
    /// Whether the directory itself is ignored.
    inside_ignored: bool,
}

impl Rules {
    /// Whether something in the directory is ignored.
    pub(crate) fn ignores(&self, path: &TreePath, kind: Kind) -> bool {
        let name = path.file_name().unwrap_or_default();
        if self.inside_ignored || STORES.contains(&name) {
            return true;
        }
        for (matcher, base) in self.matchers.iter().rev() {
            let Some(relative) = path.as_bytes().get(*base..) else { continue };
            match matcher.matched(OsStr::from_bytes(relative), kind == Kind::Directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }

    /// Whether a walk over the sources leaves something in the directory out.
    pub(crate) fn passes_over(&self, path: &TreePath, kind: Kind) -> bool {
        let name = path.file_name().unwrap_or_default();
        (kind == Kind::Directory && MADE.contains(&name)) || self.ignores(path, kind)
    }
}

/// Whether a directory is a repository's store.
pub(crate) fn is_store(path: &TreePath) -> bool {
    STORES.contains(&path.file_name().unwrap_or_default())
}

/// The rules of a tree, remembered by directory.
#[derive(Debug)]
pub(crate) struct RuleBook {
    tree: DirTree,
    known: Mutex<HashMap<TreePath, Arc<Rules>>>,
    /// Nobody says when a file of rules changes.
    unwatched: AtomicBool,
}

impl RuleBook {
    pub(crate) fn new(tree: DirTree) -> Self {
        Self { tree, known: Mutex::new(HashMap::new()), unwatched: AtomicBool::new(false) }
    }

    /// Forgets everything, since a file of rules changed.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    /// Has [`RuleBook::of_now`] remember nothing from now on.
    pub(crate) fn is_unwatched(&self) {
        self.unwatched.store(true, Ordering::Relaxed);
    }

    /// The rules that hold in a directory, read anew where changes are not noticed.
    pub(crate) fn of_now(&self, directory: &TreePath) -> Arc<Rules> {
        if self.unwatched.load(Ordering::Relaxed) {
            self.forget();
        }
        self.of(directory)
    }

    /// The rules that hold in a directory.
    pub(crate) fn of(&self, directory: &TreePath) -> Arc<Rules> {
        if let Some(rules) = self.lock().get(directory) {
            return Arc::clone(rules);
        }
        let mut rules = match directory.parent() {
            None => {
                let mut rules = Rules::default();
                self.add(&mut rules, directory, ".git/info/exclude");
                rules
            }
            Some(above) => {
                let above = self.of(&above);
                let inside_ignored = above.ignores(directory, Kind::Directory);
                Rules { inside_ignored, matchers: above.matchers.clone() }
            }
        };
        if !rules.inside_ignored {
            self.add(&mut rules, directory, ".gitignore");
        }
        let rules = Arc::new(rules);
        let mut known = self.lock();
        if known.len() >= RULES_KEPT_MAX {
            known.clear();
        }
        known.insert(directory.clone(), Arc::clone(&rules));
        rules
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TreePath, Arc<Rules>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, rules: &mut Rules, directory: &TreePath, name: &str) {
        let Ok(path) = directory.join(name.as_bytes()) else { return };
        let Ok(bytes) = self.tree.read(&path, RULES_BYTES_MAX) else { return };
        let mut builder = GitignoreBuilder::new("");
        for line in String::from_utf8_lossy(&bytes).lines() {
            // A line that is no pattern is passed over, as git does.
            let _passed_over = builder.add_line(None, line);
        }
        let base = if directory.is_root() { 0 } else { directory.as_bytes().len() + 1 };
        if let Ok(matcher) = builder.build() {
            rules.matchers.push((Arc::new(matcher), base));
        }
    }
}

#[cfg(test)]
mod tests {
    use moat_files::Root;

    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    #[test]
    fn rules_count_as_git_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        write(".gitignore", "*.log\n/build/\n!keep.log\nsecret\n");
        write(".git/info/exclude", "mine\n");
        write("src/.gitignore", "!a.log\n/only\n");
        write("secret/.gitignore", "!*\n");
        std::fs::create_dir_all(dir.path().join("src/deep")).unwrap();
        let book = RuleBook::new(DirTree::new(Root::open(dir.path()).unwrap()));
        for (text, kind, expect) in [
            ("a.log", Kind::Other, true),
            ("keep.log", Kind::Other, false),
            ("mine", Kind::Other, true),
            ("build", Kind::Directory, true),
            ("build", Kind::Other, false),
            ("src/build", Kind::Directory, false),
            ("src/a.log", Kind::Other, false),
            ("src/b.log", Kind::Other, true),
            ("src/only", Kind::Other, true),
            ("src/deep/only", Kind::Other, false),
            ("src/deep/x.log", Kind::Other, true),
            ("secret/x", Kind::Other, true),
            (".git", Kind::Directory, true),
            (".git/config", Kind::Other, true),
        ] {
            let path = path(text);
            let rules = book.of(&path.parent().unwrap());
            assert_eq!(rules.ignores(&path, kind), expect, "{text}");
        }
    }

    #[test]
    fn a_pipe_in_the_place_of_rules_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            dir.path().join(".gitignore"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let book = RuleBook::new(DirTree::new(Root::open(dir.path()).unwrap()));
        assert!(!book.of(&TreePath::root()).ignores(&path("x"), Kind::Other));
    }
}
