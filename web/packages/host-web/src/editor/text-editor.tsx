// SPDX-License-Identifier: Apache-2.0
// A document in an editor, while its tab can be seen.

import type { OpenAt } from "@moat/panels/host.ts";
import type { editor } from "monaco-editor/editor.js";
import { createEffect, createSignal, on, onCleanup, type JSX } from "solid-js";
import type { App } from "../app.ts";
import { nameOf } from "../paths.ts";
import type { Tab } from "../workbench/area.ts";
import { showBlame } from "./blame.ts";
import type { Document } from "./document.ts";
import { showPending } from "./pending.ts";
import { giveWidget, takeWidget, type Widget } from "./widgets.ts";

type ViewState = editor.ICodeEditorViewState;

const PLACES_MOST = 200;
const states = new Map<string, ViewState>();

/** Where the cursor was in a file, in this page and before. */
interface Place {
  line: number;
  column: number;
  top: number;
}

/** A document in an editor. */
export function TextEditor(props: { app: App; tab: Tab; document: Document }): JSX.Element {
  const { app, tab, document } = props;
  let host!: HTMLDivElement;
  const [widget, setWidget] = createSignal<Widget | null>(null);
  const key = () => `${tab.id} ${document.path}`;

  const leave = () => {
    const old = widget();
    if (!old) return;
    const state = old.editor.saveViewState();
    if (state) states.set(key(), state);
    remember(app, document.path, old.editor);
    setWidget(null);
    if (app.widget() === old) app.setWidget(null);
    tab.focus = null;
    giveWidget(old);
  };

  const enter = () => {
    const kit = app.kit();
    if (!kit || !document.model) return;
    const made = takeWidget(app, kit);
    host.append(made.node);
    made.editor.setModel(document.model as unknown as editor.ITextModel);
    made.editor.updateOptions({
      readOnly: document.readOnly() !== null,
      ariaLabel: app.t("editor.text", { name: nameOf(document.path) }),
    });
    restore(app, made.editor, document.path, states.get(key()));
    setWidget(made);
    tab.focus = () => made.editor.focus();
    if (tab.wantsFocus) {
      tab.wantsFocus = false;
      made.editor.focus();
    }
  };

  createEffect(
    on([tab.visible, app.kit], ([visible]) => {
      if (visible && !widget()) enter();
      else if (!visible) leave();
    }),
  );
  createEffect(
    on([widget, tab.at], ([made, at]) => {
      if (!made || !at) return;
      goTo(made.editor, at);
      tab.setAt(null);
    }),
  );
  createEffect(() => {
    const made = widget();
    if (made && app.area.active() === tab) app.setWidget(made);
  });
  createEffect(() => {
    widget()?.editor.updateOptions({ readOnly: document.readOnly() !== null });
  });
  createEffect(() => {
    const made = widget();
    const kit = app.kit();
    const file = app.pending().get(document.path);
    if (!made || !kit || !file) return;
    onCleanup(showPending({ app, kit, widget: made, document, file }));
  });
  createEffect(() => {
    const made = widget();
    const kit = app.kit();
    if (!made || !kit || !app.settings.get("editor.blame") || !app.git() || document.dirty())
      return;
    onCleanup(showBlame(app, kit, made.editor, document.path));
  });
  onCleanup(leave);
  return <div ref={host} class="pane-fill" style={{ height: "100%" }} />;
}

/** Goes to a place, and shows it in the middle where it was out of sight. */
export function goTo(target: editor.ICodeEditor, at: OpenAt): void {
  if (at.line === undefined) return;
  const column = at.column ?? 1;
  const selection = {
    startLineNumber: at.line,
    startColumn: column,
    endLineNumber: at.endLine ?? at.line,
    endColumn: at.endLine ? Number.MAX_SAFE_INTEGER : column,
  };
  const range = target.getModel()?.validateRange(selection);
  if (!range) return;
  target.setSelection(range);
  target.revealRangeInCenterIfOutsideViewport(range);
}

function restore(
  app: App,
  target: editor.ICodeEditor,
  path: string,
  state: ViewState | undefined,
): void {
  if (state) {
    target.restoreViewState(state);
    return;
  }
  const place = app.memory.get<Record<string, Place>>("places", {})[path];
  if (!place) return;
  target.setPosition({ lineNumber: place.line, column: place.column });
  target.setScrollTop(place.top);
}

function remember(app: App, path: string, target: editor.ICodeEditor): void {
  const position = target.getPosition();
  if (!position) return;
  const { [path]: _, ...others } = app.memory.get<Record<string, Place>>("places", {});
  const kept = Object.entries(others).slice(-PLACES_MOST);
  app.memory.set("places", {
    ...Object.fromEntries(kept),
    [path]: { line: position.lineNumber, column: position.column, top: target.getScrollTop() },
  });
}

/** Remembers where the cursor of the active editor is, as before the page goes away. */
export function rememberActive(app: App): void {
  const document = app.document();
  const widget = app.widget();
  if (document && widget) remember(app, document.path, widget.editor);
}
