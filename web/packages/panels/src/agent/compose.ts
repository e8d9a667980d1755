// SPDX-License-Identifier: Apache-2.0
// From what is typed to a task. Commands begin a line with `/` and stand before the words;
// mentions stand in the words as @`...` and become plain text that names a place:
//
//   @`src/a.py`         the file           ->  `src/a.py`
//   @`src/a.py:7`       one line           ->  `src/a.py:7`
//   @`src/a.py:7-9`     lines 7 to 9       ->  `src/a.py:7-9`
//   @`src/`             a directory        ->  `src/`
//
// What is typed is what is sent, but for the `@`: nothing is added that the person cannot see.

import type { Task, TaskKind } from "@moat/proto";

import { TASK_BYTES_MAX } from "./limits.ts";

/** A command that does something else than begin a turn. */
export type Action = "new" | "review" | "stop" | "rename" | "undo";

/** What was typed, taken apart. */
export interface Composed {
  text: string;
  kind: TaskKind | null;
  check: string | null;
  model: string | null;
  minutes: number | null;
  /** A command line to run in the session, instead of a turn. */
  run: string | null;
  action: Action | null;
  /** A command that there is not. */
  unknown: string | null;
}

/** Commands in the order in which they are offered. `takes` says what follows on the line. */
export const COMMANDS: { name: string; takes: "words" | "line" | "nothing"; kind?: TaskKind }[] = [
  { name: "repair", takes: "words", kind: "repair" },
  { name: "explain", takes: "words", kind: "explain" },
  { name: "write", takes: "words", kind: "write" },
  { name: "document", takes: "words", kind: "document" },
  { name: "commit-message", takes: "words", kind: "commit_message" },
  { name: "check", takes: "line" },
  { name: "model", takes: "line" },
  { name: "time", takes: "line" },
  { name: "run", takes: "line" },
  { name: "review", takes: "nothing" },
  { name: "undo", takes: "nothing" },
  { name: "rename", takes: "nothing" },
  { name: "stop", takes: "nothing" },
  { name: "new", takes: "nothing" },
];

/** Takes apart what was typed. */
export function compose(typed: string): Composed {
  const composed: Composed = {
    text: "",
    kind: null,
    check: null,
    model: null,
    minutes: null,
    run: null,
    action: null,
    unknown: null,
  };
  let rest = typed.trim();
  for (;;) {
    const match = /^\/([a-z-]+)(?=\s|$)[^\S\n]*/.exec(rest);
    if (!match) break;
    const name = match[1] ?? "";
    const command = COMMANDS.find((it) => it.name === name);
    if (!command) {
      composed.unknown = name;
      break;
    }
    rest = rest.slice(match[0].length);
    if (command.kind) {
      composed.kind = command.kind;
      rest = rest.trimStart();
      continue;
    }
    const end = rest.indexOf("\n");
    const line = (end < 0 ? rest : rest.slice(0, end)).trim();
    rest = end < 0 ? "" : rest.slice(end + 1).trimStart();
    take(composed, name, line);
  }
  composed.text = plain(rest).trim();
  return composed;
}

function take(composed: Composed, name: string, line: string): void {
  if (name === "check") composed.check = line || null;
  else if (name === "model") composed.model = line || null;
  else if (name === "run") composed.run = line || null;
  else if (name === "time") {
    const minutes = Number.parseFloat(line);
    composed.minutes = Number.isFinite(minutes) && minutes > 0 ? minutes : null;
  } else composed.action = name as Action;
}

/** Mentions as plain text. */
export function plain(text: string): string {
  return text.replace(/@(`[^`\n]+`)/g, "$1");
}

/** A mention of a place, as it is put into what is typed. */
export function mention(path: string, lines?: { first: number; last: number }): string {
  // A path with a backtick cannot stand between two; it stands without them.
  const place = lines
    ? `${path}:${lines.first}${lines.last > lines.first ? `-${lines.last}` : ""}`
    : path;
  return place.includes("`") ? place : `@\`${place}\``;
}

/** What a task is given beside its text. */
export interface Standards {
  model: string;
  minutes: number;
  check: string | null;
  kind: TaskKind | "auto";
  /** The file and lines that are meant where no words say so. */
  here: string | null;
}

/** Why a task cannot be made. */
export type Problem = "empty" | "long" | "model";

/** Makes the task; where that is not possible, says why. */
export function taskOf(composed: Composed, standards: Standards): Task | Problem {
  const chosen = standards.kind === "auto" ? null : standards.kind;
  const kind = composed.kind ?? chosen ?? kindOf(composed.text);
  const text = composed.text || wordsFor(kind, standards.here);
  if (text === "") return "empty";
  if (new TextEncoder().encode(text).length > TASK_BYTES_MAX) return "long";
  const model = composed.model ?? standards.model;
  if (model === "") return "model";
  const minutes = composed.minutes ?? standards.minutes;
  return {
    text,
    kind,
    check: composed.check ?? standards.check,
    model,
    time_limit_ms: Math.max(1_000, Math.round(minutes * 60_000)),
  };
}

/** The words of a command that was given none. */
function wordsFor(kind: TaskKind, here: string | null): string {
  if (kind === "commit_message") return "write a commit message";
  if (here === null || kind === "write") return "";
  if (kind === "explain") return `explain ${here}`;
  if (kind === "document") return `document ${here}`;
  return `fix what fails in ${here}`;
}

/** The kind of work that words ask for, as the command line tells it: a repair unless they say. */
export function kindOf(text: string): TaskKind {
  const words = text.trimStart().toLowerCase();
  const begins = (...phrases: string[]) => phrases.some((phrase) => after(words, phrase) !== null);
  if (isCommitMessage(words)) return "commit_message";
  if (begins("explain", "what does", "what is", "how does", "why does", "describe"))
    return "explain";
  if (/^(解释|说明|讲解|这段|为什么|什么是)/.test(words)) return "explain";
  if (/^(写文档|添加文档|为.*写文档|注释)/.test(words)) return "document";
  if (/^(编写|实现|创建|生成|写一个)/.test(words)) return "write";
  if (begins("document", "add documentation", "add a docstring", "add docs", "write a docstring")) {
    return "document";
  }
  if (begins("write", "implement", "create", "add a function", "generate")) return "write";
  return "repair";
}

function isCommitMessage(text: string): boolean {
  if (/^(写|编写|生成)?提交(信息|说明)/.test(text)) return true;
  const verbs = ["write", "create", "generate", "suggest", "propose", "draft", "make"];
  const asked = verbs.map((verb) => after(text, verb)).find((it) => it !== null) ?? null;
  const rest = asked ?? text;
  const noun =
    ["a", "the", "me a"].map((word) => after(rest, word)).find((it) => it !== null) ?? rest;
  const more = after(noun, "commit message");
  return more !== null && (asked !== null || more === "");
}

/** What follows a phrase that a text begins with, as whole words. */
function after(text: string, phrase: string): string | null {
  if (!text.startsWith(phrase)) return null;
  const rest = text.slice(phrase.length);
  return /^[\p{L}\p{N}_]/u.test(rest) ? null : rest.trimStart();
}
