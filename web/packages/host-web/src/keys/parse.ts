// SPDX-License-Identifier: Apache-2.0
// Keys as text: from what the browser says, from what a binding says, and for people.

/** One key with its modifiers, as text in one spelling: `ctrl+shift+p`. */
export type Stroke = string;

const BY_CODE: Record<string, string> = {
  Backquote: "`",
  Minus: "-",
  Equal: "=",
  BracketLeft: "[",
  BracketRight: "]",
  Backslash: "\\",
  Semicolon: ";",
  Quote: "'",
  Comma: ",",
  Period: ".",
  Slash: "/",
  Space: "space",
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  PageUp: "pageup",
  PageDown: "pagedown",
  NumpadEnter: "enter",
};

const ONLY_MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead"]);

const NAMES: Record<string, string> = {
  escape: "Esc",
  enter: "Enter",
  tab: "Tab",
  space: "Space",
  backspace: "Backspace",
  delete: "Delete",
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pageup: "PageUp",
  pagedown: "PageDown",
  home: "Home",
  end: "End",
  insert: "Insert",
};

const SPELLINGS: Record<string, string> = {
  control: "ctrl",
  cmd: "meta",
  command: "meta",
  win: "meta",
  option: "alt",
  esc: "escape",
  return: "enter",
  del: "delete",
  arrowup: "up",
  arrowdown: "down",
  arrowleft: "left",
  arrowright: "right",
  " ": "space",
};

/** Whether the keyboard is a Mac's. */
export const IS_MAC =
  typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.platform);

/** What the browser says of a key. */
export interface KeyPress {
  key: string;
  code: string;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** The key that was pressed; null for a modifier alone. */
export function strokeOf(event: KeyPress): Stroke | null {
  if (ONLY_MODIFIERS.has(event.key)) return null;
  const key = keyOf(event);
  return key ? joined(key, event.ctrlKey, event.shiftKey, event.altKey, event.metaKey) : null;
}

function keyOf({ key, code }: KeyPress): string {
  if (/^[a-zA-Z]$/.test(key)) return key.toLowerCase();
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  if (/^Digit\d$/.test(code)) return code.slice(5);
  if (/^Numpad\d$/.test(code)) return code.slice(6);
  return BY_CODE[code] ?? SPELLINGS[key.toLowerCase()] ?? key.toLowerCase();
}

function joined(key: string, ctrl: boolean, shift: boolean, alt: boolean, meta: boolean): Stroke {
  return `${ctrl ? "ctrl+" : ""}${shift ? "shift+" : ""}${alt ? "alt+" : ""}${meta ? "meta+" : ""}${key}`;
}

/** A binding's keys in the one spelling; null where it is no binding. */
export function parseKeys(text: string, mac = IS_MAC): Stroke[] | null {
  const strokes = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .map((each) => parseStroke(each, mac));
  if (strokes.length === 0 || strokes.length > 2) return null;
  return strokes.every((each) => each !== null) ? strokes : null;
}

function parseStroke(text: string, mac: boolean): Stroke | null {
  const parts = text.endsWith("++") ? [...text.slice(0, -2).split("+"), "="] : text.split("+");
  const key = parts.pop();
  if (!key) return null;
  const modifiers = new Set(
    parts.map((each) => {
      const name = SPELLINGS[each] ?? each;
      return name === "mod" ? (mac ? "meta" : "ctrl") : name;
    }),
  );
  for (const each of modifiers) if (!["ctrl", "shift", "alt", "meta"].includes(each)) return null;
  return joined(
    SPELLINGS[key] ?? key,
    modifiers.has("ctrl"),
    modifiers.has("shift"),
    modifiers.has("alt"),
    modifiers.has("meta"),
  );
}

/** Keys as a person reads them. */
export function showKeys(strokes: readonly Stroke[], mac = IS_MAC): string {
  return strokes.map((each) => showStroke(each, mac)).join(" ");
}

function showStroke(stroke: Stroke, mac: boolean): string {
  const parts = stroke === "+" ? ["+"] : stroke.split("+");
  const key = parts.pop() ?? "";
  const shown = NAMES[key] ?? (key.length === 1 || /^f\d+$/.test(key) ? key.toUpperCase() : key);
  const signs: Record<string, string> = mac
    ? { ctrl: "⌃", shift: "⇧", alt: "⌥", meta: "⌘" }
    : { ctrl: "Ctrl+", shift: "Shift+", alt: "Alt+", meta: "Meta+" };
  return parts.map((each) => signs[each] ?? each).join("") + shown;
}
