// SPDX-License-Identifier: Apache-2.0
//! The one orchestrator: decide, approve, confine, run, record, always in this order.
//!
//! The engine is a loop over the stored session: it asks the state machine what
//! comes next, stores the intent, has the world carry it out, stores the outcome,
//! shows events, and starts again. Waiting for a person holds nothing but a record.
//!
//! Invariant: an event that tells of an outcome is sent after the outcome is
//! durable; the world is never entered without a stored intent.

pub mod archive;
mod commits;
mod keep;
mod question;
mod session;
mod shown;

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use moat_base::{Clock, Report, SessionId};
use moat_policy::{Action, Circumstances, CommandRule, Decision, Place, decide};
use moat_protocol::{Answer, CommandEnd, Envelope, Event, Level, Op, Outcome, Task};

use crate::Error;
use crate::grant::Grant;
use crate::invocation::Invocation;
use crate::operation::{self, Step};
use crate::origin::is_recorded;
use crate::record::{Effect, EffectOutcome, Record, Trace};
use crate::state::{Pending, State, Turn};
use crate::store::{History, Store};
use crate::world::{Setback, Settled, StopFlag, World};

/// Whether a person can answer questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// Somebody watches and can answer.
    Attended,
    /// Nobody does: what would be asked is denied.
    Headless,
}

/// What the engine needs to know beside the session.
#[derive(Debug)]
pub struct Settings {
    /// The session.
    pub session: SessionId,
    /// The user's rule for commands in a full sandbox.
    pub commands: CommandRule,
    /// Whether a person can answer.
    pub attendance: Attendance,
}

/// Receives every event, in order.
pub type Sink = Box<dyn FnMut(&Envelope) + Send>;

/// A session that is open.
pub struct Engine<W> {
    settings: Settings,
    store: Store,
    state: State,
    world: W,
    clock: Arc<dyn Clock>,
    stop: StopFlag,
    sink: Sink,
    sequence: u64,
    closing: bool,
}

impl<W> std::fmt::Debug for Engine<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<W: World> Engine<W> {
    /// Opens a session over what its store holds, and settles what an earlier
    /// process left unresolved.
    ///
    /// # Errors
    /// [`Error`] as its variants say.
    pub fn open(
        settings: Settings,
        (store, history): (Store, History),
        world: W,
        clock: Arc<dyn Clock>,
        stop: StopFlag,
        sink: Sink,
    ) -> Result<Self, Error> {
        let mut state = State::default();
        for line in &history.lines {
            state.apply(&line.record);
        }
        let (sequence, closing) = (0, false);
        let mut engine =
            Self { settings, store, state, world, clock, stop, sink, sequence, closing };
        engine.create()?;
        if engine.state.effects == 0 {
            engine.checkpoint();
        }
        if !history.torn.is_empty() {
            engine.notice(
                Level::Warning,
                "the last line of the session was cut short by a crash and set aside; nothing \
                 that was acknowledged is lost",
            );
        }
        engine.recover()?;
        Ok(engine)
    }

    /// The state as the records tell it.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Works until it is told to close, or nobody can send operations any more.
    ///
    /// # Errors
    /// [`Error::Store`] when the session cannot be stored any more.
    pub fn run(&mut self, inbox: &Receiver<Op>) -> Result<(), Error> {
        while !self.closing {
            while let Ok(op) = inbox.try_recv() {
                self.handle(op)?;
            }
            if self.closing {
                break;
            }
            if self.is_runnable() {
                self.step()?;
            } else {
                match inbox.recv() {
                    Ok(op) => self.handle(op)?,
                    Err(_nobody_left) => break,
                }
            }
        }
        self.emit(Event::SessionClosed);
        Ok(())
    }

    /// Takes one step of the running turn.
    ///
    /// # Errors
    /// [`Error::Store`] when the session cannot be stored any more.
    pub fn step(&mut self) -> Result<(), Error> {
        if let Some(question) = self.state.question.clone() {
            return match question.answer {
                Some(Answer::Once) => self.perform_approved(question),
                Some(Answer::No) => self.deny(question.intent, &question.proposal.rule),
                None => Ok(()),
            };
        }
        let Some(turn) = self.state.turn() else { return Ok(()) };
        match operation::next(turn) {
            Step::Effect(intent) => self.propose(*intent),
            Step::AskCheck => self.ask_check(),
            Step::Finish(outcome) => self.finish(outcome),
        }
    }

