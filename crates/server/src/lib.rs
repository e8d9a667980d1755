// SPDX-License-Identifier: Apache-2.0
//! The browser IDE's server: one page, one websocket, and who may have them.
//!
//! *Responsibility*: to let in nobody but the browser of the process's owner, to give it the
//! page, which is a part of this program, and to carry questions, answers and news between the
//! page and a [`Backend`].
//!
//! *Not here*: what the answers are (`moat-workspace`, the sessions of `moat-cli`), making the
//! listening socket (`moat-net`), the page itself (`web/`).
//!
//! *Map*: [`Gate`] judges each request · `links` give a browser the key, once · `assets` the
//! files of the page · `serve` accepts and answers · `socket` one front end's connection ·
//! [`Front`] that front end, for who has something to tell it.
//!
//! `docs/ide.md` says how it is used, and what is safe about it.

pub mod assets;
mod front;
mod gate;
mod limits;
mod links;
mod serve;
mod socket;

pub use front::{Backend, Front, Gone};
pub use gate::Gate;
pub use serve::{Handle, Listening, Server};
