// SPDX-License-Identifier: Apache-2.0
//! A directory with all that lies beneath it, on a few threads.
//!
//! A repository's own directory, also a bare one and that of a submodule, is looked at under the
//! name `.git`, by which the rules know it: its configuration, its hooks and what else acts, but
//! not its objects. What makes a directory a bare repository does not keep the rest of it from
//! being read. A link is followed only where its name is that of a surface, only within the
//! tree, and only once.
//!
//! Invariant: what is neither read nor listed is told. Invariant: no link leads out of the tree.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use moat_base::{EntryKind, Tree as _, TreeError, TreePath};
use moat_files::{DirTree, Listing};
use moat_scan::repository::Marks;
use moat_scan::target::stays_beneath;
use moat_scan::{fold_name, is_examined, is_git_name, may_hold};

use crate::error::Error;
use crate::judge::{Subject, Text};
use crate::limits::{
    CHUNK_FILES, DIRECTORY_ENTRIES_MAX, LINKED_ENTRIES_MAX, THREADS_MAX, WHOLE_BYTES_MAX,
};
use crate::notice;
use crate::queue::{Job, Queue};
use crate::sink::Sink;
use crate::window::{self, Dense};

/// Looks through a tree.
pub(crate) fn look(tree: &DirTree, stop: &AtomicBool, sink: &Sink<'_>) -> Result<(), Error> {
    let top = Directory { path: TreePath::root(), place: Place::Plain };
    let look = Look { tree, stop, sink, queue: Queue::of(top), linked: AtomicUsize::new(0) };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    std::thread::scope(|scope| {
        let started: Result<Vec<_>, _> = (1..threads)
            .map(|_| {
                let thread = std::thread::Builder::new().name("survey".to_owned());
                thread.spawn_scoped(scope, || look.work())
            })
            .collect();
        // Those that did start do the work; with none this thread does it alone.
        look.work();
        started.map(drop).map_err(|source| Error::Thread { source })
    })
}

#[derive(Debug)]
struct Look<'survey> {
    tree: &'survey DirTree,
    stop: &'survey AtomicBool,
    sink: &'survey Sink<'survey>,
    queue: Queue<Directory, Chunk>,
    /// How many entries were looked at through links.
    linked: AtomicUsize,
}

#[derive(Debug)]
struct Directory {
    path: TreePath,
    place: Place,
}

#[derive(Debug)]
struct Chunk {
    paths: Vec<TreePath>,
    place: Place,
}

/// What a directory is a part of, which decides what of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Of the tree: everything is read.
    Plain,
    /// Of a repository's own directory, whose path has this many bytes: where its name says so,
    /// what acts is read, else all but its objects.
    Git { base: usize },
    /// Of a surface that a link leads to: what acts is read.
    Linked,
}

