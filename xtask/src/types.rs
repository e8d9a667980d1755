// SPDX-License-Identifier: Apache-2.0
//! The front end's types, made from the protocol's: `cargo xtask types`.
//!
//! Invariant: what the front end compiles against is what the Rust types are; the checks fail
//! where the file differs from what would be written.

use anyhow::Context as _;

use crate::door;

const FILE: &str = "web/packages/proto/src/generated.ts";
const ARGUMENTS: [&str; 11] = [
    "run",
    "--quiet",
    "--release",
    "--locked",
    "--package",
    "moat-protocol",
    "--features",
    "typescript",
    "--example",
    "typescript",
    "--color=never",
];

/// Writes the types.
///
/// # Errors
/// When they cannot be made or written.
pub(crate) fn write() -> anyhow::Result<()> {
    door::write(&door::root().join(FILE), made()?)
}

/// Compares the file with what would be written.
///
/// # Errors
/// When it differs, with how to write it.
pub(crate) fn check() -> anyhow::Result<()> {
    let there = door::read(&door::root().join(FILE))?;
    anyhow::ensure!(
        there == made()?,
        "`{FILE}` is not what the protocol's types are; `cargo xtask types` writes it"
    );
    Ok(())
}

fn made() -> anyhow::Result<Vec<u8>> {
    let output = door::command(door::cargo(), &door::root())
        .args(ARGUMENTS)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    anyhow::ensure!(output.status.success(), "the types could not be made: {}", output.status);
    Ok(output.stdout)
}
