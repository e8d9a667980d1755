// SPDX-License-Identifier: Apache-2.0
// The palette's filter, the outline, and where hunks apply.

import { describe, expect, it } from "vitest";
import { placeHunk } from "../src/editor/hunks.ts";
import { chainAt, outlineOf } from "../src/editor/symbols.ts";
import { filterBy, scoreOf } from "../src/palette/filter.ts";

describe("the filter", () => {
  const best = (typed: string, items: string[]) => filterBy(items, typed, (each) => each)[0]?.item;

  it("wants all letters in order", () => {
    expect(scoreOf("fo", "of")).toBeNull();
    expect(scoreOf("tos", "Toggle side bar")?.matched).toEqual([0, 1, 7]);
  });

  it("prefers the beginnings of words, and letters beside each other", () => {
    expect(best("tsb", ["Toast bubbles", "Toggle side bar"])).toBe("Toggle side bar");
    expect(best("save", ["Some audio very easy", "Save all"])).toBe("Save all");
    expect(best("ff", ["Staff", "Find file"])).toBe("Find file");
  });

  it("keeps the order where nothing is typed", () => {
    expect(filterBy(["b", "a"], " ", (each) => each).map((each) => each.item)).toEqual(["b", "a"]);
  });

  it("counts characters, not units", () => {
    expect(scoreOf("b", "🙂b")?.matched).toEqual([1]);
    expect(scoreOf("设", "打开设置")?.matched).toEqual([2]);
  });
});

describe("the outline", () => {
  it("nests by indentation", () => {
    const lines = [
      "class A:",
      "    def one(self):",
      "        pass",
      "    def two(self):",
      "        pass",
      "def three():",
      "    pass",
    ];
    const outline = outlineOf(lines, "python");
    expect(outline.map(({ name, depth, line, end }) => [name, depth, line, end])).toEqual([
      ["A", 0, 1, 5],
      ["one", 1, 2, 3],
      ["two", 1, 4, 5],
      ["three", 0, 6, 7],
    ]);
    expect(chainAt(outline, 5).map((each) => each.name)).toEqual(["A", "two"]);
  });

  it("knows headings, but not in code", () => {
    const outline = outlineOf(["# One", "```", "# no", "```", "## Two"], "markdown");
    expect(outline.map(({ name, depth }) => [name, depth])).toEqual([
      ["One", 0],
      ["Two", 1],
    ]);
  });
});

describe("hunks", () => {
  const hunk = "@@ -2,3 +2,4 @@\n b\n-c\n+C\n+D\n d\n";

  it("apply where they were made", () => {
    expect(placeHunk(1, hunk, ["a", "b", "c", "d"])).toEqual({
      number: 1,
      fits: true,
      blocks: [{ line: 3, removed: ["c"], added: ["C", "D"] }],
    });
  });

  it("follow lines that moved, and say where they do not fit", () => {
    expect(placeHunk(1, hunk, ["x", "y", "a", "b", "c", "d"]).blocks[0]?.line).toBe(5);
    expect(placeHunk(1, hunk, ["a", "q", "d"]).fits).toBe(false);
  });

  it("stand after the line where there is only something new", () => {
    expect(placeHunk(1, "@@ -0,0 +1,1 @@\n+new\n", [""]).blocks).toEqual([
      { line: 1, removed: [], added: ["new"] },
    ]);
  });
});
