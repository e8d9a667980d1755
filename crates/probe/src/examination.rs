// SPDX-License-Identifier: Apache-2.0
//! The order of an examination: plant, make the controls, attack, judge.
//!
//! Invariant: what was planted lies in the scratch directory, and nowhere else.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use moat_base::{Fs as _, RealFs, random_hex};
use moat_sandbox::{
    Bound, Collected, Command, Confinement, Effect, Error, Files, Interrupt, Launcher, Layer,
    Limits, Plan, Sandbox, Settings, Status, Step,
};
use serde::Serialize;

use crate::attempt::{ATTEMPTS, TOGETHER, Who};
use crate::bystander::{self, Bystander};
use crate::judge::{Finding, Verdict, judge};
use crate::limits::{
    ATTEMPTS_WAIT_MAX, FILE_BYTES, MEMORY_BYTES, MEMORY_BYTES_ALL, OPEN_FILES, PROCESSES,
};
use crate::service::{self, BrokerPlan, Part};
use crate::target::{Answer, Outcome, Run, Side, Target};
use crate::trial::{ATTEMPTS_WORD, HOG_WORD, WORD};

/// What was found out about this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// What a sandbox enforces here.
    pub confinement: Confinement,
    /// What was tried inside, with its control.
    pub findings: Vec<Finding>,
    /// How Moat's own processes are confined.
    pub parts: Vec<Part>,
    /// Whether the kernel bounds memory and processes of all commands together, in a sentence.
    pub resources: String,
}

impl Examination {
    /// Whether the effect stands, and something that was tried proves it.
    #[must_use]
    pub fn holds(&self, effect: Effect) -> bool {
        let mut of_it = self.findings.iter().filter(|finding| finding.effect == effect);
        let proved = of_it.clone().any(|finding| finding.verdict == Verdict::Enforced);
        let open = of_it.any(|it| matches!(it.verdict, Verdict::Through | Verdict::NotTried));
        proved && !open && !self.confinement.lost().contains(&effect)
    }

    /// The findings that got through although the effect is said to stand.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        let lost = self.confinement.lost();
        let through = |finding: &&Finding| finding.verdict == Verdict::Through;
        let told = move |finding: &&Finding| lost.contains(&finding.effect);
        self.findings.iter().filter(through).filter(move |finding| !told(finding))
    }
}

/// Starts a sandbox over an empty directory below `scratch`, tries to get out of it, and
/// tries the same without it. The launcher must not have given up the network yet.
///
/// `scratch` is a new directory of Moat's own, on the file system of the sessions, that the
/// caller removes afterwards. `broker` is what the broker would keep.
///
/// # Errors
/// As [`Sandbox::start`]: a sandbox that does not start is the finding.
pub fn examine(
    launcher: &Launcher,
    scratch: &Path,
    broker: &BrokerPlan,
) -> Result<Examination, Error> {
    examine_without(launcher, scratch, broker, &[])
}

/// As [`examine`], with protections switched off. Only security tests call this.
///
/// # Errors
/// As [`examine`].
#[doc(hidden)]
pub fn examine_without(
    launcher: &Launcher,
    scratch: &Path,
    broker: &BrokerPlan,
    layers: &[Layer],
) -> Result<Examination, Error> {
    let examined = examine_in(launcher, scratch, broker, layers);
    // The caller removes the scratch directory, and knows nothing of a place in memory.
    let removed = moat_files::memory::remove(&scratch.join("upper"));
    let step = "clearing the probe away";
    removed.map_err(|source| Error::Start { step: step.to_owned(), source })?;
    examined
}

