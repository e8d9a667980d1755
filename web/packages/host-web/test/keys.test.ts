// SPDX-License-Identifier: Apache-2.0
// Keys: how they are read, what they mean, and what the user's own bindings change.

import type { Command } from "@moat/panels/host.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EDITOR_KEYS } from "../src/commands/editor-keys.ts";
import { TABLE } from "../src/commands/table.ts";
import { dispatchKeys } from "../src/keys/dispatch.ts";
import { type KeyPress, parseKeys, showKeys, strokeOf } from "../src/keys/parse.ts";
import { bindingsOf, keysFor, meaningOf } from "../src/keys/resolve.ts";
import { holds } from "../src/keys/when.ts";

const press = (key: string, code: string, modifiers: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code,
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...modifiers,
});

const command = (id: string, keybinding?: string | string[], when?: string): Command => ({
  id,
  title: "common.ok",
  ...(keybinding === undefined ? {} : { keybinding }),
  ...(when === undefined ? {} : { when }),
  run: () => {},
});

describe("keys as text", () => {
  it("reads what the browser says", () => {
    expect(strokeOf(press("P", "KeyP", { ctrlKey: true, shiftKey: true }))).toBe("ctrl+shift+p");
    expect(strokeOf(press("!", "Digit1", { shiftKey: true }))).toBe("shift+1");
    expect(strokeOf(press("з", "KeyP", { ctrlKey: true }))).toBe("ctrl+p");
    expect(strokeOf(press("ArrowUp", "ArrowUp", { altKey: true }))).toBe("alt+up");
    expect(strokeOf(press("Control", "ControlLeft", { ctrlKey: true }))).toBeNull();
  });

  it("reads bindings in any order and spelling", () => {
    expect(parseKeys("Shift+Ctrl+P", false)).toEqual(["ctrl+shift+p"]);
    expect(parseKeys("mod+k mod+s", false)).toEqual(["ctrl+k", "ctrl+s"]);
    expect(parseKeys("mod+k", true)).toEqual(["meta+k"]);
    expect(parseKeys("ctrl+\\", false)).toEqual(["ctrl+\\"]);
    expect(parseKeys("a b c", false)).toBeNull();
    expect(parseKeys("hyper+a", false)).toBeNull();
  });

  it("shows them to people", () => {
    expect(showKeys(["ctrl+k", "ctrl+s"], false)).toBe("Ctrl+K Ctrl+S");
    expect(showKeys(["alt+up"], false)).toBe("Alt+↑");
    expect(showKeys(["shift+meta+p"], true)).toBe("⇧⌘P");
  });

  it("can read every key of the table", () => {
    const all = [
      ...TABLE.flatMap((each) => ("keys" in each ? [each.keys].flat() : [])),
      ...Object.values(EDITOR_KEYS).flat(),
    ];
    expect(all.length).toBeGreaterThan(80);
    for (const keys of all) expect(parseKeys(keys, false), keys).not.toBeNull();
  });
});

describe("conditions", () => {
  const context = (name: string) => ({ a: true, lang: "rust" })[name];
  it.each([
    [undefined, true],
    ["a", true],
    ["!a", false],
    ["a && b", false],
    ["a || b", true],
    ["!(b || !a)", true],
    ["lang == rust", true],
    ["lang == 'go' || lang != 'go' && a", true],
    ["a &&", false],
    ["a ; b", false],
  ])("%s is %s", (when, wanted) => {
    expect(holds(when, context)).toBe(wanted);
  });
});

describe("what keys mean", () => {
  const commands = [
    command("save", "ctrl+s"),
    command("other", "ctrl+s", "special"),
    command("keys", "ctrl+k ctrl+s"),
  ];
  const none = () => undefined;

  it("takes the last binding that fits", () => {
    const all = bindingsOf(commands, []);
    expect(meaningOf(["ctrl+s"], all, none)).toEqual({ kind: "command", command: "save" });
    expect(meaningOf(["ctrl+s"], all, () => true)).toEqual({ kind: "command", command: "other" });
  });

  it("waits for the second key of a pair", () => {
    const all = bindingsOf(commands, []);
    expect(meaningOf(["ctrl+k"], all, none)).toEqual({ kind: "more" });
    expect(meaningOf(["ctrl+k", "ctrl+s"], all, none)).toEqual({
      kind: "command",
      command: "keys",
    });
    expect(meaningOf(["ctrl+k", "x"], all, none)).toEqual({ kind: "nothing" });
  });

  it("lets the user add and take away", () => {
    const all = bindingsOf(commands, [
      { key: "ctrl+alt+s", command: "save" },
      { key: "ctrl+s", command: "-save" },
    ]);
    expect(meaningOf(["ctrl+s"], all, none)).toEqual({ kind: "nothing" });
    expect(meaningOf(["ctrl+alt+s"], all, none)).toEqual({ kind: "command", command: "save" });
    expect(keysFor("save", all)).toEqual(["ctrl+alt+s"]);
  });
});

describe("the dispatcher", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const type = (init: KeyboardEventInit) => {
    const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
    document.body.dispatchEvent(event);
    return event;
  };

  it("runs commands, shows pairs, and leaves other keys alone", () => {
    const run = vi.fn();
    const show = vi.fn();
    const stop = dispatchKeys({
      bindings: () => bindingsOf([command("save", "ctrl+s"), command("keys", "ctrl+k ctrl+s")], []),
      context: () => undefined,
      run,
      show,
    });
    expect(type({ key: "a", code: "KeyA" }).defaultPrevented).toBe(false);
    expect(type({ key: "s", code: "KeyS", ctrlKey: true }).defaultPrevented).toBe(true);
    type({ key: "k", code: "KeyK", ctrlKey: true });
    expect(show).toHaveBeenLastCalledWith({ kind: "wait", keys: "Ctrl+K" });
    type({ key: "s", code: "KeyS", ctrlKey: true });
    expect(run.mock.calls).toEqual([["save"], ["keys"]]);
    type({ key: "k", code: "KeyK", ctrlKey: true });
    type({ key: "x", code: "KeyX" });
    expect(show).toHaveBeenLastCalledWith({ kind: "unknown", keys: "Ctrl+K X" });
    type({ key: "k", code: "KeyK", ctrlKey: true });
    vi.advanceTimersByTime(6000);
    expect(show).toHaveBeenLastCalledWith(null);
    stop();
    type({ key: "s", code: "KeyS", ctrlKey: true });
    expect(run).toHaveBeenCalledTimes(2);
  });
});
