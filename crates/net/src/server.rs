// SPDX-License-Identifier: Apache-2.0
//! A small HTTP/1.1 server on a unix socket: the embedded model server's front.
//!
//! One request per connection, one thread per connection, bounded heads, bodies
//! and connections. A handler is synchronous; it sees the client going away as
//! [`Reply::is_cancelled`], also while it computes and writes nothing.
//!
//! Invariant: a connection of another user is closed before a byte of it is read.
//! Source: RFC 9112; Server-Sent Events are left to the handler.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Buffered, Connection, Deadline};
use crate::error::Error;
use crate::http::{Body, BodyLength, RequestHead, header_line};
use crate::limits::{CLIENT_TIMEOUT, DRAIN_TIMEOUT, HEAD_BYTES_MAX, HEAD_TIMEOUT};
use crate::line::is_transient;
use crate::local::{is_own, peer};
use crate::server::crowd::Crowd;
use crate::stop::{Stop, Wake, is_hung_up};

pub(crate) mod crowd;

/// Answers requests; called from many threads at once.
///
/// Implementors answer with exactly one of [`Reply::full`] and [`Reply::stream`]
/// and return soon after [`Reply::is_cancelled`]. An error closes the connection.
pub trait Handler: Send + Sync {
    /// Answers one request.
    ///
    /// # Errors
    /// What writing the answer gave; the client is usually gone then.
    fn handle(&self, request: &Request, reply: Reply<'_>) -> io::Result<()>;
}

/// A request that has arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without its question mark.
    pub query: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// When a server ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Never.
    Never,
    /// When no connection was open for this long.
    After(Duration),
}

/// The bounds of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeSettings {
    /// The longest request body.
    pub body_bytes_max: usize,
    /// The most connections at once; further ones wait in the backlog.
    pub connections_max: usize,
    /// When it ends by itself.
    pub idle: Idle,
}

/// Serves HTTP until `stop` is requested or the server is idle.
///
/// # Errors
/// [`Error::Serve`] when the socket itself fails.
pub fn serve_http(
    listener: &UnixListener,
    handler: &Arc<dyn Handler>,
    settings: ServeSettings,
    stop: &Stop,
) -> Result<crate::broker::Ended, Error> {
    let handler = Arc::clone(handler);
    let serve = move |stream: UnixStream| {
        // The client sees the closed connection; there is nobody else to tell.
        let _closed = answer(stream, handler.as_ref(), settings.body_bytes_max);
    };
    accept_all(listener, settings.connections_max, settings.idle, stop, Arc::new(serve))
}

/// Accepts connections of this user and gives each to a thread of its own.
pub(crate) fn accept_all(
    listener: &UnixListener,
    connections_max: usize,
    idle: Idle,
    stop: &Stop,
    serve: Arc<dyn Fn(UnixStream) + Send + Sync>,
) -> Result<crate::broker::Ended, Error> {
    use crate::broker::Ended;
    let failed = |source| Error::Serve { source };
    let crowd = Crowd::new(connections_max).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let ended = loop {
        let empty = crowd.is_empty();
        let wake = match idle {
            _ if crowd.is_full() => crowd.wait_for_change(stop),
            Idle::After(after) if empty => stop.wait(listener.as_fd(), Some(after)),
            Idle::Never | Idle::After(_) => crowd.wait_with(stop, listener.as_fd()),
        };
        match wake.map_err(failed)? {
            Wake::Stopped => break Ended::Stopped,
            Wake::TimedOut if empty && idle != Idle::Never => break Ended::Idle,
            Wake::TimedOut => continue,
            Wake::Readable => {}
        }
        match listener.accept() {
            Ok((stream, _)) => {
                let own = peer(&stream).is_ok_and(is_own);
                if own && stream.set_nonblocking(false).is_ok() {
                    let serve = Arc::clone(&serve);
                    // Without a thread left this one connection is closed.
                    let _closed = crowd.enter(move || serve(stream));
                }
            }
            Err(error) if is_transient(&error) => {}
            // Out of descriptors, most likely: a connection that ends gives one back.
            Err(_) if !crowd.is_empty() => {
                crowd.wait_for_change(stop).map_err(failed)?;
            }
            Err(source) => return Err(failed(source)),
        }
    };
    crowd.drain(DRAIN_TIMEOUT);
    Ok(ended)
}

