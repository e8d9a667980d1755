// SPDX-License-Identifier: Apache-2.0
//! Surfaces: the files that make some tool execute, redirect, relax, instruct or render.
//!
//! *Responsibility*: the closed catalogue of surfaces ([`catalogue`]), the names under which
//! a file system may take a path for one of them, and whether a change touches one
//! ([`touches`]).
//!
//! *Not here*: reading files (`moat-files` gives the bytes), what is refused (`moat-files`
//! keeps nothing without the confirmation that it needs), rendering (`moat-tui`).
//!
//! *Map*: [`Surface`] and [`Effect`] what an entry says · [`catalogue`] the entries ·
//! `pattern` and `fold` which path is meant, in any spelling · `part` which part of a file,
//! `text` as what its reader takes it · [`touches`] the answer · [`repository`] when git takes a
//! directory for its own · [`target`] where a link leads by its names. `docs/surfaces.md` is the
//! description for people.
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
mod fold;
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
pub use fold::is_git_name;
pub use limits::SEARCHED_BYTES_MAX;
pub use part::Part;
pub use surface::{Effect, Surface};
mod stub;
pub use stub::{Act, Finding, Level, When, examine, hazards, is_examined};
pub use touch::{Side, Touch, Which, is_gated, may_hold, touches};
