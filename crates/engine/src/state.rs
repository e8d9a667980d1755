// SPDX-License-Identifier: Apache-2.0
//! The state of a session: a fold over its records, and nothing else.
//!
//! Invariant: two processes that read the same records have equal states.

use std::cmp::Reverse;

use moat_protocol::{
    Answer, Evidence, ForkedFrom, Nearest, Outcome, Proposal, TakenBranch, Task, TaskKind,
    TestSummary,
};

use crate::check_command::CheckCommand;
use crate::record::{
    AnswerRef, Cost, Effect, EffectOutcome, Place, Point, Record, Skill, Trace, Verdict,
};
use crate::story::Story;

/// An effect that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its number in the session.
    pub effect: u32,
    /// What it was.
    pub intent: Effect,
    /// What was decided about it.
    pub decided: Decided,
    /// How long it took.
    pub took_ms: u64,
    /// What came of it.
    pub outcome: EffectOutcome,
}

/// What was decided about an effect before it was carried out, or was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// The rule; `None` in sessions that did not store it.
    pub rule: Option<String>,
    /// Whether the rule asked and a person said yes.
    pub approved: bool,
}

/// An effect that was intended and not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number in the session.
    pub effect: u32,
    /// What it is.
    pub intent: Effect,
    /// What was decided about it.
    pub decided: Decided,
}

/// A question that waits for a person, or was answered and not yet acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its number.
    pub request: u32,
    /// The effect that it is about.
    pub intent: Effect,
    /// What the person is shown.
    pub proposal: Proposal,
    /// The answer, when there is one.
    pub answer: Option<Answer>,
}

/// What became of the question for a check that was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedCheck {
    /// A person has not answered yet.
    Open,
    /// This shell line.
    Given(String),
    /// There is none.
    None,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What it is about.
    pub task: Task,
    /// What the user added.
    pub steers: Vec<String>,
    /// The question for a check, once it was asked.
    pub asked_check: Option<AskedCheck>,
    /// What was done, in order.
    pub done: Vec<Done>,
    /// The side effect of which it is not known whether it happened.
    pub unknown: Option<String>,
    /// Whether a person stopped it and nobody resumed it.
    pub stopped: bool,
    /// How it ended, when it has.
    pub finished: Option<(Outcome, Evidence)>,
}

/// The session as its records tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The workspace, once the session was created.
    pub workspace: Option<String>,
    /// What was enforced, in one line.
    pub boundary: String,
    /// Where it was forked from, if it was.
    pub forked: Option<ForkedFrom>,
    /// The turns, oldest first.
    pub turns: Vec<Turn>,
    /// The effect that was intended and not resolved.
    pub pending: Option<Pending>,
    /// The open question.
    pub question: Option<Question>,
    /// How many effects were intended.
    pub effects: u32,
    /// How many questions were asked.
    pub questions: u32,
    story: Story,
    /// Refs of taken commits that were not removed again, by the effect that made them.
    pub taken: Vec<Vec<TakenBranch>>,
}

impl State {
    /// Folds one record in.
    pub fn apply(&mut self, record: &Record) {
        match self.place_of_rewind(record) {
            Some(place) => {
                let past = self.as_of(place);
                let story = std::mem::take(&mut self.story);
                let (effects, questions) = (self.effects, self.questions);
                // What stands in the user's repository is no part of the conversation.
                let taken = std::mem::take(&mut self.taken);
                *self = Self { effects, questions, story, taken, ..past };
                self.story.add_after(place, record.clone());
            }
            None => {
                self.fold(record);
                self.story.add(record.clone());
            }
        }
    }

    /// The state as it was at a point of the conversation; `None` when there is no such point.
    #[must_use]
    pub fn at(&self, point: Point) -> Option<Self> {
        self.story.place(point).map(|place| self.as_of(place))
    }

    /// Which of the records count, by their place in the session's file, in order.
    pub(crate) fn counting(&self) -> Vec<usize> {
        self.story.counting()
    }

    /// The records that count when the conversation stands at a point, by their place in the
    /// session's file, in order; `None` when there is no such point.
    pub(crate) fn way_to(&self, point: Point) -> Option<Vec<usize>> {
        self.story.place(point).map(|place| self.story.way_to(Some(place)))
    }

    fn as_of(&self, place: usize) -> Self {
        let mut past = Self::default();
        for record in self.story.until(place) {
            past.fold(record);
        }
        // What was running then does not go on by itself.
        if past.turn().is_some() {
            past.set_stopped(true);
        }
        past
    }

    /// Where the conversation stands after a record that takes it back.
    fn place_of_rewind(&self, record: &Record) -> Option<usize> {
        let Record::Resolved { effect, outcome: EffectOutcome::Rewound(_), .. } = record else {
            return None;
        };
        let pending = self.pending.as_ref()?;
        let Effect::Rewind { scope, point, .. } = &pending.intent else { return None };
        if pending.effect != *effect || !scope.has_conversation() {
            return None;
        }
        self.story.place(*point)
    }

