// SPDX-License-Identifier: Apache-2.0
//! A process outside of the sandbox: what the attempts are aimed at, and who makes the controls.
//!
//! It is started as a service before the network is given up, has what a program of the
//! user's has, and holds sockets, a segment and a variable that the attempts look for. What
//! reaches it is seen from its side, which says more than the attacker's error.
//!
//! Invariant: when the controls are made it gives up network sockets, and it ends when the
//! probe does.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use moat_base::Report;
use moat_sandbox::{
    Error, Launcher, SelfPlan, Service, ServiceConfinement, Sockets, attempt, confine_self,
    give_up_inet, inherited_stream, start_service,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::attempt::{Open, Who};
use crate::limits::ATTEMPTS_WAIT_MAX;
use crate::service::BrokerPlan;
use crate::target::{Answer, Run, Target};
use crate::trial::{self, BYSTANDER_WORD, WORD};

/// What it is asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Errand {
    target: Target,
    broker: BrokerPlan,
}

/// What it says when it stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The target with what is the bystander's own.
    pub(crate) target: Target,
    pub(crate) outside: Run,
    /// What was tried as the broker, or why nothing could be.
    pub(crate) broker: Result<Run, String>,
}

/// A running bystander, as its owner has it.
#[derive(Debug)]
pub(crate) struct Bystander {
    stream: BufReader<UnixStream>,
}

impl Bystander {
    /// Starts it, and waits until it has made the controls.
    pub(crate) fn start(
        launcher: &Launcher,
        target: &Target,
        broker: &BrokerPlan,
    ) -> Result<(Self, Standing), String> {
        let words = |error: io::Error| error.to_string();
        let (here, there) = UnixStream::pair().map_err(words)?;
        let log = rustix::fs::open(
            "/dev/null",
            rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        );
        let service = Service {
            name: "the probe's bystander".to_owned(),
            argv: vec![
                launcher.settings().helper.clone().into(),
                WORD.into(),
                BYSTANDER_WORD.into(),
            ],
            environment: vec![("MOAT_CANARY".into(), target.canary.clone().into())],
            confinement: ServiceConfinement::Own,
            inherited: vec![OwnedFd::from(there)],
            log: log.map_err(|errno| errno.to_string())?,
            nice: 0,
        };
        start_service(launcher, service)
            .map_err(|error: Error| Report::of(&error).to_string().replace('\n', "; "))?;
        here.set_read_timeout(Some(ATTEMPTS_WAIT_MAX)).map_err(words)?;
        let mut bystander = Self { stream: BufReader::new(here) };
        let errand = Errand { target: target.clone(), broker: broker.clone() };
        tell(bystander.stream.get_mut(), &errand).map_err(words)?;
        let standing = hear(&mut bystander.stream).map_err(words)?;
        Ok((bystander, standing))
    }

    /// What has arrived there since the last time.
    pub(crate) fn arrived(&mut self) -> io::Result<Vec<String>> {
        tell(self.stream.get_mut(), &())?;
        hear(&mut self.stream)
    }
}

fn tell(stream: &mut UnixStream, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    stream.write_all(&line)
}

fn hear<T: DeserializeOwned>(stream: &mut BufReader<UnixStream>) -> io::Result<T> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&line)?)
}

/// The bystander's own `main`.
pub(crate) fn main() -> io::Result<()> {
    let mut stream = BufReader::new(inherited_stream()?);
    let Errand { mut target, broker } = hear(&mut stream)?;
    attempt::hold_signal()?;
    let (open, [tcp, udp]) = Open::new(&target)?;
    target.process = rustix::process::getpid().as_raw_pid();
    target.segment = attempt::segment(&target.canary)?;
    (target.tcp, target.udp) = (tcp, udp);
    let arrived = || {
        let mut arrived = open.arrived();
        if attempt::signal_waits() {
            arrived.push("signal-process".to_owned());
        }
        arrived
    };
    let answers = apart(&target, Who::Anybody, || Ok(()))?;
    let outside = Run { answers, arrived: arrived() };
    let answers = apart(&target, Who::Broker, || confine(&broker));
    let broker = answers
        .map(|answers| Run { answers, arrived: arrived() })
        .map_err(|error| error.to_string());
    give_up_inet().map_err(|error| io::Error::other(error.to_string()))?;
    tell(stream.get_mut(), &Standing { target, outside, broker })?;
    // The owner has no more questions when this fails.
    while let Ok(()) = hear(&mut stream) {
        tell(stream.get_mut(), &arrived())?;
    }
    Ok(())
}

/// Makes the attempts of `who` in a process of their own, which `prepare` confines first.
fn apart(
    target: &Target,
    who: Who,
    prepare: impl FnOnce() -> Result<(), String>,
) -> io::Result<Vec<Answer>> {
    let told = attempt::apart(ATTEMPTS_WAIT_MAX, || {
        let made = prepare().and_then(|()| {
            let mut target = target.clone();
            target.parent = trial::parent();
            let mut answers = Vec::new();
            trial::make(&target, who, |answer| {
                answers.push(answer);
                Ok(())
            })
            .map(|()| answers)
            .map_err(|error| error.to_string())
        });
        serde_json::to_vec(&made).unwrap_or_default()
    })?;
    let made: Result<Vec<Answer>, String> = serde_json::from_slice(&told)?;
    made.map_err(io::Error::other)
}

/// Confines this process as the broker confines itself.
fn confine(plan: &BrokerPlan) -> Result<(), String> {
    let plan =
        SelfPlan { read: plan.read.clone(), write: plan.write.clone(), sockets: Sockets::Inet };
    confine_self(&plan).map_err(|error| Report::of(&error).to_string().replace('\n', "; "))
}
