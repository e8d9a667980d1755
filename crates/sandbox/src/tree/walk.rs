// SPDX-License-Identifier: Apache-2.0
//! Everything beneath a directory, with a bound.

use std::sync::Arc;

use moat_base::{Entry, EntryKind, TreeError, TreePath};

use crate::class::{Class, Classifier};
use crate::tree::{DirTree, entry};

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The entries, parents before children, siblings sorted by their bytes.
    pub entries: Vec<Entry>,
    /// Directories that could not be listed.
    pub unreadable: Vec<TreePath>,
    /// Whether the limit was reached and what follows is missing.
    pub truncated: bool,
}

pub(crate) fn walk(
    tree: &DirTree,
    directory: &TreePath,
    limit_entries: usize,
) -> Result<Walk, TreeError> {
    let mut classifier = Classifier::new(vec![Arc::new(tree.clone())], Vec::new());
    let mut walk = Walk { entries: Vec::new(), unreadable: Vec::new(), truncated: false };
    let mut pending = tree.names(directory)?;
    pending.reverse();
    while let Some((path, stat)) = pending.pop() {
        let entry = entry(path, &stat);
        match classifier.class(&entry.path, entry.kind) {
            Class::Edit => {}
            Class::Ignored | Class::GitMetadata => continue,
        }
        if walk.entries.len() >= limit_entries {
            walk.truncated = true;
            break;
        }
        if entry.kind == EntryKind::Directory {
            match tree.names(&entry.path) {
                Ok(mut children) => {
                    children.reverse();
                    pending.append(&mut children);
                }
                Err(_) => walk.unreadable.push(entry.path.clone()),
            }
        }
        walk.entries.push(entry);
    }
    Ok(walk)
}
