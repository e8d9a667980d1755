// SPDX-License-Identifier: Apache-2.0
// What a command in the composer does that begins no turn.

import type { Agent } from "./agent.ts";
import type { Action } from "./compose.ts";
import { askName } from "./threads.tsx";

/** Does it. */
export async function runAction(
  agent: Agent,
  what: { run: string } | { action: Action },
): Promise<void> {
  if ("run" in what) {
    const session = agent.current() ?? (await agent.create());
    if (session === null) return;
    // A shell reads the line, as it does of a check; policy may ask first.
    const argv = ["/bin/sh", "-c", what.run];
    await agent.tellingOp(session, { op: "run", argv, directory: "" });
    return;
  }
  const session = agent.current();
  switch (what.action) {
    case "new":
      await agent.create();
      return;
    case "stop":
      await agent.stop();
      return;
    case "review":
      if (session !== null) agent.host.showReview(session);
      return;
    case "rename":
      if (session !== null) await askName(agent, session);
      return;
    case "undo":
      if (session !== null) await agent.tellingOp(session, { op: "undo_keep" });
      return;
  }
}
