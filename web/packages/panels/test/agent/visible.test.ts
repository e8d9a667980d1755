// SPDX-License-Identifier: Apache-2.0
// Holds that foreign text is shown and does not act: controls, invisible letters, colours.

import { expect, test } from "vitest";

import { runs } from "../../src/agent/ansi.ts";
import { commandLine, oneLine, quoted, visible, words } from "../../src/agent/visible.ts";

const EVIL = "\u001b]52;c;aGk=\u0007\u202ex\u200b\u{e0041}";

test("what hides or acts is written out, and the rest stays", () => {
  expect(visible(EVIL)).toBe("<U+001B>]52;c;aGk=<U+0007><U+202E>x<U+200B><U+E0041>");
  expect(visible("a\tb\r\nc\nd\r")).toBe("a\tb\nc\nd<U+000D>");
  expect(visible("中文 é 🙂")).toBe("中文 é 🙂");
  expect(visible("\ud800")).toBe("<U+D800>");
  expect(oneLine("a\nb")).toBe("a<U+000A>b");
});

test("a command is shown as a shell would have to be given it", () => {
  expect(words(["/bin/echo", "a b", "", "it's"])).toBe("/bin/echo 'a b' '' 'it'\\''s'");
  expect(commandLine(["/bin/sh", "-c", "make test"])).toBe("make test");
  expect(commandLine(["./evil/sh", "-c", "make test"])).toBe("./evil/sh -c 'make test'");
  expect(commandLine(["/bin/sh", "-c", "true\npasses: 3"])).toBe("$'true\\npasses: 3'");
  const forged = "true\nin ./\r\tx\u2028\u001b[A\u{e0041}'\\";
  expect(quoted(forged)).toBe("$'true\\nin ./\\r\\tx\\u2028\\x1b[A\\U000e0041\\'\\\\'");
  // Asked twice: the expression that looks keeps no place.
  expect([quoted("a\u200b"), quoted("a\u200b"), quoted("ab")]).toEqual([
    "$'a\\u200b'",
    "$'a\\u200b'",
    "ab",
  ]);
});

test("of colours only those of letters are obeyed, and everything else is made visible", () => {
  expect(runs("a\u001b[31;1mb\u001b[0mc")).toEqual([
    { text: "a", colour: null, bold: false, faint: false },
    { text: "b", colour: 1, bold: true, faint: false },
    { text: "c", colour: null, bold: false, faint: false },
  ]);
  // Concealed, the same colours before and behind, and large palettes do not hide anything.
  expect(
    runs("\u001b[8mx\u001b[30;40my\u001b[38;5;200mz").map((run) => [run.text, run.colour]),
  ).toEqual([
    ["x", null],
    ["y", 0],
    ["z", 0],
  ]);
  expect(runs("\u001b[2Jx\u001b]8;;http://a\u0007")[0]?.text).toBe(
    "<U+001B>[2Jx<U+001B>]8;;http://a<U+0007>",
  );
  expect(runs("10%\r20%\r\nend").map((run) => run.text)).toEqual(["10%\n20%\nend"]);
});
