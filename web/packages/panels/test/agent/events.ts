// SPDX-License-Identifier: Apache-2.0
// Makes streams of events for the tests.

import type { Envelope, Event, Evidence, Task, TestSummary } from "@moat/proto";

import { reduce } from "../../src/agent/store.ts";
import { emptyView, type SessionView } from "../../src/agent/view.ts";

export const SESSION = "01JD";

export const TASK: Task = {
  text: "fix the failing test",
  kind: "repair",
  check: null,
  model: "embedded",
  time_limit_ms: 600_000,
};

export const EVIDENCE: Evidence = {
  check: "make test",
  before: null,
  after: null,
  broken: [],
  candidates: 1,
  requests: 1,
  prompt_tokens: 100,
  completion_tokens: 20,
  duration_ms: 5_000,
};

export const PASSING: TestSummary = {
  status: { status: "code", value: 0 },
  passed: 3,
  failed: 0,
  failing: [],
  duration_ms: 10,
};

export const OPENED: Event = { event: "session_opened", workspace: "/w", boundary: "sealed" };

/** Events as the stream has them, numbered from `first`, a second apart. */
export function stream(events: readonly Event[], first = 0): Envelope[] {
  return events.map((event, at) => ({
    session: SESSION,
    sequence: first + at,
    at: 1_000_000 + (first + at) * 1_000,
    event,
  }));
}

/** A view after some envelopes. */
export function after(
  envelopes: readonly Envelope[],
  view: SessionView = emptyView(SESSION),
): SessionView {
  for (const envelope of envelopes) reduce(view, envelope);
  return view;
}

/** A view after some events. */
export function viewOf(...events: Event[]): SessionView {
  return after(stream([OPENED, ...events]));
}

export const started = (turn = 1, task: Partial<Task> = {}): Event => ({
  event: "turn_started",
  turn,
  task: { ...TASK, ...task },
});

export const finished = (
  outcome: Extract<Event, { event: "turn_finished" }>["outcome"],
): Event => ({
  event: "turn_finished",
  outcome,
  evidence: EVIDENCE,
});

export const checkpointed = (number: number, at: number, differing = 1): Event => ({
  event: "checkpointed",
  number,
  at,
  after: `step ${number}`,
  differing,
  uncovered: 0,
});
