// SPDX-License-Identifier: Apache-2.0
//! One request to an OpenAI-compatible server, over a unix socket or TCP.
//!
//! Just enough HTTP/1.1 (RFC 9112) for one whole answer: no TLS, no redirects,
//! no kept connections. The baseline must not go through the product's own
//! client, or a mistake there would hide in both arms.
//!
//! Invariant: an answer is read to its end or not used.

#![expect(
    clippy::disallowed_methods,
    reason = "`xtask` stands outside the layers; the baseline speaks to a local server itself"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// Bytes of an answer that are read at most.
const ANSWER_BYTES_MAX: u64 = 8 << 20;
/// How long a server may be silent; a slow machine reads a long prompt for minutes.
const SILENCE_MAX: Duration = Duration::from_secs(900);
/// The path of the one request that is made.
const PATH: &str = "/v1/chat/completions";

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// A unix socket.
    Socket(PathBuf),
    /// Host and port, without TLS.
    Tcp(String),
}

impl Server {
    /// Reads `unix:PATH` or `http://HOST:PORT`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Socket(PathBuf::from(path)));
        }
        let rest = text.strip_prefix("http://");
        let rest =
            rest.with_context(|| format!("`{text}` is neither unix:PATH nor http://HOST:PORT"))?;
        let address = rest.split('/').next().unwrap_or_default();
        ensure!(!address.is_empty(), "`{text}` names no host");
        Ok(Self::Tcp(if address.contains(':') {
            address.to_owned()
        } else {
            format!("{address}:80")
        }))
    }

    /// Sends a chat completion request and returns the server's JSON.
    pub(super) fn chat(&self, body: &Value) -> anyhow::Result<Value> {
        let body = body.to_string();
        let host = match self {
            Self::Socket(_) => "localhost",
            Self::Tcp(address) => address,
        };
        let request = format!(
            "POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = match self {
            Self::Socket(path) => {
                let stream = UnixStream::connect(path)
                    .with_context(|| format!("no server at `{}`", path.display()))?;
                stream.set_read_timeout(Some(SILENCE_MAX))?;
                exchange(stream, &request)?
            }
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)
                    .with_context(|| format!("no server at `{address}`"))?;
                stream.set_read_timeout(Some(SILENCE_MAX))?;
                exchange(stream, &request)?
            }
        };
        let (status, body) = parse(&answer)?;
        ensure!(status == 200, "the server answered {status}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).context("the server's answer is not JSON")
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> anyhow::Result<Vec<u8>> {
    stream.write_all(request.as_bytes()).context("could not send the request")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).context("could not read the answer")?;
    Ok(answer)
}

/// The status and the body of an answer.
fn parse(answer: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.context("the answer has no end of its head")?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let body = answer.get(end + 4..).unwrap_or_default();
    let status = head.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    let status = status.context("the answer has no status")?;
    let field = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    if field("transfer-encoding") == Some("chunked") {
        return Ok((status, dechunk(body)?));
    }
    match field("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => {
            let body = body.get(..length).context("the answer was cut")?;
            Ok((status, body.to_vec()))
        }
        None => Ok((status, body.to_vec())),
    }
}

fn dechunk(mut rest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n").context("a chunk was cut")?;
        let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let size = line.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else { bail!("`{size}` is no chunk size") };
        if size == 0 {
            return Ok(body);
        }
        let start = end + 2;
        body.extend_from_slice(rest.get(start..start + size).context("a chunk was cut")?);
        rest = rest.get(start + size + 2..).context("a chunk was cut")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, want) in [
            ("unix:/a/b.sock", Some(Server::Socket(PathBuf::from("/a/b.sock")))),
            ("http://localhost:8080/v1", Some(Server::Tcp("localhost:8080".to_owned()))),
            ("http://host", Some(Server::Tcp("host:80".to_owned()))),
            ("https://host", None),
            ("http://", None),
        ] {
            assert_eq!(Server::parse(text).ok(), want, "{text}");
        }
    }

    #[test]
    fn answers() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest";
        assert_eq!(parse(whole).unwrap(), (200, b"{}".to_vec()));
        let chunked =
            b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap(), (503, b"abc".to_vec()));
        let plain = b"HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(parse(plain).unwrap(), (200, b"abc".to_vec()));
    }

    #[test]
    fn cut_answers_are_refused() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"",
        ] {
            assert!(parse(answer).is_err(), "{}", String::from_utf8_lossy(answer));
        }
    }
}
