// SPDX-License-Identifier: Apache-2.0
// Buttons, and the small marks that stand beside words.

import { type JSX, Show, splitProps } from "solid-js";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icons.ts";

type ButtonAttributes = JSX.ButtonHTMLAttributes<HTMLButtonElement>;

/** A button with words. */
export function Button(
  props: ButtonAttributes & {
    kind?: "primary" | "plain" | "danger" | "quiet";
    small?: boolean;
    icon?: IconName;
  },
): JSX.Element {
  const [own, rest] = splitProps(props, ["kind", "small", "icon", "class", "children"]);
  return (
    <button
      type="button"
      {...rest}
      class={`button ${own.kind ?? "plain"} ${own.small ? "small" : ""} ${own.class ?? ""}`}
    >
      <Show when={own.icon}>{(icon) => <Icon name={icon()} />}</Show>
      {own.children}
    </button>
  );
}

/** A button with a picture alone; `label` says what it does, to a reader and as a tip. */
export function IconButton(
  props: ButtonAttributes & { icon: IconName; label: string; size?: number; pressed?: boolean },
): JSX.Element {
  const [own, rest] = splitProps(props, ["icon", "label", "size", "pressed", "class"]);
  return (
    <button
      type="button"
      title={own.label}
      {...rest}
      aria-label={own.label}
      aria-pressed={own.pressed}
      class={`icon-button ${own.class ?? ""}`}
    >
      <Icon name={own.icon} size={own.size ?? 16} />
    </button>
  );
}

/** A number or a few letters in a pill. */
export function Badge(props: {
  children: JSX.Element;
  tone?: "accent" | "plain" | "error" | "warning" | "success";
  title?: string;
}): JSX.Element {
  return (
    <span class={`badge ${props.tone ?? "plain"}`} title={props.title}>
      {props.children}
    </span>
  );
}

/** Something is being done; `label` says what. */
export function Spinner(props: { label: string; size?: number }): JSX.Element {
  return (
    <span class="spinner" role="status" aria-label={props.label} title={props.label}>
      <Icon name="spinner" size={props.size ?? 16} />
    </span>
  );
}
