// SPDX-License-Identifier: Apache-2.0
//! Tells what changes in the user's tree, gathered over a short while.
//!
//! Directories that the repository ignores are not watched: a build changes thousands of
//! files there at once. Of the repository's own directory only what decides its status is.
//! Where nothing can be watched, that is told once, and a front end reads again when a
//! person asks it to.
//!
//! Invariant: what changed after it was shown is told, or everything is to be read again.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_base::TreePath;
use moat_files::{Budget, Listener, Root, Sight, Watch};
use moat_protocol::workspace::WorkspaceNews;

use crate::error::Error;
use crate::files::Files;
use crate::limits::CHANGED_MAX;
use crate::names::Names;
use crate::rules::{Kind, RuleBook};
use crate::settings::{NewsSink, WorkspaceSettings};

/// What of a repository's own directory decides its status.
const OF_STATUS: [&[u8]; 7] = [
    b"HEAD",
    b"index",
    b"packed-refs",
    b"MERGE_HEAD",
    b"CHERRY_PICK_HEAD",
    b"REVERT_HEAD",
    b"REBASE_HEAD",
];

/// Watches a workspace until it is dropped.
#[derive(Debug)]
pub(crate) struct Observer {
    /// Shared with the thread, which asks it whether it sees anything.
    _watch: Arc<Watch>,
    gathering: Arc<Gathering>,
    names: Arc<Names>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Gathering {
    book: Arc<RuleBook>,
    pending: Mutex<Pending>,
    changed: Condvar,
}

/// What has happened and is not told yet.
#[derive(Debug, Default)]
struct Pending {
    directories: BTreeSet<TreePath>,
    all: bool,
    rules: bool,
    git: bool,
    stop: bool,
}

impl Observer {
    pub(crate) fn start(
        settings: &WorkspaceSettings,
        files: &Files,
        names: &Arc<Names>,
    ) -> Result<Self, Error> {
        let gathering = Arc::new(Gathering {
            book: Arc::clone(&files.book),
            pending: Mutex::new(Pending::default()),
            changed: Condvar::new(),
        });
        let root = Arc::new(Root::open(files.tree.root().path())?);
        let listener: Arc<dyn Listener> = Arc::<Gathering>::clone(&gathering);
        let watch = Arc::new(Watch::telling(root, Budget::of_system(), listener));
        if let Sight::Blind(_) = watch.sight() {
            gathering.lost();
        }
        let (worker, its_names) = (Arc::clone(&gathering), Arc::clone(names));
        let its_watch = Arc::clone(&watch);
        let (news, gather) = (Arc::clone(&settings.news), settings.gather);
        let thread = std::thread::Builder::new().name("news".to_owned());
        let thread = thread
            .spawn(move || worker.work(&its_watch, &its_names, &news, gather))
            .map_err(|source| Error::Thread { source })?;
        Ok(Self { _watch: watch, gathering, names: Arc::clone(names), thread: Some(thread) })
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.names.stop();
        self.gathering.lock().stop = true;
        self.gathering.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell any more, also when it died.
            let _ended = thread.join();
        }
    }
}

impl Gathering {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, watch: &Watch, names: &Names, news: &NewsSink, gather: Duration) {
        let mut first = true;
        loop {
            let pending = {
                let quiet = |it: &mut Pending| {
                    !(it.stop || it.all || it.git || it.rules || !it.directories.is_empty())
                };
                let waited = self.changed.wait_while(self.lock(), quiet);
                let pending = waited.unwrap_or_else(PoisonError::into_inner);
                let waited = self.changed.wait_timeout_while(pending, gather, |it| !it.stop);
                let (mut pending, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                if pending.stop {
                    return;
                }
                std::mem::take(&mut *pending)
            };
            let all = pending.all || pending.rules || pending.directories.len() > CHANGED_MAX;
            let directories: Vec<TreePath> =
                if all { Vec::new() } else { pending.directories.into_iter().collect() };
            if all {
                self.book.forget();
            }
            if pending.all && matches!(watch.sight(), Sight::Blind(_)) {
                self.book.is_unwatched();
            }
            // The watch says so once when it is complete: what was shown before may have
            // changed unseen, and has to be read again.
            if all || !(first || directories.is_empty()) {
                let directories = directories.clone();
                news.as_ref()(WorkspaceNews::FilesChanged { directories, all });
            }
            if pending.all || !first && pending.git {
                news.as_ref()(WorkspaceNews::GitChanged);
            }
            // The first look at the whole tree waits for the watch: what comes after is told.
            first &= !pending.all;
            if all {
                names.learn();
            } else if !first {
                names.look_again(&directories);
            }
        }
    }
}

impl Listener for Gathering {
    fn enters(&self, directory: &TreePath) -> bool {
        let mut parts = directory.components();
        if parts.next() == Some(b".git") {
            return matches!(parts.next(), None | Some(b"refs"));
        }
        directory
            .parent()
            .is_none_or(|above| !self.book.of(&above).passes_over(directory, Kind::Directory))
    }

    fn changed(&self, directory: &TreePath, name: &[u8]) {
        let mut parts = directory.components();
        let in_git = parts.next() == Some(b".git");
        let mut pending = self.lock();
        if in_git {
            let of_refs = parts.next().is_some() && !name.ends_with(b".lock");
            pending.git |= of_refs || OF_STATUS.contains(&name);
        } else if !(name.starts_with(b".moat-") && name.ends_with(b".tmp")) {
            pending.git |= directory.is_root() && name == b".git";
            pending.rules |= name == b".gitignore";
            pending.directories.insert(directory.clone());
        }
        drop(pending);
        self.changed.notify_all();
    }

    fn lost(&self) {
        self.lock().all = true;
        self.changed.notify_all();
    }
}
