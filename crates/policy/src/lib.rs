// SPDX-License-Identifier: Apache-2.0
//! Decides about actions, purely: the same action and circumstances always give
//! the same decision, and the decision names the rule that made it.
//!
//! *Responsibility*: [`decide`], the first of the five stations of a tool call
//! (decide, approve, confine, run, record).
//!
//! *Not here*: asking a person (`moat-engine`), enforcing anything
//! (`moat-sandbox`, `moat-net`). A decision is not a boundary; the sandbox is.
//!
//! *Map*: `action` what is judged · `decision` the verdict · `rule` the rules.
//!
//! ```
//! use moat_policy::{Action, Circumstances, CommandRule, Confinement, Decision, Place, decide};
//!
//! let action = Action::Run { argv: vec!["make".into(), "test".into()], place: Place::Fork };
//! let circumstances = Circumstances {
//!     confinement: Confinement::Full,
//!     commands: CommandRule::Allow,
//! };
//! assert!(matches!(decide(&action, &circumstances), Decision::Allow { .. }));
//! ```

mod action;
mod decision;
mod rule;

pub use action::{Action, Circumstances, CommandRule, Confinement, Place};
pub use decision::{Decision, Rule};
pub use rule::decide;
