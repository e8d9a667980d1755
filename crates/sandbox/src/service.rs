// SPDX-License-Identifier: Apache-2.0
//! Long-lived processes of Moat itself: the broker and the model server.
//!
//! A service is shared by sessions, so it does not die with the one that started it.
//!
//! Invariant: a service gets exactly the descriptors and variables that are named.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::{Error, Launcher};

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
    /// The program (an absolute path) and its arguments. `{fd:N}` in an argument
    /// stays as it is: the descriptors' numbers are 3 and on, in the order of `inherited`.
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
/// # Errors
/// [`Error::Service`] when it could not be started or confined.
pub fn start_service(launcher: &Launcher, service: Service) -> Result<ServiceProcess, Error> {
    let _ = launcher;
    Err(Error::Service {
        name: service.name,
        step: "not built yet".to_owned(),
        source: std::io::ErrorKind::Unsupported.into(),
    })
}
