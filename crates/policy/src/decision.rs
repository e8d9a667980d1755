// SPDX-License-Identifier: Apache-2.0
//! The verdict on an action.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names the rule that decided; shown to people and stored with the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Reading the workspace inside the sandbox changes nothing.
    InspectInside,
    /// The sandbox is full and has no network, so it is the boundary.
    FullSandbox,
    /// The user's configuration asks before every command.
    CommandsAsk,
    /// Not every layer of the sandbox is enforced here.
    PartialConfinement,
    /// A file of the session changes; the user's tree does not.
    SessionCopy,
    /// The user's own tree would change other than by keeping changes.
    UserTree,
    /// The endpoint is named by the user's configuration.
    ConfiguredModel,
    /// A person asked for it.
    Person,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InspectInside => "inspect-inside",
            Self::FullSandbox => "full-sandbox",
            Self::CommandsAsk => "commands-ask",
            Self::PartialConfinement => "partial-confinement",
            Self::SessionCopy => "session-copy",
            Self::UserTree => "user-tree",
            Self::ConfiguredModel => "configured-model",
            Self::Person => "person",
        })
    }
}

/// Allow, ask or deny, with the rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Do it.
    Allow {
        /// The rule that allowed it.
        rule: Rule,
    },
    /// Ask a person, showing exactly what would happen; without one, deny.
    Ask {
        /// The rule that asks.
        rule: Rule,
    },
    /// Do not do it, whoever asks.
    Deny {
        /// The rule that denied it.
        rule: Rule,
    },
}
