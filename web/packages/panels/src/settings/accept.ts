// SPDX-License-Identifier: Apache-2.0
// What becomes the value of a setting. Whatever a person types and whatever a file holds passes here, so that nobody else
// has to check a value; what cannot be read never stops a start.

import {
  SETTINGS,
  type KeyOverride,
  type SettingKey,
  type SettingSpec,
  type SettingValue,
} from "./schema.ts";

const TEXT_MAX = 1000;
const KEYS_MAX = 500;

/** Values that differ from the defaults. */
export type SettingValues = { [K in SettingKey]?: SettingValue<K> };

/** All settings, in the table's order. */
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

/** Whether a text names a setting. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

/** Makes a value of a setting from anything, or says that it is none. Numbers are brought within their bounds. */
export function accept<K extends SettingKey>(key: K, value: unknown): SettingValue<K> | undefined {
  return acceptAs(SETTINGS[key], value) as SettingValue<K> | undefined;
}

function acceptAs(spec: SettingSpec, value: unknown): unknown {
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
      return Math.min(spec.max, Math.max(spec.min, Math.round(value)));
    case "string":
      return typeof value === "string" && value.length <= TEXT_MAX ? value : undefined;
    case "choice":
      return spec.choices.some((choice) => choice.value === value) ? value : undefined;
    case "keys":
      return acceptKeys(value);
  }
}

function acceptKeys(value: unknown): KeyOverride[] | undefined {
  if (!Array.isArray(value) || value.length > KEYS_MAX) return undefined;
  const kept: KeyOverride[] = [];
  for (const one of value as unknown[]) {
    if (typeof one !== "object" || one === null) return undefined;
    const { key, command, when } = one as Record<string, unknown>;
    if (typeof command !== "string" || typeof key !== "string" || command === "") return undefined;
    if (command.length > TEXT_MAX || key.length > TEXT_MAX) return undefined;
    kept.push({
      key,
      command,
      ...(typeof when === "string" && when.length <= TEXT_MAX ? { when } : {}),
    });
  }
  return kept;
}

/** Reads what `writeSettings` wrote. What cannot be read, and what names no setting, is left out. */
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
export function writeSettings(values: SettingValues): string {
  const kept: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const value = values[key];
    if (value !== undefined && !sameValue(value, SETTINGS[key].default)) kept[key] = value;
  }
  return JSON.stringify(kept, null, 2);
}

/** Whether two values of a setting are the same. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b);
}
