// SPDX-License-Identifier: Apache-2.0
// Makes a session's view from the stream of its events. It changes the view that it is given and
// nothing else: no clock, no connection, no component. The same events make the same view.
//
// Numbers in the stream count up by one. A number that was seen already is passed over; one that
// was skipped is noted in `gap`, and whoever holds the connection attaches anew. `session_opened`
// may begin the numbers again, since an engine counts from zero when it opens a stored session.

import type { Envelope, Task } from "@moat/proto";

import {
  add,
  closeOpen,
  find,
  isOpen,
  onCommand,
  onTurn,
  type Asked,
  type AskedCheck,
  type Of,
} from "./edit.ts";
import { ANSWER_CHARACTERS_MAX } from "./limits.ts";
import { addOutput } from "./output.ts";
import { checkpointed, rewound } from "./past.ts";
import { planAtEnd, planDone } from "./plan.ts";
import { lastTurn, type Item, type ModelItem, type Moved, type SessionView } from "./view.ts";

/** How the engine tells again, from its record, what a person added to a running turn. */
const TOLD_STEER = "you added: ";

/** Takes in one event. */
export function reduce(view: SessionView, envelope: Envelope): void {
  if (envelope.session !== view.session) return;
  if (!follows(view, envelope)) return;
  view.version += 1;
  apply(view, envelope);
  const turn = lastTurn(view);
  if (turn && turn.state !== "finished") {
    const kind = turn.task.kind;
    turn.planDone = planDone(kind, turn.plan.length, turn.planDone, envelope.event.event);
  }
}

/** Takes in what the person just added to a turn: the engine sends no event for it. */
export function addSteer(view: SessionView, text: string): void {
  view.version += 1;
  add(view, (key) => ({ kind: "steered", key, text }));
}

/** Whether an event is the next one, or at least a later one. */
function follows(view: SessionView, { sequence, event }: Envelope): boolean {
  const { next } = view;
  if (next !== null && sequence !== next) {
    if (event.event === "session_opened" && sequence < next) {
      // The engine was opened anew and counts from here.
    } else if (sequence < next) {
      return false;
    } else {
      view.gap = { expected: next, got: sequence };
    }
  }
  view.next = sequence + 1;
  return true;
}

