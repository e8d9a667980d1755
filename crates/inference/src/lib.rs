// SPDX-License-Identifier: Apache-2.0
//! The embedded model: llama.cpp as a confined server on a unix socket.
//!
//! *Responsibility*: to serve one GGUF model in the form of the OpenAI API, and
//! to bring a session to a running server, starting one when there is none.
//!
//! *Not here*: the client side of the API (`moat-model`), sockets and HTTP
//! (`moat-net`), the sandbox around the server (`moat-sandbox`), arguments and
//! environment (`moat-cli`).
//!
//! *Map*: [`serve`] is the server process, [`ServerSpec`] what it is told,
//! [`ModelServer`] how others reach it, [`check_header`] the look at a model
//! file. Inside: `request` → `queue` → `engine` (`llama`, `prompt`, `stop`) →
//! `mailbox` → `reply`, held together by `service`.
//!
//! How it is used and what it measures: docs/models.md.

mod engine;
mod error;
mod file;
mod gguf;
pub mod limits;
mod llama;
mod mailbox;
mod processor;
mod prompt;
mod queue;
mod reach;
mod refusal;
mod reply;
mod request;
mod revise;
mod server;
mod service;
mod spec;
mod stage;
mod stop;
mod threads;
pub mod weights;

pub use error::{EngineError, Error};
pub use gguf::{Header, HeaderError, check as check_header};
pub use reach::{ModelServer, Progress};
pub use server::serve;
pub use spec::ServerSpec;
pub use threads::threads;
