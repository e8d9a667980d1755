// SPDX-License-Identifier: Apache-2.0
//! Long-lived processes of Moat itself: the broker and the model server.
//!
//! A service is shared by sessions, so it does not die with the one that started it.
//!
//! Invariant: a service gets exactly the descriptors and variables that are named.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use crate::wire::{self, Answer, HolderPlan, ServicePlan, ToLauncher};
use crate::{Error, Launcher, launcher, view};

/// How a service is confined from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceConfinement {
    /// Not at all: it keeps the host's network and confines itself ([`crate::confine_self`]).
    Own,
    /// Its own namespaces without network, `/usr` and its own program read-only,
    /// and nothing else but `read`.
    Sealed {
        /// Files and directories that it may read, at their own paths.
        read: Vec<PathBuf>,
    },
}

/// A service to start.
#[derive(Debug)]
pub struct Service {
    /// Its name in errors.
    pub name: String,
    /// The program (an absolute path) and its arguments.
    pub argv: Vec<OsString>,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// How it is confined.
    pub confinement: ServiceConfinement,
    /// Descriptors that it gets as 3, 4, 5 and so on.
    pub inherited: Vec<OwnedFd>,
    /// Takes its standard output and error.
    pub log: OwnedFd,
    /// Added to its niceness, 0 to 19.
    pub nice: i32,
}

/// A started service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceProcess {
    /// The process id on the host.
    pub pid: i32,
}

/// Starts a service, detached from this process and its terminal.
///
/// It does not die with this process, its launcher or its session; it ends itself.
///
/// # Errors
/// [`Error::Service`] when it could not be started or confined.
pub fn start_service(launcher: &Launcher, service: Service) -> Result<ServiceProcess, Error> {
    let Service { name, argv, environment, confinement, inherited, log, nice } = service;
    let failed = |step: &str, source: io::Error| Error::Service {
        name: name.clone(),
        step: step.to_owned(),
        source,
    };
    let program = argv.first().map(PathBuf::from).unwrap_or_default();
    if !program.is_absolute() {
        let source = io::ErrorKind::InvalidInput.into();
        return Err(failed("finding its program by an absolute path", source));
    }
    let environment: Vec<OsString> = environment
        .into_iter()
        .map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            name
        })
        .collect();
    let ask = |view: Option<HolderPlan>| {
        let plan = ServicePlan { argv: argv.clone(), environment: environment.clone(), view, nice };
        serve(launcher, &plan, &log, &inherited).map_err(|refusal| match refusal {
            Refusal::Step(step, source) => failed(&step, source),
            Refusal::Error(error) => error,
        })
    };
    match &confinement {
        ServiceConfinement::Own => ask(None),
        ServiceConfinement::Sealed { read } => {
            launcher.on_footing(|footing| ask(Some(view::compile_service(&program, read, footing))))
        }
    }
}

enum Refusal {
    Step(String, io::Error),
    Error(Error),
}

fn serve(
    launcher: &Launcher,
    plan: &ServicePlan,
    log: &OwnedFd,
    inherited: &[OwnedFd],
) -> Result<ServiceProcess, Refusal> {
    let step = |step: &str| {
        let step = step.to_owned();
        move |error| Refusal::Step(step, error)
    };
    let body = wire::body(plan).map_err(step("sealing its plan"))?;
    let (here, there) = wire::pair().map_err(step("making its socket"))?;
    let mut fds = vec![body.as_fd(), there.as_fd(), log.as_fd()];
    fds.extend(inherited.iter().map(AsFd::as_fd));
    launcher.ask(&ToLauncher::Serve, &fds).map_err(Refusal::Error)?;
    drop(there);
    match launcher::answer(&here).map_err(Refusal::Error)?.message {
        Answer::Serving { pid } => Ok(ServiceProcess { pid }),
        Answer::Failed(fault) => {
            Err(Refusal::Step(fault.step, io::Error::from_raw_os_error(fault.errno)))
        }
        Answer::Ready { .. }
        | Answer::Surveyed { .. }
        | Answer::Spare { .. }
        | Answer::NoSpare
        | Answer::Listener
        | Answer::Exited { .. }
        | Answer::Done { .. } => {
            Err(Refusal::Error(Error::Answer { reason: "the service did not say that it runs" }))
        }
    }
}
