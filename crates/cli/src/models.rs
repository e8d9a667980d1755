// SPDX-License-Identifier: Apache-2.0
//! Gives the engine models by name: the embedded one, started on demand, or a
//! server of the configuration through the broker.
//!
//! Invariant: there is no fallback from one model to another.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use moat_base::Report;
use moat_config::{ModelChoice, Settings as Config, Threads};
use moat_engine::{ModelSource, ReadyModel, Skill};
use moat_inference::weights::{Doors, Entry, Reach, Registry, Sources, Store};
use moat_inference::{ModelServer, Progress, ServerSpec};
use moat_model::{Provider, Route, Timeouts};
use moat_net::Attribution;
use moat_protocol::{Event, Level};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::start::Started;

/// The name of the configured embedded weights.
pub(crate) const EMBEDDED: &str = "embedded";
/// The context of the embedded server: enough for a function, its test and what is around.
pub(crate) const CONTEXT_TOKENS: u32 = 8192;
/// Candidates that the embedded server draws at once.
const CANDIDATES_MAX: u32 = 16;

/// Which model a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Weights of the registry, served by this program.
    Embedded(Box<Entry>),
    /// A server of the configuration.
    Server(String),
}

/// Gives models.
#[derive(Debug)]
pub(crate) struct Models {
    environment: Environment,
    started: Started,
    config: Config,
    attribution: Attribution,
    ready: Option<(String, ReadyModel)>,
    coming: Option<Receiver<Result<PathBuf, Report>>>,
}

/// The weights' store of this user.
pub(crate) fn store(environment: &Environment) -> Result<Store, Failure> {
    let registry = Registry::built_in().map_err(|error| Failure::of(Exit::Environment, &error))?;
    let doors = Doors { clock: Arc::clone(&environment.clock), ..Doors::real() };
    Store::open(environment.layout.models(), registry, doors)
        .map_err(|error| Failure::of(Exit::Environment, &error))
}

/// The sources of weights that the configuration lists.
pub(crate) fn sources(config: &Config, reach: Reach) -> Sources {
    Sources {
        order: config.weights.sources.value.clone(),
        mirror: config.weights.mirror.as_ref().map(|mirror| mirror.value.clone()),
        reach,
    }
}

/// The name of the model that a turn uses when none is named.
pub(crate) fn default_name(config: &Config) -> String {
    match &config.model_default.value {
        ModelChoice::Embedded => EMBEDDED.to_owned(),
        ModelChoice::Named(name) => name.clone(),
    }
}

/// Finds out which model a name means, without starting anything.
pub(crate) fn choose(
    environment: &Environment,
    config: &Config,
    name: &str,
) -> Result<Chosen, Failure> {
    if let Some(provenance) = config.forbids(name) {
        let reason = format!("the model `{name}` is not allowed: `model.allowed`, {provenance}");
        return Err(Failure::usage(reason, "`moat config show --origin` shows which ones are"));
    }
    if config.models.contains_key(name) {
        return Ok(Chosen::Server(name.to_owned()));
    }
    let id = if name == EMBEDDED { config.embedded.weights.value.as_str() } else { name };
    let store = store(environment)?;
    let entry = store.entry(id).map_err(|error| Failure::of(Exit::Usage, &error))?;
    store.locate(id).map_err(|error| Failure::of(Exit::Environment, &error))?;
    Ok(Chosen::Embedded(Box::new(entry)))
}

impl Models {
    pub(crate) fn new(
        environment: &Environment,
        started: Started,
        config: Config,
        session: &str,
    ) -> Self {
        let attribution =
            Attribution { session: Some(session.to_owned()), ..Attribution::default() };
        let environment = environment.clone();
        Self { environment, started, config, attribution, ready: None, coming: None }
    }

