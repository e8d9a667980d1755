// SPDX-License-Identifier: Apache-2.0
// Prompts that wait for the turn before them, for each session. They are kept with the workspace's layout, so that a reload, a
// lost connection and a server that is started anew leave them where they were.

import type { SessionId, Task } from "@moat/proto";
import { createStore, unwrap } from "solid-js/store";

import type { Memory } from "../host.ts";
import { QUEUE_MAX } from "./limits.ts";

const MEMORY = "agent.queues";

/** A prompt that waits for the turn before it. */
export interface Queued {
  id: number;
  task: Task;
}

/** The prompts that wait. */
export interface Queues {
  /** Those of a session, in order. Reactive. */
  of(session: SessionId): readonly Queued[];
  /** The sessions that have any. */
  sessions(): SessionId[];
  /** Adds one; false where as many wait as may. */
  add(session: SessionId, task: Task): boolean;
  /** Takes one away, and gives it. */
  take(session: SessionId, id: number): Queued | null;
}

/** Makes the queues, with what waited before. */
export function createQueues(memory: Memory): Queues {
  const before = read(memory.get<unknown>(MEMORY, {}));
  const [queues, setQueues] = createStore<Record<SessionId, Queued[]>>(before);
  let next = 1 + Math.max(0, ...Object.values(before).flatMap((all) => all.map((it) => it.id)));
  const of = (session: SessionId) => queues[session] ?? [];
  const set = (session: SessionId, all: Queued[]) => {
    setQueues(session, all);
    const kept = Object.entries(unwrap(queues)).filter(([, waiting]) => waiting.length > 0);
    memory.set(MEMORY, structuredClone(Object.fromEntries(kept)));
  };
  return {
    of,
    sessions: () => Object.keys(unwrap(queues)).filter((session) => of(session).length > 0),
    add(session, task) {
      if (of(session).length >= QUEUE_MAX) return false;
      set(session, [...unwrap(of(session)), { id: next++, task }]);
      return true;
    },
    take(session, id) {
      const found = of(session).find((it) => it.id === id) ?? null;
      if (found)
        set(
          session,
          of(session).filter((it) => it.id !== id),
        );
      return found && unwrap(found);
    },
  };
}

/** What was kept, without whatever is not a prompt. */
function read(kept: unknown): Record<SessionId, Queued[]> {
  if (typeof kept !== "object" || kept === null) return {};
  const all = Object.entries(kept).map(([session, waiting]): [SessionId, Queued[]] => [
    session,
    Array.isArray(waiting) ? waiting.filter(isQueued).slice(0, QUEUE_MAX) : [],
  ]);
  return structuredClone(Object.fromEntries(all.filter(([, waiting]) => waiting.length > 0)));
}

function isQueued(value: Partial<Queued> | null): boolean {
  return (
    typeof value?.id === "number" &&
    typeof value.task?.text === "string" &&
    typeof value.task.model === "string"
  );
}
