// SPDX-License-Identifier: Apache-2.0
//! Reads requests in the form of the OpenAI API into one closed [`Order`].
//!
//! Only what changes the answer is read. A field that this server cannot honour
//! is refused when it asks for something, because an answer that silently
//! ignores it would be taken for one that honours it; fields that nobody knows
//! are ignored, as clients send many.
//!
//! Source: the OpenAI API reference, "Create chat completion" and "Create
//! completion"; `suffix`, `top_k` and `cache_prompt` as in llama.cpp's server.
//!
//! Invariant: pure; every number in an [`Order`] is inside its limit.

use serde::Deserialize;
use serde_json::Value;

use crate::limits::{
    CLIENT_NAME_BYTES_MAX, DRAFT_BYTES_MAX, MESSAGES_MAX, REVISIONS_MAX, STOP_BYTES_MAX, STOPS_MAX,
};
use crate::refusal::Refusal;

/// What is to be generated and how it is handed out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) prompt: Prompt,
    pub(crate) work: Work,
    pub(crate) sampling: Sampling,
    pub(crate) candidates: u32,
    pub(crate) tokens_max: Length,
    pub(crate) stops: Vec<String>,
    pub(crate) delivery: Delivery,
    pub(crate) reuse: Reuse,
    /// Requests of one client wait behind each other, not in front of others'.
    pub(crate) client: String,
}

/// What is done with the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// It is continued.
    Continue,
    /// A given answer is changed where the model would have written something else.
    Revise { draft: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Prompt {
    Chat(Vec<Message>),
    Text(String),
    Fill { prefix: String, suffix: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) content: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sampling {
    pub(crate) temperature: f32,
    pub(crate) top_p: f32,
    pub(crate) top_k: Option<i32>,
    pub(crate) frequency_penalty: f32,
    pub(crate) presence_penalty: f32,
    pub(crate) seed: Seed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seed {
    Given(u32),
    Random,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    AtMost(u32),
    /// As much as fits in the context.
    Rest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Stream(UsageChunk),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageChunk {
    Wanted,
    Omitted,
}

/// Whether the start of the prompt may come from the last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    Prefix,
    Nothing,
}

/// The shape of the answer, given by the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Chat,
    Completion,
}

/// Reads the body of a request.
///
/// # Errors
/// [`Refusal::BadRequest`] with the field that is wrong.
pub(crate) fn parse(shape: Shape, body: &[u8], candidates_max: u32) -> Result<Order, Refusal> {
    let wire: Wire = serde_json::from_slice(body).map_err(|error| Refusal::BadRequest {
        field: None,
        message: format!("the request is not the JSON object that this path takes: {error}"),
    })?;
    refuse_unsupported(&wire)?;
    let work = work(shape, &wire)?;
    let candidates_max = match work {
        Work::Continue => candidates_max,
        Work::Revise { .. } => REVISIONS_MAX,
    };
    let candidates = wire.n.unwrap_or(1);
    if candidates == 0 || candidates > candidates_max {
        return Err(Refusal::bad(
            "n",
            format!("`n` is {candidates} and must be between 1 and {candidates_max}"),
        ));
    }
    let tokens_max = match (wire.max_completion_tokens, wire.max_tokens) {
        (Some(0), _) | (None, Some(0)) => {
            return Err(Refusal::bad("max_tokens", "`max_tokens` must be at least 1"));
        }
        (Some(tokens), _) | (None, Some(tokens)) => Length::AtMost(tokens),
        (None, None) => Length::Rest,
    };
    let delivery = match (wire.stream, &wire.stream_options) {
        (Some(true), Some(options)) if options.include_usage => {
            Delivery::Stream(UsageChunk::Wanted)
        }
        (Some(true), _) => Delivery::Stream(UsageChunk::Omitted),
        (Some(false) | None, _) => Delivery::Whole,
    };
    Ok(Order {
        work,
        sampling: sampling(&wire)?,
        candidates,
        tokens_max,
        stops: stops(wire.stop.as_ref())?,
        delivery,
        reuse: if wire.cache_prompt == Some(false) { Reuse::Nothing } else { Reuse::Prefix },
        client: client(wire.user.as_deref())?,
        prompt: prompt(shape, wire)?,
    })
}

/// The request as it comes; every field may be missing.
#[derive(Debug, Deserialize)]
struct Wire {
    messages: Option<Vec<WireMessage>>,
    prompt: Option<Value>,
    suffix: Option<String>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<i32>,
    frequency_penalty: Option<f32>,
    presence_penalty: Option<f32>,
    seed: Option<i64>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    stop: Option<Value>,
    n: Option<u32>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    cache_prompt: Option<bool>,
    user: Option<String>,
    response_format: Option<Value>,
    tools: Option<Value>,
    functions: Option<Value>,
    logprobs: Option<Value>,
    logit_bias: Option<Value>,
    echo: Option<bool>,
    best_of: Option<u32>,
    revise: Option<String>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    role: String,
    #[serde(default)]
    content: Value,
}

fn refuse_unsupported(wire: &Wire) -> Result<(), Refusal> {
    let format =
        wire.response_format.as_ref().and_then(|format| format.get("type")).and_then(Value::as_str);
    let asks = |value: Option<&Value>| match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(items)) => !items.is_empty(),
        Some(Value::Bool(true) | Value::Number(_) | Value::String(_)) => true,
    };
    let refused = [
        (
            "response_format",
            wire.response_format.as_ref().is_some_and(|value| !value.is_null())
                && format != Some("text"),
        ),
        ("tools", asks(wire.tools.as_ref())),
        ("functions", asks(wire.functions.as_ref())),
        ("logprobs", asks(wire.logprobs.as_ref())),
        ("logit_bias", asks(wire.logit_bias.as_ref())),
        ("echo", wire.echo == Some(true)),
        ("best_of", wire.best_of.is_some_and(|best| best > 1)),
    ];
    match refused.iter().find(|(_, asked)| *asked) {
        Some((field, _)) => Err(Refusal::bad(
            field,
            format!("the embedded model server does not support `{field}`"),
        )),
        None => Ok(()),
    }
}

