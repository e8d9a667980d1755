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
  /** The parts that changed, from and to, where the line stands beside another. */
  changed: [number, number][] | null;
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

const TOKEN = /[\p{L}\p{N}_]+|\s+|./gu;
/** Lines with more words than this are not compared word by word. */
const TOKENS_MAX = 240;
/** Of lines that have less in common than this share, all is another. */
const COMMON_MIN = 0.4;

/** Marks the words of two lines that are not in both, in order. */
function pair(old: DiffLine, now: DiffLine): void {
  const one = old.text.match(TOKEN) ?? [];
  const other = now.text.match(TOKEN) ?? [];
  if (one.length > TOKENS_MAX || other.length > TOKENS_MAX) return;
  const [keptOld, keptNow] = common(one, other);
  const shared = one.filter((token, at) => keptOld[at] && token.trim() !== "").join("").length;
  const most = Math.max(
    old.text.replaceAll(/\s/g, "").length,
    now.text.replaceAll(/\s/g, "").length,
  );
  if (shared < most * COMMON_MIN) return;
  old.changed = ranges(one, keptOld);
  now.changed = ranges(other, keptNow);
}

/** Which tokens of both are in the longest sequence that both have. */
function common(one: readonly string[], other: readonly string[]): [boolean[], boolean[]] {
  const width = other.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  for (let a = one.length - 1; a >= 0; a--) {
    for (let b = other.length - 1; b >= 0; b--) {
      const at = a * width + b;
      const skipped = Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
      lengths[at] = one[a] === other[b] ? (lengths[at + width + 1] ?? 0) + 1 : skipped;
    }
  }
  const kept: [boolean[], boolean[]] = [one.map(() => false), other.map(() => false)];
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    const at = a * width + b;
    if (one[a] === other[b]) {
      kept[0][a++] = true;
      kept[1][b++] = true;
    } else if ((lengths[at + width] ?? 0) >= (lengths[at + 1] ?? 0)) a += 1;
    else b += 1;
  }
  return kept;
}

/** What is not kept, from and to; a blank between two changes belongs to them. */
function ranges(tokens: readonly string[], kept: readonly boolean[]): [number, number][] {
  const found: [number, number][] = [];
  let place = 0;
  let blankFrom = -1;
  tokens.forEach((token, at) => {
    const last = found[found.length - 1];
    if (!kept[at]) {
      if (last && (last[1] === place || last[1] === blankFrom)) last[1] = place + token.length;
      else found.push([place, place + token.length]);
    }
    blankFrom = kept[at] && token.trim() === "" ? place : -1;
    place += token.length;
  });
  return found;
}
