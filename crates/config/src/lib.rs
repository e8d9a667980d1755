// SPDX-License-Identifier: Apache-2.0
//! Reads the layered configuration and knows where each value comes from.
//!
//! *Responsibility*: the closed list of keys ([`KEYS`]), parsing with exact
//! places for mistakes, merging (defaults, the user's file, the command line,
//! and over all of them the administrator's requirements), what a workspace may
//! tighten of that, and the check that a file of requirements or a key file is
//! protected.
//!
//! *Not here*: what a setting does (each crate's own `Settings`, filled by
//! `moat-cli`), policy (`moat-policy`), where the directories are
//! (`moat_base::Layout`).
//!
//! *Map*: [`load`] reads and merges · [`Layer`] one parsed source · [`merge`] ·
//! [`Settings`] the result · [`Row`] the result for showing · [`Provenance`] ·
//! [`Untrusted`] what a workspace has, and [`Loaded::tightened`] what it makes of
//! the result · [`schema()`] for editors · [`Ownership`] who may write a file ·
//! [`read_key`] a file with a key.
//!
//! Invariant: a source is the user's own file, the command line or a file that only
//! the administrator can write. No file of a workspace is opened here, and what one
//! holds is handed in as [`Untrusted`]: it tightens a value or does nothing.
//!
//! ```
//! use moat_config::{Layer, Origin, merge};
//!
//! let origin = Origin::UserFile("config.toml".into());
//! let user = Layer::parse(origin, b"[limits]\nturn_minutes = 5\n").unwrap();
//! let loaded = merge(&[user]).unwrap();
//! assert_eq!(loaded.settings.limits.turn_minutes.value, 5);
//! assert!(Layer::parse(Origin::UserFile("c".into()), b"limits.turn_minuts = 5").is_err());
//! ```

mod error;
mod key;
mod key_file;
mod layer;
pub mod limits;
mod load;
mod merge;
mod ownership;
mod schema;
mod settings;
mod tighten;
mod workspace;

pub use error::{Error, Place};
pub use key::{KEYS, Key, Kind, Tighter};
pub use key_file::read_key;
pub use layer::{Layer, Origin, Provenance, Value};
pub use load::{REQUIREMENTS_PATH, USER_FILE_NAME, load};
pub use merge::{Loaded, Row, merge};
pub use ownership::{FileKind, Ownership, Stat, SystemOwnership};
pub use schema::{Schema, schema};
pub use settings::{
    Approval, CommandApproval, Embedded, InlineCompletion, LeastConfinement, Limits, ModelChoice,
    ModelServer, Network, Settings, Sourced, Threads, Weights, WorkspaceSettings,
};
pub use workspace::{Ignored, Untrusted, WORKSPACE_FILE};
