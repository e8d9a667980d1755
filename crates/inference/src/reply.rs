// SPDX-License-Identifier: Apache-2.0
//! Writes answers in the form of the OpenAI API, whole and as event streams.
//!
//! Sources: the OpenAI API reference (chat completion, chat completion chunk,
//! completion, list models); WHATWG HTML, "Server-sent events", for the stream.
//!
//! Invariant: pure; a line of a stream never contains a raw line feed, because
//! JSON text escapes them.

use serde_json::{Value, json};

use crate::mailbox::{Finish, Piece, Usage};
use crate::request::Shape;

/// What every part of one answer repeats.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) shape: Shape,
    pub(crate) number: u64,
    pub(crate) created_seconds: u64,
    pub(crate) model: String,
}

impl Head {
    fn id(&self) -> String {
        match self.shape {
            Shape::Chat => format!("chatcmpl-{}", self.number),
            Shape::Completion => format!("cmpl-{}", self.number),
        }
    }

    fn frame(&self, object: &str, choices: Value) -> Value {
        json!({
            "id": self.id(),
            "object": object,
            "created": self.created_seconds,
            "model": self.model,
            "choices": choices,
        })
    }

    /// The answer to a request that does not stream.
    pub(crate) fn whole(&self, pieces: &[Piece], usage: &Usage) -> Value {
        let choices: Vec<Value> = pieces
            .iter()
            .enumerate()
            .map(|(index, piece)| {
                let reason = piece.finish.map(Finish::name);
                let mut choice = match self.shape {
                    Shape::Chat => json!({
                        "index": index,
                        "message": {"role": "assistant", "content": piece.text},
                        "finish_reason": reason,
                    }),
                    Shape::Completion => json!({
                        "index": index,
                        "text": piece.text,
                        "finish_reason": reason,
                    }),
                };
                if let Some(millinats) = piece.millinats {
                    choice["millinats"] = millinats.into();
                }
                choice
            })
            .collect();
        let object = match self.shape {
            Shape::Chat => "chat.completion",
            Shape::Completion => "text_completion",
        };
        let mut body = self.frame(object, Value::Array(choices));
        body["usage"] = usage_body(usage);
        body["timings"] = timings_body(usage);
        body
    }

    /// The first event of each candidate of a chat, which carries only the role.
    pub(crate) fn opening(&self, candidates: u32) -> String {
        match self.shape {
            Shape::Completion => String::new(),
            Shape::Chat => (0..candidates)
                .map(|index| {
                    event(&self.frame(
                        "chat.completion.chunk",
                        json!([{
                            "index": index,
                            "delta": {"role": "assistant", "content": ""},
                            "finish_reason": null,
                        }]),
                    ))
                })
                .collect(),
        }
    }

    /// The events of the new text of one candidate.
    pub(crate) fn chunk(&self, index: usize, piece: &Piece) -> String {
        let mut events = String::new();
        if !piece.text.is_empty() {
            events.push_str(&event(&self.choice_frame(index, Some(&piece.text), None)));
        }
        if let Some(finish) = piece.finish {
            let mut frame = self.choice_frame(index, None, Some(finish));
            if let Some(millinats) = piece.millinats {
                frame["choices"][0]["millinats"] = millinats.into();
            }
            events.push_str(&event(&frame));
        }
        events
    }

    fn choice_frame(&self, index: usize, text: Option<&str>, finish: Option<Finish>) -> Value {
        let reason = finish.map(Finish::name);
        match self.shape {
            Shape::Chat => {
                let delta = text.map_or_else(|| json!({}), |text| json!({"content": text}));
                self.frame(
                    "chat.completion.chunk",
                    json!([{"index": index, "delta": delta, "finish_reason": reason}]),
                )
            }
            Shape::Completion => self.frame(
                "text_completion",
                json!([{
                    "index": index,
                    "text": text.unwrap_or_default(),
                    "finish_reason": reason,
                }]),
            ),
        }
    }

