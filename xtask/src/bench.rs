// SPDX-License-Identifier: Apache-2.0
//! Measurements of the agent on the repair tasks of `bench/`.
//!
//! `validate` checks the tasks themselves, `mutate` makes fresh ones from a
//! seed, `agent` runs the release binary on them and counts. The tasks are
//! described in `bench/README.md`. `speed` compares the binary with common programs,
//! `sandbox` compares the sandbox with plain processes and with bubblewrap, `scan` compares
//! `moat scan` with ripgrep, `web` measures the page of the IDE.
//!
//! Invariant: a number is printed only in the run that measured it.
//! Start at [`run`]; the interesting path is [`agent::run`].

mod agent;
mod baseline;
mod chat;
mod mutate;
mod option;
mod place;
mod random;
mod report;
mod sandbox;
mod scan;
mod source;
mod speed;
mod task;
mod trial;
mod validate;

const USAGE: &str = "usage: cargo xtask bench <command>

  validate [--tasks DIR] [--only PATTERN]
      check that each task fails before and passes after its solution
  mutate --seed N --out DIR [--per-language N] [--programs DIR]
      make fresh tasks from the right programs
  agent [--tasks DIR] [--only PATTERN] [--moat PATH] [--model ID]
        [--max-time S] [--baseline [--server URL]] [--json FILE]
      run the agent on the tasks and count what it solved
  speed [--moat PATH]
      compare start, first model request and memory with their goals
  sandbox [--only start|phases|build|status|fork] [--rounds N] [--json FILE] [--moat PATH]
      compare the sandbox with plain processes and bubblewrap
  scan [--moat PATH] [--files N] [--rounds N] [--tree DIR]
      compare `moat scan` with ripgrep on a tree as large as the Linux kernel's
  web
      measure the page of the IDE in Chromium: bytes, start, echo, streaming, memory";

/// Runs the measurement named by `arguments`.
///
/// # Errors
/// When there is no such measurement, or it failed.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    match arguments.split_first() {
        Some((name, rest)) if name == "validate" => validate::run(rest),
        Some((name, rest)) if name == "mutate" => mutate::run(rest),
        Some((name, rest)) if name == "agent" => agent::run(rest),
        Some((name, rest)) if name == "speed" => speed::run(rest),
        Some((name, rest)) if name == "sandbox" => sandbox::run(rest),
        Some((name, rest)) if name == "scan" => scan::run(rest),
        Some((name, [])) if name == "web" => crate::web::measure(),
        _ => anyhow::bail!("{USAGE}"),
    }
}
