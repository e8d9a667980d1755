// SPDX-License-Identifier: Apache-2.0
// Checkpoints, and what going back to one does to the view. A checkpoint knows the turns that
// counted when it was taken, so that a conversation can go back and forward without being read anew.

import type { Checkpoint, Rewound } from "@moat/proto";

import { add, closeOpen, onTurn } from "./edit.ts";
import { lastTurn, type Group, type SessionView } from "./view.ts";

export function checkpointed(view: SessionView, event: Checkpoint): void {
  const groups = view.groups.filter((group) => !group.left).map((group) => group.key);
  const { number, at, after, differing, uncovered } = event;
  const known = view.checkpoints.findIndex((it) => it.number === number);
  const checkpoint = { number, at, after, differing, uncovered, groups };
  if (known >= 0) {
    view.checkpoints[known] = checkpoint;
    return;
  }
  view.checkpoints.push(checkpoint);
  const turn = lastTurn(view);
  if (turn === null) return;
  // A stored session's checkpoints may come all at once, behind its turns.
  if (at < turn.startedAt) {
    placeByTime(view, checkpoint);
    return;
  }
  add(view, (key) => ({ kind: "checkpoint", key, number }));
}

/** Finds, for a checkpoint that was told late, the turns that came after it. */
function placeByTime(view: SessionView, checkpoint: { number: number; at: number; groups: string[] }): void {
  const isAfter = (group: Group) => group.turn !== null && group.turn.startedAt > checkpoint.at;
  checkpoint.groups = view.groups
    .filter((group) => !group.left && !isAfter(group))
    .map((group) => group.key);
  for (const { turn } of view.groups) {
    if (!turn || turn.startedAt <= checkpoint.at) continue;
    const before = view.checkpoints.find((it) => it.number === turn.checkpointBefore);
    if (!before || before.at < checkpoint.at) turn.checkpointBefore = checkpoint.number;
  }
}

export function rewound(view: SessionView, event: Rewound): void {
  if (event.scope !== "code") {
    const goal = view.checkpoints.find((it) => it.number === event.to);
    if (goal) {
      for (const group of view.groups) group.left = !goal.groups.includes(group.key);
    } else if (view.groups.some((group) => group.turn && !group.left)) {
      view.stale = true;
    }
    closeOpen(view);
    onTurn(view, (turn) => {
      // What ran at that point does not go on by itself.
      if (turn.state !== "finished") turn.state = "finished";
    });
  }
  add(view, (key) => ({ kind: "rewound", key, rewound: event }));
}
