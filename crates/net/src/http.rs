// SPDX-License-Identifier: Apache-2.0
//! HTTP/1.1 messages, read strictly and written plainly.
//!
//! What a peer frames in two ways (two lengths, a length and chunks, folded
//! headers, bare line feeds) is refused, never guessed at, so nothing can be
//! smuggled between two readers. One request per connection: there is no second
//! message whose beginning could be disputed.
//!
//! Invariant: no header written here comes from the environment; the user agent
//! is `moat` on every machine (P-28).
//! Source: RFC 9110, RFC 9112 (sections 2.2, 6 and 7.1).

use std::io::{self, BufRead, Read, Write};
use std::time::Duration;

use moat_base::{clip, visible};

use crate::connection::{Buffered, Connection, Deadline};
use crate::error::Problem;
use crate::limits::{CHUNK_LINE_BYTES_MAX, FOREIGN_TEXT_BYTES_MAX, HEADERS_MAX};
use crate::policy::Method;

/// Writes a whole request; the fixed headers are its own.
pub(crate) fn write_request(
    out: &mut dyn Write,
    method: Method,
    target: &str,
    host: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut head =
        format!("{} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: moat\r\n", method.as_str());
    for (name, value) in headers {
        head.push_str(&header_line(name, value)?);
    }
    if method == Method::Post {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut message = head.into_bytes();
    if method == Method::Post {
        message.extend_from_slice(body);
    }
    out.write_all(&message)?;
    out.flush()
}

/// Writes one header; a value that could begin another line is refused.
pub(crate) fn header_line(name: &str, value: &str) -> io::Result<String> {
    let plain = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if !plain {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a header value has a control character or is not ASCII",
        ));
    }
    Ok(format!("{name}: {value}\r\n"))
}

/// Status line and headers of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

/// Request line and headers of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyLength {
    None,
    Exactly(u64),
    Chunked,
    UntilClose,
}

const INTERIM_ANSWERS_MAX: usize = 5;

impl ResponseHead {
    /// Reads the head of the final answer, past interim ones.
    pub(crate) fn read<C: Connection>(
        from: &mut Buffered<C>,
        deadline: Deadline,
        limit_bytes: usize,
    ) -> io::Result<Self> {
        for _ in 0..INTERIM_ANSWERS_MAX {
            let bytes = from
                .head(deadline, limit_bytes)?
                .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            let head = Self::parse(&bytes)?;
            if head.status == 101 {
                return Err(nonsense("it changes the protocol"));
            }
            if head.status >= 200 {
                return Ok(head);
            }
        }
        Err(nonsense("it sends interim answers without end"))
    }

    fn parse(bytes: &[u8]) -> io::Result<Self> {
        check_lines(bytes)?;
        let mut storage = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Response::new(&mut storage);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err(nonsense("its head is incomplete")),
            Err(error) => return Err(nonsense(&error.to_string())),
        }
        let status = parsed.code.unwrap_or_default();
        if !(100..=599).contains(&status) {
            return Err(nonsense("its status is not one"));
        }
        Ok(Self { status, headers: collect(parsed.headers)? })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// How the body of an answer to `method` ends.
    pub(crate) fn body_length(&self, method: Method) -> Result<BodyLength, Problem> {
        if method == Method::Head || matches!(self.status, 204 | 304) {
            return Ok(BodyLength::None);
        }
        match framing(&self.headers).map_err(Problem::Nonsense)? {
            Some(length) => Ok(length),
            None => Ok(BodyLength::UntilClose),
        }
    }
}

