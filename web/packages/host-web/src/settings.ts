// SPDX-License-Identifier: Apache-2.0
// The user's settings and this workspace's layout, both kept by the server as JSON.

import type { Client, Setup } from "@moat/proto";
import type { Memory, Settings } from "@moat/panels/host.ts";
import {
  SETTINGS,
  type SettingKey,
  type SettingSpec,
  type SettingValue,
} from "@moat/panels/schema.ts";
import { createStore, reconcile } from "solid-js/store";

const PAUSE_MS = 400;

/** A value that is kept a little after it last changed. */
class Kept {
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #send: () => Promise<unknown>;

  constructor(send: () => Promise<unknown>) {
    this.#send = send;
  }

  changed(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE_MS);
  }

  flush(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#send().catch(() => undefined);
  }
}

function parsed(text: string | null | undefined): Record<string, unknown> {
  try {
    const value: unknown = text ? JSON.parse(text) : null;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

/** Whether a stored value is one that the setting may have. */
export function allowed(spec: SettingSpec, value: unknown): boolean {
  if (spec.type === "boolean") return typeof value === "boolean";
  if (spec.type === "number")
    return typeof value === "number" && value >= spec.min && value <= spec.max;
  if (spec.type === "string") return typeof value === "string";
  if (spec.type === "choice") return spec.choices.some((each) => each.value === value);
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each?.key === "string" && typeof each?.command === "string")
  );
}

/** The settings, with what only the host needs. */
export interface SettingsStore extends Settings {
  /** Takes what the server has. */
  load(setup: Pick<Setup, "settings">): void;
  flush(): void;
}

/** Makes the settings. */
export function createSettings(client: Pick<Client, "ask">): SettingsStore {
  const [values, setValues] = createStore<Record<string, unknown>>({});
  const kept = new Kept(() =>
    client.ask({ service: "desk", query: "keep_settings", settings: JSON.stringify(values) }),
  );
  return {
    load: (setup) => setValues(reconcile(parsed(setup.settings))),
    get<K extends SettingKey>(key: K) {
      const value = values[key];
      return (allowed(SETTINGS[key], value) ? value : SETTINGS[key].default) as SettingValue<K>;
    },
    set(key, value) {
      setValues(key, value as unknown);
      kept.changed();
    },
    changed: (key) => values[key] !== undefined && allowed(SETTINGS[key], values[key]),
    reset(key) {
      setValues(key, undefined);
      kept.changed();
    },
    flush: () => kept.flush(),
  };
}

/** The layout and other state of this workspace. */
export interface MemoryStore extends Memory {
  load(setup: Pick<Setup, "layout">): void;
  flush(): void;
}

/** Makes the memory. */
export function createMemory(client: Pick<Client, "ask">): MemoryStore {
  let values: Record<string, unknown> = {};
  const kept = new Kept(() =>
    client.ask({ service: "desk", query: "keep_layout", layout: JSON.stringify(values) }),
  );
  return {
    load(setup) {
      values = parsed(setup.layout);
    },
    get: <T>(key: string, otherwise: T) => (values[key] as T | undefined) ?? otherwise,
    set(key, value) {
      if (values[key] === value) return;
      values[key] = value;
      kept.changed();
    },
    flush: () => kept.flush(),
  };
}
