// SPDX-License-Identifier: Apache-2.0
// The editor's colours in the three themes. They go with the variables in `theme.css`.

import type * as monaco from "monaco-editor/editor.js";

type Api = typeof monaco;

interface Palette {
  base: "vs" | "vs-dark" | "hc-black";
  fg: string;
  bg: string;
  float: string;
  border: string;
  keyword: string;
  string: string;
  number: string;
  comment: string;
  type: string;
  function: string;
  variable: string;
  operator: string;
  lineNumber: string;
  lineNumberActive: string;
  line: string;
  selection: string;
  match: string;
  found: string;
  foundOther: string;
  guide: string;
  guideActive: string;
  added: string;
  addedWord: string;
  removed: string;
  removedWord: string;
  accent: string;
  error: string;
  warning: string;
  ghost: string;
  hover: string;
  slider: string;
  sliderHover: string;
  selected: string;
}

const DARK: Palette = {
  base: "vs-dark",
  fg: "#d3d7de",
  bg: "#1f2226",
  float: "#24272c",
  border: "#424850",
  keyword: "c792ea",
  string: "a5cf8a",
  number: "e5a86f",
  comment: "8390a0",
  type: "66c7cd",
  function: "7bb4f0",
  variable: "d3d7de",
  operator: "a9b4c4",
  lineNumber: "#6a7380",
  lineNumberActive: "#c3cad4",
  line: "#ffffff0a",
  selection: "#2b5c8f99",
  match: "#6cb0f533",
  found: "#e0a93a88",
  foundOther: "#e0a93a3d",
  guide: "#ffffff14",
  guideActive: "#ffffff38",
  added: "#46a06433",
  addedWord: "#46aa6961",
  removed: "#d2464b30",
  removedWord: "#d74b5061",
  accent: "#4a9ff5",
  error: "#f2777a",
  warning: "#dcb257",
  ghost: "#7f8895",
  hover: "#ffffff0f",
  slider: "#a0aab938",
  sliderHover: "#a0aab966",
  selected: "#0d3a66",
};

const LIGHT: Palette = {
  base: "vs",
  fg: "#30363f",
  bg: "#ffffff",
  float: "#ffffff",
  border: "#c4c9d1",
  keyword: "8a2bb3",
  string: "2f6f1d",
  number: "9a4a00",
  comment: "66707c",
  type: "0b6a74",
  function: "0b55a5",
  variable: "30363f",
  operator: "55606e",
  lineNumber: "#8a93a0",
  lineNumberActive: "#30363f",
  line: "#1e325008",
  selection: "#9cc7f299",
  match: "#0f6cc426",
  found: "#f0b428a6",
  foundOther: "#f0b42852",
  guide: "#14203218",
  guideActive: "#14203248",
  added: "#28a05024",
  addedWord: "#28a05047",
  removed: "#d2323c1f",
  removedWord: "#d2323c40",
  accent: "#0f6cc4",
  error: "#c22f3b",
  warning: "#a06a00",
  ghost: "#7b8490",
  hover: "#1420320d",
  slider: "#3c465a38",
  sliderHover: "#3c465a66",
  selected: "#cfe4fa",
};

const CONTRAST: Palette = {
  base: "hc-black",
  fg: "#ffffff",
  bg: "#000000",
  float: "#000000",
  border: "#6fc3df",
  keyword: "e2b0ff",
  string: "c0f0a0",
  number: "ffc890",
  comment: "c0c8d0",
  type: "8ceef4",
  function: "a8d4ff",
  variable: "ffffff",
  operator: "ffffff",
  lineNumber: "#c8d0d8",
  lineNumberActive: "#ffffff",
  line: "#00000000",
  selection: "#0f4a85",
  match: "#5cb8ff40",
  found: "#ffc83c80",
  foundOther: "#ffc83c40",
  guide: "#ffffff50",
  guideActive: "#ffffffa0",
  added: "#3cc86447",
  addedWord: "#3cd26e80",
  removed: "#f03c4647",
  removedWord: "#f5465085",
  accent: "#f38518",
  error: "#ff8f8f",
  warning: "#ffd34d",
  ghost: "#c8c8c8",
  hover: "#6fc3df38",
  slider: "#6fc3df99",
  sliderHover: "#6fc3dfe6",
  selected: "#0f4a85",
};

