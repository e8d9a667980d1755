// SPDX-License-Identifier: Apache-2.0
//! The agent's sessions, as an environment opens and steers them.

use moat_base::SessionId;
use serde::{Deserialize, Serialize};

use crate::{Op, SessionSummary, Unreadable};

/// A question about sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum SessionsQuery {
    /// Those of this workspace, the one that was written to last first.
    List,
    /// A new one in this workspace; this front end attaches to it.
    New,
    /// Open a stored one, or one that runs in another process, and attach to it: what
    /// happened so far comes as news, then what happens.
    Attach {
        /// Which.
        session: SessionId,
    },
    /// See no more of it. It goes on.
    Detach {
        /// Which.
        session: SessionId,
    },
    /// Ask something of a session that this front end attached to.
    Do {
        /// Which.
        session: SessionId,
        /// What.
        op: Op,
    },
    /// Make a new session of what one was at a checkpoint; the old one stays as it is. The new
    /// one is named, and is to be attached to.
    Fork {
        /// Which.
        session: SessionId,
        /// The number of the checkpoint; `None` for the end.
        at: Option<u32>,
    },
    /// Give it a name for people.
    Rename {
        /// Which.
        session: SessionId,
        /// The name; empty for none.
        name: String,
    },
    /// The models that a turn may use.
    Models,
}

/// An answer about sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum SessionsReply {
    /// Those of this workspace.
    Listed {
        /// Those that could be read.
        sessions: Vec<SessionSummary>,
        /// Names that people gave.
        names: Vec<(SessionId, String)>,
        /// Those that could not be read, and why.
        unreadable: Vec<Unreadable>,
    },
    /// It is open, and this front end attached to it; or it was made by a fork.
    Opened {
        /// Which.
        session: SessionId,
    },
    /// Done.
    Done,
    /// The models.
    Models {
        /// They.
        models: Vec<ModelChoice>,
        /// The name of the one that is used where nothing is said.
        default: String,
    },
}

/// A model that a turn may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ModelChoice {
    /// Its name in the configuration, as a task names it.
    pub name: String,
    /// What it is, for people.
    pub title: String,
    /// The zone that its server lies in: `host` for the embedded one.
    pub zone: String,
    /// How many tokens its context has, where that is known.
    pub context_tokens: Option<u32>,
    /// Whether it could be used now; its weights may be missing.
    pub ready: bool,
}
