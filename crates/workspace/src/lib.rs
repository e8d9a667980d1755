// SPDX-License-Identifier: Apache-2.0
//! One workspace, as an environment shows it and works in it all day.
//!
//! *Responsibility*: what a front end asks of the user's own tree: to list, read, write,
//! move and find files, to search them, to use source control, to be helped by language servers,
//! and to keep what is typed and not saved. What changes there is told unasked.
//!
//! *Not here*: sessions of the agent (`moat-engine`), the user's terminals
//! (`moat-terminal`), connections to front ends (the server).
//!
//! *Map*: [`Workspace`] answers the questions of `moat_protocol`; `files`, `search`, `git`,
//! `language` and `desk` each answer one kind, `names` finds files by what was typed, `news` tells what
//! changed, `text` is what encodings and line endings are, `rules` what is ignored.
//!
//! *Invariant*: every path below the root goes through `moat_files`; git runs only in a
//! sandbox without network and obeys nothing that a repository says; language servers, which do
//! obey it, run only in one that can write nothing, and where the user allowed it.

mod base64;
mod desk;
mod error;
mod files;
mod git;
mod language;
mod limits;
mod names;
mod news;
mod rules;
mod search;
mod settings;
mod text;
mod walk;
mod workspace;

pub use error::Error;
pub use language::LanguageSink;
pub use search::{FrontId, SearchSink};
pub use settings::{NewsSink, WorkspaceSettings};
pub use workspace::Workspace;
