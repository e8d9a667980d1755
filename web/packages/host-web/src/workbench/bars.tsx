// SPDX-License-Identifier: Apache-2.0
// The bar at the top, the activity bar, and the banner that says that the connection is lost.

import type { ViewId } from "@moat/panels/host.ts";
import type { MessageKey } from "@moat/panels/i18n.ts";
import { Badge, Button, Icon, IconButton, type IconName } from "@moat/panels/ui/index.ts";
import { For, type JSX, Show } from "solid-js";
import type { App } from "../app.ts";
import type { SideView } from "../layout.ts";

const ICONS: Record<SideView, IconName> = {
  explorer: "files",
  search: "search",
  scm: "branch",
  boundary: "boundary",
};

const TITLES: Record<SideView, MessageKey> = {
  explorer: "view.explorer",
  search: "view.search",
  scm: "view.scm",
  boundary: "view.boundary",
};

const VIEWS: SideView[] = ["explorer", "search", "scm", "boundary"];

/** A label with its keys. */
function withKeys(app: App, text: string, command: string): string {
  const keys = app.commands.keysOf(command);
  return keys ? `${text} (${keys})` : text;
}

/** The bar at the top. */
export function TitleBar(props: { app: App }): JSX.Element {
  const { app } = props;
  const state = app.layout.state;
  const toggle = (icon: IconName, command: string, label: MessageKey, pressed: () => boolean) => (
    <IconButton
      icon={icon}
      label={withKeys(app, app.t(label), command)}
      pressed={pressed()}
      onClick={() => void app.commands.run(command)}
    />
  );
  return (
    <header class="title-bar">
      <div class="title-left">
        <Icon name="boundary" size={18} class="mark" />
        <span>Moat</span>
      </div>
      <button
        type="button"
        class="title-find"
        title={withKeys(app, app.t("welcome.openFile"), "workbench.action.quickOpen")}
        onClick={() => app.setPalette({ kind: "typed", text: "" })}
      >
        <Icon name="search" size={14} />
        <span>{app.setup().name}</span>
      </button>
      <div class="title-right">
        {toggle(
          "layout-side",
          "workbench.action.toggleSidebarVisibility",
          "workbench.toggleSide",
          () => state().sideShown,
        )}
        {toggle(
          "layout-panel",
          "workbench.action.togglePanel",
          "workbench.togglePanel",
          () => state().panelShown,
        )}
        {toggle(
          "layout-side-right",
          "workbench.action.toggleAuxiliaryBar",
          "workbench.toggleAgent",
          () => state().agentShown,
        )}
      </div>
    </header>
  );
}

/** The activity bar. */
export function ActivityBar(props: { app: App }): JSX.Element {
  const { app } = props;
  const state = app.layout.state;
  const shown = (view: SideView) => state().sideShown && state().side === view;
  const pick = (view: SideView) => {
    if (shown(view)) app.layout.change({ sideShown: false });
    else app.layout.show(view);
  };
  const step = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button")];
    const now = all.indexOf(document.activeElement as HTMLElement);
    all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]?.focus();
    event.preventDefault();
  };
  const badge = (view: ViewId) => (
    <Show when={app.badges()[view]}>
      {(count) => <Badge tone="accent">{count() > 99 ? "99+" : count()}</Badge>}
    </Show>
  );
  return (
    <nav class="activity" aria-label={app.t("workbench.views")} onKeyDown={step}>
      <div role="tablist" aria-orientation="vertical" aria-label={app.t("workbench.views")}>
        <For each={VIEWS}>
          {(view) => (
            <button
              type="button"
              role="tab"
              aria-selected={shown(view)}
              aria-label={app.t(TITLES[view])}
              title={withKeys(app, app.t(TITLES[view]), `workbench.view.${view}`)}
              onClick={() => pick(view)}
            >
              <Icon name={ICONS[view]} size={24} />
              {badge(view)}
            </button>
          )}
        </For>
      </div>
      <button
        type="button"
        aria-pressed={state().agentShown}
        aria-label={app.t("view.agent")}
        title={withKeys(app, app.t("view.agent"), "workbench.action.toggleAuxiliaryBar")}
        onClick={() => {
          if (state().agentShown) app.layout.change({ agentShown: false });
          else app.layout.show("agent");
        }}
      >
        <Icon name="agent" size={24} />
        {badge("agent")}
      </button>
      <div class="grow" />
      <button
        type="button"
        aria-label={app.t("view.settings")}
        title={withKeys(app, app.t("view.settings"), "workbench.action.openSettings")}
        onClick={() => app.host.openView("settings")}
      >
        <Icon name="gear" size={24} />
      </button>
    </nav>
  );
}

/** Says that the connection is lost. */
export function Banner(props: { app: App }): JSX.Element {
  const { app } = props;
  return (
    <Show when={!app.connected()}>
      <div class="banner" role="alert">
        <Icon name="unlink" />
        <span>{app.t("connection.lost")}</span>
        <Button small onClick={() => app.client.retry()}>
          {app.t("connection.retry")}
        </Button>
      </div>
    </Show>
  );
}
