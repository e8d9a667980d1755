// SPDX-License-Identifier: Apache-2.0
// Makes the tree of a Markdown text. markdown-it finds the tokens, with HTML switched off; only tokens that are known here
// become part of the tree, and what is unknown becomes its text.

import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";
import { targetOf } from "./links.ts";
import {
  plain,
  slugOf,
  type Align,
  type Block,
  type Inline,
  type Item,
  type Placed,
} from "./tree.ts";

const SOURCE_MAX = 2_000_000;
const DEPTH_MAX = 60;

const reader = new MarkdownIt({
  html: false,
  linkify: true,
  typographer: false,
  breaks: false,
  maxNesting: DEPTH_MAX,
});
// Whether an address may be followed is decided by `targetOf` alone, where there is one closed list.
reader.validateLink = () => true;
reader.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

/** Reads a whole text; `base` is the directory in the workspace that relative links begin at. */
export function parse(source: string, base = ""): Block[] {
  return parsePlaced(source, base).map((placed) => placed.block);
}

/** Reads a text, and says which lines each block came from. What is not read as Markdown is shown as it is written. */
export function parsePlaced(source: string, base = ""): Placed[] {
  const read = source.slice(0, SOURCE_MAX);
  const walk = new Walk(reader.parse(read, {}), base, read);
  const placed = walk.placed();
  if (source.length > SOURCE_MAX) {
    const to = placed[placed.length - 1]?.to ?? 0;
    placed.push({ block: asWritten(source.slice(SOURCE_MAX)), from: to, to });
  }
  return placed;
}

function asWritten(text: string): Block {
  return { kind: "code", language: "", text };
}

/** Whether markdown-it has left out what stands within: it passes over what is deeper, without a word. */
function isTooDeep(token: Token): boolean {
  return token.nesting === 1 && token.level + 1 >= DEPTH_MAX;
}

class Walk {
  private at = 0;
  private readonly tokens: readonly Token[];
  private readonly base: string;
  private readonly source: string;
  private split: string[] | null = null;

  constructor(tokens: readonly Token[], base: string, source: string) {
    this.tokens = tokens;
    this.base = base;
    this.source = source;
  }

  placed(): Placed[] {
    const found: Placed[] = [];
    while (this.at < this.tokens.length) {
      const begin = this.at;
      const map = this.tokens[begin]?.map ?? null;
      const read = this.block();
      const last = found[found.length - 1];
      const from = map?.[0] ?? last?.to ?? 0;
      const to = map?.[1] ?? from;
      const deep = this.tokens.slice(begin, this.at).some(isTooDeep);
      const block = deep ? asWritten(this.lines(from, to)) : read;
      if (block !== null) found.push({ block, from, to });
    }
    return found;
  }

  /** The lines as they are written, from one to the one before the other. */
  private lines(from: number, to: number): string {
    this.split ??= this.source.split(/\r\n|\r|\n/u);
    return this.split.slice(from, to).join("\n");
  }

  /** The blocks up to the token that closes what they stand in; that one is passed over. */
  private until(close: string): Block[] {
    const found: Block[] = [];
    while (this.at < this.tokens.length) {
      if (this.tokens[this.at]?.type === close) {
        this.at += 1;
        return found;
      }
      const block = this.block();
      if (block !== null) found.push(block);
    }
    return found;
  }

  private block(): Block | null {
    const token = this.tokens[this.at];
    this.at += 1;
    if (token === undefined) return null;
    switch (token.type) {
      case "heading_open":
        return this.heading(token);
      case "paragraph_open":
        return { kind: "paragraph", parts: this.line("paragraph_close") };
      case "fence":
        return {
          kind: "code",
          language: languageOf(token.info),
          text: withoutLastEnd(token.content),
        };
      case "code_block":
        return { kind: "code", language: "", text: withoutLastEnd(token.content) };
      case "blockquote_open":
        return { kind: "quote", blocks: this.until("blockquote_close") };
      case "bullet_list_open":
        return this.list(false, 1, "bullet_list_close");
      case "ordered_list_open":
        return this.list(true, Number(token.attrGet("start") ?? 1), "ordered_list_close");
      case "table_open":
        return this.table();
      case "hr":
        return { kind: "rule" };
      default:
        return token.content === ""
          ? null
          : { kind: "paragraph", parts: [{ kind: "text", text: token.content }] };
    }
  }

