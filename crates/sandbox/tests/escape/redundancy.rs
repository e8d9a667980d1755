// SPDX-License-Identifier: Apache-2.0
//! No rule is there for nothing: each is dropped in turn, and a row of the table notices,
//! or the rule stands in [`UNNOTICED`] with the reason.
//!
//! A rule is dropped together with the other walls that hold the same, since behind a
//! second wall nobody would notice. A row notices when it is held with the rule and gets
//! through, or meets another wall, without it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use moat_sandbox::Layer;

use crate::matrix::{answers, lone};
use crate::support::Scratch;
use crate::table::{Row, View, rows};

/// Rules that no row notices, by their names, and why they stay. The numbers of calls are
/// those of x86-64.
const UNNOTICED: &[(&str, &str)] = &[
    ("limit on processes", "the namespace's own bound on process numbers holds the same"),
    (
        "limit on nice",
        "only who may raise limits has one to lose; where the test may, it is noticed",
    ),
    ("limit on real-time priority", "the same"),
    ("Landlock right 0", "to run a file, the kernel asks for the right to read it as well"),
    (
        "Landlock right 13",
        "moving between directories is denied where a domain does not speak of it",
    ),
    ("filter: start, instruction 5, refusal", "this kernel knows no newer calls and none of x32"),
    (
        "filter: call 153, instruction 1, refusal",
        "vhangup would end the terminal of who runs the test",
    ),
    ("filter: call 156, instruction 1, refusal", "_sysctl is gone from the kernel"),
    ("filter: call 212, instruction 1, refusal", "lookup_dcookie is gone from the kernel"),
    ("filter: call 134, instruction 1, refusal", "few kernels are built with uselib"),
    ("filter: call 41, instruction 11, mask 0xf", "without it less is allowed"),
    ("filter: call 41, instruction 33, mask 0xf", "without it less is allowed"),
    ("filter: call 285, instruction 2, bit 0x2", "without it less is allowed"),
    ("filter: call 285, instruction 2, bit 0x8", "without it less is allowed"),
];

/// Rules that hold back who has the machine's root only, so that nobody else notices.
const NOTICED_BY_ROOT: &[&str] = &[
    "Landlock right 15",
    "filter: call 103, instruction 1, refusal",
    "filter: call 133, instruction 6, refusal",
    "filter: call 163, instruction 1, refusal",
    "filter: call 164, instruction 1, refusal",
    "filter: call 168, instruction 1, refusal",
];

/// What stands beside a part and may hold the same.
fn beside(part: Layer) -> Vec<Vec<Layer>> {
    use Layer::{Capabilities, Descriptors, Landlock, NestingBound, Seccomp, View};
    match part {
        Layer::Filter(_) => vec![lone('s'), vec![Landlock, Capabilities, NestingBound]],
        Layer::LandlockRight(_) => {
            vec![vec![Descriptors], lone('l'), vec![Descriptors, Seccomp, Capabilities]]
        }
        Layer::LandlockRule(_) => vec![vec![Layer::SealedRoot]],
        Layer::LandlockScope(_) => vec![lone('l')],
        Layer::MountFlags(_) | Layer::SealedRoot | Layer::SealedProc => vec![vec![]],
        Layer::Limit(_) => vec![vec![Landlock]],
        NestingBound => vec![vec![Seccomp]],
        Layer::UserNamespace => vec![vec![Capabilities, View, Seccomp]],
        Layer::ClosedMemory | Layer::NoNewPrivileges => vec![vec![Landlock, Seccomp]],
        Seccomp
        | Landlock
        | Layer::NetworkNamespace
        | Layer::ProcessNamespace
        | Layer::IpcNamespace
        | View
        | Descriptors
        | Layer::Session
        | Capabilities
        | Layer::Processes
        | Layer::HostName
        | Layer::ControlGroups
        | Layer::CoveredProc
        | Layer::Watches
        | Layer::BoundingSet => vec![vec![]],
    }
}

#[test]
fn every_rule_of_the_filter_is_noticed_when_it_is_dropped() {
    every(|part| matches!(part, Layer::Filter(_)));
}

#[test]
fn every_mount_s_flags_are_noticed_when_they_are_dropped() {
    every(|part| matches!(part, Layer::MountFlags(_)));
}

#[test]
fn every_rule_of_landlock_is_noticed_when_it_is_dropped() {
    every(is_of_landlock);
}

#[test]
fn every_other_rule_is_noticed_when_it_is_dropped() {
    every(|part| !is_of_landlock(part) && !matches!(part, Layer::Filter(_) | Layer::MountFlags(_)));
}

const fn is_of_landlock(part: Layer) -> bool {
    use Layer::{LandlockRight, LandlockRule, LandlockScope};
    matches!(part, LandlockRight(_) | LandlockRule(_) | LandlockScope(_))
}

/// Drops every part that is `meant`, in turn.
#[track_caller]
fn every(meant: impl Fn(Layer) -> bool) {
    let scratch = Scratch::new();
    let parts = Layer::parts(&scratch.plan(), &scratch.settings()).unwrap();
    let root = rustix::process::geteuid().is_root();
    let mut full = Standing::default();
    let mut unnoticed = BTreeMap::new();
    for (part, name) in parts.into_iter().filter(|(part, _name)| meant(*part)) {
        if part == Layer::UserNamespace && !root {
            println!("skipped: only root can do without it: {name}");
            continue;
        }
        match beside(part).into_iter().find_map(|beside| full.noticed(part, &beside)) {
            Some(row) => println!("{name}: {row}"),
            None => drop(unnoticed.insert(name, part)),
        }
    }
    let mut problems = String::new();
    for name in unnoticed.keys() {
        if !root && NOTICED_BY_ROOT.contains(&name.as_str()) {
            println!("skipped: only root notices: {name}");
            continue;
        }
        match UNNOTICED.iter().find(|(known, _reason)| known == name) {
            Some((_known, reason)) => println!("{name}: not noticed: {reason}"),
            None => writeln!(problems, "nothing notices: {name}").unwrap(),
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// Leaves out rows that cannot notice, to save time.
fn may_notice(row: &Row, part: Layer) -> bool {
    let is_dear = matches!(row.attack, "processes" | "open-files" | "udp" | "watches" | "queues");
    if matches!(part, Layer::Filter(_)) {
        row.alone.contains('s') && !is_dear
    } else if matches!(part, Layer::MountFlags(_)) {
        row.attack == "mounts"
    } else {
        !is_dear || matches!(part, Layer::Limit(_) | Layer::Processes | Layer::Watches)
    }
}

/// What the rows say where nothing but the walls beside is off, asked once for each set.
#[derive(Default)]
struct Standing(BTreeMap<String, Vec<String>>);

impl Standing {
    /// The first row that says something else once `part` is off as well.
    fn noticed(&mut self, part: Layer, beside: &[Layer]) -> Option<&'static str> {
        let off: Vec<Layer> = beside.iter().copied().chain([part]).collect();
        let runs = |row: &Row| row.view == View::Any || !off.contains(&Layer::View);
        let rows: Vec<&'static Row> =
            rows().into_iter().filter(|row| runs(row) && may_notice(row, part)).collect();
        let strong = self.0.entry(format!("{beside:?} {:?}", rows.len()));
        let strong = strong.or_insert_with(|| answers(beside, &rows));
        let weak = answers(&off, &rows);
        let differs = |((_row, strong), weak): &((&&'static Row, &String), String)| {
            strong.starts_with("held") && *strong != weak
        };
        let mut found = rows.iter().zip(strong.iter()).zip(weak).filter(differs);
        found.next().map(|((row, _strong), _weak)| row.name)
    }
}
