// SPDX-License-Identifier: Apache-2.0
// Holds that a message and a checkpoint lead to a fork from there, that a thread's menu leads to one
// from its end, and that a fork shows where it came from.

import type { SessionSummary } from "@moat/proto";
import { cleanup, fireEvent, render, screen } from "@solidjs/testing-library";
import { afterEach, expect, test, vi } from "vitest";

import type { Agent } from "../../src/agent/agent.ts";
import { threadMenu } from "../../src/agent/threads.tsx";
import { GroupView } from "../../src/agent/turn.tsx";
import type { SessionView } from "../../src/agent/view.ts";
import { format } from "../../src/i18n.ts";
import { en } from "../../src/locales/en.ts";
import { zh } from "../../src/locales/zh.ts";
import { checkpointed, finished, started, viewOf } from "./events.ts";

afterEach(cleanup);

const t = (key: keyof typeof en, args?: Record<string, string | number>) => format(en[key], args);
const FORKED = { event: "forked", from: "01OLD", checkpoint: 7 } as const;

function agentWith(view: SessionView, old: Partial<SessionSummary> | null = null) {
  const forkAt = vi.fn();
  const fork = vi.fn(async (_session: string, _at: number | null) => "01NEW" as string | null);
  const open = vi.fn(async () => undefined);
  const summaryOf = (session: string) => (session === "01OLD" ? old : null);
  const agent = {
    ...{ host: { t, openFile: vi.fn() }, view: () => view, viewOf: () => undefined },
    ...{ current: () => view.session, nameOf: () => null, summaryOf, fork, forkAt, open },
  } as unknown as Agent;
  return { agent, fork, forkAt, open };
}

function show(view: SessionView, agent: Agent) {
  return render(() =>
    view.groups.map((group) => (
      <GroupView agent={agent} group={group} last={false} rewind={vi.fn()} />
    )),
  );
}

test("a message and a checkpoint lead to a fork from there", () => {
  const view = viewOf(
    checkpointed(1, 0, 0),
    started(),
    checkpointed(4, 2),
    finished({ outcome: "solved" }),
  );
  const { agent, forkAt } = agentWith(view);
  show(view, agent);
  const [message, checkpoint] = screen.getAllByRole("button", { name: "Fork from here" });
  fireEvent.click(message as HTMLElement);
  fireEvent.click(checkpoint as HTMLElement);
  expect(forkAt.mock.calls).toEqual([[1], [4]]);
});

test("a message without a checkpoint offers no fork", () => {
  const view = viewOf(started(), finished({ outcome: "solved" }));
  show(view, agentWith(view).agent);
  expect(screen.queryByRole("button", { name: "Fork from here" })).toBeNull();
});

test("a thread's menu forks its end, and only a fork that was made is gone to", async () => {
  const { agent, fork } = agentWith(viewOf());
  const gone = vi.fn();
  const item = threadMenu(agent, "01OLD", gone).find(
    (it) => "title" in it && it.title === "Fork from the end",
  );
  if (!item || !("run" in item) || !item.run) throw new Error("no such item");
  fork.mockResolvedValueOnce(null);
  item.run();
  await Promise.resolve().then(() => undefined);
  expect(gone).not.toHaveBeenCalled();
  item.run();
  await vi.waitFor(() => expect(gone).toHaveBeenCalledTimes(1));
  expect(fork.mock.calls).toEqual([
    ["01OLD", null],
    ["01OLD", null],
  ]);
});

test("a fork says where it came from, and leads there while that is there", () => {
  const view = viewOf(started(), finished({ outcome: "solved" }), FORKED, checkpointed(1, 2));
  const { agent, open } = agentWith(view, { task: "repair total" });
  const { container } = show(view, agent);
  expect(container.textContent).toContain("from checkpoint 7 of");
  expect(container.textContent).toContain("repair total");
  fireEvent.click(screen.getByRole("button", { name: "Open that thread" }));
  expect(open.mock.calls).toEqual([["01OLD"]]);
  cleanup();
  const removed = show(view, agentWith(view).agent);
  expect(removed.container.textContent).toContain("01OLD");
  expect(screen.queryByRole("button", { name: "Open that thread" })).toBeNull();
});

test("what was kept before is not the fork's to take back", () => {
  const kept = { event: "kept", paths: ["a.py"], refused: [] } as const;
  const before = { ...kept, paths: [...kept.paths], refused: [] };
  expect(viewOf(started(), before).keeps).toBe(1);
  expect(viewOf(started(), before, FORKED).keeps).toBe(0);
});

test("the action has its words in both languages", () => {
  expect([en["agent.fork.here"], zh["agent.fork.here"]]).toEqual(["Fork from here", "从此处分叉"]);
});
