// SPDX-License-Identifier: Apache-2.0
//! Computing a change set: the uppers of a session against the user's tree.
//!
//! What a file was before the session (its base) is read from the user's tree the
//! first time a change to it is seen. That is right only while the file is still
//! the one the session began with. The kernel moves a file's change time with
//! every write, rename, link and mode, and no program can set it; so a file whose
//! change time is before the session's start is the one the session began with.
//! Reading a manifest of the whole tree at the start would tell the same at the
//! cost of one look at every file. The limits of this are in `docs/sessions.md`.
//!
//! Where the base is certain and the user's file is newer, both are joined; see `join`.

use std::collections::{BTreeMap, BTreeSet};

use moat_base::{EntryKind, TreeError, TreePath};
use moat_diff::Clash;
use rustix::fs::FileType;

use crate::blob::BlobStore;
use crate::change::budget::{Budget, Room};
use crate::change::{Change, ChangeKind, ChangeSet, Content, Merge, Scope, Since};
use crate::class::{Class, Classifier};
use crate::file_error::FileError;
use crate::limits::DEPTH_MAX;
use crate::node::{Node, NodeKind};
use crate::resolver::{self, Links};
use crate::stat::{Moment, Stat};
use crate::tree::{DirTree, Observation, entry};
use crate::upper::{Level, UpperEntry, Uppers};

/// What files were before the session, as first seen; `None` for a path that was absent.
pub(crate) type Bases = BTreeMap<TreePath, Option<Node>>;

/// When directories of the user's tree were last changed by keeping or undoing.
pub(crate) type OwnWrites = BTreeMap<TreePath, Moment>;

/// The parts of one comparison.
#[derive(Debug)]
pub(crate) struct Comparison<'all> {
    pub(crate) lower: &'all DirTree,
    pub(crate) uppers: Uppers<'all>,
    pub(crate) blobs: &'all BlobStore,
    pub(crate) bases: &'all mut Bases,
    pub(crate) own_writes: &'all OwnWrites,
    pub(crate) since: &'all Since,
    pub(crate) classifier: Classifier,
    pub(crate) set: ChangeSet,
    pub(crate) leavings: Leavings,
    pub(crate) budget: Budget,
    pub(crate) scope: Scope,
}

/// What a comparison finds beside changes, for when the overlay is mounted anew.
#[derive(Debug, Default)]
pub(crate) struct Leavings {
    /// What can go.
    pub(crate) idle: Vec<Idle>,
    /// Every path that the session has something of its own at, or hides.
    pub(crate) held: BTreeSet<TreePath>,
}

/// Something in the nearest upper that is no change of the session and hides what the user
/// has there by now. It can go while nothing is mounted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// A file, a link or a whiteout.
    Name(TreePath),
    /// A directory, once it is empty.
    Directory(TreePath),
    /// A directory's mode, which is to be this one.
    Mode(TreePath, u32),
}

/// What goes into a change beside its path.
#[derive(Debug)]
pub(super) struct Draft<'bytes> {
    pub(super) before: Option<Node>,
    pub(super) after: Option<Node>,
    pub(super) bytes: &'bytes [u8],
    pub(super) conflict: Option<String>,
    pub(super) merge: Option<Merge>,
    pub(super) clashes: Vec<Clash>,
}

/// What a path was before the session.
enum Base {
    /// This; `None` for nothing.
    Known(Option<Node>),
    /// Unknown, because it changed after the session began; this is what it is now.
    Newer(Option<Node>),
}

const NEWER: &str = "the file changed in your tree after the session began";
const GONE: &str = "the file was deleted or moved in your tree after the session began";

