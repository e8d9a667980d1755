// SPDX-License-Identifier: Apache-2.0
//! The real world: effects carried out over the sandbox, the model and the tools.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use moat_base::limits::SOURCE_FILE_BYTES_MAX;
use moat_base::{Clock, Fs, Hint, SessionId, Tree as _, TreeError, TreePath};
use moat_files::{BlobId, Checkpoints, Expected, FileMode};
use moat_index::Corpus;
use moat_policy::Confinement;
use moat_protocol::{
    Change, ChangeSet, Commits, Event, Level, Proposal, RewindPlan, Selection, TaskKind,
};
use moat_sandbox::{Launcher, Limits};
use moat_tools::{Check, compare, detect};

use super::ahead::Ahead;
use super::candidate::{self, Candidate, make};
use super::check::{Reading, Run, report_of, run};
use super::commits;
use super::files::Ledger;
use super::ground::{self, Below, Ground};
use super::model::{ModelSource, ask};
use super::place::{places, unseen};
use super::proposal::proposal;
use super::{FORK, Setback, Settled, StartError, StopFlag, Waypoint, World};
use crate::boundary::boundary_line;
use crate::check_command::CheckCommand;
use crate::grant::Grant;
use crate::invocation::Invocation;
use crate::limits::{TRIAL_WALL_EXTRA_MS, TRIAL_WALL_FACTOR};
use crate::origin::workspace_text;
use crate::record::{AnswerRef, Effect, EffectOutcome, Point, Prompt, Skill, Verdict};
use crate::state::{State, Turn};

mod tested;

const TRIAL_OUTPUT_BYTES_MAX: usize = 4 * 1024;

/// What the real world is made from.
#[derive(Debug)]
pub struct WorldSettings {
    /// Starts sandboxes.
    pub launcher: Arc<Launcher>,
    /// The session's own files.
    pub fs: Arc<dyn Fs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The workspace, absolute and canonical.
    pub workspace: PathBuf,
    /// The session's directory, which exists.
    pub directory: PathBuf,
    /// Gives models.
    pub models: Box<dyn ModelSource>,
    /// The wall time of one command.
    pub command_wall: Duration,
    /// The other bounds of one command; its time and its output are not read from here.
    pub bounds: Limits,
    /// Watched by everything that takes long.
    pub stop: StopFlag,
}

/// The real world of one session.
#[derive(Debug)]
pub struct LocalWorld {
    pub(super) clock: Arc<dyn Clock>,
    /// The workspace's path as commands print it.
    root: String,
    /// The workspace's path as records have it.
    workspace: String,
    pub(super) ground: Ground,
    /// What is read of the session's files while a check runs.
    pub(super) ahead: Option<AheadOf>,
    pub(super) ledger: Ledger,
    pub(super) checkpoints: Checkpoints,
    pub(super) catch_up: CatchUp,
    announced: Announced,
    /// That changes are gone, until it was told.
    loss: Option<String>,
    models: Box<dyn ModelSource>,
    command_wall: Duration,
    bounds: Limits,
    pub(super) stop: StopFlag,
}

impl LocalWorld {
    /// Starts the session's sandbox.
    ///
    /// # Errors
    /// [`StartError`] when the sandbox cannot be started over the workspace or the session's
    /// files cannot be prepared.
    pub fn start(settings: WorldSettings) -> Result<Self, StartError> {
        let WorldSettings { launcher, fs, clock, workspace, directory, .. } = settings;
        let loss = ground::settle_loss(&directory)?;
        let base = ground::base(&directory)?;
        let mut ledger = Ledger::open(&fs, &workspace, &directory, &base)?;
        let root = workspace.to_string_lossy().into_owned();
        let recorded = workspace_text(&workspace);
        let mut checkpoints = super::checkpoint::open(&directory, &base)?;
        let settled = ledger.settle_return(&mut checkpoints);
        settled.map_err(|error| Setback::of(&error))?;
        let mut ground = Ground::start(launcher, fs, workspace, directory.clone())?;
        if ground.directory() != base {
            // It has just been put into memory, and nothing was changed yet.
            ledger.moved_to(ground.directory());
            checkpoints = super::checkpoint::open(&directory, ground.directory())?;
        }
        super::checkpoint::unfold(&mut ground, &mut checkpoints)?;
        let (models, command_wall, stop) = (settings.models, settings.command_wall, settings.stop);
        let (ahead, announced, bounds) = (None, Announced::Nothing, settings.bounds);
        // You may have gone on with what the session has copies of, while it was closed.
        let is_new = ground.is_unchanged() || !checkpoints.are_possible();
        let catch_up = if is_new { CatchUp::Done } else { CatchUp::Needed };
        Ok(Self {
            clock,
            root,
            workspace: recorded,
            ground,
            ahead,
            ledger,
            checkpoints,
            catch_up,
            announced,
            loss,
            models,
            command_wall,
            bounds,
            stop,
        })
    }

