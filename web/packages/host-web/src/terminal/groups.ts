// SPDX-License-Identifier: Apache-2.0
// How terminals stand beside each other: each tab is a group of one or more, the last of them may be split again. Pure, so
// that what survives a reload can be tested.

/** Where the terminals stand; this is what is kept over a reload. */
export interface Arrangement {
  groups: number[][];
  /** The terminal that has, or last had, the focus. */
  active: number | null;
  /** Names that the user gave. */
  names: Record<string, string>;
}

export const NO_TERMINALS: Arrangement = { groups: [], active: null, names: {} };

/** The arrangement with a new terminal: in a tab of its own, or beside another. */
export function opened(was: Arrangement, terminal: number, beside: number | null): Arrangement {
  const at = beside === null ? -1 : was.groups.findIndex((group) => group.includes(beside));
  if (at < 0) return { ...was, groups: [...was.groups, [terminal]], active: terminal };
  const groups = was.groups.map((group, index) => {
    if (index !== at) return group;
    const place = group.indexOf(beside ?? terminal) + 1;
    return [...group.slice(0, place), terminal, ...group.slice(place)];
  });
  return { ...was, groups, active: terminal };
}

/** The arrangement without a terminal. Its neighbour gets the focus. */
export function closed(was: Arrangement, terminal: number): Arrangement {
  const order = was.groups.flat();
  const at = order.indexOf(terminal);
  if (at < 0) return was;
  const groupAt = was.groups.findIndex((group) => group.includes(terminal));
  const groups = was.groups
    .map((group) => group.filter((one) => one !== terminal))
    .filter((group) => group.length > 0);
  const sibling = was.groups[groupAt]?.find((one) => one !== terminal);
  const next = sibling ?? order[at + 1] ?? order[at - 1] ?? null;
  const names = Object.fromEntries(
    Object.entries(was.names).filter(([number]) => number !== String(terminal)),
  );
  return { groups, names, active: was.active === terminal ? next : was.active };
}

/** The arrangement that was kept, made to fit the terminals that there are. */
export function reconciled(kept: Arrangement, present: readonly number[]): Arrangement {
  const there = new Set(present);
  const seen = new Set<number>();
  const groups = kept.groups
    .map((group) => group.filter((one) => there.has(one) && !seen.has(one) && seen.add(one)))
    .filter((group) => group.length > 0);
  for (const one of present) if (!seen.has(one)) groups.push([one]);
  const names = Object.fromEntries(
    Object.entries(kept.names).filter(([number]) => there.has(Number(number))),
  );
  const active =
    kept.active !== null && there.has(kept.active) ? kept.active : (groups[0]?.[0] ?? null);
  return { groups, names, active };
}

/** What a browser kept, if it can be read as an arrangement. */
export function readArrangement(value: unknown): Arrangement {
  if (typeof value !== "object" || value === null) return NO_TERMINALS;
  const { groups, active, names } = value as Record<string, unknown>;
  const isNumber = (one: unknown): one is number =>
    typeof one === "number" && Number.isInteger(one);
  return {
    groups: Array.isArray(groups)
      ? groups
          .filter((group): group is unknown[] => Array.isArray(group))
          .map((group) => group.filter(isNumber))
      : [],
    active: isNumber(active) ? active : null,
    names:
      typeof names === "object" && names !== null
        ? Object.fromEntries(
            Object.entries(names).filter(
              (pair): pair is [string, string] => typeof pair[1] === "string",
            ),
          )
        : {},
  };
}

/** The terminal after (1) or before (-1) the active one: over all tabs, or in its own tab alone. */
export function neighbour(was: Arrangement, step: 1 | -1, within: boolean): number | null {
  const group = was.groups.find((one) => was.active !== null && one.includes(was.active)) ?? [];
  if (within) {
    const at = group.indexOf(was.active ?? -1);
    return group[(at + step + group.length) % Math.max(1, group.length)] ?? null;
  }
  const at = was.groups.indexOf(group);
  const next = was.groups[(at + step + was.groups.length) % Math.max(1, was.groups.length)];
  return next?.[0] ?? null;
}
