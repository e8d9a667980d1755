// SPDX-License-Identifier: Apache-2.0
//! The ways to the models that are asked for inline completions.
//!
//! The embedded model takes seconds to load, and nobody who types waits for that: it is reached
//! by a thread of its own, and whoever asks meanwhile is told so.
//!
//! Invariant: a question is never held up by a model that is being loaded, and a model that is
//! not on this machine is asked only where a person named it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_base::Report;
use moat_complete::limits::{Budget, LARGE, SMALL};
use moat_config::Settings as Config;
use moat_engine::ModelSource as _;
use moat_model::Provider;

use crate::environment::Environment;
use crate::models::{self, Chosen, Models};
use crate::start::Started;

/// What crossings say of these requests.
const ATTRIBUTION: &str = "completion";
/// The zone of models on this machine.
const HERE: &str = "host";

/// A model that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The name by which this program knows it.
    model: String,
    /// The name by which its server knows it.
    pub(super) name: String,
    pub(super) provider: Provider,
    pub(super) budget: Budget,
    ends: Arc<AtomicBool>,
}

/// What a model is shown of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// What stands before the cursor and what stands behind it.
    Gap,
    /// What stands before it.
    End,
}

impl Way {
    pub(super) fn fill(&self) -> Fill {
        if self.ends.load(Ordering::Relaxed) { Fill::End } else { Fill::Gap }
    }

    /// Remembers that the model was not made to fill in the middle.
    pub(super) fn cannot_fill(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_embedded(&self) -> bool {
        self.budget == SMALL
    }
}

/// What came of looking for a way.
pub(super) enum Found {
    Way(Way),
    /// The model is being loaded.
    Loading,
}

#[derive(Debug)]
enum State {
    Loading,
    Ready(Way),
    Failed(Report),
}

/// The ways that are known, by the model's name.
#[derive(Debug)]
pub(super) struct Ways {
    environment: Environment,
    config: Config,
    servers: Mutex<Models>,
    /// Apart from the others: it is held while the model is loaded.
    embedded: Arc<Mutex<Models>>,
    known: Arc<Mutex<HashMap<String, State>>>,
}

impl Ways {
    pub(super) fn new(environment: &Environment, started: &Started, config: Config) -> Self {
        let models = || Models::new(environment, started.clone(), config.clone(), ATTRIBUTION);
        let (servers, embedded) = (Mutex::new(models()), Arc::new(Mutex::new(models())));
        Self { environment: environment.clone(), config, servers, embedded, known: Arc::default() }
    }

    /// The way to a model; without a name, to the one that sessions use.
    pub(super) fn to(&self, model: Option<&str>) -> Result<Found, Report> {
        let model = match model {
            Some(model) => model.to_owned(),
            None => self.default_here()?,
        };
        let mut known = self.known();
        match known.get(&model) {
            Some(State::Ready(way)) => return Ok(Found::Way(way.clone())),
            Some(State::Loading) => return Ok(Found::Loading),
            // It is told once; who asks again wants it to be tried again.
            Some(State::Failed(report)) => {
                let report = report.clone();
                known.remove(&model);
                return Err(report);
            }
            None => {}
        }
        let chosen = models::choose(&self.environment, &self.config, &model);
        match chosen.map_err(|failure| failure.report)? {
            Chosen::Server(_) => {
                let way = reach(&self.servers, &model, LARGE)?;
                known.insert(model, State::Ready(way.clone()));
                Ok(Found::Way(way))
            }
            Chosen::Embedded(_) => {
                known.insert(model.clone(), State::Loading);
                let (models, known) = (Arc::clone(&self.embedded), Arc::clone(&self.known));
                std::thread::spawn(move || {
                    let state = match reach(&models, &model, SMALL) {
                        Ok(way) => State::Ready(way),
                        Err(report) => State::Failed(report),
                    };
                    lock(&known).insert(model, state);
                });
                Ok(Found::Loading)
            }
        }
    }

    /// Forgets a way on which nobody answers; the next question looks for another.
    pub(super) fn forget(&self, way: &Way) {
        self.known().remove(&way.model);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, State>> {
        lock(&self.known)
    }

    /// The model that sessions use, where it runs on this machine.
    fn default_here(&self) -> Result<String, Report> {
        let model = models::default_name(&self.config);
        let zone = self.config.models.get(&model).map_or(HERE, |server| server.value.zone.as_str());
        if zone == HERE {
            return Ok(model);
        }
        Err(Report {
            error: format!("inline completion does not ask `{model}` by itself: it is in `{zone}`"),
            causes: Vec::new(),
            hint: Some("choose it for inline completion in the settings, or another one".into()),
        })
    }
}

fn reach(models: &Mutex<Models>, model: &str, budget: Budget) -> Result<Way, Report> {
    let mut models = lock(models);
    let ready = models.ready(model, &mut |_event| {})?;
    Ok(Way {
        model: model.to_owned(),
        name: ready.name.clone(),
        provider: ready.provider.clone(),
        budget,
        ends: Arc::default(),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