impl Comparison<'_> {
    /// Computes the set, and what in the upper is of no more use.
    pub(crate) fn run(mut self) -> Result<(ChangeSet, Leavings), FileError> {
        self.lower.root().check()?;
        let top = self.uppers.top();
        let fresh = self.freshness(&TreePath::root());
        self.directory(&TreePath::root(), &top, fresh)?;
        self.set.changes.sort_by(|one, other| one.path.cmp(&other.path));
        self.set.left_out.sort_by(|one, other| one.path.cmp(&other.path));
        Ok((self.set, self.leavings))
    }

    fn directory(
        &mut self,
        path: &TreePath,
        level: &Level,
        fresh: Freshness,
    ) -> Result<(), FileError> {
        if self.is_too_deep(path) {
            return Ok(());
        }
        let entries = match self.uppers.list(path, level) {
            Ok(entries) => entries,
            Err(error) => return self.leave_out(path, &error),
        };
        for entry in &entries {
            if !self.scope.has(&entry.path) {
                continue;
            }
            if self.is_full(&entry.path) {
                return Ok(());
            }
            self.entry(entry, level, fresh)?;
        }
        if !level.lower {
            let is_hidden =
                |path: &TreePath| entries.binary_search_by(|it| it.path.cmp(path)).is_err();
            self.hidden(path, &is_hidden)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &UpperEntry,
        level: &Level,
        fresh: Freshness,
    ) -> Result<(), FileError> {
        self.leavings.held.insert(entry.path.clone());
        let lower = match resolver::stat(self.lower.root(), &entry.path, Links::Refused) {
            Ok(stat) => Some(stat),
            Err(TreeError::Missing { .. } | TreeError::Refused { .. }) => None,
            Err(error) => return self.leave_out(&entry.path, &error),
        };
        if entry.stat.is_whiteout() {
            let Some(stat) = lower else { return Ok(()) };
            if level.lower && self.bases.get(&entry.path) == Some(&None) {
                // The session has nothing there and had nothing: what is there is the user's.
                self.leavings.idle.push(Idle::Name(entry.path.clone()));
                return Ok(());
            }
            return self.deleted(&entry.path, &stat);
        }
        let kind = crate::tree::entry(entry.path.clone(), &entry.stat).kind;
        if kind != EntryKind::Directory && self.uppers.is_as_copied(entry, level) {
            return Ok(());
        }
        match self.classifier.class(&entry.path, kind) {
            Class::Edit => {}
            Class::Ignored | Class::GitMetadata if self.uppers.is_as_copied(entry, level) => {
                return Ok(());
            }
            class @ (Class::Ignored | Class::GitMetadata) => {
                let before = lower.map(|stat| bare(&stat));
                self.name(&entry.path, class, before, Some(bare(&entry.stat)));
                return Ok(());
            }
        }
        match kind {
            EntryKind::Directory => self.subdirectory(entry, level, lower, fresh),
            EntryKind::File | EntryKind::Link => self.file(entry, level, lower, fresh),
            EntryKind::Special => {
                let reason = "it is a FIFO, a socket or a device".to_owned();
                self.note(&entry.path, reason);
                Ok(())
            }
        }
    }

    fn subdirectory(
        &mut self,
        entry: &UpperEntry,
        level: &Level,
        lower: Option<Stat>,
        fresh: Freshness,
    ) -> Result<(), FileError> {
        let path = &entry.path;
        let after = bare(&entry.stat);
        let was_directory = lower.filter(|stat| stat.file_type() == FileType::Directory);
        let recorded = self.set.changes.len();
        let mut is_leftover = false;
        let fresh = match was_directory {
            Some(stat) => {
                self.directory_mode(path, &bare(&stat), &after)?;
                self.freshness(path)
            }
            None => {
                is_leftover = lower.is_none() && self.is_directory_base(path);
                let base =
                    if is_leftover { Some(Base::Known(None)) } else { self.base(path, lower)? };
                if let Some(base) = base {
                    self.record(path, base, Some(after), &[])?;
                }
                fresh
            }
        };
        match self.uppers.descend(entry, level) {
            Ok(below) => self.directory(path, &below, fresh)?,
            Err(error) => return self.leave_out(path, &error),
        }
        if is_leftover && self.set.changes.len() == recorded + 1 {
            // The user removed it, and the session has nothing of its own in it.
            self.set.changes.truncate(recorded);
            self.leavings.idle.push(Idle::Directory(path.clone()));
        }
        Ok(())
    }

    /// Compares the mode of a directory that both have. That of the first look, when both
    /// are the same, tells later who changed it.
    fn directory_mode(
        &mut self,
        path: &TreePath,
        before: &Node,
        after: &Node,
    ) -> Result<(), FileError> {
        let base = self.bases.get(path).cloned().flatten().filter(Node::is_directory);
        match base {
            _ if before.mode == after.mode => {
                if base.is_none() {
                    self.bases.insert(path.clone(), Some(after.clone()));
                }
                Ok(())
            }
            Some(base) if base.mode == after.mode => {
                self.leavings.idle.push(Idle::Mode(path.clone(), before.mode));
                Ok(())
            }
            Some(_) | None => {
                self.record(path, Base::Known(Some(before.clone())), Some(after.clone()), &[])
            }
        }
    }

    fn is_directory_base(&self, path: &TreePath) -> bool {
        self.bases.get(path).is_some_and(|base| base.as_ref().is_some_and(Node::is_directory))
    }

    fn file(
        &mut self,
        entry: &UpperEntry,
        level: &Level,
        lower: Option<Stat>,
        fresh: Freshness,
    ) -> Result<(), FileError> {
        let path = &entry.path;
        if !self.may_read(path, &entry.stat) {
            return Ok(());
        }
        let Some(tree) = self.uppers.tree(entry) else {
            return Ok(());
        };
        let after = match tree.observe_as(path, entry.stat) {
            Ok(after) => after,
            Err(error) => return self.leave_out(path, &error),
        };
        if self.bases.get(path).is_some_and(|base| base.as_ref() == Some(&after.node)) {
            let is_shown = lower.is_some_and(|stat| self.is_same(path, &stat, &after));
            if level.lower && !is_shown {
                self.leavings.idle.push(Idle::Name(path.clone()));
            }
            return Ok(());
        }
        let was_directory = lower.is_some_and(|stat| stat.file_type() == FileType::Directory);
        if was_directory {
            self.hidden(path, &|_| true)?;
        } else if let Some(stat) = lower
            && self.is_same(path, &stat, &after)
        {
            if !self.bases.contains_key(path) {
                self.blobs.put(&after.bytes)?;
                self.bases.insert(path.clone(), Some(after.node));
            }
            return Ok(());
        }
        let first_seen = !self.bases.contains_key(path);
        let Some(mut base) = self.base(path, lower)? else {
            return Ok(());
        };
        if let Base::Known(Some(before)) = &base
            && *before == after.node
        {
            return Ok(());
        }
        if first_seen && matches!(base, Base::Known(None)) {
            if self.is_newer(path, fresh) && self.uppers.is_copied_up(entry) {
                base = Base::Newer(None);
            } else {
                self.bases.insert(path.clone(), None);
            }
        }
        if let Base::Known(before) = &base
            && !first_seen
            && let Some(user) = self.newer(path, before.as_ref(), lower)?
        {
            let before = before.clone();
            return self.both(path, before, user, Some((after.node, &after.bytes)));
        }
        self.record(path, base, Some(after.node), &after.bytes)
    }

    /// Records what the user's tree has at `path` and beneath, and the session does not.
    fn deleted(&mut self, path: &TreePath, lower: &Stat) -> Result<(), FileError> {
        if self.is_full(path) {
            return Ok(());
        }
        self.leavings.held.insert(path.clone());
        let kind = entry(path.clone(), lower).kind;
        match self.classifier.class(path, kind) {
            Class::Edit => {}
            class @ (Class::Ignored | Class::GitMetadata) => {
                self.name(path, class, Some(bare(lower)), None);
                return Ok(());
            }
        }
        match kind {
            EntryKind::Special => {
                let reason = "a FIFO, a socket or a device is not deleted for you".to_owned();
                self.note(path, reason);
                return Ok(());
            }
            EntryKind::Directory => self.hidden(path, &|_| true)?,
            EntryKind::File | EntryKind::Link => {}
        }
        let was_known = self.bases.contains_key(path);
        match self.base(path, Some(*lower))? {
            Some(Base::Known(Some(base))) if was_known && !base.is_directory() => {
                match self.newer(path, Some(&base), Some(*lower))? {
                    Some(user) => self.both(path, Some(base), user, None),
                    None => self.record(path, Base::Known(Some(base)), None, &[]),
                }
            }
            Some(base) => self.record(path, base, None, &[]),
            None => Ok(()),
        }
    }

    fn hidden(
        &mut self,
        path: &TreePath,
        is_hidden: &dyn Fn(&TreePath) -> bool,
    ) -> Result<(), FileError> {
        if self.is_too_deep(path) {
            return Ok(());
        }
        let names = match self.lower.states(path) {
            Ok(names) => names,
            Err(TreeError::Missing { .. } | TreeError::Refused { .. }) => return Ok(()),
            Err(error) => return self.leave_out(path, &error),
        };
        for (path, stat) in names {
            if is_hidden(&path) {
                self.deleted(&path, &stat)?;
            }
        }
        Ok(())
    }

    /// Finds what the path was before the session; `None` when that cannot be recorded.
    fn base(&mut self, path: &TreePath, lower: Option<Stat>) -> Result<Option<Base>, FileError> {
        if let Some(base) = self.bases.get(path) {
            return Ok(Some(Base::Known(base.clone())));
        }
        let Some(stat) = lower else {
            return Ok(Some(Base::Known(None)));
        };
        let start = self.since.of(path);
        if stat.file_type() == FileType::Directory {
            return Ok(Some(Base::Known(Some(bare(&stat)))));
        }
        if !self.may_read(path, &stat) {
            return Ok(None);
        }
        let seen = match self.lower.observe_as(path, stat) {
            Ok(seen) => seen,
            Err(error) => {
                self.leave_out(path, &error)?;
                return Ok(None);
            }
        };
        self.blobs.put(&seen.bytes)?;
        let after = resolver::stat(self.lower.root(), path, Links::Refused);
        let is_steady = after.is_ok_and(|after| after.changed == seen.stat.changed);
        if is_steady && is_before(seen.stat.changed, start) {
            let base = Some(seen.node);
            self.bases.insert(path.clone(), base.clone());
            Ok(Some(Base::Known(base)))
        } else {
            Ok(Some(Base::Newer(Some(seen.node))))
        }
    }

    /// Whether a file that was copied up has the content and mode of the user's file.
    fn is_same(&self, path: &TreePath, lower: &Stat, after: &Observation) -> bool {
        let candidate = lower.file_type() == after.stat.file_type()
            && lower.length_bytes == after.stat.length_bytes;
        candidate && self.lower.observe_as(path, *lower).is_ok_and(|lower| lower.node == after.node)
    }

    fn record(
        &mut self,
        path: &TreePath,
        base: Base,
        after: Option<Node>,
        bytes: &[u8],
    ) -> Result<(), FileError> {
        let (before, conflict) = match base {
            Base::Known(before) => (before, None),
            Base::Newer(Some(before)) => (Some(before), Some(NEWER.to_owned())),
            Base::Newer(None) => (None, Some(GONE.to_owned())),
        };
        if after.as_ref().is_some_and(|after| after.blob.is_some()) {
            self.blobs.put(bytes)?;
        }
        let clashes = Vec::new();
        self.add(path, Draft { before, after, bytes, conflict, merge: None, clashes })
    }

    pub(super) fn add(&mut self, path: &TreePath, draft: Draft<'_>) -> Result<(), FileError> {
        let Draft { before, after, bytes, conflict, merge, clashes } = draft;
        let old = match before.as_ref().and_then(|before| before.blob) {
            Some(id) => self.blobs.get(&id)?,
            None => Vec::new(),
        };
        let mut change = Change {
            path: path.clone(),
            kind: kind(before.as_ref(), after.as_ref()),
            class: Class::Edit,
            content: content(before.as_ref(), after.as_ref(), &old, bytes),
            before,
            after,
            hunks: Vec::new(),
            lines_added: 0,
            lines_removed: 0,
            conflict,
            merge,
            clashes,
            rename: None,
        };
        if change.content == Content::Text {
            if self.budget.text(old.len() + bytes.len()) == Room::Spent {
                self.cut(path, "there are more changed texts than can be shown at once");
                return Ok(());
            }
            change.set_hunks(moat_diff::hunks(&old, bytes));
        }
        self.set.changes.push(change);
        Ok(())
    }

    /// Records a change that is only named.
    fn name(&mut self, path: &TreePath, class: Class, before: Option<Node>, after: Option<Node>) {
        let kind = match (&before, &after) {
            (Some(before), Some(after)) if before.kind == after.kind => ChangeKind::Modified,
            _ => kind(before.as_ref(), after.as_ref()),
        };
        self.set.changes.push(Change {
            path: path.clone(),
            kind,
            class,
            before,
            after,
            content: Content::None,
            hunks: Vec::new(),
            lines_added: 0,
            lines_removed: 0,
            conflict: None,
            merge: None,
            clashes: Vec::new(),
            rename: None,
        });
    }

    /// When a directory of the user's tree last got or lost a name by somebody else.
    fn freshness(&self, path: &TreePath) -> Freshness {
        match resolver::stat(self.lower.root(), path, Links::Refused) {
            Ok(stat) if self.own_writes.get(path) == Some(&stat.changed) => Freshness::Own,
            Ok(stat) => Freshness::At(stat.changed),
            Err(_) => Freshness::Unknown,
        }
    }

    fn is_newer(&self, path: &TreePath, fresh: Freshness) -> bool {
        match fresh {
            // What happened before the keep is not known any more.
            Freshness::Own => self.since.is_older(path),
            Freshness::At(changed) => !is_before(changed, self.since.of(path)),
            Freshness::Unknown => true,
        }
    }

    fn leave_out(&mut self, path: &TreePath, error: &TreeError) -> Result<(), FileError> {
        self.lower.root().check()?;
        let mut reason = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            reason.push_str(&format!(": {source}"));
        }
        self.note(path, reason);
        Ok(())
    }

    /// Names a directory that is too deep to look into.
    fn is_too_deep(&mut self, path: &TreePath) -> bool {
        let is_too_deep = path.components().count() > DEPTH_MAX;
        if is_too_deep {
            self.note(path, format!("it is more than {DEPTH_MAX} directories deep"));
        }
        is_too_deep
    }
}

