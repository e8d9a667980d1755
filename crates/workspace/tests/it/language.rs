// SPDX-License-Identifier: Apache-2.0
//! Language servers: real ones, a scripted one that misbehaves, and hostile workspaces.

mod fake;
mod hostile;
mod real;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use moat_base::{Clock, SystemClock, Timestamp};
use moat_protocol::workspace::{
    LanguageAnswer, LanguageNews, LanguageProblem, LanguageQuery, LanguageReply, LanguageServers,
    LanguageWant, ServerStanding, ServerState, Span, Spot, WorkspaceNews,
};
use moat_workspace::FrontId;

use crate::support::{Open, Scratch, path};

/// How long a test waits for what must come; only a failure takes that long.
const WAIT_MAX: Duration = Duration::from_secs(240);
const FRONT: FrontId = FrontId(1);

/// Answers, as they come.
#[derive(Debug, Default)]
struct Answers {
    all: Mutex<Vec<(u32, LanguageAnswer)>>,
    changed: Condvar,
}

/// A front end that talks with the language servers of an open workspace.
struct Talk<'a> {
    scratch: &'a Scratch,
    open: Open<'a>,
    answers: Arc<Answers>,
    next: Cell<u32>,
}

impl<'a> Talk<'a> {
    /// Opens the workspace, in which servers may run.
    fn allowed(scratch: &'a Scratch) -> Self {
        let talk = Self::new(scratch);
        talk.tell(LanguageQuery::Allow { allowed: true });
        talk
    }

    fn new(scratch: &'a Scratch) -> Self {
        let answers = Arc::new(Answers::default());
        Self { scratch, open: scratch.open(), answers, next: Cell::new(1) }
    }

    #[track_caller]
    fn tell(&self, query: LanguageQuery) -> LanguageReply {
        let answers = Arc::clone(&self.answers);
        let sink = move |news| {
            if let LanguageNews::Answered { ask, answer } = news {
                answers.all.lock().unwrap().push((ask, answer));
                answers.changed.notify_all();
            }
        };
        self.open.workspace.language(query, FRONT, Arc::new(sink)).unwrap()
    }

    /// Shows a file of the workspace in an editor.
    fn show(&self, name: &str, language: &str) {
        let text = String::from_utf8(self.scratch.read(name)).unwrap();
        self.show_text(name, language, &text);
    }

    fn show_text(&self, name: &str, language: &str, text: &str) {
        self.tell(LanguageQuery::Opened {
            path: path(name),
            language: language.to_owned(),
            version: 1,
            text: text.to_owned(),
        });
    }

    fn change(&self, name: &str, version: u32, text: &str) {
        let text = text.to_owned();
        self.tell(LanguageQuery::Changed { path: path(name), version, text });
    }

    /// Asks, and gives the number under which the answer comes.
    fn begin(&self, name: &str, version: u32, want: LanguageWant) -> u32 {
        let ask = self.next.replace(self.next.get() + 1);
        self.tell(LanguageQuery::Ask { ask, path: path(name), version, want });
        ask
    }

    /// The answer to a question, which comes once.
    #[track_caller]
    fn answer(&self, ask: u32) -> LanguageAnswer {
        let all = self.answers.all.lock().unwrap();
        let missing = |all: &mut Vec<(u32, LanguageAnswer)>| !all.iter().any(|it| it.0 == ask);
        let (all, timeout) =
            self.answers.changed.wait_timeout_while(all, WAIT_MAX, missing).unwrap();
        assert!(!timeout.timed_out(), "no answer came: {:?}", self.servers());
        let mut ours = all.iter().filter(|it| it.0 == ask);
        let answer = ours.next().unwrap().1.clone();
        assert_eq!(ours.next(), None);
        answer
    }

    #[track_caller]
    fn ask(&self, name: &str, want: LanguageWant) -> LanguageAnswer {
        self.answer(self.begin(name, 1, want))
    }

    fn servers(&self) -> LanguageServers {
        match self.tell(LanguageQuery::Servers) {
            LanguageReply::Servers(servers) => servers,
            LanguageReply::Done => panic!("these are no servers"),
        }
    }

    fn server(&self, name: &str) -> ServerState {
        let all = self.servers().servers;
        all.into_iter().find(|server| server.name == name).unwrap()
    }

    /// Waits until a server stands so, and gives what it was told to be then.
    #[track_caller]
    fn wait_for(&self, name: &str, standing: ServerStanding) -> ServerState {
        let stands = |it: &ServerState| it.name == name && it.standing == standing;
        let all = self.scratch.news.wait(|all| states(all).any(&stands));
        states(&all).find(|it| stands(it)).unwrap().clone()
    }

    /// Waits for problems in a file.
    #[track_caller]
    fn problems(
        &self,
        name: &str,
        holds: impl Fn(&[LanguageProblem]) -> bool,
    ) -> Vec<LanguageProblem> {
        let of_it = |news: &WorkspaceNews| match news {
            WorkspaceNews::Language(LanguageNews::Problems { path: at, problems, .. })
                if *at == path(name) =>
            {
                Some(problems.clone())
            }
            _ => None,
        };
        let last = |all: &[WorkspaceNews]| all.iter().rev().find_map(of_it);
        let all = self.scratch.news.wait(|all| last(all).is_some_and(|it| holds(&it)));
        last(&all).unwrap()
    }
}

fn states(all: &[WorkspaceNews]) -> impl Iterator<Item = &ServerState> {
    let told = all.iter().filter_map(|news| match news {
        WorkspaceNews::Language(LanguageNews::Servers(servers)) => Some(&servers.servers),
        _ => None,
    });
    told.flatten()
}

/// The place of the first character of `part` in `text`, moved on by some.
#[track_caller]
fn at(text: &str, part: &str, by: u32) -> Spot {
    let index = text.find(part).unwrap();
    let before = &text[..index];
    let line = u32::try_from(before.matches('\n').count()).unwrap() + 1;
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let column = u32::try_from(before[begin..].encode_utf16().count()).unwrap() + 1;
    Spot { line, column: column + by }
}

fn point(spot: Spot) -> Span {
    Span { from: spot, to: spot }
}

/// Where the servers of `tests/servers` lie.
fn servers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/servers/node_modules/.bin")
}

/// Whether a server is installed; says so where it is not.
fn there(program: &str) -> bool {
    let places = [servers(), "/usr/bin".into(), "/usr/local/bin".into()];
    let found = places.iter().any(|place| place.join(program).exists());
    if !found {
        println!("skipped: there is no `{program}`; `scripts/setup.sh test` brings it");
    }
    found
}

/// A clock on which little time passes, since a server may be slow where many tests run.
#[derive(Debug)]
struct Slow(SystemClock);

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic() / 1000
    }
}

/// A workspace whose servers are those of the tests and of the system.
fn scratch() -> Scratch {
    let mut scratch = Scratch::new();
    scratch.settings.programs = vec![servers(), "/usr/bin".into()];
    scratch.settings.clock = Arc::new(Slow(SystemClock::new()));
    scratch
}
