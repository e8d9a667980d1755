// SPDX-License-Identifier: Apache-2.0
// Search: collecting by file, dismissing, rows, globs, and what a replacement would make of a line.

import { describe, expect, it } from "vitest";
import type { SearchHit } from "@moat/proto";
import {
  added,
  columnOf,
  globs,
  NOTHING,
  piecesOf,
  replacer,
  rows,
  specOf,
  withoutFile,
  withoutLine,
} from "@moat/panels/search/model.ts";

const hit = (path: string, ...lines: [number, string, [number, number][]][]): SearchHit => ({
  path,
  lines: lines.map(([line, text, matched]) => ({ line, text, matched, cut: 0 })),
});

const FOUND = added(
  added(NOTHING, [
    hit("b/x.ts", [
      3,
      "foo bar foo",
      [
        [0, 3],
        [8, 11],
      ],
    ]),
    hit("a.ts", [1, "foo", [[0, 3]]]),
  ]),
  [hit("b/x.ts", [9, "  foo", [[2, 5]]])],
);

describe("results", () => {
  it("are collected by file, in the order of directories", () => {
    expect(FOUND.matches).toBe(4);
    expect(
      rows(FOUND, new Set()).map((row) =>
        row.kind === "file" ? `${row.path} ${row.count}` : row.line.line,
      ),
    ).toEqual(["a.ts 1", 1, "b/x.ts 3", 3, 9]);
    expect(rows(FOUND, new Set(["b/x.ts"])).length).toBe(3);
  });

  it("leave others as they were where some are dismissed", () => {
    const less = withoutLine(FOUND, "b/x.ts", "b/x.ts\n3");
    expect(less.matches).toBe(2);
    expect(FOUND.matches).toBe(4);
    expect(withoutLine(less, "b/x.ts", "b/x.ts\n9").files.has("b/x.ts")).toBe(false);
    expect(withoutFile(FOUND, "a.ts").matches).toBe(3);
    expect(withoutFile(FOUND, "nothing")).toBe(FOUND);
  });

  it("know the column of the first match in the whole line", () => {
    expect(columnOf({ key: "", line: 1, text: "  foo", matched: [[2, 5]], cut: 100 })).toBe(103);
  });
});

describe("fields", () => {
  it("become globs", () => {
    expect(globs("*.ts, src/ ,/a/b.rs,**/x, {a,b}.js")).toEqual([
      "**/*.ts",
      "**/src/**",
      "a/b.rs",
      "**/x",
      "**/{a,b}.js",
    ]);
    expect(globs(" , ")).toEqual([]);
  });

  it("become a question, with what is never searched", () => {
    const fields = {
      pattern: "a",
      regex: true,
      case: false,
      word: true,
      include: "",
      exclude: "b",
      ignored: false,
    };
    expect(specOf(fields, "c")).toEqual({
      pattern: "a",
      regex: true,
      case: false,
      word: true,
      include: [],
      exclude: ["**/b", "**/c"],
      ignored: false,
    });
  });
});

describe("a line", () => {
  const line = {
    key: "",
    line: 1,
    text: "    let foo = foo;",
    matched: [
      [8, 11],
      [14, 17],
    ] as [number, number][],
    cut: 0,
  };
  const shown = (pieces: ReturnType<typeof piecesOf>) =>
    pieces.map((piece) => `${piece.form}:${piece.text}`);

  it("is shown without its indentation, with its matches", () => {
    expect(shown(piecesOf(line, null))).toEqual([
      "plain:let ",
      "match:foo",
      "plain: = ",
      "match:foo",
      "plain:;",
    ]);
  });

  it("shows what would stand there", () => {
    expect(shown(piecesOf(line, () => "b")).filter((one) => !one.startsWith("plain"))).toEqual([
      "gone:foo",
      "new:b",
      "gone:foo",
      "new:b",
    ]);
  });

  it("is cut before a match that stands far behind", () => {
    const far = {
      key: "",
      line: 1,
      text: `${"x".repeat(200)}foo`,
      matched: [[200, 203]] as [number, number][],
      cut: 5,
    };
    const all = piecesOf(far, null)
      .map((piece) => piece.text)
      .join("");
    expect(all.endsWith("foo")).toBe(true);
    expect(all.length).toBeLessThan(40);
  });
});

describe("a replacement", () => {
  it("is the words as they are, or with groups where it is an expression", () => {
    expect(replacer({ pattern: "a", regex: false, case: true }, "$1")("a")).toBe("$1");
    expect(
      replacer({ pattern: "(a)(b)", regex: true, case: true }, ["$2-", "{1}"].join("$"))("ab"),
    ).toBe("b-a");
    expect(replacer({ pattern: "(a)", regex: true, case: true }, "$&")("a")).toBe("$&");
    expect(replacer({ pattern: "(", regex: true, case: true }, "x")("y")).toBe("x");
  });
});
