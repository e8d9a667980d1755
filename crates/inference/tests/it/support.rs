// SPDX-License-Identifier: Apache-2.0
//! Starts servers in threads of the test and talks to them as any client does.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_base::SystemClock;
use moat_inference::{Error, ServerSpec, serve};
use moat_net::{Answer, AnswerBody, Local, Method, Outgoing, Stop, Transport};
use serde_json::Value;

/// The model that the tests run; the `Makefile` fetches it and sets the variable.
#[expect(clippy::disallowed_methods, reason = "tests find their model by a variable")]
pub(crate) fn model_path() -> PathBuf {
    std::env::var_os("MOAT_TEST_MODEL").map_or_else(
        || {
            panic!(
                "MOAT_TEST_MODEL must name SmolLM2-135M as GGUF; `make test` fetches it and sets it"
            )
        },
        PathBuf::from,
    )
}

pub(crate) struct Server {
    pub(crate) socket: PathBuf,
    pub(crate) stop: Stop,
    pub(crate) thread: JoinHandle<Result<(), Error>>,
    _directory: tempfile::TempDir,
}

pub(crate) fn spec(weights: &Path) -> ServerSpec {
    ServerSpec {
        model: "test".to_owned(),
        weights: weights.to_owned(),
        context_tokens: 4096,
        // Several servers run at once here; more threads would only wait for each other.
        threads: 1,
        candidates_max: 4,
        idle_stop: Duration::from_secs(3600),
    }
}

/// Starts a server and gives it before its model is loaded.
pub(crate) fn start(spec: ServerSpec) -> Server {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("own/model.sock");
    let listener = moat_net::bind(&socket).unwrap();
    let stop = Stop::new().unwrap();
    let thread = {
        let stop = stop.clone();
        std::thread::spawn(move || serve(&listener, &spec, Arc::new(SystemClock::new()), &stop))
    };
    Server { socket, stop, thread, _directory: directory }
}

/// The server that most tests share, loaded.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = start(spec(&model_path()));
        let last = ready(&server);
        assert_eq!(last["status"], "ok", "{last}");
        server
    })
}

/// Waits until the server has loaded its model or said why not, and gives its last line.
pub(crate) fn ready(server: &Server) -> Value {
    let answer = get(server, "/ready");
    let lines: Vec<String> = BufReader::new(answer.body).lines().map(Result::unwrap).collect();
    serde_json::from_str(lines.last().unwrap()).unwrap()
}

pub(crate) fn get(server: &Server, path: &str) -> Answer {
    let mut outgoing = Outgoing::model_request("test", path, Vec::new());
    outgoing.method = Method::Get;
    Local::connect(&server.socket).unwrap().send(outgoing).unwrap()
}

pub(crate) fn send(server: &Server, path: &str, body: &Value) -> Answer {
    let outgoing = Outgoing::model_request("test", path, body.to_string().into_bytes());
    Local::connect(&server.socket).unwrap().send(outgoing).unwrap()
}

/// Sends a request and reads the whole answer.
pub(crate) fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let answer = send(server, path, body);
    let bytes = answer.body.read_all(1 << 24).unwrap();
    (answer.status, serde_json::from_slice(&bytes).unwrap())
}

/// The texts of all candidates of an answer.
pub(crate) fn texts(body: &Value) -> Vec<String> {
    let choices = body["choices"].as_array().unwrap_or_else(|| panic!("{body}"));
    choices
        .iter()
        .map(|choice| {
            let text = choice["message"]["content"].as_str().or_else(|| choice["text"].as_str());
            text.unwrap_or_else(|| panic!("{body}")).to_owned()
        })
        .collect()
}

/// Reads the events of a stream up to its end.
pub(crate) fn events(body: AnswerBody) -> Vec<Value> {
    let mut events = Vec::new();
    let mut done = false;
    for line in BufReader::new(body).lines() {
        let line = line.unwrap();
        match line.strip_prefix("data: ") {
            Some("[DONE]") => done = true,
            Some(event) => events.push(serde_json::from_str(event).unwrap()),
            None => assert!(line.is_empty() || line.starts_with(':'), "{line:?}"),
        }
    }
    assert!(done, "the stream has no end: {events:?}");
    events
}