  /** The parts of the line that stands before the token that closes it. */
  private line(close: string): Inline[] {
    let parts: Inline[] = [];
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at];
      this.at += 1;
      if (token === undefined || token.type === close) break;
      if (token.type === "inline") parts = inlines(token.children ?? [], this.base);
    }
    return parts;
  }

  private heading(token: Token): Block {
    const parts = this.line("heading_close");
    const level = Math.min(6, Math.max(1, Number(token.tag.slice(1)) || 1)) as
      | 1
      | 2
      | 3
      | 4
      | 5
      | 6;
    return { kind: "heading", level, slug: slugOf(plain(parts)), parts };
  }

  private list(ordered: boolean, start: number, close: string): Block {
    const items: Item[] = [];
    let tight = true;
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at];
      this.at += 1;
      if (token === undefined || token.type === close) break;
      if (token.type !== "list_item_open") continue;
      const first = this.tokens[this.at];
      if (first?.type === "paragraph_open" && !first.hidden) tight = false;
      items.push(task(this.until("list_item_close")));
    }
    return { kind: "list", ordered, start: Number.isFinite(start) ? start : 1, tight, items };
  }

  private table(): Block {
    const align: Align[] = [];
    const head: Inline[][] = [];
    const rows: Inline[][][] = [];
    let row: Inline[][] = head;
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at];
      this.at += 1;
      if (token === undefined || token.type === "table_close") break;
      if (token.type === "tr_open" && align.length > 0) {
        row = [];
        rows.push(row);
      } else if (token.type === "th_open") {
        align.push(alignOf(String(token.attrGet("style") ?? "")));
        head.push(this.line("th_close"));
      } else if (token.type === "td_open") {
        row.push(this.line("td_close"));
      }
    }
    return { kind: "table", align, head, rows };
  }
}

function alignOf(style: string): Align {
  if (style.includes("center")) return "center";
  return style.includes("right") ? "end" : "start";
}

const LANGUAGE = /^[\p{L}\p{N}_+#.-]{1,24}$/u;

function languageOf(info: string): string {
  const word = info.trim().split(/[\s{,:]/u)[0] ?? "";
  return LANGUAGE.test(word) ? word : "";
}

function withoutLastEnd(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** An item whose text begins with a box is a task. */
function task(blocks: Block[]): Item {
  const first = blocks[0];
  const lead = first?.kind === "paragraph" ? first.parts[0] : undefined;
  const box = lead?.kind === "text" ? /^\[([ xX])\](?:\s+|$)/u.exec(lead.text) : null;
  if (first?.kind !== "paragraph" || lead?.kind !== "text" || box === null)
    return { done: null, blocks };
  const parts: Inline[] = [
    { kind: "text", text: lead.text.slice(box[0].length) },
    ...first.parts.slice(1),
  ];
  return { done: box[1] !== " ", blocks: [{ kind: "paragraph", parts }, ...blocks.slice(1)] };
}

const WRAPS = { em_open: "emphasis", strong_open: "strong", s_open: "struck" } as const;

function inlines(tokens: readonly Token[], base: string): Inline[] {
  // The parts that are open, the innermost last; tokens of these kinds are always balanced.
  const open: Inline[][] = [[]];
  const add = (part: Inline) => open[open.length - 1]?.push(part);
  const into = (part: Inline & { parts: Inline[] }) => {
    add(part);
    open.push(part.parts);
  };
  for (const token of tokens) {
    switch (token.type) {
      case "em_open":
      case "strong_open":
      case "s_open":
        into({ kind: WRAPS[token.type], parts: [] });
        break;
      case "link_open":
        into({
          kind: "link",
          target: targetOf(String(token.attrGet("href") ?? ""), base),
          parts: [],
        });
        break;
      case "em_close":
      case "strong_close":
      case "s_close":
      case "link_close":
        if (open.length > 1) open.pop();
        break;
      case "code_inline":
        add({ kind: "code", text: token.content });
        break;
      case "hardbreak":
        add({ kind: "break" });
        break;
      case "softbreak":
        add({ kind: "text", text: "\n" });
        break;
      case "image":
        add({
          kind: "image",
          target: targetOf(String(token.attrGet("src") ?? ""), base),
          text: token.content,
        });
        break;
      default:
        if (token.content !== "") add({ kind: "text", text: token.content });
    }
  }
  return joined(open[0] ?? []);
}

/** Texts beside each other become one: the parser splits them at every character that might have meant something. */
function joined(parts: Inline[]): Inline[] {
  const found: Inline[] = [];
  for (const part of parts) {
    const last = found[found.length - 1];
    if (part.kind === "text" && last?.kind === "text") {
      found[found.length - 1] = { kind: "text", text: last.text + part.text };
    } else {
      found.push("parts" in part ? { ...part, parts: joined(part.parts) } : part);
    }
  }
  return found;
}
