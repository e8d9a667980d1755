// SPDX-License-Identifier: Apache-2.0
//! The door through which a provider reaches a server.
//!
//! The real doors are `moat-net`'s broker and local socket; tests script one.
//! Credentials and host names are added behind the door, never here (P-19).

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Where a model is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The embedded server, on a unix socket.
    Local {
        /// Its socket.
        socket: PathBuf,
    },
    /// A server that the broker knows by this name from the config.
    Broker {
        /// The name.
        name: String,
    },
}

/// One request as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The path below the server's base address, without a leading slash.
    pub path: &'static str,
    /// The body, as the dialect wrote it.
    pub body: Vec<u8>,
}

impl Call {
    /// The first of the two headers of every request; the door itself adds only what it needs.
    pub const ACCEPT: &'static str = "text/event-stream";
    /// The second.
    pub const CONTENT_TYPE: &'static str = "application/json";
}

/// The start of a server's answer.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as it comes.
    pub body: Box<dyn Read + Send>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub enum Failure {
    /// Nobody listens: nothing was sent, trying again is safe.
    NobodyListens(io::Error),
    /// Anything else.
    Failed(io::Error),
}

/// Sends one request and gives the start of its answer.
///
/// Implementors block, register with the [`HangUp`] whatever unblocks them, send
/// exactly these two headers, follow no redirect and decode no content encoding.
pub trait Transport: Send + Sync + fmt::Debug {
    /// How errors call the server, for example "model server `corp`".
    fn name(&self) -> String;

    /// Sends `call`.
    ///
    /// # Errors
    /// [`Failure`] as its variants say.
    fn send(&self, call: &Call, hang_up: &HangUp) -> Result<Reply, Failure>;
}

/// Ends a connection from another thread, so that a blocked read returns.
#[derive(Default)]
pub struct HangUp(Mutex<Slot>);

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    Ready(Box<dyn FnOnce() + Send>),
    Pulled,
}

impl HangUp {
    /// Stores what ends the connection; runs it at once when it is already over.
    pub fn register(&self, end: impl FnOnce() + Send + 'static) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*slot, Slot::Pulled) {
            drop(slot);
            end();
        } else {
            *slot = Slot::Ready(Box::new(end));
        }
    }

    /// Ends the connection.
    pub fn pull(&self) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *slot, Slot::Pulled);
        drop(slot);
        if let Slot::Ready(end) = before {
            end();
        }
    }
}

impl fmt::Debug for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HangUp")
    }
}
