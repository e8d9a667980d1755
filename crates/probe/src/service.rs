// SPDX-License-Identifier: Apache-2.0
//! How Moat's own processes are confined, tried where that can be done.
//!
//! Invariant: what is stated and not tried says so.

use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

use moat_base::{Fs as _, RealFs, Report};
use moat_sandbox::{Launcher, Service, ServiceConfinement, start_service};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{AddressFamily, SocketType};
use rustix::pipe::PipeFlags;
use serde::{Deserialize, Serialize};

use crate::attempt::Who;
use crate::judge::{Finding, Verdict, judge};
use crate::limits::{ATTEMPTS_WAIT_MAX, FACT_BYTES_MAX};
use crate::target::{Answer, Run, Target};
use crate::trial::{ATTEMPTS_WORD, WORD};

/// What the broker keeps of its rights to files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerPlan {
    /// What it may read.
    pub read: Vec<PathBuf>,
    /// Where it may write.
    pub write: Vec<PathBuf>,
}

/// One of Moat's own processes, and how it is confined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which process it is.
    pub name: &'static str,
    /// How it is known.
    pub basis: Basis,
    /// Whether it is confined.
    pub standing: Standing,
    /// What it is confined to.
    pub confined: &'static str,
    /// What was tried in its place.
    pub findings: Vec<Finding>,
}

/// How something is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Attempts were made in a process that is confined by the same code.
    Tried,
    /// It was looked at while it ran.
    Observed,
}

/// Whether a process of Moat's is confined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is.
    Enforced,
    /// It does not start on this machine, for this reason.
    DoesNotStart(String),
    /// It is not.
    NotEnforced(String),
}

/// This process, which has given up internet sockets.
pub(crate) fn this_process() -> Part {
    let made = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None);
    Part {
        name: "moat itself",
        basis: Basis::Tried,
        standing: match made {
            Err(_refused) => Standing::Enforced,
            Ok(_socket) => {
                Standing::NotEnforced("this process can make an internet socket".to_owned())
            }
        },
        confined: "no internet, packet or hypervisor sockets; your files, as you",
        findings: Vec::new(),
    }
}

/// The launcher, after it started a sandbox.
pub(crate) fn launcher(launcher: &Launcher) -> Part {
    let place = format!("/proc/{}", launcher.pid());
    let network = |process: &str| rustix::fs::readlink(format!("{process}/ns/net"), Vec::new());
    let apart = match (network(&place), network("/proc/self")) {
        (Ok(its), Ok(own)) => its != own,
        (_, _) => false,
    };
    let filtered = || {
        let status = RealFs.read(format!("{place}/status").as_ref(), FACT_BYTES_MAX);
        let status = status.unwrap_or_default();
        String::from_utf8_lossy(&status).lines().any(|line| line == "Seccomp:\t2")
    };
    Part {
        name: "the launcher",
        basis: Basis::Observed,
        standing: if apart || filtered() {
            Standing::Enforced
        } else {
            Standing::NotEnforced("it is in the network of this machine".to_owned())
        },
        confined: if apart { "an empty network of its own" } else { "no internet sockets" },
        findings: Vec::new(),
    }
}

/// The broker, tried in a process that was confined as it confines itself.
pub(crate) fn broker(target: &Target, outside: &Run, run: &Result<Run, String>) -> Part {
    let (standing, findings) = match run {
        Ok(run) => {
            let findings = judge(target, Who::Broker, outside, run);
            (stands(&findings), findings)
        }
        Err(reason) => (Standing::DoesNotStart(reason.clone()), Vec::new()),
    };
    Part {
        name: "the broker",
        basis: Basis::Tried,
        standing,
        confined: "its own files, no programs, no local sockets; it keeps the network",
        findings,
    }
}

/// The model server, tried in a service that is sealed as it is.
pub(crate) fn model_server(
    launcher: &Launcher,
    target: &Target,
    outside: &Run,
    arrived: impl FnOnce() -> io::Result<Vec<String>>,
) -> Part {
    let (standing, findings) = match sealed(launcher, target) {
        Ok(answers) => match arrived() {
            Ok(arrived) => {
                let run = Run { answers, arrived };
                let findings = judge(target, Who::ModelServer, outside, &run);
                (stands(&findings), findings)
            }
            Err(error) => (Standing::NotEnforced(error.to_string()), Vec::new()),
        },
        Err(reason) => (Standing::DoesNotStart(reason), Vec::new()),
    };
    Part {
        name: "the model server",
        basis: Basis::Tried,
        standing,
        confined: "no network; `/usr`, its program and the weights, read-only",
        findings,
    }
}

/// Whether everything that was tried was held, and something was.
fn stands(findings: &[Finding]) -> Standing {
    let open = findings
        .iter()
        .find(|finding| matches!(finding.verdict, Verdict::Through | Verdict::NotTried));
    match open {
        Some(finding) => Standing::NotEnforced(finding.attempt.clone()),
        None if findings.iter().any(|it| it.verdict == Verdict::Enforced) => Standing::Enforced,
        None => Standing::NotEnforced("nothing that was tried proves anything here".to_owned()),
    }
}

/// Makes the attempts in a sealed service.
fn sealed(launcher: &Launcher, target: &Target) -> Result<Vec<Answer>, String> {
    let words = |error: io::Error| error.to_string();
    let (output, log) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(|errno| errno.to_string())?;
    let who = serde_json::to_string(&Who::ModelServer).map_err(|error| error.to_string())?;
    let target = serde_json::to_string(target).map_err(|error| error.to_string())?;
    let program = launcher.settings().helper.clone();
    let service = Service {
        name: "the probe in the model server's place".to_owned(),
        argv: vec![program.into(), WORD.into(), ATTEMPTS_WORD.into(), who.into(), target.into()],
        environment: Vec::new(),
        confinement: ServiceConfinement::Sealed { read: Vec::new() },
        inherited: Vec::new(),
        log,
        nice: 0,
    };
    start_service(launcher, service)
        .map_err(|error| Report::of(&error).to_string().replace('\n', "; "))?;
    let said = to_the_end(output).map_err(words)?;
    Ok(said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Reads what a service says until it has ended.
fn to_the_end(output: OwnedFd) -> io::Result<String> {
    let seconds = i64::try_from(ATTEMPTS_WAIT_MAX.as_secs()).unwrap_or(i64::MAX);
    let wait = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    let mut output = std::fs::File::from(output);
    loop {
        let mut fds = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN)];
        let ready = rustix::io::retry_on_intr(|| rustix::event::poll(&mut fds, Some(&wait)))?;
        let read = if ready == 0 { 0 } else { output.read(&mut chunk)? };
        let length = bytes.len() as u64;
        if read == 0 || length > FACT_BYTES_MAX {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}
