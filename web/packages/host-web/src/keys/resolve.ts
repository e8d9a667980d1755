// SPDX-License-Identifier: Apache-2.0
// Which command keys mean: the built-in bindings, then the user's, of which the last that
// fits wins.

import type { Command } from "@moat/panels/host.ts";
import type { KeyOverride } from "@moat/panels/schema.ts";
import { parseKeys, type Stroke } from "./parse.ts";
import { type Context, holds } from "./when.ts";

/** One binding. */
export interface Binding {
  keys: Stroke[];
  command: string;
  when?: string;
  /** Whether the user made it. */
  own: boolean;
}

/** What keys mean. */
export type Meaning = { kind: "command"; command: string } | { kind: "more" } | { kind: "nothing" };

/** All bindings: the commands' own, changed by what the user says. */
export function bindingsOf(
  commands: readonly Command[],
  overrides: readonly KeyOverride[],
): Binding[] {
  let out: Binding[] = [];
  for (const command of commands) {
    const all = command.keybinding === undefined ? [] : [command.keybinding].flat();
    for (const text of all) {
      const keys = parseKeys(text);
      if (keys) out.push({ keys, command: command.id, when: command.when, own: false });
    }
  }
  for (const override of overrides) {
    const keys = parseKeys(override.key);
    if (override.command.startsWith("-")) {
      const from = override.command.slice(1);
      out = out.filter(
        (each) =>
          each.command !== from || (keys !== null && each.keys.join(" ") !== keys.join(" ")),
      );
    } else if (keys) {
      out.push({ keys, command: override.command, when: override.when, own: true });
    }
  }
  return out;
}

/** What the strokes so far mean. */
export function meaningOf(
  strokes: readonly Stroke[],
  bindings: readonly Binding[],
  context: Context,
): Meaning {
  let more = false;
  for (let place = bindings.length - 1; place >= 0; place--) {
    const binding = bindings[place];
    if (!binding || binding.keys.length < strokes.length) continue;
    if (!strokes.every((stroke, index) => binding.keys[index] === stroke)) continue;
    if (!holds(binding.when, context)) continue;
    if (binding.keys.length === strokes.length)
      return { kind: "command", command: binding.command };
    more = true;
  }
  return more ? { kind: "more" } : { kind: "nothing" };
}

/** The keys to show for a command: the user's before the built-in ones. */
export function keysFor(command: string, bindings: readonly Binding[]): Stroke[] | null {
  const all = bindings.filter((each) => each.command === command);
  return (all.findLast((each) => each.own) ?? all[0])?.keys ?? null;
}
