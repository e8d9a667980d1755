// SPDX-License-Identifier: Apache-2.0
// Every setting: its name, what it may be, what it is at first, and the words for people.
// The settings view is made from this table.

import type { MessageKey } from "./i18n.ts";

/** What a setting may be. */
export type SettingSpec = { group: SettingGroup; title: MessageKey; detail?: MessageKey } & (
  | { type: "boolean"; default: boolean }
  | { type: "number"; default: number; min: number; max: number }
  | { type: "string"; default: string }
  | { type: "choice"; default: string; choices: { value: string; title: MessageKey }[] }
  | { type: "keys"; default: KeyOverride[] }
);

/** Which part of the settings view it stands in. */
export type SettingGroup = "workbench" | "editor" | "files" | "terminal" | "search" | "agent" | "keys";

/** A key that the user gave a command, or took from one: `command` with `-` before it. */
export interface KeyOverride {
  key: string;
  command: string;
  when?: string;
}

/** The groups in the order in which they are shown. */
export const GROUPS: { group: SettingGroup; title: MessageKey }[] = [
  { group: "workbench", title: "settings.group.workbench" },
  { group: "editor", title: "settings.group.editor" },
  { group: "files", title: "settings.group.files" },
  { group: "search", title: "settings.group.search" },
  { group: "terminal", title: "settings.group.terminal" },
  { group: "agent", title: "settings.group.agent" },
  { group: "keys", title: "settings.group.keys" },
];

const specs = {
  "workbench.theme": {
    group: "workbench",
    type: "choice",
    default: "system",
    title: "setting.theme",
    choices: [
      { value: "system", title: "setting.theme.system" },
      { value: "dark", title: "setting.theme.dark" },
      { value: "light", title: "setting.theme.light" },
      { value: "contrast", title: "setting.theme.contrast" },
    ],
  },
  "workbench.language": {
    group: "workbench",
    type: "choice",
    default: "system",
    title: "setting.language",
    choices: [
      { value: "system", title: "setting.language.system" },
      { value: "en", title: "setting.language.en" },
      { value: "zh", title: "setting.language.zh" },
    ],
  },
  "editor.fontSize": {
    group: "editor",
    type: "number",
    default: 13,
    min: 8,
    max: 40,
    title: "setting.fontSize",
  },
  "editor.fontFamily": {
    group: "editor",
    type: "string",
    default: "",
    title: "setting.fontFamily",
    detail: "setting.fontFamily.detail",
  },
  "editor.tabSize": {
    group: "editor",
    type: "number",
    default: 4,
    min: 1,
    max: 16,
    title: "setting.tabSize",
    detail: "setting.tabSize.detail",
  },
  "editor.wordWrap": {
    group: "editor",
    type: "boolean",
    default: false,
    title: "setting.wordWrap",
  },
  "editor.minimap": {
    group: "editor",
    type: "boolean",
    default: true,
    title: "setting.minimap",
  },
  "editor.lineNumbers": {
    group: "editor",
    type: "choice",
    default: "on",
    title: "setting.lineNumbers",
    choices: [
      { value: "on", title: "setting.lineNumbers.on" },
      { value: "relative", title: "setting.lineNumbers.relative" },
      { value: "off", title: "setting.lineNumbers.off" },
    ],
  },
  "editor.renderWhitespace": {
    group: "editor",
    type: "boolean",
    default: false,
    title: "setting.renderWhitespace",
  },
  "editor.stickyScroll": {
    group: "editor",
    type: "boolean",
    default: true,
    title: "setting.stickyScroll",
  },
  "editor.inlineCompletion": {
    group: "editor",
    type: "boolean",
    default: true,
    title: "setting.inlineCompletion",
    detail: "setting.inlineCompletion.detail",
  },
  "diff.sideBySide": {
    group: "editor",
    type: "boolean",
    default: true,
    title: "setting.sideBySide",
    detail: "setting.sideBySide.detail",
  },
  "files.autoSave": {
    group: "files",
    type: "choice",
    default: "off",
    title: "setting.autoSave",
    detail: "setting.autoSave.detail",
    choices: [
      { value: "off", title: "setting.autoSave.off" },
      { value: "delay", title: "setting.autoSave.delay" },
      { value: "focus", title: "setting.autoSave.focus" },
    ],
  },
  "files.trimTrailingWhitespace": {
    group: "files",
    type: "boolean",
    default: false,
    title: "setting.trimTrailingWhitespace",
  },
  "files.insertFinalNewline": {
    group: "files",
    type: "boolean",
    default: false,
    title: "setting.insertFinalNewline",
  },
  "files.confirmDelete": {
    group: "files",
    type: "boolean",
    default: false,
    title: "setting.confirmDelete",
    detail: "setting.confirmDelete.detail",
  },
  "search.exclude": {
    group: "search",
    type: "string",
    default: "",
    title: "setting.searchExclude",
    detail: "setting.searchExclude.detail",
  },
  "terminal.fontSize": {
    group: "terminal",
    type: "number",
    default: 13,
    min: 8,
    max: 40,
    title: "setting.terminalFontSize",
  },
  "terminal.scrollback": {
    group: "terminal",
    type: "number",
    default: 5000,
    min: 100,
    max: 100000,
    title: "setting.scrollback",
  },
  "terminal.cursorBlink": {
    group: "terminal",
    type: "boolean",
    default: false,
    title: "setting.cursorBlink",
  },
  "agent.model": {
    group: "agent",
    type: "string",
    default: "",
    title: "setting.model",
    detail: "setting.model.detail",
  },
  "agent.timeLimitMinutes": {
    group: "agent",
    type: "number",
    default: 10,
    min: 1,
    max: 240,
    title: "setting.timeLimit",
    detail: "setting.timeLimit.detail",
  },
  keybindings: {
    group: "keys",
    type: "keys",
    default: [] as KeyOverride[],
    title: "setting.keybindings",
    detail: "setting.keybindings.detail",
  },
} satisfies Record<string, SettingSpec>;

/** The name of a setting. */
export type SettingKey = keyof typeof specs;

type Widen<T> = T extends boolean ? boolean : T extends number ? number : T extends string ? string : T;

/** What a setting may be. */
export type SettingValue<K extends SettingKey> = Widen<(typeof specs)[K]["default"]>;

/** Every setting. */
export const SETTINGS: Record<SettingKey, SettingSpec> = specs;