    fn fold(&mut self, record: &Record) {
        match record {
            Record::Created { workspace, boundary } => {
                self.workspace = Some(workspace.clone());
                self.boundary.clone_from(boundary);
            }
            Record::Forked { from, checkpoint, effects, questions } => {
                self.forked = Some(ForkedFrom { from: from.clone(), checkpoint: *checkpoint });
                (self.effects, self.questions) = (*effects, *questions);
                (self.pending, self.question) = (None, None);
                // Refs of its commits are the other session's to give back.
                self.taken.clear();
                if self.turn().is_some() {
                    self.set_stopped(true);
                }
            }
            Record::TurnStarted { task } => self.turns.push(Turn::new(task.clone())),
            Record::Steered { text } => {
                if let Some(turn) = self.turns.last_mut() {
                    turn.steers.push(text.clone());
                }
            }
            Record::Asked { request, intent, proposal } => {
                self.questions = *request;
                self.question = Some(Question {
                    request: *request,
                    intent: intent.clone(),
                    proposal: proposal.clone(),
                    answer: None,
                });
            }
            Record::Answered { request, answer } => {
                if let Some(question) = &mut self.question
                    && question.request == *request
                {
                    question.answer = Some(*answer);
                }
            }
            Record::CheckAsked => self.set_check(AskedCheck::Open),
            Record::CheckGiven { line } => {
                self.set_check(line.clone().map_or(AskedCheck::None, AskedCheck::Given));
            }
            Record::Intended { effect, intent, rule } => {
                self.effects = *effect;
                let asked = self.question.take();
                let approved = asked.is_some_and(|it| it.answer == Some(Answer::Once));
                let decided = Decided { rule: rule.clone(), approved };
                let (effect, intent) = (*effect, intent.clone());
                self.pending = Some(Pending { effect, intent, decided });
            }
            Record::Resolved { effect, took_ms, outcome } => {
                self.resolve(*effect, *took_ms, outcome);
            }
            Record::Lost { trace, .. } => self.lose(*trace),
            Record::Interrupted => self.set_stopped(true),
            Record::Resumed => self.set_stopped(false),
            Record::TurnFinished { outcome, evidence } => {
                if let Some(turn) = self.turns.last_mut() {
                    turn.finished = Some((outcome.clone(), evidence.clone()));
                }
            }
        }
    }

    /// The turn that runs, if one does.
    #[must_use]
    pub fn turn(&self) -> Option<&Turn> {
        self.turns.last().filter(|turn| turn.finished.is_none())
    }

    /// The text of an answer.
    #[must_use]
    pub fn answer(&self, answer: AnswerRef) -> Option<&str> {
        let done = self.turns.iter().rev().flat_map(|turn| &turn.done);
        let mut texts = done.filter(|done| done.effect == answer.effect).filter_map(|done| {
            let EffectOutcome::Answers { texts, .. } = &done.outcome else { return None };
            texts.get(answer.index as usize)
        });
        texts.next().map(String::as_str)
    }

    fn resolve(&mut self, effect: u32, took_ms: u64, outcome: &EffectOutcome) {
        let Some(pending) = self.pending.take_if(|pending| pending.effect == effect) else {
            return;
        };
        let Pending { intent, decided, .. } = pending;
        self.count_taken(outcome);
        let outcome = outcome.clone();
        let is_its = |turn: &&mut Turn| turn.finished.is_none() && turn.owns(&intent);
        if let Some(turn) = self.turns.last_mut().filter(is_its) {
            turn.done.push(Done { effect, intent, decided, took_ms, outcome });
        }
    }

    fn count_taken(&mut self, outcome: &EffectOutcome) {
        if let EffectOutcome::CommitsTaken { taken, .. } = outcome
            && !taken.is_empty()
        {
            self.taken.push(taken.clone());
        }
        if let EffectOutcome::CommitsReturned { returned, .. } = outcome
            && let Some(last) = self.taken.last_mut()
        {
            last.retain(|it| !returned.contains(it));
            self.taken.retain(|taken| !taken.is_empty());
        }
    }

    fn lose(&mut self, trace: Trace) {
        let lost = self.pending.take();
        if let (Some(Pending { intent, .. }), Trace::Unknown, Some(turn)) =
            (lost, trace, self.turns.last_mut())
            && turn.owns(&intent)
        {
            turn.unknown = Some(intent.describe());
        }
    }

    fn set_check(&mut self, asked: AskedCheck) {
        if let Some(turn) = self.turns.last_mut() {
            turn.asked_check = Some(asked);
        }
    }

