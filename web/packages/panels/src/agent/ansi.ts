// SPDX-License-Identifier: Apache-2.0
// Colours in what a command wrote. Only the sixteen foreground colours, bold and faint are
// obeyed: nothing that could hide text, move the cursor or make a link. Every other control
// is made visible.

import { visible } from "./visible.ts";

/** A run of text in one colour. */
export interface Run {
  text: string;
  /** `null` for the usual colour, else 0 to 15. */
  colour: number | null;
  bold: boolean;
  faint: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const SGR = /\u001b\[([0-9;]{0,40})m/g;

/** Splits text into runs of one colour each. A carriage return begins a new line. */
export function runs(text: string): Run[] {
  const lines = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  const found: Run[] = [];
  const now = { colour: null as number | null, bold: false, faint: false };
  let from = 0;
  for (const match of lines.matchAll(SGR)) {
    push(found, lines.slice(from, match.index), now);
    obey(now, match[1] ?? "");
    from = match.index + match[0].length;
  }
  push(found, lines.slice(from), now);
  return found;
}

function push(found: Run[], text: string, now: Omit<Run, "text">): void {
  if (text !== "") found.push({ text: visible(text), ...now });
}

function obey(now: Omit<Run, "text">, codes: string): void {
  const numbers = codes.split(";").map((code) => Number(code || "0"));
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] ?? 0;
    if (code === 0) Object.assign(now, { colour: null, bold: false, faint: false });
    else if (code === 1) now.bold = true;
    else if (code === 2) now.faint = true;
    else if (code === 22) Object.assign(now, { bold: false, faint: false });
    else if (code >= 30 && code <= 37) now.colour = code - 30;
    else if (code >= 90 && code <= 97) now.colour = code - 90 + 8;
    else if (code === 39) now.colour = null;
    // Of colours from larger palettes only the sixteen are obeyed; the numbers belong to them.
    else if (code === 38 || code === 48) {
      const skipped = numbers[at + 1] === 5 ? 2 : 4;
      const index = numbers[at + 2] ?? 99;
      if (code === 38 && skipped === 2 && index < 16) now.colour = index;
      at += skipped;
    }
  }
}
