// SPDX-License-Identifier: Apache-2.0
//! Everything that is known about languages, under one lock: what the editors show, the
//! servers, what is asked of them, and what they found wrong.
//!
//! Nothing waits while it holds the lock: what goes to a server goes into a bounded queue, and
//! what goes to front ends is told without waiting.
//!
//! Invariant: a question is answered exactly once, whatever becomes of its server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_base::{Clock, Fs, TreePath};
use moat_protocol::workspace::{
    LanguageAnswer, LanguageNews, LanguageServers, LanguageWant, ServerStanding, ServerState,
    WorkspaceNews,
};
use moat_sandbox::Launcher;
use serde_json::{Value, json};

use super::session::Session;
use super::table::{self, Found, Spec, TABLE};
use super::{LanguageSink, answer};
use crate::error::Error;
use crate::limits::{
    LANGUAGE_FILES_MAX, LANGUAGE_GATHER, LANGUAGE_IDLE_MAX, LANGUAGE_LINGER,
    LANGUAGE_NOTE_BYTES_MAX, LANGUAGE_PROBLEM_FILES_MAX, LANGUAGE_PROBLEMS_MAX,
    LANGUAGE_SILENCE_MAX,
};
use crate::search::FrontId;
use crate::settings::{NewsSink, WorkspaceSettings};

/// How often is looked at what takes too long.
pub(super) const TICK: Duration = Duration::from_millis(500);

/// What the threads of the gateway share.
pub(super) struct Shared {
    pub(super) root: PathBuf,
    pub(super) launcher: Arc<Launcher>,
    pub(super) clock: Arc<dyn Clock>,
    search: Vec<PathBuf>,
    news: NewsSink,
    fs: Arc<dyn Fs>,
    note: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("root", &self.root).finish_non_exhaustive()
    }
}

/// What is known.
#[derive(Debug)]
pub(super) struct State {
    pub(super) closing: bool,
    allowed: Option<bool>,
    pub(super) documents: BTreeMap<TreePath, Document>,
    pub(super) servers: Vec<Server>,
    problems: Problems,
}

/// A file that is in an editor.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) language: String,
    /// The front end's number of its text.
    pub(super) version: u32,
    /// The number by which servers know the text.
    pub(super) number: i32,
    pub(super) text: String,
    fronts: BTreeSet<FrontId>,
    /// Since when it is in no editor.
    left: Option<Duration>,
    /// What was offered last, and by which server.
    pub(super) items: (usize, Vec<Value>),
    pub(super) actions: (usize, Vec<Value>),
}

/// A server of the table.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) spec: &'static Spec,
    pub(super) found: Option<Found>,
    pub(super) standing: ServerStanding,
    pub(super) trouble: Option<String>,
    pub(super) restarts: u32,
    /// The talk with it while it runs.
    pub(super) session: Option<Session>,
    /// Questions that came before it was ready.
    pub(super) waiting: Vec<Asked>,
    /// Whether a thread looks after it.
    pub(super) attended: bool,
    thread: Option<JoinHandle<()>>,
    /// Since when no editor has a file of its languages.
    unused: Option<Duration>,
}

/// A question of a front end.
pub(super) struct Asked {
    pub(super) front: FrontId,
    pub(super) ask: u32,
    pub(super) path: TreePath,
    pub(super) version: u32,
    pub(super) want: LanguageWant,
    pub(super) sink: LanguageSink,
}

impl Asked {
    /// Answers it, which ends it.
    pub(super) fn answer(self, answer: LanguageAnswer) {
        (self.sink)(LanguageNews::Answered { ask: self.ask, answer });
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("ask", &self.ask).finish_non_exhaustive()
    }
}

/// What servers found wrong, as they said it.
#[derive(Debug, Default)]
struct Problems {
    files: BTreeMap<TreePath, BTreeMap<usize, Vec<Value>>>,
    /// Files of which is to be told.
    untold: BTreeSet<TreePath>,
}

