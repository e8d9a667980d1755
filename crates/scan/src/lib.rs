// SPDX-License-Identifier: Apache-2.0
//! Surfaces: the files that make some tool execute, redirect, relax, instruct or render.
//!
//! *Responsibility*: the closed catalogue of surfaces ([`catalogue`]), the names under which
//! a file system may take a path for one of them, whether a change touches one ([`touches`]),
//! and what a file would make its readers do ([`examine`], [`hazards`]).
//!
//! *Not here*: reading files (`moat-files` gives the bytes), what is refused (`moat-files`
//! keeps nothing without the confirmation that it needs), rendering (`moat-tui`).
//!
//! *Map*: [`Surface`] and [`Effect`] what an entry says · [`catalogue`] the entries ·
//! `pattern` and `fold` which path is meant, in any spelling · `part` which part of a file,
//! `text` as what its reader takes it · [`touches`] the answer · [`repository`] when git takes a
//! directory for its own · [`target`] where a link leads by its names · [`examine`] the findings
//! of a file, `git` those of a repository's configuration · [`hazards`] text that is not what it
//! looks like. `docs/surfaces.md` and `docs/scan.md` are the description for people.
//!
//! ```
//! use moat_base::TreePath;
//! use moat_scan::{Side, is_gated, touches};
//!
//! let path = TreePath::parse("sub/.VSCode/Tasks.JSON").unwrap();
//! let touched = touches(&path, Side::Nothing, Side::File, &mut |_which| None);
//! assert!(is_gated(&touched));
//! ```

mod catalogue;
mod examine;
mod finding;
mod fold;
mod git;
mod hazard;
mod limits;
mod part;
mod pattern;
pub mod repository;
mod short;
mod surface;
pub mod target;
mod text;
mod touch;

pub use catalogue::catalogue;
pub use examine::{examine, is_examined};
pub use finding::{Act, Finding, Level, When};
pub use fold::{fold_name, is_git_name};
pub use hazard::hazards;
pub use limits::SEARCHED_BYTES_MAX;
pub use part::Part;
pub use surface::{Effect, Surface};
pub use touch::{Side, Touch, Which, is_gated, may_hold, touches};
