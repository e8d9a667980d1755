// SPDX-License-Identifier: Apache-2.0
//! What is said of one place in a tree that makes a tool act.

use std::borrow::Cow;

use moat_base::TreePath;

/// When it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// When a person does no more than open the tree in the tool.
    Open,
    /// When something is done there first: a build, a test, a git command.
    Action,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// It runs a program.
    Execute,
    /// It sends traffic, credentials or downloads somewhere else.
    Redirect,
    /// It weakens what a tool asks about or confines.
    Relax,
    /// It tells a model what to do.
    Instruct,
    /// It acts when something shows it, or is not what it looks like.
    Render,
}

/// How dangerous it is; [`Level::High`] is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Usual in a tree that one works in.
    Low,
    /// To be looked at.
    Medium,
    /// To be looked at before anything is done with the tree.
    High,
}

/// One place that makes a tool act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule; it stays the same from version to version.
    pub rule: Cow<'static, str>,
    /// The file, from the root of the tree.
    pub path: TreePath,
    /// The line, counted from 1, where one is known.
    pub line: Option<u32>,
    /// The key that acts, or the keys that may; empty where the whole file does.
    pub key: String,
    /// The command, address or instruction, as it stands there: whoever shows it makes it safe.
    pub carries: String,
    /// In which tools it acts.
    pub readers: Cow<'static, str>,
    /// When it acts.
    pub when: When,
    /// What it does.
    pub effect: Act,
    /// How dangerous it is.
    pub level: Level,
    /// The same in a sentence for people, without a full stop.
    pub says: Cow<'static, str>,
}
