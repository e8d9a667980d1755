// SPDX-License-Identifier: Apache-2.0
//! What travels over the connection between a front end and the server.
//!
//! Text frames carry these, as JSON. A binary frame is a terminal's bytes: four bytes with
//! the terminal's number, the lowest first, then what was typed or printed.

use moat_base::{Report, SessionId, TreePath};
use serde::{Deserialize, Serialize};

use super::{
    BoundaryQuery, BoundaryReply, CompletionQuery, CompletionReply, Crossing, DeskQuery, DeskReply,
    FilesQuery, FilesReply, GitQuery, GitReply, LanguageNews, LanguageQuery, LanguageReply,
    SearchHit, SearchQuery, SearchReply, SessionsQuery, SessionsReply, TerminalQuery,
    TerminalReply,
};
use crate::Envelope;

/// What a front end sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ClientFrame {
    /// The number under which the answer comes; counts up.
    pub id: u32,
    /// What is asked.
    pub ask: WorkspaceQuery,
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to a question.
    Answer {
        /// Its number.
        id: u32,
        /// The answer.
        reply: WorkspaceReply,
    },
    /// The question cannot be answered.
    Refused {
        /// Its number.
        id: u32,
        /// Why.
        report: Report,
    },
    /// What nobody asked for.
    News {
        /// What happened.
        news: WorkspaceNews,
    },
}

/// A question, by the part of the server that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "service", rename_all = "snake_case")]
pub enum WorkspaceQuery {
    /// The user's files.
    Files(FilesQuery),
    /// Search across files.
    Search(SearchQuery),
    /// Source control.
    Git(GitQuery),
    /// The user's own terminals.
    Terminal(TerminalQuery),
    /// Settings of the front end, and unsaved work.
    Desk(DeskQuery),
    /// The agent's sessions.
    Sessions(SessionsQuery),
    /// What crosses, and what is enforced.
    Boundary(BoundaryQuery),
    /// Language servers.
    Language(LanguageQuery),
    /// Inline completion.
    Completion(CompletionQuery),
}

/// An answer, by the part of the server that gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "service", rename_all = "snake_case")]
pub enum WorkspaceReply {
    /// The user's files.
    Files(FilesReply),
    /// Search across files.
    Search(SearchReply),
    /// Source control.
    Git(GitReply),
    /// The user's own terminals.
    Terminal(TerminalReply),
    /// Settings of the front end, and unsaved work.
    Desk(DeskReply),
    /// The agent's sessions.
    Sessions(SessionsReply),
    /// What crosses, and what is enforced.
    Boundary(BoundaryReply),
    /// Language servers.
    Language(LanguageReply),
    /// Inline completion.
    Completion(CompletionReply),
}

/// What a front end is told unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum WorkspaceNews {
    /// Something changed in these directories; what is shown of them is to be read again.
    FilesChanged {
        /// The directories; the root is the empty path.
        directories: Vec<TreePath>,
        /// More may have changed than is named: read everything again.
        all: bool,
    },
    /// The repository changed: its status is to be read again.
    GitChanged,
    /// A search found something.
    SearchFound {
        /// The search's number.
        search: u32,
        /// What was found since the last.
        hits: Vec<SearchHit>,
    },
    /// A search came to its end.
    SearchEnded {
        /// The search's number.
        search: u32,
        /// How many files were looked at.
        files: u64,
        /// Whether a limit ended it.
        truncated: bool,
    },
    /// A terminal's program ended. A shell that was alive when the server ended is told so
    /// at the next start.
    TerminalEnded {
        /// The terminal's number.
        terminal: u32,
        /// The exit status, where it is known.
        status: Option<i32>,
    },
    /// Something happened in a session that this front end attached to.
    Session {
        /// What and where.
        envelope: Box<Envelope>,
    },
    /// A session began, ended or was renamed: the list is to be read again.
    SessionsChanged,
    /// This front end sees no more of a session; it may attach again.
    SessionGone {
        /// Which.
        session: SessionId,
        /// Why, where it did not end as it should.
        report: Option<Report>,
    },
    /// Something was to cross.
    Crossed {
        /// What, where to, and what became of it.
        crossing: Crossing,
    },
    /// Something about the languages of the workspace's files.
    Language(LanguageNews),
}
