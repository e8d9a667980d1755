// SPDX-License-Identifier: Apache-2.0
//! The source files of a tree, with what was left out and why.
//!
//! Directories are visited in the order of their names, without recursion on the
//! call stack. The `.gitignore` files of the tree count as git reads them
//! (gitignore(5)); repositories' stores, caches, installed packages and virtual
//! environments are never entered.
//!
//! Lengths are not asked for, which would cost more than the rest of the walk: who
//! reads a file has a limit of its own.
//!
//! Invariant: a walk opens no file but ignore files, and follows no link.

use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use moat_base::limits::TREE_ENTRIES_MAX;
use moat_base::{EntryKind, Tree, TreePath};

use crate::limits::{IGNORE_FILE_BYTES_MAX, WALK_DEPTH_MAX, WALK_FILES_MAX, WALK_SKIPS_MAX};

/// What a walk leaves out beyond what it always leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkOptions {
    /// The most files that are returned.
    pub files_max: usize,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self { files_max: WALK_FILES_MAX }
    }
}

/// A file that a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: TreePath,
}

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// An ignore file names it.
    Ignored,
    /// A cache, a virtual environment, installed packages or a repository's own store.
    Cache,
    /// Its extension says that it is not text.
    Binary,
    /// It is a link, a FIFO, a socket or a device.
    Special,
    /// It lies deeper than the limit.
    Deep,
    /// It could not be read.
    Unreadable,
    /// The walk stopped before it.
    Bound,
}

/// An entry that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Where it is.
    pub path: TreePath,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The files, sorted by path within each directory.
    pub files: Vec<File>,
    /// The first entries that were left out.
    pub skipped: Vec<Skip>,
    /// How many entries were left out in all.
    pub skipped_count: usize,
    /// Whether it stopped at a bound, with more files to come.
    pub is_cut: bool,
}

impl Walk {
    fn skip(&mut self, path: TreePath, reason: SkipReason) {
        self.skipped_count += 1;
        self.is_cut |= reason == SkipReason::Bound;
        if self.skipped.len() < WALK_SKIPS_MAX {
            self.skipped.push(Skip { path, reason });
        }
    }
}

/// Lists the files below `root`.
#[must_use]
pub fn walk(tree: &dyn Tree, root: &TreePath, options: &WalkOptions) -> Walk {
    let mut found = Walk::default();
    let mut visited = 0_usize;
    let mut pending = vec![(root.clone(), Vec::<Rules>::new(), 0_usize)];
    while let Some((directory, rules, depth)) = pending.pop() {
        let Ok(entries) = tree.names(&directory) else {
            found.skip(directory, SkipReason::Unreadable);
            continue;
        };
        visited += entries.len();
        if visited > TREE_ENTRIES_MAX {
            found.skip(directory, SkipReason::Bound);
            break;
        }
        if depth > 0 && is_cache(&entries) {
            found.skip(directory, SkipReason::Cache);
            continue;
        }
        let rules = with_rules(tree, &directory, &entries, rules);
        let mut below = Vec::new();
        for (path, kind) in entries {
            match verdict(&path, kind, &rules, depth) {
                Ok(()) if kind == EntryKind::Directory => {
                    below.push((path, rules.clone(), depth + 1));
                }
                Ok(()) if found.files.len() < options.files_max => found.files.push(File { path }),
                Ok(()) => {
                    found.skip(path, SkipReason::Bound);
                    return found;
                }
                Err(reason) => found.skip(path, reason),
            }
        }
        pending.extend(below.into_iter().rev());
    }
    found
}

/// The rules of one ignore file, and how long the path of its directory is.
#[derive(Clone)]
struct Rules {
    matcher: Arc<Gitignore>,
    base: usize,
}

fn with_rules(
    tree: &dyn Tree,
    directory: &TreePath,
    entries: &[(TreePath, EntryKind)],
    mut rules: Vec<Rules>,
) -> Vec<Rules> {
    let Some((path, _)) = entries
        .iter()
        .find(|(path, kind)| *kind == EntryKind::File && path.file_name() == Some(b".gitignore"))
    else {
        return rules;
    };
    let Ok(bytes) = tree.read(path, IGNORE_FILE_BYTES_MAX) else {
        return rules;
    };
    let mut builder = GitignoreBuilder::new("");
    for line in String::from_utf8_lossy(&bytes).lines() {
        // A line that is not a pattern is passed over, as git does.
        let _ignored = builder.add_line(None, line);
    }
    if let Ok(matcher) = builder.build() {
        rules.push(Rules {
            matcher: Arc::new(matcher),
            base: if directory.is_root() { 0 } else { directory.as_bytes().len() + 1 },
        });
    }
    rules
}

fn verdict(
    path: &TreePath,
    kind: EntryKind,
    rules: &[Rules],
    depth: usize,
) -> Result<(), SkipReason> {
    let name = path.file_name().unwrap_or_default();
    match kind {
        EntryKind::Link | EntryKind::Special => return Err(SkipReason::Special),
        EntryKind::Directory if CACHES.contains(&name) => return Err(SkipReason::Cache),
        EntryKind::Directory if depth >= WALK_DEPTH_MAX => return Err(SkipReason::Deep),
        EntryKind::Directory | EntryKind::File => {}
    }
    if is_ignored(path, kind, rules) {
        return Err(SkipReason::Ignored);
    }
    let is_binary = || path.extension().is_some_and(|extension| BINARIES.contains(&extension));
    if kind == EntryKind::File && is_binary() {
        return Err(SkipReason::Binary);
    }
    Ok(())
}

