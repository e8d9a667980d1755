// SPDX-License-Identifier: Apache-2.0
// Checkpoints, and what going back to one does to the view. A checkpoint knows the turns that
// counted when it was taken, so that a conversation can go back and forward without being read anew.

import type { Checkpoint, Rewound } from "@moat/proto";

import { add, closeOpen, onTurn } from "./edit.ts";
import { lastTurn, type SessionView } from "./view.ts";

export function checkpointed(view: SessionView, event: Checkpoint): void {
  const { number, at, after, differing, uncovered } = event;
  // One that is told again stands for the turns that counted at first.
  if (view.checkpoints.some((it) => it.number === number)) return;
  view.checkpoints.push({ number, at, after, differing, uncovered, groups: counting(view) });
  // Where no file differs, the message behind it or the going back beside it leads there.
  if (differing === 0 || lastTurn(view) === null) return;
  add(view, (key) => ({ kind: "checkpoint", key, number }));
}

/** The turns that count. */
function counting(view: SessionView): string[] {
  return view.groups.filter((group) => !group.left).map((group) => group.key);
}

export function rewound(view: SessionView, event: Rewound): void {
  if (event.scope !== "code") {
    const goal = view.checkpoints.find((it) => it.number === event.to);
    if (goal) {
      for (const group of view.groups) group.left = !goal.groups.includes(group.key);
    } else if (view.groups.some((group) => group.turn && !group.left)) {
      view.stale = true;
    }
    // The checkpoint behind the going back was taken before the turns were told to change.
    for (const it of view.checkpoints) if (it.number > event.before) it.groups = counting(view);
    closeOpen(view);
    onTurn(view, (turn) => {
      // What ran at that point does not go on by itself.
      if (turn.state !== "finished") turn.state = "finished";
    });
  }
  add(view, (key) => ({ kind: "rewound", key, rewound: event }));
}
