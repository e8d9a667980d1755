// SPDX-License-Identifier: Apache-2.0
//! Model weights: a registry of pinned entries and a store of verified files.
//!
//! The sha256 of an entry decides which bytes are meant; where they come from
//! does not matter, so sources are tried in order and each failure falls through
//! to the next. What this does not do: run a model, or decide what may be reached
//! (the broker does, from [`endpoints`]).
//!
//! Invariant: a path that [`Store::locate`] gives holds bytes whose sha256 was
//! compared with the entry, and the file has not changed since.
//! Start at [`Store`]; the interesting path is [`Store::pull`].

mod copy;
mod download;
mod entry;
mod error;
mod fetch;
mod hub;
mod import;
mod limits;
mod package;
mod partial;
mod pip;
mod progress;
mod pull;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod wheel;

pub use entry::{Entry, Registry};
pub use error::{Error, Failure, Failures};
pub use fetch::{BrokerFetch, Fetch, Fetched, Want};
pub use hub::endpoints;
pub use import::Naming;
pub use package::{PackageClient, Wheel};
pub use pip::{PackageHosts, Pip, PipSettings, RULE_SET};
pub use progress::Progress;
pub use pull::{Pulled, Reach, Sources, Ways};
pub use source::Source;
pub use store::{Doors, Listed, Origin, Standing, Store};
