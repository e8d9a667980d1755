// SPDX-License-Identifier: Apache-2.0
//! The sources of a tree, walked, read and parsed on demand and then kept.
//!
//! A corpus is a view of one moment: make a new one after the tree changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use moat_base::limits::SOURCE_FILE_BYTES_MAX;
use moat_base::{Tree, TreePath};

use crate::limits::{CORPUS_BYTES_MAX, HEAD_BYTES, SEARCH_FILES_MAX};
use crate::stock::{Stock, Text};
use crate::{Import, Language, Symbol, Walk, imports, outline};

/// A source file with what was parsed out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: TreePath,
    /// Its language, if this crate parses it.
    pub language: Option<Language>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its symbols.
    pub symbols: Vec<Symbol>,
    /// Its imports.
    pub imports: Vec<Import>,
}

/// The sources of one tree, each read and parsed at most once while they fit.
#[derive(Debug)]
pub struct Corpus<'a> {
    tree: &'a dyn Tree,
    stock: Arc<Stock>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<TreePath, Option<Arc<Vec<u8>>>>,
    sources: HashMap<TreePath, Arc<Source>>,
    bytes: usize,
}

impl<'a> Corpus<'a> {
    /// Takes a tree; nothing is read yet.
    #[must_use]
    pub fn new(tree: &'a dyn Tree) -> Self {
        Self::stocked(tree, Arc::default())
    }

    /// Takes a tree with what was, or is being, read of it in advance.
    #[must_use]
    pub fn stocked(tree: &'a dyn Tree, stock: Arc<Stock>) -> Self {
        Self { tree, stock, kept: Mutex::default() }
    }

    /// The tree itself.
    #[must_use]
    pub fn tree(&self) -> &'a dyn Tree {
        self.tree
    }

    /// The files of the tree; the first call walks it.
    #[must_use]
    pub fn walk(&self) -> Arc<Walk> {
        self.stock.walk(self.tree)
    }

    /// The bytes of a file; `None` when it is missing, not text or too large.
    #[must_use]
    pub fn text(&self, path: &TreePath) -> Option<Arc<Vec<u8>>> {
        if let Some(text) = self.kept().texts.get(path) {
            return text.clone();
        }
        let text = self
            .tree
            .read(path, SOURCE_FILE_BYTES_MAX)
            .ok()
            .filter(|bytes| !is_binary(bytes))
            .map(Arc::new);
        let mut kept = self.kept();
        let length = text.as_ref().map_or(0, |text| text.len());
        if kept.bytes + length <= CORPUS_BYTES_MAX {
            kept.bytes += length;
            kept.texts.insert(path.clone(), text.clone());
        }
        text
    }

    /// A source, read and parsed; `None` when it is missing, not text or too large.
    #[must_use]
    pub fn source(&self, path: &TreePath) -> Option<Arc<Source>> {
        if let Some(source) = self.kept().sources.get(path) {
            return Some(Arc::clone(source));
        }
        let bytes = self.text(path)?;
        let language = Language::of(path, bytes.get(..HEAD_BYTES).unwrap_or(&bytes));
        let source = Arc::new(Source {
            path: path.clone(),
            language,
            symbols: language.map_or_else(Vec::new, |language| outline(language, &bytes)),
            imports: language.map_or_else(Vec::new, |language| imports(language, &bytes)),
            bytes: bytes.to_vec(),
        });
        let mut kept = self.kept();
        if kept.bytes + source.bytes.len() <= CORPUS_BYTES_MAX {
            kept.bytes += source.bytes.len();
            kept.sources.insert(path.clone(), Arc::clone(&source));
        }
        Some(source)
    }

    /// Shows `look` the text files that a search may read and that are `wanted`, one after
    /// another in the order of the walk, and gives what it finds in them.
    pub(crate) fn look<'c, T: 'c>(
        &'c self,
        wanted: impl Fn(&TreePath) -> bool + 'c,
        mut look: impl FnMut(&TreePath, &[u8]) -> Option<T> + 'c,
    ) -> impl Iterator<Item = T> + 'c {
        self.stock.fill_together(self.tree);
        let walk = self.walk();
        (0..walk.files.len().min(SEARCH_FILES_MAX)).filter_map(move |number| {
            let path = &walk.files.get(number)?.path;
            if !wanted(path) {
                return None;
            }
            match self.stock.text(number) {
                Text::Held(bytes) => look(path, bytes),
                Text::None => None,
                Text::Unread => look(path, &self.text(path)?),
            }
        })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the first bytes hold a NUL, which is git's test too.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    memchr::memchr(0, head).is_some()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use moat_base::{Entry, EntryKind, TreeError};
    use std::collections::BTreeMap;

    /// A tree in memory.
    #[derive(Debug, Default)]
    pub(crate) struct MapTree(BTreeMap<Vec<u8>, Vec<u8>>);

    impl MapTree {
        pub(crate) fn of(files: &[(&str, &str)]) -> Self {
            Self(
                files
                    .iter()
                    .map(|(path, text)| (path.as_bytes().to_vec(), text.as_bytes().to_vec()))
                    .collect(),
            )
        }
    }

    impl Tree for MapTree {
        fn read(&self, path: &TreePath, limit_bytes: u64) -> Result<Vec<u8>, TreeError> {
            match self.0.get(path.as_bytes()) {
                Some(bytes) if bytes.len() as u64 > limit_bytes => {
                    Err(TreeError::TooLarge { path: path.clone(), limit_bytes })
                }
                Some(bytes) => Ok(bytes.clone()),
                None => Err(TreeError::Missing { path: path.clone() }),
            }
        }

        fn list(&self, directory: &TreePath) -> Result<Vec<Entry>, TreeError> {
            let mut prefix = directory.as_bytes().to_vec();
            if !prefix.is_empty() {
                prefix.push(b'/');
            }
            let mut entries = BTreeMap::new();
            for (path, bytes) in &self.0 {
                let Some(rest) = path.strip_prefix(prefix.as_slice()) else { continue };
                let name = rest.split(|byte| *byte == b'/').next().unwrap();
                let kind =
                    if name.len() == rest.len() { EntryKind::File } else { EntryKind::Directory };
                entries.entry(name.to_vec()).or_insert_with(|| Entry {
                    path: directory.join(name).unwrap(),
                    kind,
                    length_bytes: if kind == EntryKind::File { bytes.len() as u64 } else { 0 },
                });
            }
            Ok(entries.into_values().collect())
        }

        fn entry(&self, path: &TreePath) -> Result<Entry, TreeError> {
            self.list(&path.parent().unwrap_or_default())?
                .into_iter()
                .find(|entry| entry.path == *path)
                .ok_or_else(|| TreeError::Missing { path: path.clone() })
        }
    }

    #[test]
    fn sources_are_read_once_and_binaries_not_at_all() {
        let tree = MapTree::of(&[("a.py", "def f(): pass\n"), ("b.py", "x\0y")]);
        let corpus = Corpus::new(&tree);
        let path = TreePath::parse("a.py").unwrap();
        let first = corpus.source(&path).unwrap();
        assert_eq!(first.symbols.first().map(|symbol| symbol.name.as_str()), Some("f"));
        assert!(Arc::ptr_eq(&first, &corpus.source(&path).unwrap()));
        assert!(corpus.source(&TreePath::parse("b.py").unwrap()).is_none());
        assert!(corpus.source(&TreePath::parse("none.py").unwrap()).is_none());
    }
}
