// SPDX-License-Identifier: Apache-2.0
// The list of what differs, in groups, with what can be done with each path.

import { For, Show, createMemo, createSignal, type JSX } from "solid-js";
import type { Host, MenuItem } from "../host.ts";
import {
  FileIcon,
  Icon,
  IconButton,
  VirtualList,
  type IconName,
  type ListHandle,
} from "../ui/index.ts";
import type { Actions } from "./actions.ts";
import {
  letterOf,
  nameAndPlace,
  rows,
  wordOf,
  type Entry,
  type Group,
  type GroupName,
  type Row,
} from "./model.ts";

interface Deed {
  title: string;
  icon: IconName;
  keys?: string;
  danger?: boolean;
  run(): void;
}

const ROW = 22;

/** The list of what differs. */
export function Changes(props: {
  host: Host;
  actions: Actions;
  groups: readonly Group[];
}): JSX.Element {
  const { host, actions } = props;
  let list: ListHandle | undefined;
  const [closed, setClosed] = createSignal<ReadonlySet<GroupName>>(new Set());
  const [focused, setFocused] = createSignal<string | null>(null);
  const shown = createMemo(() => rows(props.groups, closed()));
  const focusedIndex = createMemo(() => shown().findIndex((row) => row.key === focused()));

  const toggle = (name: GroupName, open: boolean) => {
    const next = new Set(closed());
    if (open) next.delete(name);
    else next.add(name);
    setClosed(next);
  };
  const deedsOf = (row: Row): Deed[] =>
    row.kind === "group"
      ? groupDeeds(host, actions, row.group)
      : entryDeeds(host, actions, row.entry);
  const menu = (row: Row, at: { x: number; y: number }) => {
    const items: MenuItem[] = deedsOf(row).map((deed) => ({
      title: deed.title,
      icon: deed.icon,
      ...(deed.keys ? { keys: deed.keys } : {}),
      ...(deed.danger ? { danger: true } : {}),
      run: deed.run,
    }));
    if (row.kind === "entry") {
      const { entry } = row;
      items.unshift(
        {
          title: host.t("scm.open.diff"),
          icon: "diff",
          keys: "Enter",
          run: () => void actions.open(entry),
        },
        {
          title: host.t("scm.open.file"),
          icon: "file",
          keys: "Ctrl+Enter",
          run: () => void actions.openFile(entry),
        },
        { separator: true },
      );
      items.push(
        { separator: true },
        {
          title: host.t("path.copy"),
          icon: "copy",
          run: () => void navigator.clipboard.writeText(entry.path),
        },
      );
    }
    if (items.length > 0) host.menu(at, items);
  };
  const onKey = (event: KeyboardEvent, index: number): boolean => {
    const row = shown()[index];
    if (row === undefined) return false;
    if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
      const box = document.getElementById(list?.rowId(index) ?? "")?.getBoundingClientRect();
      if (box) menu(row, { x: box.left + 40, y: box.bottom });
      return true;
    }
    if (row.kind === "group") return groupKey(event, row, toggle, deedsOf(row));
    return entryKey(event, row.entry, actions);
  };
  return (
    <VirtualList
      label={host.t("scm.changes.label")}
      role="tree"
      class="scm-changes"
      rowHeight={ROW}
      items={shown()}
      focused={focusedIndex()}
      ref={(handle) => (list = handle)}
      onFocus={(index) => setFocused(shown()[index]?.key ?? null)}
      onKey={onKey}
      onActivate={(row, _index, event) => {
        if (event instanceof MouseEvent && (event.target as HTMLElement).closest("button") !== null)
          return;
        if (row.kind === "group") toggle(row.group.name, !row.open);
        else if (event instanceof MouseEvent && event.ctrlKey) void actions.openFile(row.entry);
        else void actions.open(row.entry);
      }}
      rowAttributes={(row) => ({
        "aria-level": row.kind === "group" ? 1 : 2,
        ...(row.kind === "group" ? { "aria-expanded": row.open } : {}),
        "aria-label": spoken(host, row),
        onContextMenu: (event) => {
          event.preventDefault();
          setFocused(row.key);
          menu(row, { x: event.clientX, y: event.clientY });
        },
      })}
      row={(row) => (
        <div class="scm-row" classList={{ "scm-group": row.kind === "group" }}>
          <Show when={row.kind === "group" && row} fallback={<EntryRow host={host} row={row} />}>
            {(group) => (
              <>
                <Icon name={group().open ? "chevron-down" : "chevron-right"} />
                <span class="scm-name">{host.t(`scm.group.${group().group.name}`)}</span>
              </>
            )}
          </Show>
          <span class="scm-deeds">
            <For each={deedsOf(row)}>
              {(deed) => (
                <IconButton icon={deed.icon} label={deed.title} tabIndex={-1} onClick={deed.run} />
              )}
            </For>
          </span>
          <Show when={row.kind === "group" && row}>
            {(group) => <span class="badge plain">{group().group.entries.length}</span>}
          </Show>
          <Show when={row.kind === "entry" && row}>
            {(entry) => (
              <span
                class={`scm-letter git-${entry().entry.what}`}
                title={host.t(wordOf(entry().entry.what))}
              >
                {letterOf(entry().entry.what)}
              </span>
            )}
          </Show>
        </div>
      )}
    />
  );
}

