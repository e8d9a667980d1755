// SPDX-License-Identifier: Apache-2.0
//! Asks the attack program about many rows at once, in one sandbox, and collects what is not
//! as it should be.
//!
//! Invariant: what the kernel counts for a user is asked for by one test at a time, whatever
//! else runs.

use std::fmt::Write as _;
use std::fs::File;

use moat_sandbox::{Command, Confinement, Input, Launcher, Layer, Sandbox, Step};
use rustix::fs::FlockOperation;

use crate::host::Host;
use crate::support::{ATTACKER, helper, run, target};
use crate::table::{Row, View};

/// The answer in the place of a row that would change the host here.
pub(crate) const NOT_RUN: &str = "not run";

/// Runs rows in a sandbox without `layers`; tells what it stands on, and the answers.
pub(crate) fn ask(
    host: &Host,
    launcher: &Launcher,
    layers: &[Layer],
    rows: &[&Row],
) -> (Confinement, Vec<String>) {
    let view = !layers.contains(&Layer::View);
    let plan = layers.iter().fold(host.scratch.plan(), |plan, layer| plan.without_layer(*layer));
    let shown = if view { vec![(helper(), ATTACKER.into())] } else { Vec::new() };
    let sandbox = Sandbox::start_with(launcher, &plan, &shown).unwrap();
    let confinement = sandbox.confinement().clone();
    // On the last step there are no mounts, and so no view.
    let view = view && confinement.step != Step::Rules;
    let program = if view { ATTACKER.into() } else { helper() };
    let runs = |row: &&&Row| view || row.view == View::Any;
    let asked: Vec<&Row> = rows.iter().filter(runs).copied().collect();
    let mut command = Command::new([program.as_os_str(), "attack".as_ref(), "many".as_ref()]);
    let lines: String = asked.iter().map(|row| row.line(host)).collect();
    command.input = Input::Bytes(lines.into_bytes());
    command.limits.processes = 310;
    let lock = asked.iter().any(|row| COUNTED.contains(&row.attack)).then(alone);
    let finished = run(&sandbox, &command);
    drop(lock);
    let answers: Vec<String> = finished.output.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), asked.len(), "{layers:?}\n{}\n{}", finished.output, finished.error);
    let mut answers = answers.into_iter();
    let mut answer = |row: &&Row| if runs(&row) { answers.next() } else { Some(NOT_RUN.into()) };
    let answers = rows.iter().map(|row| answer(row).unwrap()).collect();
    (confinement, answers)
}

/// Attacks that take a large part of what one user may have on the whole machine: two at
/// once would be one too many.
const COUNTED: &[&str] = &["watches", "queues", "signals", "processes"];

/// Waits until no other test asks for what is counted.
fn alone() -> File {
    let lock = File::create(target().join("moat-test-counted.lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    lock
}

/// Collects what is not as the table says, so that one run shows all of it.
#[derive(Default)]
pub(crate) struct Differences(String);

impl Differences {
    pub(crate) fn note(&mut self, row: &str, place: &str, expected: &str, found: &str) {
        if expected != found {
            writeln!(self.0, "{row}: {place}: expected {expected}, found {found}").unwrap();
        }
    }

    /// Prints them, so that they come before all else that is printed.
    pub(crate) fn show(&self) {
        if !self.0.is_empty() {
            println!("DIFFERENT:\n{}", self.0);
        }
    }
}

impl Drop for Differences {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "\n{}", self.0);
        }
    }
}
