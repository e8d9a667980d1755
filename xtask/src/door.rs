// SPDX-License-Identifier: Apache-2.0
//! Processes, files, time and the environment for `xtask`, in one place.
//!
//! `xtask` stands outside the layers, so it may reach the machine; it does so
//! here, where the calls that `clippy.toml` bans can be read together.
//!
//! Invariant: no other module of `xtask` names `std::process::Command::new`.

#![expect(
    clippy::disallowed_methods,
    reason = "`xtask` stands outside the layers; this is its own door"
)]

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// The arguments after the program's name.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// One variable of the environment, when it is set.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The root of the repository that this program was built from.
pub(crate) fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_path_buf()
}

/// Prepares `program` to run in `directory`.
pub(crate) fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory);
    command
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("could not read `{}`", path.display()))
}

/// Runs `work` and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Writes one line for the person who ran the command.
///
/// A reader that went away is not an error here.
pub(crate) fn say(line: &str) {
    _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes one line about a failure.
pub(crate) fn complain(line: &str) {
    _ = writeln!(io::stderr().lock(), "{line}");
}

/// The cargo that runs this program, so that a pinned toolchain stays pinned.
pub(crate) fn cargo() -> String {
    variable("CARGO").unwrap_or_else(|| "cargo".to_owned())
}
