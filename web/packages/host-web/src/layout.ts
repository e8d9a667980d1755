// SPDX-License-Identifier: Apache-2.0
// Which bars are shown and how large they are.

import type { ViewId } from "@moat/panels/host.ts";
import { type Accessor, createSignal } from "solid-js";
import type { MemoryStore } from "./settings.ts";

/** The views that the left side bar can show. */
export type SideView = "explorer" | "search" | "scm" | "boundary";

/** The views that the panel at the bottom can show. */
export type PanelView = "terminal" | "problems";

/** What is kept. */
interface State {
  side: SideView;
  sideShown: boolean;
  sideWidth: number;
  panel: PanelView;
  panelShown: boolean;
  panelHeight: number;
  panelMaximised: boolean;
  agentShown: boolean;
  agentWidth: number;
}

/** A narrow window gives the editors what it can. */
const NARROW = typeof innerWidth === "number" && innerWidth < 1200;

const FIRST: State = {
  side: "explorer",
  sideShown: true,
  sideWidth: NARROW ? 200 : 280,
  panel: "terminal",
  panelShown: false,
  panelHeight: 240,
  panelMaximised: false,
  agentShown: true,
  agentWidth: NARROW ? 290 : 360,
};

export const SIDE_VIEWS: SideView[] = ["explorer", "search", "scm", "boundary"];
export const SIDE_LEAST = 170;
export const PANEL_LEAST = 80;
export const AGENT_LEAST = 260;

/** Which bars are shown and how large they are. */
export interface Layout {
  state: Accessor<State>;
  change(part: Partial<State>): void;
  /** Shows a view and asks it to take the focus. */
  show(view: Exclude<ViewId, "settings">): void;
  /** Counts up whenever a view is to take the focus. */
  focus: Accessor<{ view: ViewId; count: number }>;
}

/** Makes the layout from what was kept. */
export function createLayout(memory: MemoryStore): Layout {
  const [state, setState] = createSignal<State>({
    ...FIRST,
    ...memory.get<Partial<State>>("bars", {}),
  });
  const [focus, setFocus] = createSignal<{ view: ViewId; count: number }>({
    view: "explorer",
    count: 0,
  });
  const change = (part: Partial<State>) => {
    setState((before) => ({ ...before, ...part }));
    memory.set("bars", state());
  };
  return {
    state,
    change,
    show(view) {
      if (view === "agent") change({ agentShown: true });
      else if (view === "terminal" || view === "problems")
        change({ panel: view, panelShown: true });
      else change({ side: view, sideShown: true });
      setFocus((before) => ({ view, count: before.count + 1 }));
    },
    focus,
  };
}
