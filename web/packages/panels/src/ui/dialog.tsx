// SPDX-License-Identifier: Apache-2.0
// A dialog over everything else. It holds the focus, and Escape closes it.

import { children, createUniqueId, type JSX, Show } from "solid-js";
import { Portal } from "solid-js/web";
import { trapFocus } from "./focus.ts";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icons.ts";

/** A dialog. */
export function Dialog(props: {
  title: string;
  icon?: IconName;
  tone?: "warning" | "error" | "info";
  children?: JSX.Element;
  /** The buttons, the most likely one last. */
  actions: JSX.Element;
  onClose(): void;
  wide?: boolean;
}): JSX.Element {
  return (
    <Portal>
      <DialogBox {...props} />
    </Portal>
  );
}

function DialogBox(props: Parameters<typeof Dialog>[0]): JSX.Element {
  let box!: HTMLDivElement;
  const title = createUniqueId();
  const body = createUniqueId();
  // Each look at `props.children` makes them anew.
  const inner = children(() => props.children);
  trapFocus(
    () => box,
    () =>
      box.querySelector<HTMLElement>("[data-autofocus]") ??
      box.querySelector<HTMLElement>("input, textarea") ??
      box.querySelector<HTMLElement>(".dialog-actions button:last-child"),
  );
  return (
    <div
      class="scrim"
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) props.onClose();
      }}
    >
      <div
        ref={box}
        class="dialog"
        classList={{ wide: props.wide }}
        role="dialog"
        aria-modal="true"
        aria-labelledby={title}
        aria-describedby={inner() ? body : undefined}
        tabIndex={-1}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") props.onClose();
        }}
      >
        <div class="dialog-head">
          <Show when={props.icon}>
            {(icon) => (
              <span class={`dialog-icon ${props.tone ?? "info"}`}>
                <Icon name={icon()} size={20} />
              </span>
            )}
          </Show>
          <h2 id={title}>{props.title}</h2>
        </div>
        <Show when={inner()}>
          <div class="dialog-body" id={body}>
            {inner()}
          </div>
        </Show>
        <div class="dialog-actions">{props.actions}</div>
      </div>
    </div>
  );
}
