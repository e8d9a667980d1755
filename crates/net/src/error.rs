// SPDX-License-Identifier: Apache-2.0
//! What fails at this door, told apart by who is at fault.

use std::io;
use std::path::PathBuf;

use moat_base::Hint;
use serde::{Deserialize, Serialize};

/// A failed operation of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody answers at a local socket.
    #[error("nobody answers at the socket `{path}`")]
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The process behind a local socket belongs to another user.
    #[error("the socket `{path}` belongs to the user {uid}")]
    ForeignPeer {
        /// The socket.
        path: PathBuf,
        /// That user.
        uid: u32,
    },
    /// A local socket could not be made.
    #[error("could not make the socket `{path}`")]
    Bind {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A port of this machine could not be listened on.
    #[error("could not listen on port {port} of 127.0.0.1")]
    Listen {
        /// The port; 0 for any.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A local socket is in use or not ours.
    #[error("the socket `{path}` cannot be taken: {reason}")]
    Occupied {
        /// The socket.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// Another process of Moat broke off or said nonsense.
    #[error("the connection to another process of Moat broke")]
    Local {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The policy does not allow it; nothing was sent.
    #[error("`{to}` was denied by the rule `{rule}`: {reason}")]
    Denied {
        /// The destination.
        to: String,
        /// The rule that decided.
        rule: String,
        /// Why.
        reason: String,
    },
    /// The peer could not be reached, or failed.
    #[error("`{to}` failed: {problem}")]
    Peer {
        /// The destination.
        to: String,
        /// What went wrong.
        problem: Problem,
    },
    /// The broker could not do its own part; nothing further was sent.
    #[error("the broker refused: {reason}")]
    Broker {
        /// Why.
        reason: String,
    },
    /// The request is longer than any that is sent.
    #[error("the request body has {bytes} bytes and {limit_bytes} is the most")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// The request was cancelled by its own sender.
    #[error("the request was cancelled")]
    Cancelled,
    /// The server could not go on.
    #[error("could not serve the socket")]
    Serve {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The crossing log does not verify or cannot be written.
    #[error("the crossing log cannot be continued at `{path}`")]
    Log {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The roots of trust for TLS could not be read.
    #[error("the certificate authorities could not be read")]
    Roots {
        /// Why.
        #[source]
        source: crate::tls::TlsError,
    },
}

/// How a peer failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// Its name has no address.
    #[error("its name could not be resolved ({0})")]
    Lookup(String),
    /// No connection.
    #[error("no connection could be made ({0})")]
    Connect(String),
    /// The certificate or the handshake is wrong.
    #[error("TLS failed ({0})")]
    Tls(String),
    /// It said nothing for too long.
    #[error("it did not answer within {0} seconds")]
    Silent(u64),
    /// It closed the connection before the answer was whole.
    #[error("it closed the connection in the middle of its answer")]
    Truncated,
    /// Its answer is not HTTP.
    #[error("its answer is not valid HTTP ({0})")]
    Nonsense(String),
    /// Its answer is longer than allowed.
    #[error("its answer is longer than {0} bytes")]
    TooLong(u64),
    /// Any other failure of the connection.
    #[error("the connection failed ({0})")]
    Io(String),
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Connect { .. } => "the process behind it may have ended: run the command again",
            Self::ForeignPeer { .. } => {
                "remove the socket, or set `XDG_RUNTIME_DIR` to a directory of your own"
            }
            Self::Bind { .. } => {
                "check that the runtime directory is yours, writable and shorter than 100 characters"
            }
            Self::Listen { .. } => "another program may listen on it: choose another with `--port`",
            Self::Occupied { .. } => {
                "another Moat process may use it; end it, or remove the file when none does"
            }
            Self::Local { .. } => "run the command again; if it stays, see `moat doctor`",
            Self::Denied { .. } => {
                "name the endpoint in your own configuration if you want it to be reached; see docs/broker.md"
            }
            Self::Peer { problem, .. } => return Some(problem.hint().to_owned()),
            Self::Broker { .. } => "see `moat log` and `moat doctor`",
            Self::TooLarge { .. } => "send less context",
            Self::Cancelled => return None,
            Self::Serve { .. } => "run the command again",
            Self::Log { .. } => {
                "run `moat log verify`; nothing is sent while the log cannot be continued"
            }
            Self::Roots { .. } => {
                "set `SSL_CERT_FILE`, or name the certificate file in your configuration"
            }
        };
        Some(hint.to_owned())
    }
}

impl Problem {
    const fn hint(&self) -> &'static str {
        match self {
            Self::Lookup(_) => "check the host name in your configuration and the network",
            Self::Connect(_) => {
                "check that the server runs and that the port in your configuration is right"
            }
            Self::Tls(_) => "check the certificate; an own authority is named in the configuration",
            Self::Silent(_) => "check that the server is not overloaded",
            Self::Truncated | Self::Io(_) => "try again; the server may have been restarted",
            Self::Nonsense(_) => {
                "check that the address in your configuration is that of a model server"
            }
            Self::TooLong(_) => "check that the address in your configuration is the right one",
        }
    }
}
