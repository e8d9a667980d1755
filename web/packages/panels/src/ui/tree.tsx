// SPDX-License-Identifier: Apache-2.0
// A tree of any size. Its owner says which rows there are, opened ones with their children
// after them; the tree shows those that can be seen, and knows the keys and the mouse.

import { createMemo, type JSX, Show } from "solid-js";
import { Icon } from "./icon.tsx";
import { type ListHandle, VirtualList } from "./list.tsx";

/** One row of a tree. */
export interface TreeRow<T> {
  /** Names it among all rows. */
  id: string;
  value: T;
  /** 0 for the topmost. */
  depth: number;
  /** Whether it is open; undefined for what has no children. */
  open?: boolean;
}

/** How a row is opened. */
export interface OpenHow {
  /** A single click: only to look at. */
  preview: boolean;
  /** The focus stays in the tree. */
  keepFocus: boolean;
  toSide: boolean;
}

/** What a tree shows and tells. */
export interface TreeProps<T> {
  label: string;
  rows: readonly TreeRow<T>[];
  rowHeight?: number;
  /** The row that has the focus. */
  focused: string | null;
  selected: ReadonlySet<string>;
  onSelect(focused: string | null, selected: ReadonlySet<string>): void;
  onToggle(row: TreeRow<T>, open: boolean): void;
  onOpen(row: TreeRow<T>, how: OpenHow): void;
  onMenu?(row: TreeRow<T> | null, at: { x: number; y: number }): void;
  /** Keys before the tree takes them; true where the key was used. */
  onKey?(event: KeyboardEvent, row: TreeRow<T> | null): boolean;
  /** What is typed to go to a row. */
  textOf(row: TreeRow<T>): string;
  row(row: TreeRow<T>): JSX.Element;
  drag?: TreeDrag<T>;
  ref?(handle: ListHandle): void;
  class?: string;
}

/** How rows are dragged. */
export interface TreeDrag<T> {
  /** What is carried along; null where nothing can be. */
  begin(rows: TreeRow<T>[], data: DataTransfer): boolean;
  /** Whether it can be dropped on a row, or beside all rows. */
  over(row: TreeRow<T> | null, data: DataTransfer): boolean;
  drop(row: TreeRow<T> | null, data: DataTransfer): void;
  /** The row that is lit up. */
  target: string | null;
  setTarget(id: string | null): void;
}

const TYPING_PAUSE_MS = 800;