fn answer(stream: UnixStream, handler: &dyn Handler, body_bytes_max: usize) -> io::Result<()> {
    let watch = stream.as_fd().try_clone_to_owned()?;
    let mut buffered = Buffered::new(stream);
    let head = match buffered.head(Deadline::after(HEAD_TIMEOUT), HEAD_BYTES_MAX) {
        Ok(Some(bytes)) => RequestHead::parse(&bytes),
        Ok(None) => return Ok(()),
        Err(error) => Err(error),
    };
    buffered.connection().set_timeout(CLIENT_TIMEOUT)?;
    let refuse = |out: &mut UnixStream, status: u16, reason: &str| {
        let body = format!("{{\"error\":{{\"message\":\"{reason}\"}}}}");
        write_full(out, status, ("application/json", ""), body.as_bytes())
    };
    let Ok(head) = head else {
        return refuse(buffered.connection_mut(), 400, "the request is not valid HTTP");
    };
    let length = match head.body_length() {
        Ok(BodyLength::Exactly(length)) if length > body_bytes_max as u64 => {
            return refuse(buffered.connection_mut(), 413, "the request body is too long");
        }
        Ok(length) => length,
        Err(_) => {
            return refuse(buffered.connection_mut(), 400, "the request body has no clear length");
        }
    };
    if head.header("expect").is_some() {
        return refuse(buffered.connection_mut(), 417, "no expectation is met");
    }
    let mut body = Vec::new();
    let mut reader = Body::new(buffered, length, body_bytes_max as u64);
    let read = reader.read_to_end(&mut body);
    let mut stream = reader.into_inner();
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return refuse(stream.connection_mut(), 413, "the request body is too long");
        }
        Err(error) => return Err(error),
    }
    let (path, query) = match head.target.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (head.target, None),
    };
    let request = Request { method: head.method, path, query, headers: head.headers, body };
    handler.handle(&request, Reply { out: stream.connection_mut(), watch })
}

/// The answer of one request, not yet begun.
#[derive(Debug)]
pub struct Reply<'a> {
    out: &'a mut UnixStream,
    watch: OwnedFd,
}

impl<'a> Reply<'a> {
    /// Answers with a whole body.
    ///
    /// # Errors
    /// The system's error when the client is gone.
    pub fn full(self, status: u16, content_type: &str, body: &[u8]) -> io::Result<()> {
        write_full(self.out, status, (content_type, ""), body)
    }

    /// Answers with a whole body and says when to come again (RFC 9110, 10.2.3).
    ///
    /// # Errors
    /// The system's error when the client is gone.
    pub fn later(
        self,
        status: u16,
        content_type: &str,
        body: &[u8],
        after_seconds: u32,
    ) -> io::Result<()> {
        let again = header_line("Retry-After", &after_seconds.to_string())?;
        write_full(self.out, status, (content_type, &again), body)
    }

    /// Begins an answer whose body follows in pieces.
    ///
    /// # Errors
    /// The system's error when the client is gone.
    pub fn stream(self, status: u16, content_type: &str) -> io::Result<ReplyStream<'a>> {
        let head = format!(
            "HTTP/1.1 {status} \r\n{}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            header_line("Content-Type", content_type)?
        );
        self.out.write_all(head.as_bytes())?;
        Ok(ReplyStream { out: self.out, watch: self.watch })
    }

    /// Whether the client has gone away.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        is_hung_up(self.watch.as_fd())
    }

    /// Tells the same from another thread, for as long as it is kept.
    ///
    /// # Errors
    /// The system's error when there is no descriptor left.
    pub fn watcher(&self) -> io::Result<Watcher> {
        Ok(Watcher(self.watch.try_clone()?))
    }
}

/// Tells whether the client of one request has gone away.
#[derive(Debug)]
pub struct Watcher(OwnedFd);

impl Watcher {
    /// Whether the client has gone away.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        is_hung_up(self.0.as_fd())
    }
}

/// An answer whose body is being sent. Without [`ReplyStream::finish`] the client
/// sees a broken answer, which is how a handler reports a late failure.
#[derive(Debug)]
pub struct ReplyStream<'a> {
    out: &'a mut UnixStream,
    watch: OwnedFd,
}

impl ReplyStream<'_> {
    /// Sends a piece at once.
    ///
    /// # Errors
    /// The system's error when the client is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.out.write_all(&chunk)
    }

    /// Whether the client has gone away.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        is_hung_up(self.watch.as_fd())
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The system's error when the client is gone.
    pub fn finish(self) -> io::Result<()> {
        self.out.write_all(b"0\r\n\r\n")
    }
}

fn write_full(
    out: &mut UnixStream,
    status: u16,
    (content_type, more): (&str, &str),
    body: &[u8],
) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} \r\n{}{more}Content-Length: {}\r\nConnection: close\r\n\r\n",
        header_line("Content-Type", content_type)?,
        body.len()
    );
    out.write_all(&[head.as_bytes(), body].concat())
}