    /// Takes in what the user changed in the tree, so that nothing stale is read or run on.
    fn follow_the_user(&mut self, live: &mut dyn FnMut(Event)) -> Result<(), Setback> {
        if !self.ground.is_stale() && self.catch_up == CatchUp::Done {
            return Ok(());
        }
        // What is still read from the old mount would hold it, and is old.
        self.ahead = None;
        let ledger = &mut self.ledger;
        let mut gave_way = Ok(());
        self.ground.renew(|| gave_way = ledger.give_way())?;
        gave_way?;
        self.catch_up = CatchUp::Done;
        if let (Some(reason), Announced::Nothing) = (self.ground.blindness(), self.announced) {
            self.announced = Announced::Blindness;
            let text = format!(
                "changes to the workspace cannot be watched ({reason}): the session's files are \
                 mounted anew before each step"
            );
            live(Event::Notice { level: Level::Note, text });
        }
        Ok(())
    }

    fn find_check(&self) -> Result<EffectOutcome, Setback> {
        let tree = self.ground.sources()?;
        let best = detect(tree.as_ref()).into_iter().next();
        Ok(best.map_or_else(
            || EffectOutcome::CheckFound { line: None, why: "nothing was found".into() },
            |check| {
                let Check { argv, directory, why, .. } = check;
                let line = CheckCommand::Words { argv, environment: Vec::new(), directory };
                EffectOutcome::CheckFound { line: Some(line), why }
            },
        ))
    }

    fn run_check(
        &mut self,
        (number, intent): (u32, &Effect),
        turn: Option<&Turn>,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        if let Some(turn) = turn {
            self.models.prepare(&turn.task.model);
            if turn.places().is_none() {
                let seen = self.ground.changes_seen();
                self.ahead = Some(AheadOf { ahead: Ahead::start(self.ground.sources()?), seen });
            }
        }
        let fork = self.ground.fork(&format!("check-{number}"), Below::Session)?;
        let Some(sandbox) = fork.sandbox() else { return Err(Setback::Stopped) };
        let ran = run(sandbox, self.invoke((number, intent), turn)?, &self.stop, live)?;
        if matches!(intent, Effect::RunCheck { line } if builds(&line.line())) {
            self.ground.keep_first_run(fork);
        }
        Ok(EffectOutcome::Checked { summary: ran.summary, output: ran.output })
    }

    fn observe(
        &self,
        (number, intent): (u32, &Effect),
        turn: Option<&Turn>,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let fork = self.ground.fork(&format!("observe-{number}"), Below::Session)?;
        let Some(sandbox) = fork.sandbox() else { return Err(Setback::Stopped) };
        let mut how = self.invoke((number, intent), turn)?;
        how.reading = Reading::Plain;
        let ran = run(sandbox, how, &self.stop, live)?;
        Ok(EffectOutcome::Observed { status: ran.status, output: ran.output })
    }

    fn locate(
        &mut self,
        turn: Option<&Turn>,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let tree = self.ground.sources()?;
        // What changed since it was read is read again.
        let is_new = |it: &AheadOf| it.seen.is_some() && it.seen == self.ground.changes_seen();
        let ahead = self.ahead.take().filter(is_new);
        let stock = ahead.as_ref().map(|it| it.ahead.stock()).unwrap_or_default();
        let corpus = Corpus::stocked(tree.as_ref(), stock);
        let places = turn.map_or_else(Vec::new, |turn| places(&corpus, turn, &self.root));
        if let Some(text) = unseen(&corpus.walk()) {
            live(Event::Notice { level: Level::Warning, text });
        }
        let skill = turn.map_or_else(Skill::default, |turn| self.models.skill(&turn.task.model));
        Ok(EffectOutcome::Located { places, skill })
    }

