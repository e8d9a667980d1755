// SPDX-License-Identifier: Apache-2.0
// Parts of a long text that end where lines end, how their lines are counted, and what a person typed as a place.

import type { Encoding } from "@moat/proto";

/** How long a page is, in bytes; the last line may reach beyond it. */
export const PAGE = 256 * 1024;

/** How far behind a page's end the end of its last line is looked for. */
export const OVERLAP = 64 * 1024;

/** A page of a long text. */
export interface Page {
  index: number;
  /** Where its first line begins, in bytes. */
  from: number;
  /** Where the first line of the next page begins. */
  to: number;
  lines: string[];
}

/** How many pages a text has. */
export function pageCount(length: number): number {
  return Math.max(1, Math.ceil(length / PAGE));
}

/** Which bytes have to be read for a page. */
export function rangeOf(index: number, length: number): { offset: number; length: number } {
  const offset = Math.max(0, index * PAGE - (index > 0 ? 2 : 0));
  return { offset, length: Math.min(length, (index + 1) * PAGE + OVERLAP) - offset };
}

/**
 * Makes a page of the bytes that `rangeOf` asked for. A line belongs to the page that it begins in; a line that has no end
 * for long is cut, between two characters.
 */
export function pageOf(index: number, bytes: Uint8Array, offset: number, encoding: Encoding): Page {
  const wide = encoding === "utf16_le" || encoding === "utf16_be";
  const end = (index + 1) * PAGE;
  const from = index === 0 ? 0 : boundary(bytes, index * PAGE - offset, wide) + offset;
  const last = end - offset >= bytes.length ? bytes.length : boundary(bytes, end - offset, wide);
  const to = last + offset;
  const text = decode(bytes.subarray(from - offset, last), encoding);
  const lines = text.split(/\r\n|\n|\r/u);
  if (lines.length > 1 && lines[lines.length - 1] === "") lines.pop();
  return { index, from, to, lines };
}

/** The place behind the next end of a line, from `at` on; where there is none near, `at` moved to the next character. */
function boundary(bytes: Uint8Array, at: number, wide: boolean): number {
  const limit = Math.min(bytes.length, at + OVERLAP);
  const step = wide ? 2 : 1;
  for (let place = at - step; place < limit; place += step) {
    if (place < 0) continue;
    const feed = wide ? isWideFeed(bytes, place) : bytes[place] === 0x0a;
    if (feed) return Math.min(bytes.length, place + step);
  }
  let place = Math.min(at, bytes.length);
  if (!wide) while (place < bytes.length && ((bytes[place] ?? 0) & 0xc0) === 0x80) place += 1;
  return place;
}

function isWideFeed(bytes: Uint8Array, place: number): boolean {
  const [first, second] = [bytes[place], bytes[place + 1]];
  return (first === 0x0a && second === 0) || (first === 0 && second === 0x0a);
}

/** Which encoding the first bytes of a file say. */
export function encodingOf(first: Uint8Array): Encoding {
  if (first[0] === 0xff && first[1] === 0xfe) return "utf16_le";
  if (first[0] === 0xfe && first[1] === 0xff) return "utf16_be";
  if (first[0] === 0xef && first[1] === 0xbb && first[2] === 0xbf) return "utf8_mark";
  return "utf8";
}

function decode(bytes: Uint8Array, encoding: Encoding): string {
  const label =
    encoding === "utf16_le" ? "utf-16le" : encoding === "utf16_be" ? "utf-16be" : "utf-8";
  return new TextDecoder(label).decode(bytes);
}

/** How many lines end in some bytes. */
export function feeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

/** A place that a person typed: a line, or an offset in bytes (`0x1f00`, `@4096`). */
export type Place = { line: number } | { offset: number };

/** Reads a place. */
export function placeOf(text: string): Place | null {
  const typed = text.trim();
  const hex = /^@?0x([0-9a-f]{1,13})$/iu.exec(typed);
  if (hex) return { offset: Number.parseInt(hex[1] ?? "0", 16) };
  const bytes = /^@(\d{1,15})$/u.exec(typed);
  if (bytes) return { offset: Number(bytes[1]) };
  const line = /^:?(\d{1,12})$/u.exec(typed);
  return line && Number(line[1]) > 0 ? { line: Number(line[1]) } : null;
}

/** Where words are in a line, from a column on; -1 where they are not. */
export function indexIn(line: string, words: string, caseSensitive: boolean, from = 0): number {
  return caseSensitive
    ? line.indexOf(words, from)
    : line.toLowerCase().indexOf(words.toLowerCase(), from);
}