/// `revise` is our own field; docs/models.md describes it.
fn work(shape: Shape, wire: &Wire) -> Result<Work, Refusal> {
    let Some(draft) = &wire.revise else { return Ok(Work::Continue) };
    let refuse = |message: String| Err(Refusal::bad("revise", message));
    if shape == Shape::Completion {
        return refuse("`revise` belongs to a chat request".to_owned());
    }
    if draft.trim().is_empty() || draft.len() > DRAFT_BYTES_MAX {
        return refuse(format!("`revise` must have between 1 and {DRAFT_BYTES_MAX} bytes of text"));
    }
    if wire.temperature.is_some_and(|temperature| temperature > 0.0) {
        return refuse("revisions are not drawn at random: `temperature` must be 0".to_owned());
    }
    if wire.stop.as_ref().is_some_and(|stop| !stop.is_null()) {
        return refuse("`revise` and `stop` do not go together".to_owned());
    }
    Ok(Work::Revise { draft: draft.clone() })
}

fn sampling(wire: &Wire) -> Result<Sampling, Refusal> {
    let within = |field: &'static str, value: Option<f32>, default: f32, low: f32, high: f32| {
        let value = value.unwrap_or(default);
        if value.is_finite() && (low..=high).contains(&value) {
            Ok(value)
        } else {
            Err(Refusal::bad(
                field,
                format!("`{field}` is {value} and must be between {low} and {high}"),
            ))
        }
    };
    let top_k = match wire.top_k {
        None => None,
        Some(top_k) if top_k >= 1 => Some(top_k),
        Some(_) => return Err(Refusal::bad("top_k", "`top_k` must be at least 1")),
    };
    Ok(Sampling {
        temperature: within("temperature", wire.temperature, 1.0, 0.0, 2.0)?,
        top_p: within("top_p", wire.top_p, 1.0, 0.0, 1.0)?,
        top_k,
        frequency_penalty: within("frequency_penalty", wire.frequency_penalty, 0.0, -2.0, 2.0)?,
        presence_penalty: within("presence_penalty", wire.presence_penalty, 0.0, -2.0, 2.0)?,
        seed: match wire.seed {
            Some(seed) => Seed::Given(fold(seed)),
            None => Seed::Random,
        },
    })
}

/// Both halves of a seed count, so that large seeds differ too.
fn fold(seed: i64) -> u32 {
    let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h])
}

fn stops(value: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let refuse = || {
        Refusal::bad(
            "stop",
            format!(
                "`stop` must be text or an array of at most {STOPS_MAX} texts of 1 to {STOP_BYTES_MAX} bytes"
            ),
        )
    };
    let texts: Vec<String> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(ToOwned::to_owned).ok_or_else(refuse))
            .collect::<Result<_, _>>()?,
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => return Err(refuse()),
    };
    let fits = |text: &String| (1..=STOP_BYTES_MAX).contains(&text.len());
    if texts.len() > STOPS_MAX || !texts.iter().all(fits) {
        return Err(refuse());
    }
    Ok(texts)
}

fn client(user: Option<&str>) -> Result<String, Refusal> {
    let name = user.unwrap_or_default();
    if name.len() > CLIENT_NAME_BYTES_MAX {
        return Err(Refusal::bad(
            "user",
            format!("`user` may have at most {CLIENT_NAME_BYTES_MAX} bytes"),
        ));
    }
    Ok(name.to_owned())
}

fn prompt(shape: Shape, wire: Wire) -> Result<Prompt, Refusal> {
    match shape {
        Shape::Chat => chat(wire.messages),
        Shape::Completion => {
            let prefix = match wire.prompt {
                Some(Value::String(text)) => text,
                Some(
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_),
                )
                | None => return Err(Refusal::bad("prompt", "`prompt` must be one text")),
            };
            Ok(match wire.suffix {
                Some(suffix) => Prompt::Fill { prefix, suffix },
                None if prefix.is_empty() => {
                    return Err(Refusal::bad("prompt", "`prompt` is empty"));
                }
                None => Prompt::Text(prefix),
            })
        }
    }
}

fn chat(messages: Option<Vec<WireMessage>>) -> Result<Prompt, Refusal> {
    let messages = messages.unwrap_or_default();
    if messages.is_empty() || messages.len() > MESSAGES_MAX {
        return Err(Refusal::bad(
            "messages",
            format!("`messages` must hold between 1 and {MESSAGES_MAX} messages"),
        ));
    }
    messages
        .into_iter()
        .map(|message| {
            let role = match message.role.as_str() {
                "system" | "developer" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => {
                    return Err(Refusal::bad(
                        "messages",
                        format!(
                            "the role `{}` is not supported, only system, user and assistant are",
                            moat_base::clip(&moat_base::visible(other), 64)
                        ),
                    ));
                }
            };
            Ok(Message { role, content: content(message.content)? })
        })
        .collect::<Result<_, _>>()
        .map(Prompt::Chat)
}

/// A content is text, or an array of parts of which only texts are supported.
fn content(value: Value) -> Result<String, Refusal> {
    let refuse = || Refusal::bad("messages", "the content of a message must be text");
    match value {
        Value::String(text) => Ok(text),
        Value::Null => Ok(String::new()),
        Value::Array(parts) => parts
            .iter()
            .map(|part| part.get("text").and_then(Value::as_str).ok_or_else(refuse))
            .collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(refuse()),
    }
}

#[cfg(test)]
mod tests;