function apply(view: SessionView, { event, at }: Envelope): void {
  switch (event.event) {
    case "session_opened":
      view.workspace = event.workspace;
      view.boundary = event.boundary;
      view.stage = "open";
      return;
    case "forked": {
      const { from, checkpoint } = event;
      add(view, (key) => ({ kind: "forked", key, from, checkpoint }));
      // What was kept before is the other session's to take back.
      view.keeps = 0;
      return;
    }
    case "turn_started":
      turnStarted(view, event, at);
      return;
    case "plan_made":
      onTurn(view, (turn) => {
        turn.plan = [...event.steps];
        turn.planDone = 0;
      });
      return;
    case "notice":
      notice(view, event);
      return;
    case "command_started":
      commandStarted(view, event, at);
      return;
    case "command_output":
      onCommand(view, event.command, (item) => addOutput(item, event.stream, event.text));
      return;
    case "command_finished":
      onCommand(view, event.command, (item) => {
        item.status = event.status;
        item.durationMs = event.duration_ms;
        item.summary = event.summary ?? null;
      });
      return;
    case "located":
      add(view, (key) => ({ kind: "located", key, suspects: event.suspects }));
      return;
    case "model_asked":
      modelAsked(view, event, at);
      return;
    case "model_text":
      modelText(view, event);
      return;
    case "model_answered":
      modelAnswered(view, event);
      return;
    case "candidate_judged": {
      const { candidate, path, symbol, verdict } = event;
      add(view, (key) => ({ kind: "candidate", key, candidate, path, symbol, verdict }));
      return;
    }
    case "edited":
      add(view, (key) => ({ kind: "edited", key, path: event.path, symbols: event.symbols }));
      return;
    case "approval_asked":
      approvalAsked(view, event);
      return;
    case "approval_answered":
      approvalAnswered(view, event);
      return;
    case "check_asked":
      checkAsked(view);
      return;
    case "check_given":
      checkGiven(view, event.line ?? null);
      return;
    case "changes_pending":
      view.pending = {
        changes: event.changes,
        left_out: event.left_out ?? [],
        truncated: event.truncated ?? false,
      };
      return;
    case "commits_pending": {
      const { branches, taken, refused, others, unavailable } = event;
      view.commits = { branches, taken, refused, others, unavailable: unavailable ?? null };
      return;
    }
    case "commits_taken":
      add(
        view,
        (key) =>
          ({
            ...{ kind: "branches", key, how: "taken" },
            ...{ branches: event.taken, refused: event.refused },
          }) as Item,
      );
      return;
    case "commits_returned":
      add(
        view,
        (key) =>
          ({
            ...{ kind: "branches", key, how: "returned" },
            ...{ branches: event.returned, refused: event.refused },
          }) as Item,
      );
      return;
    case "keep_planned":
      view.keepPlan = event.unconfirmed;
      return;
    case "kept":
      if (event.paths.length > 0) view.keeps += 1;
      moved(view, "kept", event);
      return;
    case "discarded":
      moved(view, "discarded", event);
      return;
    case "keep_undone":
      if (event.paths.length > 0) view.keeps = Math.max(0, view.keeps - 1);
      moved(view, "undone", event);
      return;
    case "checkpointed":
      checkpointed(view, event);
      return;
    case "rewind_planned":
      view.rewindPlan = event;
      return;
    case "rewound":
      rewound(view, event);
      return;
    case "command_ended":
      // How it ended stands on its card; only what the card cannot say gets a line.
      if (event.end === "ran") return;
      add(view, (key) => ({ kind: "ended", key, end: event }));
      return;
    case "turn_finished":
      turnFinished(view, event, at);
      return;
    case "failed":
      add(view, (key) => ({ kind: "failed", key, report: event.report }));
      return;
    case "session_closed":
      view.stage = "closed";
      closeOpen(view);
      return;
    default:
      unknown(event);
      return;
  }
}

/** A newer server may send what this version does not know: it is passed over. */
function unknown(event: never): void {
  void event;
}

function turnStarted(view: SessionView, event: Of<"turn_started">, at: number): void {
  const last = lastTurn(view);
  if (last && last.number === event.turn && isSame(last.task, event.task)) {
    // It goes on where it was stopped.
    last.state = "running";
    last.outcome = null;
    last.endedAt = null;
    return;
  }
  view.groups.push({
    key: `g${view.groups.length}`,
    left: false,
    items: [],
    counts: {},
    turn: {
      number: event.turn,
      task: event.task,
      startedAt: at,
      plan: [],
      planDone: 0,
      state: "running",
      outcome: null,
      endedAt: null,
      promptTokens: 0,
      completionTokens: 0,
      contextTokens: 0,
      checkpointBefore: view.checkpoints.at(-1)?.number ?? null,
    },
  });
}

function isSame(one: Task, other: Task): boolean {
  return one.text === other.text && one.kind === other.kind;
}

function notice(view: SessionView, { level, text }: Of<"notice">): void {
  if (level === "note" && text.startsWith(TOLD_STEER)) {
    const words = text.slice(TOLD_STEER.length);
    add(view, (key) => ({ kind: "steered", key, text: words }));
    return;
  }
  add(view, (key) => ({ kind: "notice", key, level, text }));
}

function commandStarted(view: SessionView, event: Of<"command_started">, at: number): void {
  const [place, decision] = placeAndDecision(event.place);
  add(view, (key) => ({
    kind: "command",
    key,
    command: event.command,
    argv: event.argv,
    place,
    decision,
    startedAt: at,
    output: [],
    held: 0,
    dropped: 0,
    status: null,
    durationMs: null,
    summary: null,
  }));
}

/** A stored session tells who let a command run behind the place, after a semicolon. */
function placeAndDecision(place: string): [string, string | null] {
  const at = place.indexOf("; ");
  return at < 0 ? [place, null] : [place.slice(0, at), place.slice(at + 2)];
}

