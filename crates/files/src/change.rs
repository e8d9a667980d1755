// SPDX-License-Identifier: Apache-2.0
//! What a session changed, compared with the user's tree.
//!
//! A change set is computed by walking the overlay's upper directory, which holds
//! exactly what was written, so its cost follows the changes and not the tree.
//! Contents of both sides are stored when a change is first seen: showing, keeping
//! and undoing then use what was reviewed, not what happens to be on disk.
//!
//! Invariant: a change whose file was altered in the user's tree after the session
//! began is joined with that by lines, where the base is certain, or is a conflict and is
//! never kept.

mod budget;
mod compare;
mod join;
mod newer;
mod rename;
mod scope;
mod since;

use moat_base::{TreePath, escape, visible};
use moat_diff::{Clash, Hunk};
use serde::{Deserialize, Serialize};

use crate::blob::{BlobId, BlobStore};
use crate::class::Class;
use crate::file_error::FileError;
use crate::node::{Node, NodeKind};

pub(crate) use budget::Budget;
pub(crate) use compare::{Bases, Comparison, Idle, Leavings, OwnWrites, is_before};
pub(crate) use rename::find_renames;
pub(crate) use scope::Scope;
pub(crate) use since::Since;

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// Its content, or the target of a link, is different.
    Modified,
    /// It is gone.
    Deleted,
    /// Only its permission bits are different.
    Mode,
    /// It is another kind of thing now.
    Type,
}

/// How the content of a change can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// UTF-8 text, with hunks.
    Text,
    /// Anything else, kept byte for byte.
    Binary,
    /// There is none: a directory, a mode, or a change that is only named.
    None,
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The path in the tree.
    pub path: TreePath,
    /// What happened.
    pub kind: ChangeKind,
    /// What it is to the person who reviews it.
    pub class: Class,
    /// What it was; `None` for a new path.
    pub before: Option<Node>,
    /// What it is; `None` for a deleted path.
    pub after: Option<Node>,
    /// How the content can be shown.
    pub content: Content,
    /// The changed places of a text, numbered from 1 in this order.
    pub hunks: Vec<Hunk>,
    /// How many lines are new.
    pub lines_added: usize,
    /// How many lines are gone.
    pub lines_removed: usize,
    /// Why it cannot be kept as it is, in one sentence; `None` while it can.
    pub conflict: Option<String>,
    /// What it was joined from, for a file that the user changed too and whose base is
    /// certain. `before` is then what the user has and `after` what keeping would write;
    /// of a conflict it is what the session has.
    #[serde(default)]
    pub merge: Option<Merge>,
    /// The places of a conflict where both changed the same lines.
    #[serde(default)]
    pub clashes: Vec<Clash>,
    /// The other half of a rename; `before` stays `None` and `after` too.
    #[serde(default)]
    pub rename: Option<Rename>,
}

/// The two states behind a change that was joined with newer work of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// What both come from.
    pub base: Option<Node>,
    /// What the session has.
    pub session: Option<Node>,
}

/// How a deleted and a created path belong together. Only shown: each half is a change of
/// its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rename {
    /// The created path came from this one, with the content that it had there.
    From(TreePath, BlobId),
    /// The deleted path went to this one.
    To(TreePath),
}

/// Something in the session's tree that cannot be part of a change set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The path in the tree.
    pub path: TreePath,
    /// Why, in one sentence.
    pub reason: String,
}

/// Everything a session changed, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// The changes.
    pub changes: Vec<Change>,
    /// What is not listed as a change, and why.
    pub left_out: Vec<LeftOut>,
    /// Whether a limit cut the list, so that some changes are missing.
    pub truncated: bool,
}

impl Change {
    /// The content before, if there is one.
    #[must_use]
    pub fn base(&self) -> Option<BlobId> {
        self.before.as_ref().and_then(|node| node.blob)
    }