impl RequestHead {
    pub(crate) fn parse(bytes: &[u8]) -> io::Result<Self> {
        check_lines(bytes)?;
        let mut storage = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Request::new(&mut storage);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err(nonsense("the head is incomplete")),
            Err(error) => return Err(nonsense(&error.to_string())),
        }
        Ok(Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            headers: collect(parsed.headers)?,
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// How the body of this request ends; without any framing there is none.
    pub(crate) fn body_length(&self) -> Result<BodyLength, String> {
        Ok(framing(&self.headers)?.unwrap_or(BodyLength::None))
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn nonsense(reason: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        visible(clip(reason, FOREIGN_TEXT_BYTES_MAX)).into_owned(),
    )
}

/// Every line ends in CR LF; no NUL, no lone CR or LF, no folded header.
fn check_lines(bytes: &[u8]) -> io::Result<()> {
    let mut before = 0;
    for (position, byte) in bytes.iter().enumerate() {
        let after = bytes.get(position + 1);
        let wrong = match byte {
            0 => true,
            b'\r' => after != Some(&b'\n'),
            b'\n' => before != b'\r' || matches!(after, Some(b' ' | b'\t')),
            _ => false,
        };
        if wrong {
            return Err(nonsense("a line of its head is malformed"));
        }
        before = *byte;
    }
    Ok(())
}

fn collect(headers: &[httparse::Header<'_>]) -> io::Result<Vec<(String, String)>> {
    headers
        .iter()
        .map(|header| {
            let value = str::from_utf8(header.value)
                .map_err(|_source| nonsense("a header is not UTF-8"))?;
            Ok((header.name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect()
}

fn framing(headers: &[(String, String)]) -> Result<Option<BodyLength>, String> {
    let all = |name: &str| -> Vec<&str> {
        headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    };
    let (lengths, encodings) = (all("content-length"), all("transfer-encoding"));
    match (lengths.as_slice(), encodings.as_slice()) {
        ([], []) => Ok(None),
        ([length], []) => {
            let plain = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            match length.parse() {
                Ok(length) if plain => Ok(Some(BodyLength::Exactly(length))),
                Ok(_) | Err(_) => Err("its length is not a number".to_owned()),
            }
        }
        ([], [encoding]) if encoding.eq_ignore_ascii_case("chunked") => {
            Ok(Some(BodyLength::Chunked))
        }
        ([], _) => Err("its transfer encoding is not known".to_owned()),
        (_, []) => Err("it has two lengths".to_owned()),
        _ => Err("it has both a length and chunks".to_owned()),
    }
}

/// The body of a message, read to its framed end and not a byte further.
#[derive(Debug)]
pub(crate) struct Body<C> {
    from: Buffered<C>,
    state: BodyState,
    taken: u64,
    limit_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyState {
    Left(u64),
    Chunk(u64),
    BeforeChunk,
    UntilClose,
    Done,
}

impl<C: Connection> Body<C> {
    pub(crate) fn new(from: Buffered<C>, length: BodyLength, limit_bytes: u64) -> Self {
        let state = match length {
            BodyLength::None | BodyLength::Exactly(0) => BodyState::Done,
            BodyLength::Exactly(length) => BodyState::Left(length),
            BodyLength::Chunked => BodyState::BeforeChunk,
            BodyLength::UntilClose => BodyState::UntilClose,
        };
        Self { from, state, taken: 0, limit_bytes }
    }

    /// How long the body will be, when that is known beforehand.
    pub(crate) const fn length(&self) -> Option<u64> {
        match self.state {
            BodyState::Done => Some(self.taken),
            BodyState::Left(left) => Some(self.taken + left),
            BodyState::Chunk(_) | BodyState::BeforeChunk | BodyState::UntilClose => None,
        }
    }

    /// Gives the connection back.
    pub(crate) fn into_inner(self) -> Buffered<C> {
        self.from
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let line = self.from.crlf_line(CHUNK_LINE_BYTES_MAX)?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let digits = str::from_utf8(digits).unwrap_or_default().trim_end();
        let plain = !digits.is_empty()
            && digits.len() <= 15
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = match u64::from_str_radix(digits, 16) {
            Ok(size) if plain => size,
            Ok(_) | Err(_) => return Err(nonsense("a chunk has no length")),
        };
        if size > 0 {
            self.state = BodyState::Chunk(size);
            return Ok(());
        }
        for _ in 0..HEADERS_MAX {
            if self.from.crlf_line(CHUNK_LINE_BYTES_MAX)?.is_empty() {
                self.state = BodyState::Done;
                return Ok(());
            }
        }
        Err(nonsense("its trailer is too long"))
    }

    fn end_of_connection(&mut self) -> io::Result<usize> {
        match self.state {
            BodyState::UntilClose | BodyState::Done => {
                self.state = BodyState::Done;
                Ok(0)
            }
            BodyState::Left(_) | BodyState::Chunk(_) | BodyState::BeforeChunk => {
                Err(io::Error::from(io::ErrorKind::UnexpectedEof))
            }
        }
    }

    fn advance(&mut self, count: u64) -> io::Result<()> {
        self.state = match self.state {
            BodyState::Left(left) if left == count => BodyState::Done,
            BodyState::Left(left) => BodyState::Left(left - count),
            BodyState::Chunk(left) if left == count => {
                if !self.from.crlf_line(2)?.is_empty() {
                    return Err(nonsense("a chunk is longer than it says"));
                }
                BodyState::BeforeChunk
            }
            BodyState::Chunk(left) => BodyState::Chunk(left - count),
            other @ (BodyState::BeforeChunk | BodyState::UntilClose | BodyState::Done) => other,
        };
        Ok(())
    }
}

impl<C: Connection> Read for Body<C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.state == BodyState::BeforeChunk {
            self.next_chunk()?;
        }
        let most = match self.state {
            BodyState::Done => return Ok(0),
            BodyState::Left(left) | BodyState::Chunk(left) => left,
            BodyState::UntilClose | BodyState::BeforeChunk => u64::MAX,
        };
        let available = self.from.fill_buf()?;
        if available.is_empty() {
            return self.end_of_connection();
        }
        let length =
            available.len().min(buffer.len()).min(usize::try_from(most).unwrap_or(usize::MAX));
        if let (Some(to), Some(source)) = (buffer.get_mut(..length), available.get(..length)) {
            to.copy_from_slice(source);
        }
        self.from.consume(length);
        self.taken += length as u64;
        if self.taken > self.limit_bytes {
            let problem = Problem::TooLong(self.limit_bytes);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
        self.advance(length as u64)?;
        Ok(length)
    }
}

/// Names what an error of a connection means to the person who waits.
pub(crate) fn problem(error: &io::Error, waited: Duration) -> Problem {
    if let Some(problem) = error.get_ref().and_then(|inner| inner.downcast_ref::<Problem>()) {
        return problem.clone();
    }
    let text = || visible(clip(&error.to_string(), FOREIGN_TEXT_BYTES_MAX)).into_owned();
    let kind = error.kind();
    if matches!(kind, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
        Problem::Silent(waited.as_secs())
    } else if kind == io::ErrorKind::UnexpectedEof {
        Problem::Truncated
    } else if kind == io::ErrorKind::InvalidData {
        Problem::Nonsense(text())
    } else {
        Problem::Io(text())
    }
}

#[cfg(test)]
mod tests;
