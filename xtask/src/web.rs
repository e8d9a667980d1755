// SPDX-License-Identifier: Apache-2.0
//! The front end's own checks, tests and end-to-end tests, run by its package manager.
//!
//! Invariant: the packages are those of the lock file, and one that the lock file does not
//! name is not installed.

use anyhow::Context as _;

use crate::door;

/// Runs the checks, the component tests and the end-to-end tests, in this order.
///
/// # Errors
/// When one fails; later ones then did not run.
pub(crate) fn run() -> anyhow::Result<()> {
    for script in ["check", "test", "e2e", "render"] {
        let (outcome, time) = door::timed(|| npm(script));
        outcome?;
        door::say(&format!("web: {script} ok ({:.1} s)", time.as_secs_f64()));
    }
    Ok(())
}

/// Measures the page, in a browser.
///
/// # Errors
/// When the measurement fails.
pub(crate) fn measure() -> anyhow::Result<()> {
    npm("measure")
}

fn npm(script: &str) -> anyhow::Result<()> {
    let moat = door::target().join("release/moat");
    let web = door::root().join("web");
    // Where the system's Node.js is too old, `setup.sh` brought another.
    let brought = web.join(".node/node_modules");
    let mut path: Vec<String> = door::children(&brought)
        .into_iter()
        .map(|package| package.join("bin").display().to_string())
        .collect();
    path.extend(door::variable("PATH"));
    let status = door::command("npm", &web)
        .args(["run", "--silent", script])
        .env("PATH", path.join(":"))
        .env("MOAT", moat)
        .status()
        .context("could not start npm; `scripts/setup.sh test` says what is missing")?;
    anyhow::ensure!(status.success(), "`npm run {script}` in web/: {status}");
    Ok(())
}
