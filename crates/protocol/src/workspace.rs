// SPDX-License-Identifier: Apache-2.0
//! What a front end asks about a workspace, and what it is told: the user's own files,
//! source control, terminals, unsaved work, and the boundary.
//!
//! A session has [`Op`](crate::Op) and [`Event`](crate::Event). This is all the rest that
//! an environment for a whole day needs; it concerns the user's real tree, which the agent
//! never writes to. Each question has one answer, under the number that the asker chose;
//! [`WorkspaceNews`] comes unasked.
//!
//! Invariant: the enums are closed, and no question names anything outside of the workspace.

mod boundary;
mod desk;
mod files;
mod frame;
mod git;
mod language;
mod search;
mod sessions;
mod terminal;

pub use boundary::{BoundaryQuery, BoundaryReply, Crossing, Enforcement, Protection};
pub use desk::{Buffer, DeskQuery, DeskReply, Setup};
pub use files::{
    Encoding, EntryKind, FileEntry, FileText, FilesQuery, FilesReply, Found, LineEnding, Node,
    ReadResult, Version,
};
pub use frame::{ClientFrame, ServerFrame, WorkspaceNews, WorkspaceQuery, WorkspaceReply};
pub use git::{Blame, GitChange, GitCommit, GitQuery, GitReply, GitStatus, GitWhat};
pub use language::{
    CodeAction, CompletionItem, CompletionQuery, CompletionReply, FileEdits, FileSymbol,
    LanguageAnswer, LanguageNews, LanguageProblem, LanguageQuery, LanguageReply, LanguageServers,
    LanguageWant, Location, ProblemSeverity, ServerStanding, ServerState, Span, SpanEdit, Spot,
    SymbolSort,
};
pub use search::{SearchHit, SearchLine, SearchQuery, SearchReply, SearchSpec};
pub use sessions::{ModelChoice, SessionsQuery, SessionsReply};
pub use terminal::{OpenTerminal, TerminalQuery, TerminalReply};
