// SPDX-License-Identifier: Apache-2.0
// Holds that prompts which wait are there after a reload, and that what was kept is not trusted.

import { expect, test } from "vitest";

import type { Memory } from "../../src/host.ts";
import { QUEUE_MAX } from "../../src/agent/limits.ts";
import { createQueues } from "../../src/agent/queue.ts";
import { TASK } from "./events.ts";

/** A memory that holds text, as the server's does. */
function memory(): Memory {
  const kept = new Map<string, string>();
  return {
    get: <T>(key: string, otherwise: T) =>
      kept.has(key) ? (JSON.parse(kept.get(key) ?? "") as T) : otherwise,
    set: (key, value) => void kept.set(key, JSON.stringify(value)),
  };
}

const texts = (all: readonly { task: { text: string } }[]) => all.map((it) => it.task.text);

test("what waits is there after a reload, in its order, and nothing that was taken", () => {
  const kept = memory();
  const first = createQueues(kept);
  for (const text of ["a", "b", "c"]) expect(first.add("01", { ...TASK, text })).toBe(true);
  first.add("02", { ...TASK, text: "other" });
  const b = first.of("01").find((it) => it.task.text === "b");
  expect(first.take("01", b?.id ?? 0)?.task.text).toBe("b");
  expect(first.take("01", b?.id ?? 0)).toBeNull();

  const again = createQueues(kept);
  expect(texts(again.of("01"))).toEqual(["a", "c"]);
  expect(again.sessions().sort()).toEqual(["01", "02"]);
  again.add("01", { ...TASK, text: "d" });
  const ids = [...again.of("01"), ...again.of("02")].map((it) => it.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const it of [...again.of("02")]) again.take("02", it.id);
  expect(createQueues(kept).sessions()).toEqual(["01"]);
});

test("no more wait than may, and what is no prompt is left out", () => {
  const kept = memory();
  const queues = createQueues(kept);
  for (let count = 0; count < QUEUE_MAX; count++) expect(queues.add("01", TASK)).toBe(true);
  expect(queues.add("01", TASK)).toBe(false);
  for (const odd of [
    null,
    7,
    { "01": "x" },
    { "01": [null, 1, { id: 1 }, { id: 2, task: { text: 3 } }] },
  ]) {
    kept.set("agent.queues", odd);
    expect(createQueues(kept).sessions()).toEqual([]);
  }
});
