// SPDX-License-Identifier: Apache-2.0
// Every setting of the front end, in one typed table: its section, its kind, its default and its bounds.
// What a person typed or a file holds becomes a value only through `accept`, so nobody else checks values.

/** The sections of the settings editor, in the order in which they are shown. */
export const SECTIONS = ["workbench", "editor", "files", "terminal", "completion", "agent", "keyboard"] as const;

export type Section = (typeof SECTIONS)[number];

/** One key for a command, as the keybindings editor keeps it. An empty key takes the command's key away. */
export interface KeyOverride {
  command: string;
  key: string;
}

interface Base {
  section: Section;
}

/** What kind of value a setting has. */
export type Spec =
  | (Base & { kind: "choice"; options: readonly string[]; fallback: string })
  | (Base & { kind: "flag"; fallback: boolean })
  | (Base & { kind: "number"; min: number; max: number; step: number; unit?: "px" | "ms" | "s" | "lines"; fallback: number })
  | (Base & { kind: "text"; fallback: string; maxLength: number })
  | (Base & { kind: "keys"; fallback: readonly KeyOverride[] });

const FONT_UI = "";
const FONT_MONO = "";
const TEXT_MAX = 400;
const KEYS_MAX = 500;

function choice<const O extends readonly string[]>(section: Section, options: O, fallback: O[number]) {
  return { kind: "choice", section, options, fallback } as const satisfies Spec;
}

function flag(section: Section, fallback: boolean) {
  return { kind: "flag", section, fallback } as const;
}

function number(section: Section, fallback: number, min: number, max: number, step = 1, unit?: "px" | "ms" | "s" | "lines") {
  return { kind: "number", section, fallback, min, max, step, ...(unit ? { unit } : {}) } as const;
}

function text(section: Section, fallback: string) {
  return { kind: "text", section, fallback, maxLength: TEXT_MAX } as const;
}

/** The table. A key is never reused for something else: users' settings outlive a version. */
export const SETTINGS = {
  "workbench.theme": choice("workbench", ["system", "light", "dark", "contrast"], "system"),
  "workbench.language": choice("workbench", ["system", "en", "zh"], "system"),
  "workbench.font_size": number("workbench", 13, 11, 20, 1, "px"),
  "workbench.font_family": text("workbench", FONT_UI),
  "workbench.reduce_motion": choice("workbench", ["system", "on", "off"], "system"),

  "editor.font_size": number("editor", 14, 8, 40, 1, "px"),
  "editor.font_family": text("editor", FONT_MONO),
  "editor.line_height": number("editor", 0, 0, 60, 1, "px"),
  "editor.tab_size": number("editor", 4, 1, 16),
  "editor.insert_spaces": flag("editor", true),
  "editor.detect_indentation": flag("editor", true),
  "editor.word_wrap": choice("editor", ["off", "on", "bounded"], "off"),
  "editor.minimap": flag("editor", true),
  "editor.line_numbers": choice("editor", ["on", "off", "relative"], "on"),
  "editor.render_whitespace": choice("editor", ["none", "selection", "boundary", "all"], "selection"),
  "editor.sticky_scroll": flag("editor", true),
  "editor.bracket_colours": flag("editor", true),
  "editor.blame": flag("editor", true),
  "editor.diff_side_by_side": flag("editor", true),

  "files.auto_save": choice("files", ["off", "after_delay", "on_focus_change"], "off"),
  "files.auto_save_delay": number("files", 1000, 100, 60_000, 100, "ms"),
  "files.format_on_save": flag("files", false),
  "files.trim_trailing_whitespace": flag("files", false),
  "files.insert_final_newline": flag("files", false),
  "files.confirm_delete": flag("files", true),

  "terminal.font_size": number("terminal", 13, 8, 40, 1, "px"),
  "terminal.font_family": text("terminal", FONT_MONO),
  "terminal.scrollback": number("terminal", 5000, 0, 100_000, 100, "lines"),
  "terminal.cursor": choice("terminal", ["block", "bar", "underline"], "block"),
  "terminal.cursor_blink": flag("terminal", true),
  "terminal.copy_on_selection": flag("terminal", false),
  "terminal.confirm_multiline_paste": flag("terminal", true),
  "terminal.screen_reader": flag("terminal", false),

  "completion.enabled": flag("completion", true),
  "completion.debounce": number("completion", 60, 0, 2000, 10, "ms"),
  "completion.context_files": number("completion", 4, 0, 16),

  "agent.model": text("agent", ""),
  "agent.time_limit": number("agent", 600, 30, 7200, 30, "s"),
  "agent.show_thinking": flag("agent", false),
  "agent.notify_when_done": flag("agent", true),

  "keyboard.bindings": { kind: "keys", section: "keyboard", fallback: [] as readonly KeyOverride[] },
} as const satisfies Record<string, Spec>;

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S> = S extends { kind: "choice"; options: readonly (infer O)[] }
  ? O
  : S extends { kind: "flag" }
    ? boolean
    : S extends { kind: "number" }
      ? number
      : S extends { kind: "keys" }
        ? readonly KeyOverride[]
        : string;