    /// Whether a turn runs that waits for nobody.
    pub fn is_runnable(&self) -> bool {
        let question = self.state.question.as_ref();
        let answered = question.is_none_or(|asked| asked.answer.is_some());
        // A command that a person runs belongs to no turn.
        let is_outside = question.is_some_and(|it| matches!(it.intent, Effect::Command { .. }));
        let goes_on = |turn: &Turn| !turn.stopped && !self.waits_for_check(turn);
        answered && (is_outside || self.state.turn().is_some_and(goes_on))
    }

    /// Carries out one operation of a front end.
    ///
    /// # Errors
    /// [`Error::Store`] when the session cannot be stored any more.
    pub fn handle(&mut self, op: Op) -> Result<(), Error> {
        match op {
            Op::Start { task } => self.start(task),
            Op::Resume => self.resume(),
            Op::Steer { text } if self.state.turn().is_some() => {
                self.record(Record::Steered { text })
            }
            Op::Steer { .. } => self.refuse("there is no turn to steer", "start one with a task"),
            Op::Approve { request, answer } => self.approve(request, answer),
            Op::GiveCheck { line } => self.give_check(line),
            Op::Interrupt => self.interrupt(),
            Op::Show => self.show_changes(),
            Op::PlanKeep { selection } => self.plan_keep(&selection),
            Op::ShowCommits => self.show_commits(),
            Op::TakeCommits { branches } => self.take_commits(&branches),
            Op::ReturnCommits => self.return_commits(),
            Op::Keep { selection, confirmed } => {
                self.move_changes(Effect::Keep { selection, confirmed })
            }
            Op::Discard { selection } => self.move_changes(Effect::Discard { selection }),
            Op::UndoKeep => self.move_changes(Effect::UndoKeep),
            Op::Run { argv, directory } => self.run_command(argv, directory),
            Op::PlanRewind { to, scope } => self.plan_rewind(to, scope),
            Op::Rewind { to, scope } => self.rewind(to, scope),
            Op::Close => {
                self.closing = true;
                Ok(())
            }
        }
    }

    fn create(&mut self) -> Result<(), Error> {
        let (opened, boundary) = (self.world.workspace(), self.world.boundary());
        match &self.state.workspace {
            None => {
                let workspace = opened.clone();
                self.record(Record::Created { workspace, boundary: boundary.clone() })?;
            }
            Some(recorded) if !is_recorded(recorded, &opened) => {
                return Err(Error::OtherWorkspace { recorded: recorded.clone(), opened });
            }
            // The machine gives another confinement than when the session was opened last.
            Some(_) if self.state.boundary != boundary => {
                let workspace = opened.clone();
                self.record(Record::Created { workspace, boundary: boundary.clone() })?;
            }
            Some(_) => {}
        }
        self.emit(Event::SessionOpened { workspace: opened, boundary });
        Ok(())
    }

    /// Settles an effect that an earlier process left unresolved.
    fn recover(&mut self) -> Result<(), Error> {
        let Some(Pending { effect, intent, .. }) = self.state.pending.clone() else {
            return Ok(());
        };
        let what = intent.describe();
        let settled =
            if intent.leaves_a_trace() { self.world.settle(&intent) } else { Settled::NotDone };
        match settled {
            Settled::Done(outcome) => {
                let (level, happened) = shown::happened(&outcome);
                self.record(Record::Resolved { effect, took_ms: 0, outcome })?;
                self.notice(
                    level,
                    format!("the process died while it was about to {what}; {happened}"),
                );
            }
            Settled::NotDone => {
                self.record(Record::Lost { effect, trace: Trace::None })?;
                self.notice(
                    Level::Note,
                    format!(
                        "the process died while it was about to {what}; that left nothing behind"
                    ),
                );
            }
            Settled::Unknown => {
                self.record(Record::Lost { effect, trace: Trace::Unknown })?;
                self.notice(Level::Warning, format!("the process died while it was about to {what}; whether it happened is not known"));
            }
        }
        Ok(())
    }

