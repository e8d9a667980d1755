// SPDX-License-Identifier: Apache-2.0
// Where the focus goes in a part of the workbench: to what one works with, and not to what happens to stand first.

const CAN_FOCUS = [
  "[data-autofocus]",
  ".xterm-helper-textarea",
  "textarea",
  'input:not([type="checkbox"])',
  '[role="tree"], [role="listbox"]',
];

/** What one works with in a part, where it is there already. */
export function placeIn(part: HTMLElement): HTMLElement | undefined {
  if (part.matches('.panel-tabs, [role="tablist"]'))
    return part.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]') ?? undefined;
  const visible = (each: HTMLElement) =>
    each.getClientRects().length > 0 && !each.closest(".panel-head, .panel-tabs");
  return CAN_FOCUS.map((selector) =>
    [...part.querySelectorAll<HTMLElement>(selector)].find(visible),
  ).find((each) => each !== undefined);
}
