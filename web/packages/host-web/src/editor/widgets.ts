// SPDX-License-Identifier: Apache-2.0
// A few editors that are handed from tab to tab: as many as groups can be seen, not one for
// each tab.

import type { editor } from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import { openEditorMenu } from "./editor-menu.ts";
import type { Kit } from "./kit.ts";

/** One editor and the element that it is in. */
export interface Widget {
  node: HTMLDivElement;
  editor: editor.IStandaloneCodeEditor;
  /** Whether the minimap is shown. */
  minimap: boolean;
}

const SPARE_MOST = 3;
const MINIMAP_LEAST = 560;
const spare: Widget[] = [];
const busy = new Set<Widget>();

/** The options that follow the settings. */
export function optionsOf(app: App): editor.IEditorOptions & editor.IGlobalEditorOptions {
  const { settings } = app;
  const size = settings.get("editor.fontSize");
  const family = settings.get("editor.fontFamily");
  return {
    theme: `moat-${app.theme()}`,
    fontSize: size,
    lineHeight: settings.get("editor.lineHeight") || Math.round(size * 1.5),
    fontFamily:
      family || getComputedStyle(document.documentElement).getPropertyValue("--font-code"),
    tabSize: settings.get("editor.tabSize"),
    insertSpaces: settings.get("editor.insertSpaces"),
    wordWrap: settings.get("editor.wordWrap") ? "on" : "off",
    lineNumbers: settings.get("editor.lineNumbers") as "on" | "relative" | "off",
    renderWhitespace: settings.get("editor.renderWhitespace") ? "all" : "selection",
    stickyScroll: { enabled: settings.get("editor.stickyScroll") },
    // Words of the file, offered at each letter, would stand where a completion is to stand.
    wordBasedSuggestions: settings.get("completion.enabled") ? "off" : "currentDocument",
  };
}

/** The minimap, which a narrow editor has no room for. */
function minimapOf(app: App, width: number) {
  const enabled = app.settings.get("editor.minimap") && width >= MINIMAP_LEAST;
  return { enabled, renderCharacters: false, maxColumn: 80 };
}

/** The options that are the same for everybody. */
export const FIXED: editor.IStandaloneEditorConstructionOptions = {
  automaticLayout: true,
  scrollBeyondLastLine: true,
  smoothScrolling: false,
  fixedOverflowWidgets: true,
  guides: { indentation: true, bracketPairs: false },
  bracketPairColorization: { enabled: true },
  folding: true,
  showFoldingControls: "mouseover",
  glyphMargin: false,
  lineDecorationsWidth: 12,
  lineNumbersMinChars: 4,
  padding: { top: 4 },
  scrollbar: { verticalScrollbarSize: 12, horizontalScrollbarSize: 10, useShadows: false },
  overviewRulerBorder: false,
  occurrencesHighlight: "singleFile",
  renderLineHighlight: "all",
  unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
  dropIntoEditor: { enabled: false },
  links: true,
  contextmenu: false,
  accessibilitySupport: "auto",
  tabFocusMode: false,
  inlineSuggest: { enabled: true, showToolbar: "onHover" },
  // A list of names does not wait for a model, nor a model for it.
  quickSuggestions: { other: "on", comments: "off", strings: "off" },
};

/** An editor without a text. */
export function takeWidget(app: App, kit: Kit): Widget {
  let widget = spare.pop();
  if (!widget) {
    const node = document.createElement("div");
    node.style.cssText = "position: absolute; inset: 0";
    widget = {
      node,
      editor: kit.monaco.editor.create(node, { ...FIXED, ...optionsOf(app), model: null }),
      minimap: app.settings.get("editor.minimap"),
    };
    const made = widget;
    made.editor.onDidLayoutChange(({ width }) => {
      const minimap = minimapOf(app, width);
      if (made.minimap === minimap.enabled) return;
      made.minimap = minimap.enabled;
      made.editor.updateOptions({ minimap });
    });
    made.editor.onContextMenu((event) => openEditorMenu(app, made, event));
    widget.editor.onDidFocusEditorText(() => app.commands.context("editorTextFocus", true));
    widget.editor.onDidBlurEditorText(() => app.commands.context("editorTextFocus", false));
  }
  busy.add(widget);
  return widget;
}

/** What the editor says of a name that conditions of keys ask for. */
export function editorContext(widget: Widget | null, name: string): boolean | string | undefined {
  // The editor has it, and its types do not say so.
  const names = (widget?.editor as unknown as { contextKeyService?: ContextNames } | undefined)
    ?.contextKeyService;
  const value = names?.getContextKeyValue(name);
  return typeof value === "boolean" || typeof value === "string" ? value : undefined;
}

interface ContextNames {
  getContextKeyValue(name: string): unknown;
}

/** Gives an editor back. */
export function giveWidget(widget: Widget): void {
  busy.delete(widget);
  widget.node.remove();
  widget.editor.setModel(null);
  widget.editor.updateOptions({ readOnly: false });
  if (spare.length < SPARE_MOST) spare.push(widget);
  else widget.editor.dispose();
}

/** Has all editors follow the settings. */
export function updateWidgets(
  app: App,
  options: editor.IEditorOptions & editor.IGlobalEditorOptions,
): void {
  for (const widget of [...busy, ...spare]) {
    const minimap = minimapOf(app, widget.editor.getLayoutInfo().width);
    widget.minimap = minimap.enabled;
    widget.editor.updateOptions({ ...options, minimap });
  }
}
