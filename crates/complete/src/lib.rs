// SPDX-License-Identifier: Apache-2.0
//! Inline completion: what a model is shown around the cursor, and which of its answers are
//! shown to a person.
//!
//! *Responsibility*: the prompt of a fill-in-the-middle request, from the text around the
//! cursor and the declarations of files that were worked on last; which files are never shown;
//! and the judgement of what comes back. All of it is pure.
//!
//! *Not here*: reaching a model (`moat-model`), waiting and cancelling (`moat-cli`), showing it
//! (`web/`).
//!
//! *Map*: [`gap`] makes the prompt · [`is_secret`] what is not shown to a model · [`judge`] what
//! of an answer is shown, [`is_settled`] when no more of it is needed · [`limits`] bounds.
//!
//! ```
//! use moat_complete::{Ended, judge};
//!
//! let shown = judge("def area(w, h):\n    return ", "\n", "w * h\n\n\ndef", Ended::ByItself);
//! assert_eq!(shown.as_deref(), Some("w * h"));
//! ```

mod bracket;
mod gap;
mod judge;
pub mod limits;
mod secret;

pub use gap::{Gap, Neighbour, gap};
pub use judge::{Ended, is_settled, judge};
pub use secret::is_secret;
