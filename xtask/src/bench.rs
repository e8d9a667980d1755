// SPDX-License-Identifier: Apache-2.0
//! Measurements of the agent and of the product's speed.
//!
//! Nothing is measured yet; the command says so and fails.
//!
//! Invariant: a number is printed only in the run that measured it.

/// Runs the measurement named by `arguments`.
///
/// # Errors
/// When there is no such measurement, or it failed.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("no measurement is called {arguments:?}")
}
