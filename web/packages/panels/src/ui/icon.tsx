// SPDX-License-Identifier: Apache-2.0
// One picture, drawn in the colour of the text around it.

import { For, type JSX } from "solid-js";
import { ICONS, type IconName } from "./icons.ts";

/** A picture. It is decoration: what it means is said in words beside it or in a label. */
export function Icon(props: { name: IconName; size?: number; class?: string }): JSX.Element {
  return (
    <svg
      class={`icon ${props.class ?? ""}`}
      width={props.size ?? 16}
      height={props.size ?? 16}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <For each={ICONS[props.name] as readonly string[]}>
        {(path) =>
          path.startsWith("!") ? (
            <path d={path.slice(1)} fill="currentColor" stroke="none" />
          ) : (
            <path d={path} />
          )
        }
      </For>
    </svg>
  );
}