    fn start(&mut self, task: Task) -> Result<(), Error> {
        if self.state.turn().is_some() {
            return self.refuse(
                "another turn of this session is not finished",
                "resume it with `moat session resume`, or stop it first",
            );
        }
        self.stop.lower();
        self.checkpoint();
        self.record(Record::TurnStarted { task: task.clone() })?;
        let steps = operation::plan(task.kind, task.check.as_deref());
        let turn = u32::try_from(self.state.turns.len()).unwrap_or(u32::MAX);
        self.emit(Event::TurnStarted { turn, task });
        self.emit(Event::PlanMade { steps });
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Error> {
        let Some(task) = self.state.turn().map(|turn| turn.task.clone()) else {
            return self.refuse("there is no unfinished turn", "start one with a task");
        };
        self.stop.lower();
        self.record(Record::Resumed)?;
        let turn = u32::try_from(self.state.turns.len()).unwrap_or(u32::MAX);
        self.emit(Event::TurnStarted { turn, task });
        self.ask_again()
    }

    fn interrupt(&mut self) -> Result<(), Error> {
        self.stop.lower();
        if self.state.turn().is_none_or(|turn| turn.stopped) {
            return Ok(());
        }
        self.record(Record::Interrupted)?;
        let evidence = self.state.turn().map(Turn::evidence).unwrap_or_default();
        let reason = "a person interrupted it; the session stays and can be resumed".to_owned();
        self.emit(Event::TurnFinished { outcome: Outcome::Stopped { reason }, evidence });
        Ok(())
    }

    fn approve(&mut self, request: u32, answer: Answer) -> Result<(), Error> {
        let open = self.state.question.as_ref();
        if open.is_none_or(|asked| asked.request != request || asked.answer.is_some()) {
            return self.refuse("that question is not open", "answer the question that is shown");
        }
        self.record(Record::Answered { request, answer })?;
        self.emit(Event::ApprovalAnswered { request, answer });
        Ok(())
    }

    /// Decides about an effect, and asks or goes on.
    fn propose(&mut self, intent: Effect) -> Result<(), Error> {
        let circumstances = Circumstances {
            confinement: self.world.confinement(),
            commands: self.settings.commands,
        };
        match decide(&self.action(&intent), &circumstances) {
            Decision::Allow { rule } => self.perform(intent, rule.to_string()),
            Decision::Deny { rule } => self.deny(intent, &rule.to_string()),
            Decision::Ask { rule } => self.ask(intent, &rule.to_string()),
        }
    }

    fn action(&self, intent: &Effect) -> Action {
        if let Some(Invocation { argv, place, .. }) = Invocation::of(intent) {
            return Action::Run { argv, place };
        }
        match intent {
            // What runs something is above; were it ever not, it would be asked like a command.
            Effect::RunCheck { .. }
            | Effect::Observe { .. }
            | Effect::Try { check: Some(_), .. }
            | Effect::TryTested { .. }
            | Effect::Command { .. } => Action::Run { argv: Vec::new(), place: Place::Session },
            Effect::FindCheck | Effect::Locate => Action::Inspect,
            Effect::Try { path, check: None, .. } => {
                Action::Edit { path: path.clone(), place: Place::Fork }
            }
            Effect::Apply { path, .. } => {
                Action::Edit { path: path.clone(), place: Place::Session }
            }
            Effect::ApplyTests { place, .. } => {
                Action::Edit { path: place.path.clone(), place: Place::Session }
            }
            Effect::Ask { .. } => {
                let model = self.state.turn().map(|turn| turn.task.model.clone());
                Action::AskModel { model: model.unwrap_or_default() }
            }
            Effect::TakeCommits { .. }
            | Effect::ReturnCommits { .. }
            | Effect::Keep { .. }
            | Effect::Discard { .. }
            | Effect::UndoKeep
            | Effect::Rewind { .. } => Action::Keep,
        }
    }

    fn deny(&mut self, intent: Effect, rule: &str) -> Result<(), Error> {
        let effect = self.state.effects.saturating_add(1);
        self.record(Record::Intended { effect, intent, rule: Some(rule.to_owned()) })?;
        let outcome = EffectOutcome::Denied { rule: rule.to_owned() };
        let event = session::ended(&self.state, &outcome);
        self.record(Record::Resolved { effect, took_ms: 0, outcome })?;
        event.into_iter().for_each(|event| self.emit(event));
        Ok(())
    }

    /// Stores the intent, carries the effect out and stores what came of it.
    fn perform(&mut self, intent: Effect, rule: String) -> Result<(), Error> {
        let effect = self.state.effects.saturating_add(1);
        self.record(Record::Intended { effect, intent: intent.clone(), rule: Some(rule) })?;
        let started = self.clock.monotonic();
        let grant = Grant::new(effect, intent.clone());
        let (session, clock) = (&self.settings.session, &self.clock);
        let (sink, sequence) = (&mut self.sink, &mut self.sequence);
        let mut live = |event| send(sink, sequence, session, clock.as_ref(), event);
        let result = self.world.carry_out(grant, &self.state, &mut live);
        let took = self.clock.monotonic().saturating_sub(started);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(Setback::Stopped) => return self.stopped(effect, &intent),
            Err(Setback::Failed(report)) => {
                self.emit(Event::Failed { report: report.clone() });
                EffectOutcome::Failed { report }
            }
        };
        self.record(Record::Resolved { effect, took_ms, outcome: outcome.clone() })?;
        for event in shown::events(&intent, &outcome) {
            self.emit(event);
        }
        Ok(())
    }

