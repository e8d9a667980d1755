// SPDX-License-Identifier: Apache-2.0
// Every setting: its name, what it may be, what it is at first, and the words for people. The settings view is made from
// this table, and `accept.ts` decides by it what becomes a value. A name is never used again for something else.

import type { MessageKey } from "../i18n.ts";

/** What a setting may be. */
export type SettingSpec = { group: SettingGroup; title: MessageKey; detail?: MessageKey } & (
  | { type: "boolean"; default: boolean }
  | { type: "number"; default: number; min: number; max: number; step?: number; unit?: SettingUnit }
  | { type: "string"; default: string }
  | { type: "choice"; default: string; choices: { value: string; title: MessageKey }[] }
  | { type: "keys"; default: KeyOverride[] }
);

/** What a number counts. */
export type SettingUnit = "px" | "ms" | "minutes" | "lines" | "files";

/** Which part of the settings view it stands in. */
export type SettingGroup =
  | "workbench"
  | "editor"
  | "files"
  | "terminal"
  | "search"
  | "completion"
  | "agent"
  | "keys";

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
  { group: "completion", title: "settings.group.completion" },
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
    unit: "px",
    title: "setting.fontSize",
  },
  "editor.fontFamily": {
    group: "editor",
    type: "string",
    default: "",
    title: "setting.fontFamily",
    detail: "setting.fontFamily.detail",
  },
  "editor.lineHeight": {
    group: "editor",
    type: "number",
    default: 0,
    min: 0,
    max: 60,
    step: 1,
    unit: "px",
    title: "setting.lineHeight",
    detail: "setting.lineHeight.detail",
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
  "editor.insertSpaces": {
    group: "editor",
    type: "boolean",
    default: true,
    title: "setting.insertSpaces",
    detail: "setting.insertSpaces.detail",
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
  "editor.blame": {
    group: "editor",
    type: "boolean",
    default: false,
    title: "setting.blame",
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
  "diff.sideBySide": {
    group: "editor",
    type: "boolean",
    default: true,
    title: "setting.sideBySide",
    detail: "setting.sideBySide.detail",
  },
  "completion.enabled": {
    group: "completion",
    type: "boolean",
    default: true,
    title: "setting.completion",
    detail: "setting.completion.detail",
  },
  "completion.model": {
    group: "completion",
    type: "string",
    default: "",
    title: "setting.completionModel",
    detail: "setting.completionModel.detail",
  },
  "completion.languagesOff": {
    group: "completion",
    type: "string",
    default: "plaintext",
    title: "setting.completionOff",
    detail: "setting.completionOff.detail",
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
  "files.autoSaveDelay": {
    group: "files",
    type: "number",
    default: 1000,
    min: 100,
    max: 60000,
    step: 100,
    unit: "ms",
    title: "setting.autoSaveDelay",
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
  "search.smartCase": {
    group: "search",
    type: "boolean",
    default: false,
    title: "setting.smartCase",
    detail: "setting.smartCase.detail",
  },
  "terminal.fontSize": {
    group: "terminal",
    type: "number",
    default: 13,
    min: 8,
    max: 40,
    unit: "px",
    title: "setting.terminalFontSize",
  },
  "terminal.fontFamily": {
    group: "terminal",
    type: "string",
    default: "",
    title: "setting.terminalFontFamily",
    detail: "setting.fontFamily.detail",
  },
  "terminal.scrollback": {
    group: "terminal",
    type: "number",
    default: 5000,
    min: 100,
    max: 100000,
    unit: "lines",
    title: "setting.scrollback",
  },
  "terminal.cursorStyle": {
    group: "terminal",
    type: "choice",
    default: "block",
    choices: [
      { value: "block", title: "setting.cursorStyle.block" },
      { value: "bar", title: "setting.cursorStyle.bar" },
      { value: "underline", title: "setting.cursorStyle.underline" },
    ],
    title: "setting.cursorStyle",
  },
  "terminal.cursorBlink": {
    group: "terminal",
    type: "boolean",
    default: false,
    title: "setting.cursorBlink",
  },
  "terminal.copyOnSelection": {
    group: "terminal",
    type: "boolean",
    default: false,
    title: "setting.copyOnSelection",
  },
  "terminal.confirmMultilinePaste": {
    group: "terminal",
    type: "boolean",
    default: true,
    title: "setting.confirmMultilinePaste",
    detail: "setting.confirmMultilinePaste.detail",
  },
  "terminal.screenReader": {
    group: "terminal",
    type: "boolean",
    default: false,
    title: "setting.screenReader",
    detail: "setting.screenReader.detail",
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
    unit: "minutes",
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

type Widen<T> = T extends boolean
  ? boolean
  : T extends number
    ? number
    : T extends string
      ? string
      : T;

/** What a setting may be. */
export type SettingValue<K extends SettingKey> = Widen<(typeof specs)[K]["default"]>;

/** Every setting. */
export const SETTINGS: Record<SettingKey, SettingSpec> = specs;
