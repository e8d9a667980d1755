// SPDX-License-Identifier: Apache-2.0
//! From a selection of changes to steps in an order that can be taken.
//!
//! Removals come first, deepest first, then everything else from the root down:
//! so a directory is empty when it goes and exists when something is put into it.

use std::collections::{BTreeMap, BTreeSet};

use moat_base::TreePath;
use moat_scan::target::stays_beneath;

use crate::blob::BlobStore;
use crate::change::{Change, ChangeKind, ChangeSet, Content, Merge};
use crate::class::Class;
use crate::file_error::FileError;
use crate::keep::{KeepStep, Outcome, Selection};
use crate::node::{Node, NodeKind};
use crate::surface::{SurfaceGate, Verdict};

/// Which hunks of a change are meant.
enum Part<'selection> {
    Whole,
    Hunks(&'selection [usize]),
}

/// What a keep would do.
pub(crate) struct Plan {
    /// The steps in the order they are taken.
    pub(crate) steps: Vec<KeepStep>,
    /// The steps that are refused for want of a confirmation.
    pub(crate) unconfirmed: BTreeSet<TreePath>,
}

/// The steps that bring a selection into the user's tree.
pub(crate) fn plan_keep(
    blobs: &BlobStore,
    set: &ChangeSet,
    selection: &Selection,
    gate: &SurfaceGate<'_>,
) -> Result<Plan, FileError> {
    let mut steps = BTreeMap::new();
    let mut unconfirmed = BTreeSet::new();
    for (change, part) in select(set, selection)? {
        for parent in missing_parents(set, &change.path) {
            // One of a mode that is not taken over is made with the usual one.
            if obstacle(blobs, parent)?.is_some() {
                continue;
            }
            steps
                .entry(parent.path.clone())
                .or_insert_with(|| step(parent, parent.before.clone(), parent.after.clone()));
        }
        let after = match part {
            Part::Whole => change.after.clone(),
            Part::Hunks(numbers) => {
                let whole = change.after.as_ref().filter(|_| change.rename.is_some());
                let mode = change.before.as_ref().or(whole).map(|node| node.mode);
                some_hunks(blobs, change, numbers, mode)?
            }
        };
        let mut step = step(change, change.before.clone(), after);
        step.merge = change.merge.clone();
        if let Some(merge) = step.merge.as_mut().filter(|_| step.after != change.after) {
            // Some hunks are still to come: they are changes to the same base.
            merge.session.clone_from(&merge.base);
        }
        if let Some(outcome) = obstacle(blobs, change)? {
            step.outcome = outcome;
        } else {
            match gate.judge(&step)? {
                Verdict::Free => {}
                Verdict::Confirmed(given) => step.confirmed = Some(given),
                Verdict::Refused(reason, missing) => {
                    step.outcome = Outcome::Refused { reason };
                    step.confirmed = Some(missing);
                    unconfirmed.insert(change.path.clone());
                }
            }
        }
        steps.insert(change.path.clone(), step);
    }
    drop_idle_directories(&mut steps, &unconfirmed);
    Ok(Plan { steps: ordered(steps.into_values().collect()), unconfirmed })
}

/// Takes directories out of a plan that have to wait for what is not confirmed: new ones
/// would stay empty, and removed ones are not empty yet.
fn drop_idle_directories(
    steps: &mut BTreeMap<TreePath, KeepStep>,
    unconfirmed: &BTreeSet<TreePath>,
) {
    let above = |path: &TreePath| std::iter::successors(path.parent(), TreePath::parent);
    let waiting: BTreeSet<TreePath> = unconfirmed.iter().flat_map(above).collect();
    let is_new = |step: &KeepStep| {
        step.before.is_none() && step.after.as_ref().is_some_and(Node::is_directory)
    };
    let takes_place = |(path, step): &(&TreePath, &KeepStep)| {
        let waits = is_new(step) && waiting.contains(*path);
        !waits && !unconfirmed.contains(*path)
    };
    let taken = steps.iter().filter(takes_place);
    let needed: BTreeSet<TreePath> = taken.flat_map(|(path, _)| above(path)).collect();
    steps.retain(|path, step| {
        let is_gone = step.after.is_none() && step.before.as_ref().is_some_and(Node::is_directory);
        let is_idle = is_gone || (is_new(step) && !needed.contains(path));
        !(waiting.contains(path) && is_idle)
    });
}

/// The steps that take a selection out of the session's tree.
pub(crate) fn plan_discard(
    blobs: &BlobStore,
    set: &ChangeSet,
    selection: &Selection,
) -> Result<Vec<KeepStep>, FileError> {
    let mut steps = Vec::new();
    for (change, part) in select(set, selection)? {
        let after = match part {
            Part::Whole => change.before.clone(),
            Part::Hunks(numbers) => {
                let others: Vec<usize> =
                    (1..=change.hunks.len()).filter(|number| !numbers.contains(number)).collect();
                let mode = change.after.as_ref().map(|node| node.mode);
                some_hunks(blobs, change, &others, mode)?
            }
        };
        let mut step = step(change, change.in_session().cloned(), after);
        // What is left is made of what the user has.
        let base = change.before.clone();
        step.merge = Some(Merge { base: base.clone(), session: base });
        if change.class != Class::Edit {
            step.outcome = not_an_edit(change);
        }
        steps.push(step);
    }
    Ok(ordered(steps))
}

