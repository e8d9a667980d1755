// SPDX-License-Identifier: Apache-2.0
//! Reads a streamed or whole answer, leniently in form and strictly in amount.
//!
//! Missing fields take their harmless value; what cannot be an answer is a
//! [`Fault`]. A stream counts as complete when the server said so (`[DONE]`) or
//! when every candidate has a reason for its end.

use std::collections::BTreeMap;

use moat_base::{clip, visible};
use serde_json::Value;

use crate::limits::{ANSWER_BYTES_MAX, CANDIDATES_MAX, QUOTE_BYTES_MAX};
use crate::sse::{Events, TooLong};
use crate::{Chunk, Finish, Usage};

/// Why bytes are not an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They are not in the dialect.
    Nonsense {
        /// What was wrong.
        reason: &'static str,
        /// The start of what came, safe to show.
        quote: String,
    },
    /// They hold the server's error.
    Refused {
        /// Its message, safe to show.
        message: String,
    },
    /// They end in the middle.
    Truncated,
    /// They are more than [`ANSWER_BYTES_MAX`], or one line is over its limit.
    TooLong,
}

impl From<TooLong> for Fault {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// Whether a body is a stream of events or one JSON text; its first byte tells.
#[derive(Debug)]
enum Form {
    Unknown,
    Stream(Events),
    Whole(Vec<u8>),
}

/// Turns the bytes of one answer into chunks.
#[derive(Debug)]
pub struct Decoder {
    form: Form,
    start: Vec<u8>,
    taken_bytes: usize,
    said_done: bool,
    candidates: BTreeMap<u32, Progress>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Writing,
    Done,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Begins an answer.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            form: Form::Unknown,
            start: Vec::new(),
            taken_bytes: 0,
            said_done: false,
            candidates: BTreeMap::new(),
        }
    }

    /// Takes more bytes and hands on the chunks that they complete.
    ///
    /// # Errors
    /// [`Fault`]; chunks before it were handed on.
    pub fn push(&mut self, bytes: &[u8], take: &mut dyn FnMut(Chunk)) -> Result<(), Fault> {
        self.taken_bytes = self.taken_bytes.saturating_add(bytes.len());
        if self.taken_bytes > ANSWER_BYTES_MAX {
            return Err(Fault::TooLong);
        }
        let room = QUOTE_BYTES_MAX.saturating_sub(self.start.len());
        self.start.extend(bytes.iter().take(room));
        if matches!(self.form, Form::Unknown) {
            let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
                return Ok(());
            };
            self.form = match first {
                b'{' => Form::Whole(Vec::new()),
                _ => Form::Stream(Events::default()),
            };
        }
        let mut events = Vec::new();
        let outcome = match &mut self.form {
            Form::Unknown => Ok(()),
            Form::Whole(body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
            Form::Stream(state) => state.push(bytes, &mut events),
        };
        self.take_events(&events, take)?;
        Ok(outcome?)
    }

    /// Whether the server has said that the answer is complete.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.said_done
    }

    /// Ends the answer.
    ///
    /// # Errors
    /// [`Fault`], in particular [`Fault::Truncated`].
    pub fn finish(&mut self, take: &mut dyn FnMut(Chunk)) -> Result<(), Fault> {
        match std::mem::replace(&mut self.form, Form::Unknown) {
            Form::Unknown => {}
            Form::Whole(body) => {
                let Ok(value) = serde_json::from_slice::<Value>(&body) else {
                    return Err(Fault::Truncated);
                };
                self.take_value(&value, take)?;
            }
            Form::Stream(mut state) => {
                let mut events = Vec::new();
                state.finish(&mut events)?;
                self.finish_events(&events, take)?;
            }
        }
        if self.candidates.is_empty() && !self.said_done {
            return Err(self.nonsense("there is no answer"));
        }
        let open = self.candidates.values().any(|p| *p == Progress::Writing);
        if open && !self.said_done {
            return Err(Fault::Truncated);
        }
        Ok(())
    }

    fn take_events(
        &mut self,
        events: &[Vec<u8>],
        take: &mut dyn FnMut(Chunk),
    ) -> Result<(), Fault> {
        for event in events {
            if self.said_done {
                return Ok(());
            }
            let text = event.trim_ascii();
            if text == b"[DONE]" {
                self.said_done = true;
                return Ok(());
            }
            match serde_json::from_slice::<Value>(text) {
                Ok(value) => self.take_value(&value, take)?,
                Err(_) => return Err(nonsense("an event is not JSON", text)),
            }
        }
        Ok(())
    }

    /// As [`Self::take_events`], but the last event may have been cut by the end of the input.
    fn finish_events(
        &mut self,
        events: &[Vec<u8>],
        take: &mut dyn FnMut(Chunk),
    ) -> Result<(), Fault> {
        let outcome = self.take_events(events, take);
        match outcome {
            Err(Fault::Nonsense { .. }) if !self.candidates.is_empty() => Err(Fault::Truncated),
            other => other,
        }
    }

    fn take_value(&mut self, value: &Value, take: &mut dyn FnMut(Chunk)) -> Result<(), Fault> {
        if let Some(message) = message_of(value) {
            return Err(Fault::Refused { message });
        }
        if !value.is_object() {
            return Err(self.nonsense("an event is not an object"));
        }
        let choices = value.get("choices").and_then(Value::as_array);
        for choice in choices.into_iter().flatten() {
            self.take_choice(choice, take)?;
        }
        if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
            take(Chunk::Usage(usage_of(usage)));
        }
        Ok(())
    }

    fn take_choice(&mut self, choice: &Value, take: &mut dyn FnMut(Chunk)) -> Result<(), Fault> {
        let index = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
        let candidate = u32::try_from(index)
            .ok()
            .filter(|index| *index < CANDIDATES_MAX)
            .ok_or_else(|| self.nonsense("a candidate's index is out of range"))?;
        let progress = self.candidates.entry(candidate).or_insert(Progress::Writing);
        if *progress == Progress::Done {
            return Ok(());
        }
        let text = ["/delta/content", "/message/content", "/text"]
            .into_iter()
            .find_map(|pointer| choice.pointer(pointer).and_then(Value::as_str))
            .unwrap_or_default();
        if !text.is_empty() {
            take(Chunk::Text { candidate, text: text.to_owned() });
        }
        let millinats = choice.get("millinats").and_then(Value::as_i64);
        if let Some(millinats) = millinats.and_then(|millinats| i32::try_from(millinats).ok()) {
            take(Chunk::Likelihood { candidate, millinats });
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            *progress = Progress::Done;
            take(Chunk::Done { candidate, finish: finish_of(reason) });
        }
        Ok(())
    }

    fn nonsense(&self, reason: &'static str) -> Fault {
        nonsense(reason, &self.start)
    }
}

