// SPDX-License-Identifier: Apache-2.0
// What threads are called.

import type { Agent } from "./agent.ts";
import { oneLine } from "./visible.ts";

/** What a thread is called: its name, else its last task. */
export function titleOf(agent: Agent, session: string | null): string {
  if (session === null) return agent.host.t("agent.thread.new");
  const name = agent.nameOf(session);
  if (name) return oneLine(name);
  const turns = agent.viewOf(session)?.groups ?? [];
  const task = turns.find((group) => group.turn)?.turn?.task.text ?? agent.summaryOf(session)?.task;
  return task ? oneLine(task.split("\n")[0] ?? "") : agent.host.t("agent.thread.new");
}
