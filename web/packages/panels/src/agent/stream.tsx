// SPDX-License-Identifier: Apache-2.0
// Text that grows. What was shown stays in the page as it is and only the end is touched, in
// blocks of limited length, so that a long answer costs no more for each token than a short one.

import { createEffect, createMemo, createSignal, For, type JSX, onCleanup } from "solid-js";

import { runs } from "./ansi.ts";
import type { Piece } from "./view.ts";
import { visible } from "./visible.ts";

const BLOCK_CHARACTERS_MAX = 2_000;

/** Text that only grows. */
export function Growing(props: { text: string; class?: string }): JSX.Element {
  let box!: HTMLDivElement;
  let shown = 0;
  let tail: Text | null = null;
  const begin = () => {
    const block = document.createElement("div");
    block.className = "ag-block";
    tail = document.createTextNode("");
    block.append(tail);
    box.append(block);
    return tail;
  };
  createEffect(() => {
    const text = props.text;
    if (text.length < shown) {
      box.replaceChildren();
      tail = null;
      shown = 0;
    }
    let more = visible(text.slice(shown));
    shown = text.length;
    while (more !== "") {
      const node = tail ?? begin();
      const room = BLOCK_CHARACTERS_MAX - node.length;
      if (more.length <= room) {
        node.appendData(more);
        return;
      }
      // A block ends with a line, so that a line is never broken where it was not.
      const end = more.lastIndexOf("\n", Math.max(room, 0));
      const next = end < 0 ? more.indexOf("\n") : end;
      if (next < 0) {
        node.appendData(more);
        return;
      }
      node.appendData(more.slice(0, next));
      more = more.slice(next + 1);
      tail = null;
      if (more === "") begin();
    }
  });
  return <div ref={box} class={`ag-growing ${props.class ?? ""}`} />;
}

/** Something that changes often, looked at only so often. */
export function seldom<T>(value: () => T, ms: number): () => T {
  const [shown, setShown] = createSignal(value());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  createEffect(() => {
    const now = value();
    clearTimeout(timer);
    const wait = Math.max(0, last + ms - performance.now());
    const show = () => {
      last = performance.now();
      setShown(() => now);
    };
    if (wait === 0) show();
    else timer = setTimeout(show, wait);
  });
  onCleanup(() => clearTimeout(timer));
  return shown;
}

/** What a command wrote, in its colours. */
export function Output(props: { pieces: readonly Piece[]; lines?: number }): JSX.Element {
  const parts = createMemo(() => {
    const pieces = props.lines === undefined ? props.pieces : lastLines(props.pieces, props.lines);
    return pieces.flatMap(({ stream, text }) => runs(text).map((run) => ({ ...run, stream })));
  });
  return (
    <For each={parts()}>
      {(run) => (
        <span
          class={run.colour === null ? "" : `ansi-${run.colour}`}
          classList={{ bold: run.bold, faint: run.faint, err: run.stream === "err" }}
        >
          {run.text}
        </span>
      )}
    </For>
  );
}

const LINE_CHARACTERS_MAX = 400;

/** The last lines of what was written; of very long lines the end. */
function lastLines(pieces: readonly Piece[], lines: number): Piece[] {
  const most = lines * LINE_CHARACTERS_MAX;
  const found: Piece[] = [];
  let left = lines;
  let room = most;
  for (let at = pieces.length - 1; at >= 0 && left > 0 && room > 0; at--) {
    const piece = pieces[at];
    if (!piece) break;
    let text = piece.text.slice(-room);
    room -= text.length;
    if (found.length === 0) text = text.replace(/\s+$/, "");
    const split = text.split("\n");
    const kept = split.slice(-left);
    left -= kept.length - (split.length === kept.length ? 1 : 0);
    found.unshift({ stream: piece.stream, text: kept.join("\n") });
    if (kept.length < split.length) break;
  }
  return found;
}
