// SPDX-License-Identifier: Apache-2.0
//! Finds files by letters of their paths.
//!
//! The names of all files that are not ignored are in memory, by directory. They are learnt
//! in the background, and the watch says which directories to look at again.
//!
//! Invariant: a question never waits for the disk.

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_base::{EntryKind, Tree as _, TreePath};
use moat_files::DirTree;
use moat_protocol::workspace::{FilesReply, Found};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::limits::{FIND_BYTES_MAX, FOUND_MAX, NAMES_MAX};
use crate::rules::{Kind, RuleBook};
use crate::walk::{Ignored, Visitor, walk};

/// The names of the files of one workspace.
#[derive(Debug)]
pub(crate) struct Names {
    tree: DirTree,
    book: Arc<RuleBook>,
    known: Mutex<Known>,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    /// The paths of the files in each directory, as text.
    directories: BTreeMap<TreePath, Box<[Box<str>]>>,
    files: usize,
    complete: bool,
}

impl Names {
    pub(crate) fn new(tree: DirTree, book: Arc<RuleBook>) -> Self {
        Self { book, tree, known: Mutex::new(Known::default()), stop: AtomicBool::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what goes on in the background.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Learns all names anew.
    pub(crate) fn learn(&self) {
        let before: Vec<TreePath> = self.lock().directories.keys().cloned().collect();
        let mut learner = Learner { names: self, seen: Some(before) };
        let _to_the_end =
            walk(&self.tree, &self.book, &TreePath::root(), Ignored::PassedOver, &mut learner);
        let gone = learner.seen.take().unwrap_or_default();
        let mut known = self.lock();
        for directory in gone {
            known.replace(&directory, None);
        }
        known.complete = true;
    }

    /// Looks at some directories again, and at new ones beneath them.
    pub(crate) fn look_again(&self, directories: &[TreePath]) {
        for directory in directories {
            let mut learner = Learner { names: self, seen: None };
            if !self.passes_over(directory) {
                let _to_the_end = walk(
                    &self.tree,
                    &self.book,
                    directory,
                    Ignored::PassedOver,
                    &mut Shallow { learner: &mut learner, top: directory },
                );
            }
            self.forget_gone(directory);
        }
    }

    /// Whether a directory, or one above it, is left out.
    fn passes_over(&self, directory: &TreePath) -> bool {
        let mut below = Some(directory.clone());
        std::iter::from_fn(|| {
            let this = below.take()?;
            let above = this.parent()?;
            let passed_over = self.book.of(&above).passes_over(&this, Kind::Directory);
            below = Some(above);
            Some(passed_over)
        })
        .any(|passed_over| passed_over)
    }

    /// Forgets directories directly below this one that are not there any more.
    fn forget_gone(&self, directory: &TreePath) {
        let there: Vec<TreePath> = self
            .tree
            .names(directory)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(path, kind)| (kind == EntryKind::Directory).then_some(path))
            .collect();
        let is_gone = self.tree.entry(directory).is_err();
        let mut known = self.lock();
        let below: Vec<TreePath> = known
            .directories
            .range(directory.clone()..)
            .take_while(|(path, _)| path.as_bytes().starts_with(directory.as_bytes()))
            .map(|(path, _)| path.clone())
            .filter(|path| path.as_path().starts_with(directory.as_path()))
            .collect();
        for path in below {
            let kept = if path == *directory {
                !is_gone
            } else {
                there.iter().any(|top| path.as_path().starts_with(top.as_path()))
            };
            if !kept {
                known.replace(&path, None);
            }
        }
    }

    /// The files that match best.
    pub(crate) fn find(&self, text: &str, limit: u32) -> FilesReply {
        let text = moat_base::clip(text, FIND_BYTES_MAX);
        let limit = usize::try_from(limit.min(FOUND_MAX)).unwrap_or_default();
        let known = self.lock();
        let paths = known.directories.values().flat_map(|files| files.iter());
        let found = if text.trim().is_empty() {
            let first = paths.take(limit);
            first.filter_map(|path| found(path, Vec::new())).collect()
        } else {
            best(paths.map(|path| &**path), text, limit)
        };
        FilesReply::Found { found, of: known.files as u64, indexing: !known.complete }
    }
}

impl Known {
    fn replace(&mut self, directory: &TreePath, files: Option<Box<[Box<str>]>>) {
        let added = files.as_ref().map_or(0, |files| files.len());
        let before = match files {
            Some(files) => self.directories.insert(directory.clone(), files),
            None => self.directories.remove(directory),
        };
        self.files = self.files + added - before.map_or(0, |files| files.len());
    }
}

/// Puts what a walk finds among what is known.
struct Learner<'a> {
    names: &'a Names,
    /// Directories that were known and have not been seen again.
    seen: Option<Vec<TreePath>>,
}

