// SPDX-License-Identifier: Apache-2.0
//! The broker's body: the one process that has INET sockets.
//!
//! It decides by the policy that its own side gives it, logs, dials, and adds
//! credentials. A client can make it do nothing that the policy does not hold.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use moat_base::{Clock, Fs};

use crate::broker::exchange::Failure;
use crate::connection::Connection;
use crate::error::Error;
use crate::journal::Journal;
use crate::limits::{
    ANSWER_TIMEOUT, BROKER_CONNECTIONS_MAX, BROKER_IDLE, CLIENT_TIMEOUT, CONNECT_TIMEOUT,
    LOOKUP_TIMEOUT, REQUEST_BODY_BYTES_MAX, SILENCE_TIMEOUT,
};
use crate::policy::EgressPolicy;
use crate::resolve::{Resolver, SystemResolver};
use crate::server::{Idle, accept_all};
use crate::stop::Stop;
use crate::tls::Roots;
use crate::wire::{
    Kind, ListenerFrame, Refusal, RequestFrame, parse_json, read_frame, read_with_fd, write_frame,
    write_json,
};

mod crossing;
mod dial;
mod exchange;
mod hello;
mod proxy;

/// What a broker needs besides its policy.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// The directory of the crossing log.
    pub log: PathBuf,
    /// Through which the log is written.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How names are looked up.
    pub resolver: Arc<dyn Resolver>,
    /// Whose certificates are believed.
    pub roots: Roots,
    /// How long it waits for what.
    pub timeouts: Timeouts,
    /// When it ends by itself.
    pub idle: Idle,
}

impl BrokerSettings {
    /// The settings of a real broker whose log is in the directory `log`.
    #[must_use]
    pub fn new(log: PathBuf) -> Self {
        Self {
            log,
            fs: Arc::new(moat_base::RealFs),
            clock: Arc::new(moat_base::SystemClock::new()),
            resolver: Arc::new(SystemResolver::default()),
            roots: Roots::PlatformAnd(Vec::new()),
            timeouts: Timeouts::default(),
            idle: Idle::After(BROKER_IDLE),
        }
    }
}

/// How long the broker waits for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a name look-up.
    pub lookup: Duration,
    /// For a connection, and again for the TLS handshake.
    pub connect: Duration,
    /// For the head of the answer.
    pub answer: Duration,
    /// For each further piece of it.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            lookup: LOOKUP_TIMEOUT,
            connect: CONNECT_TIMEOUT,
            answer: ANSWER_TIMEOUT,
            silence: SILENCE_TIMEOUT,
        }
    }
}

/// Why a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nobody was connected for the idle time.
    Idle,
    /// Its [`Stop`] was requested.
    Stopped,
}

/// Why the policy could not be read; every request is then denied, with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PolicyError {
    /// One sentence for people.
    pub reason: String,
}

/// Reads the policy from the user's side. It is called for every request, so it
/// answers from memory unless the configuration has changed. It must not read
/// anything that a client or a workspace can write.
pub type PolicySource = Box<dyn Fn() -> Result<Arc<EgressPolicy>, PolicyError> + Send + Sync>;

/// Serves clients on `listener` until it is idle or `stop` is requested.
///
/// Call it in a process of its own, after [`crate::bind`]. What is still open at
/// the end is closed in the log as stopped.
///
/// # Errors
/// [`Error::Log`] when the crossing log cannot be continued or another broker
/// writes it, [`Error::Roots`], and [`Error::Serve`] when the socket itself fails.
pub fn serve(
    settings: BrokerSettings,
    listener: &UnixListener,
    load_policy: PolicySource,
    stop: &Stop,
) -> Result<Ended, Error> {
    let tls = crate::tls::config(&settings.roots).map_err(|source| Error::Roots { source })?;
    settings.fs.create_dir_all(&settings.log).map_err(|source| log_error(&settings.log, source))?;
    let _only_writer = lock(&settings.log)?;
    let fs = Arc::clone(&settings.fs);
    let journal = Journal::open(fs, Arc::clone(&settings.clock), &settings.log)?;
    let idle = settings.idle;
    let log = settings.log.clone();
    let shared =
        Arc::new(Shared { settings, journal, tls, policy: load_policy, stop: stop.clone() });
    let serving = Arc::clone(&shared);
    let ended = accept_all(
        listener,
        BROKER_CONNECTIONS_MAX,
        idle,
        stop,
        Arc::new(move |stream| serve_client(&serving, &stream)),
    );
    shared.journal.end().map_err(|error| log_error(&log, error))?;
    ended
}

