// SPDX-License-Identifier: Apache-2.0
// What a Markdown text says, as a tree of a few closed kinds. There is no kind for HTML, for a script, a style or an
// embedded document, so nothing that is rendered from this tree can be one.

import type { Target } from "./links.ts";

/** How a table's column is aligned. */
export type Align = "start" | "center" | "end";

/** A part of a line. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "break" }
  | { kind: "emphasis" | "strong" | "struck"; parts: Inline[] }
  | { kind: "link"; target: Target; parts: Inline[] }
  | { kind: "image"; target: Target; text: string };

/** An item of a list; `done` says whether it is ticked, of a task. */
export interface Item {
  done: boolean | null;
  blocks: Block[];
}

/** A part of a document. */
export type Block =
  | { kind: "heading"; level: 1 | 2 | 3 | 4 | 5 | 6; slug: string; parts: Inline[] }
  | { kind: "paragraph"; parts: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "list"; ordered: boolean; start: number; tight: boolean; items: Item[] }
  | { kind: "table"; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

/** A block with the lines of the source that it came from: the first, and the one behind the last, from 0. */
export interface Placed {
  block: Block;
  from: number;
  to: number;
}

/** The text of some parts, without their form. */
export function plain(parts: readonly Inline[]): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case "text":
        case "code":
        case "image":
          return part.text;
        case "break":
          return " ";
        default:
          return plain(part.parts);
      }
    })
    .join("");
}

const SLUG_MAX = 80;

/** The name by which a heading is linked to, as code hosts make it. */
export function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s+/gu, "-")
    .slice(0, SLUG_MAX);
}
