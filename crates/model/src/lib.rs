// SPDX-License-Identifier: Apache-2.0
//! Speaks to language models: one request, one stream, whatever the server.
//!
//! *Responsibility*: the canonical [`Request`] and [`Answer`], the dialects that
//! turn them into the bytes of a server's protocol and back (pure), and the
//! [`Provider`] that sends them, with time limits, retry and interruption.
//!
//! *Not here*: prompts and what to ask (`moat-engine`), sockets and credentials
//! (`moat-net`), the embedded model server (`moat-inference`).
//!
//! *Map*: [`Request`] and [`CompletionRequest`] what is asked · [`Chunk`],
//! [`Answer`] what comes back · [`openai`] the dialect · [`Provider`] asks ·
//! [`Route`] the way to a server · [`Transport`] the door behind it · [`Interrupt`] stops it · [`limits`].
//!
//! ```
//! use moat_model::{Message, Request, Role};
//!
//! let request = Request::new("m", vec![Message::new(Role::User, "Say hi.")]);
//! let bytes = moat_model::openai::chat_bytes(&request).unwrap();
//! assert_eq!(bytes, moat_model::openai::chat_bytes(&request).unwrap());
//! ```

mod answer;
mod error;
mod interrupt;
pub mod limits;
pub mod openai;
mod provider;
mod request;
mod route;
mod sse;
mod transport;

pub use answer::{Answer, Candidate, Chunk, Finish, Usage};
pub use error::{Error, Stage};
pub use interrupt::Interrupt;
pub use provider::{Provider, Timeouts};
pub use request::{CompletionRequest, Message, Request, Role};
pub use route::Route;
pub use transport::{Call, Endpoint, Failure, HangUp, Reply, Transport};
