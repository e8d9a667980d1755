// SPDX-License-Identifier: Apache-2.0
//! The user's own shells, on the real tree and without a sandbox.
//!
//! *Responsibility*: to open a shell of the user in a pseudo-terminal, to hand on what it
//! prints without losing a byte, to keep the end of that for who attaches later, and to end
//! it with everything that runs in it.
//!
//! *Not here*: commands of the agent (`moat-sandbox`): nothing of the agent ever starts here.
//!
//! *Map*: [`Keeper`] is the process that starts shells, [`keeper_main`] its program;
//! [`Terminals`] is what front ends see. `pump` moves bytes, `tail` keeps them, `message` is
//! what the keeper and its owner say to each other, `inside` runs in the keeper.
//!
//! A server gives up INET sockets, and its children inherit that. So the keeper is started
//! before, as the sandbox's launcher is, and does nothing but this.
//!
//! *Invariant*: no process outlives its terminal but one that left the terminal's session
//! itself. *Invariant*: only a person's question starts a shell.

mod error;
mod inside;
mod keeper;
mod limits;
mod message;
mod pump;
mod tail;
mod terminals;

pub use error::Error;
pub use inside::keeper_main;
pub use keeper::{KEEPER_WORD, Keeper, KeeperSettings};
pub use pump::{Flow, OutputSink};
pub use terminals::{FrontId, NewsSink, Size, TerminalSettings, Terminals};
