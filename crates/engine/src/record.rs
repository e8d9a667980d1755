// SPDX-License-Identifier: Apache-2.0
//! What a session stores: records, effects and their outcomes. Closed enums.
//!
//! These are the engine's own types; what front ends see is `moat-protocol`'s.
//! An effect is stored as an intent before it is carried out and as an outcome
//! after, so that a process that dies in between leaves a trace.

use moat_base::{Report, SessionId, TreePath};
use moat_protocol::{
    Answer, BranchRefusal, Confirmation, Evidence, Outcome, Proposal, Refusal, RewindScope,
    Rewound, RunStatus, Selection, TakenBranch, Task, TestSummary,
};
use serde::{Deserialize, Serialize};

use crate::check_command::CheckCommand;

/// One line of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// The session began; always the first line.
    Created {
        /// The workspace's real path, as text in the escaped form of `TreePath`.
        workspace: String,
        /// What was enforced, in one line.
        boundary: String,
    },
    /// What stands before this was copied from another session, of which this one is a fork. A
    /// turn that ran there is stopped here, and what it asked or was about to do is not copied.
    Forked {
        /// The other session.
        from: SessionId,
        /// The number of its checkpoint.
        checkpoint: u32,
        /// The highest number of an effect so far.
        effects: u32,
        /// The highest number of a question so far.
        questions: u32,
    },
    /// A turn began.
    TurnStarted {
        /// What it is about.
        task: Task,
    },
    /// The user added something to the running turn.
    Steered {
        /// The user's words.
        text: String,
    },
    /// An effect needs a person's answer before it may be intended.
    Asked {
        /// The number of the question.
        request: u32,
        /// The effect.
        intent: Effect,
        /// What the person was shown.
        proposal: Proposal,
    },
    /// The question was answered.
    Answered {
        /// The number of the question.
        request: u32,
        /// The answer.
        answer: Answer,
    },
    /// No check was found, so a person is asked for one.
    CheckAsked,
    /// That was answered.
    CheckGiven {
        /// The shell line; `None` when there is none.
        line: Option<String>,
    },
    /// An effect is about to be carried out.
    Intended {
        /// Its number in the session, from 1.
        effect: u32,
        /// What it is.
        intent: Effect,
        /// The rule that allowed, asked about or denied it; earlier sessions did not store one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// An effect was carried out.
    Resolved {
        /// Its number.
        effect: u32,
        /// How long it took.
        took_ms: u64,
        /// What came of it.
        outcome: EffectOutcome,
    },
    /// The process died inside the effect, or a person stopped it.
    Lost {
        /// Its number.
        effect: u32,
        /// What is known of what it did.
        trace: Trace,
    },
    /// A person stopped the turn; it can be resumed.
    Interrupted,
    /// The turn went on.
    Resumed,
    /// The turn ended.
    TurnFinished {
        /// How.
        outcome: Outcome,
        /// What it can show for it.
        evidence: Evidence,
    },
}

/// What an interrupted effect may have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    /// Nothing: it only looked, or what it wrote was thrown away.
    None,
    /// Not known: its side effect may or may not have happened.
    Unknown,
}

/// Names one answer of a model: the effect that asked and the index of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRef {
    /// The effect that asked.
    pub effect: u32,
    /// Which of its answers, from 0.
    pub index: u32,
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptMessage {
    /// Who speaks.
    pub role: PromptRole,
    /// What they say.
    pub text: String,
}

/// Who speaks in a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptRole {
    /// The published template.
    System,
    /// The task and its context.
    User,
    /// How the answer begins.
    Assistant,
}

/// What a model can do with a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skill {
    /// It writes answers.
    #[default]
    Writes,
    /// It also says where it would have written a given answer differently, and how likely.
    Revises,
}

/// A request to a model, whole: with it the request is a pure function of this record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// What it is for, in a few words.
    pub purpose: String,
    /// The messages.
    pub messages: Vec<PromptMessage>,
    /// Sampling temperature in hundredths; zero is greedy.
    pub temperature_percent: u32,
    /// The sampler's seed.
    pub seed: u32,
    /// How many answers.
    pub candidates: u32,
    /// The most tokens of one answer.
    pub tokens_max: u32,
    /// An answer of which the likeliest revisions are wanted, in place of new answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
}