    /// The event with the usage, which has no choices.
    pub(crate) fn usage(&self, usage: &Usage) -> String {
        let object = match self.shape {
            Shape::Chat => "chat.completion.chunk",
            Shape::Completion => "text_completion",
        };
        let mut body = self.frame(object, json!([]));
        body["usage"] = usage_body(usage);
        body["timings"] = timings_body(usage);
        event(&body)
    }
}

/// One event of a stream.
pub(crate) fn event(body: &Value) -> String {
    format!("data: {body}\n\n")
}

/// A comment, which readers skip; it keeps a silent stream alive.
pub(crate) fn comment(done: usize, all: usize) -> String {
    format!(": prompt {done}/{all}\n\n")
}

/// The last event of a stream.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

fn usage_body(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    })
}

fn timings_body(usage: &Usage) -> Value {
    json!({
        "prompt_ms": u64::try_from(usage.prefill.as_millis()).unwrap_or(u64::MAX),
        "predicted_ms": u64::try_from(usage.decode.as_millis()).unwrap_or(u64::MAX),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn head(shape: Shape) -> Head {
        Head { shape, number: 7, created_seconds: 1, model: "m".to_owned() }
    }

    fn piece(text: &str, finish: Option<Finish>) -> Piece {
        Piece { text: text.to_owned(), finish, millinats: None }
    }

    const USAGE: Usage = Usage {
        prompt_tokens: 10,
        cached_tokens: 4,
        completion_tokens: 2,
        prefill: Duration::from_millis(30),
        decode: Duration::from_millis(40),
    };

    #[test]
    fn whole_answers() {
        let usage = json!({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 4}});
        let timings = json!({"prompt_ms": 30, "predicted_ms": 40});
        let pieces = [piece("a\n", Some(Finish::Stop)), piece("b", Some(Finish::Length))];
        assert_eq!(
            head(Shape::Chat).whole(&pieces, &USAGE),
            json!({"id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": "a\n"}, "finish_reason": "stop"},
                    {"index": 1, "message": {"role": "assistant", "content": "b"}, "finish_reason": "length"}],
                "usage": usage, "timings": timings})
        );
        assert_eq!(
            head(Shape::Completion).whole(&pieces[1..], &USAGE),
            json!({"id": "cmpl-7", "object": "text_completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "text": "b", "finish_reason": "length"}],
                "usage": usage, "timings": timings})
        );
    }

    /// The bodies of the events of a stream; panics on anything else.
    fn events(stream: &str) -> Vec<Value> {
        stream
            .split_terminator("\n\n")
            .map(|event| {
                assert!(!event.contains('\n'), "{event:?}");
                serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap()
            })
            .collect()
    }

    #[test]
    fn streamed_answers() {
        let chat = head(Shape::Chat);
        let opening = events(&chat.opening(2));
        assert_eq!(opening.len(), 2);
        assert_eq!(opening[1]["choices"][0]["index"], 1);
        assert_eq!(opening[1]["choices"][0]["delta"]["role"], "assistant");
        let both = events(&chat.chunk(1, &piece("two\n\nlines", Some(Finish::Length))));
        assert_eq!(
            both.iter().map(|event| event["choices"].clone()).collect::<Vec<_>>(),
            [
                json!([{"index": 1, "delta": {"content": "two\n\nlines"}, "finish_reason": null}]),
                json!([{"index": 1, "delta": {}, "finish_reason": "length"}]),
            ]
        );
        assert_eq!(chat.chunk(0, &Piece::default()), "");
        let completion = head(Shape::Completion);
        assert_eq!(completion.opening(2), "");
        assert_eq!(
            events(&completion.chunk(0, &piece("x", None)))[0]["choices"],
            json!([{"index": 0, "text": "x", "finish_reason": null}])
        );
        let last = events(&completion.usage(&USAGE));
        assert_eq!(last[0]["choices"], json!([]));
        assert_eq!(last[0]["usage"]["total_tokens"], 12);
    }
}
