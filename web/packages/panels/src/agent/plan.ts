// SPDX-License-Identifier: Apache-2.0
// How far a turn is in its plan. The protocol sends the plan once and no progress, so this is
// told from what happened: each kind of work has its own signs for the end of a step.

import type { Event, Outcome, TaskKind } from "@moat/proto";

type Name = Event["event"];

/** For each kind the events that show that a step is behind the turn, in the plan's order. */
const SIGNS: Record<TaskKind, Name[][]> = {
  repair: [["command_started"], ["command_finished"], ["located"], ["model_answered"], []],
  write: [["command_started"], ["located"], ["model_answered"], []],
  explain: [["located", "model_asked"], []],
  document: [["located", "model_asked"], []],
  commit_message: [["model_asked"], []],
};

/**
 * How many steps of a plan are behind a turn after an event, given how many were before it.
 * It never goes back, and never passes the last step: only the outcome does that.
 */
export function planDone(kind: TaskKind, steps: number, done: number, event: Name): number {
  const signs = SIGNS[kind];
  if (steps !== signs.length) return done;
  for (let step = signs.length - 1; step >= done; step--) {
    if (signs[step]?.includes(event)) return step + 1;
  }
  return done;
}

/** How many steps are behind a turn that ended. */
export function planAtEnd(steps: number, done: number, outcome: Outcome): number {
  const whole: Outcome["outcome"][] = ["solved", "unverified", "answered", "nothing_to_fix"];
  return whole.includes(outcome.outcome) ? steps : done;
}
