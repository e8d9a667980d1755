// SPDX-License-Identifier: Apache-2.0
// Takes the unified diff of a hunk apart: its lines with their numbers on both sides, and which
// words of a changed line changed.

/** One line of a hunk. */
export interface DiffLine {
  kind: "context" | "added" | "removed" | "note";
  /** The text without its sign. */
  text: string;
  /** Its number in the user's file; nothing for an added line. */
  before: number | null;
  /** Its number with the change; nothing for a removed line. */
  after: number | null;
  /** The part that changed, from and to, where the line stands beside another. */
  changed: [number, number] | null;
}

/** A hunk, taken apart. */
export interface DiffHunk {
  number: number;
  /** The first line in the user's file, and how many. A count of 0 stands behind that line. */
  oldStart: number;
  oldCount: number;
  newStart: number;
  newCount: number;
  /** What stands behind the numbers in its head, such as a function's name. */
  heading: string;
  lines: DiffLine[];
}

const HEAD = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

/** Takes a hunk apart; one without a readable head counts from 1. */
export function parseHunk(hunk: { number: number; text: string }): DiffHunk {
  const rows = hunk.text.split("\n");
  if (rows.at(-1) === "") rows.pop();
  const head = HEAD.exec(rows[0] ?? "");
  const number = (at: number, otherwise: number) =>
    head?.[at] === undefined ? otherwise : Number(head[at]);
  const parsed: DiffHunk = {
    number: hunk.number,
    oldStart: number(1, 1),
    oldCount: number(2, 1),
    newStart: number(3, 1),
    newCount: number(4, 1),
    heading: head?.[5] ?? "",
    lines: [],
  };
  let before = parsed.oldStart + (parsed.oldCount === 0 ? 1 : 0);
  let after = parsed.newStart + (parsed.newCount === 0 ? 1 : 0);
  for (const row of head ? rows.slice(1) : rows) {
    const text = row.slice(1);
    const line: DiffLine = { kind: "context", text, before: null, after: null, changed: null };
    if (row.startsWith("+")) Object.assign(line, { kind: "added", after: after++ });
    else if (row.startsWith("-")) Object.assign(line, { kind: "removed", before: before++ });
    else if (row.startsWith("\\")) line.kind = "note";
    else Object.assign(line, { before: before++, after: after++ });
    parsed.lines.push(line);
  }
  markWords(parsed.lines);
  return parsed;
}

/** Marks what changed within lines, where as many were added as were removed. */
function markWords(lines: DiffLine[]): void {
  let at = 0;
  while (at < lines.length) {
    const removed = runOf(lines, at, "removed");
    if (removed === 0) {
      at += 1;
      continue;
    }
    const added = runOf(lines, at + removed, "added");
    if (added === removed) {
      for (let index = 0; index < removed; index++) {
        const old = lines[at + index];
        const now = lines[at + removed + index];
        if (old && now) pair(old, now);
      }
    }
    at += removed + added;
  }
}

function runOf(lines: DiffLine[], from: number, kind: DiffLine["kind"]): number {
  let count = 0;
  while (lines[from + count]?.kind === kind) count += 1;
  return count;
}

const WORD = /[\p{L}\p{N}_]/u;
/** Of lines that have less in common than this share, all is another. */
const COMMON_MIN = 0.25;

function pair(old: DiffLine, now: DiffLine): void {
  const one = old.text;
  const other = now.text;
  const most = Math.min(one.length, other.length);
  let begin = 0;
  while (begin < most && one[begin] === other[begin]) begin += 1;
  let end = 0;
  while (end < most - begin && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  // Whole words read better than the letters that happen to differ.
  while (begin > 0 && WORD.test(one[begin - 1] ?? "") && (isWord(one, begin) || isWord(other, begin))) begin -= 1;
  while (end > 0 && WORD.test(one[one.length - end] ?? "") && (isWord(one, one.length - end - 1) || isWord(other, other.length - end - 1))) end -= 1;
  const common = one.slice(0, begin).trim().length + one.slice(one.length - end).trim().length;
  if (common < Math.max(one.trim().length, other.trim().length) * COMMON_MIN) return;
  old.changed = [begin, one.length - end];
  now.changed = [begin, other.length - end];
}

function isWord(text: string, at: number): boolean {
  return WORD.test(text[at] ?? "");
}
