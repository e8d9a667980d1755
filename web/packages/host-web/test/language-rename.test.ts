// SPDX-License-Identifier: Apache-2.0
// Giving another name: nothing is changed before the server knows every file.

import type { LanguageAnswer, LanguageWant } from "@moat/proto";
import { expect, test } from "vitest";
import { renamed } from "../src/language/rename.ts";

const at = { line: 1, column: 5 };
const span = { from: at, to: { line: 1, column: 8 } };
const edited = (...paths: string[]): LanguageAnswer => ({
  answer: "edited",
  files: paths.map((path) => ({ path, edits: [{ span, text: "other" }] })),
});
const located = (...paths: string[]): LanguageAnswer => ({
  answer: "located",
  places: paths.map((path) => ({ path, span })),
  outside: [],
});

function server(renames: LanguageAnswer[], references: LanguageAnswer) {
  const clock = { at: 0 };
  const asked: string[] = [];
  const ask = (want: LanguageWant) => {
    asked.push(want.want);
    if (want.want !== "rename") return Promise.resolve(references);
    return Promise.resolve((renames.length > 1 ? renames.shift() : renames[0]) as LanguageAnswer);
  };
  const time = {
    now: () => clock.at,
    pass: (ms: number) => {
      clock.at += ms;
      return Promise.resolve();
    },
  };
  return { ask, asked, time };
}

test("what the server knows whole is taken at once", async () => {
  const { ask, asked, time } = server([edited("a.py", "b.py")], located("a.py", "b.py", "b.py"));
  const found = await renamed(ask, at, "other", time);
  expect("files" in found && found.files.map((file) => file.path)).toEqual(["a.py", "b.py"]);
  expect(asked).toEqual(["rename", "references"]);
});

test("it is asked again while it leaves out a file that uses the name", async () => {
  const { ask, asked, time } = server(
    [edited("a.py"), edited("a.py"), edited("a.py", "b.py")],
    located("a.py", "b.py"),
  );
  const found = await renamed(ask, at, "other", time);
  expect("files" in found && found.files.length).toBe(2);
  expect(asked.length).toBe(6);
});

test("one that never knows all changes nothing", async () => {
  const { ask, time } = server([edited("a.py")], located("a.py", "b.py"));
  expect(await renamed(ask, at, "other", time)).toEqual({ partial: true });
});

test("a refusal is handed on, and a server without references is believed", async () => {
  const nothing: LanguageAnswer = { answer: "nothing", why: "no name" };
  expect(await renamed(server([nothing], located()).ask, at, "other")).toEqual({ answer: nothing });
  const found = await renamed(server([edited("a.py")], nothing).ask, at, "other");
  expect("files" in found).toBe(true);
});
