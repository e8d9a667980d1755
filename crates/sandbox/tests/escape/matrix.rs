// SPDX-License-Identifier: Apache-2.0
//! Runs the table: everything held in the full sandbox, each wall by itself, each layer
//! alone, and each control.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use moat_sandbox::Layer;

use crate::ask::{Differences, ask};
use crate::host::Host;
use crate::table::{Control, Row, View, answer, rows};

/// What is switched off where only namespaces and their views hold.
const NO_OTHERS: &[Layer] = &[
    Layer::Seccomp,
    Layer::Landlock,
    Layer::Descriptors,
    Layer::NoNewPrivileges,
    Layer::Session,
    Layer::Processes,
    Layer::ClosedMemory,
    Layer::Watches,
];

/// What is switched off, beside the other of the two, where one of them holds alone.
const NO_NAMESPACES: &[Layer] = &[
    Layer::View,
    Layer::NetworkNamespace,
    Layer::ProcessNamespace,
    Layer::IpcNamespace,
    Layer::HostName,
    Layer::ControlGroups,
    Layer::NestingBound,
    Layer::Capabilities,
    Layer::Descriptors,
    Layer::Session,
    Layer::Processes,
    Layer::SealedProc,
    Layer::CoveredProc,
    Layer::SealedRoot,
    Layer::ClosedMemory,
    Layer::Watches,
];

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What is off where `letter` holds alone.
pub(crate) fn lone(letter: char) -> Vec<Layer> {
    let limits = (0..10).map(Layer::Limit);
    let user = is_root().then_some(Layer::UserNamespace);
    match letter {
        'n' => NO_OTHERS.iter().copied().chain(limits).collect(),
        'l' | 's' => {
            let other = if letter == 'l' { Layer::Seccomp } else { Layer::Landlock };
            NO_NAMESPACES.iter().copied().chain(limits).chain(user).chain([other]).collect()
        }
        _ => Vec::new(),
    }
}

/// Runs rows in a sandbox without `layers`; gives the attack program's answers.
pub(crate) fn answers(layers: &[Layer], rows: &[&Row]) -> Vec<String> {
    let view = !layers.contains(&Layer::View);
    assert!(view || rows.iter().all(|row| row.view == View::Any), "the host would be changed");
    let host = Host::new();
    // A launcher that has held a sandbox cannot reach the host's network any more.
    ask(&host, &host.scratch.launcher(), layers, rows).1
}

/// Rows by the layers that are off for them.
type Groups<T> = BTreeMap<String, (&'static [Layer], Vec<T>)>;

#[test]
fn every_technique_is_held_in_the_full_sandbox() {
    let rows = rows();
    let mut differences = Differences::default();
    for (row, found) in rows.iter().zip(answers(&[], &rows)) {
        let later = [libc::EROFS, libc::EPERM].contains(&row.held);
        if later && found == answer(libc::EACCES) && !is_root() {
            // Who does not own a file is refused before the mount or the file is asked.
            continue;
        }
        if found != row.answer() && row.lacks(&found) {
            println!("not on this machine: {}", row.name);
            continue;
        }
        differences.note(row.name, "full", &row.answer(), &found);
    }
}

#[test]
fn every_technique_gets_through_in_its_control() {
    let mut differences = Differences::default();
    let mut groups: Groups<&'static Row> = BTreeMap::new();
    for row in rows() {
        let layers = match row.control {
            Control::Without(layers) => layers,
            Control::Root(layers) if is_root() => layers,
            Control::Root(_) => {
                println!("control skipped: only root is let: {}", row.name);
                continue;
            }
            Control::Nowhere(reason) => {
                println!("no control: {}: {reason}", row.name);
                continue;
            }
        };
        groups.entry(format!("{layers:?}")).or_insert((layers, Vec::new())).1.push(row);
    }
    let mut shown = 0;
    for (layers, rows) in groups.into_values() {
        for (row, found) in rows.iter().zip(answers(layers, &rows)) {
            if row.lacks(&found) {
                println!("control skipped: not on this machine: {}", row.name);
                continue;
            }
            differences.note(row.name, &format!("without {layers:?}"), "through", &found);
            shown += 1;
        }
    }
    assert!(shown >= 100, "only {shown} controls were shown");
}

#[test]
fn every_second_wall_holds_by_itself() {
    let mut differences = Differences::default();
    let mut groups: Groups<(&'static Row, i32)> = BTreeMap::new();
    for row in rows() {
        for (layers, errno) in row.walls {
            if layers.contains(&Layer::UserNamespace) && !is_root() {
                println!("wall skipped: only root can do without a user namespace: {}", row.name);
                continue;
            }
            let group = groups.entry(format!("{layers:?}")).or_insert((layers, Vec::new()));
            group.1.push((row, *errno));
        }
    }
    for (layers, walls) in groups.into_values() {
        let rows: Vec<&Row> = walls.iter().map(|(row, _errno)| *row).collect();
        for ((row, errno), found) in walls.iter().zip(answers(layers, &rows)) {
            if row.lacks(&found) {
                continue;
            }
            differences.note(row.name, &format!("without {layers:?}"), &answer(*errno), &found);
        }
    }
}

#[test]
fn each_layer_alone_holds_what_the_table_says() {
    let rows = rows();
    let mut held = vec![Some(String::new()); rows.len()];
    for letter in ['n', 'l', 's'] {
        let off = lone(letter);
        let runs = |row: &Row| row.view == View::Any || !off.contains(&Layer::View);
        let (held, rows): (Vec<&mut Option<String>>, Vec<&Row>) =
            held.iter_mut().zip(&rows).filter(|(_held, row)| runs(row)).unzip();
        for ((held, row), found) in held.into_iter().zip(&rows).zip(answers(&off, &rows)) {
            // Where only Landlock holds, such an answer comes from the machine.
            if letter == 'l' && row.lacks(&found) {
                *held = None;
            }
            if let Some(held) = held.as_mut().filter(|_held| found != "through") {
                held.push(letter);
            }
        }
    }
    let mut differences = Differences::default();
    let mut shown = String::new();
    for (row, held) in rows.iter().zip(held) {
        let Some(held) = held else {
            writeln!(shown, "{:60} not on this machine", row.name).unwrap();
            continue;
        };
        writeln!(shown, "{:60} {held:>3}", row.name).unwrap();
        match row.control {
            _ if is_root() => differences.note(row.name, "alone", row.alone, &held),
            // An ordinary user is held by not being root as well, and always has a user
            // namespace: that namespaces hold what they should is all that can be compared.
            Control::Without(_) => {
                // A kernel may hold more by itself, such as a family of sockets that it has for
                // its first network namespace only.
                if row.alone.contains('n') && !held.contains('n') {
                    differences.note(row.name, "alone", row.alone, &held);
                }
            }
            Control::Root(_) | Control::Nowhere(_) => {}
        }
    }
    differences.show();
    println!("{:60} namespaces, Landlock, seccomp\n{shown}", "technique");
}
