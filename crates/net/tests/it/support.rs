// SPDX-License-Identifier: Apache-2.0
//! A broker in a thread, scripted peers on loopback, names from a table, and a
//! file system whose `sync` waits to be let through.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_base::{AppendFile, Fs, RealFs, Secret};
use moat_log::{Entry, Summary, Verifier};
use moat_net::{
    Broker, BrokerSettings, Credential, EgressPolicy, Ended, Endpoint, Error, Idle, Method,
    PolicyError, Purpose, Resolver, Roots, Stop, Url, Zone, bind, serve,
};
use tempfile::TempDir;

/// Long enough that only a real fault reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running broker; dropping it stops it.
pub(crate) struct Bench {
    pub(crate) directory: TempDir,
    pub(crate) stop: Stop,
    pub(crate) policy: Arc<Mutex<Result<EgressPolicy, PolicyError>>>,
    pub(crate) names: Arc<Names>,
    thread: Option<JoinHandle<Result<Ended, Error>>>,
}

impl Bench {
    pub(crate) fn new(policy: EgressPolicy) -> Self {
        Self::with(policy, |_settings| {})
    }

    pub(crate) fn with(policy: EgressPolicy, change: impl FnOnce(&mut BrokerSettings)) -> Self {
        Self::in_directory(tempfile::tempdir().unwrap(), policy, change)
    }

    pub(crate) fn in_directory(
        directory: TempDir,
        policy: EgressPolicy,
        change: impl FnOnce(&mut BrokerSettings),
    ) -> Self {
        let names = Arc::new(Names::default());
        let mut settings = BrokerSettings::new(directory.path().join("crossings"));
        settings.idle = Idle::Never;
        settings.resolver = Arc::clone(&names) as Arc<dyn Resolver>;
        settings.roots = Roots::Only(Vec::new());
        change(&mut settings);
        let stop = Stop::new().unwrap();
        let listener = bind(&directory.path().join("run/broker")).unwrap();
        let policy = Arc::new(Mutex::new(Ok(policy)));
        let (source, stopped) = (Arc::clone(&policy), stop.clone());
        let thread = std::thread::spawn(move || {
            let load = move || source.lock().unwrap().clone().map(Arc::new);
            serve(settings, &listener, Box::new(load), &stopped)
        });
        Self { directory, stop, policy, names, thread: Some(thread) }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("run/broker")
    }

    pub(crate) fn client(&self) -> Broker {
        Broker::connect(&self.socket()).unwrap()
    }

    /// Waits until the broker ends by itself.
    pub(crate) fn join(&mut self) -> Result<Ended, Error> {
        self.thread.take().unwrap().join().unwrap()
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        entries(&self.directory.path().join("crossings")).0
    }

