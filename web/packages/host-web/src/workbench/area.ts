// SPDX-License-Identifier: Apache-2.0
// The editor area: groups of tabs that can be split and dragged. This file alone knows
// dockview.

import type { OpenAt } from "@moat/panels/host.ts";
import {
  createDockview,
  type DockviewApi,
  type DockviewGroupPanel,
  type IDockviewPanel,
  type SerializedDockview,
} from "dockview-core";
import { type Accessor, batch, createSignal, type JSX, type Setter } from "solid-js";
import { render } from "solid-js/web";

/** What a tab shows. All but differences and a panel's own tabs come back after a reload. */
export type TabInput =
  | { kind: "file"; path: string; preview?: boolean }
  | { kind: "diff"; id: string; title: string }
  | { kind: "review"; session: string; path?: string }
  | { kind: "markdown"; path: string }
  | { kind: "settings"; page?: "settings" | "keys" }
  | { kind: "welcome" }
  | { kind: "custom"; id: string; title: string };

/** One tab. */
export interface Tab {
  id: string;
  input: Accessor<TabInput>;
  setInput(input: TabInput): void;
  /** Whether it is the one that its group shows. */
  visible: Accessor<boolean>;
  /** Where its editor is to go to. */
  at: Accessor<OpenAt | null>;
  setAt: Setter<OpenAt | null>;
  /** Gives the focus to what it shows; set by that. */
  focus: (() => void) | null;
  /** Whether the focus is wanted as soon as there is something to give it to. */
  wantsFocus: boolean;
}

/** How a tab is opened. */
export interface TabHow {
  toSide?: boolean;
  keepFocus?: boolean;
  at?: OpenAt;
}

/** What is drawn. */
export interface AreaParts {
  body(tab: Tab): JSX.Element;
  head(tab: Tab): JSX.Element;
  actions(group: string): JSX.Element;
  empty(): JSX.Element;
  /** Asks whether a tab may be closed. */
  mayClose(tab: Tab): Promise<boolean>;
  closed(tab: Tab): void;
  changed(): void;
}

interface Known extends Tab {
  setVisible: Setter<boolean>;
}

/** What makes two tabs of a group the same. */
export function sameInput(a: TabInput, b: TabInput): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "file" || a.kind === "markdown") return a.path === (b as typeof a).path;
  if (a.kind === "review") return a.session === (b as typeof a).session;
  if (a.kind === "diff" || a.kind === "custom") return a.id === (b as typeof a).id;
  return true;
}

/** The editor area. */
export class EditorArea {
  readonly tabs: Accessor<readonly Tab[]>;
  readonly active: Accessor<Tab | null>;
  readonly groups: Accessor<number>;
  readonly #setTabs: Setter<readonly Tab[]>;
  readonly #setActive: Setter<Tab | null>;
  readonly #setGroups: Setter<number>;
  readonly #known = new Map<string, Known>();
  readonly #parts: AreaParts;
  readonly #element = document.createElement("div");
  readonly #dock: DockviewApi;
  #next = 1;

