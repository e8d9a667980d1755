// SPDX-License-Identifier: Apache-2.0
//! Checks, proofs and benchmarks of this repository: `cargo xtask <command>`.
//!
//! *Responsibility*: keep the house in order with checks that fail, run the
//! steps of continuous integration in one order on every machine, and show
//! the failures that Moat is built against.
//!
//! *Not here*: anything that a user of Moat runs. No crate of the product
//! depends on this one, and it depends on none of them.
//!
//! *Map*: [`tidy`] the house rules · [`ci`] the steps · [`prove`] attacks with
//! controls · [`types`] and [`web`] the front end · [`vm`] other kernels · [`mod@bench`] measurements · [`door`] processes, files and the
//! environment for all of these.

mod bench;
mod ci;
mod door;
mod prove;
#[cfg(test)]
mod scripts;
mod tidy;
mod types;
mod vm;
mod web;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <command>

  tidy             check layers, doors, sizes, names, texts and licences
  ci [STEP...]     run fmt, tidy, types, clippy, test, web, doctest, doc and deny, or some of them
  types            write the front end's types from the protocol's
  prove [WORD...]  show each failure Moat is built against, and whether it survived
  vm [SOURCE...]   run the sandbox's tests on another kernel, in an emulated machine
  bench ...        measure; `cargo xtask bench` lists what
";

fn main() -> ExitCode {
    let arguments = door::arguments();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy::run(),
        ["types"] => types::write(),
        ["ci", steps @ ..] => ci::run(steps),
        ["prove", words @ ..] => prove::run(words),
        ["vm", words @ ..] => vm::run(words),
        ["bench", ..] => bench::run(&arguments[1..]),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            door::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
