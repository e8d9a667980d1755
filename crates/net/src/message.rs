// SPDX-License-Identifier: Apache-2.0
//! A request and its answer, the same for the broker and for the local model server.
//!
//! Invariant: a client can name no header outside [`RequestHeader`], so no
//! request can carry a credential, a cookie, a host or anything of the machine.

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_log::Attribution;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::policy::{Method, Purpose};

/// Sends requests. Implementors may be used from many threads at once and give
/// the answer as soon as its head is there; the body streams.
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// Sends one request. An answer with any status is an answer, not an error.
    ///
    /// # Errors
    /// [`Error::Denied`] by policy, [`Error::Peer`] when the peer fails,
    /// [`Error::Cancelled`] when the request's [`Cancel`] was used.
    fn send(&self, outgoing: Outgoing) -> Result<Answer, Error>;
}

/// One request.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where it goes.
    pub target: Target,
    /// What it is for; the endpoint must serve this purpose.
    pub purpose: Purpose,
    /// The method.
    pub method: Method,
    /// Headers from the fixed list.
    pub headers: Vec<(RequestHeader, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// On whose behalf.
    pub attribution: Attribution,
    /// Ends the request from another thread.
    pub cancel: Cancel,
}

impl Outgoing {
    /// A `POST` of JSON to a path below a named model endpoint.
    #[must_use]
    pub fn model_request(endpoint: &str, path: &str, body: Vec<u8>) -> Self {
        Self {
            target: Target::Endpoint { name: endpoint.to_owned(), path: path.to_owned() },
            purpose: Purpose::ModelRequest,
            method: Method::Post,
            headers: vec![(RequestHeader::ContentType, "application/json".to_owned())],
            body,
            attribution: Attribution::default(),
            cancel: Cancel::default(),
        }
    }

    /// A `GET` of an address that the policy holds for model downloads.
    #[must_use]
    pub fn model_download(url: &str) -> Self {
        Self {
            target: Target::Download { url: url.to_owned() },
            purpose: Purpose::ModelDownload,
            method: Method::Get,
            headers: Vec::new(),
            body: Vec::new(),
            attribution: Attribution::default(),
            cancel: Cancel::default(),
        }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// A path (with an optional query, beginning with `/`) below a named endpoint.
    Endpoint {
        /// The endpoint's name in the policy.
        name: String,
        /// The path below its prefix.
        path: String,
    },
    /// A whole address, below the prefix of some endpoint of the same purpose.
    Download {
        /// The address.
        url: String,
    },
}

/// The headers that a client may set. User agent, host, length and credentials
/// are the broker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestHeader {
    /// `Content-Type`.
    ContentType,
    /// `Accept`.
    Accept,
    /// `Range`.
    Range,
    /// `If-Range`.
    IfRange,
    /// `anthropic-version`, which that dialect requires.
    AnthropicVersion,
}

impl RequestHeader {
    /// The name as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentType => "Content-Type",
            Self::Accept => "Accept",
            Self::Range => "Range",
            Self::IfRange => "If-Range",
            Self::AnthropicVersion => "anthropic-version",
        }
    }
}

/// An answer whose body is still arriving.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case, in the peer's order.
    pub headers: Vec<(String, String)>,
    /// The body. Its end is seen only when it is whole and, through the broker,
    /// when its log line is durable; anything else is an error of `read`.
    pub body: AnswerBody,
}

impl Answer {
    /// The first header of this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The body of an answer. Dropping it ends the request at the peer.
pub struct AnswerBody {
    inner: Box<dyn Read + Send>,
    cancel: Registration,
}

impl AnswerBody {
    pub(crate) fn new(inner: Box<dyn Read + Send>, cancel: Registration) -> Self {
        Self { inner, cancel }
    }

    /// Reads what is left, at most `limit_bytes`.
    ///
    /// # Errors
    /// As reading, and `FileTooLarge` when there is more.
    pub fn read_all(mut self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self).take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit_bytes {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(bytes)
    }
}

impl Read for AnswerBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        if self.cancel.is_cancelled() {
            return Err(io::Error::other(Error::Cancelled));
        }
        read
    }
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerBody").finish_non_exhaustive()
    }
}

/// Ends requests from another thread: clone it, put one into [`Outgoing`], keep one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Mutex<CancelState>>);

#[derive(Debug, Default)]
struct CancelState {
    cancelled: bool,
    next: u64,
    streams: Vec<(u64, UnixStream)>,
}

impl Cancel {
    /// A fresh one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every request that carries it, now and later.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        for (_, stream) in state.streams.drain(..) {
            // The peer may be gone already, which is what is wanted.
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether it was used.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Ties a connection to this, until the registration is dropped.
    pub(crate) fn register(&self, stream: &UnixStream) -> Result<Registration, Error> {
        let clone = stream.try_clone().map_err(|source| Error::Local { source })?;
        let mut state = self.lock();
        if state.cancelled {
            return Err(Error::Cancelled);
        }
        state.next += 1;
        let id = state.next;
        state.streams.push((id, clone));
        Ok(Registration { cancel: self.clone(), id })
    }

    fn lock(&self) -> MutexGuard<'_, CancelState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection tied to a [`Cancel`].
#[derive(Debug)]
pub(crate) struct Registration {
    cancel: Cancel,
    id: u64,
}

impl Registration {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.cancel.lock().streams.retain(|(id, _)| *id != self.id);
    }
}
