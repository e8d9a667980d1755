// SPDX-License-Identifier: Apache-2.0
//! The user's own pip, run in the sandbox: its only network is the broker.
//!
//! Which hosts it may reach comes from the user's side: from the configuration of
//! their pip, and where that says nothing from pip itself, which is asked. They
//! are written to Moat's state, where the broker reads them; no list of package
//! registries stands in this program.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Depot as _, Links, RealDepot, random_hex};
use moat_inference::weights::{PackageClient, Wheel};
use moat_net::{
    Adoption, Attribution, Broker, Cancel, Purpose, RuleHost, RuleSet, Scheme, Url, Zone,
};
use moat_sandbox::{
    Collected, Command, Files, Interrupt, Launcher, Network, OutputSink, Plan, Sandbox, Stream,
    Variable, remove_files,
};

use crate::environment::Environment;

/// The name of the rule set under which pip's connections are judged and logged.
const RULE_SET: &str = "pip-packages";
/// The file in the state directory that names the hosts.
pub(crate) const HOSTS_FILE: &str = "package-hosts.json";
const HOSTS_BYTES_MAX: u64 = 64 * 1024;
const CONFIG_BYTES_MAX: u64 = 256 * 1024;
/// What pip says of itself: its index, and the host that its files lie on.
const ASK_PIP: &str = "from pip._internal.models.index import PyPI\n\
                       print(PyPI.simple_url)\n\
                       print('https://' + PyPI.file_storage_domain)\n";

/// Runs pip.
#[derive(Debug)]
pub(crate) struct Pip {
    environment: Environment,
    launcher: Arc<Launcher>,
    broker: Arc<Broker>,
}

impl Pip {
    /// Finds out what pip may reach and tells the broker's side.
    pub(crate) fn new(
        environment: &Environment,
        launcher: Arc<Launcher>,
        broker: Arc<Broker>,
    ) -> Result<Self, String> {
        let pip = Self { environment: environment.clone(), launcher, broker };
        let mut addresses = configured(environment);
        if addresses.is_empty() {
            addresses = pip.defaults()?;
        }
        let json = serde_json::to_vec(&addresses).map_err(|error| error.to_string())?;
        let path = environment.layout.state.join(HOSTS_FILE);
        environment.fs.replace(&path, &json).map_err(|error| error.to_string())?;
        Ok(pip)
    }

    /// Asks pip for its own defaults, without network.
    fn defaults(&self) -> Result<BTreeSet<String>, String> {
        let place = Place::make(&self.environment)?;
        let mut said = Collected::default();
        let argv = ["python3", "-c", ASK_PIP].map(OsString::from).to_vec();
        self.run(&place.0, Command::new(argv), &mut said)?;
        let text = String::from_utf8_lossy(&said.output).into_owned();
        let addresses: BTreeSet<String> =
            text.lines().filter(|line| Url::parse(line).is_ok()).map(str::to_owned).collect();
        if addresses.is_empty() {
            return Err("pip does not say which index it uses".into());
        }
        Ok(addresses)
    }

    fn run(&self, place: &Path, command: Command, sink: &mut dyn OutputSink) -> Result<(), String> {
        let fail = |error: moat_sandbox::Error| error.to_string();
        let plan = Plan::new(place, Files::Direct).map_err(fail)?;
        let sandbox = Sandbox::start(&self.launcher, &plan).map_err(fail)?;
        let interrupt = Interrupt::new().map_err(fail)?;
        let exit = sandbox.run(&command, sink, &interrupt).map_err(fail)?;
        if exit.success() { Ok(()) } else { Err(format!("pip ended with {:?}", exit.status)) }
    }
}

