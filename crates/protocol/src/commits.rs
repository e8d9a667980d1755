// SPDX-License-Identifier: Apache-2.0
//! What a session committed, and what was taken of it into the user's repository.
//!
//! All texts but ids come from the session and are made visible by whoever shows them.

use serde::{Deserialize, Serialize};

/// What the session committed that the user's repository does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Commits {
    /// Branches with new commits.
    pub branches: Vec<Branch>,
    /// Branches whose commits were taken already, and have none since.
    pub taken: Vec<TakenBranch>,
    /// Branches that cannot be taken.
    pub refused: Vec<BranchRefusal>,
    /// Other refs that differ from the user's. They are never taken.
    pub others: Vec<OtherRef>,
    /// Why nothing is known, in one sentence, when that is so.
    pub unavailable: Option<String>,
}

impl Commits {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.branches.is_empty()
            && self.taken.is_empty()
            && self.refused.is_empty()
            && self.others.is_empty()
            && self.unavailable.is_none()
    }
}

/// A branch of the session with new commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Branch {
    /// Its name, below `refs/heads`; `HEAD` for commits that are on no branch.
    pub name: String,
    /// Where the user's branch of this name is, when there is one.
    pub before: Option<String>,
    /// The id of its last commit.
    pub tip: String,
    /// How many commits of it the user's repository does not have.
    pub commits: u64,
    /// How many objects that is: commits, directories and files.
    pub objects: u64,
    /// The newest of the commits.
    pub newest: Vec<Commit>,
    /// The ref to which it would be taken.
    pub reference: String,
}

/// A ref that differs between the session and the user's repository, and is never taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OtherRef {
    /// Its whole name, safe to show; `HEAD` for what is checked out.
    pub name: String,
    /// Where it is in the session: an id, or a branch.
    pub session: Option<String>,
    /// Where it is in the user's repository.
    pub user: Option<String>,
    /// What it means, and that it stays, in a few words.
    pub meaning: String,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// Who it says wrote it: name and address. Nobody has checked that.
    pub author: String,
    /// The first line of its message, cut.
    pub subject: String,
}

/// A branch that was taken into the user's repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TakenBranch {
    /// The branch in the session.
    pub branch: String,
    /// The ref in the user's repository.
    pub reference: String,
    /// Where that was before, when it was there.
    pub before: Option<String>,
    /// Where it is now.
    pub tip: String,
}

/// A branch that was left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BranchRefusal {
    /// The branch or ref.
    pub branch: String,
    /// Why, in one sentence.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, Op};

    #[test]
    fn commits_survive_the_wire() {
        let text = |text: &str| text.to_owned();
        let commit = Commit { id: text("ab"), author: text("A <a>"), subject: text("s\u{1b}") };
        let commits = Commits {
            branches: vec![Branch {
                name: text("main"),
                before: Some(text("cd")),
                tip: text("ab"),
                commits: 1,
                objects: 3,
                newest: vec![commit],
                reference: text("refs/moat/s/main"),
            }],
            unavailable: Some(text("why")),
            ..Commits::default()
        };
        assert!(!commits.is_empty() && Commits::default().is_empty());
        let event = Event::CommitsPending(commits);
        let line = serde_json::to_string(&event).unwrap();
        assert!(line.starts_with(r#"{"event":"commits_pending","branches":[{"name":"main""#));
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
        let op = Op::TakeCommits { branches: vec![text("main")] };
        let line = serde_json::to_string(&op).unwrap();
        assert_eq!(line, r#"{"op":"take_commits","branches":["main"]}"#);
        assert_eq!(serde_json::from_str::<Op>(&line).unwrap(), op);
    }
}
