// SPDX-License-Identifier: Apache-2.0
// Where a file lies, above its text; each part opens the list of what lies beside it.

import type { MenuItem } from "@moat/panels/host.ts";
import { FileIcon, Icon } from "@moat/panels/ui/index.ts";
import { createEffect, createMemo, createSignal, For, type JSX, onCleanup, Show } from "solid-js";
import type { App } from "../app.ts";
import { join, parentOf } from "../paths.ts";
import type { Document } from "./document.ts";
import { chainAt, outlineOf, type Symbol } from "./symbols.ts";

const MENU_MOST = 60;
const OUTLINE_PAUSE_MS = 300;

/** The breadcrumbs of a file. */
export function Crumbs(props: { app: App; path: string; document: Document | null }): JSX.Element {
  const { app } = props;
  const parts = createMemo(() => {
    const names = props.path.split("/");
    return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join("/") }));
  });
  const list = async (path: string, at: HTMLElement) => {
    const box = at.getBoundingClientRect();
    const directory = parentOf(path);
    const reply = await app.client.ask({ service: "files", query: "list", path: directory });
    if (reply.reply !== "listed") return;
    const items: MenuItem[] = reply.entries.slice(0, MENU_MOST).map((entry) => ({
      title: entry.name,
      icon: entry.kind === "directory" ? "folder" : "file",
      run: () => {
        if (entry.kind === "directory") void list(join(entry.path, "x"), at);
        else void app.host.openFile(entry.path);
      },
    }));
    app.overlays.menu({ x: box.left, y: box.bottom }, items);
  };
  return (
    <nav class="crumbs" aria-label={app.t("editor.breadcrumbs")}>
      <For each={parts()}>
        {(part, index) => (
          <>
            <Show when={index() > 0}>
              <Icon name="chevron-right" size={13} />
            </Show>
            <button type="button" onClick={(event) => void list(part.path, event.currentTarget)}>
              <Show when={index() === parts().length - 1}>
                <FileIcon name={part.name} />
              </Show>
              {part.name}
            </button>
          </>
        )}
      </For>
      <SymbolCrumbs app={app} document={props.document} />
    </nav>
  );
}

/** The symbols around the cursor. */
function SymbolCrumbs(props: { app: App; document: Document | null }): JSX.Element {
  const { app } = props;
  const [version, setVersion] = createSignal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const active = () => props.document !== null && app.document() === props.document;
  const model = createMemo(() => (active() ? (app.widget()?.editor.getModel() ?? null) : null));
  createEffect(() => {
    const listening = model()?.onDidChangeContent(() => {
      clearTimeout(timer);
      timer = setTimeout(() => setVersion((before) => before + 1), OUTLINE_PAUSE_MS);
    });
    onCleanup(() => {
      clearTimeout(timer);
      listening?.dispose();
    });
  });
  const outline = createMemo<Symbol[]>(() => {
    version();
    const text = model();
    return text ? outlineOf(text.getLinesContent(), text.getLanguageId()) : [];
  });
  const chain = createMemo(() => (active() ? chainAt(outline(), app.cursor()?.line ?? 1) : []));
  const menu = (symbol: Symbol, at: HTMLElement) => {
    const box = at.getBoundingClientRect();
    const items: MenuItem[] = outline()
      .filter((each) => each.depth === symbol.depth)
      .slice(0, MENU_MOST)
      .map((each) => ({
        title: each.name,
        icon: "symbol",
        run: () =>
          void app.host.openFile(props.document?.path ?? "", {
            line: each.line,
            column: each.column,
          }),
      }));
    app.overlays.menu({ x: box.left, y: box.bottom }, items);
  };
  return (
    <For each={chain()}>
      {(symbol) => (
        <>
          <Icon name="chevron-right" size={13} />
          <button type="button" onClick={(event) => menu(symbol, event.currentTarget)}>
            <Icon name="symbol" size={13} />
            {symbol.name}
          </button>
        </>
      )}
    </For>
  );
}