    fn stopped(&mut self, effect: u32, intent: &Effect) -> Result<(), Error> {
        let settled =
            if intent.leaves_a_trace() { self.world.settle(intent) } else { Settled::NotDone };
        match settled {
            Settled::Done(outcome) => {
                self.record(Record::Resolved { effect, took_ms: 0, outcome })?;
            }
            Settled::NotDone => self.record(Record::Lost { effect, trace: Trace::None })?,
            Settled::Unknown => self.record(Record::Lost { effect, trace: Trace::Unknown })?,
        }
        if let Effect::Command { .. } = intent {
            self.emit(Event::CommandEnded(CommandEnd::Unknown));
        }
        self.interrupt()
    }

    fn finish(&mut self, outcome: Outcome) -> Result<(), Error> {
        let evidence = self.state.turn().map(Turn::evidence).unwrap_or_default();
        self.record(Record::TurnFinished { outcome: outcome.clone(), evidence: evidence.clone() })?;
        if matches!(outcome, Outcome::Solved | Outcome::Unverified { .. } | Outcome::Unknown { .. })
        {
            self.show_changes()?;
        }
        self.emit(Event::TurnFinished { outcome, evidence });
        Ok(())
    }

    fn show_changes(&mut self) -> Result<(), Error> {
        match self.world.changes() {
            Ok(set) => {
                self.mention_commits(&set);
                self.emit(Event::ChangesPending(set));
            }
            Err(Setback::Failed(report)) => self.emit(Event::Failed { report }),
            Err(Setback::Stopped) => {}
        }
        Ok(())
    }

    fn move_changes(&mut self, intent: Effect) -> Result<(), Error> {
        if self.state.turn().is_some_and(|turn| !turn.stopped) {
            return self.refuse(
                "changes cannot be moved while a turn runs",
                "wait for its end, or stop it with Ctrl-C",
            );
        }
        self.propose(intent)?;
        self.show_changes()
    }

    fn refuse(&mut self, error: &str, hint: &str) -> Result<(), Error> {
        let report = Report { error: error.into(), causes: Vec::new(), hint: Some(hint.into()) };
        self.emit(Event::Failed { report });
        Ok(())
    }

    fn record(&mut self, record: Record) -> Result<(), Error> {
        let line = self.store.append(record)?;
        self.state.apply(&line.record);
        Ok(())
    }

    fn notice(&mut self, level: Level, text: impl Into<String>) {
        self.emit(Event::Notice { level, text: text.into() });
    }

    fn emit(&mut self, event: Event) {
        let session = &self.settings.session;
        send(&mut self.sink, &mut self.sequence, session, self.clock.as_ref(), event);
    }
}

fn send(sink: &mut Sink, sequence: &mut u64, session: &SessionId, clock: &dyn Clock, event: Event) {
    let envelope =
        Envelope { session: session.clone(), sequence: *sequence, at: clock.now(), event };
    *sequence += 1;
    sink(&envelope);
}
