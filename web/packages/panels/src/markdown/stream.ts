// SPDX-License-Identifier: Apache-2.0
// Markdown that grows while it is read. What stands before the last block cannot change by more text, so only the last
// block is parsed again; blocks that are settled keep their identity, and what is shown of them is not made again.

import { parsePlaced } from "./parse.ts";
import type { Block, Placed } from "./tree.ts";

const READ_MOST = 8000;

/** A growing document. */
export class Stream {
  private done: Block[] = [];
  /** The text of the blocks that are not settled. */
  private rest = "";
  private source = "";
  private last: Block[] = [];

  private readonly base: string;

  constructor(base = "") {
    this.base = base;
  }

  /** The blocks that more text cannot change: the same objects each time. */
  settled(): readonly Block[] {
    return [...this.done];
  }

  /** The blocks at the end, which more text may change. */
  open(): readonly Block[] {
    return this.last;
  }

  /** Takes the whole text as it is now. If it continues the last one, only its end is read. */
  update(source: string): void {
    if (source === this.source) return;
    if (!source.startsWith(this.source)) this.clear();
    this.rest += source.slice(this.source.length);
    this.source = source;
    this.read();
  }

  /** The text is complete: it is read once more as a whole, since a link may be defined behind its use. */
  finish(): void {
    if (!/^ {0,3}\[[^\]\n]+\]:/mu.test(this.source) && this.rest.length <= READ_MOST) return;
    this.done = [];
    this.last = parsePlaced(this.source, this.base).map((placed) => placed.block);
    this.rest = this.source;
  }

  private clear(): void {
    this.done = [];
    this.rest = "";
    this.source = "";
    this.last = [];
  }

  private read(): void {
    // A paragraph that goes on and on would be read again with every word; until it ends it is shown as its text. Code is
    // read in one go, however long it is.
    if (
      this.rest.length > READ_MOST &&
      !/^\s*(?:```|~~~)/u.test(this.rest) &&
      !/\n\s*\n/u.test(this.rest)
    ) {
      this.last = [{ kind: "paragraph", parts: [{ kind: "text", text: this.rest }] }];
      return;
    }
    const placed = parsePlaced(this.rest, this.base);
    // The last block may go on, and the one before it may be what a line of the last turns it into (a table, a heading):
    // only a block before an empty line is settled.
    const lines = this.rest.split("\n");
    let cut = placed.length - 1;
    // The first line of the next block has to be whole: its end may make it part of the block before.
    while (
      cut > 0 &&
      ((placed[cut]?.from ?? 0) >= lines.length - 1 || !settles(placed, cut, lines))
    )
      cut -= 1;
    if (cut > 0) {
      const from = placed[cut]?.from ?? 0;
      this.done.push(...placed.slice(0, cut).map((one) => one.block));
      this.rest = lines.slice(from).join("\n");
      this.last = placed.slice(cut).map((one) => one.block);
    } else {
      this.last = placed.map((one) => one.block);
    }
  }
}

/** Whether the block at `cut` begins behind an empty line, or behind a block that has an end of its own. */
function settles(placed: readonly Placed[], cut: number, lines: readonly string[]): boolean {
  const before = placed[cut - 1];
  const here = placed[cut];
  if (before === undefined || here === undefined || here.from < before.to) return false;
  if (before.block.kind === "list" || before.block.kind === "quote") {
    return (
      here.from > before.to - 1 &&
      here.block.kind !== before.block.kind &&
      !/^\s/u.test(lines[here.from] ?? "")
    );
  }
  return (
    before.block.kind === "code" ||
    before.block.kind === "heading" ||
    (lines[here.from - 1] ?? "").trim() === ""
  );
}