    /// Asks the turn's model, and measures what its answers would change.
    fn ask(
        &mut self,
        asked: (u32, &Prompt),
        turn: Option<&Turn>,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let model = turn.map(|turn| turn.task.model.clone()).unwrap_or_default();
        let clock = Arc::clone(&self.clock);
        let elapsed = move || clock.monotonic();
        let (models, bounds) = (self.models.as_mut(), (&self.stop, left(turn)));
        let mut outcome = ask(models, &model, asked, bounds, (live, &elapsed))?;
        if let (EffectOutcome::Answers { texts, costs, .. }, Some(turn)) = (&mut outcome, turn) {
            let read =
                |path: &TreePath| self.ground.tree().ok()?.read(path, SOURCE_FILE_BYTES_MAX).ok();
            *costs = candidate::costs(turn, asked.1.draft.as_deref(), texts, &read);
        }
        Ok(outcome)
    }

    fn candidate(
        &self,
        state: &State,
        answer: AnswerRef,
        path: &TreePath,
        symbol: &str,
    ) -> Result<Result<Candidate, String>, Setback> {
        let kind = state.turns.last().map_or(TaskKind::Repair, |turn| turn.task.kind);
        let before = match self.ground.tree()?.read(path, SOURCE_FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(TreeError::Missing { .. }) if kind == TaskKind::Write => Vec::new(),
            Err(source) => return Err(Setback::of(&CandidateError::Read { source })),
        };
        let text = state.answer(answer).unwrap_or_default();
        Ok(make(kind, path, &before, symbol, text))
    }

    fn try_candidate(
        &self,
        number: u32,
        intent: &Effect,
        state: &State,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let Effect::Try { answer, path, symbol, check, .. } = intent else {
            return Err(Setback::Stopped);
        };
        let candidate = match self.candidate(state, *answer, path, symbol)? {
            Ok(candidate) => candidate,
            Err(reason) => return Ok(rejected(reason)),
        };
        let turn = state.turn();
        let seen = turn.is_some_and(|turn| {
            turn.tried()
                .any(|trial| trial.tests.is_none() && trial.content == Some(&candidate.content))
        });
        if seen {
            return Ok(rejected("it is the same as an earlier one".into()));
        }
        let content = Some(candidate.content.clone());
        if check.is_none() {
            return Ok(EffectOutcome::Tried { verdict: Verdict::Parsed, content, tests: None });
        }
        let fork = self.ground.fork(&format!("try-{number}"), Below::FirstRun)?;
        fork.tree()?
            .write(path, &candidate.bytes, FileMode::Kept, Expected::Any)
            .map_err(|error| Setback::of(&error))?;
        let Some(sandbox) = fork.sandbox() else { return Err(Setback::Stopped) };
        let mut how = self.invoke((number, intent), turn)?;
        how.wall = how.wall.min(trial_wall(turn));
        let ran = run(sandbox, how, &self.stop, live)?;
        let broken = turn.and_then(Turn::baseline).map_or_else(Vec::new, |(summary, output)| {
            let before = report_of(summary, output, &self.root);
            let comparison = compare(&before, &ran.report);
            let was_failing = |name: &String| before.failed.iter().any(|one| one.name == *name);
            comparison.broken.into_iter().filter(|name| !was_failing(name)).collect()
        });
        let output = tail(&ran.output);
        let verdict = Verdict::Ran { summary: ran.summary, broken, output };
        Ok(EffectOutcome::Tried { verdict, content, tests: None })
    }

    fn apply(&self, intent: &Effect, state: &State) -> Result<EffectOutcome, Setback> {
        let Effect::Apply { answer, path, symbol, content } = intent else {
            return Err(Setback::Stopped);
        };
        let candidate = self.candidate(state, *answer, path, symbol)?.map_err(|reason| {
            Setback::of(&CandidateError::Changed { path: path.clone(), reason })
        })?;
        if candidate.content != *content {
            let reason = "the file is not the one that was tried".into();
            return Err(Setback::of(&CandidateError::Changed { path: path.clone(), reason }));
        }
        self.ground
            .tree()?
            .write(path, &candidate.bytes, FileMode::Kept, Expected::Any)
            .map_err(|error| Setback::of(&error))?;
        Ok(EffectOutcome::Applied { symbols: candidate.symbols })
    }

