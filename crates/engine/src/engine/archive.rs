// SPDX-License-Identifier: Apache-2.0
//! Tells of a stored session in words of the protocol, without opening it.
//!
//! A front end lists sessions and shows one from this, and from nothing that is stored:
//! records may change without it. What is told are the events that a watcher was shown,
//! as far as the record has them: of an output its stored part, of an answer its whole.
//!
//! Invariant: pure, and the same history tells the same.

use moat_base::{SessionId, Timestamp};
use moat_files::Checkpoint;
use moat_protocol::{
    Envelope, Event, ForkedFrom, Level, Outcome, RunStatus, SessionSummary, Standing, Stream,
    TestSummary,
};

use super::shown;
use crate::invocation::Invocation;
use crate::operation::plan;
use crate::record::{Effect, EffectOutcome, Point, Record, Trace, Verdict};
use crate::state::{AskedCheck, Decided, Pending, State, Turn};
use crate::store::{History, Line};
use crate::world::checkpoint::{point_of, told};
use crate::world::{FORK, SESSION};

/// A stored session in short.
#[must_use]
pub fn summary(session: &SessionId, history: &History) -> SessionSummary {
    let mut state = State::default();
    for line in &history.lines {
        state.apply(&line.record);
    }
    let at = |line: Option<&Line>| line.map(|line| line.at);
    let own = history.lines.get(own(&history.lines)..).unwrap_or_default();
    SessionSummary {
        session: session.clone(),
        task: state.turns.last().map(|turn| turn.task.text.clone()),
        standing: state.turns.last().map_or(Standing::Empty, standing),
        turns: u32::try_from(state.turns.len()).unwrap_or(u32::MAX),
        begun: at(own.first()),
        written: at(history.lines.last()),
        resumable: state.turn().is_some(),
        kept: is_kept(own),
        workspace: state.workspace,
        forked: state.forked,
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
/// every line counts, also those from which the conversation went back. A keep of the session
/// that it was forked from is that session's to take back.
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

/// Everything that front ends of the session were shown, from what is stored: also what the
/// conversation went back from, since it can go forward again, and the checkpoints, each where
/// the conversation stood when it was taken. For a session that no process has open.
#[must_use]
pub fn retell_whole(
    session: &SessionId,
    history: &History,
    checkpoints: &[Checkpoint],
) -> Vec<Envelope> {
    let (mut state, mut events_at) = (State::default(), Vec::new());
    let mut left: Vec<_> = checkpoints.iter().map(|it| (point_of(it.mark), it)).collect();
    let own = own(&history.lines);
    for (place, line) in history.lines.iter().enumerate() {
        let told = events(&state, &line.record).into_iter().map(|event| (line.at, event));
        events_at.extend(told);
        if let Some(point) = point_behind(&line.record).filter(|_| place >= own) {
            events_at.extend(left.extract_if(.., |(at, _)| *at == point).map(checkpointed));
        }
        state.apply(&line.record);
    }
    // What a process took right before it died.
    events_at.extend(left.into_iter().map(checkpointed));
    let last = history.lines.last().map_or(Timestamp(0), |line| line.at);
    events_at.extend(cut_off(&state).map(|event| (last, event)));
    let envelope =
        |(sequence, (at, event))| Envelope { session: session.clone(), sequence, at, event };
    (0..).zip(events_at).map(envelope).collect()
}

/// What became of a turn that runs by its record, and that no process runs. One that waits for
/// a person waits on.
fn cut_off(state: &State) -> Option<Event> {
    let turn = state.turn().filter(|turn| !turn.stopped)?;
    let is_asked = state.question.as_ref().is_some_and(|question| question.answer.is_none());
    if is_asked || turn.asked_check == Some(AskedCheck::Open) {
        return None;
    }
    let reason = "its process ended; the session stays and can be resumed".to_owned();
    let outcome = Outcome::Stopped { reason };
    Some(Event::TurnFinished { outcome, evidence: turn.evidence() })
}

fn checkpointed((_, checkpoint): (Point, &Checkpoint)) -> (Timestamp, Event) {
    (checkpoint.at, Event::Checkpointed(told(checkpoint)))
}

/// The point of the conversation that a record is followed by, as checkpoints name it.
const fn point_behind(record: &Record) -> Option<Point> {
    match record {
        Record::Created { .. } => Some(Point::After(0)),
        Record::Forked { effects, .. } => Some(Point::After(*effects)),
        Record::Intended { effect, .. } => Some(Point::Before(*effect)),
        Record::Resolved { effect, .. } | Record::Lost { effect, .. } => {
            Some(Point::After(*effect))
        }
        Record::TurnStarted { .. }
        | Record::Steered { .. }
        | Record::Asked { .. }
        | Record::Answered { .. }
        | Record::CheckAsked
        | Record::CheckGiven { .. }
        | Record::Interrupted
        | Record::Resumed
        | Record::TurnFinished { .. } => None,
    }
}

/// Where what a session has of its own begins: behind what it was forked with.
fn own(lines: &[Line]) -> usize {
    let forked = |line: &Line| matches!(line.record, Record::Forked { .. });
    lines.iter().rposition(forked).unwrap_or(0)
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
        Record::Forked { from, checkpoint, .. } => {
            let stopped = state.turn().filter(|turn| !turn.stopped).map(|turn| {
                let reason = "the session was forked before it ended".to_owned();
                let outcome = Outcome::Stopped { reason };
                Event::TurnFinished { outcome, evidence: turn.evidence() }
            });
            let forked = ForkedFrom { from: from.clone(), checkpoint: *checkpoint };
            stopped.into_iter().chain([Event::Forked(forked)]).collect()
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