/// What an operation asks the world to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Find the command that tells right from wrong.
    FindCheck,
    /// Run the check in a fork of the session that is thrown away.
    RunCheck {
        /// The command.
        line: CheckCommand,
    },
    /// Run a program in a fork of the session and take its output.
    Observe {
        /// The argument vector.
        argv: Vec<String>,
    },
    /// Find the places that the task is about.
    Locate,
    /// Ask the turn's model.
    Ask {
        /// The request.
        prompt: Prompt,
    },
    /// Put an answer in place in a fork and run the check there.
    Try {
        /// Its number in the turn, from 1.
        candidate: u32,
        /// The answer.
        answer: AnswerRef,
        /// The file to change.
        path: TreePath,
        /// The symbol to replace.
        symbol: String,
        /// The check; without one only the syntax is judged.
        check: Option<CheckCommand>,
    },
    /// Put an answer and tests for it in place in a fork and run these tests there.
    TryTested {
        /// Its number in the turn, from 1.
        candidate: u32,
        /// The answer with the function.
        answer: AnswerRef,
        /// The file to change.
        path: TreePath,
        /// The symbol to write.
        symbol: String,
        /// The answer with the tests.
        tests: AnswerRef,
        /// Where they go.
        place: TestPlace,
    },
    /// Put the tests of an answer in place in the session.
    ApplyTests {
        /// The answer with the tests.
        tests: AnswerRef,
        /// The symbol that they test.
        symbol: String,
        /// Where they go.
        place: TestPlace,
        /// The content's SHA-256 that the trial had, as hex.
        content: String,
    },
    /// Put an answer in place in the session.
    Apply {
        /// The answer.
        answer: AnswerRef,
        /// The file to change.
        path: TreePath,
        /// The symbol to replace.
        symbol: String,
        /// The content's SHA-256 that the trial had, as hex.
        content: String,
    },
    /// Take commits of the session into refs of their own in the user's repository.
    TakeCommits {
        /// What was shown, and is taken only if it still is so.
        tips: Vec<CommitTip>,
    },
    /// Remove refs of taken commits, or move them back.
    ReturnCommits {
        /// Which.
        refs: Vec<TakenBranch>,
    },
    /// Apply changes to the user's tree.
    Keep {
        /// Which ones.
        selection: Selection,
        /// What a person confirmed for itself, exactly, and how.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        confirmed: Vec<Confirmation>,
    },
    /// Drop changes from the session.
    Discard {
        /// Which ones.
        selection: Selection,
    },
    /// Take the last keep back.
    UndoKeep,
    /// Run a command in the session itself.
    Command {
        /// The argument vector.
        argv: Vec<String>,
        /// The working directory inside the workspace.
        directory: TreePath,
    },
    /// Go back to a checkpoint.
    Rewind {
        /// Its number.
        to: u32,
        /// What is brought back.
        scope: RewindScope,
        /// After or before which effect the conversation stands then.
        point: Point,
    },
}

/// A place in the conversation, by the effects of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// After this effect, and what was recorded about it until a turn or another effect began.
    /// Zero is the start of the session.
    After(u32),
    /// Right before this effect was asked about or intended.
    Before(u32),
}

impl Effect {
    /// Whether it leaves a trace and takes nothing away from the session's own files.
    #[must_use]
    pub const fn spares_the_session(&self) -> bool {
        matches!(
            self,
            Self::Keep { .. }
                | Self::UndoKeep
                | Self::TakeCommits { .. }
                | Self::ReturnCommits { .. }
        )
    }

    /// Whether carrying it out leaves a trace that outlives it.
    #[must_use]
    pub const fn leaves_a_trace(&self) -> bool {
        match self {
            Self::FindCheck
            | Self::RunCheck { .. }
            | Self::Observe { .. }
            | Self::Locate
            | Self::Ask { .. }
            | Self::Try { .. }
            | Self::TryTested { .. } => false,
            Self::Apply { .. }
            | Self::ApplyTests { .. }
            | Self::TakeCommits { .. }
            | Self::ReturnCommits { .. }
            | Self::Keep { .. }
            | Self::Discard { .. }
            | Self::UndoKeep
            | Self::Command { .. }
            | Self::Rewind { .. } => true,
        }
    }

    /// A few words for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::FindCheck => "find the check command".into(),
            Self::RunCheck { line } => format!("run the check `{}`", line.line()),
            Self::Observe { argv } => format!("run `{}`", argv.join(" ")),
            Self::Locate => "find the place to change".into(),
            Self::Ask { prompt } => format!("ask the model to {}", prompt.purpose),
            Self::Try { candidate, .. } => format!("try candidate {candidate}"),
            Self::TryTested { candidate, place, .. } => {
                format!("try candidate {candidate} with tests in `{}`", place.path)
            }
            Self::Apply { path, .. } => format!("change `{path}` in the session"),
            Self::ApplyTests { place, .. } => {
                format!("put tests into `{}` in the session", place.path)
            }
            Self::TakeCommits { .. } => "take commits into the repository".into(),
            Self::ReturnCommits { .. } => "remove refs of taken commits".into(),
            Self::Keep { .. } => "keep changes in the workspace".into(),
            Self::Discard { .. } => "drop changes from the session".into(),
            Self::UndoKeep => "take the last keep back".into(),
            Self::Command { argv, .. } => format!("run `{}` in the session", argv.join(" ")),
            Self::Rewind { to, .. } => format!("go back to checkpoint {to}"),
        }
    }
}

