// SPDX-License-Identifier: Apache-2.0
//! The dialect of OpenAI's Chat Completions and Completions, as self-hosted
//! engines speak it (vLLM, SGLang, llama.cpp, Ollama, and our own).
//!
//! Pure: bytes in, bytes out. Source: OpenAI API reference, "Chat" and
//! "Completions (legacy)", with streaming.
//!
//! Invariant: the bytes of a request are a function of the request alone.
//! Start at [`chat_bytes`] and [`Decoder`].

mod decode;
mod encode;

pub use decode::{Decoder, Fault, error_message};
pub use encode::{CHAT_PATH, COMPLETION_PATH, chat_bytes, completion_bytes};
pub(crate) use encode::{chat_bytes_as, completion_bytes_as};
