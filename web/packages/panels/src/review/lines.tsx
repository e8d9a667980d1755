// SPDX-License-Identifier: Apache-2.0
// The lines of a hunk, with numbers on both sides and what changed within a line.

import { createMemo, createSignal, For, type JSX, Show } from "solid-js";

import { visible } from "../agent/visible.ts";
import type { Host } from "../host.ts";
import { Button, Icon } from "../ui/index.ts";
import type { DiffHunk, DiffLine } from "./hunk.ts";

const LINES_SHOWN = 400;
const SIGNS = { added: "+", removed: "-", context: " ", note: "\\" } as const;

/** The lines. */
export function HunkLines(props: {
  host: Host;
  hunk: DiffHunk;
  /** All of them, however many there are. */
  whole?: boolean;
  /** Begins a comment about a line of the file as it would be. */
  onComment?(line: DiffLine): void;
  /** What stands below a line, such as a comment that is being written. */
  below?(line: DiffLine): JSX.Element;
}): JSX.Element {
  const t = props.host.t;
  const [all, setAll] = createSignal(false);
  const shown = createMemo(() => linesShown(props.hunk.lines, props.whole === true || all()));
  const more = () => props.hunk.lines.length - shown().length;
  return (
    <div class="rv-lines" role="table" aria-label={t("review.lines")}>
      <For each={shown()}>
        {(line) => (
          <>
            <div class={`rv-line ${line.kind}`} role="row">
              <span
                class="rv-number"
                role="cell"
                aria-label={line.before === null ? "" : t("review.line.before", { n: line.before })}
              >
                {line.before ?? ""}
              </span>
              <span
                class="rv-number"
                role="cell"
                aria-label={line.after === null ? "" : t("review.line.after", { n: line.after })}
              >
                {line.after ?? ""}
              </span>
              <span class="rv-sign" role="cell">
                <Show when={props.onComment && line.kind !== "note"}>
                  <button
                    type="button"
                    class="rv-comment-button"
                    tabIndex={-1}
                    title={t("review.comment")}
                    aria-label={t("review.comment")}
                    onClick={() => props.onComment?.(line)}
                  >
                    <Icon name="add" size={12} />
                  </button>
                </Show>
                <span aria-hidden="true">{SIGNS[line.kind]}</span>
                <span class="sr-only">
                  {line.kind === "added" || line.kind === "removed"
                    ? t(`review.line.${line.kind}`)
                    : ""}
                </span>
              </span>
              <span class="rv-text" role="cell">
                <Words line={line} />
              </span>
            </div>
            {props.below?.(line)}
          </>
        )}
      </For>
      <Show when={more() > 0}>
        <div class="rv-more">
          <Button small onClick={() => setAll(true)}>
            {t("review.lines.more", { n: more() })}
          </Button>
        </div>
      </Show>
    </div>
  );
}

/** The lines that are shown at first; all where the whole is wanted. */
export function linesShown(lines: readonly DiffLine[], whole: boolean): readonly DiffLine[] {
  return whole || lines.length <= LINES_SHOWN * 1.25 ? lines : lines.slice(0, LINES_SHOWN);
}

function Words(props: { line: DiffLine }): JSX.Element {
  const parts = () => {
    const { text, changed } = props.line;
    const found: { text: string; changed: boolean }[] = [];
    let from = 0;
    for (const [begin, end] of changed ?? []) {
      found.push(
        { text: text.slice(from, begin), changed: false },
        { text: text.slice(begin, end), changed: true },
      );
      from = end;
    }
    found.push({ text: text.slice(from), changed: false });
    return found;
  };
  return (
    <For each={parts()}>
      {(part) =>
        part.changed ? <span class="rv-word">{visible(part.text)}</span> : visible(part.text)
      }
    </For>
  );
}