    fn set_stopped(&mut self, stopped: bool) {
        if let Some(turn) = self.turns.last_mut() {
            turn.stopped = stopped;
        }
    }
}

impl Turn {
    fn new(task: Task) -> Self {
        Self {
            task,
            steers: Vec::new(),
            asked_check: None,
            done: Vec::new(),
            unknown: None,
            stopped: false,
            finished: None,
        }
    }

    /// Whether an effect that happens now is the turn's. What a person runs, or goes back to,
    /// while the turn is stopped is not.
    const fn owns(&self, intent: &Effect) -> bool {
        let is_outside = matches!(
            intent,
            Effect::Command { .. }
                | Effect::Rewind { .. }
                | Effect::TakeCommits { .. }
                | Effect::ReturnCommits { .. }
        );
        !(self.stopped && is_outside)
    }

    /// The time that its effects took.
    #[must_use]
    pub fn spent_ms(&self) -> u64 {
        self.done.iter().map(|done| done.took_ms).sum()
    }

    /// The check: the one that the user gave with the task or when asked, or the one that was
    /// found.
    #[must_use]
    pub fn check(&self) -> Option<CheckCommand> {
        let given = match &self.asked_check {
            Some(AskedCheck::Given(line)) => Some(line.as_str()),
            Some(AskedCheck::Open | AskedCheck::None) | None => None,
        };
        self.task.check.as_deref().or(given).map(CheckCommand::from).or_else(|| {
            self.outcomes().find_map(|outcome| {
                let EffectOutcome::CheckFound { line, .. } = outcome else { return None };
                line.clone()
            })
        })
    }

    /// What the check said before any change, with its output.
    #[must_use]
    pub fn baseline(&self) -> Option<(&TestSummary, &str)> {
        self.outcomes().find_map(|outcome| {
            let EffectOutcome::Checked { summary, output } = outcome else { return None };
            Some((summary, output.as_str()))
        })
    }

    /// The places, once they were looked for.
    #[must_use]
    pub fn places(&self) -> Option<&[Place]> {
        self.outcomes().find_map(|outcome| {
            let EffectOutcome::Located { places, .. } = outcome else { return None };
            Some(places.as_slice())
        })
    }

    /// What its model can do, once that is known.
    #[must_use]
    pub fn skill(&self) -> Skill {
        let skills = self.outcomes().find_map(|outcome| {
            let EffectOutcome::Located { skill, .. } = outcome else { return None };
            Some(*skill)
        });
        skills.unwrap_or_default()
    }

    /// How likely a revision is, in thousandths of the logarithm of its probability.
    #[must_use]
    pub fn millinats(&self, answer: AnswerRef) -> Option<i32> {
        self.done.iter().filter(|done| done.effect == answer.effect).find_map(|done| {
            let EffectOutcome::Answers { millinats, .. } = &done.outcome else { return None };
            millinats.get(answer.index as usize).copied()
        })
    }

    /// The requests that were answered, in order: the effect's number and the texts.
    pub fn answered(&self) -> impl Iterator<Item = (u32, &[String])> {
        self.done.iter().filter_map(|done| {
            let EffectOutcome::Answers { texts, .. } = &done.outcome else { return None };
            Some((done.effect, texts.as_slice()))
        })
    }

