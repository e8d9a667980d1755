// SPDX-License-Identifier: Apache-2.0
//! What is judged, and under which circumstances.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// Where a command or an edit takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A fork of the session that is thrown away afterwards.
    Fork,
    /// The session's own copy-on-write files; the user's tree stays as it is.
    Session,
    /// The user's own tree.
    UserTree,
}

/// Something that the agent, or a person through the agent, wants to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Read the workspace through the session's resolver.
    Inspect,
    /// Run a program inside the sandbox, without network.
    Run {
        /// The exact argument vector.
        argv: Vec<String>,
        /// Where what it writes ends up.
        place: Place,
    },
    /// Write a file.
    Edit {
        /// The file.
        path: TreePath,
        /// Where it is written.
        place: Place,
    },
    /// Send a request to a model that the user's configuration names.
    AskModel {
        /// The model's name in the configuration.
        model: String,
    },
    /// Apply changes to the user's tree, drop them, or take an application back.
    /// Only a person's operation leads here, never a model's answer.
    Keep,
}

/// How much of the sandbox the kernel enforces here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// Every layer.
    Full,
    /// Some layers; the sandbox says which.
    Partial,
}

/// What the user (or the administrator) wants for commands in a full sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandRule {
    /// The sandbox is the boundary: run them.
    Allow,
    /// Ask before each one.
    Ask,
}

/// What else a decision depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// How much is enforced.
    pub confinement: Confinement,
    /// The rule for commands.
    pub commands: CommandRule,
}
