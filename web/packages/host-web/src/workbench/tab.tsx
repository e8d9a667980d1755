// SPDX-License-Identifier: Apache-2.0
// What stands on a tab: its file's mark and name, whether there is unsaved work, and the
// button that closes it.

import type { MenuItem } from "@moat/panels/host.ts";
import { FileIcon, Icon, type IconName } from "@moat/panels/ui/index.ts";
import { createEffect, createMemo, type JSX, Show } from "solid-js";
import type { App } from "../app.ts";
import { nameOf, parentOf } from "../paths.ts";
import type { Tab, TabInput } from "./area.ts";

/** A tab's name. */
export function titleOf(app: App, input: TabInput): string {
  if (input.kind === "file") return nameOf(input.path);
  if (input.kind === "markdown") return app.t("editor.preview", { name: nameOf(input.path) });
  if (input.kind === "diff" || input.kind === "custom") return input.title;
  if (input.kind === "review") return app.t("view.review");
  return app.t(input.kind === "settings" ? "view.settings" : "view.welcome");
}

function iconOf(app: App, input: TabInput): IconName {
  if (input.kind === "markdown") return "preview";
  if (input.kind === "diff" || input.kind === "review") return "diff";
  if (input.kind === "custom") return app.customs.get(input.id)?.icon ?? "file";
  return input.kind === "settings" ? "gear" : "boundary";
}

/** What stands on a tab. */
export function TabHead(props: { app: App; tab: Tab }): JSX.Element {
  const { app, tab } = props;
  const input = tab.input;
  const path = () => {
    const shown = input();
    return shown.kind === "file" ? shown.path : null;
  };
  const title = createMemo(() => titleOf(app, input()));
  const document = createMemo(() => app.documents.all().find((each) => each.path === path()));
  const dirty = () => document()?.dirty() ?? false;
  const change = () => app.git()?.changes.find((each) => each.path === path());
  const color = () => {
    const found = change();
    const what = found?.unstaged ?? found?.staged;
    return what ? `var(--git-${what === "type" ? "modified" : what})` : undefined;
  };
  const where = createMemo(() => {
    const own = path();
    if (own === null) return null;
    const twin = app.area.tabs().some((each) => {
      const other = each.input();
      return other.kind === "file" && other.path !== own && nameOf(other.path) === nameOf(own);
    });
    return twin ? parentOf(own) || app.setup().name : null;
  });
  const close = () => void app.area.close(tab);
  // What readers say of the tab: what stands on it.
  createEffect(() => {
    const said = [title(), where(), dirty() ? app.t("editor.unsaved") : null];
    app.area.name(tab, said.filter(Boolean).join(" "));
  });
  return (
    <div
      class="tab"
      classList={{
        preview: preview(input()),
        dirty: dirty(),
        gone: document()?.conflict()?.current === null,
      }}
      title={path() ?? title()}
      onDblClick={() => app.area.pin(tab)}
      onAuxClick={(event) => {
        if (event.button === 1) close();
      }}
      onMouseDown={(event) => {
        if (event.button === 1) event.preventDefault();
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        app.overlays.menu({ x: event.clientX, y: event.clientY }, menuOf(app, tab));
      }}
    >
      <Show when={path()} fallback={<Icon name={iconOf(app, input())} class="icon-lead" />}>
        {(own) => <FileIcon name={nameOf(own())} />}
      </Show>
      <span class="tab-name" style={{ color: color() }}>
        {title()}
      </span>
      <Show when={where()}>{(text) => <span class="tab-where">{text()}</span>}</Show>
      <Show when={dirty()}>
        <span class="visually-hidden">{app.t("editor.unsaved")}</span>
      </Show>
      {/* For the pointer alone: nothing that can be used may stand in a tab. Keys have Delete, and a command. */}
      <span
        class="icon-button tab-close"
        aria-hidden="true"
        title={app.t("editor.closeTab")}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          close();
        }}
      >
        <Icon name="dot" class="dot" />
        <Icon name="close" class="cross" />
      </span>
    </div>
  );
}

function preview(input: TabInput): boolean {
  return input.kind === "file" && input.preview === true;
}

function menuOf(app: App, tab: Tab): MenuItem[] {
  const { area, t } = app;
  const siblings = area.siblings(tab);
  const input = tab.input();
  const closeAll = async (tabs: Tab[]) => {
    for (const each of tabs) if (!(await area.close(each))) return;
  };
  const keys = (command: string) => {
    const found = app.commands.keysOf(command);
    return found ? { keys: found } : {};
  };
  const items: MenuItem[] = [
    {
      title: t("editor.closeTab"),
      ...keys("workbench.action.closeActiveEditor"),
      run: () => void area.close(tab),
    },
    {
      title: t("editor.closeOthers"),
      disabled: siblings.length < 2,
      run: () => void closeAll(siblings.filter((each) => each !== tab)),
    },
    {
      title: t("editor.closeRight"),
      disabled: siblings.indexOf(tab) === siblings.length - 1,
      run: () => void closeAll(siblings.slice(siblings.indexOf(tab) + 1)),
    },
    {
      title: t("editor.closeSaved"),
      run: () => void closeAll(siblings.filter((each) => !unsaved(app, each))),
    },
    {
      title: t("editor.closeAll"),
      ...keys("workbench.action.closeAllEditors"),
      run: () => void closeAll([...area.tabs()]),
    },
  ];
  if (input.kind === "file") {
    items.push(
      { separator: true },
      {
        title: t("explorer.copyRelative"),
        run: () => void navigator.clipboard.writeText(input.path),
      },
      {
        title: t("editor.reveal"),
        run: () => void app.commands.run("moat.explorer.reveal", input.path),
      },
    );
    if (input.preview) items.push({ title: t("editor.keepOpen"), run: () => area.pin(tab) });
  }
  items.push(
    { separator: true },
    {
      title: t("editor.splitRight"),
      ...keys("workbench.action.splitEditor"),
      run: () => {
        area.reveal(tab);
        area.split("right");
      },
    },
    {
      title: t("editor.splitDown"),
      run: () => {
        area.reveal(tab);
        area.split("below");
      },
    },
  );
  return items;
}

/** Whether a tab's file has unsaved work. */
export function unsaved(app: App, tab: Tab): boolean {
  const input = tab.input();
  return input.kind === "file" && (app.documents.get(input.path)?.dirty() ?? false);
}
