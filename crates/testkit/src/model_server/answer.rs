// SPDX-License-Identifier: Apache-2.0
//! Writes one answer, good or bad, as a stream of events.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use moat_net::{Reply, ReplyStream};
use serde_json::{Value, json};

use super::Act;
use crate::limits::{CANDIDATES_MAX, HANG_SLICE};

/// Does what `act` says with one request.
pub(super) fn give(
    act: &Act,
    path: &str,
    body: &Value,
    reply: Reply<'_>,
    ending: &AtomicBool,
) -> io::Result<()> {
    let form = if path.ends_with("chat/completions") { Form::Chat } else { Form::Completion };
    let candidates = body.get("n").and_then(Value::as_u64).unwrap_or(1).clamp(1, CANDIDATES_MAX);
    match act {
        Act::Texts(texts) => {
            let mut stream = Stream::begin(reply, form)?;
            for (index, text) in (0..candidates).zip(texts.iter().cycle()) {
                stream.text(index, text)?;
                stream.done(index)?;
            }
            stream.finish(body)
        }
        Act::Single(text) => {
            let mut stream = Stream::begin(reply, form)?;
            stream.text(0, text)?;
            stream.done(0)?;
            stream.finish(body)
        }
        Act::Slowly { pieces, pause } => {
            let mut stream = Stream::begin(reply, form)?;
            for piece in pieces {
                if !ending.load(Ordering::SeqCst) {
                    std::thread::park_timeout(*pause);
                }
                stream.text(0, piece)?;
            }
            stream.done(0)?;
            stream.finish(body)
        }
        Act::Hang => {
            while !reply.is_cancelled() && !ending.load(Ordering::SeqCst) {
                std::thread::park_timeout(HANG_SLICE);
            }
            Ok(())
        }
        Act::HangAfter(text) => {
            let mut stream = Stream::begin(reply, form)?;
            stream.text(0, text)?;
            while !stream.out.is_cancelled() && !ending.load(Ordering::SeqCst) {
                std::thread::park_timeout(HANG_SLICE);
            }
            Ok(())
        }
        Act::OnceGone { path: place, text } => {
            while place.exists() && !reply.is_cancelled() && !ending.load(Ordering::SeqCst) {
                std::thread::park_timeout(HANG_SLICE);
            }
            give(&Act::text(text.as_str()), path, body, reply, ending)
        }
        Act::Garbage(bytes) => {
            let mut stream = reply.stream(200, EVENTS)?;
            stream.write(bytes)?;
            stream.finish()
        }
        Act::Truncated(text) => {
            let mut stream = Stream::begin(reply, form)?;
            stream.text(0, text)?;
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        }
        Act::Status(status, body) => reply.full(*status, "application/json", body.as_bytes()),
    }
}

#[derive(Clone, Copy)]
enum Form {
    Chat,
    Completion,
}

struct Stream<'a> {
    out: ReplyStream<'a>,
    form: Form,
    characters: usize,
}

impl<'a> Stream<'a> {
    fn begin(reply: Reply<'a>, form: Form) -> io::Result<Self> {
        Ok(Self { out: reply.stream(200, EVENTS)?, form, characters: 0 })
    }

    fn text(&mut self, index: u64, text: &str) -> io::Result<()> {
        self.characters += text.chars().count();
        let choice = match self.form {
            Form::Chat => {
                json!({"index": index, "delta": {"content": text}, "finish_reason": null})
            }
            Form::Completion => json!({"index": index, "text": text, "finish_reason": null}),
        };
        self.event(&json!({"choices": [choice]}))
    }

    fn done(&mut self, index: u64) -> io::Result<()> {
        let choice = match self.form {
            Form::Chat => json!({"index": index, "delta": {}, "finish_reason": "stop"}),
            Form::Completion => json!({"index": index, "text": "", "finish_reason": "stop"}),
        };
        self.event(&json!({"choices": [choice]}))
    }

    /// Ends the answer with a count in which four characters are a token.
    fn finish(mut self, body: &Value) -> io::Result<()> {
        let prompt = super::text_of(body).chars().count().div_ceil(4);
        let completion = self.characters.div_ceil(4);
        let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion});
        self.event(&json!({"choices": [], "usage": usage}))?;
        self.out.write(b"data: [DONE]\n\n")?;
        self.out.finish()
    }

    fn event(&mut self, event: &Value) -> io::Result<()> {
        self.out.write(format!("data: {event}\n\n").as_bytes())
    }
}

const EVENTS: &str = "text/event-stream";
