// SPDX-License-Identifier: Apache-2.0
//! How two states of an upper directory differ. Pure, but for looks at the tree below.

use moat_base::TreePath;

use crate::change::ChangeKind;
use crate::checkpoint::manifest::{Entry, Kind, Manifest};
use crate::node::NodeKind;
use crate::tree::{DirTree, Observation};

/// How many paths differ to a person, and whether none differs to a program.
pub(crate) fn difference(before: Option<&Manifest>, after: &Manifest) -> (u64, bool) {
    let none = &[][..];
    let entries = before.map_or(none, |before| before.entries.as_slice());
    let (mut differing, mut is_same) = (0_u64, before.is_some());
    for (one, other) in pairs(entries, &after.entries) {
        let is_equal = matches!((one, other), (Some(one), Some(other)) if one.is_same(other));
        is_same &= is_equal;
        let is_alike = match (one, other) {
            (Some(one), Some(other)) => one.is_alike(other),
            (Some(it), None) | (None, Some(it)) => it.path.is_root(),
            (None, None) => true,
        };
        differing = differing.saturating_add(u64::from(!is_alike));
    }
    (differing, is_same)
}

/// The paths at which two states differ to a person.
pub(crate) fn paths(before: &Manifest, after: &Manifest) -> Vec<TreePath> {
    let mut paths = Vec::new();
    for (one, other) in pairs(&before.entries, &after.entries) {
        let is_alike = matches!((one, other), (Some(one), Some(other)) if one.is_alike(other));
        let path = one.or(other).map(|entry| &entry.path).filter(|path| !path.is_root());
        paths.extend(path.filter(|_| !is_alike).cloned());
    }
    paths
}

/// What becomes of paths, as the session's commands see them, when an upper directory turns
/// from one state into another over the tree `real`.
pub(crate) fn seen(
    before: &Manifest,
    after: &Manifest,
    real: &DirTree,
) -> Vec<(TreePath, ChangeKind)> {
    let mut changes = Vec::new();
    for (one, other) in pairs(&before.entries, &after.entries) {
        if let (Some(one), Some(other)) = (one, other)
            && one.is_alike(other)
        {
            continue;
        }
        let Some(path) = one.or(other).map(|entry| &entry.path) else { continue };
        if path.is_root() {
            continue;
        }
        let below = real.observe(path).ok().flatten();
        let below = below.as_ref();
        let kind = change(shown(one, before, path, below), shown(other, after, path, below));
        changes.extend(kind.map(|kind| (path.clone(), kind)));
    }
    changes
}

/// What a command sees at a path.
#[derive(Debug, Clone, Copy)]
enum Shown<'all> {
    Nothing,
    Upper(&'all Entry),
    Lower(&'all Observation),
}

fn shown<'all>(
    entry: Option<&'all Entry>,
    manifest: &Manifest,
    path: &TreePath,
    below: Option<&'all Observation>,
) -> Shown<'all> {
    match entry {
        Some(entry) if entry.kind == Kind::Whiteout => Shown::Nothing,
        Some(entry) => Shown::Upper(entry),
        None if manifest.shows_lower(path) => below.map_or(Shown::Nothing, Shown::Lower),
        None => Shown::Nothing,
    }
}

fn change(before: Shown<'_>, after: Shown<'_>) -> Option<ChangeKind> {
    match (before, after) {
        (Shown::Nothing, Shown::Nothing) | (Shown::Lower(_), Shown::Lower(_)) => None,
        (Shown::Nothing, Shown::Upper(_) | Shown::Lower(_)) => Some(ChangeKind::Created),
        (Shown::Upper(_) | Shown::Lower(_), Shown::Nothing) => Some(ChangeKind::Deleted),
        (Shown::Upper(one), Shown::Upper(other)) => {
            let is_file = |kind| matches!(kind, Kind::File | Kind::Large);
            if one.kind != other.kind && !(is_file(one.kind) && is_file(other.kind)) {
                Some(ChangeKind::Type)
            } else if (one.content, &one.target) != (other.content, &other.target) {
                Some(ChangeKind::Modified)
            } else if one.mode != other.mode {
                Some(ChangeKind::Mode)
            } else if one.is_opaque() == other.is_opaque() && one.kind == Kind::Directory {
                None
            } else {
                Some(ChangeKind::Modified)
            }
        }
        (Shown::Upper(entry), Shown::Lower(below)) | (Shown::Lower(below), Shown::Upper(entry)) => {
            against_below(entry, below)
        }
    }
}

/// What changes where the session's own turns into the user's, or the other way round.
fn against_below(entry: &Entry, below: &Observation) -> Option<ChangeKind> {
    let node = &below.node;
    match (entry.kind, node.kind) {
        (Kind::File, NodeKind::File) if entry.content != node.blob => Some(ChangeKind::Modified),
        (Kind::Large, NodeKind::File) => Some(ChangeKind::Modified),
        (Kind::Link, NodeKind::Link) => {
            let target = entry.target.as_ref().map(|target| target.0.as_slice());
            (target != Some(below.bytes.as_slice())).then_some(ChangeKind::Modified)
        }
        (Kind::File, NodeKind::File) | (Kind::Directory, NodeKind::Directory) => {
            (entry.mode != node.mode).then_some(ChangeKind::Mode)
        }
        (
            Kind::File
            | Kind::Large
            | Kind::Link
            | Kind::Directory
            | Kind::Fifo
            | Kind::Socket
            | Kind::Whiteout
            | Kind::Uncovered(_),
            NodeKind::File | NodeKind::Link | NodeKind::Directory,
        ) => Some(ChangeKind::Type),
    }
}

/// Walks two sorted lists side by side.
fn pairs<'all>(
    before: &'all [Entry],
    after: &'all [Entry],
) -> impl Iterator<Item = (Option<&'all Entry>, Option<&'all Entry>)> {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (before.peek(), after.peek()) {
            (Some(one), Some(other)) => one.path.cmp(&other.path),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return None,
        };
        Some(match order {
            std::cmp::Ordering::Less => (before.next(), None),
            std::cmp::Ordering::Greater => (None, after.next()),
            std::cmp::Ordering::Equal => (before.next(), after.next()),
        })
    })
}
