// SPDX-License-Identifier: Apache-2.0
// The whole page, put together.

import { Button, IconButton } from "@moat/panels/ui/index.ts";
import {
  createEffect,
  createMemo,
  createSignal,
  type JSX,
  Match,
  on,
  onCleanup,
  Show,
  Switch,
} from "solid-js";
import { Dynamic } from "solid-js/web";
import type { App } from "../app.ts";
import { DiffEditor } from "../editor/diff-editor.tsx";
import { FileEditor } from "../editor/file-editor.tsx";
import { mayLeave } from "../editor/saving.ts";
import { optionsOf, updateWidgets } from "../editor/widgets.ts";
import { Palette } from "../palette/palette.tsx";
import { loadPreview, loadReview, loadSettings } from "../panels.ts";
import { EditorArea, type Tab, type TabInput } from "./area.ts";
import { ActivityBar, Banner, TitleBar } from "./bars.tsx";
import { AgentBar, Panel, SideBar } from "./frame.tsx";
import { LazyPanel } from "./lazy.tsx";
import { StatusBar } from "./status.tsx";
import { TabHead } from "./tab.tsx";
import { Welcome } from "./welcome.tsx";

/** Makes the editor area, and brings back what was open. */
export function createArea(app: App): void {
  let restoring = true;
  const area = new EditorArea({
    body: (tab) => <TabBody app={app} tab={tab} />,
    head: (tab) => <TabHead app={app} tab={tab} />,
    actions: (group) => <GroupActions app={app} group={group} />,
    empty: () => <Welcome app={app} />,
    mayClose: (tab) => mayClose(app, tab),
    closed: (tab) => {
      const input = tab.input();
      if (input.kind === "custom") app.customs.delete(input.id);
    },
    changed: () => {
      if (!restoring) app.memory.set("editors", area.save());
    },
  });
  app.setArea(area);
  const kept = app.memory.get<unknown>("editors", null);
  if (kept) area.restore(kept);
  restoring = false;
}

async function mayClose(app: App, tab: Tab): Promise<boolean> {
  const input = tab.input();
  if (input.kind !== "file") return true;
  const document = app.documents.get(input.path);
  return !document || document.users > 1 || mayLeave(app, document);
}

function GroupActions(props: { app: App; group: string }): JSX.Element {
  const { app } = props;
  const shown = () => {
    app.area.tabs();
    app.area.active();
    return app.area.shownIn(props.group)?.input();
  };
  const markdown = () => {
    const input = shown();
    return input?.kind === "file" && /\.(md|markdown)$/i.test(input.path) ? input.path : null;
  };
  return (
    <div class="group-actions">
      <Show when={markdown()}>
        <IconButton
          icon="preview"
          label={app.t("editor.preview", { name: "" })}
          onClick={() => void app.commands.run("markdown.showPreviewToSide", markdown())}
        />
      </Show>
      <Show when={shown()}>
        <IconButton
          icon="split"
          label={app.t("editor.splitRight")}
          onClick={() => {
            const tab = app.area.shownIn(props.group);
            if (tab) app.area.reveal(tab);
            app.area.split("right");
          }}
        />
      </Show>
    </div>
  );
}

function TabBody(props: { app: App; tab: Tab }): JSX.Element {
  const { app, tab } = props;
  const as = <K extends TabInput["kind"]>(kind: K) =>
    createMemo(() => {
      const input = tab.input();
      return input.kind === kind ? (input as Extract<TabInput, { kind: K }>) : null;
    });
  const [file, diff, review] = [as("file"), as("diff"), as("review")];
  const [markdown, custom, settings] = [as("markdown"), as("custom"), as("settings")];
  const filePath = createMemo(() => file()?.path ?? null);
  return (
    <Switch>
      <Match when={filePath()} keyed>
        {(path) => <FileEditor app={app} tab={tab} path={path} />}
      </Match>
      <Match when={diff()}>{(input) => <DiffEditor app={app} tab={tab} id={input().id} />}</Match>
      <Match when={review()}>
        {(input) => (
          <LazyPanel
            class="pane"
            shown
            load={loadReview}
            props={{ host: app.host, session: input().session, path: input().path }}
          />
        )}
      </Match>
      <Match when={markdown()?.path} keyed>
        {(path) => <Preview app={app} path={path} />}
      </Match>
      <Match when={custom()?.id} keyed>
        {(id) => <div class="pane">{app.customs.get(id)?.body()}</div>}
      </Match>
      <Match when={settings()} keyed>
        {(input) => (
          <LazyPanel
            class="pane"
            shown
            load={loadSettings}
            props={{ host: app.host, ...(input.page ? { page: input.page } : {}) }}
          />
        )}
      </Match>
      <Match when={tab.input().kind === "welcome"}>
        <Welcome app={app} />
      </Match>
    </Switch>
  );
}