    /// The content after, if there is one.
    #[must_use]
    pub fn latest(&self) -> Option<BlobId> {
        self.after.as_ref().and_then(|node| node.blob)
    }

    /// What the session itself has at the path.
    #[must_use]
    pub fn in_session(&self) -> Option<&Node> {
        self.merge.as_ref().map_or(self.after.as_ref(), |merge| merge.session.as_ref())
    }

    /// The content that the hunks are counted against: that of a renamed file is where it
    /// came from.
    #[must_use]
    pub fn compared_with(&self) -> Option<BlobId> {
        match &self.rename {
            Some(Rename::From(_, id)) => Some(*id),
            Some(Rename::To(_)) | None => self.base(),
        }
    }

    /// Renders the change as a unified diff for people; nothing in it acts on a terminal.
    ///
    /// # Errors
    /// [`FileError::DamagedBlob`] when a stored content cannot be read back.
    pub fn unified(&self, blobs: &BlobStore) -> Result<String, FileError> {
        let bytes = |id: Option<BlobId>| id.map_or(Ok(Vec::new()), |id| blobs.get(&id));
        let mut text = self.heading();
        match self.content {
            Content::Text => {
                text.push_str(&moat_diff::unified(
                    &bytes(self.compared_with())?,
                    &bytes(self.latest())?,
                ));
            }
            Content::Binary if self.is_link() => {
                for (sign, id) in [('-', self.base()), ('+', self.latest())] {
                    if let Some(id) = id {
                        let target = blobs.get(&id)?;
                        // One line, also when the target's name has several.
                        let target = escape(&target);
                        text.push_str(&format!("{sign}{}\n", visible(&target)));
                    }
                }
            }
            Content::Binary => text.push_str("Binary content differs\n"),
            Content::None => {}
        }
        Ok(text)
    }

    pub(crate) fn set_hunks(&mut self, hunks: Vec<Hunk>) {
        self.lines_added = hunks.iter().map(|hunk| hunk.lines_added).sum();
        self.lines_removed = hunks.iter().map(|hunk| hunk.lines_removed).sum();
        self.hunks = hunks;
    }

    fn heading(&self) -> String {
        let path = self.path.to_string();
        let path = visible(&path);
        let side = |prefix: &str, node: Option<&Node>| match node {
            Some(_) => format!("{prefix}/{path}"),
            None => "/dev/null".to_owned(),
        };
        let mut text = String::new();
        match (&self.before, &self.after) {
            (None, Some(node)) => {
                if let Some(Rename::From(from, _)) = &self.rename {
                    let from = from.to_string();
                    text.push_str(&format!("renamed from {}\n", visible(&from)));
                }
                text.push_str(&format!("new {}\n", describe(node)));
            }
            (Some(node), None) => text.push_str(&format!("deleted {}\n", describe(node))),
            (Some(before), Some(after)) if describe(before) != describe(after) => {
                text.push_str(&format!("old {}\n", describe(before)));
                text.push_str(&format!("new {}\n", describe(after)));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        text.push_str(&format!("--- {}\n", side("a", self.before.as_ref())));
        text.push_str(&format!("+++ {}\n", side("b", self.after.as_ref())));
        text
    }

    fn is_link(&self) -> bool {
        [&self.before, &self.after].into_iter().flatten().all(|node| node.kind == NodeKind::Link)
    }
}

impl ChangeSet {
    /// The changes to review and keep.
    pub fn edits(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.class == Class::Edit)
    }

    /// The change of a path.
    #[must_use]
    pub fn find(&self, path: &TreePath) -> Option<&Change> {
        self.changes
            .binary_search_by(|change| change.path.cmp(path))
            .ok()
            .and_then(|index| self.changes.get(index))
    }
}

fn describe(node: &Node) -> String {
    let kind = match node.kind {
        NodeKind::File => "file",
        NodeKind::Directory => "directory",
        NodeKind::Link => "link",
    };
    format!("{kind} mode {:04o}", node.mode)
}