impl Shared {
    pub(super) fn open(settings: &WorkspaceSettings) -> Self {
        let note = settings.state.join("languages.json");
        let read = settings.fs.read(&note, LANGUAGE_NOTE_BYTES_MAX).ok();
        let read = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let servers = TABLE.iter().map(|spec| Server {
            spec,
            found: None,
            standing: ServerStanding::Idle,
            trouble: None,
            restarts: 0,
            session: None,
            waiting: Vec::new(),
            attended: false,
            thread: None,
            unused: None,
        });
        Self {
            root: settings.root.clone(),
            launcher: Arc::clone(&settings.launcher),
            clock: Arc::clone(&settings.clock),
            search: settings.programs.clone(),
            news: Arc::clone(&settings.news),
            fs: Arc::clone(&settings.fs),
            note,
            state: Mutex::new(State {
                closing: false,
                allowed: read.and_then(|note| note.get("allowed")?.as_bool()),
                documents: BTreeMap::new(),
                servers: servers.collect(),
                problems: Problems::default(),
            }),
            changed: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits until something changed, or for so long.
    pub(super) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        time: Duration,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Remembers what the user decided.
    pub(super) fn keep_decision(&self, decision: Decision) -> Result<(), Error> {
        let text = json!({ "allowed": decision == Decision::Allowed }).to_string();
        let failed = |source| Error::State { path: self.note.clone(), source };
        self.fs.replace(&self.note, text.as_bytes()).map_err(failed)
    }

    pub(super) fn tell_servers(&self, state: &State) {
        self.tell(LanguageNews::Servers(state.snapshot()));
    }

    fn tell(&self, news: LanguageNews) {
        (self.news)(WorkspaceNews::Language(news));
    }
}

/// Whether servers may run in this workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allowed,
    Refused,
}

impl Server {
    pub(super) fn knows(&self, language: &str) -> bool {
        self.spec.languages.contains(&language)
    }
}

impl State {
    /// The servers, as front ends are told of them.
    pub(super) fn snapshot(&self) -> LanguageServers {
        let servers = self.servers.iter().map(|server| ServerState {
            name: server.spec.name.to_owned(),
            languages: server.spec.languages.iter().map(|name| (*name).to_owned()).collect(),
            program: server.found.as_ref().map(|found| found.program.display().to_string()),
            install: server.spec.install.to_owned(),
            standing: server.standing,
            trouble: server.trouble.clone(),
        });
        LanguageServers { allowed: self.allowed, servers: servers.collect() }
    }

    /// The user decided.
    pub(super) fn decide(&mut self, shared: &Shared, decision: Decision) {
        self.allowed = Some(decision == Decision::Allowed);
        if decision == Decision::Refused {
            for session in self.servers.iter_mut().filter_map(|it| it.session.as_mut()) {
                session.end();
            }
        }
        shared.wake();
        shared.tell_servers(self);
    }

    /// Ends a server that runs, so that it is started anew, and forgets that it was given up.
    pub(super) fn restart(&mut self, name: &str) {
        for server in self.servers.iter_mut().filter(|it| it.spec.name == name) {
            server.restarts = 0;
            server.trouble = None;
            if let Some(session) = &mut server.session {
                session.end();
            }
            if server.standing == ServerStanding::GivenUp {
                server.standing = ServerStanding::Idle;
            }
        }
    }

    /// Whether a server should run.
    pub(super) fn wants(&self, index: usize) -> bool {
        let used = self.servers.get(index).is_some_and(|server| {
            self.documents.values().any(|document| server.knows(&document.language))
        });
        self.allowed == Some(true) && !self.closing && used
    }

    /// The servers that should run and that nobody looks after; looks for the programs of all
    /// whose languages are in editors.
    pub(super) fn wanted_now(&mut self, shared: &Shared) -> Vec<usize> {
        for server in &mut self.servers {
            let used = self.documents.values().any(|it| server.knows(&it.language));
            if !used || server.attended {
                continue;
            }
            server.found = table::find(server.spec, &shared.search, &shared.root);
            server.standing = match (&server.found, server.standing) {
                (None, _) => ServerStanding::Missing,
                (Some(_), ServerStanding::Missing) => ServerStanding::Idle,
                (Some(_), standing) => standing,
            };
        }
        let idle = |server: &Server| !server.attended && server.standing == ServerStanding::Idle;
        let all = (0..).zip(&self.servers).filter(|(_, server)| idle(server));
        all.map(|(index, _)| index).filter(|index| self.wants(*index)).collect()
    }

    /// A thread looks after a server now.
    pub(super) fn began(&mut self, index: usize, thread: JoinHandle<()>) {
        if let Some(server) = self.servers.get_mut(index) {
            server.attended = true;
            server.standing = ServerStanding::Starting;
            server.thread = Some(thread);
        }
    }

    /// Ends everything; gives the threads that then end.
    pub(super) fn close(&mut self) -> Vec<JoinHandle<()>> {
        self.closing = true;
        let mut threads = Vec::new();
        for server in &mut self.servers {
            if let Some(session) = &mut server.session {
                session.end();
            }
            threads.extend(server.thread.take());
        }
        threads
    }

