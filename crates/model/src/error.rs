// SPDX-License-Identifier: Apache-2.0
//! What can go wrong between a request and its answer, and what to do about it.
//!
//! Foreign text in an error is made visible and clipped before it gets here.

use std::fmt;
use std::io;

use moat_base::Hint;

/// Which wait of a request ran out of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From sending until the first byte of the answer.
    FirstByte,
    /// From one piece of the answer to the next.
    BetweenPieces,
    /// The whole request.
    Whole,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstByte => "before its answer began",
            Self::BetweenPieces => "in the middle of its answer",
            Self::Whole => "before its answer was complete",
        })
    }
}

/// Why a model gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field of the request has a value that no server could answer.
    #[error("the request's `{field}` is not valid: {reason}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// The connection could not be made, also not after waiting.
    #[error("could not reach {server}")]
    Unreachable {
        /// The server, as the configuration names it.
        server: String,
        /// The system's or the broker's error.
        #[source]
        source: io::Error,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to {server} broke")]
    Broken {
        /// The server.
        server: String,
        /// The system's or the broker's error.
        #[source]
        source: io::Error,
    },
    /// The server said that it has no room, also not after waiting.
    #[error("{server} is busy: {message}")]
    Busy {
        /// The server.
        server: String,
        /// What it said.
        message: String,
    },
    /// The server answered with an error.
    #[error("{server} refused the request with status {status}: {message}")]
    Refused {
        /// The server.
        server: String,
        /// The HTTP status; 200 when the error came inside the stream.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The server was silent for longer than allowed.
    #[error("{server} was silent for {seconds} s {stage}")]
    Silent {
        /// The server.
        server: String,
        /// Which wait ended.
        stage: Stage,
        /// The limit that ran out, in seconds.
        seconds: u64,
    },
    /// What came is not an answer in the dialect.
    #[error("{server} did not answer in the OpenAI format: {reason} in `{quote}`")]
    Nonsense {
        /// The server.
        server: String,
        /// What was wrong.
        reason: &'static str,
        /// The start of what came.
        quote: String,
    },
    /// The stream ended in the middle.
    #[error("the answer of {server} ended in the middle")]
    Truncated {
        /// The server.
        server: String,
    },
    /// The answer is larger than any answer should be.
    #[error("the answer of {server} has more than {limit_bytes} bytes")]
    TooLong {
        /// The server.
        server: String,
        /// The limit.
        limit_bytes: usize,
    },
    /// The caller raised the interrupt.
    #[error("the request was interrupted")]
    Interrupted,
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Invalid { .. } => return None,
            Self::Unreachable { source, .. } => {
                let known = source.get_ref().and_then(|inner| inner.downcast_ref());
                if let Some(hint) = known.and_then(|error: &moat_net::Error| error.hint()) {
                    return Some(hint);
                }
                "check that the server runs and that `url` in the config is right; `moat doctor` tries it"
            }
            Self::Broken { .. } | Self::Truncated { .. } => {
                "look at the server's log; it may have run out of memory"
            }
            Self::Busy { .. } => "try again when the server has room",
            Self::Refused { status, .. } => match status {
                401 | 403 => "check the file that `key_file` of this model names",
                404 => "check `url` and `model` of this model in the config",
                413 => "the prompt is longer than the server allows",
                _ => "the message is the server's; check `model` of this model in the config",
            },
            Self::Silent { .. } => {
                "the server may be loading or overloaded; look at its log, or use a smaller model"
            }
            Self::Nonsense { .. } | Self::TooLong { .. } => {
                "check that `url` in the config names an OpenAI-compatible server, usually ending in `/v1`"
            }
            Self::Interrupted => return None,
        };
        Some(hint.to_owned())
    }
}