    /// Does what an effect says.
    fn act(
        &mut self,
        (number, intent): (u32, &Effect),
        state: &State,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let turn = state.turn();
        match intent {
            Effect::FindCheck => self.find_check(),
            Effect::RunCheck { .. } => self.run_check((number, intent), turn, live),
            Effect::Observe { .. } => self.observe((number, intent), turn, live),
            Effect::Locate => self.locate(turn, live),
            Effect::Ask { prompt } => self.ask((number, prompt), turn, live),
            Effect::Try { .. } => self.try_candidate(number, intent, state, live),
            Effect::TryTested { .. } => self.try_tested(number, intent, state, live),
            Effect::Apply { .. } => self.apply(intent, state),
            Effect::ApplyTests { .. } => self.apply_tests(intent, state),
            Effect::Keep { selection, confirmed } => {
                let (outcome, halves) = self.ledger.keep(selection, confirmed)?;
                for text in halves {
                    live(Event::Notice { level: Level::Warning, text });
                }
                Ok(outcome)
            }
            Effect::TakeCommits { tips } => commits::take(&self.ground, &self.stop, tips),
            Effect::ReturnCommits { refs } => commits::give_back(&self.ground, &self.stop, refs),
            Effect::Discard { selection } => self.ledger.discard(&self.ground, selection),
            Effect::UndoKeep => self.undo_keep(live),
            Effect::Command { .. } => self.run_in_session((number, intent), live),
            Effect::Rewind { to, scope, .. } => self.rewind(*to, *scope),
        }
    }

    fn undo_keep(&mut self, live: &mut dyn FnMut(Event)) -> Result<EffectOutcome, Setback> {
        let (outcome, record) = self.ledger.undo_keep()?;
        if let Some(record) = record {
            // The tree below has just changed, and what the undo gives back is seen over it.
            self.follow_the_user(live)?;
            self.ledger.restore(&self.ground, &record)?;
        }
        Ok(outcome)
    }

    /// Whether a file that is written in one go was written.
    fn settle_write(&self, path: &TreePath, content: &str) -> Settled {
        let now = self.ground.tree().map(|tree| tree.read(path, SOURCE_FILE_BYTES_MAX));
        match now {
            Ok(Ok(bytes)) if BlobId::of(&bytes).to_string() == content => {
                Settled::Done(EffectOutcome::Applied { symbols: Vec::new() })
            }
            // A file is written under another name and renamed: all or nothing.
            Ok(Ok(_) | Err(TreeError::Missing { .. })) => Settled::NotDone,
            Ok(Err(_)) | Err(_) => Settled::Unknown,
        }
    }

    /// What an effect runs, with the bounds of the turn.
    pub(super) fn invoke(
        &self,
        (number, intent): (u32, &Effect),
        turn: Option<&Turn>,
    ) -> Result<Run<'_>, Setback> {
        Ok(Run {
            number,
            invocation: Invocation::of(intent).ok_or(Setback::Stopped)?,
            place: FORK,
            wall: self.command_wall.min(left(turn)),
            root: &self.root,
            limits: &self.bounds,
            reading: Reading::Tests,
        })
    }
}

/// Sources that are being read, and how often the tree had changed before.
#[derive(Debug)]
pub(super) struct AheadOf {
    ahead: Ahead,
    seen: Option<u64>,
}

/// Whether the session's files have to be compared with the user's tree before they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CatchUp {
    /// They went back, or were just opened: the user may have gone on with files that they hold
    /// copies of.
    Needed,
    Done,
}

/// What a person was told once and need not hear again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announced {
    Nothing,
    /// That the tree cannot be watched.
    Blindness,
}

/// How long the check of a candidate may take, by how long it took before.
fn trial_wall(turn: Option<&Turn>) -> Duration {
    turn.and_then(Turn::baseline).map_or(Duration::MAX, |(before, _)| {
        Duration::from_millis(before.duration_ms)
            .saturating_mul(TRIAL_WALL_FACTOR)
            .saturating_add(Duration::from_millis(TRIAL_WALL_EXTRA_MS))
    })
}