impl Visitor for Learner<'_> {
    fn enters(&mut self, _directory: &TreePath) -> bool {
        true
    }

    fn files(&mut self, directory: &TreePath, files: Vec<TreePath>) -> ControlFlow<()> {
        if let Some(seen) = &mut self.seen
            && let Ok(place) = seen.binary_search(directory)
        {
            seen.remove(place);
        }
        let files = files.iter().map(|path| path.to_string().into_boxed_str()).collect();
        let mut known = self.names.lock();
        known.replace(directory, Some(files));
        if known.files > NAMES_MAX || self.names.stop.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Enters only directories beneath its top that are not known yet.
struct Shallow<'a, 'b> {
    learner: &'a mut Learner<'b>,
    top: &'a TreePath,
}

impl Visitor for Shallow<'_, '_> {
    fn enters(&mut self, directory: &TreePath) -> bool {
        directory == self.top || !self.learner.names.lock().directories.contains_key(directory)
    }

    fn files(&mut self, directory: &TreePath, files: Vec<TreePath>) -> ControlFlow<()> {
        self.learner.files(directory, files)
    }
}

/// How well a path matches: the score, then the shorter, then the first by name.
type Rank<'a> = (u32, std::cmp::Reverse<usize>, std::cmp::Reverse<&'a str>);

fn best<'a>(paths: impl Iterator<Item = &'a str>, text: &str, limit: usize) -> Vec<Found> {
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let pattern = Pattern::new(text, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy);
    let mut heap: BinaryHeap<std::cmp::Reverse<Rank<'a>>> = BinaryHeap::with_capacity(limit + 1);
    let mut characters = Vec::new();
    for path in paths {
        let Some(score) = pattern.score(Utf32Str::new(path, &mut characters), &mut matcher) else {
            continue;
        };
        // What also matches in the name alone is more likely meant.
        let name = path.rsplit('/').next().unwrap_or(path);
        let in_name = if name.len() == path.len() {
            score
        } else {
            pattern.score(Utf32Str::new(name, &mut characters), &mut matcher).unwrap_or_default()
        };
        let rank = (score + in_name, std::cmp::Reverse(path.len()), std::cmp::Reverse(path));
        if heap.len() < limit {
            heap.push(std::cmp::Reverse(rank));
        } else if heap.peek().is_some_and(|worst| worst.0 < rank) {
            heap.pop();
            heap.push(std::cmp::Reverse(rank));
        }
    }
    let ranked = heap.into_sorted_vec();
    let shown = ranked.into_iter().filter_map(|std::cmp::Reverse((_, _, path))| {
        let mut matched = Vec::new();
        pattern.indices(Utf32Str::new(path.0, &mut characters), &mut matcher, &mut matched);
        matched.sort_unstable();
        matched.dedup();
        found(path.0, matched)
    });
    shown.collect()
}

fn found(path: &str, matched: Vec<u32>) -> Option<Found> {
    Some(Found { path: TreePath::parse(path).ok()?, matched })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_match_and_the_name_counts_more() {
        let paths =
            ["src/search/run.rs", "search/main.rs", "src/main.rs", "docs/search.md", "a.rs"];
        let names = |text: &str| -> Vec<String> {
            best(paths.iter().copied(), text, 10).iter().map(|it| it.path.to_string()).collect()
        };
        assert_eq!(names("main"), ["src/main.rs", "search/main.rs"]);
        assert_eq!(names("search")[0], "docs/search.md");
        assert_eq!(names("srmn")[0], "src/main.rs");
        assert!(names("xyz").is_empty());
        let one = best(paths.iter().copied(), "main", 1);
        assert_eq!(one[0].matched, [4, 5, 6, 7]);
        assert_eq!(one.len(), 1);
    }
}
