// SPDX-License-Identifier: Apache-2.0
// Holds what a typed text becomes: its commands, its mentions, its kind, and what is offered.

import { expect, test } from "vitest";

import {
  compose,
  kindOf,
  mention,
  plain,
  taskOf,
  type Standards,
} from "../../src/agent/compose.ts";
import { accept, typingAt } from "../../src/agent/suggest.ts";

const STANDARDS: Standards = {
  model: "m",
  minutes: 10,
  check: null,
  kind: "auto",
  here: "`a.py:3`",
};

test("commands stand before the words and are taken out of them", () => {
  expect(
    compose("/check make test\n/time 2.5\n/model big\n/repair the total is wrong"),
  ).toMatchObject({
    check: "make test",
    minutes: 2.5,
    model: "big",
    kind: "repair",
    text: "the total is wrong",
    unknown: null,
  });
  expect(compose("/explain")).toMatchObject({ kind: "explain", text: "" });
  expect(compose("/run make -j2")).toMatchObject({ run: "make -j2", text: "" });
  expect(compose("/review")).toMatchObject({ action: "review" });
  expect(compose("/nothing here")).toMatchObject({ unknown: "nothing" });
  // A path is no command, and a slash in the words is none.
  expect(compose("/etc/passwd is read").unknown).toBeNull();
  expect(compose("look at\n/check").text).toBe("look at\n/check");
  expect(compose("/time never").minutes).toBeNull();
});

test("mentions become plain text that names the place", () => {
  expect(mention("src/my calc.py", { first: 7, last: 9 })).toBe("@`src/my calc.py:7-9`");
  expect(mention("a.py", { first: 7, last: 7 })).toBe("@`a.py:7`");
  expect(mention("odd`name")).toBe("odd`name");
  expect(plain("see @`a.py:7` and @`b/`, not a@b or @c")).toBe(
    "see `a.py:7` and `b/`, not a@b or @c",
  );
  expect(compose("fix @`a b.py`").text).toBe("fix `a b.py`");
});

test("the first words tell the kind, as on the command line", () => {
  const cases: [string, string][] = [
    ["fix the failing test", "repair"],
    ["The total is wrong", "repair"],
    ["Explain parse()", "explain"],
    ["what does `merge` do?", "explain"],
    ["document Invoice.total", "document"],
    ["documents are lost", "repair"],
    ["Write a function slugify(text) in text.py", "write"],
    ["write a commit message", "commit_message"],
    ["Write the commit message for my changes", "commit_message"],
    ["commit message", "commit_message"],
    ["the commit message is wrong", "repair"],
    ["解释这个文件", "explain"],
    ["实现一个函数", "write"],
    ["修复失败的测试", "repair"],
  ];
  for (const [text, kind] of cases) expect([text, kindOf(text)]).toEqual([text, kind]);
});

test("a task has what was typed before what is usual, and what it lacks is said", () => {
  expect(taskOf(compose("/check x\n/time 1\nfix it"), { ...STANDARDS, check: "y" })).toEqual({
    text: "fix it",
    kind: "repair",
    check: "x",
    model: "m",
    time_limit_ms: 60_000,
  });
  expect(taskOf(compose("/explain"), STANDARDS)).toMatchObject({
    text: "explain `a.py:3`",
    kind: "explain",
  });
  expect(taskOf(compose("/commit-message"), STANDARDS)).toMatchObject({ kind: "commit_message" });
  expect(taskOf(compose("explain it"), { ...STANDARDS, kind: "write" })).toMatchObject({
    kind: "write",
  });
  expect(taskOf(compose("/explain"), { ...STANDARDS, here: null })).toBe("empty");
  expect(taskOf(compose("fix"), { ...STANDARDS, model: "" })).toBe("model");
  expect(taskOf(compose("é".repeat(33_000)), STANDARDS)).toBe("long");
});

test("what is being typed is found at the cursor alone", () => {
  const at = (text: string) => typingAt(text.replace("|", ""), text.indexOf("|"));
  expect(at("@src/a|")).toMatchObject({ sign: "@", word: "src/a", from: 0 });
  expect(at("see (@a|b) now")).toMatchObject({ word: "a", from: 5, to: 7 });
  expect(at("mail a@b|")).toBeNull();
  expect(at("@`a.py` |")).toBeNull();
  expect(at("/exp|")).toMatchObject({ sign: "/", word: "exp" });
  expect(at("/check make\n/re|")).toMatchObject({ sign: "/", word: "re" });
  expect(at("words\n/re|")).toBeNull();
  expect(at("a/b|")).toBeNull();
});

test("an offer takes the place of what was typed", () => {
  const typing = typingAt("fix @mon now", 8);
  if (!typing) throw new Error("nothing is typed");
  const offer = { key: "k", icon: "file", label: "", detail: "", text: "@`money.py`" } as const;
  expect(accept("fix @mon now", typing, offer)).toEqual(["fix @`money.py` now", 15]);
  expect(accept("fix @mon", typing, offer)).toEqual(["fix @`money.py` ", 16]);
});
