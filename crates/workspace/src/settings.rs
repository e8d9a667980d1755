// SPDX-License-Identifier: Apache-2.0
//! What a workspace must be told; who starts the server fills it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use moat_base::{Clock, Fs};
use moat_protocol::workspace::WorkspaceNews;
use moat_sandbox::Launcher;

/// Takes news for every front end. It returns quickly and is called from several threads.
pub type NewsSink = Arc<dyn Fn(WorkspaceNews) + Send + Sync>;

/// The places and the doors of one workspace.
#[derive(Clone)]
pub struct WorkspaceSettings {
    /// The workspace, an existing directory.
    pub root: PathBuf,
    /// The directory of Moat's own state of this workspace, and of no other: its trash,
    /// unsaved work and layout. It is made when it is missing.
    pub state: PathBuf,
    /// The file that holds the user's settings of front ends, for all workspaces.
    pub preferences: PathBuf,
    /// The directories in which programs of language servers are looked for, in order.
    pub programs: Vec<PathBuf>,
    /// Starts the sandboxes that git and language servers run in.
    pub launcher: Arc<Launcher>,
    /// The door to Moat's own files.
    pub fs: Arc<dyn Fs>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Takes what happens unasked.
    pub news: NewsSink,
    /// How long changes are gathered before they are told.
    pub gather: Duration,
    /// What is enforced around the agent, in one line.
    pub boundary: String,
    /// Moat's version.
    pub version: String,
    /// Another text after each start of the server.
    pub instance: String,
}

impl fmt::Debug for WorkspaceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkspaceSettings")
            .field("root", &self.root)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
