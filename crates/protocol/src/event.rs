// SPDX-License-Identifier: Apache-2.0
//! What a front end is shown.

use moat_base::{Report, SessionId, Timestamp, TreePath};
use serde::{Deserialize, Serialize};

use crate::{
    Answer, BranchRefusal, Change, ChangeSet, Checkpoint, CommandEnd, Commits, Evidence,
    ForkedFrom, Outcome, Proposal, Refusal, RewindPlan, Rewound, RunStatus, Suspect, TakenBranch,
    Task, TestSummary,
};

/// An event with its place in the session's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Envelope {
    /// The session.
    pub session: SessionId,
    /// Counts up by one; a gap means that the reader was too slow and missed events.
    pub sequence: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Which stream of a command wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Note,
    /// A person should look.
    Warning,
}

/// What came of one candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum CandidateVerdict {
    /// It was not tried, and why (no code, no change, seen before, syntax error).
    Rejected {
        /// Why, in a few words.
        reason: String,
    },
    /// The check failed with it.
    Failed {
        /// What the check said.
        summary: TestSummary,
    },
    /// It was accepted; there is no check that could judge it.
    Unjudged,
    /// The check passed with it and nothing broke.
    Passed {
        /// What the check said.
        summary: TestSummary,
    },
}

/// Something that happened. The enum is closed: a new variant is a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The session is open; the first event every reader gets.
    SessionOpened {
        /// The workspace's real path, as text in the escaped form of `TreePath`.
        workspace: String,
        /// What is enforced, in one line.
        boundary: String,
    },
    /// What came before was another session's: this one was forked from it here.
    Forked(ForkedFrom),
    /// A turn began.
    TurnStarted {
        /// Its number in the session, from 1.
        turn: u32,
        /// What it is about.
        task: Task,
    },
    /// What the turn will do, in order.
    PlanMade {
        /// One line each.
        steps: Vec<String>,
    },
    /// Something worth a line.
    Notice {
        /// How much it matters.
        level: Level,
        /// One sentence.
        text: String,
    },
    /// A command starts.
    CommandStarted {
        /// Its number in the session.
        command: u32,
        /// Exactly what runs.
        argv: Vec<String>,
        /// Where what it writes ends up, in words.
        place: String,
    },
    /// A command wrote something; invalid UTF-8 is replaced, controls are kept
    /// for the front end to make visible.
    CommandOutput {
        /// Which command.
        command: u32,
        /// Which stream.
        stream: Stream,
        /// What it wrote.
        text: String,
    },
    /// A command ended.
    CommandFinished {
        /// Which command.
        command: u32,
        /// How.
        status: RunStatus,
        /// How long it took.
        duration_ms: u64,
        /// What its output said, for checks.
        summary: Option<TestSummary>,
    },
    /// Where the bug may be, best guess first.
    Located {
        /// The places.
        suspects: Vec<Suspect>,
    },
    /// A request to a model starts.
    ModelAsked {
        /// Its number in the session.
        request: u32,
        /// The model's name in the configuration.
        model: String,
        /// What it is for, in a few words.
        purpose: String,
        /// How many answers are asked for.
        candidates: u32,
    },
    /// A part of an answer.
    ModelText {
        /// Which request.
        request: u32,
        /// Which of its answers, from 0.
        candidate: u32,
        /// The text.
        text: String,
    },
    /// A model's answer is complete.
    ModelAnswered {
        /// Which request.
        request: u32,
        /// Tokens read.
        prompt_tokens: u64,
        /// Tokens written.
        completion_tokens: u64,
        /// How long it took.
        duration_ms: u64,
    },
    /// What came of one answer.
    CandidateJudged {
        /// Its number in the turn, from 1.
        candidate: u32,
        /// The file that it changes.
        path: TreePath,
        /// The symbol that it changes.
        symbol: String,
        /// The verdict.
        verdict: CandidateVerdict,
    },
    /// A file of the session changed.
    Edited {
        /// The file.
        path: TreePath,
        /// The symbols that were replaced or added.
        symbols: Vec<String>,
    },
    /// A person must decide; the turn waits.
    ApprovalAsked {
        /// The number to answer to.
        request: u32,
        /// Exactly what would run.
        proposal: Proposal,
    },
    /// A question was answered, here or by another front end.
    ApprovalAnswered {
        /// Which question.
        request: u32,
        /// The answer.
        answer: Answer,
    },
    /// A person must say which command is to pass, since none was found; the turn waits.
    CheckAsked,
    /// That was answered, here or by another front end.
    CheckGiven {
        /// The shell line; `None` when there is none.
        line: Option<String>,
    },
    /// The pending changes, whole.
    ChangesPending(ChangeSet),
    /// What the session committed, whole.
    CommitsPending(Commits),
    /// Commits were taken into the user's repository.
    CommitsTaken {
        /// The refs that were made or moved.
        taken: Vec<TakenBranch>,
        /// What was left alone.
        refused: Vec<BranchRefusal>,
    },
    /// Refs of taken commits were removed, or moved back.
    CommitsReturned {
        /// What was removed or moved back.
        returned: Vec<TakenBranch>,
        /// What was left alone.
        refused: Vec<BranchRefusal>,
    },
    /// What of a selection needs a confirmation, as it would be written.
    KeepPlanned {
        /// The changes; of some hunks of a file with these hunks alone.
        unconfirmed: Vec<Change>,
    },
    /// Changes were applied to the user's tree.
    Kept {
        /// What was written.
        paths: Vec<TreePath>,
        /// What was left alone.
        refused: Vec<Refusal>,
    },
    /// Changes were dropped from the session.
    Discarded {
        /// What was dropped.
        paths: Vec<TreePath>,
        /// What was left alone.
        refused: Vec<Refusal>,
    },
    /// A keep was taken back.
    KeepUndone {
        /// What was restored.
        paths: Vec<TreePath>,
        /// What was left alone.
        refused: Vec<Refusal>,
    },
    /// A checkpoint was taken.
    Checkpointed(Checkpoint),
    /// What going back to a checkpoint would do.
    RewindPlanned(RewindPlan),
    /// The session went back to a checkpoint.
    Rewound(Rewound),
    /// A command in the session ended, and this is stored.
    CommandEnded(CommandEnd),
    /// The turn ended.
    TurnFinished {
        /// How.
        outcome: Outcome,
        /// What it can show for it.
        evidence: Evidence,
    },
    /// An operation was refused or an effect failed for a reason outside the turn.
    Failed {
        /// What failed, why, what to do.
        report: Report,
    },
    /// The engine let go of the session.
    SessionClosed,
}
