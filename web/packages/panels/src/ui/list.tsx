// SPDX-License-Identifier: Apache-2.0
// A list of any length: only the rows that can be seen are in the page. The list has the
// focus, and names the row that it means.

import {
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  For,
  type JSX,
  on,
  onCleanup,
  onMount,
} from "solid-js";

/** What a list shows and tells. */
export interface VirtualListProps<T> {
  /** Its name for readers. */
  label: string;
  items: readonly T[];
  /** The height of a row, in pixels; 22 unless said. */
  rowHeight?: number;
  /** The row that has the focus, or -1. */
  focused?: number;
  /** Whether a row is selected. */
  selected?(item: T, index: number): boolean;
  role?: "listbox" | "tree" | "list";
  /** Further attributes of a row, such as `aria-level`. */
  rowAttributes?(item: T, index: number): JSX.HTMLAttributes<HTMLDivElement>;
  row(item: T, index: () => number): JSX.Element;
  onFocus?(index: number): void;
  /** Whether a click alone leaves the focus where it is, since `onActivate` moves it. */
  ownClicks?: boolean;
  /** A row was clicked, or Enter was pressed on it. */
  onActivate?(item: T, index: number, event: MouseEvent | KeyboardEvent): void;
  /** Keys before the list takes them; true where the key was used. */
  onKey?(event: KeyboardEvent, index: number): boolean;
  class?: string;
  /** Where a tab stop is not wanted, as where a field steers the list. */
  tabIndex?: number;
  ref?(handle: ListHandle): void;
  containerAttributes?: JSX.HTMLAttributes<HTMLDivElement>;
}

/** What can be done with a list from outside. */
export interface ListHandle {
  element: HTMLDivElement;
  /** The id of the list, for `aria-controls` of a field. */
  id: string;
  /** The id of a row's element, for `aria-activedescendant` of a field. */
  rowId(index: number): string;
  reveal(index: number, where?: "near" | "middle"): void;
  focus(): void;
}

const OVERSCAN = 6;

/** A list of any length. */
export function VirtualList<T>(props: VirtualListProps<T>): JSX.Element {
  let element!: HTMLDivElement;
  const prefix = createUniqueId();
  const [top, setTop] = createSignal(0);
  const [height, setHeight] = createSignal(0);
  const rowHeight = () => props.rowHeight ?? 22;
  const rowId = (index: number) => `${prefix}-${index}`;
  const focused = () => props.focused ?? -1;

  const first = createMemo(() => Math.max(0, Math.floor(top() / rowHeight()) - OVERSCAN));
  const last = createMemo(() =>
    Math.min(props.items.length, Math.ceil((top() + height()) / rowHeight()) + OVERSCAN),
  );
  const visible = createMemo(() => props.items.slice(first(), last()));

  const reveal = (index: number, where: "near" | "middle" = "near") => {
    if (index < 0) return;
    const begin = index * rowHeight();
    const end = begin + rowHeight();
    const seen = element.clientHeight;
    if (where === "middle" && (begin < element.scrollTop || end > element.scrollTop + seen)) {
      element.scrollTop = Math.max(0, begin - (seen - rowHeight()) / 2);
    } else if (begin < element.scrollTop) element.scrollTop = begin;
    else if (end > element.scrollTop + seen) element.scrollTop = end - seen;
    setTop(element.scrollTop);
  };

  onMount(() => {
    const measure = new ResizeObserver(() => setHeight(element.clientHeight));
    measure.observe(element);
    setHeight(element.clientHeight);
    onCleanup(() => measure.disconnect());
    props.ref?.({ element, id: prefix, rowId, reveal, focus: () => element.focus() });
  });
  createEffect(on(focused, (index) => reveal(index), { defer: true }));

  const move = (to: number) => {
    const index = Math.max(0, Math.min(props.items.length - 1, to));
    if (props.items.length > 0) props.onFocus?.(index);
  };
  const keyDown = (event: KeyboardEvent) => {
    if (props.onKey?.(event, focused())) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height() / rowHeight()) - 1);
    const steps: Record<string, number> = {
      ArrowDown: focused() + 1,
      ArrowUp: focused() < 0 ? props.items.length - 1 : focused() - 1,
      PageDown: focused() + page,
      PageUp: focused() - page,
      Home: 0,
      End: props.items.length - 1,
    };
    const to = steps[event.key];
    const item = props.items[focused()];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && item !== undefined)
      props.onActivate?.(item, focused(), event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const itemRole = () =>
    props.role === "tree" ? "treeitem" : props.role === "list" ? "listitem" : "option";

  return (
    <div
      {...props.containerAttributes}
      ref={element}
      id={prefix}
      class={`list ${props.class ?? ""}`}
      role={props.role ?? "listbox"}
      aria-label={props.label}
      tabIndex={props.tabIndex ?? 0}
      aria-activedescendant={focused() >= 0 && props.role !== "list" ? rowId(focused()) : undefined}
      onScroll={() => setTop(element.scrollTop)}
      onKeyDown={keyDown}
      onFocus={() => {
        if (focused() < 0) move(0);
      }}
    >
      <div
        class="list-space"
        role="presentation"
        style={{ height: `${props.items.length * rowHeight()}px` }}
      >
        <For each={visible()}>
          {(item, place) => {
            const index = () => first() + place();
            const selected = () => props.selected?.(item, index()) ?? index() === focused();
            return (
              <div
                {...props.rowAttributes?.(item, index())}
                id={rowId(index())}
                role={itemRole()}
                aria-selected={props.role === "list" ? undefined : selected()}
                class="row"
                classList={{ selected: selected(), focused: index() === focused() }}
                style={{ top: `${index() * rowHeight()}px`, height: `${rowHeight()}px` }}
                onClick={(event) => {
                  if (!props.ownClicks) props.onFocus?.(index());
                  props.onActivate?.(item, index(), event);
                }}
              >
                {props.row(item, index)}
              </div>
            );
          }}
        </For>
      </div>
    </div>
  );
}
