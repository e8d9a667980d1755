// SPDX-License-Identifier: Apache-2.0
// What the panel shows of one session, as plain data. `store.ts` makes it from the stream of
// events; components only read it.

import type {
  Answer,
  BranchRefusal,
  Change,
  ChangeSet,
  Checkpoint,
  Commits,
  CandidateVerdict,
  CommandEnd,
  Envelope,
  Evidence,
  Level,
  Outcome,
  Proposal,
  Refusal,
  Report,
  RewindPlan,
  Rewound,
  RunStatus,
  SessionId,
  Stream,
  Suspect,
  TakenBranch,
  Task,
  TestSummary,
  TreePath,
} from "@moat/proto";

/** What one stream of a command wrote without a break. */
export interface Piece {
  stream: Stream;
  text: string;
}

/** A command, while it runs and after. */
export interface CommandItem {
  kind: "command";
  key: string;
  command: number;
  argv: string[];
  /** Where what it writes ends up. */
  place: string;
  /** Who let it run, where the event says so. */
  decision: string | null;
  startedAt: number;
  /** The end of its output. */
  output: Piece[];
  /** How many characters of `output` there are. */
  held: number;
  /** How many characters before `output` are not held any more. */
  dropped: number;
  status: RunStatus | null;
  durationMs: number | null;
  summary: TestSummary | null;
}

/** A request to a model, while it answers and after. */
export interface ModelItem {
  kind: "model";
  key: string;
  request: number;
  model: string;
  purpose: string;
  startedAt: number;
  /** The answers so far. */
  texts: string[];
  /** How many pieces came: about one for each token. */
  pieces: number;
  promptTokens: number | null;
  completionTokens: number | null;
  durationMs: number | null;
  /** Whether the turn ended before the answer did. */
  cut: boolean;
}

/** What stands in the thread below a turn's first message. */
export type Item =
  | CommandItem
  | ModelItem
  | { kind: "notice"; key: string; level: Level; text: string }
  | { kind: "steered"; key: string; text: string }
  | { kind: "located"; key: string; suspects: Suspect[] }
  | {
      kind: "candidate";
      key: string;
      candidate: number;
      path: TreePath;
      symbol: string;
      verdict: CandidateVerdict;
    }
  | { kind: "edited"; key: string; path: TreePath; symbols: string[] }
  | {
      kind: "approval";
      key: string;
      request: number;
      proposal: Proposal;
      answer: Answer | null;
      /** Whether the turn ended, or another question came, before it was answered. */
      closed: boolean;
    }
  | { kind: "check"; key: string; answered: boolean; line: string | null; closed: boolean }
  | { kind: "checkpoint"; key: string; number: number }
  | { kind: "moved"; key: string; how: Moved; paths: TreePath[]; refused: Refusal[] }
  | {
      kind: "branches";
      key: string;
      how: "taken" | "returned";
      branches: TakenBranch[];
      refused: BranchRefusal[];
    }
  | { kind: "forked"; key: string; from: SessionId; checkpoint: number }
  | { kind: "rewound"; key: string; rewound: Rewound }
  | { kind: "ended"; key: string; end: CommandEnd }
  | { kind: "outcome"; key: string; outcome: Outcome; evidence: Evidence }
  | { kind: "failed"; key: string; report: Report };

/** What was done with pending changes. */
export type Moved = "kept" | "discarded" | "undone";

/** Where a turn stands. */
export type TurnState = "running" | "waiting" | "finished";

/** A turn. */
export interface Turn {
  number: number;
  task: Task;
  startedAt: number;
  plan: string[];
  /** How many of the plan's steps are behind it. */
  planDone: number;
  state: TurnState;
  outcome: Outcome | null;
  endedAt: number | null;
  promptTokens: number;
  completionTokens: number;
  /** What the last request read and wrote: about what fills the model's context. */
  contextTokens: number;
  /** The checkpoint to which one goes back to be before this turn. */
  checkpointBefore: number | null;
}

/** A turn with what came of it, or what happened before the first turn. */
export interface Group {
  key: string;
  turn: Turn | null;
  items: Item[];
  /** How many items of each kind there were, for their keys. */
  counts: Partial<Record<Item["kind"], number>>;
  /** Whether the conversation went back to before it. */
  left: boolean;
}

/** A checkpoint with the groups that counted when it was taken. */
export interface KnownCheckpoint extends Checkpoint {
  groups: string[];
}

/** A number in the stream that did not come. */
export interface Gap {
  expected: number;
  got: number;
}

/** One session. */
export interface SessionView {
  session: SessionId;
  workspace: string;
  boundary: string;
  /** Whether the engine still has the session. */
  stage: "attaching" | "open" | "closed" | "gone";
  goneReport: Report | null;
  /** The number that the next event must have; nothing before the first. */
  next: number | null;
  gap: Gap | null;
  groups: Group[];
  checkpoints: KnownCheckpoint[];
  pending: ChangeSet | null;
  commits: Commits | null;
  keepPlan: Change[] | null;
  rewindPlan: RewindPlan | null;
  /** Whether a keep stands that this view saw and that was not taken back. */
  keeps: number;
  /** Counts up with each event; something to depend on. */
  version: number;
  /** A rewind of the conversation could not be followed: the session has to be read anew. */
  stale: boolean;
}

/** Any event that a waiter may look for. */
export type EventName = Envelope["event"]["event"];

/** A session of which nothing is known yet. */
export function emptyView(session: SessionId): SessionView {
  return {
    session,
    workspace: "",
    boundary: "",
    stage: "attaching",
    goneReport: null,
    next: null,
    gap: null,
    groups: [],
    checkpoints: [],
    pending: null,
    commits: null,
    keepPlan: null,
    rewindPlan: null,
    keeps: 0,
    version: 0,
    stale: false,
  };
}

/** The turn that is the last of those that count. */
export function lastTurn(view: SessionView): Turn | null {
  for (let at = view.groups.length - 1; at >= 0; at--) {
    const group = view.groups[at];
    if (group?.turn && !group.left) return group.turn;
  }
  return null;
}

/** Whether a turn runs, or waits for a person. */
export function isBusy(view: SessionView | undefined): boolean {
  const turn = view ? lastTurn(view) : null;
  return turn !== null && turn.state !== "finished";
}

/** The question that waits for a person, if one does. */
export function openQuestion(
  view: SessionView,
): Extract<Item, { kind: "approval" | "check" }> | null {
  for (let at = view.groups.length - 1; at >= 0; at--) {
    const items = view.groups[at]?.items ?? [];
    for (let index = items.length - 1; index >= 0; index--) {
      const item = items[index];
      if (item?.kind === "approval" && item.answer === null && !item.closed) return item;
      if (item?.kind === "check" && !item.answered && !item.closed) return item;
    }
  }
  return null;
}
