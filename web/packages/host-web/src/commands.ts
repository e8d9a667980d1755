// SPDX-License-Identifier: Apache-2.0
// The table of all commands, their keys, and the names that conditions ask for.

import type { Command, Commands } from "@moat/panels/host.ts";
import type { KeyOverride } from "@moat/panels/schema.ts";
import { type Accessor, createMemo, createSignal } from "solid-js";
import { showKeys } from "./keys/parse.ts";
import { type Binding, bindingsOf, keysFor } from "./keys/resolve.ts";
import type { Context } from "./keys/when.ts";

/** The table of commands, with what only the host itself needs. */
export interface CommandTable extends Commands {
  bindings: Accessor<Binding[]>;
  contextOf: Context;
  /** The commands that were run last from the palette, the newest first. */
  used: Accessor<string[]>;
  markUsed(id: string): void;
}

const USED_MOST = 20;

/** Makes the table. `failed` hears what a command could not do; `otherwise` knows the names that nobody set. */
export function createCommands(
  overrides: Accessor<readonly KeyOverride[]>,
  failed: (command: Command, error: unknown) => void,
  otherwise: Context = () => undefined,
): CommandTable {
  const [commands, setCommands] = createSignal<ReadonlyMap<string, Command>>(new Map());
  const [used, setUsed] = createSignal<string[]>([]);
  const contexts = new Map<string, boolean | string>();
  const list = createMemo(() => [...commands().values()]);
  const bindings = createMemo(() => bindingsOf(list(), overrides()));
  return {
    register(command) {
      setCommands((before) => new Map(before).set(command.id, command));
      return () =>
        setCommands((before) => {
          if (before.get(command.id) !== command) return before;
          const after = new Map(before);
          after.delete(command.id);
          return after;
        });
    },
    async run(id, args) {
      const command = commands().get(id);
      if (!command) return;
      try {
        await command.run(args);
      } catch (error) {
        failed(command, error);
      }
    },
    list,
    keysOf(id) {
      const keys = keysFor(id, bindings());
      return keys && showKeys(keys);
    },
    context(name, value) {
      if (value === null || value === false) contexts.delete(name);
      else contexts.set(name, value);
    },
    bindings,
    contextOf: (name) => contexts.get(name) ?? otherwise(name),
    used,
    markUsed: (id) =>
      setUsed((before) => [id, ...before.filter((each) => each !== id)].slice(0, USED_MOST)),
  };
}
