// SPDX-License-Identifier: Apache-2.0
// The terminal's colours. The surfaces are those of the theme; the sixteen colours of programs are chosen for each theme so
// that they can be read on it.

import type { ITheme } from "@xterm/xterm";

type Theme = "light" | "dark" | "contrast";

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

const PALETTES: Record<Theme, { plain: string[]; bright: string[] }> = {
  dark: {
    plain: ["#3a3f47", "#f2777a", "#7cc48f", "#dcb257", "#6cb0f5", "#c792ea", "#66c7cd", "#d3d7de"],
    bright: [
      "#7f8895",
      "#ff9a9c",
      "#9be0ac",
      "#f2cd7c",
      "#93c8ff",
      "#dcb3f8",
      "#8fe0e5",
      "#f6f8fa",
    ],
  },
  light: {
    plain: ["#24292f", "#b4232f", "#1d7540", "#83570a", "#0b62b8", "#8a2bb3", "#0b6a74", "#6b7480"],
    bright: [
      "#57606a",
      "#cf222e",
      "#2a8a50",
      "#9a6700",
      "#2278cf",
      "#a34bcb",
      "#127c87",
      "#8c959f",
    ],
  },
  contrast: {
    plain: ["#767676", "#ff8f8f", "#7ee29a", "#ffd34d", "#7cc4ff", "#e2b0ff", "#8ceef4", "#ffffff"],
    bright: [
      "#b8b8b8",
      "#ffb3b3",
      "#a8f0bd",
      "#ffe38a",
      "#a8d8ff",
      "#efd0ff",
      "#b5f6fa",
      "#ffffff",
    ],
  },
};

/** The colours of a theme, with the surfaces as the page has them now. */
export function terminalTheme(theme: Theme): ITheme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string, otherwise: string) =>
    style.getPropertyValue(name).trim() || otherwise;
  const found: Record<string, string> = {
    background: colour("--bg", "#000000"),
    foreground: colour("--fg", "#ffffff"),
    cursor: colour("--fg-strong", "#ffffff"),
    cursorAccent: colour("--bg", "#000000"),
    selectionBackground: colour("--selected", "#264f78"),
    selectionInactiveBackground: colour("--selected-soft", "#333333"),
    scrollbarSliderBackground: colour("--scroll", "#80808055"),
    scrollbarSliderHoverBackground: colour("--scroll-hover", "#80808088"),
    scrollbarSliderActiveBackground: colour("--scroll-hover", "#80808088"),
  };
  NAMES.forEach((name, index) => {
    found[name] = PALETTES[theme].plain[index] ?? "";
    found[`bright${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`] =
      PALETTES[theme].bright[index] ?? "";
  });
  return found;
}

/** The colours of found text. */
export function searchColours(theme: Theme) {
  const light = theme === "light";
  return {
    matchBackground: light ? "#f5d98c" : "#6b561f",
    matchBorder: light ? "#c69214" : "#dcb257",
    matchOverviewRuler: light ? "#c69214" : "#dcb257",
    activeMatchBackground: light ? "#f0a030" : "#a8701a",
    activeMatchBorder: light ? "#8a5a00" : "#ffd34d",
    activeMatchColorOverviewRuler: light ? "#8a5a00" : "#ffd34d",
  };
}
