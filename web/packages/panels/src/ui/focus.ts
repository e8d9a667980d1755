// SPDX-License-Identifier: Apache-2.0
// Keeps the focus inside of what is open, and gives it back afterwards.

import { onCleanup, onMount } from "solid-js";

const CAN_FOCUS =
  'button:not(:disabled), [href], input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

/** What can have the focus in an element, in order. */
export function focusable(element: HTMLElement): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>(CAN_FOCUS)].filter(
    (each) => each.getClientRects().length > 0 || each === document.activeElement,
  );
}

/** Holds the focus in an element while it is there: Tab goes round in it. */
export function trapFocus(
  element: () => HTMLElement,
  first?: () => HTMLElement | null | undefined,
): void {
  const before = document.activeElement as HTMLElement | null;
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== "Tab") return;
    const all = focusable(element());
    const begin = all[0];
    const end = all[all.length - 1];
    if (!begin || !end) {
      event.preventDefault();
      return;
    }
    const inside = element().contains(document.activeElement);
    if (event.shiftKey && (!inside || document.activeElement === begin)) {
      event.preventDefault();
      end.focus();
    } else if (!event.shiftKey && (!inside || document.activeElement === end)) {
      event.preventDefault();
      begin.focus();
    }
  };
  onMount(() => {
    const wanted = first?.() ?? focusable(element())[0] ?? element();
    wanted.focus();
    document.addEventListener("keydown", keyDown, true);
  });
  onCleanup(() => {
    document.removeEventListener("keydown", keyDown, true);
    if (before?.isConnected) before.focus();
  });
}
