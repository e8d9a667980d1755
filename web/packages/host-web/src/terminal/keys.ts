// SPDX-License-Identifier: Apache-2.0
// Which keys the workbench takes while a terminal has the focus. All others belong to the program in the terminal: a shell
// wants Ctrl+P, Ctrl+R, Ctrl+W and Ctrl+K for itself.

/** The commands whose keys work in a terminal too. */
export const WORK_IN_TERMINAL: ReadonlySet<string> = new Set([
  "workbench.action.showCommands",
  "workbench.action.quickOpen",
  "workbench.action.togglePanel",
  "workbench.action.terminal.toggleTerminal",
  "workbench.action.terminal.new",
  "workbench.action.terminal.split",
  "workbench.action.terminal.focusFind",
  "workbench.action.terminal.hideFind",
  "workbench.action.terminal.focusNextPane",
  "workbench.action.terminal.focusPreviousPane",
  "workbench.action.terminal.focusNext",
  "workbench.action.terminal.focusPrevious",
  "workbench.action.terminal.scrollUp",
  "workbench.action.terminal.scrollDown",
  "workbench.action.terminal.scrollUpPage",
  "workbench.action.terminal.scrollDownPage",
  "workbench.action.terminal.scrollToTop",
  "workbench.action.terminal.scrollToBottom",
  "workbench.action.toggleMaximizedPanel",
  "workbench.view.explorer",
  "workbench.view.search",
  "workbench.view.scm",
  "workbench.view.agent",
  "workbench.view.boundary",
  "workbench.action.findInFiles",
  "workbench.actions.view.problems",
  "workbench.action.focusActiveEditorGroup",
  "workbench.action.openSettings",
  "workbench.action.toggleSidebarVisibility",
  "workbench.action.toggleAuxiliaryBar",
  "moat.agent.focus",
  "agent.focus",
  // Without these nobody gets out of a terminal with the keyboard.
  "moat.focusNextPart",
  "moat.focusPreviousPart",
]);

/** Whether a command's keys count while a terminal has the focus. */
export function worksInTerminal(command: string): boolean {
  return WORK_IN_TERMINAL.has(command) || command.startsWith("workbench.action.terminal.");
}