function rules(c: Palette): monaco.editor.ITokenThemeRule[] {
  const of = (foreground: string, tokens: string[], fontStyle?: string) =>
    tokens.map((token) => (fontStyle ? { token, foreground, fontStyle } : { token, foreground }));
  return [
    ...of(c.variable, ["", "identifier", "variable"]),
    ...of(c.comment, ["comment"], "italic"),
    ...of(c.keyword, ["keyword", "keyword.flow", "keyword.json", "tag", "metatag", "storage"]),
    ...of(c.string, ["string", "attribute.value", "regexp", "string.escape"]),
    ...of(c.number, ["number", "constant", "string.escape", "variable.predefined"]),
    ...of(c.type, [
      "type",
      "type.identifier",
      "namespace",
      "class",
      "interface",
      "struct",
      "enum",
      "attribute.name",
      "annotation",
      "meta.tag",
    ]),
    ...of(c.function, ["function", "method", "macro", "predefined", "support.function", "key"]),
    ...of(c.operator, ["delimiter", "operator", "operators", "delimiter.bracket"]),
    ...of(c.keyword, ["keyword.md", "string.link"]),
    { token: "strong", fontStyle: "bold" },
    { token: "emphasis", fontStyle: "italic" },
  ];
}

function colors(c: Palette): Record<string, string> {
  return {
    foreground: c.fg,
    focusBorder: c.accent,
    "editor.background": c.bg,
    "editor.foreground": c.fg,
    "editorLineNumber.foreground": c.lineNumber,
    "editorLineNumber.activeForeground": c.lineNumberActive,
    "editor.lineHighlightBackground": c.line,
    "editor.lineHighlightBorder": c.base === "hc-black" ? c.border : "#00000000",
    "editor.selectionBackground": c.selection,
    "editor.inactiveSelectionBackground":
      c.base === "hc-black" ? c.selection : `${c.selection.slice(0, 7)}55`,
    "editor.selectionHighlightBackground": c.match,
    "editor.wordHighlightBackground": c.match,
    "editor.wordHighlightStrongBackground": c.match,
    "editor.findMatchBackground": c.found,
    "editor.findMatchHighlightBackground": c.foundOther,
    "editorIndentGuide.background1": c.guide,
    "editorIndentGuide.activeBackground1": c.guideActive,
    "editorBracketMatch.background": c.match,
    "editorBracketMatch.border": c.guideActive,
    "editorBracketHighlight.foreground1": c.fg,
    "editorBracketHighlight.foreground2": `#${c.keyword}`,
    "editorBracketHighlight.foreground3": `#${c.function}`,
    "editorGhostText.foreground": c.ghost,
    "editorCursor.foreground": c.base === "hc-black" ? c.fg : c.accent,
    "editorWidget.background": c.float,
    "editorWidget.foreground": c.fg,
    "editorWidget.border": c.border,
    "editorHoverWidget.background": c.float,
    "editorHoverWidget.border": c.border,
    "editorSuggestWidget.background": c.float,
    "editorSuggestWidget.border": c.border,
    "editorSuggestWidget.selectedBackground": c.selected,
    "editorStickyScroll.background": c.bg,
    "editorStickyScroll.border": c.border,
    "editorStickyScrollHover.background": c.hover,
    "editorOverviewRuler.border": "#00000000",
    "editorGutter.background": c.bg,
    "editorError.foreground": c.error,
    "editorWarning.foreground": c.warning,
    "editorInfo.foreground": c.accent,
    "diffEditor.insertedLineBackground": c.added,
    "diffEditor.insertedTextBackground": c.addedWord,
    "diffEditor.removedLineBackground": c.removed,
    "diffEditor.removedTextBackground": c.removedWord,
    "diffEditor.diagonalFill": c.guide,
    "diffEditor.border": c.border,
    "input.background": c.bg,
    "input.border": c.border,
    "inputOption.activeBorder": c.accent,
    "list.hoverBackground": c.hover,
    "list.activeSelectionBackground": c.selected,
    "list.focusBackground": c.selected,
    "menu.background": c.float,
    "menu.border": c.border,
    "menu.selectionBackground": c.selected,
    "minimap.background": c.bg,
    "scrollbar.shadow": "#00000000",
    "scrollbarSlider.background": c.slider,
    "scrollbarSlider.hoverBackground": c.sliderHover,
    "scrollbarSlider.activeBackground": c.sliderHover,
    "widget.shadow": "#00000055",
    "peekView.border": c.accent,
    "peekViewEditor.background": c.bg,
    "peekViewResult.background": c.float,
    "peekViewTitle.background": c.float,
  };
}

/** Makes the three themes known: `moat-dark`, `moat-light` and `moat-contrast`. */
export function defineThemes(api: Api): void {
  for (const [name, palette] of Object.entries({ dark: DARK, light: LIGHT, contrast: CONTRAST })) {
    api.editor.defineTheme(`moat-${name}`, {
      base: palette.base,
      inherit: true,
      rules: rules(palette),
      colors: colors(palette),
    });
  }
}
