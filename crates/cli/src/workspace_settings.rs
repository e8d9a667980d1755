// SPDX-License-Identifier: Apache-2.0
//! The settings that a workspace has itself: they tighten, or they are reported.
//!
//! The file is read beneath the workspace's root, through no link. Its bytes go into
//! [`Untrusted`] at once, out of which nobody takes them again; `moat-config` says what of it
//! counts.
//!
//! Invariant: whatever lies there, what runs without it runs with it or is held back further.
//! The broker and the model server never look at it.

use std::path::Path;

use moat_base::{EntryKind, Tree as _, TreeError, TreePath};
use moat_config::limits::WORKSPACE_BYTES_MAX;
use moat_config::{Loaded, Origin, Untrusted, WORKSPACE_FILE, WorkspaceSettings};
use moat_files::{DirTree, Root};

use crate::terminal::complain;

/// What holds in a workspace.
pub(crate) fn tightened(loaded: &Loaded, workspace: &Path) -> Loaded {
    match loaded.settings.workspace.value {
        WorkspaceSettings::Ignore => loaded.clone(),
        WorkspaceSettings::Tighten => loaded.tightened(&read(workspace)),
    }
}

/// Says on standard error what the workspace tightens, and what does not count.
pub(crate) fn tell(holds: &Loaded) {
    let of_workspace = |origin: &Origin| matches!(origin, Origin::Workspace(_));
    for row in holds.rows.iter().filter(|row| of_workspace(&row.provenance.origin)) {
        complain(&format!("note: {} = {}, {}", row.key, row.value, row.provenance));
    }
    for ignored in &holds.ignored {
        complain(&format!("note: {ignored}"));
    }
}

/// What lies where the settings would be.
fn read(workspace: &Path) -> Untrusted {
    let shown = workspace.join(WORKSPACE_FILE);
    let found = TreePath::parse(WORKSPACE_FILE).map_err(|error| error.to_string());
    let read = found.and_then(|path| {
        let root = Root::open(workspace).map_err(|error| error.to_string())?;
        bytes(&DirTree::new(root), &path)
    });
    match read {
        Ok(Some(bytes)) => Untrusted::bytes(shown, bytes),
        Ok(None) => Untrusted::nothing(),
        Err(why) => Untrusted::unusable(shown, why),
    }
}

/// Reads a regular file through no link; nothing when there is none.
fn bytes(tree: &DirTree, path: &TreePath) -> Result<Option<Vec<u8>>, String> {
    // What is no regular file is not opened at all.
    match tree.entry(path) {
        Ok(entry) if entry.kind == EntryKind::File => {}
        Ok(_) => return Err("it is no regular file".to_owned()),
        Err(TreeError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let mut bytes = Vec::new();
    match tree.append_listed(path, WORKSPACE_BYTES_MAX, &mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) => Err(error.to_string()),
    }
}