impl World for LocalWorld {
    fn carry_out(
        &mut self,
        grant: Grant,
        state: &State,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        let (number, intent) = (grant.effect(), grant.intent());
        if let Some(text) = self.loss.take() {
            live(Event::Notice { level: Level::Warning, text });
        }
        self.follow_the_user(live)?;
        self.checkpoint_before((number, intent), live)?;
        let outcome = self.act((number, intent), state, live);
        self.checkpoint_after((number, intent), &outcome, live);
        outcome
    }

    fn settle(&mut self, intent: &Effect) -> Settled {
        match intent {
            Effect::Apply { path, content, .. } => self.settle_write(path, content),
            Effect::ApplyTests { place, content, .. } => self.settle_write(&place.path, content),
            Effect::TakeCommits { tips } => commits::settle(&self.ground, tips),
            Effect::Keep { .. } => self.ledger.settle_keep(),
            Effect::Rewind { to, scope, .. } => self.settle_rewind(*to, *scope),
            Effect::ReturnCommits { .. }
            | Effect::Discard { .. }
            | Effect::UndoKeep
            | Effect::Command { .. } => Settled::Unknown,
            Effect::FindCheck
            | Effect::RunCheck { .. }
            | Effect::Observe { .. }
            | Effect::Locate
            | Effect::Ask { .. }
            | Effect::Try { .. }
            | Effect::TryTested { .. } => Settled::NotDone,
        }
    }

    fn confinement(&self) -> Confinement {
        if self.ground.confinement().is_full() { Confinement::Full } else { Confinement::Partial }
    }

    fn boundary(&self) -> String {
        boundary_line(self.ground.confinement())
    }

    fn workspace(&self) -> String {
        self.workspace.clone()
    }

    fn proposal(&self, intent: &Effect, rule: &str) -> Proposal {
        proposal(intent, rule)
    }

    fn changes(&mut self) -> Result<ChangeSet, Setback> {
        self.ledger.changes()
    }

    fn checkpoint(&mut self, point: Point, live: &mut dyn FnMut(Event)) {
        self.checkpoint_between(point, live);
    }

    fn waypoints(&self) -> Vec<Waypoint> {
        self.waypoints_of()
    }

    fn plan_rewind(&mut self, to: u32) -> Result<RewindPlan, Setback> {
        self.plan_of(to)
    }

    fn plan_keep(&mut self, selection: &Selection) -> Result<Vec<Change>, Setback> {
        self.ledger.plan_keep(selection)
    }

    fn commits(&mut self, session: &SessionId) -> Result<Commits, Setback> {
        commits::pending(&self.ground, &self.stop, session)
    }
}

/// What is left of a turn's time; at least a second, so that what begins can end.
fn left(turn: Option<&Turn>) -> Duration {
    const LEAST_MS: u64 = 1000;
    let left = turn.map_or(u64::MAX, |turn| {
        turn.task.time_limit_ms.saturating_sub(turn.spent_ms()).max(LEAST_MS)
    });
    Duration::from_millis(left)
}

/// Whether a check leaves caches that later runs are much faster with.
fn builds(line: &str) -> bool {
    let builders = ["cargo", "make", "mvn", "gradle", "gradlew", "cmake", "ctest", "ninja", "tsc"];
    line.split(|character: char| !character.is_ascii_alphanumeric() && character != '-')
        .any(|word| builders.contains(&word))
}

fn rejected(reason: String) -> EffectOutcome {
    let verdict = Verdict::Rejected { reason };
    EffectOutcome::Tried { verdict, content: None, tests: None }
}

fn tail(output: &str) -> String {
    let from = output.len().saturating_sub(TRIAL_OUTPUT_BYTES_MAX);
    output.get(output.ceil_char_boundary(from)..).unwrap_or_default().to_owned()
}

#[derive(Debug, thiserror::Error)]
enum CandidateError {
    #[error("could not read the file that the candidate changes")]
    Read {
        #[source]
        source: TreeError,
    },
    #[error("the candidate that passed cannot be put in place in `{path}`: {reason}")]
    Changed { path: TreePath, reason: String },
}

impl Hint for CandidateError {
    fn hint(&self) -> Option<String> {
        Some("the file changed while the turn ran; start the task again".into())
    }
}
