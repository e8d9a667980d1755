// SPDX-License-Identifier: Apache-2.0
// The explorer: the workspace's files as a tree.

import type { FileEntry, TreePath } from "@moat/proto";
import { Refused } from "@moat/proto";
import { createEffect, createMemo, createSignal, type JSX, on, onCleanup, Show } from "solid-js";
import type { Host, MenuItem } from "../host.ts";
import {
  Button,
  Empty,
  ErrorBox,
  FileIcon,
  Icon,
  IconButton,
  type ListHandle,
  PanelHead,
  TextInput,
  Tree,
  type TreeRow,
} from "../ui/index.ts";
import {
  create,
  directoryFor,
  joined,
  move,
  nameOf,
  remove,
  rename,
  wrongName,
} from "./actions.ts";
import { type Item, parentOf, TreeModel } from "./model.ts";
import { LETTERS, type State, statesOf } from "./states.ts";

const CARRIED = "application/x-moat-paths";

type Row = TreeRow<Item>;

/** The explorer. */
export function ExplorerView(props: { host: Host }): JSX.Element {
  const { host } = props;
  const { t } = host;
  let list: ListHandle | undefined;
  const [version, setVersion] = createSignal(0);
  const [focused, setFocused] = createSignal<string | null>(null);
  const [selected, setSelected] = createSignal<ReadonlySet<string>>(new Set());
  const [target, setTarget] = createSignal<string | null>(null);

  const model = new TreeModel(
    async (path) => {
      const reply = await host.client.ask({ service: "files", query: "list", path });
      if (reply.reply !== "listed") return { entries: [], truncated: false };
      // Git's own files are not the user's to edit; source control shows what is in them.
      return { ...reply, entries: reply.entries.filter((entry) => entry.name !== ".git") };
    },
    (error) =>
      error instanceof Refused
        ? error.report
        : { error: String((error as Error).message), causes: [], hint: null },
    () => {
      setVersion((before) => before + 1);
      host.memory.set("explorer.open", model.open);
    },
    host.memory.get<string[]>("explorer.open", []),
  );
  const rows = createMemo<Row[]>(() => {
    version();
    return model.rows();
  });
  const states = createMemo(() => statesOf(host.git()));
  const entryOf = (row: Row | null): FileEntry | null =>
    row?.value.kind === "entry" ? row.value.entry : null;
  const focusedEntry = () => entryOf(rows().find((row) => row.id === focused()) ?? null);
  const chosen = (row: Row | null): TreePath[] => {
    if (row && !selected().has(row.id)) return entryOf(row) ? [row.id] : [];
    return rows().flatMap((each) => (selected().has(each.id) && entryOf(each) ? [each.id] : []));
  };

  void model.begin().finally(() => host.settled());
  onCleanup(
    host.client.onNews((news) => {
      if (news.news === "files_changed") void model.changedOnDisk(news.directories, news.all);
    }),
  );
  createEffect(
    on(
      host.connected,
      (connected) => {
        if (connected) void model.changedOnDisk([], true);
      },
      { defer: true },
    ),
  );

  const reveal = async (path: TreePath, focus: boolean) => {
    if (!(await model.reveal(path))) return;
    select(path);
    const index = rows().findIndex((row) => row.id === path);
    list?.reveal(index, "middle");
    if (focus) list?.focus();
  };
  const select = (path: string | null) => {
    setFocused(path);
    setSelected(new Set(path === null ? [] : [path]));
  };
  createEffect(
    on(host.activeFile, (path) => {
      if (path !== null && path !== focused()) void reveal(path, false);
    }),
  );

  const begin = async (node: "file" | "directory", entry: FileEntry | null) => {
    const parent = directoryFor(entry);
    if (parent !== "") await model.toggle(parent, true);
    model.input = { parent, of: null, node };
    setVersion((before) => before + 1);
    list?.reveal(rows().findIndex((row) => row.value.kind === "input"));
  };
  const beginRename = (entry: FileEntry | null) => {
    if (!entry) return;
    model.input = {
      parent: parentOf(entry.path),
      of: entry,
      node: entry.kind === "directory" ? "directory" : "file",
    };
    setVersion((before) => before + 1);
  };
  const endInput = async (name: string | null) => {
    const { input } = model;
    if (!input) return;
    model.endInput();
    list?.focus();
    if (name === null) return;
    const path = joined(input.parent, name.trim().replace(/\/$/, ""));
    const node = name.trim().endsWith("/") ? "directory" : input.node;
    const done = input.of
      ? await rename(host, input.of.path, path)
      : await create(host, path, node);
    if (!done) return;
    await model.load(parentOf(path));
    if (await model.reveal(path)) select(path);
  };

  const commands: [string, string | undefined, () => void][] = [
    ["explorer.newFile", undefined, () => void begin("file", focusedEntry())],
    ["explorer.newFolder", undefined, () => void begin("directory", focusedEntry())],
  ];
  const cleanups = [
    host.commands.register({
      id: "moat.explorer.revealPath",
      title: "editor.reveal",
      palette: false,
      run: (path) => reveal(path as TreePath, true),
    }),
    ...commands.map(([id, keybinding, run]) =>
      host.commands.register({
        id,
        title: id === "explorer.newFile" ? "explorer.newFile" : "explorer.newFolder",
        category: "category.file",
        ...(keybinding ? { keybinding } : {}),
        run: () => {
          host.openView("explorer");
          run();
        },
      }),
    ),
    host.commands.register({
      id: "workbench.files.action.collapseExplorerFolders",
      title: "explorer.collapseAll",
      category: "category.file",
      run: () => model.collapse(),
    }),
    host.commands.register({
      id: "workbench.files.action.refreshFilesExplorer",
      title: "explorer.refresh",
      category: "category.file",
      run: () => model.changedOnDisk([], true),
    }),
  ];
  onCleanup(() => cleanups.forEach((each) => each()));

  const onKey = (event: KeyboardEvent, row: Row | null): boolean => {
    const entry = entryOf(row);
    if (!entry) return false;
    if (event.key === "F2") beginRename(entry);
    else if (event.key === "Delete" || (event.metaKey && event.key === "Backspace"))
      void remove(host, chosen(row));
    else if ((event.ctrlKey || event.metaKey) && event.key === "c" && !event.shiftKey)
      void navigator.clipboard.writeText(chosen(row).join("\n"));
    else if (event.key === "Escape") select(focused());
    else return false;
    return true;
  };

  const menu = (row: Row | null, at: { x: number; y: number }) => {
    const entry = entryOf(row);
    const items: MenuItem[] = [
      { title: t("explorer.newFile"), icon: "file-add", run: () => void begin("file", entry) },
      {
        title: t("explorer.newFolder"),
        icon: "folder-add",
        run: () => void begin("directory", entry),
      },
    ];
    if (entry)
      items.push(
        { separator: true },
        ...menuOf(host, entry, chosen(row), () => beginRename(entry)),
      );
    host.menu(at, items);
  };

  const directoryAt = (row: Row | null): TreePath => directoryFor(entryOf(row));
  return (
    <>
      <PanelHead
        title={host.setup().name}
        actions={
          <>
            <IconButton
              icon="file-add"
              label={t("explorer.newFile")}
              onClick={() => void begin("file", focusedEntry())}
            />
            <IconButton
              icon="folder-add"
              label={t("explorer.newFolder")}
              onClick={() => void begin("directory", focusedEntry())}
            />
            <IconButton
              icon="refresh"
              label={t("explorer.refresh")}
              onClick={() => void model.changedOnDisk([], true)}
            />
            <IconButton
              icon="collapse"
              label={t("explorer.collapseAll")}
              onClick={() => model.collapse()}
            />
          </>
        }
      />
      <Show when={version() >= 0 && model.failed}>
        {(report) => (
          <ErrorBox report={report()}>
            <Button small onClick={() => void model.load("")}>
              {t("common.retry")}
            </Button>
          </ErrorBox>
        )}
      </Show>
      <Show when={version() >= 0 && model.ready && !model.failed && rows().length === 0}>
        <Empty icon="folder" title={t("explorer.empty")} detail={t("explorer.emptyDetail")}>
          <Button onClick={() => void begin("file", null)}>{t("explorer.newFile")}</Button>
        </Empty>
      </Show>
      <div class="explorer-tree">
        <Tree
          label={t("explorer.tree")}
          rows={rows()}
          focused={focused()}
          selected={selected()}
          onSelect={(id, all) => {
            setFocused(id);
            setSelected(all);
          }}
          onToggle={(row, open) => void model.toggle(row.id, open)}
          onOpen={(row, how) => {
            const entry = entryOf(row);
            if (!entry || entry.kind === "other") return;
            void host.openFile(entry.path, {
              preview: how.preview,
              keepFocus: how.keepFocus,
              toSide: how.toSide,
            });
          }}
          onMenu={menu}
          onKey={onKey}
          textOf={(row) => entryOf(row)?.name ?? ""}
          ref={(handle) => {
            list = handle;
          }}
          drag={{
            begin: (all, data) => {
              const paths = all.flatMap((row) => (entryOf(row) ? [row.id] : []));
              data.setData(CARRIED, JSON.stringify(paths));
              data.setData("text/plain", paths.join("\n"));
              data.effectAllowed = "move";
              return paths.length > 0;
            },
            over: (_, data) => data.types.includes(CARRIED),
            drop: (row, data) => {
              const paths = JSON.parse(data.getData(CARRIED) || "[]") as TreePath[];
              const to = directoryAt(row);
              if (!paths.some((path) => to === path || to.startsWith(`${path}/`)))
                void move(host, paths, to);
            },
            get target() {
              return target();
            },
            setTarget: (id) =>
              setTarget(
                id === null ? null : directoryAt(rows().find((row) => row.id === id) ?? null),
              ),
          }}
          row={(row) => (
            <ItemRow
              host={host}
              item={row.value}
              state={states().get(row.id)}
              model={model}
              onInput={endInput}
            />
          )}
        />
      </div>
    </>
  );
}

