// SPDX-License-Identifier: Apache-2.0
// Who changed a line last, for the editor to say behind the line that the cursor is in. A file is asked about once, and
// again after the repository changed.

import type { Blame, GitCommit } from "@moat/proto";
import { createSignal, onCleanup } from "solid-js";
import type { Host } from "../host.ts";
import { ago } from "./time.ts";

const FILES_MOST = 20;

/** Who changed the lines of one file last. */
export interface FileBlame {
  /** The commit of a line, from 1; null where it is not committed, undefined where nothing is known. */
  commitOf(line: number): GitCommit | null | undefined;
  /** What stands behind a line; nothing where nothing is known. */
  say(line: number): string | null;
}

/** Gives the blame of files. */
export interface BlameSource {
  /** The blame of a file, or null as long as it is not known. Reactive; asks for it when it is first wanted. */
  blameFor(path: string): FileBlame | null;
}

/** Makes the source; it lives as long as what it is made in. */
export function createBlame(host: Host): BlameSource {
  const known = new Map<string, FileBlame | null>();
  const [version, setVersion] = createSignal(0);
  const again = () => setVersion((was) => was + 1);
  const stop = host.client.onNews((news) => {
    if (news.news !== "git_changed" && news.news !== "files_changed") return;
    if (known.size === 0) return;
    known.clear();
    again();
  });
  onCleanup(stop);
  const ask = async (path: string) => {
    known.set(path, null);
    if (known.size > FILES_MOST) known.delete(known.keys().next().value ?? path);
    try {
      const reply = await host.client.ask({ service: "git", query: "blame", path });
      if (reply.reply !== "blame") return;
      known.set(path, fileBlame(host, reply.blame));
      again();
    } catch {
      // A file without a history has no blame; that is nothing to tell anybody.
    }
  };
  return {
    blameFor(path) {
      version();
      const found = known.get(path);
      if (found === undefined) void ask(path);
      return found ?? null;
    },
  };
}

function fileBlame(host: Host, runs: readonly Blame[]): FileBlame {
  const commitOf = (line: number) => findRun(runs, line)?.commit;
  return {
    commitOf,
    say(line) {
      const commit = commitOf(line);
      if (commit === undefined) return null;
      if (commit === null) return host.t("scm.blame.uncommitted");
      const when = ago(host.t, commit.time_s, Date.now() / 1000);
      return host.t("scm.blame", { author: commit.author, when, subject: commit.subject });
    },
  };
}

/** The run that a line is in; the runs are in order. */
export function findRun(runs: readonly Blame[], line: number): Blame | undefined {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const run = runs[middle];
    if (run === undefined) return undefined;
    if (line < run.line) high = middle - 1;
    else if (line >= run.line + run.lines) low = middle + 1;
    else return run;
  }
  return undefined;
}