/// A branch of the session, as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitTip {
    /// The branch.
    pub branch: String,
    /// The id of its last commit.
    pub tip: String,
    /// The ref to which it goes.
    pub reference: String,
}

/// A place that the task may be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub path: TreePath,
    /// The symbol's qualified name.
    pub symbol: String,
    /// The language's name, as it stands after a fence.
    pub language: String,
    /// Why, in a few words each.
    pub reasons: Vec<String>,
    /// The symbol's source.
    pub source: String,
    /// What the model should see beside it: imports, constants, signatures.
    pub context: String,
    /// The source of the failing test; empty without one.
    pub test: String,
    /// What the failing test said; empty without one.
    pub failure: String,
    /// Where tests of a function that is to be written go; `None` where no custom is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestPlace>,
}

/// Where tests of a new function go, and how they are run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestPlace {
    /// The file.
    pub path: TreePath,
    /// Their form.
    pub form: TestForm,
    /// The line that brings the function into the file, or the name of the test module.
    pub import: String,
    /// The command that runs them.
    pub line: CheckCommand,
}

/// The form of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestForm {
    /// Methods of a `unittest.TestCase`.
    Unittest,
    /// Functions that pytest finds.
    Pytest,
    /// Functions of a `#[cfg(test)]` module.
    RustModule,
    /// `node:test` in a CommonJS file.
    NodeScript,
    /// `node:test` in an ECMAScript module.
    NodeModule,
}

/// How much an answer changes; the derived order puts the smaller change first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Cost {
    /// Functions whose signature changes or that disappear.
    pub signatures: u32,
    /// Names that are newly imported.
    pub imports: u32,
    /// Lines removed and added.
    pub lines: u32,
    /// Difference in syntax nodes.
    pub nodes: u32,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It was not tried.
    Rejected {
        /// Why, in a few words.
        reason: String,
    },
    /// The check ran with it.
    Ran {
        /// What the check said.
        summary: TestSummary,
        /// Tests that passed before and do not now.
        broken: Vec<String>,
        /// The end of the output, for another try.
        output: String,
    },
    /// There was no check; its syntax is right.
    Parsed,
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum EffectOutcome {
    /// The check, and why it is this one; `None` when there is none to find.
    CheckFound {
        /// The command.
        line: Option<CheckCommand>,
        /// Why this one.
        why: String,
    },
    /// The check ran.
    Checked {
        /// What it said.
        summary: TestSummary,
        /// The end of its output, bounded.
        output: String,
    },
    /// A program ran.
    Observed {
        /// How it ended.
        status: RunStatus,
        /// Its output, bounded.
        output: String,
    },
    /// The places, best guess first.
    Located {
        /// The places.
        places: Vec<Place>,
        /// What the turn's model can do.
        #[serde(default)]
        skill: Skill,
    },
    /// The model answered.
    Answers {
        /// The answers.
        texts: Vec<String>,
        /// Of revisions, how likely each is: thousandths of the logarithm of its probability.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        millinats: Vec<i32>,
        /// How much each changes; `None` of one that cannot be put in place.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        costs: Vec<Option<Cost>>,
        /// Tokens read.
        prompt_tokens: u64,
        /// Tokens written.
        completion_tokens: u64,
    },
    /// A candidate was judged.
    Tried {
        /// The verdict.
        verdict: Verdict,
        /// The SHA-256 of the file's content with it, when there was one.
        content: Option<String>,
        /// The SHA-256 of the test file's content, when it came with tests.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tests: Option<String>,
    },
    /// A file of the session was changed.
    Applied {
        /// The symbols that were replaced or added.
        symbols: Vec<String>,
    },
    /// Commits were taken into the user's repository.
    CommitsTaken {
        /// The refs that were made or moved.
        taken: Vec<TakenBranch>,
        /// What was left alone.
        refused: Vec<BranchRefusal>,
    },
    /// Refs of taken commits were removed or moved back.
    CommitsReturned {
        /// Which.
        returned: Vec<TakenBranch>,
        /// What was left alone.
        refused: Vec<BranchRefusal>,
    },
    /// Changes were kept, dropped or taken back.
    Moved {
        /// What was written.
        paths: Vec<TreePath>,
        /// What was left alone.
        refused: Vec<Refusal>,
    },
    /// A command ran in the session.
    Ran {
        /// How it ended.
        status: RunStatus,
        /// The beginning and the end of its output, bounded.
        output: String,
    },
    /// The session went back to a checkpoint.
    Rewound(Rewound),
    /// It was not done because it was not allowed.
    Denied {
        /// The rule.
        rule: String,
    },
    /// It could not be done, for a reason outside the turn.
    Failed {
        /// What failed, why, what to do.
        report: Report,
    },
}
