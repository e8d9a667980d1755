// SPDX-License-Identifier: Apache-2.0
//! Byte streams with a deadline on every read and write, and reading under limits.
//!
//! A read timeout alone does not stop a peer that sends one byte in time, so a
//! head has a deadline over all of its reads.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use moat_base::{Clock, SystemClock};

/// A stream whose next reads and writes can be bounded.
pub(crate) trait Connection: Read + Write + Send {
    /// Bounds each further read and write.
    fn set_timeout(&self, timeout: Duration) -> io::Result<()>;
}

impl Connection for UnixStream {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        let timeout = timeout.max(Duration::from_millis(1));
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

impl Connection for TcpStream {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        let timeout = timeout.max(Duration::from_millis(1));
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

/// A moment that a sequence of reads must not pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    clock: SystemClock,
    at: Duration,
}

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { clock: SystemClock::new(), at: timeout }
    }

    /// What is left, or a timeout error.
    pub(crate) fn left(&self) -> io::Result<Duration> {
        match self.at.checked_sub(self.clock.monotonic()) {
            Some(left) if !left.is_zero() => Ok(left),
            Some(_) | None => Err(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }
}

/// Reads through a buffer; what was read ahead is not lost between head and body.
#[derive(Debug)]
pub(crate) struct Buffered<C> {
    connection: C,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<C: Connection> Buffered<C> {
    pub(crate) fn new(connection: C) -> Self {
        Self { connection, buffer: vec![0; crate::limits::READ_BYTES], start: 0, end: 0 }
    }

    pub(crate) const fn connection(&self) -> &C {
        &self.connection
    }

    pub(crate) const fn connection_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Reads a head up to and with its empty line. `None` when the peer closed
    /// before the first byte.
    pub(crate) fn head(
        &mut self,
        deadline: Deadline,
        limit_bytes: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut head = Vec::new();
        loop {
            self.connection.set_timeout(deadline.left()?)?;
            let available = self.fill_buf()?;
            if available.is_empty() {
                return if head.is_empty() {
                    Ok(None)
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof))
                };
            }
            let taken = available.len();
            let known = head.len();
            head.extend_from_slice(available);
            let from = known.saturating_sub(3);
            let end = head
                .get(from..)
                .and_then(|tail| tail.windows(4).position(|four| four == b"\r\n\r\n"));
            if let Some(end) = end {
                let end = from + end + 4;
                if end > limit_bytes {
                    return Err(too_long());
                }
                head.truncate(end);
                self.consume(end - known);
                return Ok(Some(head));
            }
            self.consume(taken);
            if head.len() > limit_bytes {
                return Err(too_long());
            }
        }
    }

    /// Reads a line that ends in CR LF and gives it without them.
    pub(crate) fn crlf_line(&mut self, limit_bytes: usize) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let available = self.fill_buf()?;
            let Some(byte) = available.first().copied() else {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            };
            self.consume(1);
            line.push(byte);
            if line.ends_with(b"\r\n") {
                line.truncate(line.len() - 2);
                return Ok(line);
            }
            if byte == b'\n' || line.len() > limit_bytes {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a chunk line is malformed",
                ));
            }
        }
    }
}

impl<C: Connection> Read for Buffered<C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), available.get(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}

impl<C: Connection> BufRead for Buffered<C> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.end = retry(|| self.connection.read(&mut self.buffer))?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.end.min(self.start + amount);
    }
}

impl<C: Connection + AsFd> AsFd for Buffered<C> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the head is too long")
}

/// Repeats an interrupted call, and names a timeout in one way.
pub(crate) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            other => return other,
        }
    }
}
