// SPDX-License-Identifier: Apache-2.0
// A menu at a place on the screen, kept inside the window.

import { createSignal, For, type JSX, onCleanup, onMount, Show } from "solid-js";
import { Portal } from "solid-js/web";
import type { MenuItem } from "../host.ts";
import { Icon } from "./icon.tsx";

const EDGE = 4;

/** A menu. `onClose` is called once, before what was chosen is done. */
export function Menu(props: {
  at: { x: number; y: number };
  items: MenuItem[];
  label: string;
  onClose(): void;
}): JSX.Element {
  let box!: HTMLDivElement;
  const before = document.activeElement as HTMLElement | null;
  const [focused, setFocused] = createSignal(-1);
  const [place, setPlace] = createSignal({ x: props.at.x, y: props.at.y, shown: false });
  const usable = (index: number) => {
    const item = props.items[index];
    return item !== undefined && !item.separator && !item.disabled;
  };
  const step = (from: number, by: 1 | -1) => {
    const count = props.items.length;
    for (let tried = 0, at = from; tried < count; tried++) {
      at = (at + by + count) % count;
      if (usable(at)) return at;
    }
    return -1;
  };
  const run = (index: number) => {
    const item = props.items[index];
    if (!item || item.separator || item.disabled) return;
    props.onClose();
    before?.focus();
    item.run();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setFocused(step(focused(), 1));
    else if (event.key === "ArrowUp") setFocused(step(Math.max(0, focused()), -1));
    else if (event.key === "Home") setFocused(step(-1, 1));
    else if (event.key === "End") setFocused(step(0, -1));
    else if (event.key === "Enter" || event.key === " ") run(focused());
    else if (event.key === "Escape" || event.key === "Tab") {
      props.onClose();
      before?.focus();
    } else if (event.key.length === 1) {
      const found = props.items.findIndex(
        (item, index) =>
          index > focused() &&
          !item.separator &&
          item.title.toLowerCase().startsWith(event.key.toLowerCase()),
      );
      if (found >= 0) setFocused(found);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const outside = (event: MouseEvent) => {
    if (!box.contains(event.target as Node)) props.onClose();
  };
  onMount(() => {
    const size = box.getBoundingClientRect();
    const x = Math.max(EDGE, Math.min(props.at.x, innerWidth - size.width - EDGE));
    const below = props.at.y + size.height + EDGE <= innerHeight;
    const y = below
      ? props.at.y
      : Math.max(EDGE, Math.min(props.at.y, innerHeight - EDGE) - size.height);
    setPlace({ x, y, shown: true });
    box.focus();
    document.addEventListener("mousedown", outside, true);
    window.addEventListener("blur", props.onClose);
  });
  onCleanup(() => {
    document.removeEventListener("mousedown", outside, true);
    window.removeEventListener("blur", props.onClose);
  });
  return (
    <Portal>
      <div
        ref={box}
        class="menu"
        role="menu"
        aria-label={props.label}
        tabIndex={-1}
        style={{
          left: `${place().x}px`,
          top: `${place().y}px`,
          visibility: place().shown ? "visible" : "hidden",
        }}
        onKeyDown={keyDown}
        onContextMenu={(event) => event.preventDefault()}
      >
        <For each={props.items}>
          {(item, index) => (
            <Show
              when={!item.separator && item}
              fallback={<div class="menu-line" role="separator" />}
            >
              {(entry) => (
                <div
                  class="menu-item"
                  role={entry().checked === undefined ? "menuitem" : "menuitemcheckbox"}
                  aria-checked={entry().checked}
                  aria-disabled={entry().disabled}
                  classList={{
                    focused: focused() === index(),
                    danger: entry().danger,
                  }}
                  onMouseMove={() => setFocused(usable(index()) ? index() : -1)}
                  onClick={() => run(index())}
                >
                  <span class="menu-icon">
                    <Show when={entry().checked}>
                      <Icon name="check" />
                    </Show>
                    <Show when={entry().checked === undefined && entry().icon}>
                      {(icon) => <Icon name={icon()} />}
                    </Show>
                  </span>
                  <span class="menu-title">{entry().title}</span>
                  <span class="menu-keys">{entry().keys}</span>
                </div>
              )}
            </Show>
          )}
        </For>
      </div>
    </Portal>
  );
}
