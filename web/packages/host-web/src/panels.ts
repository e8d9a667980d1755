// SPDX-License-Identifier: Apache-2.0
// The panels of other packages. Each is loaded when it is first shown, so that the shell is
// there at once.

import type { Host, PreviewProps, ViewerProps } from "@moat/panels/host.ts";
import type { Component } from "solid-js";

type Panel = Component<{ host: Host }>;
type Module = Record<string, unknown>;

const panels = import.meta.glob<Module>("../../panels/src/*/index.tsx");
const terminals = import.meta.glob<Module>("./terminal/index.tsx");

async function part<T>(modules: Record<string, () => Promise<Module>>, path: string, names: string[]): Promise<T | null> {
  const module = await modules[path]?.();
  for (const name of names) if (module?.[name]) return module[name] as T;
  return null;
}

const panel = <T>(directory: string, ...names: string[]) =>
  part<T>(panels, `../../panels/src/${directory}/index.tsx`, names);

export const loadExplorer = () => panel<Panel>("explorer", "ExplorerView");
export const loadSearch = () => panel<Panel>("search", "SearchView");
export const loadScm = () => panel<Panel>("scm", "ScmView");
export const loadBoundary = () => panel<Panel>("boundary", "BoundaryPanel", "BoundaryView");
export const loadAgent = () => panel<Panel>("agent", "AgentPanel");
export const loadSettings = () => panel<Panel>("settings", "SettingsView");
export const loadReview = () =>
  panel<Component<{ host: Host; session: string; path?: string | undefined }>>("review", "ReviewEditor");
export const loadPreview = () => panel<Component<PreviewProps>>("markdown", "MarkdownPreview");
export const loadViewer = () => panel<Component<ViewerProps>>("viewers", "BinaryView", "FileViewer");
export const loadTerminal = () =>
  part<Component<{ host: Host; visible?: boolean }>>(terminals, "./terminal/index.tsx", ["TerminalPanel"]);
