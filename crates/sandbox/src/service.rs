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

use crate::wire::{self, Answer, ServicePlan, ToLauncher};
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
    let view = match &confinement {
        ServiceConfinement::Own => None,
        ServiceConfinement::Sealed { read } => Some(view::compile_service(&program, read)),
    };
    let plan = ServicePlan {
        argv,
        environment: environment
            .into_iter()
            .map(|(mut name, value)| {
                name.push("=");
                name.push(value);
                name
            })
            .collect(),
        view,
        nice,
    };
    let body = wire::body(&plan).map_err(|error| failed("sealing its plan", error))?;
    let (here, there) = wire::pair().map_err(|error| failed("making its socket", error))?;
    let mut fds = vec![body.as_fd(), there.as_fd(), log.as_fd()];
    fds.extend(inherited.iter().map(AsFd::as_fd));
    launcher.ask(&ToLauncher::Serve, &fds)?;
    drop(there);
    match launcher::answer(&here)?.message {
        Answer::Serving { pid } => Ok(ServiceProcess { pid }),
        Answer::Failed(fault) => {
            Err(failed(&fault.step, io::Error::from_raw_os_error(fault.errno)))
        }
        Answer::Ready { .. } | Answer::Listener | Answer::Exited { .. } | Answer::Done { .. } => {
            Err(Error::Answer { reason: "the service did not say that it runs" })
        }
    }
}
