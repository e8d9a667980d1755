// SPDX-License-Identifier: Apache-2.0
//! The probe behind `moat doctor`: what it says where everything stands, and that it says so of
//! no attempt whose protection is off.

use moat_probe::{BrokerPlan, Examination, Finding, Outcome, Standing, Verdict};
use moat_sandbox::{Effect, Layer, Step};

use crate::support::Scratch;

/// What switching a layer off shows.
struct Shown {
    layers: &'static [Layer],
    /// Who is let through then, by the user that the test runs as.
    by: By,
    attempts: &'static [&'static str],
}

/// Who gets through where the layers are off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Anybody,
    /// An ordinary user is held by not being root, outside of a sandbox as well.
    Root,
}

const fn shown(layers: &'static [Layer], by: By, attempts: &'static [&'static str]) -> Shown {
    Shown { layers, by, attempts }
}

/// Every attempt, with the layers that hold it: they are those of the table of attacks.
const SHOWN: &[Shown] = &[
    shown(
        &[Layer::View],
        By::Anybody,
        &["read-key", "read-file", "list-directory", "open-secret", "list-devices", "named-socket"],
    ),
    shown(&[Layer::View], By::Root, &["open-passwords"]),
    shown(
        &[Layer::View, Layer::Landlock],
        By::Anybody,
        &["write-file", "create-file", "write-workspace", "write-start"],
    ),
    shown(&[Layer::View, Layer::Landlock], By::Root, &["write-system", "write-settings"]),
    shown(
        &[Layer::ProcessNamespace, Layer::Landlock, Layer::UserNamespace, Layer::Capabilities],
        By::Root,
        &["see-process", "signal-process"],
    ),
    shown(&[Layer::ClosedMemory, Layer::Landlock], By::Anybody, &["see-parent"]),
    shown(&[Layer::IpcNamespace], By::Anybody, &["shared-memory"]),
    shown(&[Layer::NetworkNamespace], By::Anybody, &["tcp", "udp", "route"]),
    shown(&[Layer::NetworkNamespace, Layer::Landlock], By::Anybody, &["abstract-socket"]),
    shown(
        &[Layer::Seccomp],
        By::Anybody,
        &["trace-process", "io-uring", "keyring", "bpf", "perf-events", "userfaultfd", "vsock"],
    ),
    shown(&[Layer::Seccomp, Layer::Capabilities], By::Root, &["packet-socket"]),
    shown(&[Layer::SealedProc, Layer::Landlock], By::Anybody, &["write-proc"]),
    shown(&[Layer::SealedProc, Layer::Landlock], By::Root, &["kernel-setting"]),
    shown(
        &[Layer::Seccomp, Layer::View, Layer::Landlock, Layer::UserNamespace, Layer::Capabilities],
        By::Root,
        &["kernel-log"],
    ),
    shown(
        &[Layer::Seccomp, Layer::NestingBound, Layer::Landlock],
        By::Anybody,
        &["user-namespace", "mount"],
    ),
    shown(&[Layer::Processes], By::Anybody, &["processes"]),
    shown(&[Layer::Limit(2)], By::Anybody, &["memory", "memory-together"]),
    shown(&[Layer::Limit(3)], By::Anybody, &["file-size"]),
    shown(&[Layer::Limit(4)], By::Anybody, &["open-files"]),
];

/// What no test can let through, and why.
const NEVER: &[(&str, &str)] = &[
    ("setuid", "a user namespace of one id knows no other to become, and root gains none"),
    ("agent-socket", "the test's user has no agent: what holds it is what holds `named-socket`"),
];

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn examined(scratch: &Scratch, layers: &[Layer]) -> Examination {
    let place = scratch.home.join("probe");
    std::fs::create_dir(&place).unwrap();
    let broker = BrokerPlan { read: vec!["/etc/hosts".into()], write: Vec::new() };
    let examined = moat_probe::examine_without(&scratch.launcher(), &place, &broker, layers);
    moat_base::remove_files(&place).unwrap();
    examined.unwrap()
}

/// What a machine may lack, or forbid everybody.
const MACHINE: [&str; 6] = ["vsock", "io-uring", "perf-events", "userfaultfd", "route", "keyring"];

fn finding<'a>(examination: &'a Examination, name: &str) -> &'a Finding {
    let found = examination.findings.iter().find(|finding| finding.name == name);
    found.ok_or(name).unwrap()
}

