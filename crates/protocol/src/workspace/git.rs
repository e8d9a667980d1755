// SPDX-License-Identifier: Apache-2.0
//! Source control of the user's tree.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// A question to source control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum GitQuery {
    /// What differs from the last commit.
    Status,
    /// The content that a change is compared with.
    Original {
        /// The file.
        path: TreePath,
        /// Whether the last commit's content is meant, and not the index's.
        committed: bool,
    },
    /// Put changes into the index.
    Stage {
        /// The files; all where there are none.
        paths: Vec<TreePath>,
    },
    /// Take changes out of the index.
    Unstage {
        /// The files; all where there are none.
        paths: Vec<TreePath>,
    },
    /// Throw unstaged changes away; untracked files go to the trash.
    Discard {
        /// The files.
        paths: Vec<TreePath>,
    },
    /// Commit the index.
    Commit {
        /// The message.
        message: String,
        /// Whether the last commit is replaced.
        amend: bool,
    },
    /// The local branches.
    Branches,
    /// Make another branch the current one.
    Switch {
        /// Its name.
        branch: String,
        /// Whether it is made first, here.
        create: bool,
    },
    /// Who changed each line of a file last.
    Blame {
        /// The file.
        path: TreePath,
    },
    /// The last commits.
    Log {
        /// How many at most.
        limit: u32,
        /// Of this file alone.
        path: Option<TreePath>,
    },
}

/// An answer of source control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum GitReply {
    /// There is no repository.
    NoRepository,
    /// What differs.
    Status(GitStatus),
    /// The content; nothing where there is none, or no text.
    Original {
        /// The text, with line feeds alone.
        text: Option<String>,
    },
    /// Done; the status after it.
    Done(GitStatus),
    /// The local branches.
    Branches {
        /// Their names.
        branches: Vec<String>,
        /// The current one.
        current: Option<String>,
    },
    /// Who changed each line last, one for each run of lines.
    Blame {
        /// From the first line on.
        blame: Vec<Blame>,
    },
    /// The last commits, the newest first.
    Log {
        /// They.
        commits: Vec<GitCommit>,
    },
}

/// What differs from the last commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GitStatus {
    /// The current branch; nothing where no branch is current.
    pub branch: Option<String>,
    /// The last commit, in short.
    pub head: Option<String>,
    /// How many commits the branch has that its upstream has not.
    pub ahead: u32,
    /// How many commits its upstream has that the branch has not.
    pub behind: u32,
    /// What differs.
    pub changes: Vec<GitChange>,
    /// Whether a limit cut the list.
    pub truncated: bool,
}

/// One path that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GitChange {
    /// The path.
    pub path: TreePath,
    /// Where it was renamed from.
    pub from: Option<TreePath>,
    /// How the index differs from the last commit.
    pub staged: Option<GitWhat>,
    /// How the file differs from the index.
    pub unstaged: Option<GitWhat>,
}

/// How a path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum GitWhat {
    /// It is new and in the index.
    Added,
    /// It is new and not in the index.
    Untracked,
    /// Its content or mode is another.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name.
    Renamed,
    /// It became something else.
    Type,
    /// A merge left it open.
    Conflict,
}

/// Who changed some lines last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Blame {
    /// The first line, from 1.
    pub line: u32,
    /// How many lines.
    pub lines: u32,
    /// The commit; nothing for what is not committed.
    pub commit: Option<GitCommit>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GitCommit {
    /// Its id, whole.
    pub id: String,
    /// The first line of its message, made safe to show.
    pub subject: String,
    /// Its author's name, made safe to show.
    pub author: String,
    /// When it was made, in seconds since 1970.
    pub time_s: i64,
}
