// SPDX-License-Identifier: Apache-2.0
//! Shows each failure that Moat is built against, and whether Moat survived it.
//!
//! Invariant: a row claims only what ran in the same call.

/// Prints one row per failure.
///
/// # Errors
/// When Moat did not survive, or a control did not show the attack.
pub(crate) fn run() -> anyhow::Result<()> {
    anyhow::bail!("not written yet (issue #2)")
}
