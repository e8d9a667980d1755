// SPDX-License-Identifier: Apache-2.0
// Source control: groups, rows, what a diff compares, names of branches, blame, messages.

import { describe, expect, it } from "vitest";
import type { GitChange } from "@moat/proto";
import { findRun } from "@moat/panels/scm/blame.ts";
import { tidy } from "@moat/panels/scm/message.ts";
import {
  branchNameProblem,
  changeCount,
  groups,
  letterOf,
  nameAndPlace,
  rows,
  sidesOf,
} from "@moat/panels/scm/model.ts";
import { ago } from "@moat/panels/scm/time.ts";

const change = (
  path: string,
  staged: GitChange["staged"],
  unstaged: GitChange["unstaged"],
  from: string | null = null,
): GitChange => ({
  path,
  from,
  staged,
  unstaged,
});

const STATUS = {
  changes: [
    change("src/b.rs", "modified", "modified"),
    change("src/a.rs", null, "deleted"),
    change("new.txt", null, "untracked"),
    change("moved.rs", "renamed", null, "old.rs"),
    change("both.rs", "conflict", "conflict"),
  ],
};

describe("groups", () => {
  it("put a path in each group that it belongs to, in order", () => {
    const found = groups(STATUS).map((group) => [
      group.name,
      group.entries.map((entry) => `${letterOf(entry.what)} ${entry.path}`),
    ]);
    expect(found).toEqual([
      ["conflicts", ["! both.rs"]],
      ["staged", ["R moved.rs", "M src/b.rs"]],
      ["changes", ["D src/a.rs", "M src/b.rs"]],
      ["untracked", ["U new.txt"]],
    ]);
    expect(changeCount(STATUS)).toBe(5);
    expect(groups(null)).toEqual([]);
  });

  it("are rows, of which those of closed groups are left out", () => {
    const list = groups(STATUS);
    expect(rows(list, new Set(["staged", "changes"])).map((row) => row.key)).toEqual([
      "conflicts",
      "conflicts/both.rs",
      "staged",
      "changes",
      "untracked",
      "untracked/new.txt",
    ]);
  });

  it("take absent fields as none", () => {
    const bare = { changes: [{ path: "a", unstaged: "modified" } as unknown as GitChange] };
    expect(groups(bare).map((group) => group.name)).toEqual(["changes"]);
  });
});

describe("a diff", () => {
  it("compares the commit with the index, or the index with the file", () => {
    const of = (path: string, group: string) =>
      groups(STATUS)
        .find((one) => one.name === group)
        ?.entries.find((entry) => entry.path === path);
    const sides = (path: string, group: string) => {
      const entry = of(path, group);
      return entry && sidesOf(entry);
    };
    expect(sides("src/b.rs", "staged")).toEqual({
      committed: true,
      original: true,
      modified: "index",
    });
    expect(sides("src/b.rs", "changes")).toEqual({
      committed: false,
      original: true,
      modified: "file",
    });
    expect(sides("src/a.rs", "changes")).toEqual({
      committed: false,
      original: true,
      modified: "nothing",
    });
    expect(sides("new.txt", "untracked")).toEqual({
      committed: false,
      original: false,
      modified: "file",
    });
  });
});

describe("names", () => {
  it("of branches are those that git takes", () => {
    for (const good of ["main", "fix/a-b", "v1.2", "文"])
      expect(branchNameProblem(good)).toBeNull();
    for (const bad of [
      "",
      "-a",
      "a..b",
      "a b",
      "a.lock",
      "/a",
      "a/",
      "a//b",
      "@",
      "HEAD",
      "a@{b",
      "a~1",
      "a/.b",
      "a\u0007",
    ]) {
      expect(branchNameProblem(bad)).not.toBeNull();
    }
  });

  it("of files have their place behind them", () => {
    expect(nameAndPlace("a/b/c")).toEqual({ name: "c", place: "a/b" });
    expect(nameAndPlace("c")).toEqual({ name: "c", place: "" });
  });
});

describe("blame", () => {
  it("finds the run of a line", () => {
    const runs = [
      { line: 1, lines: 3, commit: null },
      { line: 4, lines: 1, commit: null },
      { line: 9, lines: 2, commit: null },
    ];
    expect([1, 3, 4, 5, 9, 10, 11, 0].map((line) => findRun(runs, line)?.line)).toEqual([
      1,
      1,
      4,
      undefined,
      9,
      9,
      undefined,
      undefined,
    ]);
  });
});

describe("the agent's message", () => {
  it("is freed of what models put around it", () => {
    expect(tidy("```text\nFix it\n\nBody\n```")).toBe("Fix it\n\nBody");
    expect(tidy('Commit message: "Fix it"')).toBe("Fix it");
    expect(tidy('Fix the "a" case')).toBe('Fix the "a" case');
  });
});

describe("times", () => {
  it("are said in the largest unit that is full", () => {
    const t = (key: string, args?: Record<string, unknown>) =>
      `${key} ${args?.["count"] ?? ""}`.trim();
    const said = (passed: number) => ago(t as never, 1000, 1000 + passed);
    expect([0, 59, 60, 7200, 86_400 * 3, 86_400 * 400].map(said)).toEqual([
      "time.now",
      "time.now",
      "time.minutes 1",
      "time.hours 2",
      "time.days 3",
      "time.years 1",
    ]);
    expect(said(-50)).toBe("time.now");
  });
});