impl PackageClient for Pip {
    fn wheel(&self, requirement: &str, _cancel: &Cancel) -> Result<Wheel, String> {
        let place = Place::make(&self.environment)?;
        let words = [
            "python3",
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-cache-dir",
            "--no-input",
            "--disable-pip-version-check",
            "--quiet",
            "--dest",
            ".",
            requirement,
        ];
        let mut command = Command::new(words.map(OsString::from));
        command.network = Network::Listener;
        command.environment = self
            .environment
            .for_pip()
            .into_iter()
            .map(|(name, value)| Variable::Set(name, value))
            .collect();
        let mut sink = Served { broker: &self.broker, adoption: None, said: Collected::default() };
        let ran = self.run(&place.0, command, &mut sink);
        ran.map_err(|reason| {
            let said = String::from_utf8_lossy(&sink.said.error).into_owned();
            let last = said.lines().rev().find(|line| !line.trim().is_empty());
            format!("{reason}: {}", last.unwrap_or("it said nothing"))
        })?;
        let mut found = self.environment.fs.list(&place.0).map_err(|error| error.to_string())?;
        found.retain(|path| path.extension().is_some_and(|extension| extension == "whl"));
        let [path] = found.as_slice() else {
            return Err(format!("pip left {} wheels where one was expected", found.len()));
        };
        let body = RealDepot.open(path, Links::Refuse).map_err(|error| error.to_string())?;
        Ok(Wheel::new(body, move || drop(place)))
    }
}

/// Serves the sandbox's proxy through the broker while the command runs.
struct Served<'a> {
    broker: &'a Broker,
    adoption: Option<Adoption>,
    said: Collected,
}

impl OutputSink for Served<'_> {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        const KEPT_BYTES_MAX: usize = 64 * 1024;
        if self.said.output.len() + self.said.error.len() < KEPT_BYTES_MAX {
            self.said.output(stream, bytes);
        }
    }

    fn listener(&mut self, listener: TcpListener) {
        match self.broker.adopt(&listener, RULE_SET, Attribution::default()) {
            Ok(adoption) => self.adoption = Some(adoption),
            // Without a broker behind it the proxy answers nobody and pip says so.
            Err(error) => self.said.error.extend(error.to_string().into_bytes()),
        }
    }
}

/// An empty directory of the user's cache, removed at the end.
#[derive(Debug)]
struct Place(PathBuf);

impl Place {
    fn make(environment: &Environment) -> Result<Self, String> {
        let name = random_hex(8).map_err(|error| error.to_string())?;
        let path = environment.cache.join("packages").join(name);
        environment.fs.create_dir_all(&path).map_err(|error| error.to_string())?;
        path.canonicalize().map(Self).map_err(|error| error.to_string())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What stays behind in the cache is in nobody's way.
        let _left_behind = remove_files(&self.0);
    }
}

/// What the broker allows pip: the hosts that the user's side has named.
pub(crate) fn rule_set(environment: &Environment) -> Option<RuleSet> {
    let path = environment.layout.state.join(HOSTS_FILE);
    let bytes = environment.fs.read(&path, HOSTS_BYTES_MAX).ok()?;
    let addresses: BTreeSet<String> = serde_json::from_slice(&bytes).ok()?;
    let hosts = addresses.iter().filter_map(|address| {
        let url = Url::parse(address).ok()?;
        let zone = Zone::Network("packages".into());
        Some(RuleHost { scheme: url.scheme(), host: url.host().clone(), port: url.port(), zone })
    });
    let (name, purpose) = (RULE_SET.to_owned(), Purpose::PackageDownload);
    Some(RuleSet { name, purpose, hosts: hosts.collect() })
}

/// The indexes that the user's pip is configured with: its variables, then its files.
fn configured(environment: &Environment) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in environment.for_pip() {
        let is_index = name == "PIP_INDEX_URL" || name == "PIP_EXTRA_INDEX_URL";
        if let (true, Some(value)) = (is_index, value.to_str()) {
            found.extend(addresses(value));
        }
    }
    let home = &environment.layout.home;
    let files =
        [home.join(".config/pip/pip.conf"), home.join(".pip/pip.conf"), "/etc/pip.conf".into()];
    for file in files {
        let Ok(bytes) = environment.fs.read(&file, CONFIG_BYTES_MAX) else { continue };
        for line in String::from_utf8_lossy(&bytes).lines() {
            if let Some((key, value)) = line.split_once('=')
                && ["index-url", "extra-index-url"].contains(&key.trim())
            {
                found.extend(addresses(value));
            }
        }
    }
    found
}

fn addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    let usable = |url: &Url| matches!(url.scheme(), Scheme::Https | Scheme::Http);
    text.split_whitespace()
        .filter(move |word| Url::parse(word).is_ok_and(|url| usable(&url)))
        .map(str::to_owned)
}