/** A tree of any size. */
export function Tree<T>(props: TreeProps<T>): JSX.Element {
  let list: ListHandle | undefined;
  let typed = "";
  let typedAt = 0;
  let anchor: string | null = null;
  const places = createMemo(() => new Map(props.rows.map((row, index) => [row.id, index])));
  const focused = createMemo(() =>
    props.focused === null ? -1 : (places().get(props.focused) ?? -1),
  );
  const at = (index: number) => props.rows[index] ?? null;

  const choose = (index: number, how: { extend?: boolean; toggle?: boolean }) => {
    const row = at(index);
    if (!row) return;
    if (how.extend) {
      const begin = places().get(anchor ?? props.focused ?? row.id) ?? index;
      const [low, high] = begin < index ? [begin, index] : [index, begin];
      props.onSelect(row.id, new Set(props.rows.slice(low, high + 1).map((each) => each.id)));
      return;
    }
    anchor = row.id;
    if (how.toggle) {
      const selected = new Set(props.selected);
      if (!selected.delete(row.id)) selected.add(row.id);
      props.onSelect(row.id, selected);
    } else props.onSelect(row.id, new Set([row.id]));
  };

  const parentOf = (index: number) => {
    const depth = at(index)?.depth ?? 0;
    for (let before = index - 1; before >= 0; before--)
      if ((at(before)?.depth ?? 0) < depth) return before;
    return -1;
  };

  const goTyped = (key: string, index: number) => {
    const now = performance.now();
    typed = now - typedAt > TYPING_PAUSE_MS ? key : typed + key;
    typedAt = now;
    const wanted = typed.toLowerCase();
    const from = typed.length === 1 ? index + 1 : Math.max(index, 0);
    for (let step = 0; step < props.rows.length; step++) {
      const place = (from + step) % props.rows.length;
      const row = at(place);
      if (row && props.textOf(row).toLowerCase().startsWith(wanted)) return choose(place, {});
    }
  };

  const toLeft = (row: TreeRow<T>, index: number) => {
    if (row.open) props.onToggle(row, false);
    else if (parentOf(index) >= 0) choose(parentOf(index), {});
  };
  const toRight = (row: TreeRow<T>, index: number) => {
    if (row.open === false) props.onToggle(row, true);
    else if (row.open && (at(index + 1)?.depth ?? 0) > row.depth) choose(index + 1, {});
  };

  const onKey = (event: KeyboardEvent, index: number): boolean => {
    const row = at(index);
    if (props.onKey?.(event, row)) return true;
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      props.onSelect(props.focused, new Set(props.rows.map((each) => each.id)));
      return true;
    }
    if (event.ctrlKey && event.key === "Enter" && row && row.open === undefined) {
      props.onOpen(row, { preview: false, keepFocus: false, toSide: true });
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      choose(index + (event.key === "ArrowDown" ? 1 : -1), { extend: true });
      return true;
    }
    if ((event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) && props.onMenu) {
      const box = document.getElementById(list?.rowId(index) ?? "")?.getBoundingClientRect();
      if (box) props.onMenu(row, { x: box.left + 40, y: box.bottom });
      return true;
    }
    if (!row) return false;
    if (event.key === "ArrowLeft") toLeft(row, index);
    else if (event.key === "ArrowRight") toRight(row, index);
    else if (event.key === "Enter" && row.open !== undefined) props.onToggle(row, !row.open);
    else if (event.key === "Enter")
      props.onOpen(row, { preview: false, keepFocus: false, toSide: false });
    else if (event.key === " " && row.open === undefined)
      props.onOpen(row, { preview: true, keepFocus: true, toSide: false });
    else if (event.key.length === 1 && event.key !== " ") goTyped(event.key, index);
    else return false;
    return true;
  };

  const clicked = (row: TreeRow<T>, index: number, event: MouseEvent) => {
    const toggle = event.ctrlKey || event.metaKey;
    choose(index, { extend: event.shiftKey, toggle: toggle && !event.altKey });
    if (event.shiftKey || toggle) return;
    if (row.open !== undefined) props.onToggle(row, !row.open);
    else
      props.onOpen(row, {
        preview: event.detail < 2,
        keepFocus: event.detail < 2,
        toSide: event.altKey,
      });
  };

  const rowOf = (event: Event): TreeRow<T> | null => {
    const element = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
    return element ? at(places().get(element.dataset["row"] ?? "") ?? -1) : null;
  };

  return (
    <VirtualList
      label={props.label}
      role="tree"
      class={`tree ${props.class ?? ""}`}
      items={props.rows}
      rowHeight={props.rowHeight}
      focused={focused()}
      selected={(row) => props.selected.has(row.id)}
      rowAttributes={(row) => ({
        "aria-level": row.depth + 1,
        "aria-expanded": row.open,
        draggable: props.drag ? true : undefined,
        ...{ "data-row": row.id },
      })}
      ownClicks
      onFocus={(index) => {
        if (index !== focused()) choose(index, {});
      }}
      onActivate={(row, index, event) => {
        if (event instanceof MouseEvent) clicked(row, index, event);
      }}
      onKey={onKey}
      ref={(handle) => {
        list = handle;
        props.ref?.(handle);
      }}
      containerAttributes={{
        "aria-multiselectable": true,
        onContextMenu: (event) => {
          if (!props.onMenu) return;
          event.preventDefault();
          const row = rowOf(event);
          if (row && !props.selected.has(row.id)) choose(places().get(row.id) ?? -1, {});
          props.onMenu(row, { x: event.clientX, y: event.clientY });
        },
        onDragStart: (event) => {
          const row = rowOf(event);
          if (!row || !props.drag || !event.dataTransfer) return;
          const carried = props.selected.has(row.id)
            ? props.rows.filter((each) => props.selected.has(each.id))
            : [row];
          if (!props.drag.begin(carried, event.dataTransfer)) event.preventDefault();
        },
        onDragOver: (event) => {
          if (!props.drag || !event.dataTransfer) return;
          const row = rowOf(event);
          const possible = props.drag.over(row, event.dataTransfer);
          props.drag.setTarget(possible ? (row?.id ?? "") : null);
          if (possible) event.preventDefault();
        },
        onDragLeave: () => props.drag?.setTarget(null),
        onDrop: (event) => {
          if (!props.drag || !event.dataTransfer) return;
          event.preventDefault();
          props.drag.setTarget(null);
          props.drag.drop(rowOf(event), event.dataTransfer);
        },
        onDragEnd: () => props.drag?.setTarget(null),
      }}
      row={(row) => (
        <div
          class="tree-row"
          classList={{ target: props.drag?.target === row.id }}
          style={{ "--depth": row.depth }}
        >
          <span class="tree-indent" aria-hidden="true" />
          <span class="tree-arrow" classList={{ open: row.open === true }} aria-hidden="true">
            <Show when={row.open !== undefined}>
              <Icon name="chevron-right" />
            </Show>
          </span>
          {props.row(row)}
        </div>
      )}
    />
  );
}