#[test]
fn every_attempt_of_the_probe_is_held_here_and_works_outside() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let place = scratch.home.join("probe");
    std::fs::create_dir(&place).unwrap();
    let broker = BrokerPlan { read: vec!["/etc/hosts".into()], write: Vec::new() };
    let examination = moat_probe::examine(&launcher, &place, &broker).unwrap();
    assert_eq!((examination.confinement.step, launcher.attempts()), (Step::Full, vec![]));
    assert_eq!(examination.broken().count(), 0);
    for effect in Effect::ALL {
        assert!(examination.holds(effect), "{effect:?}: {:#?}", examination.findings);
    }
    let anybody: Vec<&str> = SHOWN
        .iter()
        .filter(|shown| is_root() || shown.by == By::Anybody)
        .flat_map(|shown| shown.attempts.iter().copied())
        .collect();
    for finding in &examination.findings {
        match (&finding.outside, finding.verdict) {
            (Outcome::Works, Verdict::Enforced) => {}
            (Outcome::Fails { .. } | Outcome::NotTried { .. }, Verdict::ProvesNothing)
                if !anybody.contains(&finding.name) || MACHINE.contains(&finding.name) =>
            {
                println!("proves nothing here: {finding:?}");
            }
            _ => panic!("{finding:#?}"),
        }
    }
    for part in &examination.parts {
        // The test itself has given nothing up; the broker needs a Landlock that scopes signals.
        match part.name {
            "moat itself" => assert!(matches!(part.standing, Standing::NotEnforced(_))),
            "the broker" if moat_sandbox::landlock_version() < 6 => {
                assert!(matches!(part.standing, Standing::DoesNotStart(_)), "{part:#?}");
            }
            _ => assert_eq!(part.standing, Standing::Enforced, "{part:#?}"),
        }
        let tried = part.findings.iter().filter(|it| it.verdict == Verdict::Enforced).count();
        assert!(tried >= 12 || part.findings.is_empty(), "{part:#?}");
    }
}

/// Examines sandboxes without each set of layers among which `of` finds its own, and compares.
fn without_each(of: impl Fn(&[Layer]) -> bool) {
    let scratch = Scratch::new();
    let mut missed = Vec::new();
    let mut sets: Vec<&[Layer]> = Vec::new();
    for shown in SHOWN.iter().filter(|shown| of(shown.layers)) {
        if shown.by == By::Root && !is_root() {
            println!("skipped: only root is let: {:?}", shown.attempts);
        } else if !sets.contains(&shown.layers) {
            sets.push(shown.layers);
        }
    }
    assert!(!sets.is_empty());
    for layers in sets {
        scratch.clear();
        let examination = examined(&scratch, layers);
        let through = SHOWN
            .iter()
            .filter(|shown| shown.layers == layers && (is_root() || shown.by == By::Anybody))
            .flat_map(|shown| shown.attempts);
        for name in through {
            let finding = finding(&examination, name);
            let is_machines = MACHINE.contains(name);
            let is_impossible = match finding.outside {
                Outcome::NotTried { .. } => true,
                Outcome::Fails { .. } => is_machines,
                Outcome::Works => false,
            };
            if is_impossible {
                println!("skipped: {finding:?}");
                continue;
            }
            if finding.verdict != Verdict::Through || examination.holds(finding.effect) {
                missed.push(format!("{layers:?}: {finding:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn has_view(layers: &[Layer]) -> bool {
    layers.contains(&Layer::View)
}

fn is_of_limits(layers: &[Layer]) -> bool {
    layers.iter().any(|layer| matches!(layer, Layer::Processes | Layer::Limit(_)))
}

#[test]
fn without_its_view_no_attempt_on_files_is_reported_as_enforced() {
    without_each(has_view);
}

#[test]
fn without_its_limits_no_attempt_on_resources_is_reported_as_enforced() {
    without_each(is_of_limits);
}

#[test]
fn without_its_layer_no_other_attempt_is_reported_as_enforced() {
    without_each(|layers| !has_view(layers) && !is_of_limits(layers));
}

#[test]
fn every_attempt_of_the_probe_has_a_layer_that_is_switched_off_or_a_reason() {
    let scratch = Scratch::new();
    let examination = examined(&scratch, &[]);
    for finding in &examination.findings {
        let shown = SHOWN.iter().any(|shown| shown.attempts.contains(&finding.name));
        let never = NEVER.iter().any(|(name, _reason)| *name == finding.name);
        assert!(shown != never, "{}", finding.name);
    }
}

#[test]
fn a_bystander_that_does_not_start_leaves_nothing_proved() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    // Then no process that keeps the host's network can be started.
    launcher.give_up_network().unwrap();
    let place = scratch.home.join("probe");
    std::fs::create_dir(&place).unwrap();
    let examination = moat_probe::examine(&launcher, &place, &BrokerPlan::default()).unwrap();
    for finding in &examination.findings {
        assert_eq!(finding.verdict, Verdict::ProvesNothing, "{finding:?}");
    }
    for effect in Effect::ALL {
        assert!(!examination.holds(effect), "{effect:?}");
    }
}

#[test]
fn a_look_at_a_workspace_leaves_it_as_it_is() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let place = scratch.home.join("probe");
    std::fs::create_dir(&place).unwrap();
    let look = moat_probe::look(&launcher, &scratch.project, &place);
    assert_eq!(look, moat_probe::Look::Overlay);
    assert_eq!(std::fs::read_dir(&scratch.project).unwrap().count(), 0);
    let refused = moat_probe::look(&launcher, &scratch.home, &place);
    assert!(matches!(refused, moat_probe::Look::Refused { .. }), "{refused:?}");
}
