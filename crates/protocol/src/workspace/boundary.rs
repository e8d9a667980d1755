// SPDX-License-Identifier: Apache-2.0
//! What crosses, and what is enforced.

use moat_base::Timestamp;
use serde::{Deserialize, Serialize};

/// A question about the boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum BoundaryQuery {
    /// The last crossings; further ones come as news.
    Crossings {
        /// How many at most.
        limit: u32,
    },
    /// What this machine enforces, tried now as `moat doctor` does.
    Doctor,
}

/// An answer about the boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum BoundaryReply {
    /// The crossings, the newest last.
    Crossings {
        /// They.
        crossings: Vec<Crossing>,
        /// How many there are in the log.
        of: u64,
        /// Why the log cannot be trusted, where it cannot.
        broken: Option<String>,
    },
    /// What is enforced.
    Doctor(Enforcement),
}

/// An attempt to send bytes out, allowed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Crossing {
    /// Its number in the log.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Where to: host and port.
    pub to: String,
    /// The zone of that.
    pub zone: String,
    /// What for, in words.
    pub purpose: String,
    /// The session that wanted it.
    pub session: Option<String>,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The rule that decided.
    pub rule: String,
    /// How many bytes went out, once that is known.
    pub sent: Option<u64>,
    /// How many bytes came in, once that is known.
    pub received: Option<u64>,
}

/// What a machine enforces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Enforcement {
    /// It in one line.
    pub summary: String,
    /// One for each effect.
    pub protections: Vec<Protection>,
}

/// What is enforced against one effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Protection {
    /// What a command cannot do, in words.
    pub effect: String,
    /// Whether that is enforced here, in a word: `enforced`, `partly`, `not` or `unknown`.
    pub standing: String,
    /// How it was tried, and what came of it.
    pub evidence: String,
    /// What a person can do where it is not enforced.
    pub hint: Option<String>,
}
