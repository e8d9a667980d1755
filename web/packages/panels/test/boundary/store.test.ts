// SPDX-License-Identifier: Apache-2.0
// Holds which crossings are known and shown: each once, in order, and at most so many.

import type { Crossing } from "@moat/proto";
import { expect, test } from "vitest";

import { CROSSINGS_MAX, filtered, joined } from "../../src/boundary/store.ts";

function crossing(number: number, more: Partial<Crossing> = {}): Crossing {
  return {
    number,
    at: number * 1_000,
    to: "models.example:443",
    zone: "network:team",
    purpose: "ask a model",
    session: null,
    allowed: true,
    rule: "zone is allowed",
    sent: null,
    received: null,
    ...more,
  };
}

const numbers = (all: Crossing[]) => all.map((it) => it.number);

test("news and the list are joined in any order, each crossing once", () => {
  const list = [crossing(1), crossing(2), crossing(4)];
  expect(numbers(joined(list, [crossing(5)]))).toEqual([1, 2, 4, 5]);
  expect(numbers(joined([crossing(5)], list))).toEqual([1, 2, 4, 5]);
  expect(numbers(joined(list, [crossing(3)]))).toEqual([1, 2, 3, 4]);
  const told = joined(list, [crossing(2, { sent: 9 })]);
  expect(numbers(told)).toEqual([1, 2, 4]);
  expect(told[1]?.sent).toBe(9);
});

test("only the newest are held", () => {
  const many = Array.from({ length: CROSSINGS_MAX }, (_, at) => crossing(at + 1));
  const more = joined(many, [crossing(CROSSINGS_MAX + 1)]);
  expect(more).toHaveLength(CROSSINGS_MAX);
  expect(more[0]?.number).toBe(2);
});

test("a filter looks at everything that is shown, and the newest come first", () => {
  const all = [
    crossing(1),
    crossing(2, { to: "pypi.example:443", allowed: false, rule: "no rule" }),
    crossing(3),
  ];
  const shown = (words: string, verdict: "all" | "allowed" | "denied") =>
    numbers(filtered(all, { words, verdict }));
  expect(shown("", "all")).toEqual([3, 2, 1]);
  expect(shown("", "denied")).toEqual([2]);
  expect(shown("PYPI rule", "all")).toEqual([2]);
  expect(shown("pypi", "allowed")).toEqual([]);
});
