// SPDX-License-Identifier: Apache-2.0
//! Which changes touch a surface, and which of them may be kept.
//!
//! The catalogue and the spellings are `moat-scan`'s; here are the contents and the links.
//! A file of any name is a surface where a link that is one leads to it: `.mcp.json` may be
//! a link to `config/servers.json`. Such links are looked for at the root, in each directory
//! above a change, in directories that may hold surfaces, and in the change set itself.
//!
//! Invariant: a step that touches a gated surface is taken only when its path and exactly
//! what it writes were confirmed.

use std::collections::BTreeSet;

use moat_base::{EntryKind, Tree, TreePath};
use moat_scan::{Side, Touch, Which, is_gated, link_goal, may_hold, touches};

use crate::blob::BlobStore;
use crate::change::{Change, ChangeSet};
use crate::file_error::FileError;
use crate::keep::KeepStep;
use crate::limits::{GIT_ENTRIES_MAX, LINK_CHAIN_MAX, LINK_DIRECTORIES_MAX};
use crate::node::{Node, NodeKind};
use crate::tree::DirTree;

/// A person's word that a surface may be written, for exactly one content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The path.
    pub path: TreePath,
    /// What is to be there, as [`Touched::confirmation`] names it.
    pub content: String,
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
    links: Vec<SurfaceLink>,
}

/// A link that is a surface, or a directory of surfaces, by its own name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SurfaceLink {
    name: TreePath,
    goal: TreePath,
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
        let mut links = BTreeSet::new();
        find_links(real, set, &mut links);
        for change in set.edits() {
            let target = change.after.as_ref().filter(|node| node.kind == NodeKind::Link);
            let Some(id) = target.and_then(|node| node.blob) else { continue };
            if may_hold(&change.path)
                && let Some(goal) = link_goal(&change.path, &blobs.get(&id)?)
            {
                links.insert(SurfaceLink { name: change.path.clone(), goal });
            }
        }
        Ok(Self { blobs, confirmed, links: links.into_iter().collect() })
    }

    /// The surfaces that a change touches, and what a confirmation of it has to name.
    ///
    /// # Errors
    /// [`FileError::DamagedBlob`] when a stored content cannot be read back.
    pub fn touched(&self, change: &Change) -> Result<Touched, FileError> {
        self.between(&change.path, change.before.as_ref(), change.after.as_ref())
    }

    /// The surfaces inside a directory of git's own that the session changed, each once, with
    /// the first path that is one. What cannot be read is left out: nothing of it is kept.
    #[must_use]
    pub fn inside(upper: &DirTree, directory: &TreePath) -> Vec<(TreePath, Touch)> {
        let mut found: Vec<(TreePath, Touch)> = Vec::new();
        let mut waiting = vec![directory.clone()];
        let mut seen = 0;
        while let Some(directory) = waiting.pop() {
            for (path, kind) in upper.names(&directory).unwrap_or_default() {
                seen += 1;
                if seen > GIT_ENTRIES_MAX {
                    return found;
                }
                if kind == EntryKind::Directory {
                    waiting.push(path);
                    continue;
                }
                for touch in touches(&path, Side::Nothing, Side::File, &mut |_which| None) {
                    if !found.iter().any(|(_, known)| known.surface == touch.surface) {
                        found.push((path.clone(), touch));
                    }
                }
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    /// Why a step may not be taken, if it may not.
    pub(crate) fn refusal(&self, step: &KeepStep) -> Result<Option<String>, FileError> {
        let touched = self.between(&step.path, step.before.as_ref(), step.after.as_ref())?;
        let Some(content) = &touched.confirmation else { return Ok(None) };
        let given = self.confirmed.iter().filter(|given| given.path == step.path);
        let mut others = given.peekable();
        let has_other = others.peek().is_some();
        if others.any(|given| given.content == *content) {
            return Ok(None);
        }
        let gated = touched.surfaces.iter().find(|touch| touch.is_gated);
        let (reader, does) = gated.map_or(("", ""), |it| (it.surface.reader, it.surface.does));
        let why = if has_other { "what was confirmed is something else; " } else { "" };
        Ok(Some(format!(
            "{why}it {does} ({reader}), so keeping it needs a confirmation of its own, for `{content}`"
        )))
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
            node.and_then(|node| node.blob).and_then(|id| self.blobs.get(&id).ok())
        };
        let mut surfaces = touches(path, old, new, &mut read);
        for name in self.other_names(path) {
            for touch in touches(&name, old, new, &mut read) {
                if !surfaces.iter().any(|known| known.surface == touch.surface) {
                    surfaces.push(touch);
                }
            }
        }
        let confirmation = is_gated(&surfaces).then(|| content_name(after));
        Ok(Touched { surfaces, confirmation })
    }

    /// The names that a path has through links which are surfaces.
    fn other_names(&self, path: &TreePath) -> impl Iterator<Item = TreePath> {
        self.links.iter().filter_map(|link| {
            let rest = path.as_path().strip_prefix(link.goal.as_path()).ok()?;
            let rest = rest.as_os_str().as_encoded_bytes();
            if rest.is_empty() { Some(link.name.clone()) } else { link.name.join(rest).ok() }
        })
    }

    fn target(&self, node: Option<&Node>) -> Result<Vec<u8>, FileError> {
        let link = node.filter(|node| node.kind == NodeKind::Link);
        link.and_then(|node| node.blob).map_or(Ok(Vec::new()), |id| self.blobs.get(&id))
    }
}

/// Looks for links that are surfaces where a change may have to do with them.
fn find_links(real: &DirTree, set: &ChangeSet, links: &mut BTreeSet<SurfaceLink>) {
    let above = |change: &Change| std::iter::successors(change.path.parent(), TreePath::parent);
    let mut waiting: Vec<TreePath> =
        set.edits().flat_map(above).collect::<BTreeSet<_>>().into_iter().rev().collect();
    // The root comes first: it has the most.
    waiting.push(TreePath::root());
    let mut looked: BTreeSet<TreePath> = BTreeSet::new();
    while let Some(directory) = waiting.pop() {
        if looked.len() >= LINK_DIRECTORIES_MAX {
            return;
        }
        if !looked.insert(directory.clone()) {
            continue;
        }
        for (path, kind) in real.names(&directory).unwrap_or_default() {
            match kind {
                EntryKind::Link if may_hold(&path) => follow(real, &path, links),
                EntryKind::Directory if may_hold(&path) => waiting.push(path),
                EntryKind::Link | EntryKind::Directory | EntryKind::File | EntryKind::Special => {}
            }
        }
    }
}

/// Adds where a link leads, and where that leads.
fn follow(real: &DirTree, name: &TreePath, links: &mut BTreeSet<SurfaceLink>) {
    let mut at = name.clone();
    for _link in 0..LINK_CHAIN_MAX {
        let Ok(Some(seen)) = real.observe(&at) else { return };
        if seen.node.kind != NodeKind::Link {
            return;
        }
        let Some(goal) = link_goal(&at, &seen.bytes) else { return };
        links.insert(SurfaceLink { name: name.clone(), goal: goal.clone() });
        at = goal;
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
