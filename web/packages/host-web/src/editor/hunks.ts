// SPDX-License-Identifier: Apache-2.0
// Hunks of a unified diff, and where they are in a text that may have been edited since.

/** One run of changed lines in a hunk. */
export interface HunkBlock {
  /** The line of the text, from 1, before which the block stands. */
  line: number;
  removed: string[];
  added: string[];
}

/** A hunk as it applies to a text. */
export interface PlacedHunk {
  number: number;
  blocks: HunkBlock[];
  /** Whether the lines that it was made from are there. */
  fits: boolean;
}

const HEAD = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/;
const SEARCH_MOST = 400;

/** Finds where a hunk applies. */
export function placeHunk(number: number, text: string, lines: readonly string[]): PlacedHunk {
  const rows = text.split("\n");
  const begin = Number(HEAD.exec(rows[0] ?? "")?.[1] ?? 1);
  const body = rows.slice(1).filter((row) => row !== "" && !row.startsWith("\\"));
  const old = body.filter((row) => !row.startsWith("+")).map((row) => row.slice(1));
  const at = old.length === 0 ? begin + 1 : find(old, lines, begin);
  const blocks: HunkBlock[] = [];
  let line = at ?? begin;
  let open: HunkBlock | null = null;
  for (const row of body) {
    if (row.startsWith("-") || row.startsWith("+")) {
      if (!open) {
        open = { line, removed: [], added: [] };
        blocks.push(open);
      }
      if (row.startsWith("-")) {
        open.removed.push(row.slice(1));
        line++;
      } else open.added.push(row.slice(1));
    } else {
      open = null;
      line++;
    }
  }
  return { number, blocks, fits: at !== null };
}

/** The line nearest to the one wanted at which all these lines stand. */
function find(old: readonly string[], lines: readonly string[], wanted: number): number | null {
  const here = (from: number) =>
    from >= 1 && old.every((text, index) => lines[from - 1 + index]?.trimEnd() === text.trimEnd());
  for (let away = 0; away <= SEARCH_MOST; away++) {
    if (here(wanted + away)) return wanted + away;
    if (here(wanted - away)) return wanted - away;
  }
  return null;
}
