// SPDX-License-Identifier: Apache-2.0
//! Bringing one path from one node to another, and only from that one.

use moat_base::{TreeError, TreePath};

use crate::blob::BlobStore;
use crate::file_error::FileError;
use crate::keep::Outcome;
use crate::node::{Node, NodeKind};
use crate::tree::{DirTree, Observation};

/// What to do about a file that has other names, whose content would part from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HardLinks {
    /// It is refused: the user linked the names on purpose.
    Refused,
    /// The name gets a file of its own: in a session's tree.
    Parted,
}

/// Puts `to` where `from` is. When the path already is as `to` says nothing is
/// written; when it is anything else it is left alone.
pub(crate) fn transition(
    tree: &DirTree,
    blobs: &BlobStore,
    path: &TreePath,
    (from, to): (Option<&Node>, Option<&Node>),
    links: HardLinks,
) -> Outcome {
    let current = match tree.observe(path) {
        Ok(current) => current,
        Err(error) => return obstacle(&FileError::Tree(error)),
    };
    let node = current.as_ref().map(|current| &current.node);
    if is_same(node, to, from) {
        return Outcome::AlreadyThere;
    }
    if !is_same(node, from, to) {
        let reason = match node {
            None => "it was deleted in your tree",
            Some(_) if from.is_none() => "something else is there in your tree",
            Some(_) => "it changed in your tree",
        };
        let reason = reason.to_owned();
        return Outcome::Conflict { reason };
    }
    if let Some(reason) = current.as_ref().and_then(|it| forbidden(it, links)) {
        let reason = reason.to_owned();
        return Outcome::Refused { reason };
    }
    // Of the user's tree: a session's own can be whatever it wants to be.
    if links == HardLinks::Refused && to.is_some() {
        match tree.becomes_repository(path) {
            Ok(false) => {}
            Ok(true) => {
                let reason = "with it the directory would be a repository of git".to_owned();
                return Outcome::Refused { reason };
            }
            Err(error) => return obstacle(&FileError::Tree(error)),
        }
    }
    match put(tree, blobs, path, current, to) {
        Ok(()) => Outcome::Done,
        Err(error) => obstacle(&error),
    }
}

fn put(
    tree: &DirTree,
    blobs: &BlobStore,
    path: &TreePath,
    current: Option<Observation>,
    to: Option<&Node>,
) -> Result<(), FileError> {
    let Some(to) = to else {
        return match current {
            Some(current) => tree.unlink(path, &current),
            None => Ok(()),
        };
    };
    let bytes = match to.blob {
        Some(id) => blobs.get(&id)?,
        None => Vec::new(),
    };
    match current {
        Some(current) if current.node.kind == to.kind && current.node.blob == to.blob => {
            tree.set_mode(path, &current, to.mode)
        }
        Some(current) if current.node.is_directory() || to.is_directory() => {
            tree.unlink(path, &current)?;
            tree.place(path, None, to, &bytes)
        }
        current => tree.place(path, current.as_ref(), to, &bytes),
    }
}

/// Whether the node at a path is the one that is meant. The mode of a directory
/// counts only where the step is about it.
fn is_same(node: Option<&Node>, meant: Option<&Node>, other: Option<&Node>) -> bool {
    match (node, meant) {
        (None, None) => true,
        (Some(node), Some(meant)) => {
            let mode_counts = match node.kind {
                NodeKind::File => true,
                NodeKind::Directory => other.is_some_and(Node::is_directory),
                NodeKind::Link => false,
            };
            node.kind == meant.kind
                && node.blob == meant.blob
                && (!mode_counts || node.mode == meant.mode)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn forbidden(current: &Observation, links: HardLinks) -> Option<&'static str> {
    match current.node.kind {
        NodeKind::File if links == HardLinks::Refused && current.stat.links > 1 => {
            Some("it is hard-linked: the same file has another name")
        }
        NodeKind::File if current.node.mode & 0o7000 != 0 => {
            Some("the file in your tree has a set-id or sticky bit")
        }
        NodeKind::File | NodeKind::Directory | NodeKind::Link => None,
    }
}

fn obstacle(error: &FileError) -> Outcome {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    match error {
        FileError::Refused { .. } | FileError::Tree(TreeError::Refused { .. }) => {
            Outcome::Refused { reason }
        }
        FileError::Changed { .. } | FileError::Tree(TreeError::TooLarge { .. }) => {
            Outcome::Conflict { reason }
        }
        FileError::Write { source, .. }
            if source.kind() == std::io::ErrorKind::DirectoryNotEmpty =>
        {
            Outcome::Conflict { reason }
        }
        FileError::OpenRoot { .. }
        | FileError::RootGone { .. }
        | FileError::Tree(_)
        | FileError::Write { .. }
        | FileError::Store { .. }
        | FileError::DamagedBlob { .. }
        | FileError::DamagedRecord { .. }
        | FileError::NoSuchChange { .. }
        | FileError::NoSuchHunk { .. }
        | FileError::NotCovered
        | FileError::CopiedTree
        | FileError::NoSuchCheckpoint { .. }
        | FileError::NotUndoable { .. } => Outcome::Failed { reason },
    }
}
