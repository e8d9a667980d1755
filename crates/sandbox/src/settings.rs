// SPDX-License-Identifier: Apache-2.0
//! What this crate must be told about the machine and its user; `cli` fills it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Step;

/// The first argument that makes the `moat` binary act as the sandbox's launcher.
///
/// `cli` looks for it before anything else and calls [`crate::helper_main`].
pub const HELPER_WORD: &str = "sandbox-init";

/// The host's facts, fixed when the process starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The program whose `main` calls [`crate::helper_main`]: the `moat` binary itself.
    pub helper: PathBuf,
    /// The user's real home; inside, an empty private one lies at the same path.
    pub home: PathBuf,
    /// The directories of the user's `PATH`, in order. Only absolute ones are used.
    pub path: Vec<PathBuf>,
    /// Further directories that commands may read, such as toolchains that lie elsewhere.
    pub read_only: Vec<PathBuf>,
    /// Directories that are never shown, Moat's own state and configuration above
    /// all; a workspace that contains one of them is refused.
    pub hidden: Vec<PathBuf>,
    /// The user's whole environment; only the variables of a fixed allow-list
    /// (language, time zone, terminal) pass into a sandbox.
    pub environment: Vec<(OsString, OsString)>,
    /// Directories in memory where the changes of a session may lie when the kernel lays no
    /// overlay with them in its own directory. Those that do not fit are passed over.
    pub memory: Vec<PathBuf>,
    /// The weakest step on which commands run: [`Step::Full`] refuses everything that is not
    /// whole. Never decided by a workspace.
    pub least: Step,
}
