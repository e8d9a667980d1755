// SPDX-License-Identifier: Apache-2.0
//! Settings of the front end, and unsaved work.
//!
//! What is typed and not saved is kept by the server, so that neither a lost connection nor a
//! crash of the browser or the server loses it.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

use super::{Encoding, LineEnding, Version};

/// A question about the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum DeskQuery {
    /// Everything that a front end needs to begin with.
    Open,
    /// Keep the front end's own state of this workspace: which editors are open, and where.
    KeepLayout {
        /// JSON that only the front end understands; at most 256 KiB.
        layout: String,
    },
    /// Keep the user's settings of the front end, for all workspaces.
    KeepSettings {
        /// JSON that only the front end understands; at most 256 KiB.
        settings: String,
    },
    /// Keep what is typed in an editor and not saved.
    KeepBuffer {
        /// It.
        buffer: Buffer,
    },
    /// Forget unsaved work, since it was saved or thrown away.
    DropBuffer {
        /// The file, or the name of what is no file yet.
        path: TreePath,
    },
}

/// An answer about the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum DeskReply {
    /// What a front end begins with.
    Opened(Setup),
    /// It is stored.
    Done,
}

/// What a front end begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Setup {
    /// The workspace's name, made safe to show.
    pub name: String,
    /// Its real path, as text in the escaped form of a path.
    pub workspace: String,
    /// What is enforced around the agent, in one line.
    pub boundary: String,
    /// Moat's version.
    pub version: String,
    /// Another number after each start of the server.
    pub instance: String,
    /// Whether there is a repository.
    pub repository: bool,
    /// The state that the front end kept of this workspace.
    pub layout: Option<String>,
    /// The user's settings of the front end.
    pub settings: Option<String>,
    /// What is typed and not saved.
    pub buffers: Vec<Buffer>,
}

/// What is typed in an editor and not saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Buffer {
    /// The file, or the name of what is no file yet.
    pub path: TreePath,
    /// The text, with line feeds alone.
    pub text: String,
    /// How it is encoded.
    pub encoding: Encoding,
    /// What ends a line.
    pub line_ending: LineEnding,
    /// What the file was when it was read; nothing where it is no file yet.
    pub version: Option<Version>,
}
