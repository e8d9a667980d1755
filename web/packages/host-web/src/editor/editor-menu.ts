// SPDX-License-Identifier: Apache-2.0
// The menu of the editor at the right button: the workbench's own, so that it looks and
// speaks as all menus do.

import type { MenuItem } from "@moat/panels/host.ts";
import type { editor } from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import type { Widget } from "./widgets.ts";

const GROUPS = [
  [
    "editor.action.revealDefinition",
    "editor.action.goToReferences",
    "editor.action.goToImplementation",
  ],
  [
    "editor.action.rename",
    "editor.action.quickFix",
    "editor.action.changeAll",
    "editor.action.formatDocument",
    "editor.action.formatSelection",
  ],
  [
    "editor.action.clipboardCutAction",
    "editor.action.clipboardCopyAction",
    "editor.action.clipboardPasteAction",
  ],
];

/** Opens the menu. */
export function openEditorMenu(app: App, widget: Widget, event: editor.IEditorMouseEvent): void {
  const target = widget.editor;
  const { position } = event.target;
  const selection = target.getSelection();
  if (position && !selection?.containsPosition(position)) target.setPosition(position);
  target.focus();
  const items: MenuItem[] = [];
  for (const group of GROUPS) {
    const known = group.flatMap((id): MenuItem[] => {
      const action = target.getAction(id);
      if (!action?.isSupported()) return [];
      const keys = app.commands.keysOf(id);
      return [{ title: action.label, ...(keys ? { keys } : {}), run: () => void action.run() }];
    });
    if (known.length > 0 && items.length > 0) items.push({ separator: true });
    items.push(...known);
  }
  const palette = app.commands.keysOf("workbench.action.showCommands");
  items.push(
    { separator: true },
    {
      title: app.t("welcome.palette"),
      ...(palette ? { keys: palette } : {}),
      run: () => void app.commands.run("workbench.action.showCommands"),
    },
  );
  const { posx, posy } = event.event;
  app.overlays.menu({ x: posx, y: posy }, items);
}
