// SPDX-License-Identifier: Apache-2.0
//! The sources of a tree, read before they are asked for.
//!
//! To look a name up is to look through every source of the tree. Opening a file costs
//! far more than searching its bytes, so the sources are read once, several side by
//! side, and where somebody knows that they will be needed, in the background.
//!
//! A stock only tells which files are worth a look. Who parses one reads it anew, so
//! that a file that changed meanwhile shows as it is.
//!
//! Invariant: what it does not hold counts as unread, never as empty.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use moat_base::limits::SOURCE_FILE_BYTES_MAX;
use moat_base::{Tree, TreePath};

use crate::corpus::is_binary;
use crate::limits::{
    READ_AHEAD_FILES_MIN, READ_AHEAD_THREADS_MAX, SEARCH_FILES_MAX, STOCK_BATCH_FILES,
    STOCK_BYTES_MAX,
};
use crate::{Language, Walk, WalkOptions, walk};

/// What is read of one tree in advance. Any number of threads may fill it and use it.
#[derive(Debug, Default)]
pub struct Stock {
    walk: OnceLock<Arc<Walk>>,
    batches: OnceLock<Vec<OnceLock<Batch>>>,
    next: AtomicUsize,
    bytes: AtomicUsize,
    stopped: AtomicBool,
}

/// What is known of a file's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    /// They are these.
    Held(&'a [u8]),
    /// The file is binary, too long, or cannot be read.
    None,
    /// They were not read, or there was no room for them.
    Unread,
}

/// Neighbouring files with their bytes one after another.
#[derive(Debug)]
struct Batch {
    bytes: Box<[u8]>,
    texts: Vec<Place>,
}

#[derive(Debug)]
enum Place {
    At(Range<usize>),
    None,
    Unread,
}

impl Stock {
    /// Walks the tree and reads its sources, until all are read, the room is used up, or
    /// it is stopped. Threads that do this at the same time share the work.
    pub fn fill(&self, tree: &dyn Tree) {
        let files = &self.walk(tree).files;
        let batches = self.batches(tree);
        let mut scratch = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = batches.get(number) else { return };
            let paths = files.iter().skip(number * STOCK_BATCH_FILES).take(STOCK_BATCH_FILES);
            let batch = self.read(tree, paths.map(|file| &file.path), &mut scratch);
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            // Each number is given out once, so the slot is empty.
            let _first = slot.set(batch);
        }
    }

    /// Ends every [`Stock::fill`] after the file at hand.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The files of the tree; the first call walks it, and others wait for that.
    pub(crate) fn walk(&self, tree: &dyn Tree) -> Arc<Walk> {
        let found = self
            .walk
            .get_or_init(|| Arc::new(walk(tree, &TreePath::root(), &WalkOptions::default())));
        Arc::clone(found)
    }

    /// Fills the stock with several threads where the tree is large enough to gain by it.
    pub(crate) fn fill_together(&self, tree: &dyn Tree) {
        let batches = self.batches(tree).len();
        if self.walk(tree).files.len() < READ_AHEAD_FILES_MIN
            || self.next.load(Ordering::Relaxed) >= batches
        {
            return;
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 1..threads.min(READ_AHEAD_THREADS_MAX).min(batches) {
                scope.spawn(|| self.fill(tree));
            }
            self.fill(tree);
        });
    }

    /// What is known of the file with this number in the walk.
    pub(crate) fn text(&self, number: usize) -> Text<'_> {
        let batch = self
            .batches
            .get()
            .and_then(|batches| batches.get(number / STOCK_BATCH_FILES).and_then(OnceLock::get));
        let Some(batch) = batch else { return Text::Unread };
        match batch.texts.get(number % STOCK_BATCH_FILES) {
            Some(Place::At(range)) => {
                batch.bytes.get(range.clone()).map_or(Text::Unread, Text::Held)
            }
            Some(Place::None) => Text::None,
            Some(Place::Unread) | None => Text::Unread,
        }
    }

    fn batches(&self, tree: &dyn Tree) -> &[OnceLock<Batch>] {
        self.batches.get_or_init(|| {
            let files = self.walk(tree).files.len().min(SEARCH_FILES_MAX);
            std::iter::repeat_with(OnceLock::new).take(files.div_ceil(STOCK_BATCH_FILES)).collect()
        })
    }

    fn read<'p>(
        &self,
        tree: &dyn Tree,
        paths: impl Iterator<Item = &'p TreePath>,
        scratch: &mut Vec<u8>,
    ) -> Batch {
        scratch.clear();
        let mut texts = Vec::with_capacity(STOCK_BATCH_FILES);
        for path in paths {
            let held = self.bytes.load(Ordering::Relaxed) + scratch.len();
            if self.stopped.load(Ordering::Relaxed)
                || held >= STOCK_BYTES_MAX
                || Language::of(path, b"").is_none()
            {
                texts.push(Place::Unread);
                continue;
            }
            let start = scratch.len();
            let read = tree.append_listed(path, SOURCE_FILE_BYTES_MAX, scratch).is_ok();
            if read && !is_binary(scratch.get(start..).unwrap_or_default()) {
                texts.push(Place::At(start..scratch.len()));
            } else {
                scratch.truncate(start);
                texts.push(Place::None);
            }
        }
        self.bytes.fetch_add(scratch.len(), Ordering::Relaxed);
        Batch { bytes: scratch.as_slice().into(), texts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Corpus;
    use crate::corpus::tests::MapTree;
    use crate::definitions;

    fn tree(count: usize) -> MapTree {
        let files: Vec<(String, String)> = (0..count)
            .map(|number| (format!("p{number:04}.py"), format!("def part_{number}(): pass\n")))
            .chain([("notes.md".to_owned(), "def part_1".to_owned())])
            .chain([("blob.py".to_owned(), "def part_1(): pass\n\0".to_owned())])
            .collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        MapTree::of(&files)
    }

    #[test]
    fn threads_share_the_work_and_each_source_is_held() {
        let tree = tree(500);
        let stock = Stock::default();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| stock.fill(&tree));
            }
        });
        for (number, file) in stock.walk(&tree).files.iter().enumerate() {
            let text = tree.read(&file.path, 100).unwrap();
            let expected = match file.path.to_string().as_str() {
                "blob.py" => Text::None,
                "notes.md" => Text::Unread,
                _ => Text::Held(&text),
            };
            assert_eq!(stock.text(number), expected, "{}", file.path);
        }
        assert_eq!(stock.text(10_000), Text::Unread);
    }

    #[test]
    fn what_a_stopped_stock_lacks_is_read_on_demand() {
        let tree = tree(500);
        let stopped = Stock::default();
        stopped.stop();
        stopped.fill(&tree);
        assert_eq!(stopped.text(0), Text::Unread);
        for stock in [stopped, Stock::default()] {
            let corpus = Corpus::stocked(&tree, Arc::new(stock));
            let found = definitions(&corpus, "part_499");
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].path.to_string(), "p0499.py");
        }
    }

    #[test]
    fn a_source_that_changed_since_shows_as_it_is() {
        let stock = Arc::new(Stock::default());
        stock.fill(&tree(100));
        let edited: Vec<(String, String)> = (0..100)
            .map(|number| (format!("p{number:04}.py"), format!("\n\ndef part_{number}(): pass\n")))
            .collect();
        let edited: Vec<(&str, &str)> =
            edited.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let edited = MapTree::of(&edited);
        let corpus = Corpus::stocked(&edited, stock);
        assert_eq!(definitions(&corpus, "part_7")[0].line, 3);
    }
}