/// What all connections of one broker share.
pub(crate) struct Shared {
    pub(crate) settings: BrokerSettings,
    pub(crate) journal: Journal,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) policy: PolicySource,
    pub(crate) stop: Stop,
}

fn log_error(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Log { path: path.to_owned(), source: Box::new(source) }
}

/// Makes this process the only one that writes the log in `directory`.
fn lock(directory: &Path) -> Result<OwnedFd, Error> {
    use rustix::fs::{FlockOperation, Mode, OFlags};
    let path = directory.join("lock");
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|error| log_error(&path, std::io::Error::from(error)))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_held) => Err(Error::Occupied { path, reason: "another broker writes this log" }),
    }
}

fn serve_client(shared: &Arc<Shared>, stream: &UnixStream) {
    let refusal = match talk(shared, stream) {
        Ok(()) | Err(Failure::Over) => return,
        Err(Failure::Refused(refusal)) => refusal,
    };
    let mut out = stream;
    // A client that is gone needs no reason.
    let _gone = write_json(&mut out, Kind::Refusal, &refusal);
}

fn talk(shared: &Arc<Shared>, stream: &UnixStream) -> Result<(), Failure> {
    let peer = crate::local::peer(stream).map_err(|_gone| Failure::Over)?;
    stream.set_timeout(CLIENT_TIMEOUT).map_err(|_gone| Failure::Over)?;
    let (kind, bytes, fd) = read_with_fd(stream).map_err(malformed)?;
    match kind {
        Kind::Keep => keep(shared, stream).map_err(|_gone| Failure::Over),
        Kind::Request => {
            let frame: RequestFrame = parse_json(&bytes).map_err(malformed)?;
            let body = read_body(stream, frame.body_bytes).map_err(malformed)?;
            exchange::exchange(shared, stream, peer, frame, &body)
        }
        Kind::Listener => {
            let frame: ListenerFrame = parse_json(&bytes).map_err(malformed)?;
            let fd = fd.ok_or_else(|| malformed("no descriptor came with it"))?;
            proxy::adopt(shared, stream, peer, frame, fd)
        }
        Kind::Answer | Kind::Data | Kind::End | Kind::Refusal => {
            Err(malformed("a client does not send this frame"))
        }
    }
}

fn malformed(error: impl std::fmt::Display) -> Failure {
    let reason = format!("the client's request is malformed ({error})");
    Failure::Refused(Refusal::Broker { reason })
}

/// Holds a connection open until its client or the broker ends.
fn keep(shared: &Shared, stream: &UnixStream) -> std::io::Result<()> {
    let mut out = stream;
    write_frame(&mut out, Kind::Keep, &[])?;
    // Whatever a kept client sends, its bytes or its end, ends the keeping.
    shared.stop.wait(stream.as_fd(), None).map(|_ended| ())
}

fn read_body(mut stream: &UnixStream, announced: u64) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match read_frame(&mut stream)? {
            (Kind::Data, bytes) => body.extend_from_slice(&bytes),
            (Kind::End, _) if body.len() as u64 == announced => return Ok(body),
            _ => return Err(crate::wire::malformed("its body is not as announced")),
        }
        if body.len() > REQUEST_BODY_BYTES_MAX || body.len() as u64 > announced {
            return Err(crate::wire::malformed("its body is too long"));
        }
    }
}
