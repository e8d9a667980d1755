// SPDX-License-Identifier: Apache-2.0
//! The processes that a command begins with, in the only order that works: the
//! launcher, the broker if one may be wanted, and then nobody else gets a network.
//!
//! Invariant: after [`Started::begin`] the broker alone can make a network socket, and before it
//! no byte of a workspace is read.

use std::path::Path;
use std::sync::Arc;

use moat_base::Report;
use moat_config::{LeastConfinement, Loaded, Provenance, Settings as Config};
use moat_net::Broker;
use moat_sandbox::{Files, Launcher, Plan, Sandbox, Step};

use crate::broker;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::workspace_settings;

/// Whether a command may have to reach the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Egress {
    /// It cannot: no broker is started.
    None,
    /// Through the broker.
    Broker,
}

impl Egress {
    /// What a session wants: a broker as soon as the configuration names any server,
    /// because each turn may choose another model.
    pub(crate) fn of_session(config: &Config) -> Self {
        if config.models.is_empty() { Self::None } else { Self::Broker }
    }
}

/// The processes that a command of Moat begins with.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) launcher: Arc<Launcher>,
    least: Step,
    broker: Result<Arc<Broker>, Report>,
}

impl Started {
    /// Starts them, and takes the network away from the launcher and this process.
    /// That no broker could be started is told only to who asks for it.
    pub(crate) fn begin(
        environment: &Environment,
        egress: Egress,
        least: Step,
    ) -> Result<Self, Failure> {
        let launcher = environment.launcher(least)?;
        let broker = match egress {
            Egress::None => Err(not_started()),
            Egress::Broker => {
                broker::ensure(environment, &launcher).map_err(|failure| failure.report)
            }
        };
        environment.give_up_network(&launcher)?;
        Ok(Self { launcher, least, broker })
    }

    /// The configuration that holds in a workspace, whose own settings are read now that this
    /// process can make no network socket. What they do is told on standard error.
    pub(crate) fn tightened(&self, loaded: &Loaded, workspace: &Path) -> Result<Config, Failure> {
        let holds = workspace_settings::tightened(loaded, workspace);
        workspace_settings::tell(&holds);
        let least = least(&holds.settings);
        if least == Step::Full && self.least != Step::Full {
            self.require_full(workspace, &holds.settings.least.provenance)?;
        }
        Ok(holds.settings)
    }

    /// The launcher was started for less: what it gives is looked at.
    fn require_full(&self, workspace: &Path, provenance: &Provenance) -> Result<(), Failure> {
        let hint = "`moat doctor` says what is missing here";
        let wanted = format!("`sandbox.least` is full ({provenance})");
        let plan = Plan::new(workspace, Files::ReadOnly);
        let sandbox = plan.and_then(|plan| Sandbox::start(&self.launcher, &plan));
        let sandbox = sandbox.map_err(|error| {
            let error = Report::of(&error).error;
            Failure::environment(format!("{wanted}, and none starts here: {error}"), hint)
        })?;
        let confinement = sandbox.confinement();
        if confinement.is_full() {
            return Ok(());
        }
        let step = confinement.step.name();
        Err(Failure::environment(format!("{wanted}, this is {step}"), hint))
    }

    /// The broker, connected: it does not end while this lives.
    pub(crate) fn broker(&self) -> Result<Arc<Broker>, Report> {
        self.broker.clone()
    }
}

/// The weakest confinement that the configuration allows.
pub(crate) const fn least(config: &Config) -> Step {
    match config.least.value {
        LeastConfinement::Partial => Step::Rules,
        LeastConfinement::Full => Step::Full,
    }
}

fn not_started() -> Report {
    let hint = "name the server in the user's configuration, then resume the session";
    Failure::environment("no broker was started: no model server was configured", hint).report
}
