// SPDX-License-Identifier: Apache-2.0
//! What a front end asks about stored sessions, and what it is told.
//!
//! [`Op`](crate::Op) is for a session that is open. This is for all the others: to list
//! them and to show one, nothing is started, locked or changed. Both enums are closed: a
//! new variant is a new version.

use moat_base::{Report, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Envelope;

/// A question about stored sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum Query {
    /// Which ones there are, the one that was written to last first.
    Sessions,
    /// What happened in one.
    Session {
        /// Which.
        session: SessionId,
    },
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The sessions.
    Sessions {
        /// Those that could be read.
        sessions: Vec<SessionSummary>,
        /// Those that could not, and why; they hide no other.
        unreadable: Vec<Unreadable>,
    },
    /// One session.
    Session {
        /// It in short.
        summary: SessionSummary,
        /// What a front end that watched it was shown, as far as it was stored.
        events: Vec<Envelope>,
        /// Why its record cannot be read to the end.
        broken: Option<Report>,
    },
}

/// A session that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Unreadable {
    /// Which.
    pub session: SessionId,
    /// Why.
    pub report: Report,
}

/// A stored session in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SessionSummary {
    /// Its id.
    pub session: SessionId,
    /// The workspace's real path, once something was stored.
    pub workspace: Option<String>,
    /// The task of its last turn.
    pub task: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// How many turns count.
    pub turns: u32,
    /// When it began.
    pub begun: Option<Timestamp>,
    /// When its last line was written.
    pub written: Option<Timestamp>,
    /// Whether its last turn can be gone on with.
    pub resumable: bool,
    /// Whether a keep stands that was not taken back.
    pub kept: bool,
    /// Where it was forked from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub forked: Option<ForkedFrom>,
}

/// Where a session was forked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ForkedFrom {
    /// The session. It goes on by itself, and may be gone.
    pub from: SessionId,
    /// The number of the checkpoint of that session.
    pub checkpoint: u32,
}

/// Where a session stands, by its last turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its record is not what was written.
    Damaged,
    /// It has no turn.
    Empty,
    /// The turn runs, or its process died.
    Unfinished,
    /// A person stopped it, or its time was over.
    Stopped,
    /// The check passes with the change.
    Solved,
    /// The change is there, and nothing could judge it.
    Unverified,
    /// There was nothing to fix.
    Nothing,
    /// No candidate passed.
    NotSolved,
    /// It could not go on for a reason outside the task.
    Failed,
    /// The answer is a text.
    Answered,
    /// Something that had to be asked was denied.
    Denied,
    /// A side effect was interrupted, and what it did is not known.
    Unknown,
}

impl Standing {
    /// One or two words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Empty => "empty",
            Self::Unfinished => "unfinished",
            Self::Stopped => "stopped",
            Self::Solved => "solved",
            Self::Unverified => "unverified",
            Self::Nothing => "nothing",
            Self::NotSolved => "not solved",
            Self::Failed => "failed",
            Self::Answered => "answered",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}