/// When names were last added to or removed from a directory, or the nearest directory
/// above it that still exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// Then, by a keep or an undo.
    Own,
    At(Moment),
    Unknown,
}

/// Whether a file's change time says that it is as it was at the start. A file system
/// that counts whole seconds rounds down, so a whole second is compared as a second.
pub(crate) fn is_before(changed: Moment, start: Moment) -> bool {
    if changed.nanoseconds == 0 { changed.seconds < start.seconds } else { changed < start }
}

/// A node without its content.
fn bare(stat: &Stat) -> Node {
    let kind = match stat.file_type() {
        FileType::Directory => NodeKind::Directory,
        FileType::Symlink => NodeKind::Link,
        FileType::RegularFile
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => NodeKind::File,
    };
    Node { kind, mode: stat.permissions(), blob: None }
}

fn kind(before: Option<&Node>, after: Option<&Node>) -> ChangeKind {
    match (before, after) {
        (None, _) => ChangeKind::Created,
        (Some(_), None) => ChangeKind::Deleted,
        (Some(before), Some(after)) if before.kind != after.kind => ChangeKind::Type,
        (Some(before), Some(after)) if before.blob == after.blob => ChangeKind::Mode,
        (Some(_), Some(_)) => ChangeKind::Modified,
    }
}

fn content(before: Option<&Node>, after: Option<&Node>, old: &[u8], new: &[u8]) -> Content {
    let sides = [before, after];
    let sides = || sides.into_iter().flatten();
    let is_mode_only = matches!(kind(before, after), ChangeKind::Mode);
    if is_mode_only || sides().all(|node| node.kind == NodeKind::Directory) {
        Content::None
    } else if sides().all(|node| node.kind == NodeKind::File)
        && moat_diff::is_text(old)
        && moat_diff::is_text(new)
    {
        Content::Text
    } else {
        Content::Binary
    }
}