function menuOf(
  host: Host,
  entry: FileEntry,
  paths: TreePath[],
  beginRename: () => void,
): MenuItem[] {
  const { t } = host;
  const directory = entry.kind === "directory";
  const items: MenuItem[] = [];
  if (!directory)
    items.push({
      title: t("explorer.openSide"),
      icon: "split",
      run: () => void host.openFile(entry.path, { toSide: true }),
    });
  const at = directory ? entry.path : parentOf(entry.path);
  items.push(
    {
      title: t("explorer.openTerminal"),
      icon: "terminal",
      run: () => void host.commands.run("workbench.action.terminal.new", { directory: at }),
    },
    ...(directory
      ? [
          {
            title: t("explorer.findInFolder"),
            icon: "search" as const,
            run: () =>
              void host.commands.run("workbench.action.findInFiles", {
                include: `${entry.path}/**`,
              }),
          },
        ]
      : []),
    ...(host.commands.list().some((each) => each.id === "moat.agent.mention")
      ? [
          {
            title: t("explorer.askAgent"),
            icon: "agent" as const,
            run: () => void host.commands.run("moat.agent.mention", entry.path),
          },
        ]
      : []),
    { separator: true },
    {
      title: t("explorer.copyPath"),
      run: () =>
        void navigator.clipboard.writeText(
          paths.map((path) => `${host.setup().workspace}/${path}`).join("\n"),
        ),
    },
    {
      title: t("explorer.copyRelative"),
      run: () => void navigator.clipboard.writeText(paths.join("\n")),
    },
    { separator: true },
    { title: t("explorer.rename"), keys: "F2", disabled: paths.length > 1, run: beginRename },
    {
      title: t("explorer.delete"),
      keys: "Delete",
      danger: true,
      run: () => void remove(host, paths),
    },
  );
  return items;
}

