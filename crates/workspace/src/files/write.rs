// SPDX-License-Identifier: Apache-2.0
//! Writing a text file, as long as it is what the writer saw.
//!
//! The new content takes over the name in one step, so that a reader and a crash see the old
//! or the new file whole. Its permissions, owner and attributes stay; a hard link to the old
//! one does not.
//!
//! Invariant: what differs from what was expected is never written over.

use moat_base::{Tree as _, TreeError, TreePath};
use moat_files::{DirTree, Expected, FileError, FileMode};
use moat_protocol::workspace::{FileText, Version};

use super::link::resolve;
use super::read::{current, open, version, whole};
use super::{NEW_FILE_MODE, Text, Written};
use crate::error::Error;
use crate::limits::TEXT_BYTES_MAX;
use crate::text::encode;

pub(super) fn write(
    tree: &DirTree,
    path: &TreePath,
    text: Text<'_>,
    expected: Option<&Version>,
) -> Result<Written, Error> {
    let bytes = encode(text.text, text.encoding, text.line_ending);
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        return Err(Error::TooLong { what: "the text", limit_bytes: TEXT_BYTES_MAX });
    }
    let goal = resolve(tree, path)?;
    let wrote = match expected {
        None => {
            let mode = FileMode::Set(NEW_FILE_MODE);
            tree.write(&goal, &bytes, mode, Expected::Absent)
        }
        Some(expected) => {
            let seen = match current(tree, &goal) {
                Err(Error::Tree(TreeError::Missing { .. })) => return Ok(Written::Changed(None)),
                other => other?,
            };
            let Some(seen) = seen else { return Err(no_text(&goal)) };
            if seen.file.version != *expected {
                return Ok(Written::Changed(Some(seen.file)));
            }
            if let Some(reason) = seen.file.read_only {
                return Err(Error::Refused { path: path.clone(), reason });
            }
            let expected = Expected::Content(moat_files::BlobId::of(&seen.bytes));
            tree.write(&goal, &bytes, FileMode::Kept, expected)
        }
    };
    match wrote {
        Ok(_id) => written(tree, &goal, &bytes),
        Err(FileError::Changed { .. }) => changed(tree, &goal).map(Written::Changed),
        Err(error) => Err(error.into()),
    }
}

/// What the file is now. Somebody else may have written it since: then their content is
/// told, so that the next write is not taken for one over what was written here.
fn written(tree: &DirTree, goal: &TreePath, bytes: &[u8]) -> Result<Written, Error> {
    let (file, _metadata) = open(tree, goal)?;
    let (found, metadata) = whole(goal, &file)?;
    if found == bytes {
        return Ok(Written::Done(version(&metadata)));
    }
    changed(tree, goal).map(Written::Changed)
}

fn changed(tree: &DirTree, goal: &TreePath) -> Result<Option<FileText>, Error> {
    match tree.entry(goal) {
        Err(TreeError::Missing { .. }) => return Ok(None),
        other => other?,
    };
    match current(tree, goal)? {
        Some(current) => Ok(Some(current.file)),
        None => Err(no_text(goal)),
    }
}

fn no_text(path: &TreePath) -> Error {
    let reason = "it is no text that can be edited, or too long".to_owned();
    Error::Refused { path: path.clone(), reason }
}
