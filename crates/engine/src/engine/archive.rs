// SPDX-License-Identifier: Apache-2.0
//! Tells of a stored session in words of the protocol, without opening it.
//!
//! A front end lists sessions and shows one from this, and from nothing that is stored:
//! records may change without it. What is told are the events that a watcher was shown,
//! as far as the record has them: of an output its stored part, of an answer its whole.
//!
//! Invariant: pure, and the same history tells the same.

use moat_base::SessionId;
use moat_protocol::{
    Envelope, Event, Level, Outcome, RunStatus, SessionSummary, Standing, Stream, TestSummary,
};

use super::shown;
use crate::invocation::Invocation;
use crate::operation::plan;
use crate::record::{Effect, EffectOutcome, Record, Trace, Verdict};
use crate::state::{Decided, Pending, State, Turn};
use crate::store::{History, Line};
use crate::world::{FORK, SESSION};

/// A stored session in short.
#[must_use]
pub fn summary(session: &SessionId, history: &History) -> SessionSummary {
    let mut state = State::default();
    for line in &history.lines {
        state.apply(&line.record);
    }
    let at = |line: Option<&Line>| line.map(|line| line.at);
    SessionSummary {
        session: session.clone(),
        task: state.turns.last().map(|turn| turn.task.text.clone()),
        standing: state.turns.last().map_or(Standing::Empty, standing),
        turns: u32::try_from(state.turns.len()).unwrap_or(u32::MAX),
        begun: at(history.lines.first()),
        written: at(history.lines.last()),
        resumable: state.turn().is_some(),
        kept: is_kept(&history.lines),
        workspace: state.workspace,
    }
}

const fn standing(turn: &Turn) -> Standing {
    if turn.stopped {
        return Standing::Stopped;
    }
    match &turn.finished {
        None => Standing::Unfinished,
        Some((Outcome::Solved, _)) => Standing::Solved,
        Some((Outcome::Unverified { .. }, _)) => Standing::Unverified,
        Some((Outcome::NothingToFix, _)) => Standing::Nothing,
        Some((Outcome::NotSolved { .. }, _)) => Standing::NotSolved,
        Some((Outcome::Failed { .. }, _)) => Standing::Failed,
        Some((Outcome::Answered { .. }, _)) => Standing::Answered,
        Some((Outcome::Stopped { .. }, _)) => Standing::Stopped,
        Some((Outcome::Denied { .. }, _)) => Standing::Denied,
        Some((Outcome::Unknown { .. }, _)) => Standing::Unknown,
    }
}

/// Whether a keep stands. What stands in the user's tree is no part of the conversation, so
/// every line counts, also those from which the conversation went back.
fn is_kept(lines: &[Line]) -> bool {
    let (mut keeps, mut intended) = (0_i64, None);
    for line in lines {
        if let Record::Intended { effect, intent, .. } = &line.record {
            intended = Some((*effect, intent));
        }
        let Record::Resolved { effect, outcome, .. } = &line.record else { continue };
        let EffectOutcome::Moved { paths, .. } = outcome else { continue };
        let Some((_, intent)) = intended.filter(|(number, _)| number == effect) else { continue };
        if paths.is_empty() {
            continue;
        }
        if let Effect::Keep { .. } = intent {
            keeps += 1;
        } else if let Effect::UndoKeep = intent {
            keeps -= 1;
        }
    }
    keeps > 0
}

/// What front ends that watched the session were shown, from what is stored. What the
/// conversation went back from is not told.
#[must_use]
pub fn retell(session: &SessionId, history: &History) -> Vec<Envelope> {
    let mut state = State::default();
    let mut told = Vec::new();
    for line in counting(history) {
        for event in events(&state, &line.record) {
            let (session, sequence) = (session.clone(), told.len() as u64);
            told.push(Envelope { session, sequence, at: line.at, event });
        }
        state.apply(&line.record);
    }
    told
}

/// The lines that count, in order.
fn counting(history: &History) -> impl Iterator<Item = &Line> {
    let mut state = State::default();
    for line in &history.lines {
        state.apply(&line.record);
    }
    state.counting().into_iter().filter_map(|at| history.lines.get(at))
}

