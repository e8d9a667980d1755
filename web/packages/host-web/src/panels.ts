// SPDX-License-Identifier: Apache-2.0
// The panels of other packages. Each is loaded when it is first shown, so that the shell is
// there at once.

export const loadExplorer = async () =>
  (await import("@moat/panels/explorer/index.tsx")).ExplorerView;
export const loadSearch = async () => (await import("@moat/panels/search/index.tsx")).SearchView;
export const loadScm = async () => (await import("@moat/panels/scm/index.tsx")).ScmView;
export const loadBoundary = async () =>
  (await import("@moat/panels/boundary/index.tsx")).BoundaryPanel;
export const loadAgent = async () => (await import("@moat/panels/agent/index.tsx")).AgentPanel;
export const loadProblems = async () =>
  (await import("@moat/panels/problems/index.tsx")).ProblemsView;
export const loadSettings = async () =>
  (await import("@moat/panels/settings/index.tsx")).SettingsView;
export const loadReview = async () => (await import("@moat/panels/review/index.tsx")).ReviewEditor;
export const loadViewers = () => import("@moat/panels/viewers/index.tsx");
export const loadPreview = async () => (await loadViewers()).MarkdownPreview;
export const loadTerminals = () => import("./terminal/index.tsx");
export const loadTerminal = async () => (await loadTerminals()).TerminalPanel;
