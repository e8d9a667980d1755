// SPDX-License-Identifier: Apache-2.0
//! Puts layers on top of each other and makes [`Settings`] of the result.
//!
//! The unit of merging is one key, but for `[models.NAME]`, which is one unit as a
//! whole. Invariant: a value of the requirements is never changed by another layer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::{Error, Place};
use crate::key::KEYS;
use crate::layer::{Layer, Origin, Provenance, Value};
use crate::settings::{
    Approval, CommandApproval, Embedded, LeastConfinement, Limits, ModelChoice, ModelServer,
    Network, Settings, Sourced, Threads, Weights,
};

/// One effective value, for showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: String,
    /// The value as TOML.
    pub value: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The merged configuration, typed and for showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Typed.
    pub settings: Settings,
    /// Every effective value, sorted by key.
    pub rows: Vec<Row>,
}

/// Merges layers; their [`Origin`] decides, not their order in the list. Of two
/// layers of equal origin the later one wins.
///
/// # Errors
/// [`Error::MissingKey`] and [`Error::KeyInTheClear`] for a table of a model server,
/// [`Error::WrongValue`] when `model.default` names none.
pub fn merge(layers: &[Layer]) -> Result<Loaded, Error> {
    let mut sorted: Vec<&Layer> = layers.iter().collect();
    sorted.sort_by_key(|layer| rank(&layer.origin));
    let mut effective = Effective(BTreeMap::new());
    let defaults = defaults()?;
    effective.take(&defaults);
    for layer in sorted {
        effective.take(layer);
    }
    let settings = effective.settings()?;
    let rows = effective
        .0
        .into_iter()
        .map(|(key, (value, provenance))| Row { key, value: value.to_string(), provenance })
        .collect();
    Ok(Loaded { settings, rows })
}

fn defaults() -> Result<Layer, Error> {
    let text: String = KEYS
        .iter()
        .filter(|key| !key.default.is_empty() && !key.path.contains("NAME"))
        .map(|key| format!("{} = {}\n", key.path, key.default))
        .collect();
    Layer::parse(Origin::Defaults, text.as_bytes())
}

const fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::Defaults => 0,
        Origin::UserFile(_) => 1,
        Origin::CommandLine => 2,
        Origin::Requirements(_) => 3,
    }
}

/// The table that a key is merged with; the key itself for all but model servers.
fn unit(key: &str) -> &str {
    match key.strip_prefix("models.") {
        Some(_) => key.rsplit_once('.').map_or(key, |(table, _)| table),
        None => key,
    }
}

struct Effective(BTreeMap<String, (Value, Provenance)>);

impl Effective {
    fn take(&mut self, layer: &Layer) {
        let units: Vec<&str> = layer.values.keys().map(|key| unit(key)).collect();
        self.0.retain(|key, _| !units.contains(&unit(key)));
        for (key, (value, line)) in &layer.values {
            let line = match layer.origin {
                Origin::UserFile(_) | Origin::Requirements(_) => *line,
                Origin::Defaults | Origin::CommandLine => 0,
            };
            let provenance = Provenance { origin: layer.origin.clone(), line };
            self.0.insert(key.clone(), (value.clone(), provenance));
        }
    }

