// SPDX-License-Identifier: Apache-2.0
//! Puts layers on top of each other and makes [`Settings`] of the result.
//!
//! The unit of merging is one key, but for `[models.NAME]`, which is one unit as a
//! whole. Invariant: a value of the requirements is never changed by another layer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, Place};
use crate::key::KEYS;
use crate::layer::{Layer, Origin, Provenance, Value};
use crate::settings::{
    Approval, CommandApproval, EMBEDDED, Embedded, InlineCompletion, LeastConfinement, Limits,
    ModelChoice, ModelServer, Network, Settings, Sourced, Threads, Weights, WorkspaceSettings,
};
use crate::workspace::Ignored;

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
    /// What is said and does not count, with why.
    pub ignored: Vec<Ignored>,
    pub(crate) effective: Effective,
    directory: Option<PathBuf>,
}

impl Loaded {
    /// Makes the result of what counts; relative paths of no file are below `directory`.
    pub(crate) fn of(
        effective: Effective,
        mut ignored: Vec<Ignored>,
        directory: Option<&Path>,
    ) -> Result<Self, Error> {
        let mut settings = effective.settings()?;
        if let Some(directory) = directory {
            settings.make_absolute(directory);
        }
        let mut rows = Vec::new();
        for (key, (value, provenance)) in &effective.0 {
            let table = unit(key).strip_prefix("models.");
            if !table.is_some_and(|name| settings.withheld.contains(name)) {
                let (key, provenance) = (key.clone(), provenance.clone());
                rows.push(Row { key, value: value.to_string(), provenance });
            } else if !ignored.iter().any(|it| it.key == unit(key)) {
                ignored.push(Ignored {
                    key: unit(key).to_owned(),
                    place: place(provenance),
                    why: settings.model_allowed.as_ref().map_or_else(String::new, |allowed| {
                        format!("`model.allowed` does not name it ({})", allowed.provenance)
                    }),
                });
            }
        }
        let directory = directory.map(Path::to_owned);
        Ok(Self { settings, rows, ignored, effective, directory })
    }

    /// The same with other values.
    pub(crate) fn with(&self, effective: Effective, ignored: Vec<Ignored>) -> Result<Self, Error> {
        Self::of(effective, ignored, self.directory.as_deref())
    }
}

/// Merges layers; their [`Origin`] decides, not their order in the list. Of two
/// layers of equal origin the later one wins. Layers of a workspace do not count here:
/// [`Loaded::tightened`] takes what it says.
///
/// # Errors
/// [`Error::MissingKey`] and [`Error::KeyInTheClear`] for a table of a model server,
/// [`Error::WrongValue`] when `model.default` names none, or when requirements allow a
/// model whose table they do not have: anybody could then say what it is.
pub fn merge(layers: &[Layer]) -> Result<Loaded, Error> {
    merge_below(layers, None)
}

/// The same, where relative paths are made absolute.
pub(crate) fn merge_below(layers: &[Layer], directory: Option<&Path>) -> Result<Loaded, Error> {
    let is_ours = |layer: &&Layer| !matches!(layer.origin, Origin::Workspace(_));
    let mut sorted: Vec<&Layer> = layers.iter().filter(is_ours).collect();
    sorted.sort_by_key(|layer| rank(&layer.origin));
    let mut effective = Effective(BTreeMap::new());
    let defaults = defaults()?;
    effective.take(&defaults);
    for layer in sorted {
        effective.take(layer);
    }
    effective.check_allowed()?;
    Loaded::of(effective, Vec::new(), directory)
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
        Origin::Workspace(_) => 4,
    }
}

/// The table that a key is merged with; the key itself for all but model servers.
fn unit(key: &str) -> &str {
    match key.strip_prefix("models.") {
        Some(_) => key.rsplit_once('.').map_or(key, |(table, _)| table),
        None => key,
    }
}

/// The values that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effective(pub(crate) BTreeMap<String, (Value, Provenance)>);

