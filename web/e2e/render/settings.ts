// SPDX-License-Identifier: Apache-2.0
// Settings as they are at first.

import { SETTINGS, type SettingKey, type SettingValue } from "@moat/panels/settings/schema.ts";

/** What a setting is at first. */
export function fallbackOf<K extends SettingKey>(key: K): SettingValue<K> {
  return SETTINGS[key].default as SettingValue<K>;
}