function EntryRow(props: { host: Host; row: Row }): JSX.Element {
  if (props.row.kind !== "entry") return null;
  const { entry } = props.row;
  const { name, place } = nameAndPlace(entry.path);
  const title =
    entry.from === null
      ? entry.path
      : props.host.t("scm.renamed", { from: entry.from, to: entry.path });
  return (
    <>
      <FileIcon name={name} />
      <span
        class={`scm-name git-${entry.what}`}
        classList={{ "scm-gone": entry.what === "deleted" }}
        title={title}
      >
        {name}
      </span>
      <span class="scm-place" title={title}>
        {entry.from === null ? place : `← ${entry.from}`}
      </span>
    </>
  );
}

function spoken(host: Host, row: Row): string {
  if (row.kind === "group") {
    return `${host.t(`scm.group.${row.group.name}`)}, ${host.t("scm.count", { count: row.group.entries.length })}`;
  }
  return `${row.entry.path}, ${host.t(wordOf(row.entry.what))}`;
}

function groupKey(
  event: KeyboardEvent,
  row: Row & { kind: "group" },
  toggle: (name: GroupName, open: boolean) => void,
  deeds: Deed[],
): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "ArrowRight" || event.key === "ArrowLeft")
    toggle(row.group.name, event.key === "ArrowRight");
  else if (event.key === " ") deeds[deeds.length - 1]?.run();
  else return false;
  return true;
}

function entryKey(event: KeyboardEvent, entry: Entry, actions: Actions): boolean {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void actions.openFile(entry);
  else if (event.ctrlKey || event.metaKey || event.altKey) return false;
  else if (event.key === " ")
    void (entry.group === "staged" ? actions.unstage([entry]) : actions.stage([entry]));
  else if (event.key === "Delete" && (entry.group === "changes" || entry.group === "untracked")) {
    void actions.discard([entry]);
  } else return false;
  return true;
}

function groupDeeds(host: Host, actions: Actions, group: Group): Deed[] {
  if (group.name === "staged") {
    return [
      {
        title: host.t("scm.unstage.all"),
        icon: "undo",
        run: () => void actions.unstage(group.entries),
      },
    ];
  }
  const stage: Deed = {
    title: host.t("scm.stage.all"),
    icon: "add",
    run: () => void actions.stage(group.entries),
  };
  if (group.name === "conflicts") return [stage];
  return [
    {
      title: host.t("scm.discard.all"),
      icon: "trash",
      danger: true,
      run: () => void actions.discard(group.entries),
    },
    stage,
  ];
}

function entryDeeds(host: Host, actions: Actions, entry: Entry): Deed[] {
  const open: Deed = {
    title: host.t("scm.open.file"),
    icon: "external",
    run: () => void actions.openFile(entry),
  };
  if (entry.group === "staged") {
    return [
      open,
      {
        title: host.t("scm.unstage"),
        icon: "undo",
        keys: "Space",
        run: () => void actions.unstage([entry]),
      },
    ];
  }
  const stage: Deed = {
    title: host.t("scm.stage"),
    icon: "add",
    keys: "Space",
    run: () => void actions.stage([entry]),
  };
  if (entry.group === "conflicts") return [open, { ...stage, title: host.t("scm.resolve") }];
  return [
    open,
    {
      title: host.t("scm.discard"),
      icon: "trash",
      keys: "Delete",
      danger: true,
      run: () => void actions.discard([entry]),
    },
    stage,
  ];
}
