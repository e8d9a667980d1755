// SPDX-License-Identifier: Apache-2.0
// Registers every command of the workbench, and the editor's own once it is loaded.

import { batch, createEffect, createRoot, onCleanup } from "solid-js";
import type { App } from "../app.ts";
import { ghostCommands } from "../ghost/commands.ts";
import { editorCommands } from "./editor.ts";
import { EDITOR_KEYS, keysOfEditor } from "./editor-keys.ts";
import { fileCommands } from "./files.ts";
import { goCommands } from "./go.ts";
import { type CommandEntry, type CommandId, TABLE } from "./table.ts";
import { viewCommands } from "./view.ts";

/** What commands do. */
export type Runs<Id extends CommandId = CommandId> = Record<
  Id,
  (args?: unknown) => void | Promise<void>
>;

/** Registers all commands. */
export function registerAll(app: App): void {
  const runs: Runs = {
    ...fileCommands(app),
    ...goCommands(app),
    ...viewCommands(app),
    ...editorCommands(app),
    ...ghostCommands(app),
  };
  batch(() => {
    for (const entry of TABLE as readonly CommandEntry[])
      app.commands.register({
        id: entry.id,
        title: entry.title,
        category: entry.category,
        ...(entry.keys === undefined ? {} : { keybinding: entry.keys }),
        ...(entry.when === undefined ? {} : { when: entry.when }),
        run: runs[entry.id as CommandId],
      });
  });
  createRoot((dispose) => {
    createEffect(() => {
      const widget = app.widget();
      if (!widget) return;
      queueMicrotask(dispose);
      registerEditorActions(app);
    });
  });
  createRoot(() => followTakenKeys(app));
}

/** Takes a command's keys away in the editor as well, where the user took them. */
function followTakenKeys(app: App): void {
  createEffect(() => {
    const kit = app.kit();
    const taken = app.settings
      .get("keybindings")
      .filter((each) => each.command.startsWith("-"))
      .map((each) => ({ keybinding: 0, command: each.command }));
    if (!kit || taken.length === 0) return;
    const rules = kit.monaco.editor.addKeybindingRules(taken);
    onCleanup(() => rules.dispose());
  });
}

/** The editor's own commands, with the keys that VS Code gives them. */
function registerEditorActions(app: App): void {
  const known = new Set(app.commands.list().map((each) => each.id));
  batch(() => {
    const editor = app.widget()?.editor;
    // Those that cannot be used now, such as taking a completion, are not among the supported ones.
    const others = Object.keys(EDITOR_KEYS).flatMap((id) => editor?.getAction(id) ?? []);
    const actions = new Map(
      [...(editor?.getSupportedActions() ?? []), ...others].map((each) => [each.id, each]),
    );
    for (const action of actions.values()) {
      const label = action.label || action.alias;
      if (!label || known.has(action.id) || action.id.includes("quickCommand")) continue;
      const { keys, when } = keysOfEditor(action.id);
      app.commands.register({
        id: action.id,
        title: "category.editor",
        label,
        category: "category.editor",
        ...(keys === undefined ? {} : { keybinding: keys, when }),
        run: async () => {
          const editor = app.widget()?.editor;
          editor?.focus();
          await editor?.getAction(action.id)?.run();
        },
      });
    }
  });
}
