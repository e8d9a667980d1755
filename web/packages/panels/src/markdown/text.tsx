// SPDX-License-Identifier: Apache-2.0
// A text of somebody else's, as text nodes.

import { For, type JSX, Show } from "solid-js";
import { hasOdd, pieces } from "./odd.ts";

/** A text in which odd characters are shown by name. */
export function Text(props: { text: string }): JSX.Element {
  return (
    <Show when={hasOdd(props.text)} fallback={props.text}>
      <For each={pieces(props.text)}>
        {(piece) => (piece.odd ? <span class="md-odd">{piece.name}</span> : piece.text)}
      </For>
    </Show>
  );
}