/// Takes the server's message out of the body of an error answer, safe to show.
#[must_use]
pub fn error_message(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|value| message_of(&value))
        .unwrap_or_else(|| quote(body))
}

fn message_of(value: &Value) -> Option<String> {
    let told = match value.get("error") {
        None | Some(Value::Null) => {
            // FastAPI's form (vLLM, SGLang for invalid requests) and vLLM's older form.
            let is_error = value.get("object").and_then(Value::as_str) == Some("error");
            match (value.get("message"), value.get("detail")) {
                (Some(message), _) if is_error => message,
                (_, Some(detail)) if value.get("choices").is_none() => detail,
                _ => return None,
            }
        }
        Some(error) => error.get("message").unwrap_or(error),
    };
    let text = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
    Some(quote(text.as_bytes()))
}

fn finish_of(reason: &str) -> Finish {
    match reason {
        "stop" | "eos" | "eos_token" | "stop_sequence" => Finish::Stop,
        "length" | "max_tokens" => Finish::Length,
        "content_filter" => Finish::Filter,
        _ => Finish::Other,
    }
}

fn usage_of(usage: &Value) -> Usage {
    let count = |pointer| usage.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    Usage {
        prompt_tokens: count("/prompt_tokens"),
        cached_tokens: count("/prompt_tokens_details/cached_tokens"),
        completion_tokens: count("/completion_tokens"),
    }
}

fn nonsense(reason: &'static str, bytes: &[u8]) -> Fault {
    Fault::Nonsense { reason, quote: quote(bytes) }
}

fn quote(bytes: &[u8]) -> String {
    let bytes = bytes.get(..QUOTE_BYTES_MAX * 2).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes).replace(['\n', '\t'], " ");
    clip(&visible(text.trim()), QUOTE_BYTES_MAX).to_owned()
}
