// SPDX-License-Identifier: Apache-2.0
// What source control shows, made of the repository's status: the groups, and what stands in a row.

import type { GitChange, GitStatus, GitWhat } from "@moat/proto";
import type { MessageKey } from "../i18n.ts";

/** A group of changes. */
export type GroupName = "conflicts" | "staged" | "changes" | "untracked";

/** A change as it stands in a group: a path may stand in two. */
export interface Entry {
  path: string;
  from: string | null;
  what: GitWhat;
  group: GroupName;
}

/** A group with what is in it. */
export interface Group {
  name: GroupName;
  entries: Entry[];
}

/** A row of the list. */
export type Row =
  | { kind: "group"; key: string; group: Group; open: boolean }
  | { kind: "entry"; key: string; entry: Entry };

const ORDER: readonly GroupName[] = ["conflicts", "staged", "changes", "untracked"];

/** The groups that have something in them, in the order in which they are shown. */
export function groups(status: Pick<GitStatus, "changes"> | null): Group[] {
  const found = new Map<GroupName, Entry[]>(ORDER.map((name) => [name, []]));
  for (const change of status?.changes ?? []) {
    for (const entry of entriesOf(change)) found.get(entry.group)?.push(entry);
  }
  return ORDER.map((name) => ({ name, entries: (found.get(name) ?? []).sort(byPath) })).filter(
    (group) => group.entries.length > 0,
  );
}

function entriesOf(change: GitChange): Entry[] {
  const { path, from = null } = change;
  if (change.staged === "conflict" || change.unstaged === "conflict") {
    return [{ path, from, what: "conflict", group: "conflicts" }];
  }
  const entries: Entry[] = [];
  if (change.staged) entries.push({ path, from, what: change.staged, group: "staged" });
  if (change.unstaged === "untracked")
    entries.push({ path, from: null, what: "untracked", group: "untracked" });
  else if (change.unstaged) {
    entries.push({
      path,
      from: change.staged ? null : from,
      what: change.unstaged,
      group: "changes",
    });
  }
  return entries;
}

function byPath(a: Entry, b: Entry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** The rows of the groups; what is in a closed group is left out. */
export function rows(list: readonly Group[], closed: ReadonlySet<GroupName>): Row[] {
  return list.flatMap((group): Row[] => {
    const open = !closed.has(group.name);
    const head: Row = { kind: "group", key: group.name, group, open };
    if (!open) return [head];
    return [
      head,
      ...group.entries.map(
        (entry): Row => ({ kind: "entry", key: `${group.name}/${entry.path}`, entry }),
      ),
    ];
  });
}

/** How many paths differ. */
export function changeCount(status: Pick<GitStatus, "changes"> | null): number {
  return status?.changes.length ?? 0;
}

const LETTERS: Record<GitWhat, string> = {
  added: "A",
  untracked: "U",
  modified: "M",
  deleted: "D",
  renamed: "R",
  type: "T",
  conflict: "!",
};

/** The letter that stands at the end of a row. */
export function letterOf(what: GitWhat): string {
  return LETTERS[what];
}

/** The words for a letter. */
export function wordOf(what: GitWhat): MessageKey {
  return `scm.what.${what}`;
}

/** What a diff of an entry compares: which content is the original, and whether the file itself is the other side. */
export interface Sides {
  /** Whether the original is the last commit's; otherwise it is the index's. */
  committed: boolean;
  original: boolean;
  /** The other side: the index's content, the file, or nothing where it is gone. */
  modified: "index" | "file" | "nothing";
}

/** What is compared for an entry. */
export function sidesOf(entry: Entry): Sides {
  const gone = entry.what === "deleted";
  switch (entry.group) {
    case "staged":
      return {
        committed: true,
        original: entry.what !== "added",
        modified: gone ? "nothing" : "index",
      };
    case "untracked":
      return { committed: false, original: false, modified: "file" };
    case "changes":
      return { committed: false, original: true, modified: gone ? "nothing" : "file" };
    case "conflicts":
      return { committed: true, original: true, modified: "file" };
  }
}

/** The parts of a path for a row: the name, and the directory behind it. */
export function nameAndPlace(path: string): { name: string; place: string } {
  const at = path.lastIndexOf("/");
  return at < 0
    ? { name: path, place: "" }
    : { name: path.slice(at + 1), place: path.slice(0, at) };
}

/** What is wrong with a branch's name, as git sees it. */
export function branchNameProblem(name: string): MessageKey | null {
  if (name === "") return "scm.branch.empty";
  const bad =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    /^[-/.]|[/.]$|\.lock$|\.\.|\/\/|@\{|[\s~^:?*[\\\u0000-\u001f\u007f]|\/\./u.test(name) ||
    name === "@" ||
    name === "HEAD";
  return bad ? "scm.branch.bad" : null;
}
