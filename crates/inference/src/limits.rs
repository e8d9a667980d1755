// SPDX-License-Identifier: Apache-2.0
//! Every limit of the embedded model in one place.
//!
//! A limit is either what a request may ask for, what a model file may hold, or
//! how long a step may take. Reaching one is an error with a reason, never a cut
//! that nobody is told about.

use std::time::Duration;

/// The largest request body that is read.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The most messages in one chat request.
pub const MESSAGES_MAX: usize = 1024;

/// The most stop sequences in one request.
pub const STOPS_MAX: usize = 16;

/// The longest stop sequence.
pub const STOP_BYTES_MAX: usize = 256;

/// The most candidates that one request may ask for, whatever the settings say.
pub const CANDIDATES_MAX: u32 = 16;

/// The most revisions of a draft that one request may ask for.
pub const REVISIONS_MAX: u32 = 64;

/// The longest draft that is revised.
pub const DRAFT_BYTES_MAX: usize = 32 * 1024;

/// Tokens of a draft whose probabilities are held at once: each takes a row of the vocabulary.
pub const SCORED_TOKENS: usize = 32;

/// How many other tokens are looked at for each token of a draft.
pub const ALTERNATIVES_MAX: usize = 3;

/// Natural logarithm of a probability: a less likely token is not worth a revision.
pub const ALTERNATIVE_NATS_MIN: f32 = -6.0;

/// The longest line that a revision may write.
pub const REVISED_LINE_TOKENS_MAX: u32 = 48;

/// The longest name that a request may give for fair sharing (`user`).
pub const CLIENT_NAME_BYTES_MAX: usize = 64;

/// The most requests that wait for the model before new ones are refused.
pub const QUEUE_REQUESTS_MAX: usize = 32;

/// The most requests of one client that wait, so that none fills the queue alone.
pub const QUEUE_REQUESTS_PER_CLIENT_MAX: usize = 16;

/// Seconds after which a refused client is told to come back.
pub const RETRY_AFTER_SECONDS: u32 = 5;

/// Prompt tokens that are computed in one step; a cancelled request stops between steps.
pub const PREFILL_CHUNK_TOKENS: usize = 256;

/// As [`PREFILL_CHUNK_TOKENS`], for a prompt with a gap: somebody types, and a request is ended
/// at each key.
pub const FILL_CHUNK_TOKENS: usize = 64;

/// The sampler looks at this many of the likeliest tokens.
pub const SAMPLED_TOKENS_MAX: i32 = 64;

/// How many of the last tokens the frequency and presence penalties look at.
pub const PENALTY_TOKENS: i32 = 256;

/// How often a waiting connection looks whether its client is still there.
pub const CLIENT_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// How long a stream may be silent before it carries a comment that keeps it alive.
pub const STREAM_SILENCE_MAX: Duration = Duration::from_secs(2);

/// The smallest context that a server is started with.
pub const CONTEXT_TOKENS_MIN: u32 = 256;

/// The most metadata entries in a model file.
pub const GGUF_KEYS_MAX: u64 = 65_536;

/// The most tensors in a model file.
pub const GGUF_TENSORS_MAX: u64 = 1_048_576;

/// The longest single string in a model file's header.
pub const GGUF_STRING_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The most elements of one array in a model file's header.
pub const GGUF_ARRAY_ELEMENTS_MAX: u64 = 16 * 1024 * 1024;

/// The largest header of a model file.
pub const GGUF_HEADER_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The most connections at once; each waiting request holds one.
pub const CONNECTIONS_MAX: usize = 2 * QUEUE_REQUESTS_MAX;

/// How long a server whose model could not be loaded stays to say so.
pub const FAILURE_LINGER: Duration = Duration::from_secs(3);

/// How long a starting or running server may be silent before it counts as hanging.
pub const SERVER_SILENCE_MAX: Duration = Duration::from_secs(20);

/// The longest line that a starting server sends.
pub const READY_LINE_BYTES_MAX: u64 = 16 * 1024;

/// The most lines that a starting server sends before it counts as talking nonsense.
pub const READY_LINES_MAX: usize = 10_000;

/// How often a client starts a server that died before it gives up.
pub const START_ATTEMPTS_MAX: u32 = 2;

/// What is added to the niceness of the server, so that a compiler goes first.
pub const SERVER_NICENESS: i32 = 10;

/// The most processors whose topology is looked at.
pub const PROCESSORS_MAX: usize = 1024;
