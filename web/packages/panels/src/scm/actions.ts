// SPDX-License-Identifier: Apache-2.0
// What can be done in source control. Each asks the server, and tells everybody the state that the repository has then.

import type { GitQuery, GitReply } from "@moat/proto";
import type { Host } from "../host.ts";
import { orTell } from "../tell.ts";
import { branchNameProblem, nameAndPlace, sidesOf, type Entry } from "./model.ts";

const NEW_BRANCH = Symbol("new");

/** Source control's actions. */
export interface Actions {
  refresh(): Promise<GitReply | null>;
  stage(entries: readonly Entry[]): Promise<void>;
  unstage(entries: readonly Entry[]): Promise<void>;
  discard(entries: readonly Entry[]): Promise<void>;
  /** True where it is committed. */
  commit(message: string, amend: boolean): Promise<boolean>;
  open(entry: Entry): Promise<void>;
  openFile(entry: Entry): Promise<void>;
  branches(): Promise<void>;
  newBranch(): Promise<void>;
}

/** Makes the actions. */
export function createActions(host: Host): Actions {
  const ask = async (query: GitQuery): Promise<GitReply | null> => {
    const reply = await orTell(host, () => host.client.ask({ service: "git", ...query }));
    if (reply?.reply === "done" || reply?.reply === "status") host.gitIs(reply);
    return reply;
  };
  const paths = (entries: readonly Entry[]) => [
    ...new Set(
      entries.flatMap((entry) => (entry.from === null ? [entry.path] : [entry.from, entry.path])),
    ),
  ];
  const newBranch = async () => {
    const branch = await host.prompt({
      title: host.t("scm.branch.new.title"),
      placeholder: host.t("scm.branch.new.placeholder"),
      validate: (value) => {
        const problem = branchNameProblem(value.trim());
        return problem === null ? null : host.t(problem);
      },
    });
    if (branch !== null) await ask({ query: "switch", branch: branch.trim(), create: true });
  };
  return {
    refresh: () => ask({ query: "status" }),
    async stage(entries) {
      if (entries.length > 0) await ask({ query: "stage", paths: paths(entries) });
    },
    async unstage(entries) {
      if (entries.length > 0) await ask({ query: "unstage", paths: paths(entries) });
    },
    async discard(entries) {
      if (entries.length === 0 || !(await host.confirm(discardQuestion(host, entries)))) return;
      await ask({ query: "discard", paths: paths(entries) });
    },
    async commit(message, amend) {
      return (await ask({ query: "commit", message, amend }))?.reply === "done";
    },
    open: async (entry) => void (await orTell(host, () => showEntry(host, entry))),
    openFile: async (entry) => void (await orTell(host, () => host.openFile(entry.path))),
    newBranch,
    async branches() {
      const reply = await ask({ query: "branches" });
      if (reply?.reply !== "branches") return;
      const chosen = await host.pick<string | typeof NEW_BRANCH>({
        placeholder: host.t("scm.branch.pick"),
        items: [
          { value: NEW_BRANCH, label: host.t("scm.branch.new"), icon: "add" },
          ...reply.branches.map((branch) => ({
            value: branch,
            label: branch,
            icon: "branch" as const,
            ...(branch === reply.current ? { detail: host.t("scm.branch.current") } : {}),
          })),
        ],
      });
      if (chosen === NEW_BRANCH) await newBranch();
      else if (chosen !== null && chosen !== reply.current) {
        await ask({ query: "switch", branch: chosen, create: false });
      }
    },
  };
}

function discardQuestion(host: Host, entries: readonly Entry[]) {
  const untracked = entries.filter((entry) => entry.group === "untracked").length;
  const first = entries[0]?.path ?? "";
  const count = entries.length;
  const title =
    count === 1
      ? host.t(untracked === 1 ? "scm.discard.new" : "scm.discard.one", {
          name: nameAndPlace(first).name,
        })
      : host.t("scm.discard.many", { count });
  const detail =
    untracked === count
      ? host.t("scm.discard.trash")
      : untracked === 0
        ? host.t("scm.discard.lost")
        : host.t("scm.discard.mixed", { count: untracked });
  return { title, detail, confirm: host.t("scm.discard.confirm"), danger: true };
}

async function showEntry(host: Host, entry: Entry): Promise<void> {
  const sides = sidesOf(entry);
  const { name } = nameAndPlace(entry.path);
  const original = sides.original
    ? await originalOf(host, entry.from ?? entry.path, sides.committed)
    : "";
  const modified =
    sides.modified === "nothing"
      ? ""
      : sides.modified === "index"
        ? await originalOf(host, entry.path, false)
        : await textOf(host, entry.path);
  // What is no text on one side cannot be compared by lines; the file has a viewer of its own.
  if (original === null || modified === null) return host.openFile(entry.path, { preview: true });
  const side = host.t(`scm.side.${entry.group}`);
  host.showDiff({
    title: host.t("scm.diff.title", { name, side }),
    path: entry.path,
    original,
    modified,
    originalLabel: host.t(sides.committed ? "scm.side.commit" : "scm.side.index"),
    modifiedLabel: host.t(sides.modified === "index" ? "scm.side.index" : "scm.side.file"),
    readOnly: sides.modified !== "file",
  });
}

async function originalOf(host: Host, path: string, committed: boolean): Promise<string | null> {
  const reply = await host.client.ask({ service: "git", query: "original", path, committed });
  return reply.reply === "original" ? (reply.text ?? null) : null;
}

async function textOf(host: Host, path: string): Promise<string | null> {
  const open = host.openText(path);
  if (open !== null) return open;
  const reply = await host.client.ask({ service: "files", query: "read", path });
  return reply.reply === "read" && reply.content === "text" ? reply.text : null;
}
