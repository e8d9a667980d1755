// SPDX-License-Identifier: Apache-2.0
// Viewers: pages that end where lines end, places, sizes; and the problems view's rows.

import { describe, expect, it } from "vitest";
import type { Problem } from "@moat/panels/host.ts";
import { counts, filtered, rows } from "@moat/panels/problems/model.ts";
import {
  encodingOf,
  feeds,
  indexIn,
  PAGE,
  pageCount,
  pageOf,
  placeOf,
  rangeOf,
} from "@moat/panels/viewers/pages.ts";
import { fromBase64, imageType, sizeOf } from "@moat/panels/viewers/read.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function allPages(bytes: Uint8Array, encoding: "utf8" | "utf16_le" = "utf8") {
  return Array.from({ length: pageCount(bytes.length) }, (_, index) => {
    const range = rangeOf(index, bytes.length);
    return pageOf(
      index,
      bytes.subarray(range.offset, range.offset + range.length),
      range.offset,
      encoding,
    );
  });
}

describe("pages", () => {
  it("have every line once, whole, and no byte twice", () => {
    const lines = Array.from(
      { length: 60_000 },
      (_, index) => `${index} ${"é文".repeat(index % 7)}`,
    );
    const bytes = bytesOf(`${lines.join("\n")}\n`);
    const pages = allPages(bytes);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.flatMap((page) => page.lines)).toEqual(lines);
    pages.slice(1).forEach((page, index) => expect(page.from).toBe(pages[index]?.to));
    const ended = pages.map((page) => feeds(bytes.subarray(page.from, page.to)));
    expect(ended.reduce((sum, one) => sum + one, 0)).toBe(lines.length);
  });

  it("begin where a line begins that begins just at a page's end", () => {
    const first = `${"a".repeat(PAGE - 1)}\n`;
    const pages = allPages(bytesOf(`${first}b\nc`));
    expect(pages.map((page) => page.lines.map((line) => line.length))).toEqual([
      [PAGE - 1],
      [1, 1],
    ]);
  });

  it("cut a line without an end between two characters", () => {
    const text = "文".repeat(PAGE);
    const pages = allPages(bytesOf(text));
    expect(pages.map((page) => page.lines.join("")).join("")).toBe(text);
    expect(pages.every((page) => !page.lines.join("").includes("\ufffd"))).toBe(true);
  });

  it("read UTF-16", () => {
    const text = `\ufeff${Array.from({ length: 30_000 }, (_, index) => `line ${index}`).join("\n")}`;
    const bytes = new Uint8Array(new Uint16Array([...text].map((one) => one.charCodeAt(0))).buffer);
    expect(encodingOf(bytes)).toBe("utf16_le");
    const lines = allPages(bytes, "utf16_le").flatMap((page) => page.lines);
    expect(lines.length).toBe(30_000);
    expect(lines[29_999]).toBe("line 29999");
  });
});

describe("places", () => {
  it("are lines or offsets", () => {
    expect(["12", ":7", "@4096", "0x1F", "@0x10"].map(placeOf)).toEqual([
      { line: 12 },
      { line: 7 },
      { offset: 4096 },
      { offset: 31 },
      { offset: 16 },
    ]);
    expect(["", "0", "-1", "x", "1.5"].map(placeOf)).toEqual([null, null, null, null, null]);
  });

  it("of words are found with and without case", () => {
    expect([indexIn("aBc", "bc", false), indexIn("aBc", "bc", true)]).toEqual([1, -1]);
  });
});

describe("files", () => {
  it("have sizes, types of images, and bytes", () => {
    expect([0, 1023, 1024, 52_428_800].map(sizeOf)).toEqual(["0 B", "1023 B", "1.0 KiB", "50 MiB"]);
    expect([imageType("a/B.PNG"), imageType("x.svg"), imageType("x.html")]).toEqual([
      "image/png",
      "image/svg+xml",
      null,
    ]);
    expect([...fromBase64("AP8=")]).toEqual([0, 255]);
  });
});

const problem = (
  path: string,
  line: number,
  severity: Problem["severity"],
  message: string,
): Problem => ({
  path,
  line,
  column: 1,
  severity,
  message,
  source: "test",
});

describe("problems", () => {
  const all = [
    problem("a.ts", 9, "warning", "slow"),
    problem("b.ts", 2, "error", "bad type"),
    problem("a.ts", 3, "info", "note"),
  ];
  it("stand by file, errors first, and in a file by place", () => {
    expect(
      rows(all, new Set()).map((row) => (row.kind === "file" ? row.path : row.problem.line)),
    ).toEqual(["b.ts", 2, "a.ts", 3, 9]);
    expect(counts(all)).toEqual({ error: 1, warning: 1, info: 1 });
  });

  it("are filtered by words, kind and file", () => {
    const every = new Set(["error", "warning", "info"] as const);
    const left = (filter: Partial<Parameters<typeof filtered>[1]>) =>
      filtered(all, { words: "", severities: every, path: null, ...filter }).map(
        (one) => one.message,
      );
    expect(left({ words: "bad" })).toEqual(["bad type"]);
    expect(left({ words: "!bad" })).toEqual(["slow", "note"]);
    expect(left({ severities: new Set(["info"] as const) })).toEqual(["note"]);
    expect(left({ path: "a.ts" })).toEqual(["slow", "note"]);
  });
});
