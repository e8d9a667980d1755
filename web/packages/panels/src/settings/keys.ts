// SPDX-License-Identifier: Apache-2.0
// Keys as text for the keybindings editor: what was pressed, how it is shown, and which commands want the same keys.

import type { Command } from "../host.ts";
import type { KeyOverride } from "./schema.ts";

/** What the browser says of a key. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

const MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead"]);

const NAMES: Record<string, string> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  " ": "space",
};

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
};

/** What was pressed, as a binding has it: `ctrl+shift+p`. Null for a modifier alone. */
export function pressed(event: Press): string | null {
  if (MODIFIERS.has(event.key)) return null;
  const key = keyOf(event);
  const modifiers = [
    event.ctrlKey ? "ctrl" : "",
    event.shiftKey ? "shift" : "",
    event.altKey ? "alt" : "",
    event.metaKey ? "meta" : "",
  ].filter((one) => one !== "");
  return [...modifiers, key].join("+");
}

function keyOf({ key, code }: Press): string {
  if (/^[a-z]$/iu.test(key)) return key.toLowerCase();
  if (/^Key[A-Z]$/u.test(code)) return code.slice(3).toLowerCase();
  if (/^Digit\d$/u.test(code)) return code.slice(5);
  return BY_CODE[code] ?? NAMES[key] ?? key.toLowerCase();
}

const ORDER = ["ctrl", "shift", "alt", "meta"];
const SPELLINGS: Record<string, string> = {
  control: "ctrl",
  cmd: "meta",
  command: "meta",
  win: "meta",
  option: "alt",
  esc: "escape",
};

/** A binding in the one spelling, so that two can be compared. */
export function normal(binding: string, mac = false): string {
  return binding
    .trim()
    .toLowerCase()
    .split(/\s+/u)
    .map((stroke) => {
      const parts = stroke.endsWith("++")
        ? [...stroke.slice(0, -2).split("+"), "="]
        : stroke.split("+");
      const key = parts.pop() ?? "";
      const held = parts
        .map((part) => SPELLINGS[part] ?? part)
        .map((part) => (part === "mod" ? (mac ? "meta" : "ctrl") : part));
      return [...ORDER.filter((one) => held.includes(one)), SPELLINGS[key] ?? key].join("+");
    })
    .join(" ");
}

const SHOWN: Record<string, string> = {
  ctrl: "Ctrl",
  shift: "Shift",
  alt: "Alt",
  meta: "Meta",
  escape: "Esc",
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pageup: "PageUp",
  pagedown: "PageDown",
};

/** A binding in parts, as a person reads them: strokes, each of keys. */
export function shown(binding: string): string[][] {
  return normal(binding)
    .split(" ")
    .map((stroke) =>
      stroke
        .split("+")
        .map(
          (part) =>
            SHOWN[part] ??
            (part.length <= 1 || /^f\d+$/u.test(part) ? part.toUpperCase() : capital(part)),
        ),
    );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A command as the keybindings editor shows it. */
export interface BoundCommand {
  command: Command;
  keys: string[];
  /** Whether the user changed its keys. */
  own: boolean;
}

/** The commands with the keys that they have now. */
export function bound(
  commands: readonly Command[],
  overrides: readonly KeyOverride[],
): BoundCommand[] {
  return commands.map((command) => {
    let keys = (command.keybinding === undefined ? [] : [command.keybinding].flat()).map((one) =>
      normal(one),
    );
    let own = false;
    for (const override of overrides) {
      if (override.command === `-${command.id}`) {
        own = true;
        keys = override.key === "" ? [] : keys.filter((one) => one !== normal(override.key));
      } else if (override.command === command.id && override.key !== "") {
        own = true;
        keys = [...keys, normal(override.key)];
      }
    }
    return { command, keys: [...new Set(keys)], own };
  });
}

/** The other commands that the same keys run, where both may count at once. */
export function clashes(all: readonly BoundCommand[], one: BoundCommand): Command[] {
  return all
    .filter((other) => other.command.id !== one.command.id)
    .filter((other) => other.keys.some((keys) => one.keys.includes(keys)))
    .filter((other) => bothCount(other.command.when, one.command.when))
    .map((other) => other.command);
}

/** Whether two conditions may hold at once: they cannot where one says the opposite of the other. */
export function bothCount(first: string | undefined, second: string | undefined): boolean {
  const parts = (text: string | undefined) =>
    (text ?? "")
      .split("&&")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const opposite = (part: string) => (part.startsWith("!") ? part.slice(1) : `!${part}`);
  const mine = new Set(parts(first));
  // What is used in another place, by name, does not meet: an editor and a terminal cannot both have the focus.
  const focus = (set: Iterable<string>) =>
    [...set].filter((part) => /Focus$/u.test(part) && !part.startsWith("!"));
  const [firstFocus, secondFocus] = [focus(mine), focus(parts(second))];
  if (
    firstFocus.length > 0 &&
    secondFocus.length > 0 &&
    !firstFocus.some((part) => secondFocus.includes(part))
  )
    return false;
  return !parts(second).some((part) => mine.has(opposite(part)));
}

/** The overrides with other keys for a command; null takes them away, and `undefined` makes them the built-in ones. */
export function rebound(
  overrides: readonly KeyOverride[],
  command: Command,
  keys: string | null | undefined,
): KeyOverride[] {
  const others = overrides.filter(
    (one) => one.command !== command.id && one.command !== `-${command.id}`,
  );
  if (keys === undefined) return others;
  const taken: KeyOverride = { key: "", command: `-${command.id}` };
  if (keys === null) return [...others, taken];
  const given: KeyOverride = {
    key: normal(keys),
    command: command.id,
    ...(command.when ? { when: command.when } : {}),
  };
  return [...others, taken, given];
}