/** The type of a setting's value. */
export type SettingValue<K extends SettingKey> = ValueOf<(typeof SETTINGS)[K]>;

/** Values that differ from the defaults. */
export type SettingValues = { [K in SettingKey]?: SettingValue<K> };

/** All keys, in the table's order. */
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

/** Whether a text names a setting. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.prototype.hasOwnProperty.call(SETTINGS, key);
}

/** What a setting is where nobody changed it. */
export function fallback<K extends SettingKey>(key: K): SettingValue<K> {
  return SETTINGS[key].fallback as SettingValue<K>;
}

/** Makes a value of a setting from anything, or says that it is none. Numbers are brought within their bounds. */
export function accept<K extends SettingKey>(key: K, value: unknown): SettingValue<K> | undefined {
  return acceptAs(SETTINGS[key], value) as SettingValue<K> | undefined;
}

function acceptAs(spec: Spec, value: unknown): unknown {
  switch (spec.kind) {
    case "choice":
      return typeof value === "string" && spec.options.includes(value) ? value : undefined;
    case "flag":
      return typeof value === "boolean" ? value : undefined;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
      return Math.min(spec.max, Math.max(spec.min, Math.round(value)));
    case "text":
      return typeof value === "string" && value.length <= spec.maxLength ? value : undefined;
    case "keys":
      return acceptKeys(value);
  }
}

function acceptKeys(value: unknown): KeyOverride[] | undefined {
  if (!Array.isArray(value) || value.length > KEYS_MAX) return undefined;
  const kept: KeyOverride[] = [];
  for (const one of value as unknown[]) {
    if (typeof one !== "object" || one === null) return undefined;
    const { command, key } = one as Record<string, unknown>;
    if (typeof command !== "string" || typeof key !== "string") return undefined;
    if (command.length === 0 || command.length > TEXT_MAX || key.length > TEXT_MAX) return undefined;
    kept.push({ command, key });
  }
  return kept;
}

/** Reads what `written` wrote. What cannot be read, and what names no setting, is left out: it never stops a start. */
export function readSettings(json: string | null | undefined): SettingValues {
  let parsed: unknown;
  try {
    parsed = json ? JSON.parse(json) : {};
  } catch {
    return {};
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return {};
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (!isSettingKey(key)) continue;
    const accepted = accept(key, value);
    if (accepted !== undefined) values[key] = accepted;
  }
  return values as SettingValues;
}

/** The values as JSON, without those that are as the defaults. */
export function written(values: SettingValues): string {
  const kept: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const value = values[key];
    if (value !== undefined && !sameValue(value, fallback(key))) kept[key] = value;
  }
  return JSON.stringify(kept, null, 2);
}

/** Whether two values of a setting are the same. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b);
}
