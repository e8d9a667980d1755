// SPDX-License-Identifier: Apache-2.0
//! Every technique, one row each: what holds it, which layer holds it alone, and the
//! control in which the same program and arguments get through.
//!
//! The rows are data. `matrix` runs them in the full sandbox, in one layer at a time and in
//! their controls; `redundancy` drops every rule in turn and asks which row notices.

mod calls;
mod files;
mod machine;
mod process;
mod reach;

use moat_sandbox::Layer;

use crate::host::Host;

/// What is aimed at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// This text.
    Text(&'static str),
    /// A place below the user's home.
    Home(&'static str),
    /// A place below the home, and a word after it.
    HomeAnd(&'static str, &'static str),
    /// A place of the user's outside the home.
    Outside(&'static str),
    /// A place below `/proc/PID` of a process of the host.
    Proc(&'static str),
    /// The number of a process of the host.
    Pid,
    /// The number of a descriptor of a directory outside, left open.
    Directory,
    /// The number of a descriptor of a private key, left open.
    Key,
    /// A port of the host.
    Tcp,
    /// A port of the host that answers datagrams.
    Udp,
    /// A listening socket of the host without a file.
    Abstract,
    /// A System V segment of the host.
    Segment,
    /// A message queue of the host.
    Queue,
    /// A file of the host in `/dev/shm`.
    SharedFile,
    /// A terminal of the host.
    Terminal,
    /// The host's name.
    Name,
    /// A file that tells machines apart and that everybody may read; not every system has each.
    Machine,
    /// The places where a command may write, separated by colons.
    Private,
    /// A place in a directory like that of the system's daemons.
    Running(&'static str),
    /// A place in a directory of the host's temporary files.
    Temporary(&'static str),
    /// A place where Moat keeps what is its own.
    State(&'static str),
    /// The attack program itself, as the host has it.
    Program,
    /// A port of the host by IPv6.
    Tcp6,
    /// A port of the host by IPv6 that answers datagrams.
    Udp6,
    /// The port of a name server on an address of the host.
    Resolver,
    /// The number of a process of the host, and an address in its memory.
    Canary,
    /// The number of a process of the host, and that of its descriptor of a private key.
    Given,
    /// What names the program that runs when a control group ends, where groups are of version 1.
    Release,
    /// The list of a control group's processes.
    Group,
}

/// Where an attack must get through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    /// In a sandbox without these layers.
    Without(&'static [Layer]),
    /// The same; only root can prepare it, or would be let.
    Root(&'static [Layer]),
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

/// One technique.
#[derive(Debug)]
pub(crate) struct Row {
    /// What it is, in a few words.
    pub(crate) name: &'static str,
    /// The word of the attack program.
    pub(crate) attack: &'static str,
    pub(crate) target: Target,
    /// The error that holds it in the full sandbox; [`OPEN`] where nothing does.
    pub(crate) held: i32,
    /// Which layers hold it alone: `n`amespaces, `l`andlock, `s`eccomp.
    pub(crate) alone: &'static str,
    pub(crate) control: Control,
    /// With these layers off it is still held, with this error: a second wall.
    pub(crate) walls: &'static [(&'static [Layer], i32)],
    /// Errors by which a kernel says that it was built without this.
    pub(crate) lacking: &'static [i32],
    pub(crate) view: View,
}

/// Where a row may be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Anywhere: what it leaves behind lies in the test's own directory.
    Any,
    /// Only where a view is between it and the host, which it would change.
    Needed,
}

/// In the place of an error: not stopped, see `docs/limits.md`.
pub(crate) const OPEN: i32 = 0;

const fn row(
    name: &'static str,
    attack: &'static str,
    target: Target,
    held: i32,
    alone: &'static str,
    control: Control,
) -> Row {
    Row { name, attack, target, held, alone, control, walls: &[], lacking: &[], view: View::Any }
}

impl Row {
    const fn walls(self, walls: &'static [(&'static [Layer], i32)]) -> Self {
        Self { walls, ..self }
    }

    const fn lacking(self, lacking: &'static [i32]) -> Self {
        Self { lacking, ..self }
    }

    const fn needs_view(self) -> Self {
        Self { view: View::Needed, ..self }
    }

    /// The line that the attack program takes.
    pub(crate) fn line(&self, host: &Host) -> String {
        format!("{}\t{}\n", self.attack, host.target(self.target))
    }

    /// Whether `found` says that this machine has nothing to attack.
    pub(crate) fn lacks(&self, found: &str) -> bool {
        self.lacking.iter().any(|errno| found == answer(*errno))
    }

    /// The answer of the attack program in the full sandbox.
    pub(crate) fn answer(&self) -> String {
        answer(self.held)
    }
}

/// What the attack program says about an error.
pub(crate) fn answer(held: i32) -> String {
    if held == OPEN { "through".to_owned() } else { format!("held {held}") }
}

/// All rows.
pub(crate) fn rows() -> Vec<&'static Row> {
    let parts = [files::ROWS, process::ROWS, machine::ROWS, reach::ROWS, calls::ROWS];
    parts.into_iter().flatten().collect()
}

#[test]
fn every_row_is_one_technique_of_its_own() {
    let mut names: Vec<&str> = rows().iter().map(|row| row.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count >= 280, "{count}");
}