fn examine_in(
    launcher: &Launcher,
    scratch: &Path,
    broker: &BrokerPlan,
    layers: &[Layer],
) -> Result<Examination, Error> {
    let failed =
        |source: io::Error| Error::Start { step: "preparing the probe".to_owned(), source };
    let mut target = plant(launcher.settings(), scratch).map_err(failed)?;
    let (mut bystander, outside, as_broker) = match Bystander::start(launcher, &target, broker) {
        Ok((bystander, bystander::Standing { target: whole, outside, broker })) => {
            target = whole;
            (Some(bystander), outside, broker)
        }
        Err(reason) => (None, unmade(&reason), Err(reason)),
    };
    target.side = Side::Inside;
    let sandbox = sandbox(launcher, &target, scratch, layers)?;
    let program = program(launcher, &sandbox, layers);
    let mut inside = attack(&sandbox, &program, &target, layers)?;
    inside.answers.push(together(&sandbox, &program, layers)?);
    if target.tree.join(Side::Inside.name()).exists() {
        inside.arrived.push("write-workspace".to_owned());
    }
    let mut outside = outside;
    if target.tree.join(Side::Outside.name()).exists() {
        outside.arrived.push("write-workspace".to_owned());
    }
    let mut arrived = || bystander.as_mut().map_or(Ok(Vec::new()), Bystander::arrived);
    inside.arrived.extend(arrived().map_err(failed)?);
    let parts = vec![
        service::this_process(),
        service::launcher(launcher),
        service::broker(&target, &outside, &as_broker),
        service::model_server(launcher, &target, &outside, arrived),
    ];
    Ok(Examination {
        findings: judge(&target, Who::Command, &outside, &inside),
        parts,
        confinement: sandbox.confinement().clone(),
        resources: sandbox.resources().to_owned(),
    })
}

/// Controls that could not be made.
fn unmade(reason: &str) -> Run {
    let answers = ATTEMPTS.iter().map(|attempt| Answer {
        name: attempt.name.to_owned(),
        outcome: Outcome::NotTried { reason: reason.to_owned() },
    });
    Run { answers: answers.collect(), arrived: Vec::new() }
}

/// Puts things to reach beside the workspace, and finds what the user has of the kind.
fn plant(settings: &Settings, scratch: &Path) -> io::Result<Target> {
    let canary = format!("moat-{}", random_hex(16)?);
    let (place, tree) = (scratch.join("outside"), scratch.join("tree"));
    for directory in [&place, &tree, &scratch.join("upper"), &scratch.join("work")] {
        std::fs::create_dir_all(directory)?;
    }
    for (name, mode) in [("id_ed25519", 0o600), ("notes", 0o644), ("written", 0o600)] {
        let path = place.join(name);
        RealFs.replace(&path, canary.as_bytes())?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
    }
    let first = |names: &[&str]| {
        let paths = names.iter().map(|name| settings.home.join(name));
        paths.into_iter().find(|path| path.exists())
    };
    Ok(Target {
        side: Side::Outside,
        place,
        tree,
        canary,
        secret: first(SECRETS),
        start: first(STARTS),
        agent: agent(settings),
        process: 0,
        parent: 0,
        tcp: 0,
        udp: 0,
        segment: 0,
    })
}

