// SPDX-License-Identifier: Apache-2.0
// Commands about what is shown, and where the focus is.

import { SETTINGS } from "@moat/panels/schema.ts";
import { focusable } from "@moat/panels/ui/index.ts";
import type { App } from "../app.ts";
import type { PanelView, SideView } from "../layout.ts";
import type { Tab, TabInput } from "../workbench/area.ts";
import { placeIn } from "../workbench/place.ts";
import type { Runs } from "./all.ts";

/** What F6 goes through. An editor and a terminal keep Tab for themselves, so what stands before them is a part of its own. */
const PARTS = [
  '[role="tablist"][aria-orientation="vertical"]',
  ".side",
  ".editors",
  ".panel-tabs",
  ".panel-body",
  ".side ~ .side, .centre + .sash + .side",
  ".status",
];
const CLOSED_MOST = 20;

/** Commands about what is shown. */
export function viewCommands(app: App) {
  const closed: TabInput[] = [];
  const { layout } = app;
  const active = (): Tab | null => app.area.active();
  const close = async (tab: Tab) => {
    const input = tab.input();
    if (!(await app.area.close(tab))) return false;
    if (input.kind !== "diff" && input.kind !== "custom")
      closed.splice(0, Math.max(0, closed.push(input) - CLOSED_MOST));
    return true;
  };
  const closeAll = async (tabs: readonly Tab[]) => {
    for (const tab of tabs) if (!(await close(tab))) return;
  };
  const side = (view: SideView) => () => layout.show(view);
  const focused = (selector: string) =>
    document.querySelector(selector)?.contains(document.activeElement) ?? false;
  const panel = (view: PanelView) => () => {
    const { panelShown, panel: now } = layout.state();
    if (panelShown && now === view && focused(".panel")) {
      layout.change({ panelShown: false });
      active()?.focus?.();
    } else layout.show(view);
  };
  const step = (by: 1 | -1) => () => {
    const parts = PARTS.flatMap((selector) => {
      const found = document.querySelector<HTMLElement>(selector);
      return found && found.getClientRects().length > 0 ? [found] : [];
    });
    const now = parts.findIndex((part) => part.contains(document.activeElement));
    const next = parts[(now + by + parts.length) % parts.length];
    if (next?.matches(".editors") && active()?.focus) active()?.focus?.();
    else if (next) (placeIn(next) ?? focusable(next)[0])?.focus();
  };
  const pickSetting = async (key: "workbench.theme" | "workbench.language") => {
    const spec = SETTINGS[key];
    if (spec.type !== "choice") return;
    const picked = await app.host.pick({
      placeholder: app.t(spec.title),
      items: spec.choices.map((choice) => ({
        value: choice.value,
        label: app.t(choice.title),
        ...(choice.value === app.settings.get(key) ? { icon: "check" as const } : {}),
      })),
    });
    if (picked !== null) app.settings.set(key, picked);
  };
  return {
    "workbench.action.closeActiveEditor": async () => {
      const tab = active();
      if (tab) await close(tab);
    },
    "workbench.action.closeOtherEditors": async () => {
      const tab = active();
      if (tab) await closeAll(app.area.siblings(tab).filter((each) => each !== tab));
    },
    "workbench.action.closeAllEditors": () => closeAll([...app.area.tabs()]),
    "workbench.action.reopenClosedEditor": () => {
      const input = closed.pop();
      if (input) app.area.open(input);
    },
    "workbench.action.keepEditor": () => {
      const tab = active();
      if (tab) app.area.pin(tab);
    },
    "workbench.action.splitEditor": () => app.area.split("right"),
    "workbench.action.splitEditorDown": () => app.area.split("below"),
    "workbench.action.nextEditor": () => app.area.stepTab(1),
    "workbench.action.previousEditor": () => app.area.stepTab(-1),
    "workbench.action.moveEditorRightInGroup": () => app.area.moveTab(1),
    "workbench.action.moveEditorLeftInGroup": () => app.area.moveTab(-1),
    "workbench.action.moveEditorToNextGroup": () => app.area.moveToNextGroup(),
    "workbench.action.focusFirstEditorGroup": () => app.area.focusGroup(0),
    "workbench.action.focusSecondEditorGroup": () => app.area.focusGroup(1),
    "workbench.action.focusThirdEditorGroup": () => app.area.focusGroup(2),
    "workbench.action.focusNextGroup": () => app.area.stepGroup(1),
    "workbench.action.focusPreviousGroup": () => app.area.stepGroup(-1),
    "workbench.view.explorer": side("explorer"),
    "workbench.view.search": side("search"),
    "workbench.view.scm": side("scm"),
    "workbench.view.boundary": side("boundary"),
    "workbench.actions.view.problems": panel("problems"),
    "workbench.action.terminal.toggleTerminal": panel("terminal"),
    "workbench.action.toggleSidebarVisibility": () =>
      layout.change({ sideShown: !layout.state().sideShown }),
    "workbench.action.togglePanel": () => {
      if (layout.state().panelShown) layout.change({ panelShown: false });
      else layout.show(layout.state().panel);
    },
    "workbench.action.toggleMaximizedPanel": () =>
      layout.change({ panelShown: true, panelMaximised: !layout.state().panelMaximised }),
    "workbench.action.toggleAuxiliaryBar": () => {
      if (layout.state().agentShown) layout.change({ agentShown: false });
      else layout.show("agent");
    },
    "moat.agent.focus": () => layout.show("agent"),
    "workbench.action.focusSideBar": () => layout.show(layout.state().side),
    "workbench.action.focusActiveEditorGroup": () => active()?.focus?.(),
    "moat.focusNextPart": step(1),
    "moat.focusPreviousPart": step(-1),
    "workbench.action.openSettings": () => app.host.openView("settings"),
    "workbench.action.openGlobalKeybindings": () =>
      void app.area.open({ kind: "settings", page: "keys" }),
    "workbench.action.selectTheme": () => pickSetting("workbench.theme"),
    "workbench.action.configureLocale": () => pickSetting("workbench.language"),
    "notifications.clearAll": () => app.overlays.clearNotices(),
    "workbench.action.reloadWindow": () => location.reload(),
    "moat.agent.pickModel": async () => {
      const known = app.models();
      if (!known) return;
      const now = app.settings.get("agent.model") || known.default;
      const picked = await app.host.pick({
        placeholder: app.t("setting.model"),
        items: known.models.map((each) => ({
          value: each.name,
          label: each.title,
          detail: each.zone,
          icon: each.name === now ? ("check" as const) : ("model" as const),
        })),
      });
      if (picked !== null) app.settings.set("agent.model", picked === known.default ? "" : picked);
    },
    "git.checkout": async () => {
      const reply = await app.client.ask({ service: "git", query: "branches" });
      if (reply.reply !== "branches") return;
      const branch = await app.host.pick({
        placeholder: app.t("status.pickBranch"),
        items: reply.branches.map((name) => ({
          value: name,
          label: name,
          icon: name === reply.current ? ("check" as const) : ("branch" as const),
        })),
      });
      if (branch === null || branch === reply.current) return;
      const done = await app.client.ask({ service: "git", query: "switch", branch, create: false });
      if (done.reply === "done") app.setGit(done);
    },
  } satisfies Partial<Runs>;
}
