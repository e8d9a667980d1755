// SPDX-License-Identifier: Apache-2.0
//! The user's pip, run in Moat's sandbox, as a [`PackageClient`].
//!
//! pip itself is asked for its index and its file host, so that no registry is
//! named in this code and a user's own index is honoured. It runs with
//! `--no-deps` and `--only-binary`, so nothing of a package is executed, and its
//! only way out is a listener that the broker serves with the rule set of exactly
//! these hosts. TLS is between pip and the host; the broker sees names only.
//!
//! Invariant: pip reads no file of the user but its configuration, and what it
//! leaves is removed before the next call.
//! Source: pip documentation, "Configuration" and `pip download`.

mod hosts;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use moat_base::{Links, clip, visible};
use moat_net::{Adoption, Attribution, Broker, Cancel};
use moat_sandbox::{
    Command, Exit, Files, Interrupt, Launcher, Network, OutputSink, Plan, Sandbox, Stream, Variable,
};

use super::limits::{MESSAGE_BYTES_MAX, PIP_OUTPUT_BYTES_MAX, PIP_TIME_MAX, REGISTRY_BYTES_MAX};
use super::package::{PackageClient, Wheel};
use super::store::Doors;

pub use hosts::PackageHosts;

/// The name of the rule set that the broker serves pip with.
pub const RULE_SET: &str = "pip";

/// How the user's pip is run; `moat-cli` fills it.
#[derive(Clone, Debug)]
pub struct PipSettings {
    /// The user's Python, for example `python3`.
    pub python: OsString,
    /// The user's `PIP_*` variables.
    pub environment: BTreeMap<OsString, OsString>,
    /// The user's own configuration file of pip, when there is one.
    pub config_file: Option<PathBuf>,
    /// An empty directory of Moat's for this purpose alone, outside of what
    /// sandboxes must not see, on a disk with room for one wheel.
    pub work: PathBuf,
}

/// pip in a sandbox.
#[derive(Debug)]
pub struct Pip {
    settings: PipSettings,
    sandbox: Sandbox,
    interrupt: Interrupt,
    doors: Doors,
    broker: Option<Arc<Broker>>,
}

impl Pip {
    /// Starts the sandbox. Without a broker only [`Pip::hosts`] works.
    ///
    /// # Errors
    /// Why it does not start, in words for the reader.
    pub fn start(
        launcher: &Launcher,
        settings: PipSettings,
        doors: Doors,
        interrupt: Interrupt,
    ) -> Result<Self, String> {
        let told = |step: &str, error: &dyn std::fmt::Display| format!("{step}: {error}");
        doors.fs.create_dir_all(&settings.work).map_err(|e| told("its directory", &e))?;
        if let Some(file) = &settings.config_file {
            let copied = doors
                .fs
                .read(file, REGISTRY_BYTES_MAX)
                .and_then(|bytes| doors.fs.replace(&settings.work.join(CONFIG), &bytes));
            copied.map_err(|e| told("its configuration", &e))?;
        }
        let plan = Plan::new(&settings.work, Files::Direct).map_err(|e| told("its sandbox", &e))?;
        let sandbox = Sandbox::start(launcher, &plan).map_err(|e| told("its sandbox", &e))?;
        Ok(Self { settings, sandbox, interrupt, doors, broker: None })
    }

    /// Lets it reach the hosts of the broker's rule set [`RULE_SET`].
    #[must_use]
    pub fn through(mut self, broker: Arc<Broker>) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Asks pip where it would get packages from; no network is used.
    ///
    /// # Errors
    /// Why that is not known, in words for the reader.
    pub fn hosts(&self) -> Result<PackageHosts, String> {
        let mut sink = Sink::default();
        let argv = [self.settings.python.clone(), "-c".into(), PROBE.into()];
        self.run(argv.into_iter().collect(), Network::None, &mut sink)?;
        PackageHosts::from_probe(&sink.output)
    }

    fn run(
        &self,
        argv: Vec<OsString>,
        network: Network,
        sink: &mut Sink<'_>,
    ) -> Result<(), String> {
        let mut command = Command::new(argv);
        command.network = network;
        command.limits.wall = PIP_TIME_MAX;
        command.limits.output_bytes = PIP_OUTPUT_BYTES_MAX;
        let variables = self.settings.environment.iter();
        command.environment = variables
            .filter(|(name, _)| {
                name.to_str().is_some_and(|name| name.starts_with("PIP_") && name != "PIP_PROXY")
            })
            .map(|(name, value)| Variable::Set(name.clone(), value.clone()))
            .collect();
        if self.settings.config_file.is_some() {
            let path = self.settings.work.join(CONFIG).into_os_string();
            command.environment.push(Variable::Set("PIP_CONFIG_FILE".into(), path));
        }
        if network == Network::Listener {
            command.environment.push(Variable::Unset("PIP_NO_INDEX".into()));
        }
        let exit = self
            .sandbox
            .run(&command, sink, &self.interrupt)
            .map_err(|error| format!("pip could not be run: {error}"))?;
        if let Some(error) = sink.refused.take() {
            return Err(error);
        }
        outcome(&exit, &sink.error)
    }

