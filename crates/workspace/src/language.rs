// SPDX-License-Identifier: Apache-2.0
//! Language servers: programs that know a language, behind one gateway.
//!
//! A front end speaks of files and places; the gateway knows which servers know the file's
//! language, keeps them told of what the editors show, asks the one that can answer, and gives
//! back what a front end may act on. What the servers say is wrong in a file is told together.
//!
//! A server obeys the repository: it loads plugins from `node_modules`, runs build scripts, and
//! asks interpreters that it finds. So it runs in a sandbox that shows the real tree read-only,
//! without network and with a private home, and it runs only where the user allowed that for
//! this workspace: opening a file starts nothing before.
//!
//! *Map*: `table` says which server knows what, and finds its program · `state` is everything
//! that is known, under one lock · `session` is the talk with one server · `ask` makes questions
//! of the front end's, `answer` makes answers for it · `supervise` starts, restarts and ends
//! processes · `frame` cuts messages, `place` and `sort` translate.
//!
//! Invariant: a server is started only in a sandbox that can write nothing of the user's, and
//! what it would change is only told.

mod answer;
mod ask;
mod frame;
mod place;
mod session;
mod sort;
mod state;
mod supervise;
mod table;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use moat_protocol::workspace::{LanguageNews, LanguageQuery, LanguageReply};

use crate::error::Error;
use crate::limits::LANGUAGE_TEXT_BYTES_MAX;
use crate::search::FrontId;
use crate::settings::WorkspaceSettings;
use state::{Asked, Decision, Shared};

/// Takes answers for the front end that asked. It returns at once.
pub type LanguageSink = Arc<dyn Fn(LanguageNews) + Send + Sync>;

/// The language servers of one workspace.
#[derive(Debug)]
pub(crate) struct Languages {
    shared: Arc<Shared>,
    ticking: Mutex<Option<JoinHandle<()>>>,
}

impl Languages {
    pub(crate) fn open(settings: &WorkspaceSettings) -> Self {
        Self { shared: Arc::new(Shared::open(settings)), ticking: Mutex::new(None) }
    }

    /// Answers a question; what a server is asked is answered through `sink`.
    pub(crate) fn answer(
        &self,
        query: LanguageQuery,
        front: FrontId,
        sink: LanguageSink,
    ) -> Result<LanguageReply, Error> {
        let shared = &self.shared;
        match query {
            LanguageQuery::Servers => {
                return Ok(LanguageReply::Servers(shared.lock().snapshot()));
            }
            LanguageQuery::Allow { allowed } => {
                let decision = if allowed { Decision::Allowed } else { Decision::Refused };
                shared.keep_decision(decision)?;
                let mut state = shared.lock();
                state.decide(shared, decision);
                self.start(&mut state)?;
            }
            LanguageQuery::Restart { server } => {
                let mut state = shared.lock();
                state.restart(&server);
                self.start(&mut state)?;
            }
            LanguageQuery::Opened { path, language, version, text } => {
                bounded(&text)?;
                let mut state = shared.lock();
                state.opened(shared, front, path, (language, version, text))?;
                self.start(&mut state)?;
            }
            LanguageQuery::Changed { path, version, text } => {
                bounded(&text)?;
                shared.lock().changed(shared, &path, version, text);
            }
            LanguageQuery::Saved { path } => shared.lock().saved(shared, &path),
            LanguageQuery::Closed { path } => shared.lock().closed(shared, front, &path),
            LanguageQuery::Ask { ask, path, version, want } => {
                shared.lock().ask(shared, Asked { front, ask, path, version, want, sink });
            }
            LanguageQuery::Cancel { ask } => {
                shared.lock().cancel(|asked| asked.front == front && asked.ask == ask);
            }
        }
        Ok(LanguageReply::Done)
    }

    /// A front end left: its editors are closed and nobody waits for its answers.
    pub(crate) fn gone(&self, front: FrontId) {
        self.shared.lock().gone(&self.shared, front);
    }

    /// Starts the servers that are wanted and do not run.
    fn start(&self, state: &mut state::State) -> Result<(), Error> {
        let wanted = state.wanted_now(&self.shared);
        if wanted.is_empty() {
            return Ok(());
        }
        let thread = |source| Error::Thread { source };
        let mut ticking = self.ticking.lock().unwrap_or_else(PoisonError::into_inner);
        if ticking.is_none() {
            let shared = Arc::clone(&self.shared);
            let builder = std::thread::Builder::new().name("languages".to_owned());
            *ticking = Some(builder.spawn(move || state::tick(&shared)).map_err(thread)?);
        }
        for index in wanted {
            let shared = Arc::clone(&self.shared);
            let builder = std::thread::Builder::new().name("language-server".to_owned());
            let spawned = builder.spawn(move || supervise::supervise(&shared, index));
            state.began(index, spawned.map_err(thread)?);
        }
        self.shared.tell_servers(state);
        Ok(())
    }
}

impl Drop for Languages {
    fn drop(&mut self) {
        let threads = self.shared.lock().close();
        self.shared.wake();
        let ticking = self.ticking.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        for thread in threads.into_iter().chain(ticking) {
            let _its_panic_ended_it = thread.join();
        }
    }
}

fn bounded(text: &str) -> Result<(), Error> {
    if text.len() <= LANGUAGE_TEXT_BYTES_MAX {
        return Ok(());
    }
    let limit_bytes = LANGUAGE_TEXT_BYTES_MAX as u64;
    Err(Error::TooLong { what: "the text for the language server", limit_bytes })
}
