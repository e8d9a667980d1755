// SPDX-License-Identifier: Apache-2.0
//! The merged configuration as plain values, each with its provenance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::layer::{Origin, Provenance};

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Everything that can be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `model.default`.
    pub model_default: Sourced<ModelChoice>,
    /// `[models.NAME]`, by name: those that `model.allowed` names.
    pub models: BTreeMap<String, Sourced<ModelServer>>,
    /// `model.allowed`; every model where there is nothing.
    pub model_allowed: Option<Sourced<Vec<String>>>,
    /// The names of the tables that `model.allowed` does not name.
    pub withheld: BTreeSet<String>,
    /// `[embedded]`.
    pub embedded: Embedded,
    /// `[weights]`.
    pub weights: Weights,
    /// `[approval]`.
    pub approval: Approval,
    /// `sandbox.least`.
    pub least: Sourced<LeastConfinement>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[network]`.
    pub network: Network,
    /// `completion.inline`.
    pub completion: Sourced<InlineCompletion>,
    /// `workspace.settings`.
    pub workspace: Sourced<WorkspaceSettings>,
}

impl Settings {
    /// Why a model may not be used, by its name in the configuration; what is the name of no
    /// table is one of the embedded models.
    #[must_use]
    pub fn forbids(&self, model: &str) -> Option<&Provenance> {
        let allowed = self.model_allowed.as_ref()?;
        let is_server = self.models.contains_key(model) || self.withheld.contains(model);
        let name = if is_server { model } else { EMBEDDED };
        let is_allowed = allowed.value.iter().any(|it| it == name);
        (!is_allowed).then_some(&allowed.provenance)
    }
}

/// The name of the model in this program.
pub(crate) const EMBEDDED: &str = "embedded";

/// Which model to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelChoice {
    /// The one in this program.
    Embedded,
    /// A server of [`Settings::models`].
    Named(String),
}

/// A server that is reached through the broker. It is merged as a whole, so that
/// no source can point another source's key at a different address (P-19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelServer {
    /// The base address.
    pub url: String,
    /// The model's name at the server.
    pub model: String,
    /// The zone as text: `host`, `network:NAME` or `external:JURISDICTION`.
    pub zone: String,
    /// The file with its key, absolute or relative to the config directory.
    pub key_file: Option<PathBuf>,
    /// How many candidates to draw at most.
    pub candidates: u32,
}

/// How many threads the embedded model computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// As many as suit the machine.
    Automatic,
    /// This many.
    Fixed(u32),
}

/// Settings of the embedded model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The id of the weights.
    pub weights: Sourced<String>,
    /// Its threads.
    pub threads: Sourced<Threads>,
    /// When it ends by itself.
    pub idle_minutes: Sourced<u64>,
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The organisation's mirror.
    pub mirror: Option<Sourced<String>>,
    /// The sources in order.
    pub sources: Sourced<Vec<String>>,
    /// The zone of the hosts of pip's own index, as text.
    pub packages_zone: Sourced<String>,
}

/// What happens before a command runs in the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandApproval {
    /// It runs.
    Allow,
    /// A person is asked.
    Ask,
}

/// The weakest confinement that commands run under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeastConfinement {
    /// What this machine's kernel gives, announced, as long as the vital effects hold.
    Partial,
    /// The full sandbox.
    Full,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// For commands.
    pub commands: Sourced<CommandApproval>,
}

/// How long things may take, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One command.
    pub command_seconds: Sourced<u64>,
    /// One turn.
    pub turn_minutes: Sourced<u64>,
    /// The memory of one command in MiB; 0 lets Moat choose.
    pub command_memory_mib: Sourced<u64>,
    /// The changes of one session on disk in MiB.
    pub session_disk_mib: Sourced<u64>,
}

impl Limits {
    /// The memory of one command in bytes, where `usual` is what the machine gives. A
    /// workspace's number never gives more than that.
    #[must_use]
    pub fn command_memory_bytes(&self, usual: u64) -> u64 {
        let mib = &self.command_memory_mib;
        let bytes = mib.value.saturating_mul(1 << 20);
        match (&mib.provenance.origin, mib.value) {
            (_, 0) => usual,
            (Origin::Workspace(_), _) => bytes.min(usual),
            (
                Origin::Defaults
                | Origin::UserFile(_)
                | Origin::CommandLine
                | Origin::Requirements(_),
                _,
            ) => bytes,
        }
    }
}

/// Whether a model is asked while a person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineCompletion {
    /// Where the page wants it.
    On,
    /// Never.
    Off,
}

/// What a workspace's own settings can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceSettings {
    /// Nothing: they are not read.
    Ignore,
    /// Tighten.
    Tighten,
}

/// Settings of the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// A PEM file with further certificate authorities.
    pub extra_ca: Option<Sourced<PathBuf>>,
}
