// SPDX-License-Identifier: Apache-2.0
//! The door to sockets, from outside: real loopback peers, real unix sockets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test may fail it")]

mod cancel;
mod deny;
mod durable;
mod line;
mod local;
mod peer;
mod proxy;
mod redirect;
mod request;
mod support;
mod tls;
