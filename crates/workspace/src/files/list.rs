// SPDX-License-Identifier: Apache-2.0
//! What lies in one directory.

use moat_base::{EntryKind, Tree as _, TreePath, visible};
use moat_protocol::workspace::{EntryKind as Shown, FileEntry, FilesReply};

use super::Files;
use crate::error::Error;
use crate::limits::LISTED_MAX;
use crate::rules::Kind;

/// Lists a directory: directories first, then by name, without regard to case.
pub(super) fn list(files: &Files, directory: &TreePath) -> Result<FilesReply, Error> {
    let mut names = files.tree.names(directory)?;
    let truncated = names.len() > LISTED_MAX;
    let key = |(path, kind): &(TreePath, EntryKind)| {
        let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).to_lowercase();
        (*kind != EntryKind::Directory, name, path.clone())
    };
    names.sort_by_cached_key(key);
    names.truncate(LISTED_MAX);
    let rules = files.book.of_now(directory);
    let entries = names.into_iter().map(|(path, kind)| {
        let of_rules = if kind == EntryKind::Directory { Kind::Directory } else { Kind::Other };
        let ignored = rules.ignores(&path, of_rules);
        let length = match kind {
            // One that is gone by now has none.
            EntryKind::File => files.tree.entry(&path).map_or(0, |entry| entry.length_bytes),
            EntryKind::Directory | EntryKind::Link | EntryKind::Special => 0,
        };
        let name = String::from_utf8_lossy(path.file_name().unwrap_or_default());
        let name = visible(&name).replace(['\n', '\t'], " ");
        FileEntry { name, kind: shown(kind), length, ignored, path }
    });
    Ok(FilesReply::Listed { entries: entries.collect(), truncated })
}

const fn shown(kind: EntryKind) -> Shown {
    match kind {
        EntryKind::File => Shown::File,
        EntryKind::Directory => Shown::Directory,
        EntryKind::Link => Shown::Link,
        EntryKind::Special => Shown::Other,
    }
}