    /// Removes everything in the working directory but the configuration.
    fn clear(&self) -> Result<(), String> {
        for path in self.doors.fs.list(&self.settings.work).map_err(|e| e.to_string())? {
            if !path.ends_with(CONFIG) {
                self.doors.fs.remove(&path).map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }
}

impl PackageClient for Pip {
    fn wheel(&self, requirement: &str, cancel: &Cancel) -> Result<Wheel, String> {
        let Some(broker) = &self.broker else {
            return Err("there is no broker to download through".to_owned());
        };
        if cancel.is_cancelled() {
            return Err("the transfer was cancelled".to_owned());
        }
        self.clear()?;
        let mut argv = vec![self.settings.python.clone()];
        argv.extend(DOWNLOAD.iter().map(OsString::from));
        argv.push(requirement.into());
        let mut sink = Sink { broker: Some(broker), ..Sink::default() };
        self.run(argv, Network::Listener, &mut sink)?;
        drop(sink);
        let paths = self.doors.fs.list(&self.settings.work).map_err(|e| e.to_string())?;
        let is_wheel = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "whl");
        let path = paths.into_iter().find(is_wheel).ok_or("pip brought no wheel")?;
        let body = self
            .doors
            .depot
            .open(&path, Links::Refuse)
            .map_err(|error| format!("its wheel: {error}"))?;
        let fs = Arc::clone(&self.doors.fs);
        Ok(Wheel::new(body, move || {
            // What cannot be removed now is tried again before the next call.
            let _later = fs.remove(&path);
        }))
    }
}

impl Drop for Pip {
    fn drop(&mut self) {
        // The configuration may hold a password of the user's index.
        let _gone = self.doors.fs.remove(&self.settings.work.join(CONFIG));
        let _gone = self.clear();
    }
}

/// Collects what pip says, and hands its listener to the broker.
#[derive(Default)]
struct Sink<'a> {
    broker: Option<&'a Arc<Broker>>,
    adoption: Option<Adoption>,
    refused: Option<String>,
    output: Vec<u8>,
    error: Vec<u8>,
}

impl OutputSink for Sink<'_> {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Output => self.output.extend_from_slice(bytes),
            Stream::Error => self.error.extend_from_slice(bytes),
        }
    }

    fn listener(&mut self, listener: TcpListener) {
        let Some(broker) = self.broker else { return };
        match broker.adopt(&listener, RULE_SET, Attribution::default()) {
            Ok(adoption) => self.adoption = Some(adoption),
            Err(error) => self.refused = Some(format!("the broker refused: {error}")),
        }
    }
}

fn outcome(exit: &Exit, error: &[u8]) -> Result<(), String> {
    if exit.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(error);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(format!("pip failed ({:?}): {}", exit.status, clip(&visible(last), MESSAGE_BYTES_MAX)))
}

const CONFIG: &str = "pip.conf";

const DOWNLOAD: [&str; 12] = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--only-binary=:all:",
    "--no-cache-dir",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
    "--retries=1",
    "--dest=.",
    "--",
];

/// Prints what pip knows of its index, its file host and its configuration.
const PROBE: &str = "
import json
from pip._internal.configuration import Configuration
from pip._internal.models.index import PyPI
configuration = Configuration(isolated=False)
configuration.load()
settings = {}
for key, value in configuration.items():
    settings.update(value if isinstance(value, dict) else {key: value})
print(json.dumps({'index': PyPI.simple_url, 'files': PyPI.file_storage_domain, 'settings': settings}))
";

#[cfg(test)]
mod tests {
    use moat_sandbox::{Status, Usage};

    use super::*;

    #[test]
    fn a_failure_shows_pips_last_line_made_safe() {
        let exit = |status| Exit { status, usage: Usage::default(), output_bytes_dropped: 0 };
        assert_eq!(outcome(&exit(Status::Code(0)), b"warning"), Ok(()));
        let error = b"ERROR: x\nERROR: No matching distribution \x1b[31m\n\n";
        let told = outcome(&exit(Status::Code(1)), error).unwrap_err();
        assert_eq!(told, "pip failed (Code(1)): ERROR: No matching distribution <U+001B>[31m");
    }
}
