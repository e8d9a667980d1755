// SPDX-License-Identifier: Apache-2.0
// Notices in the lower right corner.

import { For, type JSX, Show } from "solid-js";
import type { Notice } from "../host.ts";
import { Button, IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { ReportText } from "./parts.tsx";

/** A notice that is shown. */
export interface Toast extends Notice {
  id: number;
}

/** The notices that are shown, the newest at the bottom. */
export function Toasts(props: {
  toasts: Toast[];
  closeLabel: string;
  label: string;
  onClose(id: number): void;
  onHold(id: number, held: boolean): void;
}): JSX.Element {
  return (
    <section class="toasts" aria-label={props.label}>
      <For each={props.toasts}>
        {(toast) => (
          <div
            class={`toast ${toast.level}`}
            role={toast.level === "error" ? "alert" : "status"}
            onMouseEnter={() => props.onHold(toast.id, true)}
            onMouseLeave={() => props.onHold(toast.id, false)}
            onFocusIn={() => props.onHold(toast.id, true)}
            onFocusOut={() => props.onHold(toast.id, false)}
          >
            <Icon name={toast.level} class="toast-icon" />
            <div class="toast-body">
              <div class="toast-text">{toast.text}</div>
              <Show when={toast.report}>{(report) => <ReportText report={report()} />}</Show>
              <Show when={toast.actions?.length}>
                <div class="toast-actions">
                  <For each={toast.actions}>
                    {(action) => (
                      <Button
                        small
                        onClick={() => {
                          props.onClose(toast.id);
                          action.run();
                        }}
                      >
                        {action.title}
                      </Button>
                    )}
                  </For>
                </div>
              </Show>
            </div>
            <IconButton
              icon="close"
              label={props.closeLabel}
              onClick={() => props.onClose(toast.id)}
            />
          </div>
        )}
      </For>
    </section>
  );
}
