// SPDX-License-Identifier: Apache-2.0
//! What a person does with a session outside of turns: run a command in it, go back.

use moat_base::TreePath;
use moat_protocol::{CommandEnd, Event, RewindPlan, RewindScope};

use super::{Engine, send};
use crate::Error;
use crate::record::{Effect, EffectOutcome, Point};
use crate::state::{Pending, State};
use crate::world::{Setback, Waypoint, World};

impl<W: World> Engine<W> {
    /// Runs a command in the session itself.
    pub(super) fn run_command(
        &mut self,
        argv: Vec<String>,
        directory: TreePath,
    ) -> Result<(), Error> {
        if argv.is_empty() {
            return self.refuse("there is no command", "name a program and its arguments");
        }
        if self.is_turn_running() {
            return self.refuse(
                "a command cannot run in the session while a turn does",
                "wait for its end, or stop it with Ctrl-C",
            );
        }
        self.stop.lower();
        self.propose(Effect::Command { argv, directory })
    }

    /// Makes sure that the state before a message can be returned to.
    pub(super) fn checkpoint(&mut self) {
        let point = Point::After(self.state.effects);
        let (session, clock) = (&self.settings.session, &self.clock);
        let (sink, sequence) = (&mut self.sink, &mut self.sequence);
        let mut live = |event| send(sink, sequence, session, clock.as_ref(), event);
        self.world.checkpoint(point, &mut live);
    }

    /// Says what going back to a checkpoint would do.
    pub(super) fn plan_rewind(&mut self, to: u32, scope: RewindScope) -> Result<(), Error> {
        let Some(waypoint) = self.waypoint(to)? else { return Ok(()) };
        let planned = match scope.has_code() {
            true => self.world.plan_rewind(to),
            false => Ok(RewindPlan::empty(to, scope)),
        };
        let mut plan = match planned {
            Ok(plan) => RewindPlan { scope, ..plan },
            Err(Setback::Failed(report)) => {
                self.emit(Event::Failed { report });
                return Ok(());
            }
            Err(Setback::Stopped) => return Ok(()),
        };
        if scope.has_conversation()
            && let Some(past) = self.state.at(waypoint.point)
        {
            (plan.leaving, plan.returning) = turns_that_differ(&self.state, &past);
        }
        self.emit(Event::RewindPlanned(plan));
        Ok(())
    }

    /// Goes back to a checkpoint.
    pub(super) fn rewind(&mut self, to: u32, scope: RewindScope) -> Result<(), Error> {
        if self.is_turn_running() {
            return self.refuse(
                "the session cannot go back while a turn runs",
                "wait for its end, or stop it with Ctrl-C",
            );
        }
        let Some(waypoint) = self.waypoint(to)? else { return Ok(()) };
        if scope.has_conversation() && self.state.at(waypoint.point).is_none() {
            return self.refuse(
                "the conversation does not reach back to that checkpoint",
                "go back with `--code` alone",
            );
        }
        self.stop.lower();
        self.propose(Effect::Rewind { to, scope, point: waypoint.point })
    }

    fn is_turn_running(&self) -> bool {
        self.state.turn().is_some_and(|turn| !turn.stopped)
    }

    /// Finds a checkpoint; one that is not there is refused.
    fn waypoint(&mut self, to: u32) -> Result<Option<Waypoint>, Error> {
        let found = self.world.waypoints().into_iter().find(|waypoint| waypoint.number == to);
        if found.is_none() {
            self.refuse(
                &format!("there is no checkpoint {to}"),
                "`moat session checkpoints` lists them; the oldest go first",
            )?;
        }
        Ok(found)
    }
}

/// What front ends are told when a command that a person ran is not allowed.
pub(super) fn ended(state: &State, outcome: &EffectOutcome) -> Option<Event> {
    match (&state.pending, outcome) {
        (Some(Pending { intent: Effect::Command { .. }, .. }), EffectOutcome::Denied { rule }) => {
            Some(Event::CommandEnded(CommandEnd::Denied { rule: rule.clone() }))
        }
        _ => None,
    }
}

/// The tasks of the turns that count in one state and not in the other.
fn turns_that_differ(now: &State, past: &State) -> (Vec<String>, Vec<String>) {
    let same = now.turns.iter().zip(&past.turns).take_while(|(one, other)| one.task == other.task);
    let same = same.count();
    let tasks = |state: &State| {
        state.turns.iter().skip(same).map(|turn| turn.task.text.clone()).collect::<Vec<_>>()
    };
    (tasks(now), tasks(past))
}
