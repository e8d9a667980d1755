// SPDX-License-Identifier: Apache-2.0
//! The code that runs in the launcher, the holder and the reaper.
//!
//! ```text
//! moat ── launcher ── holder (pid 1 of a session: its files, its mounts)
//!                       └─ reaper (pid 1 of a command: its processes, its network)
//!                            └─ the command
//! ```
//!
//! Each is a duplicate of the one above, not a new program, because each needs
//! namespaces that only its parent may create. Death goes downwards: a parent that
//! dies takes its pid namespace with it.
//!
//! Invariant: these processes have one thread, and never touch the workspace's
//! content.

pub(crate) mod exec;
pub(crate) mod hold;
mod launch;
mod reaper;
mod reapers;
mod serve;
mod supervise;
mod survey;
mod view;
mod watch;

pub(crate) use hold::FACTS;
pub(crate) use view::laying;

use std::ffi::OsString;
use std::process::ExitCode;

/// The `main` of the launcher. `arguments` follow [`crate::HELPER_WORD`].
///
/// Call it before anything else: it expects one thread and its owner's socket on
/// the standard input.
#[must_use]
pub fn helper_main(arguments: &[OsString]) -> ExitCode {
    if arguments.is_empty() { launch::main() } else { ExitCode::FAILURE }
}
