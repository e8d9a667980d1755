// SPDX-License-Identifier: Apache-2.0
//! What the catalogue says about one kind of surface.

use crate::part::Part;

/// What a surface makes a tool do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
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

impl Effect {
    /// Whether a change with this effect is kept only with a confirmation of its own.
    #[must_use]
    pub const fn is_gated(self) -> bool {
        match self {
            Self::ExecOpen | Self::Redirect | Self::Relax => true,
            Self::ExecAction | Self::Prompt | Self::Render | Self::Inject | Self::Persist => false,
        }
    }

    /// Whether removing the surface can have this effect too: what it restricted, or where it
    /// pointed, falls back to something else.
    #[must_use]
    pub const fn acts_when_gone(self) -> bool {
        match self {
            Self::Redirect | Self::Relax => true,
            Self::ExecOpen
            | Self::ExecAction
            | Self::Prompt
            | Self::Render
            | Self::Inject
            | Self::Persist => false,
        }
    }
}

/// One entry of the catalogue: files that the same tools read in the same way.
#[derive(Debug, PartialEq, Eq)]
pub struct Surface {
    /// Which paths. A pattern counts from any directory, or from the root alone with a `/`
    /// in front; `*` is any part of a name, `**` any number of names.
    pub patterns: &'static [&'static str],
    /// Who reads it.
    pub reader: &'static str,
    /// The keys that act, in short; empty where the whole file does.
    pub keys: &'static str,
    /// What it can make the reader do.
    pub effects: &'static [Effect],
    /// The same in a short sentence for people, without the reader.
    pub does: &'static str,
    /// Which part of the file counts.
    pub part: Part,
}
