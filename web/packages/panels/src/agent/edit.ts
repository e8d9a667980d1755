// SPDX-License-Identifier: Apache-2.0
// How a view is changed: where a new item goes, which item is meant, and what a turn's end closes.
// A piece of `store.ts`, without any knowledge of single events but their shapes.

import type { Event, RunStatus } from "@moat/proto";

import { ITEMS_MAX } from "./limits.ts";
import {
  lastTurn,
  type CommandItem,
  type Group,
  type Item,
  type SessionView,
  type Turn,
} from "./view.ts";

export type Of<Name extends Event["event"]> = Extract<Event, { event: Name }>;

export type Asked = Extract<Item, { kind: "approval" }>;
export type AskedCheck = Extract<Item, { kind: "check" }>;

export function isOpen(item: Asked | AskedCheck): boolean {
  return item.kind === "approval"
    ? item.answer === null && !item.closed
    : !item.answered && !item.closed;
}

/** Closes what can get no answer or end any more. */
export function closeOpen(view: SessionView): void {
  const group = view.groups.findLast((it) => !it.left);
  const stopped: RunStatus = { status: "interrupted" };
  for (const item of group?.items ?? []) {
    if ((item.kind === "approval" || item.kind === "check") && isOpen(item)) item.closed = true;
    if (item.kind === "command" && item.status === null) item.status = stopped;
    if (item.kind === "model" && item.durationMs === null) item.cut = true;
  }
}

/**
 * Adds an item. Its key names its kind and its number among those: a session that is told again
 * may tell less of it, and one item must never become another of another kind under its component.
 */
export function add(view: SessionView, make: (key: string) => Item): void {
  let group = view.groups.findLast((it) => !it.left);
  if (!group) {
    view.groups.push({
      key: `g${view.groups.length}`,
      turn: null,
      items: [],
      counts: {},
      left: false,
    });
    group = view.groups[view.groups.length - 1] as Group;
  }
  const item = make("");
  const count = (group.counts[item.kind] ?? 0) + 1;
  group.counts[item.kind] = count;
  item.key = `${group.key}.${item.kind}${count}`;
  const at = group.items.length;
  if (at >= ITEMS_MAX) group.items.splice(0, at - ITEMS_MAX + 1);
  group.items.push(item);
}

export function onTurn(view: SessionView, change: (turn: Turn) => void): void {
  const turn = lastTurn(view);
  if (turn) change(turn);
}

export function onCommand(
  view: SessionView,
  command: number,
  change: (item: CommandItem) => void,
): void {
  const item = find(
    view,
    (it): it is CommandItem => it.kind === "command" && it.command === command,
  );
  if (item) change(item);
}

/** The last item that is meant; of numbers that were given twice the later one counts. */
export function find<T extends Item>(
  view: SessionView,
  is: (item: Item) => item is T,
): T | undefined {
  for (let at = view.groups.length - 1; at >= 0; at--) {
    const items = view.groups[at]?.items ?? [];
    for (let index = items.length - 1; index >= 0; index--) {
      const item = items[index];
      if (item && is(item)) return item;
    }
  }
  return undefined;
}