    fn server(&self, entry: &Entry) -> Result<ModelServer, Failure> {
        let weights = store(&self.environment)?
            .locate(&entry.id)
            .map_err(|error| Failure::of(Exit::Environment, &error))?;
        let threads = match self.config.embedded.threads.value {
            Threads::Automatic => moat_inference::threads(self.environment.fs.as_ref()),
            Threads::Fixed(number) => number,
        };
        let minutes = self.config.embedded.idle_minutes.value;
        Ok(ModelServer {
            spec: ServerSpec {
                model: entry.id.clone(),
                weights,
                context_tokens: match entry.context {
                    0 => CONTEXT_TOKENS,
                    known => CONTEXT_TOKENS.min(known),
                },
                threads,
                candidates_max: CANDIDATES_MAX,
                idle_stop: Duration::from_secs(minutes.saturating_mul(60)),
            },
            sha256: entry.sha256.clone(),
            command: vec![self.environment.own_program()?.into(), "model".into(), "serve".into()],
            runtime: self.environment.layout.runtime.clone(),
        })
    }

    fn embedded(
        &mut self,
        entry: &Entry,
        live: &mut dyn FnMut(Event),
    ) -> Result<ReadyModel, Report> {
        if let Some(coming) = self.coming.take() {
            live(note("waiting for the embedded model to load"));
            // When the thread died its result is missing: then it is reached again below.
            if let Ok(Err(report)) = coming.recv() {
                return Err(report);
            }
        }
        let server = self.server(entry).map_err(|failure| failure.report)?;
        let mut shown = None;
        let mut tell = |progress: Progress| {
            // A load is told in quarters: its every percent is news to nobody.
            let quarter = match progress {
                Progress::Loading { percent } => Some(percent / 25),
                Progress::Starting | Progress::Restarting { .. } => None,
            };
            if quarter.is_none() || quarter != shown {
                shown = quarter;
                live(note(&words(&progress)));
            }
        };
        let socket = server.reach(&self.started.launcher, &mut tell);
        let socket = socket.map_err(|error| Report::of(&error))?;
        let route = Arc::new(Route::local(&socket));
        let clock = Arc::clone(&self.environment.clock);
        let provider = Provider::new(route, clock, Timeouts::default());
        Ok(ReadyModel { provider, name: entry.id.clone(), candidates_max: u32::MAX })
    }

    fn remote(&self, name: &str) -> Result<ReadyModel, Report> {
        let broker = self.started.broker()?;
        let route = Arc::new(Route::broker(broker, name, self.attribution.clone()));
        let clock = Arc::clone(&self.environment.clock);
        let provider = Provider::new(route, clock, Timeouts::default());
        let server = self.config.models.get(name).map(|server| &server.value);
        Ok(ReadyModel {
            provider,
            name: server.map(|server| server.model.clone()).unwrap_or_default(),
            candidates_max: server.map_or(1, |server| server.candidates),
        })
    }
}

impl ModelSource for Models {
    fn prepare(&mut self, model: &str) {
        if self.ready.is_some() || self.coming.is_some() {
            return;
        }
        let Ok(Chosen::Embedded(entry)) = choose(&self.environment, &self.config, model) else {
            return;
        };
        let Ok(server) = self.server(&entry) else { return };
        let (done, coming) = sync_channel(1);
        let launcher = Arc::clone(&self.started.launcher);
        std::thread::spawn(move || {
            let reached = server.reach(&launcher, &mut |_progress| {});
            let _nobody_waits = done.send(reached.map_err(|error| Report::of(&error)));
        });
        self.coming = Some(coming);
    }

    fn skill(&self, model: &str) -> Skill {
        if self.config.models.contains_key(model) { Skill::Writes } else { Skill::Revises }
    }

    fn ready(&mut self, model: &str, live: &mut dyn FnMut(Event)) -> Result<&ReadyModel, Report> {
        let chosen =
            choose(&self.environment, &self.config, model).map_err(|failure| failure.report)?;
        // The embedded server ends when it is idle: reaching it again costs little.
        let ready = match chosen {
            Chosen::Embedded(entry) => self.embedded(&entry, live)?,
            Chosen::Server(name) => match self.ready.take() {
                Some((of, ready)) if of == name => ready,
                _ => self.remote(&name)?,
            },
        };
        Ok(&self.ready.insert((model.to_owned(), ready)).1)
    }
}

fn words(progress: &Progress) -> String {
    match progress {
        Progress::Starting => "starting the embedded model".into(),
        Progress::Restarting { reason } => {
            format!("starting the embedded model again; it had ended: {reason}")
        }
        Progress::Loading { percent } => format!("loading the embedded model: {percent} %"),
    }
}

fn note(text: &str) -> Event {
    Event::Notice { level: Level::Note, text: text.to_owned() }
}
