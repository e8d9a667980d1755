// SPDX-License-Identifier: Apache-2.0
// The table of settings, what becomes a value, and the keybindings editor's reckoning.

import { describe, expect, it } from "vitest";
import type { Command } from "@moat/panels/host.ts";
import { en } from "@moat/panels/locales/en.ts";
import { zh } from "@moat/panels/locales/zh.ts";
import {
  accept,
  isSettingKey,
  readSettings,
  SETTING_KEYS,
  writeSettings,
} from "@moat/panels/settings/accept.ts";
import {
  bothCount,
  bound,
  clashes,
  normal,
  pressed,
  rebound,
  shown,
} from "@moat/panels/settings/keys.ts";
import { GROUPS, SETTINGS, type SettingSpec } from "@moat/panels/settings/schema.ts";

describe("the table", () => {
  it("has a default that is accepted, words in both languages and a group for each setting", () => {
    expect(SETTING_KEYS.length).toBeGreaterThan(25);
    for (const key of SETTING_KEYS) {
      const spec: SettingSpec = SETTINGS[key];
      expect(accept(key, spec.default), key).toEqual(spec.default);
      expect(en[spec.title], key).toBeTruthy();
      expect(zh[spec.title], key).toBeTruthy();
      expect(
        GROUPS.some((group) => group.group === spec.group),
        key,
      ).toBe(true);
    }
  });
});

describe("values", () => {
  it("are accepted only of the right kind, and numbers within their bounds", () => {
    expect(accept("editor.fontSize", 1000)).toBe(40);
    expect(accept("editor.fontSize", 12.6)).toBe(13);
    expect(accept("editor.fontSize", "12")).toBeUndefined();
    expect(accept("editor.fontSize", Number.NaN)).toBeUndefined();
    expect(accept("workbench.theme", "pink")).toBeUndefined();
    expect(accept("editor.minimap", 1)).toBeUndefined();
    expect(accept("agent.model", "x".repeat(5000))).toBeUndefined();
    expect(accept("keybindings", [{ key: "a", command: "b", evil: 1 }])).toEqual([
      { key: "a", command: "b" },
    ]);
    expect(accept("keybindings", [{ key: "a" }])).toBeUndefined();
  });

  it("survive being kept, without those that are as the defaults", () => {
    const json = writeSettings({ "editor.fontSize": 15, "editor.minimap": true, keybindings: [] });
    expect(JSON.parse(json)).toEqual({ "editor.fontSize": 15 });
    expect(readSettings(json)).toEqual({ "editor.fontSize": 15 });
  });

  it("are read from anything without an error", () => {
    for (const bad of [
      "",
      "null",
      "[]",
      "{",
      "1",
      '{"a":1}',
      '{"__proto__":{"editor.fontSize":9}}',
      '{"editor.fontSize":"x"}',
      null,
      undefined,
    ]) {
      expect(readSettings(bad)).toEqual({});
    }
    expect(isSettingKey("toString")).toBe(false);
  });
});

const press = (
  key: string,
  code: string,
  held: Partial<Record<"ctrlKey" | "shiftKey" | "altKey" | "metaKey", boolean>> = {},
) =>
  pressed({ key, code, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...held });

const command = (id: string, keybinding?: string | string[], when?: string): Command => ({
  id,
  title: "common.ok",
  ...(keybinding === undefined ? {} : { keybinding }),
  ...(when === undefined ? {} : { when }),
  run: () => undefined,
});

describe("keys", () => {
  it("are taken down in one spelling", () => {
    expect(press("P", "KeyP", { ctrlKey: true, shiftKey: true })).toBe("ctrl+shift+p");
    expect(press("з", "KeyP", { ctrlKey: true })).toBe("ctrl+p");
    expect(press("Shift", "ShiftLeft", { shiftKey: true })).toBeNull();
    expect(press("ArrowUp", "ArrowUp", { altKey: true })).toBe("alt+up");
    expect(normal("Shift+Cmd+K  mod+S")).toBe("shift+meta+k ctrl+s");
    expect(shown("ctrl+k ctrl+up")).toEqual([
      ["Ctrl", "K"],
      ["Ctrl", "↑"],
    ]);
  });

  it("of a command are its own, changed by the user", () => {
    const all = [command("a", "mod+a"), command("b", ["f1", "f2"])];
    expect(bound(all, []).map((one) => one.keys)).toEqual([["ctrl+a"], ["f1", "f2"]]);
    const [a, b] = bound(all, [
      { key: "", command: "-a" },
      { key: "f9", command: "a" },
      { key: "f1", command: "-b" },
    ]);
    expect(a).toMatchObject({ keys: ["f9"], own: true });
    expect(b).toMatchObject({ keys: ["f2"], own: true });
  });

  it("are set, taken away and set back", () => {
    const one = command("a", "f1", "editorFocus");
    const set = rebound([{ key: "f5", command: "other" }], one, "Ctrl+J");
    expect(set).toEqual([
      { key: "f5", command: "other" },
      { key: "", command: "-a" },
      { key: "ctrl+j", command: "a", when: "editorFocus" },
    ]);
    expect(rebound(set, one, null)).toEqual([
      { key: "f5", command: "other" },
      { key: "", command: "-a" },
    ]);
    expect(rebound(set, one, undefined)).toEqual([{ key: "f5", command: "other" }]);
  });

  it("clash only where both may count", () => {
    const all = bound(
      [
        command("a", "f1"),
        command("b", "f1"),
        command("c", "f1", "terminalFocus"),
        command("d", "f1", "editorFocus"),
      ],
      [],
    );
    const of = (id: string) =>
      all
        .filter((one) => one.command.id === id)
        .flatMap((one) => clashes(all, one))
        .map((one) => one.id);
    expect(of("a")).toEqual(["b", "c", "d"]);
    expect(of("c")).toEqual(["a", "b"]);
    expect(bothCount("x && y", "!y")).toBe(false);
  });
});
