// SPDX-License-Identifier: Apache-2.0
//! The whole table on each machine of the ladder, and on the machine as it is.
//!
//! On each machine every row is run four times: as it is, without the filter, without
//! Landlock, and without both. What is held without both is held by what is beside them, and
//! has its control in `matrix`; every other row gets through when what holds it is off.

mod held;

use moat_base::{Hint as _, Report};
use moat_sandbox::{Confinement, Effect, Error, Launcher, Layer, Sandbox, Settings, Step};

use crate::ask::{Differences, NOT_RUN, ask};
use crate::host::Host;
use crate::ladder::{MACHINES, Machine, machine};
use crate::matrix::is_root;
use crate::support::{Scratch, helper, shell};
use crate::table::{OPEN, Row, rows};

use held::HELD;

/// When a row gets through.
#[derive(Clone, Copy, Debug)]
enum When {
    /// Always, but for the last step.
    Always,
    /// Where this effect is lost.
    Lost(Effect),
    /// On these steps.
    On(&'static [Step]),
}

/// Rows that get through although they are run as they are, and why. Each belongs to a loss that
/// is told, or is harmless.
const THROUGH: &[(&str, When, &str)] = &[
    ("watch which programs the user starts", When::Always, "it is not stopped, see docs/limits.md"),
    (
        "get a handle of a process of the host",
        When::Lost(Effect::ProcessesSeparate),
        "which numbers are in use can be asked; nothing can be done with the handle",
    ),
    (
        "be a process too many",
        When::Lost(Effect::ResourcesBounded),
        "the machine's root is bounded by a namespace's highest process id only",
    ),
    (
        "watch without end",
        When::On(&[Step::Shared]),
        "the bound is a setting of the user namespace, which is not there or cannot be written",
    ),
    (
        "become root",
        When::On(&[Step::Shared, Step::Rules]),
        "who has the id 0 keeps it, without any capability",
    ),
    (
        "plant a library for every program",
        When::On(&[Step::Rules]),
        "only the modes are asked for, which Landlock leaves alone; making the file is held",
    ),
    ("plant a device in `/dev`", When::On(&[Step::Rules]), "the same"),
    (
        "see the machine's network devices",
        When::On(&[Step::Shared]),
        "where the network is the host's its state can be read, and nothing sent",
    ),
];

/// Whether there is a reason for this row to get through where `step` stands without `lost`.
fn may_get_through(row: &str, step: Step, lost: &[Effect]) -> bool {
    THROUGH.iter().filter(|(name, ..)| *name == row).any(|(_name, when, _reason)| match when {
        When::Always => step != Step::Rules,
        When::Lost(effect) => lost.contains(effect),
        When::On(steps) => steps.contains(&step),
    })
}

const OFF: [&[Layer]; 4] =
    [&[], &[Layer::Seccomp], &[Layer::Landlock], &[Layer::Seccomp, Layer::Landlock]];

/// The letter of a row by its answers in the order of [`OFF`]; see `held`.
fn letter(answers: [&str; 4]) -> char {
    if answers[0] == NOT_RUN {
        return '.';
    }
    match answers.map(|answer| answer != "through") {
        [false, ..] => '-',
        [true, _, _, true] => 'n',
        [true, true, true, false] => 'b',
        [true, true, false, false] => 'l',
        [true, false, true, false] => 's',
        [true, false, false, false] => '+',
    }
}

/// The letter that the table has for a row.
fn expected(row: &str, place: usize) -> char {
    let listed = HELD.iter().find(|(_letters, rows)| rows.contains(&row));
    listed.and_then(|(letters, _rows)| letters.chars().nth(place)).unwrap_or('n')
}

/// Runs the table on one machine, and compares.
#[track_caller]
fn check(name: &str) {
    let machine: &Machine = machine(name);
    let place = MACHINES.iter().position(|other| other.name == name).unwrap();
    let rows = rows();
    let answers = OFF.map(|layers| {
        let host = Host::new();
        let launcher = machine.launcher(&host.scratch);
        let before = host.state();
        let (confinement, answers) = ask(&host, &launcher, layers, &rows);
        assert_eq!(confinement.step, machine.step);
        if layers.is_empty() {
            assert_eq!(host.state(), before, "something of the host's was changed");
        }
        answers
    });
    let mut differences = Differences::default();
    let (mut shown, mut beside) = (0, 0);
    for (index, row) in rows.iter().enumerate() {
        let of_row = [0, 1, 2, 3].map(|off| answers[off][index].as_str());
        assert!(!of_row.contains(&"refused"), "{}: {of_row:?}", row.name);
        let (expected, found) = (expected(row.name, place), letter(of_row));
        shown += u32::from(matches!(found, 'l' | 's' | 'b' | '+'));
        beside += u32::from(found == 'n');
        // What this kernel was not built with is held by that; an ordinary user is held by
        // modes and limits as well, which root is not.
        let by_other = row.lacks(of_row[3]) || !is_root();
        // And where root is held by losing his rights over others, the processes around an
        // ordinary user are his own: the filter or Landlock has to hold him, and does.
        let by_more = !is_root() && expected == 'n' && matches!(found, 's' | 'l' | 'b' | '+');
        if by_other && found == 'n' || by_more {
            continue;
        }
        differences.note(row.name, name, &expected.to_string(), &found.to_string());
    }
    differences.show();
    println!("{name}: {shown} rows are held by the filter or by Landlock, and get through without");
    println!("{name}: {beside} are held by what is beside the two");
    assert!(shown >= 50, "only {shown} rows were shown with their control");
}

#[test]
fn the_table_holds_without_network_namespaces() {
    check("no network namespaces");
}

#[test]
fn the_table_holds_without_process_id_namespaces() {
    check("no process-id namespaces");
}

#[test]
fn the_table_holds_without_any_but_mount_namespaces() {
    check("neither, and no ipc namespaces");
}

#[test]
fn the_table_holds_in_a_container_with_a_masked_proc() {
    check("a container with a masked `/proc`");
}

#[test]
fn the_table_holds_for_root_without_user_namespaces() {
    check("root without user namespaces");
}

#[test]
fn the_table_holds_without_user_namespaces() {
    check("no user namespaces");
}

#[test]
fn the_table_holds_in_a_container_without_capabilities() {
    check("a container without capabilities");
}

/// The letters and the reasons say the same, and each is about a row that there is.
#[test]
fn what_gets_through_on_a_step_has_a_reason_and_no_reason_is_left_over() {
    let names: Vec<&str> = rows().iter().map(|row| row.name).collect();
    let mut listed: Vec<&str> = HELD.iter().flat_map(|(_letters, rows)| *rows).copied().collect();
    listed.sort_unstable();
    let count = listed.len();
    listed.dedup();
    assert_eq!(listed.len(), count, "a row is listed twice");
    for (letters, rows) in HELD {
        assert_eq!(letters.chars().count(), MACHINES.len(), "{letters}");
        for row in *rows {
            assert!(names.contains(row), "there is no row `{row}`");
            for (machine, letter) in MACHINES.iter().zip(letters.chars()) {
                let may = may_get_through(row, machine.step, &machine.losses());
                assert!(letter != '-' || may, "{row} on {} has no reason", machine.name);
            }
        }
    }
    for (row, ..) in THROUGH {
        let gets = HELD.iter().any(|(letters, rows)| letters.contains('-') && rows.contains(row));
        assert!(gets, "{row} gets through nowhere");
    }
}

/// Landlock by itself is not needed where all namespaces stand.
#[test]
fn with_every_namespace_nothing_gets_through_when_landlock_is_missing() {
    let host = Host::new();
    let before = host.state();
    let rows = rows();
    let (confinement, answers) = ask(&host, &host.scratch.launcher(), &[Layer::Landlock], &rows);
    assert_eq!(confinement.step, Step::Full);
    assert_eq!(host.state(), before, "something of the host's was changed");
    let held = all_held(&confinement, &rows, &answers);
    println!("without Landlock {held} rows are held");
}

/// Notes each row that gets through without a reason; tells how many are held.
#[track_caller]
fn all_held(confinement: &Confinement, rows: &[&Row], answers: &[String]) -> usize {
    let mut differences = Differences::default();
    let lost = confinement.lost();
    let mut held = 0;
    for (row, answer) in rows.iter().zip(answers) {
        let through = answer == "through";
        held += usize::from(!through && answer != NOT_RUN);
        let may = row.held == OPEN || may_get_through(row.name, confinement.step, &lost);
        if through && !may {
            differences.note(row.name, confinement.step.name(), "held", answer);
        }
    }
    differences.show();
    held
}

/// The machine as it is. `xtask vm` takes things away from a machine of its own, and
/// compares what this prints with what it expects.
#[test]
fn what_stands_here_holds() {
    let host = Host::new();
    let scratch = &host.scratch;
    let read_only = vec![helper().parent().unwrap().to_owned()];
    let settings = Settings { least: Step::Rules, read_only, ..scratch.settings() };
    let launcher = Launcher::start(settings.clone()).unwrap();
    if let Err(error) = Sandbox::start(&launcher, &scratch.plan()).map(drop) {
        assert!(error.hint().is_some(), "{error:?}");
        return println!("\nstands here: nothing; {}", one_line(&error));
    }
    scratch.clear();
    let before = host.state();
    let rows = rows();
    let (confinement, answers) = ask(&host, &launcher, &[], &rows);
    let lost: Vec<&str> = confinement.lost().into_iter().map(Effect::name).collect();
    let lost = if lost.is_empty() { "nothing".to_owned() } else { lost.join(", ") };
    println!("\nstands here: {}; lost: {lost}", confinement.step.name());
    println!("told: {}", confinement.line());
    for effect in confinement.lost() {
        assert!(confinement.line().contains(effect.name()), "{}", confinement.line());
    }
    assert_eq!(host.state(), before, "something of the host's was changed");
    println!("attacks held: {}", all_held(&confinement, &rows, &answers));
    stands_or_refuses(&settings, &confinement);
}

/// Writes go nowhere, and who asks for everything gets it or is refused.
fn stands_or_refuses(settings: &Settings, confinement: &Confinement) {
    let scratch = Scratch::new();
    let settings = |least| Settings { least, ..settings.clone() };
    let launcher = Launcher::start(settings(Step::Rules)).unwrap();
    let sandbox = Sandbox::start(&launcher, &scratch.plan()).unwrap();
    shell(&sandbox, "echo inside > written && cat written").succeeded();
    assert!(!scratch.project.join("written").exists());
    drop((sandbox, launcher));
    scratch.clear();
    let strict = Launcher::start(settings(Step::Full)).unwrap();
    match Sandbox::start(&strict, &scratch.plan()) {
        Ok(sandbox) => assert!(confinement.is_full() && sandbox.confinement().is_full()),
        Err(error) => {
            assert!(!confinement.is_full(), "{error:?}");
            assert!(matches!(error, Error::Unenforced { .. }), "{error:?}");
            println!("refused where all is asked for: {}", one_line(&error));
        }
    }
}

fn one_line(error: &Error) -> String {
    Report::of(error).to_string().replace('\n', "; ")
}
