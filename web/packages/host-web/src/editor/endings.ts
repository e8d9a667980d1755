// SPDX-License-Identifier: Apache-2.0
// Files with both kinds of line endings: an editor knows one kind, so the ending of each
// line is remembered apart and given back when the text is written.

/** Where a text with some of both was split: its lines, and what ended each. */
export interface MixedLines {
  lines: string[];
  /** `\n`, `\r\n`, or nothing for a last line without one. */
  endings: string[];
}

/** Splits a text that has some of both. */
export function splitMixed(text: string): MixedLines {
  const lines: string[] = [];
  const endings: string[] = [];
  for (const piece of text.split(/(?<=\n)/)) {
    const ending = piece.endsWith("\r\n") ? "\r\n" : piece.endsWith("\n") ? "\n" : "";
    lines.push(ending === "" ? piece : piece.slice(0, -ending.length));
    endings.push(ending);
  }
  if (text.endsWith("\n")) {
    lines.push("");
    endings.push("");
  }
  return { lines, endings };
}

/** Gives an edited text its endings back: a line that is still there has its own, a new one its neighbour's. */
export function joinMixed(before: MixedLines, text: string): string {
  const lines = text.split("\n");
  const endings = new Array<string | undefined>(lines.length);
  let begin = 0;
  while (
    begin < lines.length &&
    begin < before.lines.length &&
    lines[begin] === before.lines[begin]
  ) {
    endings[begin] = before.endings[begin];
    begin++;
  }
  let end = 0;
  const room = Math.min(lines.length, before.lines.length) - begin;
  while (
    end < room &&
    lines[lines.length - 1 - end] === before.lines[before.lines.length - 1 - end]
  ) {
    endings[lines.length - 1 - end] = before.endings[before.lines.length - 1 - end];
    end++;
  }
  let from = begin;
  const last = before.lines.length - end;
  for (let at = begin; at < lines.length - end; at++) {
    const found = before.lines.indexOf(lines[at] ?? "", from);
    if (found < 0 || found >= last) continue;
    endings[at] = before.endings[found];
    from = found + 1;
  }
  let out = "";
  let near = before.endings.find((each) => each !== "") ?? "\n";
  for (let at = 0; at < lines.length; at++) {
    out += lines[at];
    if (at === lines.length - 1) break;
    const ending = endings[at] || near;
    near = ending;
    out += ending;
  }
  return out;
}
