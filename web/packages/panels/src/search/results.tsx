// SPDX-License-Identifier: Apache-2.0
// The list of what a search found, by file.

import { For, Show, createMemo, createSignal, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { nameAndPlace } from "../scm/model.ts";
import { orTell } from "../tell.ts";
import { FileIcon, Icon, IconButton, VirtualList, type ListHandle } from "../ui/index.ts";
import { columnOf, piecesOf, rows, type FoundLine, type Row } from "./model.ts";
import type { Search } from "./state.ts";

const ROW = 22;

/** What can be done with the list from outside. */
export interface ResultsHandle {
  focus(): void;
  collapseAll(): void;
  /** Goes to the next or the previous match and opens it. */
  go(step: 1 | -1): void;
}

/** The list of what a search found. */
export function Results(props: {
  host: Host;
  search: Search;
  replacement: ((match: string) => string) | null;
  withText: string;
  onUp(): void;
  ref(handle: ResultsHandle): void;
}): JSX.Element {
  const { host, search } = props;
  let list: ListHandle | undefined;
  const [closed, setClosed] = createSignal<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = createSignal<string | null>(null);
  const shown = createMemo(() => rows(search.results(), closed()));
  const focusedIndex = createMemo(() => shown().findIndex((row) => row.key === focused()));

  const toggle = (path: string, open: boolean) => {
    const next = new Set(closed());
    if (open) next.delete(path);
    else next.add(path);
    setClosed(next);
  };
  const open = (
    path: string,
    line: FoundLine,
    how: { preview: boolean; keepFocus: boolean; toSide?: boolean },
  ) =>
    void orTell(host, () =>
      host.openFile(path, { line: line.line, column: columnOf(line), ...how }),
    );
  const dismiss = (row: Row) => {
    const at = shown().findIndex((one) => one.key === row.key);
    if (row.kind === "file") search.dismissFile(row.path);
    else search.dismissLine(row.path, row.key);
    setFocused((shown()[at] ?? shown()[shown().length - 1])?.key ?? null);
  };
  const replaceIn = (path: string) => void search.replace(props.withText, [path]);
  props.ref({
    focus() {
      if (focusedIndex() < 0) setFocused(shown()[0]?.key ?? null);
      list?.focus();
    },
    collapseAll() {
      const all = [...search.results().files.keys()];
      setClosed(new Set(closed().size === all.length ? [] : all));
    },
    go(step) {
      const lines = shown();
      for (let tried = 1, at = focusedIndex(); tried <= lines.length; tried += 1) {
        at = (at + step + lines.length) % lines.length;
        const row = lines[at];
        if (row?.kind !== "line") continue;
        setFocused(row.key);
        list?.reveal(at, "middle");
        open(row.path, row.line, { preview: true, keepFocus: false });
        return;
      }
    },
  });
  const menu = (row: Row, at: { x: number; y: number }) =>
    host.menu(at, [
      ...(props.replacement === null
        ? []
        : [
            {
              title: host.t("search.replaceFile"),
              icon: "replace" as const,
              run: () => replaceIn(row.path),
            },
          ]),
      { title: host.t("search.dismiss"), icon: "close", keys: "Delete", run: () => dismiss(row) },
      { separator: true },
      {
        title: host.t("path.copy"),
        icon: "copy",
        run: () => void navigator.clipboard.writeText(row.path),
      },
      ...(row.kind === "line"
        ? [
            {
              title: host.t("search.copyLine"),
              run: () => void navigator.clipboard.writeText(row.line.text),
            },
          ]
        : []),
    ]);
  const onKey = (event: KeyboardEvent, index: number): boolean => {
    const row = shown()[index];
    if (row === undefined) return false;
    if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
      const box = document.getElementById(list?.rowId(index) ?? "")?.getBoundingClientRect();
      if (box) menu(row, { x: box.left + 40, y: box.bottom });
      return true;
    }
    if (event.key === "Enter" && event.ctrlKey && row.kind === "line") {
      open(row.path, row.line, { preview: false, keepFocus: false, toSide: true });
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "ArrowUp" && index === 0) {
      props.onUp();
      return true;
    }
    if (event.key === "Delete" || event.key === "Backspace") dismiss(row);
    else if (event.key === "ArrowRight" && row.kind === "file") toggle(row.path, true);
    else if (event.key === "ArrowLeft" && row.kind === "file") toggle(row.path, false);
    else if (event.key === "ArrowLeft") setFocused(row.path);
    else if (event.key === " " && row.kind === "line")
      open(row.path, row.line, { preview: true, keepFocus: true });
    else return false;
    return true;
  };
  return (
    <VirtualList
      label={host.t("search.results")}
      role="tree"
      class="search-results"
      rowHeight={ROW}
      items={shown()}
      focused={focusedIndex()}
      ref={(handle) => (list = handle)}
      onFocus={(index) => setFocused(shown()[index]?.key ?? null)}
      onKey={onKey}
      onActivate={(row, _index, event) => {
        const mouse = event instanceof MouseEvent;
        if (mouse && (event.target as HTMLElement).closest("button") !== null) return;
        if (row.kind === "file") toggle(row.path, !row.open);
        else
          open(row.path, row.line, {
            preview: !mouse || event.detail < 2,
            keepFocus: mouse && event.detail < 2,
          });
      }}
      rowAttributes={(row) => ({
        "aria-level": row.kind === "file" ? 1 : 2,
        ...(row.kind === "file" ? { "aria-expanded": row.open } : {}),
        onContextMenu: (event) => {
          event.preventDefault();
          setFocused(row.key);
          menu(row, { x: event.clientX, y: event.clientY });
        },
      })}
      row={(row) => (
        <Show
          when={row.kind === "line" && row}
          fallback={
            <FileRow
              host={host}
              row={row}
              replacing={props.replacement !== null}
              onReplace={replaceIn}
              onDismiss={dismiss}
            />
          }
        >
          {(found) => (
            <div class="search-line" title={found().line.text.trim()}>
              <span class="search-number">{found().line.line}</span>
              <span class="search-text">
                <For each={piecesOf(found().line, props.replacement)}>
                  {(piece) => <span class={`search-${piece.form}`}>{piece.text}</span>}
                </For>
              </span>
              <span class="search-deeds">
                <IconButton
                  icon="close"
                  label={host.t("search.dismiss")}
                  tabIndex={-1}
                  onClick={() => dismiss(row)}
                />
              </span>
            </div>
          )}
        </Show>
      )}
    />
  );
}

function FileRow(props: {
  host: Host;
  row: Row;
  replacing: boolean;
  onReplace(path: string): void;
  onDismiss(row: Row): void;
}): JSX.Element {
  const { row, host } = props;
  if (row.kind !== "file") return null;
  const { name, place } = nameAndPlace(row.path);
  return (
    <div class="search-file" title={row.path}>
      <Icon name={row.open ? "chevron-down" : "chevron-right"} />
      <FileIcon name={name} />
      <span class="search-name">{name}</span>
      <span class="search-place">{place}</span>
      <span class="search-deeds">
        <Show when={props.replacing}>
          <IconButton
            icon="replace"
            label={host.t("search.replaceFile")}
            tabIndex={-1}
            onClick={() => props.onReplace(row.path)}
          />
        </Show>
        <IconButton
          icon="close"
          label={host.t("search.dismiss")}
          tabIndex={-1}
          onClick={() => props.onDismiss(row)}
        />
      </span>
      <span class="badge plain">{row.count}</span>
    </div>
  );
}
