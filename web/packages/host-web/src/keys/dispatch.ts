// SPDX-License-Identifier: Apache-2.0
// Listens to all keys of the page before anything else does, and runs what they mean.

import { strokeOf, type Stroke, showKeys } from "./parse.ts";
import { type Binding, meaningOf } from "./resolve.ts";
import type { Context } from "./when.ts";

const CHORD_PATIENCE_MS = 5000;

/** What the dispatcher needs to know. */
export interface Dispatch {
  bindings(): readonly Binding[];
  context: Context;
  run(command: string): void;
  /** Shows that a second key is waited for, or that there is no such pair; null clears it. */
  show(state: { kind: "wait" | "unknown"; keys: string } | null): void;
}

/** Begins to listen. Returns how to stop. */
export function dispatchKeys(options: Dispatch): () => void {
  let first: Stroke | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const forget = () => {
    clearTimeout(timer);
    first = null;
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.defaultPrevented) return;
    // A field that takes keys down, as the keybindings editor has one, gets them all.
    if (event.target instanceof Element && event.target.closest("[data-takes-keys]")) return;
    const stroke = strokeOf(event);
    if (!stroke) return;
    const strokes = first ? [first, stroke] : [stroke];
    const meaning = meaningOf(strokes, options.bindings(), options.context);
    const waited = first !== null;
    forget();
    if (meaning.kind === "nothing") {
      if (!waited) return;
      options.show({ kind: "unknown", keys: showKeys(strokes) });
    } else if (meaning.kind === "more") {
      first = stroke;
      options.show({ kind: "wait", keys: showKeys([stroke]) });
      timer = setTimeout(() => {
        forget();
        options.show(null);
      }, CHORD_PATIENCE_MS);
    } else {
      if (waited) options.show(null);
      options.run(meaning.command);
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener("keydown", keyDown, true);
  return () => {
    forget();
    window.removeEventListener("keydown", keyDown, true);
  };
}
