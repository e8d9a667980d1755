// SPDX-License-Identifier: Apache-2.0
// Terminals: links in what is printed, titles and pasting, and how terminals stand beside each other.

import { describe, expect, it } from "vitest";
import {
  closed,
  neighbour,
  NO_TERMINALS,
  opened,
  readArrangement,
  reconciled,
} from "@moat/host-web/terminal/groups.ts";
import { worksInTerminal } from "@moat/host-web/terminal/keys.ts";
import { find, inWorkspace } from "@moat/host-web/terminal/links.ts";
import { isMultiline, safePaste, safeTitle } from "@moat/host-web/terminal/safety.ts";

const said = (text: string) =>
  find(text).map((one) =>
    one.kind === "web" ? one.address : `${one.path}|${one.line ?? ""}|${one.column ?? ""}`,
  );

describe("links in what is printed", () => {
  it.each([
    ["  --> src/main.rs:12:5", ["src/main.rs|12|5"]],
    ["error in a.c(12,3): x", ["a.c|12|3"]],
    ['  File "pkg/b.py", line 7, in f', ["pkg/b.py|7|"]],
    ["at Object.<anonymous> (/home/x/test/c.test.ts:3:9)", ["/home/x/test/c.test.ts|3|9"]],
    ["modified:   docs/读我.md", ["docs/读我.md||"]],
    ["see https://a.example/b_(c). Then", ["https://a.example/b_(c)"]],
    ["(https://a.example/x)", ["https://a.example/x"]],
    ["http://user:pw@evil.example/", []],
    ["just words, 1.5 and 12:30:11", []],
    ["./run.sh && ../x/y", ["./run.sh||", "../x/y||"]],
  ])("%s", (line, links) => {
    expect(said(line)).toEqual(links);
  });

  it("stand where they say", () => {
    const line = "  --> src/main.rs:12:5 and https://a.example";
    for (const one of find(line)) {
      const text = line.slice(one.from, one.to);
      expect(text).toBe(one.kind === "web" ? one.address : "src/main.rs:12:5");
    }
  });

  it("are found in long lines without taking long", () => {
    expect(find("a/".repeat(100_000)).length).toBeLessThan(10);
    expect(find("https://".repeat(10_000)).length).toBeLessThan(10);
  });

  it("lead only into the workspace", () => {
    expect(inWorkspace("/home/u/w/src/a.rs", "/home/u/w")).toBe("src/a.rs");
    expect(inWorkspace("/home/u/w2/a", "/home/u/w")).toBeNull();
    expect(inWorkspace("/etc/passwd", "/home/u/w")).toBeNull();
    expect(inWorkspace("../../etc/passwd", "/home/u/w")).toBeNull();
    expect(inWorkspace("~/.ssh/id", "/home/u/w")).toBeNull();
    expect(inWorkspace("./a/../b.rs", "/home/u/w")).toBe("b.rs");
  });
});

describe("what a program says", () => {
  it("is no title with controls, marks of direction or without an end", () => {
    expect(safeTitle("a\u001b]0;b\u0007\u202ec\u200b\n d")).toBe("a]0;bc d");
    expect([...safeTitle("文".repeat(500))].length).toBe(80);
  });

  it("cannot leave the brackets around what is pasted", () => {
    expect(safePaste("a\u001b[201~rm -rf\u0003\n")).toBe("arm -rf\n");
    expect([isMultiline("a"), isMultiline("a\n"), isMultiline("a\nb")]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe("tabs and splits", () => {
  const two = opened(opened(NO_TERMINALS, 1, null), 2, null);
  const split = opened(two, 3, 1);

  it("open behind, or beside another", () => {
    expect(two.groups).toEqual([[1], [2]]);
    expect(split.groups).toEqual([[1, 3], [2]]);
    expect(split.active).toBe(3);
  });

  it("give the focus to a neighbour where one is closed", () => {
    expect(closed(split, 3)).toMatchObject({ groups: [[1], [2]], active: 1 });
    expect(closed(closed(split, 3), 1)).toMatchObject({ groups: [[2]], active: 2 });
    expect(closed(opened(NO_TERMINALS, 1, null), 1)).toMatchObject({ groups: [], active: null });
    expect(neighbour(split, 1, true)).toBe(1);
    expect(neighbour(split, 1, false)).toBe(2);
  });

  it("fit the terminals that there are after a reload", () => {
    const kept = { ...split, names: { "3": "tests", "9": "gone" }, active: 9 };
    expect(reconciled(kept, [2, 3, 7])).toEqual({
      groups: [[3], [2], [7]],
      names: { "3": "tests" },
      active: 3,
    });
    expect(
      readArrangement({ groups: [[1, "x"], 5], active: "1", names: { "1": 2, "3": "a" } }),
    ).toEqual({
      groups: [[1]],
      active: null,
      names: { "3": "a" },
    });
    expect(readArrangement("x")).toEqual(NO_TERMINALS);
  });
});

describe("keys", () => {
  it("of the shell stay the shell's", () => {
    expect(worksInTerminal("workbench.action.quickOpen")).toBe(true);
    expect(worksInTerminal("workbench.action.terminal.split")).toBe(true);
    expect(worksInTerminal("workbench.action.closeActiveEditor")).toBe(false);
  });
});