function modelAsked(view: SessionView, event: Of<"model_asked">, at: number): void {
  const { request, model, purpose, candidates } = event;
  add(view, (key) => ({
    kind: "model",
    key,
    request,
    model,
    purpose,
    startedAt: at,
    texts: Array.from({ length: Math.min(Math.max(candidates, 1), 64) }, () => ""),
    pieces: 0,
    promptTokens: null,
    completionTokens: null,
    durationMs: null,
    cut: false,
  }));
}

function modelText(view: SessionView, { request, candidate, text }: Of<"model_text">): void {
  const item = find(view, (it): it is ModelItem => it.kind === "model" && it.request === request);
  if (!item || candidate < 0 || candidate >= 64) return;
  while (item.texts.length <= candidate) item.texts.push("");
  const before = item.texts[candidate] ?? "";
  item.pieces += 1;
  if (before.length < ANSWER_CHARACTERS_MAX) item.texts[candidate] = before + text;
}

function modelAnswered(view: SessionView, event: Of<"model_answered">): void {
  const item = find(
    view,
    (it): it is ModelItem => it.kind === "model" && it.request === event.request,
  );
  if (item) {
    item.promptTokens = event.prompt_tokens;
    item.completionTokens = event.completion_tokens;
    item.durationMs = event.duration_ms;
  }
  onTurn(view, (turn) => {
    turn.promptTokens += event.prompt_tokens;
    turn.completionTokens += event.completion_tokens;
    const answers = Math.max(item?.texts.length ?? 1, 1);
    turn.contextTokens = event.prompt_tokens + Math.ceil(event.completion_tokens / answers);
  });
}

function approvalAsked(view: SessionView, { request, proposal }: Of<"approval_asked">): void {
  const open = find(view, (it): it is Asked => it.kind === "approval" && isOpen(it));
  if (open && open.request === request) {
    open.proposal = proposal;
  } else {
    if (open) open.closed = true;
    add(view, (key) => ({ kind: "approval", key, request, proposal, answer: null, closed: false }));
  }
  onTurn(view, (turn) => {
    if (turn.state === "running") turn.state = "waiting";
  });
}

function approvalAnswered(view: SessionView, event: Of<"approval_answered">): void {
  const item = find(
    view,
    (it): it is Asked =>
      it.kind === "approval" && it.request === event.request && it.answer === null,
  );
  if (item) item.answer = event.answer;
  goOn(view);
}

function checkAsked(view: SessionView): void {
  const open = find(view, (it): it is AskedCheck => it.kind === "check" && isOpen(it));
  if (!open) {
    add(view, (key) => ({ kind: "check", key, answered: false, line: null, closed: false }));
  }
  onTurn(view, (turn) => {
    if (turn.state === "running") turn.state = "waiting";
  });
}

function checkGiven(view: SessionView, line: string | null): void {
  const item = find(view, (it): it is AskedCheck => it.kind === "check" && isOpen(it));
  if (item) {
    item.answered = true;
    item.line = line;
  }
  goOn(view);
}

function goOn(view: SessionView): void {
  onTurn(view, (turn) => {
    if (turn.state === "waiting") turn.state = "running";
  });
}

function moved(
  view: SessionView,
  how: Moved,
  { paths, refused }: Pick<Of<"kept">, "paths" | "refused">,
): void {
  add(view, (key) => ({ kind: "moved", key, how, paths, refused }));
}

function turnFinished(view: SessionView, event: Of<"turn_finished">, at: number): void {
  const { outcome, evidence } = event;
  const said = view.groups.findLast((group) => !group.left)?.items.at(-1);
  closeOpen(view);
  onTurn(view, (turn) => {
    turn.state = "finished";
    turn.outcome = outcome;
    turn.endedAt = at;
    turn.planDone = planAtEnd(turn.plan.length, turn.planDone, outcome);
    turn.promptTokens = evidence.prompt_tokens || turn.promptTokens;
    turn.completionTokens = evidence.completion_tokens || turn.completionTokens;
  });
  // A turn whose process died is told as stopped, and stopped once more when its session is opened again.
  if (
    said?.kind === "outcome" &&
    said.outcome.outcome === "stopped" &&
    outcome.outcome === "stopped"
  )
    return;
  add(view, (key) => ({ kind: "outcome", key, outcome, evidence }));
}
