// SPDX-License-Identifier: Apache-2.0
//! Why one request is not carried out, in the words of the OpenAI error object.
//!
//! Source: the error object of the OpenAI API reference: `message`, `type`,
//! `param` and `code` below `error`.
//!
//! Invariant: a refusal that is the client's mistake has a status below 500.

use serde_json::{Value, json};

use crate::limits::RETRY_AFTER_SECONDS;

/// A request that is answered with an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{message}")]
    BadRequest { field: Option<&'static str>, message: String },
    #[error(
        "the prompt has {tokens} tokens and the context holds {limit}, of which one must stay free for the answer"
    )]
    PromptTooLong { tokens: usize, limit: u32 },
    #[error("there is nothing at `{path}`")]
    NotFound { path: String },
    #[error("`{path}` does not answer to {method}")]
    WrongMethod { method: String, path: String },
    #[error("the model serves {waiting} requests already and takes no more at the moment")]
    QueueFull { waiting: usize },
    #[error("the model is still being loaded")]
    Loading,
    #[error("the model server is stopping")]
    Stopping,
    #[error("the model could not compute an answer: {reason}")]
    Engine { reason: String },
}

impl Refusal {
    pub(crate) fn bad(field: &'static str, message: impl Into<String>) -> Self {
        Self::BadRequest { field: Some(field), message: message.into() }
    }

    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::BadRequest { .. } | Self::PromptTooLong { .. } => 400,
            Self::NotFound { .. } => 404,
            Self::WrongMethod { .. } => 405,
            Self::QueueFull { .. } | Self::Loading | Self::Stopping => 503,
            Self::Engine { .. } => 500,
        }
    }

    /// Whether the same request may succeed a little later.
    pub(crate) const fn is_passing(&self) -> bool {
        match self {
            Self::QueueFull { .. } | Self::Loading | Self::Stopping => true,
            Self::BadRequest { .. }
            | Self::PromptTooLong { .. }
            | Self::NotFound { .. }
            | Self::WrongMethod { .. }
            | Self::Engine { .. } => false,
        }
    }

    pub(crate) fn body(&self) -> Value {
        let (kind, code, field) = match self {
            Self::BadRequest { field, .. } => ("invalid_request_error", None, *field),
            Self::PromptTooLong { .. } => {
                ("invalid_request_error", Some("context_length_exceeded"), Some("messages"))
            }
            Self::NotFound { .. } | Self::WrongMethod { .. } => {
                ("invalid_request_error", Some("not_found"), None)
            }
            Self::QueueFull { .. } => ("overloaded_error", Some("queue_full"), None),
            Self::Loading => ("unavailable_error", Some("loading"), None),
            Self::Stopping => ("unavailable_error", Some("stopping"), None),
            Self::Engine { .. } => ("server_error", None, None),
        };
        let mut body = json!({"error": {
            "message": self.to_string(),
            "type": kind,
            "param": field,
            "code": code,
        }});
        if self.is_passing() {
            body["error"]["retry_after_seconds"] = json!(RETRY_AFTER_SECONDS);
        }
        body
    }
}