/// What one record tells; `state` is the state before it.
fn events(state: &State, record: &Record) -> Vec<Event> {
    let notice = |level, text| vec![Event::Notice { level, text }];
    match record {
        Record::Created { workspace, boundary } => {
            let (workspace, boundary) = (workspace.clone(), boundary.clone());
            vec![Event::SessionOpened { workspace, boundary }]
        }
        Record::TurnStarted { task } => {
            let turn = u32::try_from(state.turns.len()).unwrap_or(u32::MAX).saturating_add(1);
            let steps = plan(task.kind, task.check.as_deref());
            vec![Event::TurnStarted { turn, task: task.clone() }, Event::PlanMade { steps }]
        }
        Record::Steered { text } => notice(Level::Note, format!("you added: {text}")),
        Record::Asked { request, proposal, .. } => {
            vec![Event::ApprovalAsked { request: *request, proposal: proposal.clone() }]
        }
        Record::Answered { request, answer } => {
            vec![Event::ApprovalAnswered { request: *request, answer: *answer }]
        }
        Record::CheckAsked => vec![Event::CheckAsked],
        Record::CheckGiven { line } => vec![Event::CheckGiven { line: line.clone() }],
        Record::Intended { .. } => Vec::new(),
        // Its intent stands on the way that the conversation went back from.
        Record::Resolved { outcome: EffectOutcome::Rewound(rewound), .. } => {
            vec![Event::Rewound(rewound.clone())]
        }
        Record::Resolved { effect, took_ms, outcome } => {
            let pending = state.pending.as_ref().filter(|pending| pending.effect == *effect);
            pending.map_or_else(Vec::new, |pending| resolved(state, pending, *took_ms, outcome))
        }
        Record::Lost { trace, .. } => {
            let what = state.pending.as_ref().map(|pending| pending.intent.describe());
            let began = format!("it ended while it was about to {}", what.unwrap_or_default());
            match trace {
                Trace::None => notice(Level::Note, format!("{began}; that left nothing behind")),
                Trace::Unknown => {
                    notice(Level::Warning, format!("{began}; whether it happened is not known"))
                }
            }
        }
        Record::Interrupted => {
            let evidence = state.turn().map(Turn::evidence).unwrap_or_default();
            let reason = "a person interrupted it".to_owned();
            vec![Event::TurnFinished { outcome: Outcome::Stopped { reason }, evidence }]
        }
        Record::Resumed => state.turn().map_or_else(Vec::new, |turn| {
            let number = u32::try_from(state.turns.len()).unwrap_or(u32::MAX);
            vec![Event::TurnStarted { turn: number, task: turn.task.clone() }]
        }),
        Record::TurnFinished { outcome, evidence } => {
            vec![Event::TurnFinished { outcome: outcome.clone(), evidence: evidence.clone() }]
        }
    }
}

/// How a command ended, how long it took, and what its output said.
type End<'a> = (RunStatus, u64, Option<&'a TestSummary>);

/// What an effect told while it was carried out, and after.
fn resolved(state: &State, pending: &Pending, took_ms: u64, outcome: &EffectOutcome) -> Vec<Event> {
    let Pending { effect: number, intent, decided } = pending;
    let ran = |place: &str, end: End<'_>, output: &str| {
        let argv = Invocation::of(intent).map(|it| it.argv).unwrap_or_default();
        let (status, duration_ms, summary) = end;
        let (place, summary, text) = (decision(place, decided), summary.cloned(), output.into());
        vec![
            Event::CommandStarted { command: *number, argv, place },
            Event::CommandOutput { command: *number, stream: Stream::Out, text },
            Event::CommandFinished { command: *number, status, duration_ms, summary },
        ]
    };
    let checked = |summary: &TestSummary, output: &str| {
        ran(FORK, (summary.status, summary.duration_ms, Some(summary)), output)
    };
    let mut events = match (intent, outcome) {
        (Effect::RunCheck { .. }, EffectOutcome::Checked { summary, output })
        | (
            Effect::Try { check: Some(_), .. } | Effect::TryTested { .. },
            EffectOutcome::Tried { verdict: Verdict::Ran { summary, output, .. }, .. },
        ) => checked(summary, output),
        (Effect::Observe { .. }, EffectOutcome::Observed { status, output }) => {
            ran(FORK, (*status, took_ms, None), output)
        }
        (Effect::Command { .. }, EffectOutcome::Ran { status, output }) => {
            ran(SESSION, (*status, took_ms, None), output)
        }
        (Effect::Ask { .. }, EffectOutcome::Answers { .. }) => {
            answers(state, (*number, took_ms), intent, outcome)
        }
        (_, EffectOutcome::Failed { report }) => vec![Event::Failed { report: report.clone() }],
        _ => Vec::new(),
    };
    events.extend(shown::events(intent, outcome));
    events
}

/// Where a command ran, and who let it; earlier sessions do not tell the latter.
fn decision(place: &str, decided: &Decided) -> String {
    let Some(rule) = &decided.rule else { return place.to_owned() };
    let how = if decided.approved { "approved when asked by" } else { "allowed by" };
    format!("{place}; {how} `{rule}`")
}

/// What a request told. Revisions of a draft are told when they are tried, as they were.
fn answers(
    state: &State,
    (number, took_ms): (u32, u64),
    intent: &Effect,
    outcome: &EffectOutcome,
) -> Vec<Event> {
    let (
        Effect::Ask { prompt },
        EffectOutcome::Answers { texts, prompt_tokens, completion_tokens, .. },
    ) = (intent, outcome)
    else {
        return Vec::new();
    };
    let model = state.turn().map(|turn| turn.task.model.clone()).unwrap_or_default();
    let asked = Event::ModelAsked {
        request: number,
        model,
        purpose: prompt.purpose.clone(),
        candidates: u32::try_from(texts.len()).unwrap_or(u32::MAX),
    };
    let written = (0_u32..).zip(texts).filter(|_| prompt.draft.is_none());
    let written = written.map(|(candidate, text)| Event::ModelText {
        request: number,
        candidate,
        text: text.clone(),
    });
    let answered = Event::ModelAnswered {
        request: number,
        prompt_tokens: *prompt_tokens,
        completion_tokens: *completion_tokens,
        duration_ms: took_ms,
    };
    std::iter::once(asked).chain(written).chain(std::iter::once(answered)).collect()
}