/// A socket by which a program of the user's, or of the machine's, does things for others.
fn agent(settings: &Settings) -> Option<PathBuf> {
    let variable = |wanted: &str| {
        let (_name, value) = settings.environment.iter().find(|(name, _value)| name == wanted)?;
        Some(PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    let runtime = variable("XDG_RUNTIME_DIR");
    variable("SSH_AUTH_SOCK")
        .into_iter()
        .chain(runtime.iter().map(|place| place.join("bus")))
        .chain(AGENTS.iter().map(PathBuf::from))
        .find(|path| path.exists())
}

fn sandbox(
    launcher: &Launcher,
    target: &Target,
    scratch: &Path,
    layers: &[Layer],
) -> Result<Sandbox, Error> {
    let files = Files::CopyOnWrite {
        lowers: vec![target.tree.clone()],
        upper: scratch.join("upper"),
        work: scratch.join("work"),
    };
    let plan = Plan::new(&target.tree, files)?.of_probe();
    let plan = layers.iter().fold(plan, |plan, layer| plan.without_layer(*layer));
    let shown = match layers.contains(&Layer::View) {
        true => Vec::new(),
        false => vec![(launcher.settings().helper.clone(), PathBuf::from(INSIDE))],
    };
    Sandbox::start_with(launcher, &plan, &shown)
}

/// Where the program lies inside.
fn program(launcher: &Launcher, sandbox: &Sandbox, layers: &[Layer]) -> PathBuf {
    match sandbox.confinement().step {
        Step::Full | Step::Shared if !layers.contains(&Layer::View) => PathBuf::from(INSIDE),
        // Nothing can be shown at another place there.
        Step::Full | Step::Shared | Step::Rules => launcher.settings().helper.clone(),
    }
}

/// Makes the attempts in a command.
fn attack(
    sandbox: &Sandbox,
    program: &Path,
    target: &Target,
    layers: &[Layer],
) -> Result<Run, Error> {
    let unwritten = |_error| Error::Answer { reason: "the probe's target could not be written" };
    let who = serde_json::to_string(&Who::Command).map_err(unwritten)?;
    let target = serde_json::to_string(target).map_err(unwritten)?;
    let (status, said) = run(sandbox, program, &[ATTEMPTS_WORD, &who, &target], limits(layers))?;
    let answers = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    match status {
        Status::Code(0) => Ok(Run { answers, arrived: Vec::new() }),
        Status::Code(_)
        | Status::Signal(_)
        | Status::TimedOut
        | Status::Interrupted
        | Status::OutputLimit
        | Status::Limit(_) => Err(Error::Answer { reason: "the probe inside did not finish" }),
    }
}

/// Takes more memory together than the command may, in a command of its own.
fn together(sandbox: &Sandbox, program: &Path, layers: &[Layer]) -> Result<Answer, Error> {
    let mut limits = limits(layers);
    if !layers.contains(&Layer::Limit(DATA)) {
        limits.memory_bytes_all = MEMORY_BYTES_ALL;
    }
    let (status, said) = run(sandbox, program, &[HOG_WORD], limits)?;
    let outcome = match status {
        Status::Limit(Bound::Memory) => Outcome::Fails {
            code: String::new(),
            reason: "the command was ended at its bound".to_owned(),
        },
        Status::Code(_)
        | Status::Signal(_)
        | Status::TimedOut
        | Status::Interrupted
        | Status::OutputLimit
        | Status::Limit(_) => serde_json::from_str(said.trim())
            .unwrap_or_else(|_error| Outcome::NotTried { reason: format!("{status:?}") }),
    };
    Ok(Answer { name: TOGETHER.to_owned(), outcome })
}

fn limits(layers: &[Layer]) -> Limits {
    let usual = Limits::default();
    let bound = |place: u8, low: u64, usual: u64| match layers.contains(&Layer::Limit(place)) {
        true => usual,
        false => low,
    };
    Limits {
        wall: ATTEMPTS_WAIT_MAX,
        processes: PROCESSES,
        memory_bytes: bound(DATA, MEMORY_BYTES, usual.memory_bytes),
        open_files: OPEN_FILES,
        file_bytes: FILE_BYTES,
        ..usual
    }
}

fn run(
    sandbox: &Sandbox,
    program: &Path,
    words: &[&str],
    limits: Limits,
) -> Result<(Status, String), Error> {
    let argv = [program.as_os_str().to_owned(), OsString::from(WORD)];
    let mut command = Command::new(argv.into_iter().chain(words.iter().map(OsString::from)));
    command.limits = limits;
    let mut collected = Collected::default();
    let exit = sandbox.run(&command, &mut collected, &Interrupt::new()?)?;
    Ok((exit.status, String::from_utf8_lossy(&collected.output).into_owned()))
}

/// Where the binary lies inside while it probes.
const INSIDE: &str = "/run/moat-probe";

/// The place of the limit on memory among a sandbox's limits.
const DATA: u8 = 2;

/// Usual places of secrets below the home.
const SECRETS: &[&str] = &[
    ".ssh/id_ed25519",
    ".ssh/id_rsa",
    ".ssh/id_ecdsa",
    ".aws/credentials",
    ".config/gcloud/credentials.db",
    ".azure/msal_token_cache.json",
    ".config/gh/hosts.yml",
    ".git-credentials",
    ".netrc",
    ".docker/config.json",
    ".kube/config",
    ".npmrc",
    ".pypirc",
    ".gnupg/pubring.kbx",
    ".mozilla/firefox/profiles.ini",
    ".bash_history",
    ".zsh_history",
];

/// Files below the home that programs run at their start.
const STARTS: &[&str] =
    &[".bashrc", ".profile", ".bash_profile", ".zshrc", ".zshenv", ".config/fish/config.fish"];

/// Sockets of the machine's.
const AGENTS: &[&str] =
    &["/run/docker.sock", "/run/podman/podman.sock", "/run/dbus/system_bus_socket"];