fn select<'all>(
    set: &'all ChangeSet,
    selection: &'all Selection,
) -> Result<Vec<(&'all Change, Part<'all>)>, FileError> {
    let missing = |path: &TreePath| FileError::NoSuchChange { path: path.clone() };
    match selection {
        Selection::Edits => Ok(set.edits().map(|change| (change, Part::Whole)).collect()),
        Selection::Paths(paths) => {
            let mut picked = Vec::new();
            for path in paths {
                let before = picked.len();
                picked.extend(
                    set.changes
                        .iter()
                        .filter(|change| change.path.as_path().starts_with(path.as_path()))
                        .map(|change| (change, Part::Whole)),
                );
                if picked.len() == before {
                    return Err(missing(path));
                }
            }
            Ok(picked)
        }
        Selection::Hunks { path, hunks } => {
            let change = set.find(path).ok_or_else(|| missing(path))?;
            let count = change.hunks.len();
            match hunks.iter().find(|hunk| !(1..=count).contains(hunk)) {
                Some(hunk) => Err(FileError::NoSuchHunk { path: path.clone(), hunk: *hunk, count }),
                None => Ok(vec![(change, Part::Hunks(hunks))]),
            }
        }
    }
}

/// The new directories above a path.
fn missing_parents<'set>(set: &'set ChangeSet, path: &TreePath) -> Vec<&'set Change> {
    let mut parents = Vec::new();
    let mut above = path.parent();
    while let Some(path) = above {
        parents.extend(set.find(&path).filter(|change| {
            change.class == Class::Edit
                && change.kind == ChangeKind::Created
                && change.conflict.is_none()
        }));
        above = path.parent();
    }
    parents
}

fn step(change: &Change, before: Option<Node>, after: Option<Node>) -> KeepStep {
    KeepStep {
        path: change.path.clone(),
        before,
        after,
        outcome: Outcome::Planned,
        not_undone: None,
        merge: None,
        confirmed: None,
    }
}

/// The file with some of the hunks; the whole change when all are meant.
fn some_hunks(
    blobs: &BlobStore,
    change: &Change,
    numbers: &[usize],
    mode: Option<u32>,
) -> Result<Option<Node>, FileError> {
    let all = (1..=change.hunks.len()).all(|number| numbers.contains(&number));
    if all || change.content != Content::Text {
        return Ok(change.after.clone());
    }
    if numbers.is_empty() && change.rename.is_none() {
        let before = change.before.clone();
        return Ok(before.map(|node| Node { mode: mode.unwrap_or(node.mode), ..node }));
    }
    let bytes = |id| match id {
        Some(id) => blobs.get(&id),
        None => Ok(Vec::new()),
    };
    let bytes =
        moat_diff::apply(&bytes(change.compared_with())?, &bytes(change.latest())?, numbers);
    let blob = blobs.put(&bytes)?;
    Ok(Some(Node {
        kind: NodeKind::File,
        mode: mode.unwrap_or(crate::limits::NEW_FILE_MODE),
        blob: Some(blob),
    }))
}

/// Why a change cannot be kept, before looking at the user's tree.
fn obstacle(blobs: &BlobStore, change: &Change) -> Result<Option<Outcome>, FileError> {
    if change.class != Class::Edit {
        return Ok(Some(not_an_edit(change)));
    }
    if let Some(reason) = &change.conflict {
        let reason = reason.clone();
        return Ok(Some(Outcome::Conflict { reason }));
    }
    let Some(after) = &change.after else {
        return Ok(None);
    };
    let before = change.before.as_ref().filter(|before| before.kind == after.kind);
    let gained = after.mode & !before.map_or(0, |before| before.mode);
    let lost = |bits: u32| before.map_or(bits, |before| before.mode & bits) & !after.mode != 0;
    let reason = match after.kind {
        NodeKind::Link => match after.blob {
            Some(id) if !stays_beneath(&change.path, &blobs.get(&id)?) => {
                "it is a link that leads out of the tree or into git's own directory"
            }
            Some(_) | None => return Ok(None),
        },
        NodeKind::File if after.mode & SET_BITS != 0 => "it has a set-id or sticky bit",
        NodeKind::Directory if gained & SET_BITS != 0 => "it has a set-id or sticky bit",
        NodeKind::File | NodeKind::Directory if gained & WRITABLE_BY_ALL != 0 => {
            "everybody on the machine could write it; `chmod o-w` in the session allows it"
        }
        NodeKind::Directory if lost(OWNER_BITS) => {
            "its owner could not list, change or enter it; `chmod u+rwx` in the session allows it"
        }
        NodeKind::File | NodeKind::Directory => return Ok(None),
    };
    let reason = reason.to_owned();
    Ok(Some(Outcome::Refused { reason }))
}

/// Set-user-id, set-group-id and sticky.
const SET_BITS: u32 = 0o7000;

/// Writing by everybody.
const WRITABLE_BY_ALL: u32 = 0o002;

/// What the owner of a directory needs to list, change and enter it.
const OWNER_BITS: u32 = 0o700;

fn not_an_edit(change: &Change) -> Outcome {
    let reason = match change.class {
        Class::GitMetadata => "git's own files are never copied",
        Class::Ignored | Class::Edit => "it is ignored by the rules of the tree, or a cache",
    };
    Outcome::Refused { reason: reason.to_owned() }
}

/// Removals deepest first, then the rest from the root down.
fn ordered(steps: Vec<KeepStep>) -> Vec<KeepStep> {
    let (mut removals, mut others): (Vec<_>, Vec<_>) =
        steps.into_iter().partition(|step| step.after.is_none());
    removals.sort_by(|one, other| other.path.cmp(&one.path));
    others.sort_by(|one, other| one.path.cmp(&other.path));
    removals.append(&mut others);
    removals
}
