// SPDX-License-Identifier: Apache-2.0
// The frame of everything in a thread that can be folded: a head that is a button, and a body.

import { createUniqueId, type JSX, Show } from "solid-js";

import { Icon, type IconName } from "../../ui/index.ts";
import type { Tone } from "../words.ts";

/** A card. */
export function Card(props: {
  icon: IconName;
  tone?: Tone;
  busy?: boolean;
  /** What is shown of it in one line. */
  title: JSX.Element;
  /** What stands at the right end of the head, such as a time. */
  side?: JSX.Element;
  open: boolean;
  onToggle?(open: boolean): void;
  children?: JSX.Element;
  /** What is shown below the head while the card is folded. */
  folded?: JSX.Element;
  class?: string;
}): JSX.Element {
  const id = createUniqueId();
  return (
    <div
      class={`ag-card ${props.class ?? ""}`}
      classList={{ open: props.open }}
      data-tone={props.tone ?? "plain"}
    >
      <button
        type="button"
        class="ag-card-head"
        aria-expanded={props.onToggle ? props.open : undefined}
        aria-controls={props.onToggle ? id : undefined}
        disabled={!props.onToggle}
        onClick={() => props.onToggle?.(!props.open)}
      >
        <span class={`ag-mark ${props.tone ?? "plain"}`} classList={{ busy: props.busy }}>
          <Icon name={props.busy ? "spinner" : props.icon} />
        </span>
        <span class="ag-card-title">{props.title}</span>
        <span class="ag-card-side">{props.side}</span>
        <Show when={props.onToggle}>
          <Icon name="chevron-right" class={`ag-turn ${props.open ? "turned" : ""}`} size={14} />
        </Show>
      </button>
      <Show when={props.open} fallback={props.folded}>
        <div class="ag-card-body" id={id}>
          {props.children}
        </div>
      </Show>
    </div>
  );
}

/** A line with a mark, for what needs no card. */
export function Line(props: {
  icon: IconName;
  tone?: Tone;
  children: JSX.Element;
  actions?: JSX.Element;
  class?: string;
}): JSX.Element {
  return (
    <div class={`ag-line ${props.class ?? ""}`}>
      <span class={`ag-mark ${props.tone ?? "plain"}`}>
        <Icon name={props.icon} />
      </span>
      <div class="ag-line-text">{props.children}</div>
      <Show when={props.actions}>
        <div class="ag-line-actions">{props.actions}</div>
      </Show>
    </div>
  );
}

/** A name and a value below each other or side by side, as there is room. */
export function Fact(props: { name: string; children: JSX.Element; code?: boolean }): JSX.Element {
  return (
    <div class="ag-fact">
      <dt>{props.name}</dt>
      <dd classList={{ code: props.code }}>{props.children}</dd>
    </div>
  );
}
