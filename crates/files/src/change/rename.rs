// SPDX-License-Identifier: Apache-2.0
//! Finds deleted and created files that are one file under another name.
//!
//! An overlay does not say that something was renamed, so it is told from the content, as
//! git does: equal content first, then text of which at least half of the bytes are in
//! lines that both have. The work is bounded: equal content costs one look at each change,
//! similar text is only looked for among a limited number of files.
//!
//! Invariant: a change is in one rename at most, and both halves stay changes of their own.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::blob::{BlobId, BlobStore};
use crate::change::{Change, ChangeKind, ChangeSet, Content, Rename};
use crate::class::Class;
use crate::file_error::FileError;
use crate::limits::{
    RENAME_BYTES_MAX, RENAME_CANDIDATES_MAX, RENAME_FILES_MAX, RENAME_LINE_FILES_MAX,
};
use crate::node::NodeKind;

/// Marks the renames of a set.
///
/// # Errors
/// [`FileError::DamagedBlob`] when a stored content cannot be read back.
pub(crate) fn find_renames(set: &mut ChangeSet, blobs: &BlobStore) -> Result<(), FileError> {
    let (mut gone, mut made) = (Vec::new(), Vec::new());
    for (index, change) in set.changes.iter().enumerate() {
        match half(change) {
            Some(ChangeKind::Deleted) => gone.push(index),
            Some(ChangeKind::Created) => made.push(index),
            Some(ChangeKind::Modified | ChangeKind::Mode | ChangeKind::Type) | None => {}
        }
    }
    if gone.is_empty() || made.is_empty() {
        return Ok(());
    }
    let mut pairs = Vec::new();
    for names in [Names::Same, Names::Any] {
        let found = equal(set, &gone, &made, names);
        let taken: HashSet<usize> = found.iter().flat_map(|(from, to)| [*from, *to]).collect();
        gone.retain(|index| !taken.contains(index));
        made.retain(|index| !taken.contains(index));
        pairs.extend(found);
    }
    pairs.extend(similar(set, blobs, gone, made)?);
    for (from, to) in pairs {
        link(set, blobs, from, to)?;
    }
    Ok(())
}

/// Whether a change can be one half of a rename, and which.
fn half(change: &Change) -> Option<ChangeKind> {
    let node = match change.kind {
        ChangeKind::Deleted => change.before.as_ref(),
        ChangeKind::Created => change.after.as_ref(),
        ChangeKind::Modified | ChangeKind::Mode | ChangeKind::Type => None,
    }?;
    let is_plain =
        change.class == Class::Edit && change.conflict.is_none() && change.merge.is_none();
    let has_content = node.blob.is_some_and(|id| id != BlobId::of(b""));
    (is_plain && has_content && node.kind != NodeKind::Directory).then_some(change.kind)
}

/// Whether only files of the same name are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Same,
    Any,
}

/// Pairs of equal content, in the order of their paths.
fn equal(set: &ChangeSet, gone: &[usize], made: &[usize], names: Names) -> Vec<(usize, usize)> {
    let key = |index: usize| {
        let change = set.changes.get(index)?;
        let node = change.before.as_ref().or(change.after.as_ref())?;
        let name = match names {
            Names::Same => change.path.file_name(),
            Names::Any => None,
        };
        Some((node.kind == NodeKind::Link, node.blob, name))
    };
    let mut left: HashMap<_, VecDeque<usize>> = HashMap::new();
    for index in gone {
        left.entry(key(*index)).or_default().push_back(*index);
    }
    let match_of = |to: &usize| Some((left.get_mut(&key(*to))?.pop_front()?, *to));
    made.iter().filter_map(match_of).collect()
}

/// A text with the bytes of each of its different lines.
struct Text {
    index: usize,
    length_bytes: usize,
    lines: HashMap<u64, usize>,
}

