// SPDX-License-Identifier: Apache-2.0
//! Texts line by line: where two differ, and what two people made of one.
//!
//! *Responsibility*: the hunks between two texts, applying some of them, showing them as a
//! unified diff, and the three-way merge of texts.
//!
//! *Not here*: files, renames and what a change means (`moat-files`).
//!
//! *Map*: [`hunks`], [`apply`] and [`unified`] for two texts · [`merge`] for three.
//!
//! ```
//! let (before, after) = (b"one\ntwo\n", b"one\n2\n");
//! let hunks = moat_diff::hunks(before, after);
//! assert_eq!(hunks[0].before, 1..2);
//! assert_eq!(moat_diff::apply(before, after, &[1]), after);
//! ```
//!
//! Invariant: pure: nothing is read but the texts, and hostile ones cost a bounded time.

mod lines;
mod merge;

pub use lines::{Hunk, apply, hunks, is_text, is_too_repetitive, lines, unified};
pub use merge::{Clash, Merged, merge};
