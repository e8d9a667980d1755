// SPDX-License-Identifier: Apache-2.0
//! A small HTTP server on the loopback interface that remembers what it was sent.
//!
//! It plays two parts: the *sink*, an address that an attacker would own and
//! that must never be reached, and the *model*, a scripted model server that
//! always gives the same answer, so that Moat has real work to do in a proof.
//!
//! Invariant: it ends with its value, so no port outlives a proof.
//! Source: RFC 9112, as far as a fixed answer needs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::door;

/// The longest request that is read; the rest of a longer one is ignored.
const REQUEST_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How long a connection may stay silent.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// What the server answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// An address of an attacker: it takes everything and says nothing useful.
    Sink,
    /// A model server whose every answer is this text.
    Model(&'static str),
}

/// A request as it arrived: the head, and the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts listening.
    pub(crate) fn start(part: Part) -> anyhow::Result<Self> {
        let listener = door::listen()?;
        let port = listener.local_addr()?.port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let ending = Arc::new(AtomicBool::new(false));
        let (requests, ended) = (Arc::clone(&seen), Arc::clone(&ending));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // A peer that goes away has still been seen when it sent something.
                if let Ok(stream) = stream {
                    _ = answer(stream, part, &requests);
                }
            }
        });
        Ok(Self { port, seen, ending, thread: Some(thread) })
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Everything that arrived since the last call.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        // The connection wakes the thread up; without one it would wait for ever.
        if door::connect(self.port).is_ok()
            && let Some(thread) = self.thread.take()
        {
            _ = thread.join();
        }
    }
}

fn answer(stream: TcpStream, part: Part, seen: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream.take(REQUEST_BYTES_MAX));
    let request = read_request(&mut reader);
    let choices = wanted_choices(&request.body);
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    let body = match part {
        Part::Sink => "{}".to_owned(),
        Part::Model(text) => {
            let choice = |index| {
                let message = serde_json::json!({ "role": "assistant", "content": text });
                serde_json::json!({ "index": index, "message": message, "finish_reason": "stop" })
            };
            serde_json::json!({
                "id": "scripted",
                "object": "chat.completion",
                "model": "scripted",
                "choices": (0..choices).map(choice).collect::<Vec<_>>(),
                "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
            })
            .to_string()
        }
    };
    write!(
        writer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Reads what there is; a peer that says something else than HTTP is kept too.
fn read_request(reader: &mut impl BufRead) -> Request {
    let (mut head, mut length) = (String::new(), 0_u64);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        let text = String::from_utf8_lossy(&line).into_owned();
        line.clear();
        if text.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&text);
    }
    let mut body = Vec::new();
    _ = reader.take(length).read_to_end(&mut body);
    Request { head, body: String::from_utf8_lossy(&body).into_owned() }
}

/// How many answers a request asks for.
fn wanted_choices(body: &str) -> u64 {
    let request: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    request.get("n").and_then(serde_json::Value::as_u64).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_what_it_was_sent_and_answers_as_often_as_asked() {
        let server = Server::start(Part::Model("hello")).unwrap();
        let mut stream = door::connect(server.port()).unwrap();
        stream
            .write_all(b"POST /v1/x HTTP/1.1\r\nAuthorization: Bearer k\r\nContent-Length: 7\r\n\r\n{\"n\":2}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let seen = server.take();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].body, "{\"n\":2}");
        assert!(seen[0].head.contains("Bearer k"), "{}", seen[0].head);
        assert_eq!(answer.matches("hello").count(), 2, "{answer}");
        assert!(server.take().is_empty());
    }
}
