// SPDX-License-Identifier: Apache-2.0
//! Writes the exact bytes of a request.
//!
//! Keys stand in the order of the structs below; numbers are written by
//! `serde_json` in their shortest form.

use serde::Serialize;

use crate::request::Sampling;
use crate::{CompletionRequest, Error, Request, Role};

/// The path of chat requests below the server's base address.
pub const CHAT_PATH: &str = "chat/completions";

/// The path of completion requests below the server's base address.
pub const COMPLETION_PATH: &str = "completions";

#[derive(Serialize)]
struct WireChat<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revise: Option<&'a str>,
    #[serde(flatten)]
    common: WireCommon<'a>,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct WireCompletion<'a> {
    model: &'a str,
    prompt: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    suffix: &'a str,
    #[serde(flatten)]
    common: WireCommon<'a>,
}

#[derive(Serialize)]
struct WireCommon<'a> {
    temperature: f64,
    top_p: f64,
    seed: u64,
    max_tokens: u32,
    #[serde(skip_serializing_if = "is_one")]
    n: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    stream: bool,
    stream_options: WireStreamOptions,
}

#[derive(Serialize)]
struct WireStreamOptions {
    include_usage: bool,
}

const fn is_one(n: &u32) -> bool {
    *n == 1
}

/// Writes the body of a chat request.
///
/// # Errors
/// [`Error::Invalid`] for a value that no server could answer.
pub fn chat_bytes(request: &Request) -> Result<Vec<u8>, Error> {
    chat_bytes_as(request, request.into())
}

/// Writes the body of a completion request.
///
/// # Errors
/// [`Error::Invalid`] for a value that no server could answer.
pub fn completion_bytes(request: &CompletionRequest) -> Result<Vec<u8>, Error> {
    completion_bytes_as(request, request.into())
}

/// As [`chat_bytes`], with another seed or number of candidates.
pub(crate) fn chat_bytes_as(request: &Request, sampling: Sampling<'_>) -> Result<Vec<u8>, Error> {
    if request.messages.is_empty() {
        return Err(Error::Invalid { field: "messages", reason: "there must be at least one" });
    }
    let messages = request
        .messages
        .iter()
        .map(|message| WireMessage {
            role: match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: &message.text,
        })
        .collect();
    write(&WireChat {
        model: sampling.model,
        messages,
        revise: request.revise.as_deref(),
        common: common(sampling)?,
    })
}

/// As [`completion_bytes`], with another seed or number of candidates.
pub(crate) fn completion_bytes_as(
    request: &CompletionRequest,
    sampling: Sampling<'_>,
) -> Result<Vec<u8>, Error> {
    write(&WireCompletion {
        model: sampling.model,
        prompt: &request.prefix,
        suffix: &request.suffix,
        common: common(sampling)?,
    })
}

fn common(sampling: Sampling<'_>) -> Result<WireCommon<'_>, Error> {
    sampling.check()?;
    Ok(WireCommon {
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        seed: sampling.seed,
        max_tokens: sampling.max_tokens,
        n: sampling.candidates,
        stop: sampling.stop,
        stream: true,
        stream_options: WireStreamOptions { include_usage: true },
    })
}

fn write(wire: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(wire)
        .map_err(|_| Error::Invalid { field: "body", reason: "it cannot be written as JSON" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn values_that_no_server_could_answer_are_named() {
        let base = Request::new("m", vec![Message::new(Role::User, "hi")]);
        assert!(chat_bytes(&base).is_ok());
        type Change = fn(&mut Request);
        let cases: [(&str, Change); 9] = [
            ("messages", |r| r.messages.clear()),
            ("temperature", |r| r.temperature = f64::NAN),
            ("temperature", |r| r.temperature = -0.1),
            ("top_p", |r| r.top_p = 0.0),
            ("top_p", |r| r.top_p = f64::INFINITY),
            ("max_tokens", |r| r.max_tokens = 0),
            ("candidates", |r| r.candidates = 65),
            ("stop", |r| r.stop = vec![String::new()]),
            ("stop", |r| r.stop = vec!["x".into(); 5]),
        ];
        for (expect, change) in cases {
            let mut request = base.clone();
            change(&mut request);
            match chat_bytes(&request) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, expect),
                other => panic!("{expect}: {other:?}"),
            }
        }
    }
}
