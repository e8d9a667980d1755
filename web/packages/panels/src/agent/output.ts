// SPDX-License-Identifier: Apache-2.0
// The end of what a command wrote. A command may write more than a page can hold, so the
// beginning is dropped and counted, at a line's end where there is one.

import type { Stream } from "@moat/proto";

import { OUTPUT_CHARACTERS_MAX, OUTPUT_CHARACTERS_SLACK } from "./limits.ts";
import type { CommandItem } from "./view.ts";

/** Takes in what a command wrote. */
export function addOutput(item: CommandItem, stream: Stream, text: string): void {
  if (text === "") return;
  const last = item.output[item.output.length - 1];
  if (last?.stream === stream) last.text += text;
  else item.output.push({ stream, text });
  item.held += text.length;
  if (item.held > OUTPUT_CHARACTERS_MAX + OUTPUT_CHARACTERS_SLACK) {
    cut(item, item.held - OUTPUT_CHARACTERS_MAX);
  }
}

/** Drops at least `count` characters from the beginning. */
function cut(item: CommandItem, count: number): void {
  let left = count;
  while (left > 0) {
    const first = item.output[0];
    if (!first) return;
    if (first.text.length <= left && item.output.length > 1) {
      item.output.shift();
      left -= first.text.length;
      drop(item, first.text.length);
      continue;
    }
    const end = first.text.indexOf("\n", left);
    const most = first.text.length;
    const at = end < 0 || end - left > 2_000 ? Math.min(left, most) : end + 1;
    first.text = first.text.slice(at);
    drop(item, at);
    return;
  }
}

function drop(item: CommandItem, count: number): void {
  item.held -= count;
  item.dropped += count;
}
