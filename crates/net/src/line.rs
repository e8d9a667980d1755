// SPDX-License-Identifier: Apache-2.0
//! Lines over a unix socket: what the session socket speaks, one JSON value a line.
//!
//! The bytes of a line are the caller's; here are the limit, the peer check and
//! an `accept` that can be ended.
//!
//! Invariant: a line handed out has no newline and at most the limit's bytes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::error::Error;
use crate::local;
use crate::stop::{Stop, Wake};

/// Accepts connections of this user.
#[derive(Debug)]
pub struct LineListener {
    listener: UnixListener,
    limit_bytes: usize,
}

impl LineListener {
    /// Listens at `path`, as [`crate::bind`] does; a line may have `limit_bytes`.
    ///
    /// # Errors
    /// As [`crate::bind`].
    pub fn bind(path: &Path, limit_bytes: usize) -> Result<Self, Error> {
        let listener = local::bind(path)?;
        listener.set_nonblocking(true).map_err(|source| Error::Serve { source })?;
        Ok(Self { listener, limit_bytes })
    }

    /// Waits for the next connection of this user; `None` when the end was requested.
    ///
    /// # Errors
    /// [`Error::Serve`] when the socket fails.
    pub fn accept(&self, stop: &Stop) -> Result<Option<LineStream>, Error> {
        let failed = |source| Error::Serve { source };
        loop {
            match stop.wait(self.listener.as_fd(), None).map_err(failed)? {
                Wake::Stopped => return Ok(None),
                Wake::TimedOut => continue,
                Wake::Readable => {}
            }
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if is_transient(&error) => continue,
                Err(source) => return Err(failed(source)),
            };
            stream.set_nonblocking(false).map_err(failed)?;
            if local::peer(&stream).is_ok_and(local::is_own) {
                return LineStream::new(stream, self.limit_bytes).map(Some).map_err(failed);
            }
        }
    }
}

/// An error of one connection, not of the listening socket.
pub(crate) fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
    )
}

/// Both directions of a line connection.
#[derive(Debug)]
pub struct LineStream {
    reader: LineReader,
    writer: LineWriter,
}

impl LineStream {
    /// Connects to a listener of this user.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::ForeignPeer`].
    pub fn connect(path: &Path, limit_bytes: usize) -> Result<Self, Error> {
        let stream = local::connect(path)?;
        Self::new(stream, limit_bytes).map_err(|source| Error::Local { source })
    }

    fn new(stream: UnixStream, limit_bytes: usize) -> io::Result<Self> {
        let reader = BufReader::new(stream.try_clone()?);
        Ok(Self {
            reader: LineReader { reader, limit_bytes },
            writer: LineWriter { stream, limit_bytes },
        })
    }

    /// Separates the directions, for two threads.
    #[must_use]
    pub fn split(self) -> (LineReader, LineWriter) {
        (self.reader, self.writer)
    }

    /// As [`LineReader::receive`].
    ///
    /// # Errors
    /// As [`LineReader::receive`].
    pub fn receive(&mut self) -> Result<Option<String>, Error> {
        self.reader.receive()
    }

    /// As [`LineWriter::send`].
    ///
    /// # Errors
    /// As [`LineWriter::send`].
    pub fn send(&mut self, line: &str) -> Result<(), Error> {
        self.writer.send(line)
    }
}

/// The receiving direction.
#[derive(Debug)]
pub struct LineReader {
    reader: BufReader<UnixStream>,
    limit_bytes: usize,
}

impl LineReader {
    /// Waits for the next line; `None` when the peer has ended cleanly.
    ///
    /// # Errors
    /// [`Error::Local`] for a line over the limit, one that is not UTF-8 or has no
    /// end, and when the connection breaks.
    pub fn receive(&mut self) -> Result<Option<String>, Error> {
        let failed = |source| Error::Local { source };
        let refuse = |reason| Err(failed(io::Error::new(io::ErrorKind::InvalidData, reason)));
        let mut line = Vec::new();
        let limit = (self.limit_bytes as u64).saturating_add(1);
        (&mut self.reader).take(limit).read_until(b'\n', &mut line).map_err(failed)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return refuse(if line.len() >= self.limit_bytes {
                "a line is too long"
            } else {
                "a line has no end"
            });
        }
        match String::from_utf8(line) {
            Ok(line) => Ok(Some(line)),
            Err(_) => refuse("a line is not UTF-8"),
        }
    }
}

/// The sending direction.
#[derive(Debug)]
pub struct LineWriter {
    stream: UnixStream,
    limit_bytes: usize,
}

impl LineWriter {
    /// Sends one line; it must not contain a newline.
    ///
    /// # Errors
    /// [`Error::Local`] for a line over the limit or with a newline, and when the
    /// connection breaks.
    pub fn send(&mut self, line: &str) -> Result<(), Error> {
        let failed = |source| Error::Local { source };
        if line.len() > self.limit_bytes || line.contains('\n') {
            return Err(failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a line is too long or has a newline",
            )));
        }
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.stream.write_all(&bytes).map_err(failed)
    }

    /// Ends both directions, which also wakes a reader in another thread.
    pub fn close(&self) {
        // Already closed is what is wanted.
        let _closed = self.stream.shutdown(Shutdown::Both);
    }

    /// Another handle on the same direction, for example to close it.
    ///
    /// # Errors
    /// [`Error::Local`] when there is no descriptor left.
    pub fn try_clone(&self) -> Result<Self, Error> {
        let stream = self.stream.try_clone().map_err(|source| Error::Local { source })?;
        Ok(Self { stream, limit_bytes: self.limit_bytes })
    }
}
