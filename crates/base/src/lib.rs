// SPDX-License-Identifier: Apache-2.0
//! What every other crate stands on: ids, paths, limits, secrets and doors.
//!
//! *Responsibility*: the types that cross every layer and the traits ("doors")
//! through which an effect is reached, so that a crate that may not have an
//! effect cannot name it.
//!
//! *Not here*: sockets (`moat-net`), processes and workspace files
//! (`moat-sandbox`), the environment (`moat-cli`).
//!
//! *Map*: [`Clock`] time · [`Fs`] Moat's own state files · [`Depot`] large
//! files of Moat's own, such as weights · [`remove_files`] ends a directory of them ·
//! [`Tree`] read access to a tree of
//! source files · [`TreePath`] a path inside such a tree ·
//! [`escape`] bytes as text · [`SessionId`] ids · [`Secret`] values that never print · [`Hint`] what a
//! person can do about an error · [`visible`] text made safe to show ·
//! [`limits`] bounds that several crates share.
//!
//! ```
//! use moat_base::TreePath;
//!
//! let path = TreePath::parse("src/main.rs").unwrap();
//! assert_eq!(path.file_name(), Some("main.rs".as_bytes()));
//! assert!(TreePath::parse("../outside").is_err());
//! ```

mod clock;
mod depot;
mod fs;
mod hint;
mod id;
mod layout;
pub mod limits;
mod removal;
mod secret;
mod text;
mod tree;
mod tree_path;

pub use clock::{Clock, SystemClock, Timestamp};
pub use depot::{Depot, Links, Lock, RealDepot, Stamp};
pub use fs::{AppendFile, Fs, RealFs};
pub use hint::{Hint, Report};
pub use id::{IdError, SessionId, random_hex};
pub use layout::Layout;
pub use removal::remove_files;
pub use secret::Secret;
pub use text::{clip, hides, visible};
pub use tree::{Entry, EntryKind, Tree, TreeError};
pub use tree_path::{TreePath, TreePathError, escape, unescape};