    /// Every answer, in the order in which they came.
    pub fn answers(&self) -> impl Iterator<Item = Given<'_>> {
        let outcomes = self.done.iter().filter_map(|done| {
            let EffectOutcome::Answers { texts, millinats, costs, .. } = &done.outcome else {
                return None;
            };
            Some((done.effect, texts, millinats, costs))
        });
        outcomes.enumerate().flat_map(|(request, (effect, texts, millinats, costs))| {
            (0_u32..).zip(texts).enumerate().map(move |(at, (index, text))| Given {
                request,
                answer: AnswerRef { effect, index },
                text,
                millinats: millinats.get(at).copied(),
                cost: costs.get(at).copied().flatten(),
            })
        })
    }

    /// How much an answer changes, where that is known.
    #[must_use]
    pub fn cost(&self, answer: AnswerRef) -> Option<Cost> {
        self.answers().find(|given| given.answer == answer).and_then(|given| given.cost)
    }

    /// The best of some candidates with which the check ran: by the tests that passed,
    /// then by how little it changes, then the earliest.
    pub(crate) fn best<'a>(&self, trials: impl Iterator<Item = Trial<'a>>) -> Option<Trial<'a>> {
        let ran = trials.filter_map(|trial| match trial.verdict {
            Verdict::Ran { summary, .. } => Some((trial, summary)),
            Verdict::Rejected { .. } | Verdict::Parsed => None,
        });
        let best = ran.min_by_key(|(trial, summary)| {
            let cost = self.cost(trial.answer);
            (Reverse(summary.passed), summary.failed, cost.is_none(), cost)
        });
        best.map(|(trial, _)| trial)
    }

    /// The best candidate of a repair in which none passed.
    ///
    /// One whose run ended before a test of it failed says nothing about how good it was.
    pub(crate) fn nearest(&self) -> Option<Nearest> {
        if self.task.kind != TaskKind::Repair || self.tried().any(|trial| trial.passed()) {
            return None;
        }
        let told = self.tried().filter(|trial| match trial.verdict {
            Verdict::Ran { summary, broken, .. } => summary.failed > 0 || !broken.is_empty(),
            Verdict::Rejected { .. } | Verdict::Parsed => false,
        });
        let trial = self.best(told)?;
        let Verdict::Ran { summary, broken, .. } = trial.verdict else { return None };
        Some(Nearest {
            candidate: trial.candidate,
            path: trial.path.clone(),
            symbol: trial.symbol.to_owned(),
            lines: self.cost(trial.answer).map(|cost| cost.lines),
            summary: summary.clone(),
            broken: broken.clone(),
        })
    }

    /// The candidates that were judged, in order.
    pub fn tried(&self) -> impl Iterator<Item = Trial<'_>> {
        self.done.iter().filter_map(|done| {
            let EffectOutcome::Tried { verdict, content, tests: tests_content } = &done.outcome
            else {
                return None;
            };
            let (candidate, answer, path, symbol, tests) = candidate_of(&done.intent)?;
            let (content, tests_content) = (content.as_deref(), tests_content.as_deref());
            Some(Trial { candidate, answer, path, symbol, verdict, content, tests, tests_content })
        })
    }

    /// What came of each effect, in order.
    pub fn outcomes(&self) -> impl Iterator<Item = &EffectOutcome> {
        self.done.iter().map(|done| &done.outcome)
    }

    /// What the turn can show.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let mut evidence = Evidence {
            check: self.check().map(|check| check.line()),
            before: self.baseline().map(|(summary, _)| summary.clone()),
            duration_ms: self.spent_ms(),
            nearest: self.nearest(),
            ..Evidence::default()
        };
        for outcome in self.outcomes() {
            if let EffectOutcome::Answers { prompt_tokens, completion_tokens, .. } = outcome {
                evidence.requests += 1;
                evidence.prompt_tokens += prompt_tokens;
                evidence.completion_tokens += completion_tokens;
            }
        }
        for trial in self.tried() {
            evidence.candidates += u32::from(trial.tests.is_none());
            // What stands beside the check's first run is its last one, not that of other tests.
            if trial.tests.is_some() && evidence.before.is_some() {
                continue;
            }
            if let Verdict::Ran { summary, broken, .. } = trial.verdict
                && trial.passed()
            {
                evidence.after = Some(summary.clone());
                evidence.broken.clone_from(broken);
            }
        }
        evidence
    }
}

/// The candidate that an effect tries: its number, its answer, its place, and the answer with
/// its tests.
const fn candidate_of(
    intent: &Effect,
) -> Option<(u32, AnswerRef, &moat_base::TreePath, &String, Option<AnswerRef>)> {
    if let Effect::Try { candidate, answer, path, symbol, .. } = intent {
        return Some((*candidate, *answer, path, symbol, None));
    }
    if let Effect::TryTested { candidate, answer, path, symbol, tests, .. } = intent {
        return Some((*candidate, *answer, path, symbol, Some(*tests)));
    }
    None
}

/// An answer of the model, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Which of the turn's requests it answers, from 0.
    pub request: usize,
    /// Its name.
    pub answer: AnswerRef,
    /// What it says.
    pub text: &'a str,
    /// Of a revision, how likely it is: thousandths of the logarithm of its probability.
    pub millinats: Option<i32>,
    /// How much it changes; `None` when it cannot be put in place.
    pub cost: Option<Cost>,
}

/// A candidate that was judged.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Its number in the turn, from 1.
    pub candidate: u32,
    /// The answer it came from.
    pub answer: AnswerRef,
    /// The file.
    pub path: &'a moat_base::TreePath,
    /// The symbol.
    pub symbol: &'a str,
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The SHA-256 of the file's content with it.
    pub content: Option<&'a str>,
    /// The answer with the tests that it was tried with, if it was.
    pub tests: Option<AnswerRef>,
    /// The SHA-256 of the test file's content.
    pub tests_content: Option<&'a str>,
}

impl Trial<'_> {
    /// Whether the check passed with it and nothing broke; without a check, whether it parses.
    #[must_use]
    pub fn passed(&self) -> bool {
        match self.verdict {
            Verdict::Rejected { .. } => false,
            Verdict::Ran { summary, broken, .. } => {
                summary.status.is_success() && broken.is_empty()
            }
            Verdict::Parsed => true,
        }
    }
}