    fn settings(&self) -> Result<Settings, Error> {
        let models = self.models()?;
        let default = self.text("model.default")?;
        let model_default = match default.value.as_str() {
            "embedded" => default.with(ModelChoice::Embedded),
            name if models.contains_key(name) => {
                let choice = ModelChoice::Named(name.to_owned());
                default.with(choice)
            }
            name => {
                return Err(Error::WrongValue {
                    place: place(&default.provenance),
                    key: "model.default".into(),
                    expected: "\"embedded\" or the NAME of a [models.NAME] table".into(),
                    found: format!("\"{name}\""),
                });
            }
        };
        let threads = self.count("embedded.threads")?;
        let chosen = match u32::try_from(threads.value).unwrap_or(u32::MAX) {
            0 => Threads::Automatic,
            fixed => Threads::Fixed(fixed),
        };
        let commands = self.text("approval.commands")?;
        let approval = match commands.value.as_str() {
            "allow" => CommandApproval::Allow,
            _ => CommandApproval::Ask,
        };
        let least = self.text("sandbox.least")?;
        let least_confinement = match least.value.as_str() {
            "partial" => LeastConfinement::Partial,
            _ => LeastConfinement::Full,
        };
        Ok(Settings {
            model_default,
            models,
            embedded: Embedded {
                weights: self.text("embedded.weights")?,
                threads: threads.with(chosen),
                idle_minutes: self.count("embedded.idle_minutes")?,
            },
            weights: Weights {
                mirror: self.text("weights.mirror").ok(),
                sources: self.texts("weights.sources")?,
                packages_zone: self.text("weights.packages_zone")?,
            },
            approval: Approval { commands: commands.with(approval) },
            least: least.with(least_confinement),
            limits: Limits {
                command_seconds: self.count("limits.command_seconds")?,
                turn_minutes: self.count("limits.turn_minutes")?,
                command_memory_mib: self.count("limits.command_memory_mib")?,
                session_disk_mib: self.count("limits.session_disk_mib")?,
            },
            network: Network {
                extra_ca: self
                    .text("network.extra_ca")
                    .ok()
                    .map(|path| path.with(PathBuf::from(&path.value))),
            },
        })
    }

    fn models(&self) -> Result<BTreeMap<String, Sourced<ModelServer>>, Error> {
        let mut models = BTreeMap::new();
        for (key, (_, provenance)) in &self.0 {
            let Some(name) = unit(key).strip_prefix("models.") else {
                continue;
            };
            if models.contains_key(name) {
                continue;
            }
            let server = self.model(unit(key), provenance)?;
            let sourced = Sourced { value: server, provenance: provenance.clone() };
            models.insert(name.to_owned(), sourced);
        }
        Ok(models)
    }

    fn model(&self, table: &str, provenance: &Provenance) -> Result<ModelServer, Error> {
        let text = |key| self.text(&format!("{table}.{key}")).ok().map(|text| text.value);
        let need = |key| {
            text(key).ok_or_else(|| Error::MissingKey {
                place: place(provenance),
                table: table.to_owned(),
                key,
            })
        };
        let server = ModelServer {
            url: need("url")?,
            model: need("model")?,
            zone: text("zone").unwrap_or_else(|| DEFAULT_ZONE.into()),
            key_file: text("key_file").map(PathBuf::from),
            candidates: self
                .count(&format!("{table}.candidates"))
                .ok()
                .and_then(|count| u32::try_from(count.value).ok())
                .unwrap_or(DEFAULT_CANDIDATES),
        };
        if server.key_file.is_some() && !is_protected(&server.url) {
            return Err(Error::KeyInTheClear { place: place(provenance), table: table.to_owned() });
        }
        Ok(server)
    }

    fn text(&self, key: &str) -> Result<Sourced<String>, Error> {
        self.typed(key, |value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Count(_) | Value::Texts(_) => None,
        })
    }

    fn count(&self, key: &str) -> Result<Sourced<u64>, Error> {
        self.typed(key, |value| match value {
            Value::Count(count) => Some(*count),
            Value::Text(_) | Value::Texts(_) => None,
        })
    }

    fn texts(&self, key: &str) -> Result<Sourced<Vec<String>>, Error> {
        self.typed(key, |value| match value {
            Value::Texts(texts) => Some(texts.clone()),
            Value::Text(_) | Value::Count(_) => None,
        })
    }

    fn typed<T>(&self, key: &str, take: impl Fn(&Value) -> Option<T>) -> Result<Sourced<T>, Error> {
        self.0
            .get(key)
            .and_then(|(value, provenance)| {
                take(value).map(|value| Sourced { value, provenance: provenance.clone() })
            })
            .ok_or_else(|| Error::UnknownKey {
                place: Place { origin: Origin::Defaults, line: 0 },
                key: key.to_owned(),
                nearest: None,
            })
    }
}

impl<T> Sourced<T> {
    fn with<U>(&self, value: U) -> Sourced<U> {
        Sourced { value, provenance: self.provenance.clone() }
    }
}

fn place(provenance: &Provenance) -> Place {
    Place { origin: provenance.origin.clone(), line: provenance.line }
}

/// Whether what is sent there cannot be read on the way.
fn is_protected(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return true;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

const DEFAULT_ZONE: &str = "external:unknown";
const DEFAULT_CANDIDATES: u32 = 4;
