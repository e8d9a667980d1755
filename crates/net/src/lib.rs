// SPDX-License-Identifier: Apache-2.0
//! The only door to sockets: the egress broker, its client, and local sockets.
//!
//! *Responsibility*: everything that leaves the machine or moves between Moat's
//! own processes. The broker ([`serve`]) is the body of the one process that has
//! INET sockets: it decides by its own policy, logs, dials, and adds credentials.
//! All other processes reach it, the model server and each other through unix
//! sockets made here.
//!
//! *Not here*: what the log's lines mean (`moat-log`), the dialects of model
//! servers (`moat-model`), reading the configuration and giving up INET sockets
//! (`moat-cli`, `moat-sandbox`).
//!
//! *Map*: [`Broker`] the client of the broker · [`Local`] the client of the
//! embedded model server · [`Transport`] what both can do · [`serve`] the
//! broker's body · [`EgressPolicy`] what it allows · [`bind`] a private unix
//! socket · [`listen_on_loopback`] a port for the browser IDE · [`serve_http`] a small server on one · [`LineStream`] JSON lines on
//! one · [`Stop`] ending a server · [`Url`] strictly parsed addresses.
//!
//! Design: threads and blocking calls. A broker serves one user, so tens of
//! connections; in return, "logged, then sent" is the order of two statements.
//!
//! ```
//! use moat_net::Url;
//!
//! let base = Url::parse("https://models.example/v1").unwrap();
//! assert!(base.below("/chat/completions").is_ok());
//! assert!(base.below("/../admin").is_err());
//! assert!(Url::parse("https://models.example@evil.test/").is_err());
//! ```

mod address;
mod broker;
mod client;
mod connection;
mod error;
mod http;
mod journal;
mod limits;
mod line;
mod local;
mod loopback;
mod message;
mod policy;
mod resolve;
mod server;
mod stop;
mod tls;
mod url;
mod wire;

pub use broker::{BrokerSettings, Ended, PolicyError, PolicySource, Timeouts, serve};
pub use client::{Adoption, Broker};
pub use error::{Error, Problem};
pub use line::{LineListener, LineReader, LineStream, LineWriter};
pub use local::{Local, bind};
pub use loopback::listen_on_loopback;
pub use message::{Answer, AnswerBody, Cancel, Outgoing, RequestHeader, Target, Transport};
pub use moat_log::Attribution;
pub use policy::{Credential, EgressPolicy, Endpoint, Method, Purpose, RuleHost, RuleSet, Zone};
pub use resolve::{Resolver, SystemResolver};
pub use server::{Handler, Idle, Reply, ReplyStream, Request, ServeSettings, Watcher, serve_http};
pub use stop::Stop;
pub use tls::{Roots, TlsError};
pub use url::{Host, Scheme, Url, UrlError};