impl Look<'_> {
    fn work(&self) {
        let mut buffer = Vec::new();
        while let Some((job, _busy)) = self.queue.next(self.stop) {
            match job {
                Job::Directory(directory) => self.directory(&directory, &mut buffer),
                Job::Chunk(chunk) => self.chunk(chunk, &mut buffer),
            }
        }
    }

    fn directory(&self, directory: &Directory, buffer: &mut Vec<u8>) {
        let path = &directory.path;
        let listing = match self.tree.listing(path, DIRECTORY_ENTRIES_MAX) {
            Ok(listing) => listing,
            // It is gone by now, as if it had gone before.
            Err(TreeError::Missing { .. }) if !path.is_root() => return,
            Err(error) => return self.sink.notice(notice::unread(path.clone(), &error)),
        };
        self.sink.progress().directory();
        self.tell_missing(path, &listing);
        self.tell_alike(&listing);
        if directory.place == Place::Linked && self.has_linked_enough(path, &listing) {
            return;
        }
        let place = place(directory, &listing);
        let mut paths = Vec::new();
        for (path, kind) in listing.entries {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            match kind {
                EntryKind::File => {
                    paths.push(path);
                    if paths.len() >= CHUNK_FILES {
                        self.hand_on(std::mem::take(&mut paths), place, buffer);
                    }
                }
                EntryKind::Directory => self.below(path, place),
                EntryKind::Link => self.link(path, place),
                EntryKind::Special => self.sink.notice(notice::special(path)),
            }
        }
        self.hand_on(paths, place, buffer);
    }

    fn tell_missing(&self, path: &TreePath, listing: &Listing) {
        if listing.too_long > 0 {
            let what = format!("{} with a path too long to be opened", listing.too_long);
            self.sink.notice(notice::left_out(path.clone(), what));
        }
        if listing.is_cut {
            let what = format!("all after the first {DIRECTORY_ENTRIES_MAX}");
            self.sink.notice(notice::left_out(path.clone(), what));
        }
    }

    /// Tells names of which another file system keeps one only: what it shows is not what was
    /// reviewed.
    fn tell_alike(&self, listing: &Listing) {
        // Names that fold to themselves are as different as they are.
        let mut names = listing.entries.iter().filter_map(|(path, _kind)| path.file_name());
        if names.all(is_folded) {
            return;
        }
        let mut known: HashMap<String, &TreePath> = HashMap::with_capacity(listing.entries.len());
        for (path, _kind) in &listing.entries {
            let Some(folded) = path.file_name().and_then(folded) else { continue };
            match known.entry(folded) {
                Entry::Vacant(free) => {
                    free.insert(path);
                }
                Entry::Occupied(taken) => {
                    let other = taken.get().file_name().unwrap_or_default();
                    self.sink.notice(notice::alike(path.clone(), other));
                }
            }
        }
    }

    fn has_linked_enough(&self, path: &TreePath, listing: &Listing) -> bool {
        let seen = self.linked.fetch_add(listing.entries.len(), Ordering::Relaxed);
        let is_enough = seen.saturating_add(listing.entries.len()) > LINKED_ENTRIES_MAX;
        if is_enough {
            let what = "links lead to more than is looked at through links".to_owned();
            self.sink.notice(notice::left_out(path.clone(), what));
        }
        is_enough
    }

    /// Leaves files to whoever has time, or reads them when too many wait.
    fn hand_on(&self, paths: Vec<TreePath>, place: Place, buffer: &mut Vec<u8>) {
        if paths.is_empty() {
            return;
        }
        if let Err(chunk) = self.queue.chunk(Chunk { paths, place }) {
            self.chunk(chunk, buffer);
        }
    }

    fn below(&self, path: TreePath, place: Place) {
        if let Place::Git { base } = place
            && is_objects(&path, base)
        {
            return;
        }
        if let Err(directory) = self.queue.directory(Directory { path, place }) {
            let what = "too many directories wait".to_owned();
            self.sink.notice(notice::left_out(directory.path, what));
        }
    }

    /// Follows a link where a tool would look for what acts.
    fn link(&self, path: TreePath, place: Place) {
        self.sink.progress().link();
        let subject = subject(path, place);
        let is_examined = subject.is_examined();
        if !is_examined && (place == Place::Linked || !may_hold(&subject.path)) {
            return self.tell_way_out(subject.path);
        }
        let mut content = Vec::new();
        match self.tree.read(&subject.path, WHOLE_BYTES_MAX) {
            Ok(bytes) => {
                content.extend(bytes);
                self.sink.progress().file(content.len() as u64);
                subject.judge(&content, self.sink);
            }
            Err(TreeError::TooLarge { limit_bytes, .. }) => {
                self.sink.notice(notice::too_long(subject.path, limit_bytes));
            }
            Err(error) => self.linked(subject.path, &error, place),
        }
    }

    /// Tells a link that nothing follows here and that leads out of the tree by its names.
    fn tell_way_out(&self, path: TreePath) {
        match self.tree.link_target(&path) {
            Ok(target) if stays_beneath(&path, &target) => {}
            Ok(target) => self.sink.notice(notice::way_out(path, &target)),
            Err(TreeError::Missing { .. }) => {}
            Err(error) => self.sink.notice(notice::unread(path, &error)),
        }
    }

    /// A link that is none to a file: to a directory, out of the tree, or to nothing.
    fn linked(&self, path: TreePath, error: &TreeError, place: Place) {
        // One entry is enough to know whether it is a directory of this tree.
        if place != Place::Linked && self.tree.listing(&path, 1).is_ok() {
            self.below(path, Place::Linked);
            return;
        }
        match self.tree.link_target(&path) {
            Ok(target) => self.sink.notice(notice::link(path, &target)),
            Err(_) => self.sink.notice(notice::unread(path, error)),
        }
    }

    fn chunk(&self, chunk: Chunk, buffer: &mut Vec<u8>) {
        for path in chunk.paths {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            self.file(path, chunk.place, buffer);
        }
    }

    fn file(&self, path: TreePath, place: Place, buffer: &mut Vec<u8>) {
        let subject = subject(path, place);
        if subject.text == Text::PassedOver && !acts(&subject, place) {
            return;
        }
        buffer.clear();
        let read = match place {
            Place::Plain | Place::Git { .. } => {
                self.tree.append_listed(&subject.path, WHOLE_BYTES_MAX, buffer)
            }
            Place::Linked => {
                self.tree.read(&subject.path, WHOLE_BYTES_MAX).map(|bytes| buffer.extend(bytes))
            }
        };
        match read {
            Ok(()) => {
                self.sink.progress().file(buffer.len() as u64);
                subject.judge(buffer, self.sink);
            }
            Err(TreeError::TooLarge { .. }) => self.long(&subject),
            Err(TreeError::Missing { .. }) => {}
            Err(error) => self.sink.notice(notice::unread(subject.path, &error)),
        }
    }

    fn long(&self, subject: &Subject) {
        let unread = match self.tree.open(&subject.path) {
            Ok(file) => window::judge(subject, &mut Dense::of(&file), self.stop, self.sink)
                .map_err(|source| TreeError::Io { path: subject.path.clone(), source }),
            Err(error) => Err(error),
        };
        if let Err(error) = unread {
            self.sink.notice(notice::unread(subject.path.clone(), &error));
        }
    }
}

