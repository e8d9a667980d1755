// SPDX-License-Identifier: Apache-2.0
//! Surfaces: what a change would make other tools do, and a person's word for it.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

use crate::Change;

/// What a surface makes the tool do that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SurfaceEffect {
    /// It runs a program when a tool opens, starts in or trusts the directory.
    ExecOpen,
    /// It runs a program when somebody builds, tests, installs or uses git.
    ExecAction,
    /// It sends traffic, credentials or downloads somewhere else.
    Redirect,
    /// It weakens what a tool asks about or confines.
    Relax,
    /// It tells a model what to do.
    Prompt,
    /// It acts when something shows it.
    Render,
    /// Its name or content can reach a shell.
    Inject,
    /// It outlives the project: it lies where a person's own settings do.
    Persist,
}

/// One thing that a change would make some tool do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Surface {
    /// The file that it is, where the change names a whole directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub at: Option<TreePath>,
    /// Which tools read it.
    pub reader: String,
    /// The keys that act, in short; empty where the whole file does.
    pub keys: String,
    /// What it can make them do.
    pub effects: Vec<SurfaceEffect>,
    /// The same in a short sentence for people, without the reader.
    pub does: String,
    /// Whether the change is kept only with a [`Confirmation`] because of it.
    pub gated: bool,
}

/// How a person gave a word, by the front end that passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Confirmer {
    /// Somebody at a terminal was shown exactly this change and said yes.
    Terminal,
    /// The command line named the change.
    Arguments,
    /// Somebody at the page of the user's own server was shown exactly this change and said yes.
    Page,
    /// A program on the session's socket.
    Attached,
}

impl Confirmer {
    /// The word that is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Arguments => "arguments",
            Self::Page => "page",
            Self::Attached => "attached",
        }
    }
}

/// A person's word that a surface may be written, for exactly one content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Confirmation {
    /// The path.
    pub path: TreePath,
    /// What is to be there, as [`Change::confirm`] names it.
    pub id: String,
    /// How it was given.
    pub by: Confirmer,
}

impl Change {
    /// The surfaces because of which it needs a confirmation.
    pub fn gates(&self) -> impl Iterator<Item = &Surface> {
        self.surfaces.iter().filter(|surface| surface.gated)
    }
}
