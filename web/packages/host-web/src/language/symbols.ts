// SPDX-License-Identifier: Apache-2.0
// The declarations of the active editor's file, as a language server knows them.

import { createSignal } from "solid-js";
import type { App } from "../app.ts";
import type { Symbol } from "../editor/symbols.ts";
import type { LinkedText } from "./link.ts";

interface Known {
  text: LinkedText;
  version: number;
  symbols: Symbol[];
}

const [known, setKnown] = createSignal<Known | null>(null);
let asked: { text: LinkedText; version: number } | null = null;

/** The declarations; null as long as no server has told them. Reactive: they are asked for. */
export function symbolsOf(app: App, text: LinkedText): Symbol[] | null {
  const version = text.getVersionId();
  const found = known();
  if (found?.text === text && found.version === version) return found.symbols;
  if (asked?.text !== text || asked.version !== version) void ask(app, text, version);
  return null;
}

async function ask(app: App, text: LinkedText, version: number): Promise<void> {
  asked = { text, version };
  const answer = await app.language.ask(text, { want: "symbols" });
  asked = null;
  if (answer.answer !== "symbols") return;
  const symbols = answer.symbols.map(
    ({ name, sort, span, name_span, depth }): Symbol => ({
      name,
      kind: ["class", "struct", "interface", "enum", "module"].includes(sort)
        ? "class"
        : ["function", "method", "constructor"].includes(sort)
          ? "function"
          : "other",
      line: name_span.from.line,
      column: name_span.from.column,
      depth,
      end: span.to.line,
    }),
  );
  setKnown({ text, version, symbols });
}
