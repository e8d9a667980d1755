// SPDX-License-Identifier: Apache-2.0
//! What a front end asks of the engine.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

use crate::{Confirmation, RewindScope, Selection, Task};

/// A request to the engine. The enum is closed: a new variant is a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// Begin a turn. Refused while another turn runs.
    Start {
        /// What the turn is about.
        task: Task,
    },
    /// Go on with a turn that was interrupted.
    Resume,
    /// Add something to what the running turn knows; the next model request has it.
    Steer {
        /// The user's words.
        text: String,
    },
    /// Answer an [`Event::ApprovalAsked`](crate::Event::ApprovalAsked).
    Approve {
        /// The number of the question.
        request: u32,
        /// The answer.
        answer: Answer,
    },
    /// Answer an [`Event::CheckAsked`](crate::Event::CheckAsked).
    GiveCheck {
        /// The command that must pass, as a shell line; `None` when there is none.
        line: Option<String>,
    },
    /// Stop the turn, not the session.
    Interrupt,
    /// Show the pending changes with their hunks.
    Show,
    /// Show what the session committed.
    ShowCommits,
    /// Take commits of the session into refs of their own in the user's repository.
    TakeCommits {
        /// The branches; all with new commits when empty.
        branches: Vec<String>,
    },
    /// Remove the refs that the last [`Op::TakeCommits`] made, where they still are as it
    /// left them.
    ReturnCommits,
    /// Say which changes of a selection need a confirmation to be kept.
    PlanKeep {
        /// Which ones are meant.
        selection: Selection,
    },
    /// Apply pending changes to the user's tree. What needs a confirmation and has none is
    /// left; the rest is applied.
    Keep {
        /// Which ones.
        selection: Selection,
        /// What was confirmed, each for itself.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(as = "Option<Vec<Confirmation>>", optional))]
        confirmed: Vec<Confirmation>,
    },
    /// Drop pending changes from the session.
    Discard {
        /// Which ones.
        selection: Selection,
    },
    /// Take the last keep back, where the user's tree still is as it left it.
    UndoKeep,
    /// Run a command in the session itself: what it writes stays in the session, pending.
    Run {
        /// The exact argument vector.
        argv: Vec<String>,
        /// The working directory inside the workspace.
        directory: TreePath,
    },
    /// Say what going back to a checkpoint would do.
    PlanRewind {
        /// The number of the checkpoint.
        to: u32,
        /// What is brought back.
        scope: RewindScope,
    },
    /// Go back to a checkpoint. A checkpoint of how it is now is taken first.
    Rewind {
        /// The number of the checkpoint.
        to: u32,
        /// What is brought back.
        scope: RewindScope,
    },
    /// End: the engine finishes the line it is writing and lets go of the session.
    Close,
}

/// A person's answer to a question. There is no default: silence is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Do exactly what was shown, once.
    Once,
    /// Do not.
    No,
}

/// Exactly what would run if a question is answered with [`Answer::Once`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Proposal {
    /// The full argument vector.
    pub argv: Vec<String>,
    /// What is added to the fixed environment of the sandbox.
    pub environment: Vec<(String, String)>,
    /// The working directory inside the workspace.
    pub directory: TreePath,
    /// The candidate that is in place when it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub candidate: Option<ProposedCandidate>,
    /// Where what it writes ends up, in words.
    pub writes: String,
    /// What it can reach over a network, in words.
    pub network: String,
    /// The rule that asks.
    pub rule: String,
}

/// A candidate that would be tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ProposedCandidate {
    /// Its number in the turn, from 1.
    pub number: u32,
    /// The file that it changes.
    pub path: TreePath,
    /// The symbol that it changes.
    pub symbol: String,
    /// The file into which tests that come with it are put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub tests: Option<TreePath>,
}
