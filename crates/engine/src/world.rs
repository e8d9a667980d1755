// SPDX-License-Identifier: Apache-2.0
//! The door between the engine and everything that has an effect.
//!
//! The engine decides what happens; a [`World`] does it. [`LocalWorld`] is the
//! real one, over the sandbox, the model and the tools; tests script their own.

mod ahead;
mod candidate;
mod check;
pub(crate) mod checkpoint;
mod commits;
mod files;
mod ground;
mod local;
mod model;
mod place;
mod proposal;
mod surface;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use moat_base::{Hint, Report, SessionId};
use moat_policy::Confinement;
use moat_protocol::{Change, ChangeSet, Commits, Event, Proposal, RewindPlan, Selection};

use crate::grant::Grant;
use crate::record::{Effect, EffectOutcome, Point};
use crate::state::State;

/// Where what a command in a fork writes ends up, in words.
pub(crate) const FORK: &str = "in a throw-away fork of the session, without network";

/// Where what a command in the session writes ends up, in words.
pub(crate) const SESSION: &str = "in the session, pending until you keep it, without network";

pub use local::{LocalWorld, WorldSettings};
pub use model::{ModelSource, ReadyModel};

/// A person's wish that what runs now stops. Cheap to clone; all clones are one flag.
#[derive(Clone, Debug)]
pub struct StopFlag {
    flag: Arc<AtomicBool>,
    switch: moat_sandbox::Interrupt,
}

impl StopFlag {
    /// Makes a flag that is down.
    ///
    /// # Errors
    /// The sandbox's error when the system has no descriptors left.
    pub fn new() -> Result<Self, moat_sandbox::Error> {
        Ok(Self { flag: Arc::default(), switch: moat_sandbox::Interrupt::new()? })
    }

    /// Asks for a stop.
    pub fn raise(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.switch.trigger();
    }

    /// Takes the wish back, once it was met.
    pub fn lower(&self) {
        self.flag.store(false, Ordering::SeqCst);
        self.switch.clear();
    }

    /// Whether a stop is wished for.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// The flag itself, for crates below that watch an `AtomicBool`.
    #[must_use]
    pub fn shared(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// The switch that ends commands in a sandbox.
    pub(crate) const fn switch(&self) -> &moat_sandbox::Interrupt {
        &self.switch
    }
}

/// Why an effect has no outcome.
#[derive(Debug)]
pub enum Setback {
    /// A person stopped it; `trace` says whether it may have left something.
    Stopped,
    /// It failed for a reason outside the turn.
    Failed(Report),
}

impl Setback {
    /// Takes an error that knows what to do about it.
    pub fn of(error: &dyn Hint) -> Self {
        Self::Failed(Report::of(error))
    }
}

/// Why a world could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The workspace cannot be confined as it lies, such as a home directory. Another can.
    Workspace(Report),
    /// Anything else.
    Failed(Setback),
}

impl From<Setback> for StartError {
    fn from(setback: Setback) -> Self {
        Self::Failed(setback)
    }
}

/// What is known of an effect that the process died in.
#[derive(Debug)]
pub enum Settled {
    /// It happened, and this came of it.
    Done(EffectOutcome),
    /// It did not happen.
    NotDone,
    /// Nothing is known.
    Unknown,
}

/// Carries effects out.
///
/// Implementors do exactly what the grant says, report what happens while it
/// happens through `live`, and watch the stop flag that they were made with.
pub trait World {
    /// Carries one effect out.
    ///
    /// # Errors
    /// [`Setback`] when it was stopped, or failed for a reason outside the turn.
    fn carry_out(
        &mut self,
        grant: Grant,
        state: &State,
        live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback>;

    /// Finds out, without changing anything, whether an interrupted effect that
    /// leaves a trace happened.
    fn settle(&mut self, intent: &Effect) -> Settled;

    /// How much of the sandbox is enforced here.
    fn confinement(&self) -> Confinement;

    /// The boundary in one line.
    fn boundary(&self) -> String;

    /// The workspace's path, as text in the escaped form of `TreePath`.
    fn workspace(&self) -> String;

    /// What a person is shown before an effect that asks.
    fn proposal(&self, intent: &Effect, rule: &str) -> Proposal;

    /// The pending changes.
    ///
    /// # Errors
    /// [`Setback::Failed`] when the session's files cannot be read.
    fn changes(&mut self) -> Result<ChangeSet, Setback>;

    /// What the session committed that the user's repository does not have. A world
    /// without repositories has none.
    ///
    /// # Errors
    /// [`Setback::Stopped`] when a person stopped it. What cannot be looked at is told by
    /// [`Commits::unavailable`].
    fn commits(&mut self, _session: &SessionId) -> Result<Commits, Setback> {
        Ok(Commits::default())
    }

    /// The changes of a selection that a keep would leave for want of a confirmation, as it
    /// would write them.
    ///
    /// # Errors
    /// [`Setback::Failed`] when the selection does not fit or the session's files cannot be
    /// read.
    fn plan_keep(&mut self, selection: &Selection) -> Result<Vec<Change>, Setback>;

    /// Makes sure that the state between two turns can be returned to, at a point of the
    /// conversation; a new checkpoint is told through `live`. A world without files has none.
    fn checkpoint(&mut self, _point: Point, _live: &mut dyn FnMut(Event)) {}

    /// The checkpoints of the session, first to last.
    fn waypoints(&self) -> Vec<Waypoint>;

    /// What going back to a checkpoint would do to the session's files.
    ///
    /// # Errors
    /// [`Setback::Failed`] when the checkpoint or the session's files cannot be read.
    fn plan_rewind(&mut self, to: u32) -> Result<RewindPlan, Setback>;
}

/// A checkpoint, and where the conversation stood when it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waypoint {
    /// The checkpoint's number.
    pub number: u32,
    /// The point of the conversation.
    pub point: Point,
}
