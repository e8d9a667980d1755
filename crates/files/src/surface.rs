// SPDX-License-Identifier: Apache-2.0
//! Which changes touch a surface, and which of them may be kept.
//!
//! The catalogue and the spellings are `moat-scan`'s; here are the contents. A file of any
//! name is a surface where a link that is one leads to it (see `link`).
//!
//! Invariant: a step that touches a gated surface is taken only when its path and exactly
//! what it writes were confirmed.

mod git;
mod link;

use std::collections::BTreeSet;

use moat_base::TreePath;
use moat_scan::repository::configures;
use moat_scan::{SEARCHED_BYTES_MAX, Side, Touch, Which, is_gated, touches};
use serde::{Deserialize, Serialize};

use crate::blob::BlobStore;
use crate::change::{Change, ChangeSet};
use crate::file_error::FileError;
use crate::keep::KeepStep;
use crate::node::{Node, NodeKind};
use crate::surface::link::Links;
use crate::tree::DirTree;

/// A person's word that a surface may be written, for exactly one content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The path.
    pub path: TreePath,
    /// What is to be there, as [`Touched::confirmation`] names it.
    pub content: String,
    /// How the word was given, for the record.
    pub by: String,
}

/// What a step that touches a gated surface has to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "confirmation")]
pub enum Confirmed {
    /// A person said yes to exactly this.
    Given {
        /// What is written, as [`Touched::confirmation`] names it.
        content: String,
        /// How the word was given.
        by: String,
    },
    /// Nobody has yet, so the step is refused.
    Missing {
        /// What a confirmation has to name.
        content: String,
    },
}

/// The surfaces that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Each, with whether the change needs a confirmation because of it.
    pub surfaces: Vec<Touch>,
    /// What a confirmation has to name: `MODE:SHA256` of a file, `link:SHA256` of a link's
    /// target, `MODE:directory`, or `deleted`. `None` where none is needed.
    pub confirmation: Option<String>,
}

/// Tells surfaces from other changes, and what was confirmed from what was not.
#[derive(Debug)]
pub struct SurfaceGate<'all> {
    blobs: &'all BlobStore,
    confirmed: &'all [Confirmation],
    links: Links,
    /// Paths of files that git would read as its configuration if what is beside them became
    /// a repository.
    configs: BTreeSet<TreePath>,
}

/// What the gate says of a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It needs no confirmation.
    Free,
    /// It has the one that it needs.
    Confirmed(Confirmed),
    /// It has none: why it is refused, and what is missing.
    Refused(String, Confirmed),
}

impl<'all> SurfaceGate<'all> {
    /// Looks for the links of the user's tree and of the change set.
    ///
    /// # Errors
    /// [`FileError::DamagedBlob`] when a stored link cannot be read back.
    pub fn new(
        blobs: &'all BlobStore,
        real: &DirTree,
        set: &ChangeSet,
        confirmed: &'all [Confirmation],
    ) -> Result<Self, FileError> {
        let links = Links::find(blobs, real, set)?;
        Ok(Self { blobs, confirmed, links, configs: git::configs(real, set) })
    }

    /// The surfaces that a change touches, and what a confirmation of it has to name.
    ///
    /// # Errors
    /// [`FileError::DamagedBlob`] when a stored content cannot be read back.
    pub fn touched(&self, change: &Change) -> Result<Touched, FileError> {
        self.between(&change.path, change.before.as_ref(), change.after.as_ref())
    }

    /// Whether a step may be taken.
    pub(crate) fn judge(&self, step: &KeepStep) -> Result<Verdict, FileError> {
        let touched = self.between(&step.path, step.before.as_ref(), step.after.as_ref())?;
        let Some(content) = touched.confirmation else { return Ok(Verdict::Free) };
        let given = self.confirmed.iter().filter(|given| given.path == step.path);
        let mut given = given.peekable();
        let has_other = given.peek().is_some();
        if let Some(right) = given.find(|given| given.content == content) {
            return Ok(Verdict::Confirmed(Confirmed::Given { content, by: right.by.clone() }));
        }
        let gated = touched.surfaces.iter().find(|touch| touch.is_gated);
        let why = if has_other { "what was confirmed is something else; " } else { "" };
        let what = gated.map_or_else(
            || "there are more links in the tree than can be followed to it".to_owned(),
            |it| format!("it {} ({})", it.surface.does, it.surface.reader),
        );
        let reason = format!("{why}{what}, so keeping it needs a confirmation of its own");
        Ok(Verdict::Refused(reason, Confirmed::Missing { content }))
    }

    fn between(
        &self,
        path: &TreePath,
        before: Option<&Node>,
        after: Option<&Node>,
    ) -> Result<Touched, FileError> {
        let (old, new) = (self.target(before)?, self.target(after)?);
        let (old, new) = (side(before, &old), side(after, &new));
        let mut read = |which| {
            let node = match which {
                Which::Before => before,
                Which::After => after,
            };
            let id = node.and_then(|node| node.blob)?;
            // What is not given counts as touched.
            let length = self.blobs.length_bytes(&id).ok()?;
            let is_readable = usize::try_from(length).is_ok_and(|it| it <= SEARCHED_BYTES_MAX);
            is_readable.then(|| self.blobs.get(&id).ok()).flatten()
        };
        let mut surfaces = touches(path, old, new, &mut read);
        let own =
            self.is_config(path, after).then(|| TreePath::parse(".git/config").ok()).flatten();
        for name in self.links.other_names(path, [old, new]).into_iter().chain(own) {
            for touch in touches(&name, old, new, &mut read) {
                if !surfaces.iter().any(|known| known.surface == touch.surface) {
                    surfaces.push(touch);
                }
            }
        }
        // Where not all links were followed, one that is a surface may lead here.
        let is_asked = is_gated(&surfaces) || self.links.are_unknown;
        let confirmation = is_asked.then(|| content_name(after));
        Ok(Touched { surfaces, confirmation })
    }

    /// Whether a file is the configuration of a repository that is coming together.
    fn is_config(&self, path: &TreePath, after: Option<&Node>) -> bool {
        let Some(node) = after.filter(|_| self.configs.contains(path)) else { return false };
        match (node.kind, node.blob) {
            // What cannot be read counts.
            (NodeKind::File, Some(id)) => {
                self.blobs.get(&id).map_or(true, |bytes| configures(&bytes))
            }
            (NodeKind::Link, _) | (NodeKind::File, None) => true,
            (NodeKind::Directory, _) => false,
        }
    }

    fn target(&self, node: Option<&Node>) -> Result<Vec<u8>, FileError> {
        let link = node.filter(|node| node.kind == NodeKind::Link);
        link.and_then(|node| node.blob).map_or(Ok(Vec::new()), |id| self.blobs.get(&id))
    }
}

fn side<'bytes>(node: Option<&Node>, target: &'bytes [u8]) -> Side<'bytes> {
    match node.map(|node| node.kind) {
        None => Side::Nothing,
        Some(NodeKind::File) => Side::File,
        Some(NodeKind::Directory) => Side::Directory,
        Some(NodeKind::Link) => Side::Link(target),
    }
}

/// What a confirmation names: all that a keep would write.
fn content_name(after: Option<&Node>) -> String {
    let Some(node) = after else { return "deleted".to_owned() };
    let blob = node.blob.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    match node.kind {
        NodeKind::File => format!("{:03o}:{blob}", node.mode),
        NodeKind::Directory => format!("{:03o}:directory", node.mode),
        NodeKind::Link => format!("link:{blob}"),
    }
}
