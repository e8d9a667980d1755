// SPDX-License-Identifier: Apache-2.0
//! What one line of the crossing log says.
//!
//! A crossing has two lines. `opened` is durable before its first byte is sent;
//! it holds the verdict, the destination and what is about to be sent. `closed`
//! is durable before the end of the answer is handed on; it holds what was
//! really carried. A denied crossing has an `opened` line only. Neither holds a
//! body, a query, a header or a credential.
//!
//! Invariant: an entry has no map, no float and no optional key order, so that
//! its JSON has exactly one form.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use moat_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Digest;

/// One line's content, without its own hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The form of the line; 1 today.
    pub version: u8,
    /// Counts from 1 without gaps, over all files of the log.
    pub sequence: u64,
    /// When the line was written, by the broker's clock.
    pub time: Timestamp,
    /// The hash of the line before; zero in the first.
    pub previous: Digest,
    /// What happened.
    pub event: Event,
}

/// What a line records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A crossing was decided; nothing of it was sent before this line was durable.
    Opened(Box<Opening>),
    /// An allowed crossing ended.
    Closed(Box<Closing>),
    /// A torn last line was cut off after a crash.
    Recovered(Trim),
}

/// The first line of a crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Who asked.
    pub who: Who,
    /// Where it would go.
    pub to: Destination,
    /// The request method; `CONNECT` for a tunnel.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The hash of the query, when there is one.
    pub query_sha256: Option<Digest>,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule that decided: the endpoint's or rule set's name, or `default deny`.
    pub rule: String,
    /// The request body, as handed in; nothing of it has been sent yet.
    pub body: Sent,
}

/// Who asked for a crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// The operating system's id of the user, as the kernel told it.
    pub uid: u32,
    /// The client's process, as the kernel told it.
    pub pid: i32,
    /// What it was for, by the rule that allowed it or by the client's word when denied.
    pub purpose: Purpose,
    /// What the client said about itself.
    pub attribution: Attribution,
}

/// What a client says about its request; a statement, not a proof.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// The user's name.
    pub user: Option<String>,
    /// The session's id.
    pub session: Option<String>,
    /// The id of the tool call or model call.
    pub call: Option<String>,
}

/// What a crossing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A prompt to a model server, and its answer.
    ModelRequest,
    /// Weights of a model.
    ModelDownload,
    /// Packages, through the package client that the user already has.
    PackageDownload,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ModelRequest => "model request",
            Self::ModelDownload => "model download",
            Self::PackageDownload => "package download",
        })
    }
}

/// Where a crossing goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// `http` or `https`.
    pub scheme: String,
    /// The host as requested.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The zone that the policy puts it in; empty when no rule knows it.
    pub zone: String,
    /// The checked addresses of the host; empty when denied before the look-up.
    pub addresses: Vec<IpAddr>,
}

/// The decision on a crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// It was sent.
    Allowed,
    /// It was not.
    Denied(Refused),
}

/// Why a crossing was denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// One sentence for people.
    pub reason: String,
}

/// Bytes that went one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// How many.
    pub bytes: u64,
    /// Their hash; of a tunnel, whose content is encrypted, of the encrypted bytes.
    pub sha256: Digest,
}

/// The last line of an allowed crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The sequence number of the `opened` line.
    pub opened: u64,
    /// The address that was reached.
    pub dialled: Option<SocketAddr>,
    /// The status of the answer, when there was one.
    pub status: Option<u16>,
    /// What was sent: the request body, or a tunnel's bytes.
    pub sent: Option<Sent>,
    /// What was received: the answer's body, or a tunnel's bytes.
    pub received: Option<Sent>,
    /// How long it took.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an allowed crossing ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// The whole answer was carried.
    Complete,
    /// It failed; the text says why.
    Failed(String),
    /// The client went away first.
    Abandoned,
    /// The broker ended while it ran.
    Stopped,
    /// The broker was killed while it ran: what was carried is not known.
    Unknown,
}

/// What a crash left at the end of the log and was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// How many bytes; never a whole line.
    pub bytes: u64,
    /// Their hash.
    pub sha256: Digest,
}
