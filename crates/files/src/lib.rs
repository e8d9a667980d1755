// SPDX-License-Identifier: Apache-2.0
//! The only door to the files of a workspace.
//!
//! *Responsibility*: to read and write below one root and nowhere else, to say what a
//! session changed, to join it with what the user did meanwhile, to take it into the
//! user's tree and back, and to notice that the tree changed.
//!
//! *Not here*: processes, mounts and confinement (`moat-sandbox`), what may be done
//! (`moat-policy`).
//!
//! *Map*: [`Root`] and [`DirTree`] are the door, by the one `resolver`; [`SessionFiles`]
//! is a session's record, [`ChangeSet`] what it changed, [`KeepRecord`] what was kept;
//! [`SurfaceGate`] which changes need a confirmation; [`Watch`] tells that the user's tree
//! changed; [`memory`] is where changes lie when the session's directory cannot hold them.
//! `docs/sessions.md` says how it is used.

mod amount;
mod blob;
mod change;
mod checkpoint;
mod class;
pub mod copy;
mod file_error;
mod files;
mod keep;
mod limits;
pub mod memory;
mod node;
mod repository;
mod resolver;
mod root;
mod stat;
mod surface;
mod tree;
mod upper;
mod watch;

pub use amount::{Amount, Progress, Seen, Walk};
pub use blob::{BlobId, BlobStore};
pub use change::{Change, ChangeKind, ChangeSet, Content, LeftOut, Merge, Rename};
pub use checkpoint::{Changed, Checkpoint, Checkpoints, ForkedFiles, Rewind, Wish};
pub use class::Class;
pub use file_error::FileError;
pub use files::SessionFiles;
pub use keep::{KeepRecord, KeepStep, Outcome, Phase, Selection};
/// A place where two texts differ, and one where two changes meet.
pub use moat_diff::{Clash, Hunk};
/// What a surface makes a tool do, and a surface that a change touches; the catalogue is
/// `moat-scan`'s.
pub use moat_scan::{Effect as SurfaceEffect, Touch};
pub use node::{Node, NodeKind};
pub use root::Root;
pub use surface::{Confirmation, Confirmed, SurfaceGate, Touched};
pub use tree::{DirTree, Expected, FileMode, Listing, data_from};
pub use watch::{Budget, Counted, Listener, Sight, Watch};