  constructor(parts: AreaParts) {
    this.#parts = parts;
    const [tabs, setTabs] = createSignal<readonly Tab[]>([]);
    const [active, setActive] = createSignal<Tab | null>(null);
    const [groups, setGroups] = createSignal(0);
    [this.tabs, this.#setTabs] = [tabs, setTabs];
    [this.active, this.#setActive] = [active, setActive];
    [this.groups, this.#setGroups] = [groups, setGroups];
    this.#element.style.height = "100%";
    this.#dock = createDockview(this.#element, {
      theme: { name: "moat", className: "dockview-theme-moat", dndTabIndicator: "line" },
      disableFloatingGroups: true,
      scrollbars: "native",
      noPanelsOverlay: "watermark",
      createComponent: ({ id }) => this.#content(id),
      createTabComponent: ({ id }) => this.#head(id),
      createRightHeaderActionComponent: (group) => drawn(() => parts.actions(group.id)),
      createWatermarkComponent: () => drawn(parts.empty),
    });
    this.#element.addEventListener("keydown", (event) => this.#closeByKey(event), true);
    this.#dock.onDidActivePanelChange(() => this.#look());
    this.#dock.onDidRemovePanel((panel) => this.#removed(panel.id));
    this.#dock.onDidAddGroup(() => this.#look());
    this.#dock.onDidRemoveGroup(() => this.#look());
    this.#dock.onDidLayoutChange(() => {
      this.#look();
      parts.changed();
    });
  }

  /** The element to put into the page. */
  get element(): HTMLElement {
    return this.#element;
  }

  /** Opens a tab, or goes to it where its group has it. */
  open(input: TabInput, how: TabHow = {}): Tab {
    const group = how.toSide ? this.#beside() : this.#dock.activeGroup;
    const here = group ? this.#tabsOf(group) : [];
    const same = here.find((tab) => sameInput(tab.input(), input));
    if (same) {
      if (input.kind === "file" && !input.preview) this.pin(same);
      if (input.kind === "settings" || input.kind === "review") same.setInput(input);
      return this.#go(same, how);
    }
    if (input.kind === "file" && input.preview) {
      const old = here.find((tab) => {
        const shown = tab.input();
        return shown.kind === "file" && shown.preview;
      });
      if (old) {
        old.setInput(input);
        return this.#go(old, how);
      }
    }
    const tab = this.#make(String(this.#next++), input);
    tab.setAt(how.at ?? null);
    tab.wantsFocus = !how.keepFocus;
    const index = group?.activePanel ? group.panels.indexOf(group.activePanel) + 1 : undefined;
    this.#dock.addPanel({
      id: tab.id,
      component: "tab",
      tabComponent: "tab",
      params: { input },
      ...(group
        ? { position: { referenceGroup: group, ...(index === undefined ? {} : { index }) } }
        : how.toSide && this.#dock.activeGroup
          ? { position: { referenceGroup: this.#dock.activeGroup, direction: "right" } }
          : {}),
    });
    this.#look();
    return tab;
  }

  /** Makes a preview stay. */
  pin(tab: Tab): void {
    const input = tab.input();
    if (input.kind === "file" && input.preview) tab.setInput({ kind: "file", path: input.path });
  }

  /** Goes to a tab. */
  reveal(tab: Tab): void {
    this.#go(tab, {});
  }

  /** Says what readers call a tab. */
  name(tab: Tab, name: string): void {
    // A tab that is being made gets the name of its panel once that is there.
    queueMicrotask(() => this.#dock.getPanel(tab.id)?.api.setTitle(name));
  }

  /** Closes a tab, after asking where that is needed. False where it stays. */
  async close(tab: Tab): Promise<boolean> {
    if (!(await this.#parts.mayClose(tab))) return false;
    this.drop(tab);
    return true;
  }

  /** Closes a tab without asking. */
  drop(tab: Tab): void {
    const panel = this.#dock.getPanel(tab.id);
    if (panel) this.#dock.removePanel(panel);
  }

  /** The tabs of the group in which a tab is, in order. */
  siblings(tab: Tab): Tab[] {
    const panel = this.#dock.getPanel(tab.id);
    return panel ? this.#tabsOf(panel.group) : [];
  }

  /** The tab that a group shows. */
  shownIn(group: string): Tab | null {
    const shown = this.#dock.getGroup(group)?.activePanel;
    return (shown && this.#known.get(shown.id)) ?? null;
  }

  /** Shows the active tab in a new group too. */
  split(direction: "right" | "below"): void {
    const tab = this.active();
    const group = this.#dock.activeGroup;
    if (!tab || !group) return;
    const input = tab.input();
    if (input.kind === "diff" || input.kind === "custom") return;
    const made = this.#make(
      String(this.#next++),
      input.kind === "file" ? { kind: "file", path: input.path } : input,
    );
    made.wantsFocus = true;
    this.#dock.addPanel({
      id: made.id,
      component: "tab",
      tabComponent: "tab",
      params: { input: made.input() },
      position: { referenceGroup: group, direction },
    });
    this.#look();
  }

  /** Goes to the group of a number, from 0; the one after the last is made. */
  focusGroup(number: number): void {
    const group = this.#dock.groups[number];
    const shown = group?.activePanel && this.#known.get(group.activePanel.id);
    if (shown) this.#go(shown, {});
    else if (!group && number === this.#dock.groups.length) this.split("right");
  }

  /** Goes to the next or the previous group. */
  stepGroup(by: 1 | -1): void {
    const all = this.#dock.groups;
    const now = this.#dock.activeGroup ? all.indexOf(this.#dock.activeGroup) : -1;
    this.focusGroup((now + by + all.length) % Math.max(1, all.length));
  }

  /** Goes to the next or the previous tab of the group. */
  stepTab(by: 1 | -1): void {
    const tab = this.active();
    if (!tab) return;
    const all = this.siblings(tab);
    const next = all[(all.indexOf(tab) + by + all.length) % all.length];
    if (next) this.#go(next, {});
  }

  /** Moves the active tab within its group. */
  moveTab(by: 1 | -1): void {
    const panel = this.#dock.activePanel;
    if (!panel) return;
    const index = panel.group.panels.indexOf(panel) + by;
    if (index >= 0 && index < panel.group.panels.length)
      panel.api.moveTo({ group: panel.group, index });
  }

  /** Moves the active tab into the next group, which is made where there is none. */
  moveToNextGroup(): void {
    const panel = this.#dock.activePanel;
    if (!panel) return;
    const all = this.#dock.groups;
    const next = all[all.indexOf(panel.group) + 1];
    panel.api.moveTo(next ? { group: next } : { group: panel.group, position: "right" });
  }

  /** The layout, as it is kept. */
  save(): SerializedDockview {
    return this.#dock.toJSON();
  }

  /** Brings a kept layout back. False where that is not possible. */
  restore(layout: unknown): boolean {
    try {
      const all = (layout as SerializedDockview).panels;
      for (const id of Object.keys(all)) this.#next = Math.max(this.#next, Number(id) + 1 || 0);
      this.#dock.fromJSON(layout as SerializedDockview);
      for (const tab of this.tabs())
        if (tab.input().kind === "diff" || tab.input().kind === "custom") this.drop(tab);
      return true;
    } catch {
      this.#dock.clear();
      return false;
    } finally {
      this.#look();
    }
  }

  #beside(): DockviewGroupPanel | undefined {
    const all = this.#dock.groups;
    const now = this.#dock.activeGroup;
    return now && all[all.indexOf(now) + 1];
  }

  #tabsOf(group: DockviewGroupPanel): Tab[] {
    return group.panels.flatMap((panel) => this.#known.get(panel.id) ?? []);
  }

  #go(tab: Tab, how: TabHow): Tab {
    batch(() => {
      if (how.at) tab.setAt(how.at);
      this.#dock.getPanel(tab.id)?.api.setActive();
      if (how.keepFocus) return;
      if (tab.focus) tab.focus();
      else tab.wantsFocus = true;
    });
    return tab;
  }

  #make(id: string, first: TabInput): Known {
    const old = this.#known.get(id);
    if (old) return old;
    const [input, setInput] = createSignal<TabInput>(first);
    const [visible, setVisible] = createSignal(false);
    const [at, setAt] = createSignal<OpenAt | null>(null, { equals: false });
    const tab: Known = {
      id,
      input,
      setInput: (next) => {
        setInput(() => next);
        this.#dock.getPanel(id)?.api.updateParameters({ input: next });
        this.#parts.changed();
      },
      visible,
      setVisible,
      at,
      setAt,
      focus: null,
      wantsFocus: false,
    };
    this.#known.set(id, tab);
    return tab;
  }

  #content(id: string) {
    const element = document.createElement("div");
    element.style.height = "100%";
    let dispose = () => {};
    return {
      element,
      init: ({ params, api }: { params: Record<string, unknown>; api: IDockviewPanel["api"] }) => {
        const tab = this.#make(id, params["input"] as TabInput);
        tab.setVisible(api.isVisible);
        api.onDidVisibilityChange((event) => tab.setVisible(event.isVisible));
        dispose = render(() => this.#parts.body(tab), element);
      },
      focus: () => this.#known.get(id)?.focus?.(),
      dispose: () => dispose(),
    };
  }

  #head(id: string) {
    const element = document.createElement("div");
    element.style.height = "100%";
    let dispose = () => {};
    return {
      element,
      init: ({ params }: { params: Record<string, unknown> }) => {
        const tab = this.#make(id, params["input"] as TabInput);
        dispose = render(() => this.#parts.head(tab), element);
      },
      dispose: () => dispose(),
    };
  }

  /** The keys that close a tab which has the focus: dockview would not ask about unsaved work. */
  #closeByKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.getAttribute("role") !== "tab" || !["Delete", "Backspace"].includes(event.key))
      return;
    event.preventDefault();
    event.stopPropagation();
    const tab = this.#known.get(target.dataset["tabPanelId"] ?? "");
    if (tab) void this.close(tab);
  }

  #removed(id: string): void {
    const tab = this.#known.get(id);
    this.#known.delete(id);
    this.#look();
    if (tab) this.#parts.closed(tab);
  }

  #look(): void {
    batch(() => {
      this.#setTabs(this.#dock.groups.flatMap((group) => this.#tabsOf(group)));
      const active = this.#dock.activePanel;
      this.#setActive((active && this.#known.get(active.id)) ?? null);
      this.#setGroups(this.#dock.groups.length);
    });
  }
}

function drawn(what: () => JSX.Element) {
  const element = document.createElement("div");
  element.style.height = "100%";
  let dispose = () => {};
  return {
    element,
    init: () => {
      dispose = render(what, element);
    },
    dispose: () => dispose(),
  };
}
