// SPDX-License-Identifier: Apache-2.0
// Holds what the review makes of a change set: lines and their numbers, what changed in them, and
// what can be kept how.

import type { Change, Side, Surface } from "@moat/proto";
import { expect, test } from "vitest";

import { parseHunk } from "../../src/review/hunk.ts";
import { details, placeOf, reviewSet, totals } from "../../src/review/model.ts";

const file = (mode: string, length: number, digit = "a"): Side => ({
  kind: "file",
  mode,
  content: { length_bytes: length, sha256: digit.repeat(64) },
});

function change(more: Partial<Change> = {}): Change {
  return {
    path: "a",
    kind: "modified",
    class: "edit",
    before: { kind: "nothing" },
    after: { kind: "nothing" },
    lines_added: 1,
    lines_removed: 2,
    hunks: [],
    conflict: null,
    renamed_from: null,
    renamed_to: null,
    merge: { merge: "alone" },
    ...more,
  };
}

const surface = (gated: boolean): Surface => ({
  reader: "an editor",
  keys: "",
  effects: ["exec_open"],
  does: "can start programs",
  gated,
});

test("a hunk's lines are numbered on both sides", () => {
  const text = "@@ -3,3 +3,4 @@ def f():\n a\n-b\n+c\n+d\n e\n\\ No newline at end of file\n";
  const hunk = parseHunk({ number: 2, text });
  expect(hunk).toMatchObject({
    number: 2,
    oldStart: 3,
    oldCount: 3,
    newStart: 3,
    newCount: 4,
    heading: "def f():",
  });
  expect(hunk.lines.map(({ kind, text, before, after }) => [kind, text, before, after])).toEqual([
    ["context", "a", 3, 3],
    ["removed", "b", 4, null],
    ["added", "c", null, 4],
    ["added", "d", null, 5],
    ["context", "e", 5, 6],
    ["note", " No newline at end of file", null, null],
  ]);
});

test("new and removed files count from their first line, and a count of one is not written", () => {
  const lines = (text: string) =>
    parseHunk({ number: 1, text }).lines.map(({ before, after }) => [before, after]);
  expect(lines("@@ -0,0 +1,2 @@\n+a\n+b\n")).toEqual([
    [null, 1],
    [null, 2],
  ]);
  expect(lines("@@ -1 +0,0 @@\n-a\n")).toEqual([[1, null]]);
  // An empty line of context may have lost its blank.
  expect(lines("@@ -7 +7 @@\n\n")).toEqual([[7, 7]]);
});

test("within a changed line the words that changed are marked, and nothing where all did", () => {
  const marked = (old: string, now: string) => {
    const { lines } = parseHunk({ number: 1, text: `@@ -1 +1 @@\n-${old}\n+${now}\n` });
    return lines.map(({ text, changed }) => changed?.map((range) => text.slice(...range)) ?? null);
  };
  expect(marked("return cents % 100", "return cents % 1000")).toEqual([["100"], ["1000"]]);
  expect(marked("if live:", "if live and young:")).toEqual([[], [" and young"]]);
  expect(
    marked("sum(e for e in all if e < last)", "sum((e for e in all if e <= last), 0)"),
  ).toEqual([[], ["(", "=", ", 0)"]]);
  expect(marked("one", "completely other")).toEqual([null, null]);
  // Two removed and one added: nobody knows which belongs to which.
  const { lines } = parseHunk({ number: 1, text: "@@ -1,2 +1 @@\n-ab\n-ac\n+ad\n" });
  expect(lines.every(({ changed }) => changed === null)).toBe(true);
});

test("each change stands where it can be kept, or cannot", () => {
  const set = reviewSet({
    changes: [
      change(),
      change({ path: "s", surfaces: [surface(true)] }),
      change({ path: "told", surfaces: [surface(false)] }),
      change({
        path: "c",
        merge: { merge: "conflict", base: { kind: "nothing" }, places: [] },
        surfaces: [surface(true)],
      }),
      change({ path: "why", conflict: "both changed it" }),
      change({ path: "i", class: "ignored" }),
      change({ path: ".git", class: "git_metadata", surfaces: [surface(true)] }),
    ],
    left_out: [{ path: "pipe", reason: "a FIFO" }],
    truncated: true,
  });
  expect(set.files.map((it) => [it.path, it.state])).toEqual([
    ["a", "ready"],
    ["s", "surface"],
    ["told", "ready"],
    ["c", "conflict"],
    ["why", "conflict"],
  ]);
  expect([set.ignored.length, set.git.length, set.leftOut.length, set.truncated]).toEqual([
    1,
    1,
    1,
    true,
  ]);
  expect(totals(set.files)).toEqual({ added: 5, removed: 10 });
  expect(reviewSet(null).files).toEqual([]);
});

test("a change set of an older server is read, too", () => {
  const older = {
    path: "a",
    kind: "modified",
    class: "edit",
    before: { kind: "nothing" },
    after: { kind: "nothing" },
    lines_added: 0,
    lines_removed: 0,
    hunks: [],
  };
  const set = reviewSet({ changes: [older as unknown as Change] } as never);
  expect(set.files[0]?.state).toBe("ready");
  expect(set.truncated).toBe(false);
});

test("what hunks do not show has a line each, as in the terminal", () => {
  const keys = (more: Partial<Change>) => details(change(more)).map((it) => it.key);
  expect(keys({})).toEqual([]);
  expect(keys({ kind: "mode", before: file("644", 3), after: file("755", 3) })).toEqual([
    "review.detail.mode",
  ]);
  expect(keys({ kind: "created", after: file("644", 0) })).toEqual([]);
  expect(keys({ kind: "created", after: file("755", 0) })).toEqual(["review.detail.modeIs"]);
  expect(keys({ kind: "created", after: { kind: "directory", mode: "500" } })).toEqual([
    "review.detail.modeIs",
  ]);
  expect(keys({ kind: "created", after: { kind: "directory", mode: "700" } })).toEqual([]);
  expect(keys({ before: file("644", 5), after: file("644", 6, "b") })).toEqual([
    "review.detail.binary",
  ]);
  expect(
    keys({ before: { kind: "link", target: "x" }, after: { kind: "link", target: "y" } }),
  ).toEqual(["review.detail.linkOld", "review.detail.linkNew"]);
  expect(
    keys({ kind: "type", before: file("644", 2), after: { kind: "link", target: "../x" } }),
  ).toEqual(["review.detail.type", "review.detail.linkNew", "review.detail.content"]);
  const hunks = [{ number: 1, text: "@@ -1 +1 @@\n-a\n+b\n" }];
  expect(keys({ before: file("644", 2), after: file("644", 2, "b"), hunks })).toEqual([]);
  expect(keys({ kind: "created", after: file("644", 5), renamed_from: "old" })).toEqual([
    "review.detail.unchanged",
  ]);
});

test("a comment names its place as a mention does", () => {
  expect(placeOf("a b.py", 3, 3)).toBe("`a b.py:3`");
  expect(placeOf("a.py", 3, 5)).toBe("`a.py:3-5`");
});