/// Pairs of similar text, the most similar first.
fn similar(
    set: &ChangeSet,
    blobs: &BlobStore,
    gone: Vec<usize>,
    made: Vec<usize>,
) -> Result<Vec<(usize, usize)>, FileError> {
    let is_text =
        |index: &usize| set.changes.get(*index).is_some_and(|it| it.content == Content::Text);
    let [gone, made] =
        [gone, made].map(|side| side.into_iter().filter(is_text).collect::<Vec<_>>());
    if gone.len() > RENAME_FILES_MAX || made.len() > RENAME_FILES_MAX {
        return Ok(Vec::new());
    }
    let (Some(gone), Some(made)) = (texts(set, blobs, &gone)?, texts(set, blobs, &made)?) else {
        return Ok(Vec::new());
    };
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, text) in gone.iter().enumerate() {
        for line in text.lines.keys() {
            holders.entry(*line).or_default().push(place);
        }
    }
    let mut scored = Vec::new();
    for to in &made {
        for place in candidates(to, &holders) {
            if let Some(from) = gone.get(place)
                && let Some(score) = score(from, to)
            {
                let name = |text: &Text| set.changes.get(text.index)?.path.file_name();
                let is_renamed = name(from) != name(to);
                scored.push((usize::MAX - score, is_renamed, from.index, to.index));
            }
        }
    }
    scored.sort_unstable();
    let (mut from_of, mut to_of) = (BTreeMap::new(), BTreeMap::new());
    for (_, _, from, to) in scored {
        if !to_of.contains_key(&from) && !from_of.contains_key(&to) {
            to_of.insert(from, to);
            from_of.insert(to, from);
        }
    }
    Ok(to_of.into_iter().collect())
}

/// The texts of some changes; `None` when there is too much of it.
fn texts(
    set: &ChangeSet,
    blobs: &BlobStore,
    indexes: &[usize],
) -> Result<Option<Vec<Text>>, FileError> {
    let (mut texts, mut total_bytes) = (Vec::new(), 0_usize);
    for index in indexes {
        let Some(change) = set.changes.get(*index) else { continue };
        let Some(id) = change.base().or_else(|| change.latest()) else { continue };
        let bytes = blobs.get(&id)?;
        total_bytes = total_bytes.saturating_add(bytes.len());
        if total_bytes > RENAME_BYTES_MAX {
            return Ok(None);
        }
        let mut lines = HashMap::new();
        for line in moat_diff::lines(&bytes) {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            *lines.entry(hasher.finish()).or_default() += line.len();
        }
        texts.push(Text { index: *index, length_bytes: bytes.len(), lines });
    }
    Ok(Some(texts))
}

/// The texts that share the most with this one, by lines that few of them have.
fn candidates(to: &Text, holders: &HashMap<u64, Vec<usize>>) -> Vec<usize> {
    let mut shared_bytes: BTreeMap<usize, usize> = BTreeMap::new();
    for (line, length_bytes) in &to.lines {
        let places = holders.get(line).map(Vec::as_slice).unwrap_or_default();
        if places.len() <= RENAME_LINE_FILES_MAX {
            for place in places {
                *shared_bytes.entry(*place).or_default() += length_bytes;
            }
        }
    }
    let mut places: Vec<_> = shared_bytes.into_iter().collect();
    places.sort_unstable_by_key(|(place, bytes)| (usize::MAX - bytes, *place));
    places.into_iter().take(RENAME_CANDIDATES_MAX).map(|(place, _)| place).collect()
}

/// How many bytes of a thousand are in lines of both, when at least half are.
fn score(from: &Text, to: &Text) -> Option<usize> {
    let shared: usize = to
        .lines
        .iter()
        .map(|(line, bytes)| (*bytes).min(from.lines.get(line).copied().unwrap_or(0)))
        .sum();
    let longest = from.length_bytes.max(to.length_bytes);
    (shared.saturating_mul(2) >= longest).then(|| shared.saturating_mul(1000) / longest.max(1))
}

/// Says in both halves which the other is, and shows the new file against the old content.
fn link(set: &mut ChangeSet, blobs: &BlobStore, from: usize, to: usize) -> Result<(), FileError> {
    let path = |index: usize| set.changes.get(index).map(|change| change.path.clone());
    let (Some(from_path), Some(to_path)) = (path(from), path(to)) else { return Ok(()) };
    let Some(old) = set.changes.get(from).and_then(Change::base) else { return Ok(()) };
    if let Some(gone) = set.changes.get_mut(from) {
        gone.rename = Some(Rename::To(to_path));
    }
    if let Some(made) = set.changes.get_mut(to) {
        made.rename = Some(Rename::From(from_path, old));
        if made.content == Content::Text {
            let new = made.latest().map_or(Ok(Vec::new()), |id| blobs.get(&id))?;
            made.set_hunks(moat_diff::hunks(&blobs.get(&old)?, &new));
        }
    }
    Ok(())
}
