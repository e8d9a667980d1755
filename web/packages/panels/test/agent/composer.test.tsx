// SPDX-License-Identifier: Apache-2.0
// Holds that a prompt which is sent before the models are told waits for them, and is not refused.

import type { ModelChoice } from "@moat/proto";
import { cleanup, fireEvent, render, screen } from "@solidjs/testing-library";
import { createSignal } from "solid-js";
import { afterEach, expect, test, vi } from "vitest";

import type { Agent } from "../../src/agent/agent.ts";
import { Composer } from "../../src/agent/composer.tsx";
import { format } from "../../src/i18n.ts";
import { en } from "../../src/locales/en.ts";

afterEach(cleanup);

const t = (key: keyof typeof en, args?: Record<string, string | number>) => format(en[key], args);
const MODEL: ModelChoice = {
  ...{ name: "scripted", title: "scripted", zone: "host" },
  ...{ context_tokens: null, ready: true },
};

/** An agent whose models are told when `tell` is called, with these. */
function starting() {
  const [models, setModels] = createSignal<ModelChoice[]>([]);
  const [draft, setDraft] = createSignal("explain it");
  const start = vi.fn(async (_task: unknown) => true);
  let tell!: (models: ModelChoice[]) => void;
  const told = new Promise<void>((resolve) => {
    tell = (those) => {
      setModels(those);
      resolve();
    };
  });
  const host = {
    ...{ t, connected: () => true, selection: () => null, activeFile: () => null },
    ...{ settings: { get: () => 5 }, recentFiles: () => [] },
  };
  const agent = {
    ...{ host, models, modelsTold: () => told, draft, setDraft, start, kind: () => "auto" },
    ...{ view: () => undefined, turn: () => null, current: () => null, check: () => null },
    ...{ queue: () => [], setKind: vi.fn(), standardModel: () => models()[0]?.name ?? "" },
    model: () => models()[0]?.name ?? "",
  } as unknown as Agent;
  render(() => <Composer agent={agent} />);
  return { start, draft, setDraft, tell };
}

test("a prompt that is sent before the models are told waits for them", async () => {
  const { start, draft, tell } = starting();
  fireEvent.click(screen.getByRole("button", { name: en["agent.send"] }));
  await Promise.resolve();
  expect(start).not.toHaveBeenCalled();
  expect(screen.queryByRole("alert")).toBeNull();
  tell([MODEL]);
  await vi.waitFor(() => expect(start).toHaveBeenCalledTimes(1));
  expect(start.mock.calls[0]?.[0]).toMatchObject({ model: "scripted", text: "explain it" });
  await vi.waitFor(() => expect(draft()).toBe(""));
});

test("what is typed while it waits stays", async () => {
  const { start, draft, setDraft, tell } = starting();
  fireEvent.click(screen.getByRole("button", { name: en["agent.send"] }));
  setDraft("and another");
  tell([MODEL]);
  await vi.waitFor(() => expect(start).toHaveBeenCalledTimes(1));
  await Promise.resolve();
  expect(draft()).toBe("and another");
});

test("where no model is told, the prompt stays and says so", async () => {
  const { start, draft, tell } = starting();
  fireEvent.click(screen.getByRole("button", { name: en["agent.send"] }));
  tell([]);
  await screen.findByText(en["agent.problem.model"]);
  expect(start).not.toHaveBeenCalled();
  expect(draft()).toBe("explain it");
});
