// SPDX-License-Identifier: Apache-2.0
//! What tests of several crates share. Never part of the product.
//!
//! *Responsibility*: fakes that speak to the product through its real doors.
//!
//! *Not here*: fakes that one crate needs alone; they stay with its tests.
//!
//! *Map*: [`ModelServer`] answers like a model by a script of [`Rule`]s · [`Act`]
//! what it does, well or badly · [`Matcher`] with which request · [`limits`].
//!
//! ```
//! use moat_testkit::{Act, Matcher, ModelServer, Rule};
//!
//! let script = vec![Rule::once(Matcher::Contains("hello".into()), Act::text("Hi."))];
//! let server = ModelServer::start(script).unwrap();
//! assert!(server.socket().exists());
//! assert!(server.requests().is_empty());
//! ```

pub mod limits;
mod model_server;

pub use model_server::{Act, Asked, Matcher, ModelServer, Rule, StartError};
