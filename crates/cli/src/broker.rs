// SPDX-License-Identifier: Apache-2.0
//! The egress broker's process: how it is started, and what it may reach.
//!
//! The broker reads the user's configuration and the administrator's requirements itself,
//! again whenever they changed, and no workspace's settings: no client and no workspace can
//! widen what it allows.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use moat_base::{Depot as _, RealDepot, Secret};
use moat_config::{ModelServer, Settings as Config, SystemOwnership, read_key};
use moat_inference::weights::{Reach, endpoints};
use moat_net::{
    Broker, BrokerSettings, Credential, EgressPolicy, Endpoint, Error, Method, PolicyError,
    PolicySource, Purpose, Roots, Stop, Url, Zone, serve,
};
use moat_sandbox::{
    Launcher, SelfPlan, Service, ServiceConfinement, Sockets, confine_self, inherited_listener,
    start_service,
};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::models::sources;
use crate::pip::{hosts_directory, hosts_file, rule_set};
use crate::terminal::complain;

/// The hidden verb that makes this program the broker.
const WORD: &str = "broker";
/// Files of the system that name resolution and TLS need.
const SYSTEM_FILES: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/moat",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/run/systemd/resolve",
];

/// Connects to the user's broker, starting it when there is none.
pub(crate) fn ensure(
    environment: &Environment,
    launcher: &Launcher,
) -> Result<Arc<Broker>, Failure> {
    let socket = environment.layout.runtime.join("broker.sock");
    if let Ok(broker) = Broker::connect(&socket) {
        return Ok(Arc::new(broker));
    }
    let runtime = &environment.layout.runtime;
    let failed = |error: &dyn std::error::Error| {
        Failure::environment(
            "could not start the broker",
            "look at `broker.log` in the runtime directory, and at `moat doctor`",
        )
        .because(error)
    };
    environment.fs.create_dir_all(runtime).map_err(|error| failed(&error))?;
    let lock = RealDepot.lock(&runtime.join("broker.lock"));
    match lock {
        Ok(_held) => {
            // Somebody may have started it while this looked.
            if Broker::connect(&socket).is_err() {
                start(environment, launcher, &socket)?;
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
        Err(error) => return Err(failed(&error)),
    }
    Broker::connect(&socket).map(Arc::new).map_err(|error| Failure::of(Exit::Environment, &error))
}

fn start(
    environment: &Environment,
    launcher: &Launcher,
    socket: &std::path::Path,
) -> Result<(), Failure> {
    let listener =
        moat_net::bind(socket).map_err(|error| Failure::of(Exit::Environment, &error))?;
    let log = environment.open_log("broker.log")?;
    let service = Service {
        name: "broker".into(),
        argv: vec![environment.own_program()?.into_os_string(), WORD.into()],
        environment: environment.for_broker(),
        confinement: ServiceConfinement::Own,
        inherited: vec![listener.into()],
        log,
        nice: 0,
    };
    start_service(launcher, service)
        .map(|_process| ())
        .map_err(|error| Failure::of(Exit::Environment, &error))
}

/// The broker's own main: takes its listener, confines itself, serves.
pub(crate) fn run(environment: &Environment) -> Result<(), Failure> {
    let listener = inherited_listener().map_err(|error| {
        Failure::usage("the broker is started by Moat itself", "run another command")
            .because(&error)
    })?;
    let config = environment.config(&[])?;
    let log = environment.layout.crossing_log();
    let directory = |error: &std::io::Error| {
        Failure::environment(
            "could not make the broker's directories",
            "look at the state directory",
        )
        .because(error)
    };
    // What is read later must be there when the process is confined.
    for path in [&log, &hosts_directory(environment), &environment.layout.config] {
        environment.fs.create_dir_all(path).map_err(|error| directory(&error))?;
    }
    confine_self(&own_plan(environment, Some(&config)))
        .map_err(|error| Failure::of(Exit::Environment, &error))?;
    let mut settings = BrokerSettings::new(log);
    settings.roots = Roots::PlatformAnd(extra_authorities(environment, &config)?);
    // It is closed to its own user's look, so its log says which process it is.
    complain(&format!("broker: process {}", std::process::id()));
    let stop = Stop::at_sigterm().map_err(|error| directory(&error))?;
    let policy = policy_source(environment.clone());
    serve(settings, &listener, policy, &stop)
        .map(|_ended| ())
        .map_err(|error: Error| Failure::of(Exit::Environment, &error))
}

/// What the broker keeps of its rights; without a configuration it names no file.
pub(crate) fn own_plan(environment: &Environment, config: Option<&Config>) -> SelfPlan {
    let mut read: Vec<PathBuf> = SYSTEM_FILES.iter().map(PathBuf::from).collect();
    read.push(environment.layout.config.clone());
    read.push(hosts_directory(environment));
    read.extend(environment.certificate_files());
    if let Some(config) = config {
        read.extend(config.models.values().filter_map(|server| server.value.key_file.clone()));
        read.extend(config.network.extra_ca.iter().map(|file| file.value.clone()));
    }
    let write = vec![environment.layout.crossing_log()];
    SelfPlan { read, write, sockets: Sockets::Inet }
}

fn extra_authorities(environment: &Environment, config: &Config) -> Result<Vec<Vec<u8>>, Failure> {
    const PEM_BYTES_MAX: u64 = 4 * 1024 * 1024;
    let Some(file) = &config.network.extra_ca else { return Ok(Vec::new()) };
    let read = environment.fs.read(&file.value, PEM_BYTES_MAX).map_err(|error| {
        Failure::usage(
            format!("could not read the authorities in `{}`", file.value.display()),
            "name a PEM file in `network.extra_ca`",
        )
        .because(&error)
    })?;
    Ok(vec![read])
}

/// Reads the policy from the user's configuration whenever one of its files changed.
fn policy_source(environment: Environment) -> PolicySource {
    type Read = ([Option<SystemTime>; 3], Result<Arc<EgressPolicy>, PolicyError>);
    let last: Mutex<Option<Read>> = Mutex::new(None);
    Box::new(move || {
        let files = [
            environment.layout.config.join(moat_config::USER_FILE_NAME),
            moat_config::REQUIREMENTS_PATH.into(),
            hosts_file(&environment),
        ];
        let changed = files.map(|file| file.metadata().and_then(|file| file.modified()).ok());
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((seen, policy)) if *seen == changed => policy.clone(),
            _ => {
                let policy = policy(&environment).map(Arc::new);
                *last = Some((changed, policy.clone()));
                policy
            }
        }
    })
}

/// The policy: the servers of the configuration, and where weights come from.
pub(crate) fn policy(environment: &Environment) -> Result<EgressPolicy, PolicyError> {
    let refuse = |reason: String| PolicyError { reason };
    let config = environment
        .config(&[])
        .map_err(|failure| refuse(format!("the configuration: {}", failure.report.error)))?;
    let mut policy = EgressPolicy::default();
    for (name, server) in &config.models {
        policy.endpoints.push(endpoint(environment, name, &server.value).map_err(refuse)?);
    }
    let sources = endpoints(&sources(&config, Reach::Online));
    policy.endpoints.extend(sources.map_err(|error| refuse(error.to_string()))?);
    let packages = zone(&config.weights.packages_zone.value);
    policy.rule_sets.extend(rule_set(environment, &packages));
    Ok(policy)
}

fn endpoint(
    environment: &Environment,
    name: &str,
    server: &ModelServer,
) -> Result<Endpoint, String> {
    let base = Url::parse(&server.url).map_err(|error| format!("models.{name}.url: {error}"))?;
    let credential = match &server.key_file {
        None => None,
        Some(file) => {
            let key = read_key(environment.fs.as_ref(), &SystemOwnership, file)
                .map_err(|error| format!("models.{name}.key_file: {error}"))?;
            Some(Credential::Bearer(Secret::new(key.expose().clone())))
        }
    };
    Ok(Endpoint {
        name: name.to_owned(),
        purpose: Purpose::ModelRequest,
        base,
        methods: vec![Method::Post, Method::Get],
        zone: zone(&server.zone),
        credential,
        redirects: Vec::new(),
    })
}

/// The zone of a text that the configuration checked already.
fn zone(text: &str) -> Zone {
    match text.split_once(':') {
        Some(("network", name)) => Zone::Network(name.to_owned()),
        Some((_, name)) => Zone::External(name.to_owned()),
        None => Zone::Host,
    }
}
