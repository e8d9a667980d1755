// SPDX-License-Identifier: Apache-2.0
//! Search and replace across the files of a workspace.
//!
//! A search runs on a thread of its own and tells what it finds in small pieces, in the order
//! of the paths, until it is ended or a limit ends it. The expressions are those of `regex`,
//! whose time grows with the text and not with the expression. It searches a file's bytes
//! and decodes only lines that match; `grep-searcher`, which could do the same, opens files
//! by path, and here only `moat_files` does.
//!
//! Invariant: a search that nobody waits for ends, and no more than [`SEARCHES_MAX`] run.

mod pattern;
mod replace;
mod run;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_base::Clock;
use moat_protocol::workspace::{SearchQuery, SearchReply, WorkspaceNews};

use crate::error::Error;
use crate::files::Files;
use crate::limits::SEARCHES_MAX;
use pattern::Pattern;
use run::Run;

/// A front end, by a number that its server gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontId(pub u64);

/// Takes what a search finds, for the front end that asked. It may wait until there is room;
/// `false` says that the front end is gone, and ends the search.
pub type SearchSink = Arc<dyn Fn(WorkspaceNews) -> bool + Send + Sync>;

/// The searches of one workspace.
#[derive(Debug)]
pub(crate) struct Searches {
    files: Arc<Files>,
    clock: Arc<dyn Clock>,
    running: Arc<Mutex<HashMap<FrontId, Running>>>,
}

#[derive(Debug)]
struct Running {
    search: u32,
    stop: Arc<AtomicBool>,
}

impl Searches {
    pub(crate) fn new(files: Arc<Files>, clock: Arc<dyn Clock>) -> Self {
        Self { files, clock, running: Arc::new(Mutex::new(HashMap::new())) }
    }

    pub(crate) fn answer(
        &self,
        query: SearchQuery,
        front: FrontId,
        sink: SearchSink,
    ) -> Result<SearchReply, Error> {
        match query {
            SearchQuery::Start { search, spec } => {
                let pattern = Pattern::new(&spec)?;
                self.start(search, pattern, front, sink)?;
                Ok(SearchReply::Started)
            }
            SearchQuery::Stop { search } => {
                if let Some(running) = lock(&self.running).get(&front)
                    && running.search == search
                {
                    running.stop.store(true, Ordering::Relaxed);
                }
                Ok(SearchReply::Stopped)
            }
            SearchQuery::Replace { spec, with, paths } => {
                let pattern = Pattern::new(&spec)?;
                Ok(replace::replace(&self.files, &pattern, &spec, &with, paths))
            }
        }
    }

    /// Ends the search of a front end.
    pub(crate) fn stop(&self, front: FrontId) {
        if let Some(running) = lock(&self.running).get(&front) {
            running.stop.store(true, Ordering::Relaxed);
        }
    }

    fn start(
        &self,
        search: u32,
        pattern: Pattern,
        front: FrontId,
        sink: SearchSink,
    ) -> Result<(), Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = lock(&self.running);
        if let Some(before) = running.get(&front) {
            before.stop.store(true, Ordering::Relaxed);
        }
        if running.len() >= SEARCHES_MAX && !running.contains_key(&front) {
            return Err(Error::Pattern { reason: format!("{SEARCHES_MAX} searches run already") });
        }
        let (table, its_stop) = (Arc::clone(&self.running), Arc::clone(&stop));
        let run = Run::new(&self.files, Arc::clone(&self.clock), pattern, search);
        let thread = std::thread::Builder::new().name("search".to_owned());
        let started = thread.spawn(move || {
            run.to_the_end(&its_stop, &sink);
            let mut table = lock(&table);
            // Another one may have taken its place.
            if table.get(&front).is_some_and(|it| Arc::ptr_eq(&it.stop, &its_stop)) {
                table.remove(&front);
            }
        });
        started.map_err(|source| Error::Thread { source })?;
        running.insert(front, Running { search, stop });
        Ok(())
    }
}

impl Drop for Searches {
    fn drop(&mut self) {
        for running in lock(&self.running).values() {
            running.stop.store(true, Ordering::Relaxed);
        }
    }
}

fn lock(table: &Mutex<HashMap<FrontId, Running>>) -> MutexGuard<'_, HashMap<FrontId, Running>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
