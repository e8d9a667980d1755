// SPDX-License-Identifier: Apache-2.0
// The side bars and the panel: which view each shows, and how large it is.

import { Badge, focusable, IconButton } from "@moat/panels/ui/index.ts";
import { createEffect, For, type JSX, on, Show } from "solid-js";
import type { App } from "../app.ts";
import { AGENT_LEAST, PANEL_LEAST, type PanelView, SIDE_LEAST } from "../layout.ts";
import {
  loadAgent,
  loadBoundary,
  loadExplorer,
  loadProblems,
  loadScm,
  loadSearch,
  loadTerminal,
} from "../panels.ts";
import { LazyPanel } from "./lazy.tsx";
import { placeIn } from "./place.ts";
import { Sash } from "./sash.tsx";

const EDITORS_LEAST = 240;
/** Frames in which a view that is being loaded may get something to give the focus to. */
const TRIES_MOST = 180;
/** Gives a view the focus as soon as it is asked for and there. */
function focusOn(app: App, views: readonly string[], element: () => HTMLElement): void {
  createEffect(
    on(app.layout.focus, ({ view, count }) => {
      if (count === 0 || !views.includes(view)) return;
      let before = document.activeElement;
      let tries = 0;
      const look = () => {
        // Whoever went elsewhere meanwhile stays there.
        if (document.activeElement !== before && document.activeElement !== document.body) return;
        const shown =
          placeIn(element()) ?? (tries < TRIES_MOST ? undefined : focusable(element())[0]);
        if (shown) shown.focus();
        else if (tries++ < TRIES_MOST) {
          // What is typed until it is there is not for the editor that had the focus.
          if (tries === 1) {
            element().tabIndex = -1;
            element().focus();
            before = document.activeElement;
          }
          requestAnimationFrame(look);
        }
      };
      queueMicrotask(look);
    }),
  );
}

/** The left side bar. */
export function SideBar(props: { app: App }): JSX.Element {
  const { app } = props;
  const state = app.layout.state;
  let element!: HTMLElement;
  const shown = (view: string) => state().sideShown && state().side === view;
  focusOn(app, ["explorer", "search", "scm", "boundary"], () => element);
  const panelProps = { host: app.host };
  return (
    <>
      <aside
        ref={element}
        class="side"
        aria-label={app.t("workbench.side")}
        style={{ width: `${state().sideWidth}px`, display: state().sideShown ? undefined : "none" }}
      >
        <LazyPanel shown={shown("explorer")} load={loadExplorer} props={panelProps} />
        <LazyPanel
          shown={shown("search")}
          early={app.warm()}
          load={loadSearch}
          props={panelProps}
        />
        <LazyPanel shown={shown("scm")} early={app.warm()} load={loadScm} props={panelProps} />
        <LazyPanel shown={shown("boundary")} load={loadBoundary} props={panelProps} />
      </aside>
      <Show when={state().sideShown}>
        <Sash
          label={app.t("workbench.resize")}
          direction="vertical"
          size={state().sideWidth}
          least={SIDE_LEAST}
          most={Math.max(
            SIDE_LEAST,
            innerWidth - EDITORS_LEAST - (state().agentShown ? state().agentWidth : 0),
          )}
          onSize={(sideWidth) => app.layout.change({ sideWidth })}
          onReset={() => app.layout.change({ sideWidth: 280 })}
        />
      </Show>
    </>
  );
}

/** The agent's side bar at the right. */
export function AgentBar(props: { app: App }): JSX.Element {
  const { app } = props;
  const state = app.layout.state;
  let element!: HTMLElement;
  focusOn(app, ["agent"], () => element);
  return (
    <>
      <Show when={state().agentShown}>
        <Sash
          label={app.t("workbench.resize")}
          direction="vertical"
          behind
          size={state().agentWidth}
          least={AGENT_LEAST}
          most={Math.max(
            AGENT_LEAST,
            innerWidth - EDITORS_LEAST - (state().sideShown ? state().sideWidth : 0),
          )}
          onSize={(agentWidth) => app.layout.change({ agentWidth })}
          onReset={() => app.layout.change({ agentWidth: 360 })}
        />
      </Show>
      <aside
        ref={element}
        class="side"
        aria-label={app.t("view.agent")}
        style={{
          width: `${state().agentWidth}px`,
          display: state().agentShown ? undefined : "none",
        }}
      >
        <LazyPanel shown={state().agentShown} load={loadAgent} props={{ host: app.host }} />
      </aside>
    </>
  );
}

const PANEL_VIEWS: PanelView[] = ["problems", "terminal"];

/** The panel at the bottom. */
export function Panel(props: { app: App }): JSX.Element {
  const { app } = props;
  const state = app.layout.state;
  let element!: HTMLElement;
  focusOn(app, ["terminal", "problems"], () => element);
  const maximised = () => state().panelMaximised && state().panelShown;
  return (
    <>
      <Show when={state().panelShown && !maximised()}>
        <Sash
          label={app.t("workbench.resize")}
          direction="horizontal"
          behind
          size={state().panelHeight}
          least={PANEL_LEAST}
          most={Math.max(PANEL_LEAST, innerHeight - 220)}
          onSize={(panelHeight) => app.layout.change({ panelHeight })}
          onReset={() => app.layout.change({ panelHeight: 240 })}
        />
      </Show>
      <section
        ref={element}
        class="panel"
        classList={{ maximised: maximised() }}
        aria-label={app.t("workbench.panel")}
        style={{
          height: maximised() ? undefined : `${state().panelHeight}px`,
          display: state().panelShown ? undefined : "none",
        }}
      >
        <div class="panel-tabs">
          <div role="tablist" aria-label={app.t("workbench.panel")}>
            <For each={PANEL_VIEWS}>
              {(view) => (
                <button
                  type="button"
                  role="tab"
                  aria-selected={state().panel === view}
                  onClick={() => app.layout.show(view)}
                >
                  {app.t(view === "terminal" ? "view.terminal" : "view.problems")}
                  <Show when={view === "problems" && app.problems().length > 0}>
                    <Badge tone="accent">{app.problems().length}</Badge>
                  </Show>
                </button>
              )}
            </For>
          </div>
          <div class="panel-actions">
            <IconButton
              icon={maximised() ? "chevron-down" : "chevron-up"}
              label={app.t(maximised() ? "workbench.panelRestore" : "workbench.panelMaximise")}
              onClick={() => app.layout.change({ panelMaximised: !maximised() })}
            />
            <IconButton
              icon="close"
              label={app.t("workbench.panelClose")}
              onClick={() => app.layout.change({ panelShown: false })}
            />
          </div>
        </div>
        <div class="panel-body" role="tabpanel">
          <LazyPanel
            class=""
            shown={state().panelShown && state().panel === "problems"}
            load={loadProblems}
            props={{ host: app.host }}
          />
          <LazyPanel
            class=""
            shown={state().panelShown && state().panel === "terminal"}
            load={loadTerminal}
            props={{
              host: app.host,
              get visible() {
                return state().panelShown && state().panel === "terminal";
              },
            }}
          />
        </div>
      </section>
    </>
  );
}
