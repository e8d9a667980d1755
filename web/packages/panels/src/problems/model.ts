// SPDX-License-Identifier: Apache-2.0
// Problems by file, as far as the filter lets them through.

import type { Problem } from "../host.ts";

/** How bad a problem is. */
export type Severity = Problem["severity"];

/** A row of the list. */
export type Row =
  | { kind: "file"; key: string; path: string; count: number; open: boolean; worst: Severity }
  | { kind: "problem"; key: string; problem: Problem };

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

/** What is shown. */
export interface Filter {
  words: string;
  severities: ReadonlySet<Severity>;
  /** This file alone. */
  path: string | null;
}

/** The problems that a filter lets through. */
export function filtered(problems: readonly Problem[], filter: Filter): Problem[] {
  const words = filter.words
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== "");
  return problems.filter((problem) => {
    if (!filter.severities.has(problem.severity)) return false;
    if (filter.path !== null && problem.path !== filter.path) return false;
    const text = `${problem.path} ${problem.message} ${problem.source}`.toLowerCase();
    // A word behind `!` must not be there.
    return words.every((word) =>
      word.length > 1 && word.startsWith("!") ? !text.includes(word.slice(1)) : text.includes(word),
    );
  });
}

/** The rows: files with errors first, then by path; in a file by place. */
export function rows(problems: readonly Problem[], closed: ReadonlySet<string>): Row[] {
  const files = new Map<string, Problem[]>();
  for (const problem of problems) {
    const list = files.get(problem.path);
    if (list) list.push(problem);
    else files.set(problem.path, [problem]);
  }
  const worst = (list: readonly Problem[]) =>
    list.reduce<Severity>(
      (found, one) => (RANK[one.severity] < RANK[found] ? one.severity : found),
      "info",
    );
  return [...files.entries()]
    .map(([path, list]) => ({ path, list, worst: worst(list) }))
    .sort((a, b) => RANK[a.worst] - RANK[b.worst] || (a.path < b.path ? -1 : 1))
    .flatMap(({ path, list, worst: found }): Row[] => {
      const open = !closed.has(path);
      const head: Row = { kind: "file", key: path, path, count: list.length, open, worst: found };
      if (!open) return [head];
      const ordered = [...list].sort(
        (a, b) => a.line - b.line || a.column - b.column || RANK[a.severity] - RANK[b.severity],
      );
      return [
        head,
        ...ordered.map(
          (problem, index): Row => ({ kind: "problem", key: `${path}\n${index}`, problem }),
        ),
      ];
    });
}

/** How many there are of each. */
export function counts(problems: readonly Problem[]): Record<Severity, number> {
  const found: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  for (const problem of problems) found[problem.severity] += 1;
  return found;
}
