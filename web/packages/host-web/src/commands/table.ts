// SPDX-License-Identifier: Apache-2.0
// Every command of the workbench with its keys, which are VS Code's where it has the same.
// Some keys belong to the browser (a new window, closing a tab): those have a second one.

import type { MessageKey } from "@moat/panels/i18n.ts";

/** One command of the workbench. */
export interface CommandEntry {
  id: string;
  title: MessageKey;
  category: MessageKey;
  keys?: string | string[];
  when?: string;
}

export const TABLE = [
  {
    id: "workbench.action.showCommands",
    title: "command.showCommands",
    category: "category.view",
    keys: ["mod+shift+p", "f1"],
  },
  {
    id: "workbench.action.quickOpen",
    title: "command.quickOpen",
    category: "category.go",
    keys: "mod+p",
  },
  {
    id: "workbench.action.gotoLine",
    title: "command.gotoLine",
    category: "category.go",
    keys: "ctrl+g",
  },
  {
    id: "workbench.action.gotoSymbol",
    title: "command.gotoSymbol",
    category: "category.go",
    keys: "mod+shift+o",
  },
  {
    id: "workbench.action.navigateBack",
    title: "command.navigateBack",
    category: "category.go",
    keys: "alt+left",
  },
  {
    id: "workbench.action.navigateForward",
    title: "command.navigateForward",
    category: "category.go",
    keys: "alt+right",
  },
  {
    id: "workbench.action.openRecent",
    title: "command.openRecent",
    category: "category.go",
    keys: "ctrl+r",
  },
  {
    id: "workbench.action.files.newUntitledFile",
    title: "command.files.newUntitledFile",
    category: "category.file",
    keys: ["mod+n", "alt+n"],
  },
  {
    id: "workbench.action.files.save",
    title: "command.files.save",
    category: "category.file",
    keys: "mod+s",
  },
  {
    id: "workbench.action.files.saveAs",
    title: "command.files.saveAs",
    category: "category.file",
    keys: "mod+shift+s",
  },
  {
    id: "workbench.action.files.saveAll",
    title: "command.files.saveAll",
    category: "category.file",
    keys: "mod+k s",
  },
  {
    id: "workbench.action.files.revert",
    title: "command.files.revert",
    category: "category.file",
    when: "fileIsOpen",
  },
  {
    id: "workbench.files.action.compareWithSaved",
    title: "command.files.compareWithSaved",
    category: "category.file",
    keys: "mod+k d",
    when: "fileIsOpen",
  },
  {
    id: "workbench.action.files.copyPathOfActiveFile",
    title: "command.files.copyPathOfActiveFile",
    category: "category.file",
    keys: "mod+k p",
    when: "fileIsOpen",
  },
  {
    id: "copyRelativeFilePath",
    title: "command.copyRelativeFilePath",
    category: "category.file",
    keys: "mod+k mod+shift+c",
    when: "fileIsOpen",
  },
  {
    id: "moat.explorer.reveal",
    title: "command.moat.explorer.reveal",
    category: "category.file",
    when: "fileIsOpen",
  },
  {
    id: "workbench.action.closeActiveEditor",
    title: "command.closeActiveEditor",
    category: "category.view",
    keys: ["mod+w", "ctrl+f4", "alt+w"],
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.closeOtherEditors",
    title: "command.closeOtherEditors",
    category: "category.view",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.closeAllEditors",
    title: "command.closeAllEditors",
    category: "category.view",
    keys: "mod+k mod+w",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.reopenClosedEditor",
    title: "command.reopenClosedEditor",
    category: "category.view",
    keys: ["mod+shift+t", "alt+shift+t"],
  },
  {
    id: "workbench.action.keepEditor",
    title: "command.keepEditor",
    category: "category.view",
    keys: "mod+k enter",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.splitEditor",
    title: "command.splitEditor",
    category: "category.view",
    keys: "mod+\\",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.splitEditorDown",
    title: "command.splitEditorDown",
    category: "category.view",
    keys: "mod+k mod+\\",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.nextEditor",
    title: "command.nextEditor",
    category: "category.view",
    keys: ["ctrl+pagedown", "ctrl+tab"],
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.previousEditor",
    title: "command.previousEditor",
    category: "category.view",
    keys: ["ctrl+pageup", "ctrl+shift+tab"],
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.moveEditorRightInGroup",
    title: "command.moveEditorRightInGroup",
    category: "category.view",
    keys: "ctrl+shift+pagedown",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.moveEditorLeftInGroup",
    title: "command.moveEditorLeftInGroup",
    category: "category.view",
    keys: "ctrl+shift+pageup",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.moveEditorToNextGroup",
    title: "command.moveEditorToNextGroup",
    category: "category.view",
    keys: "ctrl+alt+right",
    when: "editorIsOpen",
  },
  {
    id: "workbench.action.focusFirstEditorGroup",
    title: "command.focusFirstEditorGroup",
    category: "category.view",
    keys: "mod+1",
  },
  {
    id: "workbench.action.focusSecondEditorGroup",
    title: "command.focusSecondEditorGroup",
    category: "category.view",
    keys: "mod+2",
  },
  {
    id: "workbench.action.focusThirdEditorGroup",
    title: "command.focusThirdEditorGroup",
    category: "category.view",
    keys: "mod+3",
  },
  {
    id: "workbench.action.focusNextGroup",
    title: "command.focusNextGroup",
    category: "category.view",
    keys: "mod+k mod+right",
  },
  {
    id: "workbench.action.focusPreviousGroup",
    title: "command.focusPreviousGroup",
    category: "category.view",
    keys: "mod+k mod+left",
  },
  {
    id: "workbench.view.explorer",
    title: "command.view.explorer",
    category: "category.view",
    keys: "mod+shift+e",
  },
  {
    id: "workbench.view.search",
    title: "command.view.search",
    category: "category.view",
    keys: "mod+shift+f",
  },
  {
    id: "workbench.view.scm",
    title: "command.view.scm",
    category: "category.view",
    keys: "ctrl+shift+g",
  },
  {
    id: "workbench.view.boundary",
    title: "command.view.boundary",
    category: "category.view",
    keys: "mod+shift+b",
  },
  {
    id: "workbench.actions.view.problems",
    title: "command.view.problems",
    category: "category.view",
    keys: "mod+shift+m",
  },
  {
    id: "workbench.action.terminal.toggleTerminal",
    title: "command.terminal.toggleTerminal",
    category: "category.view",
    keys: "ctrl+`",
  },
  {
    id: "workbench.action.toggleSidebarVisibility",
    title: "command.toggleSidebarVisibility",
    category: "category.view",
    keys: "mod+b",
  },
  {
    id: "workbench.action.togglePanel",
    title: "command.togglePanel",
    category: "category.view",
    keys: "mod+j",
  },
  {
    id: "workbench.action.toggleMaximizedPanel",
    title: "command.toggleMaximizedPanel",
    category: "category.view",
  },
  {
    id: "workbench.action.toggleAuxiliaryBar",
    title: "command.toggleAuxiliaryBar",
    category: "category.view",
    keys: "mod+alt+b",
  },
  {
    id: "moat.agent.focus",
    title: "command.moat.agent.focus",
    category: "category.view",
    keys: ["mod+shift+i", "mod+alt+i"],
  },
  {
    id: "workbench.action.focusSideBar",
    title: "command.focusSideBar",
    category: "category.view",
    keys: "mod+0",
  },
  {
    id: "workbench.action.focusActiveEditorGroup",
    title: "command.focusActiveEditorGroup",
    category: "category.view",
  },
  {
    id: "moat.focusNextPart",
    title: "command.moat.focusNextPart",
    category: "category.view",
    keys: "f6",
  },
  {
    id: "moat.focusPreviousPart",
    title: "command.moat.focusPreviousPart",
    category: "category.view",
    keys: "shift+f6",
  },
  {
    id: "workbench.action.openSettings",
    title: "command.openSettings",
    category: "category.preferences",
    keys: "mod+,",
  },
  {
    id: "workbench.action.openGlobalKeybindings",
    title: "command.openGlobalKeybindings",
    category: "category.preferences",
    keys: "mod+k mod+s",
  },
  {
    id: "workbench.action.selectTheme",
    title: "command.selectTheme",
    category: "category.preferences",
    keys: "mod+k mod+t",
  },
  {
    id: "workbench.action.configureLocale",
    title: "command.configureLocale",
    category: "category.preferences",
  },
  {
    id: "editor.action.toggleWordWrap",
    title: "command.editor.toggleWordWrap",
    category: "category.editor",
    keys: "alt+z",
  },
  {
    id: "git.blame.toggleEditorDecoration",
    title: "command.git.blame",
    category: "category.editor",
  },
  {
    id: "editor.action.toggleMinimap",
    title: "command.editor.toggleMinimap",
    category: "category.editor",
  },
  {
    id: "toggleDiffSideBySide",
    title: "command.toggleDiffSideBySide",
    category: "category.editor",
  },
  {
    id: "workbench.action.editor.changeLanguageMode",
    title: "command.editor.changeLanguageMode",
    category: "category.editor",
    keys: "mod+k m",
    when: "fileIsOpen",
  },
  {
    id: "moat.language.servers",
    title: "command.moat.language.servers",
    category: "category.editor",
    when: "fileIsOpen",
  },
  {
    id: "workbench.action.editor.changeEOL",
    title: "command.editor.changeEOL",
    category: "category.editor",
    when: "fileIsOpen",
  },
  {
    id: "workbench.action.editor.changeEncoding",
    title: "command.editor.changeEncoding",
    category: "category.editor",
    when: "fileIsOpen",
  },
  {
    id: "moat.editor.indentation",
    title: "command.moat.editor.indentation",
    category: "category.editor",
    when: "fileIsOpen",
  },
  {
    id: "workbench.action.editor.nextChange",
    title: "command.editor.nextChange",
    category: "category.editor",
    keys: "alt+f3",
  },
  {
    id: "workbench.action.editor.previousChange",
    title: "command.editor.previousChange",
    category: "category.editor",
    keys: "shift+alt+f3",
  },
  {
    id: "markdown.showPreviewToSide",
    title: "command.markdown.showPreviewToSide",
    category: "category.editor",
    keys: "mod+k v",
    when: "fileIsOpen",
  },
  {
    id: "markdown.showPreview",
    title: "command.markdown.showPreview",
    category: "category.editor",
    keys: "mod+shift+v",
    when: "fileIsOpen",
  },
  {
    id: "moat.completion.toggle",
    title: "command.moat.completion.toggle",
    category: "category.editor",
  },
  {
    id: "moat.completion.options",
    title: "command.moat.completion.options",
    category: "category.editor",
  },
  { id: "git.checkout", title: "command.git.checkout", category: "category.scm" },
  { id: "moat.agent.pickModel", title: "command.moat.agent.pickModel", category: "category.agent" },
  {
    id: "moat.pending.next",
    title: "command.moat.pending.next",
    category: "category.agent",
    keys: "alt+f5",
  },
  {
    id: "moat.pending.previous",
    title: "command.moat.pending.previous",
    category: "category.agent",
    keys: "shift+alt+f5",
  },
  {
    id: "moat.pending.keep",
    title: "command.moat.pending.keep",
    category: "category.agent",
    keys: "mod+alt+y",
  },
  {
    id: "moat.pending.undo",
    title: "command.moat.pending.undo",
    category: "category.agent",
    keys: "mod+alt+u",
  },
  {
    id: "notifications.clearAll",
    title: "command.notifications.clearAll",
    category: "category.view",
  },
  { id: "workbench.action.reloadWindow", title: "command.reloadWindow", category: "category.view" },
] as const satisfies readonly CommandEntry[];

/** The name of a command of the workbench. */
export type CommandId = (typeof TABLE)[number]["id"];