impl Effective {
    fn take(&mut self, layer: &Layer) {
        let units: Vec<&str> = layer.values.keys().map(|key| unit(key)).collect();
        self.0.retain(|key, _| !units.contains(&unit(key)));
        for (key, (value, line)) in &layer.values {
            let line = match layer.origin {
                Origin::UserFile(_) | Origin::Requirements(_) | Origin::Workspace(_) => *line,
                Origin::Defaults | Origin::CommandLine => 0,
            };
            let provenance = Provenance { origin: layer.origin.clone(), line };
            self.0.insert(key.clone(), (value.clone(), provenance));
        }
    }

    fn settings(&self) -> Result<Settings, Error> {
        let mut models = self.models()?;
        let model_default = self.default_model(&models)?;
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
        let model_allowed = self.texts("model.allowed").ok();
        let mut withheld = BTreeSet::new();
        if let Some(allowed) = &model_allowed {
            withheld.extend(models.keys().filter(|name| !allowed.value.contains(name)).cloned());
            models.retain(|name, _| !withheld.contains(name));
        }
        let inline = self.text("completion.inline")?;
        let completion = match inline.value.as_str() {
            "on" => InlineCompletion::On,
            _ => InlineCompletion::Off,
        };
        let read = self.text("workspace.settings")?;
        let workspace = match read.value.as_str() {
            "ignore" => WorkspaceSettings::Ignore,
            _ => WorkspaceSettings::Tighten,
        };
        Ok(Settings {
            model_default,
            models,
            model_allowed,
            withheld,
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
            completion: inline.with(completion),
            workspace: read.with(workspace),
        })
    }

    fn default_model(
        &self,
        models: &BTreeMap<String, Sourced<ModelServer>>,
    ) -> Result<Sourced<ModelChoice>, Error> {
        let default = self.text("model.default")?;
        match default.value.as_str() {
            EMBEDDED => Ok(default.with(ModelChoice::Embedded)),
            name if models.contains_key(name) => {
                let choice = ModelChoice::Named(name.to_owned());
                Ok(default.with(choice))
            }
            name => Err(Error::WrongValue {
                place: place(&default.provenance),
                key: "model.default".into(),
                expected: "\"embedded\" or the NAME of a [models.NAME] table".into(),
                found: format!("\"{name}\""),
            }),
        }
    }

    /// Requirements say themselves what each model is that they allow.
    fn check_allowed(&self) -> Result<(), Error> {
        let Ok(allowed) = self.texts("model.allowed") else { return Ok(()) };
        if !matches!(allowed.provenance.origin, Origin::Requirements(_)) {
            return Ok(());
        }
        let models = self.models()?;
        for name in &allowed.value {
            let is_theirs = |server: &Sourced<ModelServer>| {
                server.provenance.origin == allowed.provenance.origin
            };
            if name != EMBEDDED && !models.get(name).is_some_and(is_theirs) {
                return Err(Error::WrongValue {
                    place: place(&allowed.provenance),
                    key: "model.allowed".into(),
                    expected: "\"embedded\" and NAMEs of tables in the same file".into(),
                    found: format!("\"{name}\""),
                });
            }
        }
        Ok(())
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

impl Settings {
    /// Relative paths are below the directory of the file that they stand in, and below
    /// `directory` where they stand in none.
    fn make_absolute(&mut self, directory: &Path) {
        let absolute = |path: &mut PathBuf, provenance: &Provenance| {
            let base = match &provenance.origin {
                Origin::UserFile(file) | Origin::Requirements(file) => file.parent(),
                Origin::Defaults | Origin::CommandLine | Origin::Workspace(_) => None,
            };
            *path = base.unwrap_or(directory).join(&path);
        };
        for server in self.models.values_mut() {
            if let Some(path) = &mut server.value.key_file {
                absolute(path, &server.provenance);
            }
        }
        if let Some(path) = &mut self.network.extra_ca {
            absolute(&mut path.value, &path.provenance);
        }
    }
}

impl<T> Sourced<T> {
    fn with<U>(&self, value: U) -> Sourced<U> {
        Sourced { value, provenance: self.provenance.clone() }
    }
}

pub(crate) fn place(provenance: &Provenance) -> Place {
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