fn is_ignored(path: &TreePath, kind: EntryKind, rules: &[Rules]) -> bool {
    for rule in rules.iter().rev() {
        let Some(relative) = path.as_bytes().get(rule.base..) else {
            continue;
        };
        let relative = std::ffi::OsStr::from_bytes(relative);
        match rule.matcher.matched(relative, kind == EntryKind::Directory) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
    }
    false
}

/// Whether a directory declares itself a cache (the Cache Directory Tagging
/// Specification) or a Python virtual environment (PEP 405).
fn is_cache(entries: &[(TreePath, EntryKind)]) -> bool {
    entries
        .iter()
        .any(|(path, _)| matches!(path.file_name(), Some(b"CACHEDIR.TAG" | b"pyvenv.cfg")))
}

/// Directories that are never entered.
const CACHES: [&[u8]; 16] = [
    b".git",
    b".hg",
    b".svn",
    b".jj",
    b"node_modules",
    b"__pycache__",
    b".venv",
    b".tox",
    b".nox",
    b".mypy_cache",
    b".pytest_cache",
    b".ruff_cache",
    b".hypothesis",
    b".gradle",
    b".idea",
    b".cache",
];

/// Extensions of files that are not text.
const BINARIES: [&str; 47] = [
    "7z", "a", "avif", "bin", "bmp", "bz2", "class", "dat", "db", "dll", "dylib", "exe", "flac",
    "gguf", "gif", "gz", "ico", "jar", "jpeg", "jpg", "mov", "mp3", "mp4", "o", "obj", "ogg",
    "onnx", "otf", "parquet", "pdf", "png", "pyc", "rar", "rlib", "so", "sqlite", "sqlite3", "tar",
    "tgz", "ttf", "wasm", "wav", "webp", "woff", "woff2", "xz", "zip",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::tests::MapTree;

    fn names(tree: &MapTree) -> Vec<String> {
        walk(tree, &TreePath::root(), &WalkOptions::default())
            .files
            .iter()
            .map(|file| file.path.to_string())
            .collect()
    }

    #[test]
    fn ignore_files_count_as_git_reads_them() {
        let tree = MapTree::of(&[
            (".gitignore", "*.log\n/build/\n!keep.log\nsecret\n"),
            ("a.log", ""),
            ("keep.log", ""),
            ("build/x.c", ""),
            ("src/build/y.c", ""),
            ("src/.gitignore", "*.tmp\n!a.log\n/only\n"),
            ("src/a.log", ""),
            ("src/z.tmp", ""),
            ("src/only/q.py", ""),
            ("src/deep/only/q.py", ""),
            ("src/secret/x.py", ""),
        ]);
        assert_eq!(
            names(&tree),
            [
                ".gitignore",
                "keep.log",
                "src/.gitignore",
                "src/a.log",
                "src/build/y.c",
                "src/deep/only/q.py",
            ]
        );
    }

    #[test]
    fn caches_and_binaries_are_reported() {
        let tree = MapTree::of(&[
            (".git/config", ""),
            ("node_modules/a/index.js", ""),
            ("env/pyvenv.cfg", ""),
            ("env/lib/a.py", ""),
            ("target/CACHEDIR.TAG", ""),
            ("target/x.rs", ""),
            ("logo.png", ""),
            ("ok.py", ""),
        ]);
        let found = walk(&tree, &TreePath::root(), &WalkOptions::default());
        assert_eq!(found.files.len(), 1);
        let reasons: Vec<(String, SkipReason)> =
            found.skipped.iter().map(|skip| (skip.path.to_string(), skip.reason)).collect();
        for expect in [
            (".git", SkipReason::Cache),
            ("node_modules", SkipReason::Cache),
            ("env", SkipReason::Cache),
            ("target", SkipReason::Cache),
            ("logo.png", SkipReason::Binary),
        ] {
            assert!(reasons.contains(&(expect.0.to_owned(), expect.1)), "{reasons:?}");
        }
    }

    #[test]
    fn a_walk_stops_at_its_bounds_and_says_so() {
        let many: Vec<(String, &str)> = (0..20).map(|i| (format!("f{i:02}.py"), "")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), *b)).collect();
        let options = WalkOptions { files_max: 5 };
        let found = walk(&MapTree::of(&many), &TreePath::root(), &options);
        assert_eq!((found.files.len(), found.is_cut), (5, true));
        assert_eq!(found.skipped.last().map(|skip| skip.reason), Some(SkipReason::Bound));
        let options = WalkOptions { files_max: 20 };
        assert!(!walk(&MapTree::of(&many), &TreePath::root(), &options).is_cut);
        let deep = format!("{}x.py", "d/".repeat(WALK_DEPTH_MAX + 1));
        let found = walk(&MapTree::of(&[(&deep, "")]), &TreePath::root(), &WalkOptions::default());
        assert_eq!(found.skipped.last().map(|skip| skip.reason), Some(SkipReason::Deep));
    }
}