/** The preview of a Markdown file, which follows what is typed. */
function Preview(props: { app: App; path: string }): JSX.Element {
  const { app, path } = props;
  const [text, setText] = createSignal("");
  let gone = false;
  void app.documents.open(path).then((document) => {
    if (gone) {
      app.documents.release(document);
      return;
    }
    const read = () => setText(document.model?.getValue() ?? "");
    read();
    const listening = document.model?.onDidChangeContent(read);
    cleanups.push(() => {
      listening?.dispose();
      app.documents.release(document);
    });
  });
  const cleanups: (() => void)[] = [];
  onCleanup(() => {
    gone = true;
    for (const each of cleanups) each();
  });
  return (
    <LazyPanel
      class="pane pane-scroll"
      shown
      load={loadPreview}
      props={{ host: app.host, path, text }}
    />
  );
}

/** Follows the cursor of the active editor. */
function followCursor(app: App): void {
  createEffect(
    on(app.widget, (widget) => {
      if (!widget) {
        app.setCursor(null);
        return;
      }
      const { editor } = widget;
      const read = () => {
        const position = editor.getPosition();
        const range = editor.getSelection();
        const model = editor.getModel();
        if (!position || !model) return;
        const selected = range && !range.isEmpty() ? model.getValueLengthInRange(range) : 0;
        app.setCursor({ line: position.lineNumber, column: position.column, selected });
      };
      read();
      const listening = [
        editor.onDidChangeCursorSelection(read),
        editor.onDidChangeModel(read),
        editor.onDidChangeModelLanguage(read),
        editor.onDidChangeModelOptions(read),
      ];
      onCleanup(() => listening.forEach((each) => each.dispose()));
    }),
  );
  createEffect(() => {
    const active = app.area.active()?.input();
    if (active?.kind !== "file") app.setWidget(null);
    app.commands.context("editorIsOpen", active !== undefined);
    app.commands.context("fileIsOpen", active?.kind === "file");
    if (active?.kind === "file") app.opened(active.path);
  });
}

/** The whole page. */
export function Workbench(props: { app: App }): JSX.Element {
  const { app } = props;
  const { area } = app;
  followCursor(app);
  createEffect(() => {
    document.documentElement.dataset["theme"] = app.theme();
  });
  createEffect(() => {
    const { agentShown, agentWidth } = app.layout.state();
    document.documentElement.style.setProperty(
      "--toasts-right",
      agentShown ? `${agentWidth}px` : "0px",
    );
  });
  createEffect(() => {
    const options = optionsOf(app);
    app.settings.get("editor.minimap");
    if (app.kit()) updateWidgets(app, options);
  });
  createEffect(() => {
    const active = area.active()?.input();
    const name = active?.kind === "file" ? `${active.path} – ` : "";
    document.title = `${name}${app.setup().name} – Moat`;
  });
  return (
    <div class="shell">
      <TitleBar app={app} />
      <Banner app={app} />
      <div class="body">
        <ActivityBar app={app} />
        <SideBar app={app} />
        <main class="centre" aria-label={app.t("workbench.editors")}>
          <div
            class="editors"
            ref={(element) => element.append(area.element)}
            style={{
              display:
                app.layout.state().panelMaximised && app.layout.state().panelShown
                  ? "none"
                  : undefined,
            }}
          />
          <Panel app={app} />
        </main>
        <AgentBar app={app} />
      </div>
      <StatusBar app={app} />
      <Show when={app.palette()} keyed>
        {(request) => <Palette app={app} request={request} />}
      </Show>
      <Dynamic component={app.overlays.View} host={app.host} />
    </div>
  );
}

/** What is shown where the workspace cannot be opened. */
export function Failed(props: { title: string; detail: string; again: string }): JSX.Element {
  return (
    <div class="splash" role="alert">
      <strong>{props.title}</strong>
      <span>{props.detail}</span>
      <Button onClick={() => location.reload()}>{props.again}</Button>
    </div>
  );
}