function ItemRow(props: {
  host: Host;
  item: Item;
  state: State | undefined;
  model: TreeModel;
  onInput(name: string | null): void;
}): JSX.Element {
  const { host, item } = props;
  if (item.kind === "note")
    return (
      <div class="entry note" title={item.report?.error}>
        {host.t(`explorer.${item.note}`)}
      </div>
    );
  if (item.kind === "input")
    return <NameInput host={host} item={item} model={props.model} onDone={props.onInput} />;
  const { entry } = item;
  const tip = () =>
    props.state && !props.state.below
      ? `${entry.path} • ${host.t(`gitState.${props.state.what}`)}`
      : entry.path;
  return (
    <div
      class={`entry ${props.state?.what ?? ""}`}
      classList={{ ignored: entry.ignored && !props.state }}
      title={tip()}
    >
      <Show when={entry.kind !== "directory"}>
        <Show when={entry.kind === "link"} fallback={<FileIcon name={entry.name} />}>
          <span class="file-icon tone-0">
            <Icon name="link" size={14} />
          </span>
        </Show>
      </Show>
      <span class="name">{entry.name}</span>
      <Show when={props.state}>
        {(state) => (
          <Show when={!state().below} fallback={<span class="under" aria-hidden="true" />}>
            <span class="mark" aria-hidden="true">
              {LETTERS[state().what]}
            </span>
            <span class="visually-hidden">{host.t(`gitState.${state().what}`)}</span>
          </Show>
        )}
      </Show>
    </div>
  );
}

function NameInput(props: {
  host: Host;
  item: Extract<Item, { kind: "input" }>;
  model: TreeModel;
  onDone(name: string | null): void;
}): JSX.Element {
  const { host, item } = props;
  const first = item.of ? nameOf(item.of.path) : "";
  const [name, setName] = createSignal(first);
  const [touched, setTouched] = createSignal(false);
  let done = false;
  const problem = () => {
    const path = joined(item.parent, name().trim().replace(/\/$/, ""));
    return touched()
      ? wrongName(host, name(), path !== item.of?.path && props.model.taken(path))
      : null;
  };
  const finish = (value: string | null) => {
    if (done) return;
    done = true;
    props.onDone(value);
  };
  return (
    <div class="entry" onClick={(event) => event.stopPropagation()}>
      <FileIcon name={item.node === "directory" ? "" : name()} />
      <TextInput
        label={host.t(item.of ? "explorer.nameNew" : "explorer.nameOfNew")}
        value={name()}
        problem={problem()}
        ref={(input: HTMLInputElement) =>
          queueMicrotask(() => {
            input.focus();
            const dot = first.lastIndexOf(".");
            input.setSelectionRange(0, dot > 0 ? dot : first.length);
          })
        }
        onInput={(value) => {
          setTouched(true);
          setName(value);
        }}
        onKeyDown={(event: KeyboardEvent) => {
          event.stopPropagation();
          if (event.isComposing) return;
          if (event.key === "Escape") finish(null);
          if (event.key === "Enter") {
            setTouched(true);
            if (!problem()) finish(name());
          }
        }}
        onBlur={() => finish(problem() || name().trim() === "" || name() === first ? null : name())}
      />
    </div>
  );
}
