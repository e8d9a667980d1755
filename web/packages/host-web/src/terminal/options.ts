// SPDX-License-Identifier: Apache-2.0
// How terminals look and behave by the user's settings and theme.

import type { Host } from "@moat/panels/host.ts";
import type { ITerminalOptions } from "@xterm/xterm";
import { terminalTheme } from "./theme.ts";

const CONTRAST = { light: 4.5, dark: 4.5, contrast: 7 } as const;

/** xterm's options by the settings. Reactive. */
export function terminalOptions(host: Host): ITerminalOptions {
  const { settings } = host;
  const theme = host.theme();
  return {
    fontFamily: settings.get("terminal.fontFamily") || fontOfPage(),
    fontSize: settings.get("terminal.fontSize"),
    lineHeight: 1.2,
    scrollback: settings.get("terminal.scrollback"),
    cursorStyle: settings.get("terminal.cursorStyle") as "block" | "bar" | "underline",
    cursorBlink: settings.get("terminal.cursorBlink"),
    cursorInactiveStyle: "outline",
    screenReaderMode: settings.get("terminal.screenReader"),
    minimumContrastRatio: CONTRAST[theme],
    theme: terminalTheme(theme),
  };
}

function fontOfPage(): string {
  return (
    getComputedStyle(document.documentElement).getPropertyValue("--font-code").trim() || "monospace"
  );
}