/// A name as file systems compare names that do not tell cases apart; `None` for what is no
/// name there.
fn folded(name: &[u8]) -> Option<String> {
    Some(fold_name(&String::from_utf8_lossy(name))).filter(|folded| !folded.is_empty())
}

/// Whether a name surely is its folded form, as most are.
fn is_folded(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    name.iter().all(is_plain) && name.last() != Some(&b'.')
}

/// What the entries of a directory are a part of.
fn place(directory: &Directory, listing: &Listing) -> Place {
    if directory.place == Place::Linked {
        return Place::Linked;
    }
    let path = &directory.path;
    let mut marks = Marks::default();
    for (path, _kind) in &listing.entries {
        marks.note(path.file_name().unwrap_or_default());
    }
    if marks.are_whole() || path.file_name().is_some_and(is_git_name) {
        return Place::Git { base: path.as_bytes().len() };
    }
    directory.place
}

/// A file, with the name by which the rules know it.
fn subject(path: TreePath, place: Place) -> Subject {
    match place {
        Place::Plain => Subject::plain(path),
        Place::Linked => Subject { path, alias: None, text: Text::PassedOver },
        Place::Git { base } => match git_name(&path, base) {
            // What git finds by its parts is a part of the tree as well: else a few files of a
            // repository at the top would hide all others.
            Some(alias) => {
                let alias = Some(alias).filter(is_examined);
                Subject { path, alias, text: Text::Searched }
            }
            None => Subject { path, alias: None, text: Text::PassedOver },
        },
    }
}

/// What a repository's file is called where its directory is called `.git`.
fn git_name(path: &TreePath, base: usize) -> Option<TreePath> {
    let (directory, rest) = path.as_bytes().split_at_checked(base)?;
    let directory = TreePath::from_bytes(directory).ok()?;
    if directory.file_name().is_some_and(is_git_name) {
        return None;
    }
    let rest = rest.strip_prefix(b"/").unwrap_or(rest);
    directory.join(&[b".git/".as_slice(), rest].concat()).ok()
}

/// Whether a file of which only what acts is read does act. Git runs no hook by a sample's name.
fn acts(subject: &Subject, place: Place) -> bool {
    let is_git = matches!(place, Place::Git { .. });
    let is_sample = is_git && subject.path.as_bytes().ends_with(b".sample");
    !is_sample && is_examined(subject.alias.as_ref().unwrap_or(&subject.path))
}

fn is_objects(path: &TreePath, base: usize) -> bool {
    let rest = path.as_bytes().get(base..).unwrap_or_default();
    rest.strip_prefix(b"/").unwrap_or(rest) == b"objects"
}
