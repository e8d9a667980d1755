// SPDX-License-Identifier: Apache-2.0
//! An OpenAI-compatible server on a unix socket that answers by a script.
//!
//! It runs in a thread of the test, listens in a private temporary directory and
//! ends when it is dropped, also while an answer hangs. Each request is answered
//! by the first rule that matches and has uses left; a request without a rule gets
//! status 404 and stays visible in [`ModelServer::requests`], so that a test that
//! asks more than it should fails with a reason.
//!
//! Invariant: the same script and the same requests give the same bytes.
//! Source of the format: OpenAI API reference, "Chat" and "Completions (legacy)".

mod answer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_net::{Handler, Idle, Reply, Request, ServeSettings, Stop, bind, serve_http};
use serde_json::Value;

use crate::limits::{CONNECTIONS_MAX, REQUEST_BYTES_MAX};

/// Which requests a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// Every one.
    Any,
    /// Those whose messages, prompt or suffix contain this text.
    Contains(String),
    /// Those that contain the first text and not the second.
    ContainsWithout(String, String),
    /// Those to a path that ends like this, for example `chat/completions`.
    Path(String),
}

/// What the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Answers with the first text as the first candidate, and so on from the start
    /// again when more candidates are asked for than there are texts.
    Texts(Vec<String>),
    /// Answers with these pieces, waiting before each.
    Slowly {
        /// The pieces.
        pieces: Vec<String>,
        /// The wait before each.
        pause: Duration,
    },
    /// Answers one candidate only, however many are asked for.
    Single(String),
    /// Takes the request and never answers.
    Hang,
    /// Answers with this text and never ends.
    HangAfter(String),
    /// Answers with this text as soon as there is nothing at this path any more.
    OnceGone {
        /// The path.
        path: PathBuf,
        /// The text.
        text: String,
    },
    /// Sends these bytes as the body of a good answer.
    Garbage(Vec<u8>),
    /// Sends this text and closes the connection without an end.
    Truncated(String),
    /// Answers with this status and this body.
    Status(u16, String),
}

impl Act {
    /// Answers every candidate with one text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Texts(vec![text.into()])
    }
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    matcher: Matcher,
    act: Act,
    uses_left: u32,
}

impl Rule {
    /// Applies to the first request that matches.
    #[must_use]
    pub const fn once(matcher: Matcher, act: Act) -> Self {
        Self { matcher, act, uses_left: 1 }
    }

    /// Applies to every request that matches.
    #[must_use]
    pub const fn always(matcher: Matcher, act: Act) -> Self {
        Self { matcher, act, uses_left: u32::MAX }
    }
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path.
    pub path: String,
    /// The headers, names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Whether a rule of the script was for it.
    pub matched: bool,
}

impl Asked {
    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Why the server does not run.
#[derive(Debug)]
pub struct StartError(String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the scripted model server does not start: {}", self.0)
    }
}

impl std::error::Error for StartError {}

/// A running server.
#[derive(Debug)]
pub struct ModelServer {
    script: Arc<Script>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    socket: PathBuf,
    _directory: Option<tempfile::TempDir>,
}

impl ModelServer {
    /// Starts a server in a temporary directory of its own.
    ///
    /// # Errors
    /// [`StartError`] when the directory or the socket cannot be made.
    pub fn start(rules: Vec<Rule>) -> Result<Self, StartError> {
        let directory =
            tempfile::tempdir().map_err(|error| StartError(format!("its directory: {error}")))?;
        let mut server = Self::start_at(&directory.path().join("run/model.sock"), rules)?;
        server._directory = Some(directory);
        Ok(server)
    }

    /// Starts a server at this socket, in a directory of mode 0700 that is made
    /// when it is missing: for programs that expect a server at a certain place.
    ///
    /// # Errors
    /// [`StartError`] when the socket cannot be made.
    pub fn start_at(socket: &Path, rules: Vec<Rule>) -> Result<Self, StartError> {
        let listener = bind(socket).map_err(|error| StartError(error.to_string()))?;
        let stop = Stop::new().map_err(|error| StartError(error.to_string()))?;
        let script = Arc::new(Script {
            rules: Mutex::new(rules),
            asked: Mutex::default(),
            ending: AtomicBool::new(false),
        });
        let settings = ServeSettings {
            body_bytes_max: REQUEST_BYTES_MAX,
            connections_max: CONNECTIONS_MAX,
            idle: Idle::Never,
        };
        let handler: Arc<dyn Handler> = Arc::<Script>::clone(&script);
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            // A server that fails is seen by its clients.
            let _ended = serve_http(&listener, &handler, settings, &until);
        });
        Ok(Self { script, stop, thread: Some(thread), socket: socket.to_owned(), _directory: None })
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Answers by another script from now on.
    pub fn script(&self, rules: Vec<Rule>) {
        *lock(&self.script.rules) = rules;
    }

    /// The requests for answers so far, in the order in which they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        lock(&self.script.asked).clone()
    }

    /// How many uses of rules made with [`Rule::once`] are left.
    #[must_use]
    pub fn rules_left(&self) -> usize {
        lock(&self.script.rules).iter().filter(|rule| rule.uses_left == 1).count()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.script.ending.store(true, Ordering::SeqCst);
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _panicked = thread.join();
        }
    }
}

#[derive(Debug)]
struct Script {
    rules: Mutex<Vec<Rule>>,
    asked: Mutex<Vec<Asked>>,
    ending: AtomicBool,
}

impl Script {
    /// Uses up the first rule that is for a request.
    fn act(&self, path: &str, body: &Value) -> Option<Act> {
        let text = text_of(body);
        let mut rules = lock(&self.rules);
        let rule =
            rules.iter_mut().find(|rule| rule.uses_left > 0 && rule.matcher.is_for(path, &text))?;
        if rule.uses_left != u32::MAX {
            rule.uses_left -= 1;
        }
        Some(rule.act.clone())
    }
}

impl Handler for Script {
    fn handle(&self, request: &Request, reply: Reply<'_>) -> io::Result<()> {
        if request.method == "GET" {
            let body = r#"{"status":"ok","object":"list","data":[{"id":"scripted"}]}"#;
            return reply.full(200, "application/json", body.as_bytes());
        }
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let act = self.act(&request.path, &body);
        lock(&self.asked).push(Asked {
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            matched: act.is_some(),
        });
        match act {
            Some(act) => answer::give(&act, &request.path, &body, reply, &self.ending),
            None => {
                let body = r#"{"error":{"message":"no rule of the script is for this request"}}"#;
                reply.full(404, "application/json", body.as_bytes())
            }
        }
    }
}

impl Matcher {
    fn is_for(&self, path: &str, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Contains(part) => text.contains(part),
            Self::ContainsWithout(part, other) => text.contains(part) && !text.contains(other),
            Self::Path(end) => path.ends_with(end.as_str()),
        }
    }
}

/// Everything that a person wrote in a request.
fn text_of(body: &Value) -> String {
    let messages = body.get("messages").and_then(Value::as_array);
    let contents = messages.into_iter().flatten().filter_map(|message| message.get("content"));
    contents
        .chain(body.get("prompt"))
        .chain(body.get("suffix"))
        .filter_map(Value::as_str)
        .collect::<Vec<&str>>()
        .join("\n")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
