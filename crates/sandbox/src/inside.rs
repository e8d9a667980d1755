// SPDX-License-Identifier: Apache-2.0
//! The code that runs in the launcher, the holder and the reaper.
//!
//! Invariant: these processes have one thread.

use std::ffi::OsString;
use std::process::ExitCode;

/// The `main` of the launcher. `arguments` follow [`crate::HELPER_WORD`].
#[must_use]
pub fn helper_main(arguments: &[OsString]) -> ExitCode {
    let _ = arguments;
    ExitCode::FAILURE
}