    pub(crate) fn log_text(&self) -> String {
        log_text(&self.directory.path().join("crossings"))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

pub(crate) fn log_text(log: &Path) -> String {
    String::from_utf8(RealFs.read(&log.join("crossings-000001.jsonl"), 1 << 24).unwrap()).unwrap()
}

/// The verified entries of a log.
pub(crate) fn entries(log: &Path) -> (Vec<Entry>, Summary) {
    let mut verifier = Verifier::from_start();
    let mut entries = Vec::new();
    verifier
        .feed_entries(log_text(log).as_bytes(), &mut |entry| entries.push(entry.clone()))
        .unwrap();
    (entries, verifier.summary())
}

pub(crate) const KEY: &str = "sk-canary-5f2d";

/// A model endpoint `m` at this address, on this host, with a credential.
pub(crate) fn model_at(base: &str) -> Endpoint {
    Endpoint {
        name: "m".to_owned(),
        purpose: Purpose::ModelRequest,
        base: Url::parse(base).unwrap(),
        methods: vec![Method::Post],
        zone: Zone::Host,
        credential: Some(Credential::Bearer(Secret::new(KEY.to_owned()))),
        redirects: Vec::new(),
    }
}

/// A download source `d` at this address, on this host, with a credential.
pub(crate) fn source_at(base: &str) -> Endpoint {
    Endpoint {
        name: "d".to_owned(),
        purpose: Purpose::ModelDownload,
        methods: vec![Method::Get, Method::Head],
        ..model_at(base)
    }
}

pub(crate) fn allowing(endpoints: Vec<Endpoint>) -> EgressPolicy {
    EgressPolicy { endpoints, rule_sets: Vec::new() }
}

/// Names whose successive look-ups give successive answers; the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>, Mutex<Vec<String>>);

impl Names {
    pub(crate) fn set(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers
            .iter()
            .map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect())
            .collect();
        self.0.lock().unwrap().insert(name.to_owned(), answers);
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }
}

impl Resolver for Names {
    fn resolve(&self, name: &str, _timeout: Duration) -> io::Result<Vec<IpAddr>> {
        self.1.lock().unwrap().push(name.to_owned());
        let mut table = self.0.lock().unwrap();
        let Some(answers) = table.get_mut(name) else {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        };
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// A scripted peer on loopback; every request that reaches it is on `seen`.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Receiver<String>,
}

impl Peer {
    /// Answers each request by `script`, which gets its text.
    pub(crate) fn new(script: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::raw(move |mut stream, seen| {
            let request = read_request(&stream);
            // The test may have ended already.
            let _ended = seen.send(request.clone());
            script(&request, &mut stream);
        })
    }

    /// Answers every request with these bytes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |_request, stream| {
            let _gone = stream.write_all(&answer);
        })
    }

    #[expect(clippy::disallowed_methods, reason = "a peer to test the door against")]
    pub(crate) fn raw(
        serve: impl Fn(TcpStream, &SyncSender<String>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, seen) = sync_channel(1000);
        let serve = Arc::new(serve);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, sender) = (Arc::clone(&serve), sender.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &sender));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request that reaches the peer.
    pub(crate) fn next(&self) -> String {
        self.seen.recv_timeout(PATIENCE).unwrap()
    }

    /// Asserts that nothing reached it.
    pub(crate) fn saw_nothing(&self) {
        assert_eq!(self.seen.try_recv().ok(), None);
    }
}

pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads a request with its body, when it has one.
pub(crate) fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if reader.read_line(&mut text).unwrap_or(0) == 0 {
            return text;
        }
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_ok() {
        text.push_str(&String::from_utf8_lossy(&body));
    }
    text
}

/// Lets `sync` through one at a time.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    closed: bool,
    waiting: usize,
    permits: usize,
}

impl Gate {
    pub(crate) fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    /// Waits until a `sync` waits.
    pub(crate) fn wait_for_sync(&self) {
        let state = self.state.lock().unwrap();
        let (_state, timeout) =
            self.changed.wait_timeout_while(state, PATIENCE, |state| state.waiting == 0).unwrap();
        assert!(!timeout.timed_out(), "nothing was synced");
    }

    pub(crate) fn let_one_through(&self) {
        self.state.lock().unwrap().permits += 1;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        if !state.closed {
            return;
        }
        state.waiting += 1;
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.permits == 0).unwrap();
        state.permits -= 1;
        state.waiting -= 1;
    }
}

/// The real file system behind a [`Gate`].
#[derive(Debug)]
pub(crate) struct GatedFs(pub(crate) Arc<Gate>);

#[derive(Debug)]
struct GatedFile(Box<dyn AppendFile>, Arc<Gate>);

impl AppendFile for GatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.1.pass();
        self.0.sync()
    }

    fn truncate(&mut self, length_bytes: u64) -> io::Result<()> {
        self.0.truncate(length_bytes)
    }
}

impl Fs for GatedFs {
    fn read(&self, path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
        RealFs.read(path, limit_bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(GatedFile(RealFs.append(path)?, Arc::clone(&self.0))))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        RealFs.replace(path, bytes)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealFs.create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealFs.list(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFs.remove(path)
    }
}