    /// An editor shows a file.
    pub(super) fn opened(
        &mut self,
        shared: &Shared,
        front: FrontId,
        path: TreePath,
        (language, version, text): (String, u32, String),
    ) -> Result<(), Error> {
        let is_new = !self.documents.contains_key(&path);
        if is_new && self.documents.len() >= LANGUAGE_FILES_MAX {
            self.forget_left(shared, Duration::MAX);
        }
        if is_new && self.documents.len() >= LANGUAGE_FILES_MAX {
            let reason = format!("language servers are told of {LANGUAGE_FILES_MAX} files already");
            return Err(Error::Refused { path, reason });
        }
        let known = self.documents.get(&path).filter(|it| it.language == language);
        if known.is_some() {
            self.changed(shared, &path, version, text);
            if let Some(document) = self.documents.get_mut(&path) {
                document.left = None;
                document.fronts.insert(front);
            }
            self.problems.untold.insert(path);
            shared.wake();
        } else {
            let fronts = self.forget(shared, &path);
            let mut document = Document {
                language,
                version,
                number: 1,
                text,
                fronts,
                left: None,
                items: (0, Vec::new()),
                actions: (0, Vec::new()),
            };
            document.fronts.insert(front);
            for session in sessions(&mut self.servers, &document.language) {
                session.open(&shared.root, &path, &document);
            }
            self.problems.untold.insert(path.clone());
            self.documents.insert(path, document);
        }
        // Somebody may wait for a server that is given up, or learn that there is none.
        self.find_and_tell(shared);
        Ok(())
    }

    fn find_and_tell(&mut self, shared: &Shared) {
        let before = self.snapshot();
        let _started_by_the_caller = self.wanted_now(shared);
        if self.snapshot() != before {
            shared.tell_servers(self);
        }
    }

    /// The text in an editor changed: what was asked about the old one is of no interest.
    pub(super) fn changed(&mut self, shared: &Shared, path: &TreePath, version: u32, text: String) {
        let Some(document) = self.documents.get_mut(path) else { return };
        document.version = version;
        if document.text == text {
            return;
        }
        document.text = text;
        document.number = document.number.wrapping_add(1);
        for session in sessions(&mut self.servers, &document.language) {
            session.change(&shared.root, path, document);
        }
        let of_text = |asked: &Asked| asked.path == *path && !survives(&asked.want);
        self.withdraw(of_text, LanguageAnswer::Stale);
    }

    /// A file was written.
    pub(super) fn saved(&mut self, shared: &Shared, path: &TreePath) {
        let Some(document) = self.documents.get(path) else { return };
        for session in sessions(&mut self.servers, &document.language) {
            session.save(&shared.root, path);
        }
    }

    /// An editor of a front end is gone. Servers are told after a while only: a file often comes
    /// back at once, in another tab, and some of them take it for one outside of the workspace when
    /// it was closed and opened again while they were busy.
    pub(super) fn closed(&mut self, shared: &Shared, front: FrontId, path: &TreePath) {
        let Some(document) = self.documents.get_mut(path) else { return };
        document.fronts.remove(&front);
        if document.fronts.is_empty() {
            document.left = Some(shared.clock.monotonic());
            self.withdraw(|asked| asked.path == *path, LanguageAnswer::Cancelled);
        }
    }

    /// Forgets files that are in no editor for a while.
    fn forget_left(&mut self, shared: &Shared, now: Duration) {
        let is_over = |left: Duration| now.saturating_sub(left) > LANGUAGE_LINGER;
        let all = self.documents.iter().filter(|(_, document)| document.left.is_some_and(is_over));
        let left: Vec<TreePath> = all.map(|(path, _)| path.clone()).collect();
        for path in left {
            self.forget(shared, &path);
        }
    }

    /// A front end is gone.
    pub(super) fn gone(&mut self, shared: &Shared, front: FrontId) {
        self.cancel(|asked| asked.front == front);
        let all: Vec<TreePath> = self.documents.keys().cloned().collect();
        for path in all {
            self.closed(shared, front, &path);
        }
    }

    /// Takes a file from the servers; gives the front ends that had it.
    fn forget(&mut self, shared: &Shared, path: &TreePath) -> BTreeSet<FrontId> {
        let Some(document) = self.documents.remove(path) else { return BTreeSet::new() };
        for session in sessions(&mut self.servers, &document.language) {
            session.close(&shared.root, path);
        }
        self.withdraw(|asked| asked.path == *path, LanguageAnswer::Cancelled);
        if self.problems.files.remove(path).is_some() {
            self.problems.untold.insert(path.clone());
            shared.wake();
        }
        document.fronts
    }

