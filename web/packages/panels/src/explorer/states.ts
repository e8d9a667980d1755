// SPDX-License-Identifier: Apache-2.0
// How source control sees each file, and each directory by what lies in it.

import type { GitStatus, GitWhat, TreePath } from "@moat/proto";
import { ancestorsOf } from "./model.ts";

/** The letters that stand behind a name. */
export const LETTERS: Record<GitWhat, string> = {
  added: "A",
  untracked: "U",
  modified: "M",
  deleted: "D",
  renamed: "R",
  type: "T",
  conflict: "!",
};

const WEIGHT: Record<GitWhat, number> = {
  conflict: 6,
  modified: 5,
  type: 5,
  deleted: 4,
  renamed: 3,
  added: 2,
  untracked: 1,
};

/** What a path is. */
export interface State {
  what: GitWhat;
  /** Whether something below it is, and not it itself. */
  below: boolean;
}

/** The states of all paths that differ and of the directories above them. */
export function statesOf(status: GitStatus | null): Map<TreePath, State> {
  const out = new Map<TreePath, State>();
  for (const change of status?.changes ?? []) {
    const what = change.unstaged ?? change.staged;
    if (!what) continue;
    out.set(change.path, { what, below: false });
    for (const above of ancestorsOf(change.path)) {
      const known = out.get(above);
      const shown = what === "deleted" ? "modified" : what;
      if (!known || WEIGHT[known.what] < WEIGHT[shown])
        out.set(above, { what: shown, below: true });
    }
  }
  return out;
}
