// SPDX-License-Identifier: Apache-2.0
// What a program may not do through the terminal that it prints to: set the clipboard, ask about the window or the colours
// while old output is shown again, or give itself a title that looks like something else.

import type { IDisposable, Terminal } from "@xterm/xterm";

const TITLE_MOST = 80;

/** Operating system commands that are swallowed: the clipboard, notifications, working directories, images and the like. */
const SWALLOWED = [7, 9, 50, 51, 52, 99, 133, 633, 697, 777, 1337] as const;

/** Orders that are done as often as their number says: repeating, inserting and deleting lines, scrolling, tabs. */
const REPEATED = ["b", "L", "M", "S", "T", "I", "Z"] as const;

/** More often than this is never meant; a thousand million times would hold the page up for minutes. */
const REPEATED_MOST = 10_000;

/** Takes from a terminal what content may not do. */
export function restrict(terminal: Terminal): IDisposable[] {
  const { parser } = terminal;
  return [
    ...SWALLOWED.map((code) => parser.registerOscHandler(code, () => true)),
    ...REPEATED.map((final) =>
      parser.registerCsiHandler({ final }, ([times]) => Number(times) > REPEATED_MOST),
    ),
  ];
}

/** A title that a program gave itself, fit to stand on a tab: no control or invisible characters, not longer than a tab. */
export function safeTitle(text: string): string {
  const plain = text
    // Controls, joiners, marks and embeddings of direction, tags, and what has no assigned meaning.
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  const characters = [...plain];
  return characters.length > TITLE_MOST
    ? `${characters.slice(0, TITLE_MOST - 1).join("")}…`
    : plain;
}

/** What is pasted, without what would leave the brackets that mark it as pasted or act as a key by itself. */
export function safePaste(text: string): string {
  return text.replace(/\p{Cc}\[20[01]~/gu, "").replace(/(?![\t\n\r])\p{Cc}/gu, "");
}

/** Whether a shell would run something of a pasted text at once. */
export function isMultiline(text: string): boolean {
  return /[\r\n]/u.test(text.replace(/[\r\n]+$/u, "")) || /[\r\n]$/u.test(text);
}