    /// Takes questions back.
    pub(super) fn cancel(&mut self, which: impl Fn(&Asked) -> bool) {
        self.withdraw(which, LanguageAnswer::Cancelled);
    }

    fn withdraw(&mut self, which: impl Fn(&Asked) -> bool, answer: LanguageAnswer) {
        for server in &mut self.servers {
            let all = std::mem::take(&mut server.waiting).into_iter();
            let (mut gone, waiting): (Vec<Asked>, Vec<Asked>) = all.partition(&which);
            server.waiting = waiting;
            gone.extend(server.session.iter_mut().flat_map(|session| session.withdraw(&which)));
            for asked in gone {
                asked.answer(answer.clone());
            }
        }
    }

    /// What a server found wrong in a file, as it said it.
    pub(super) fn found_wrong(&mut self, index: usize, path: TreePath, mut all: Vec<Value>) {
        let known = self.problems.files.contains_key(&path);
        if !known && (all.is_empty() || self.problems.files.len() >= LANGUAGE_PROBLEM_FILES_MAX) {
            return;
        }
        all.truncate(LANGUAGE_PROBLEMS_MAX);
        let by_server = self.problems.files.entry(path.clone()).or_default();
        by_server.insert(index, all);
        if by_server.values().all(Vec::is_empty) {
            self.problems.files.remove(&path);
        }
        self.problems.untold.insert(path);
    }

    /// What a server said is wrong in a file.
    pub(super) fn wrong(&self, index: usize, path: &TreePath) -> &[Value] {
        let by_server = self.problems.files.get(path);
        by_server.and_then(|by_server| by_server.get(&index)).map_or(&[], Vec::as_slice)
    }

    /// A server is gone, and so is what it found.
    pub(super) fn forget_problems(&mut self, index: usize) {
        let Problems { files, untold } = &mut self.problems;
        files.retain(|path, by_server| {
            if by_server.remove(&index).is_some() {
                untold.insert(path.clone());
            }
            !by_server.is_empty()
        });
    }

    fn tell_problems(&mut self, shared: &Shared) {
        for path in std::mem::take(&mut self.problems.untold) {
            // One that is in no editor for now is told of when it comes back, or when it is forgotten.
            if self.documents.get(&path).is_some_and(|document| document.left.is_some()) {
                continue;
            }
            let by_server = self.problems.files.get(&path);
            let all = by_server.into_iter().flatten().flat_map(|(index, all)| {
                let name = self.servers.get(*index).map_or("", |server| server.spec.name);
                answer::problems(all, name)
            });
            let problems = all.take(LANGUAGE_PROBLEMS_MAX).collect();
            let version = self.documents.get(&path).map(|document| document.version);
            shared.tell(LanguageNews::Problems { path, version, problems });
        }
    }

    /// Ends what takes too long or is not used.
    fn look_at_time(&mut self, now: Duration) {
        for index in 0..self.servers.len() {
            let used = self.wants(index);
            let Some(server) = self.servers.get_mut(index) else { continue };
            let Some(session) = &mut server.session else { continue };
            for asked in session.overdue(now) {
                let why = format!("{} did not answer in time", server.spec.name);
                asked.answer(LanguageAnswer::Nothing { why: Some(why) });
            }
            if session.silent(now) > LANGUAGE_SILENCE_MAX {
                session.fail("it does not answer");
            }
            if used {
                server.unused = None;
            } else if now.saturating_sub(*server.unused.get_or_insert(now)) > LANGUAGE_IDLE_MAX {
                server.unused = None;
                session.end();
            }
        }
    }
}

/// The talks with the servers that know a language.
fn sessions<'a>(
    servers: &'a mut [Server],
    language: &'a str,
) -> impl Iterator<Item = &'a mut Session> {
    let known = servers.iter_mut().filter(move |server| server.knows(language));
    known.filter_map(|server| server.session.as_mut())
}

/// Whether the answer to a question is of use after the next key: the editor goes on with the
/// items that were offered.
pub(super) const fn survives(want: &LanguageWant) -> bool {
    matches!(want, LanguageWant::Complete { .. } | LanguageWant::Describe { .. })
}

/// Tells problems when they are gathered, and looks at the time, until all is closed.
pub(super) fn tick(shared: &Shared) {
    let mut state = shared.lock();
    while !state.closing {
        let quiet = state.problems.untold.is_empty();
        state = shared.wait(state, if quiet { TICK } else { LANGUAGE_GATHER });
        if !quiet {
            state.tell_problems(shared);
        }
        let now = shared.clock.monotonic();
        state.forget_left(shared, now);
        state.look_at_time(now);
    }
}
