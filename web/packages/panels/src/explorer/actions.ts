// SPDX-License-Identifier: Apache-2.0
// What can be done with files in the explorer. Everything asks the server; nothing is shown
// as done before it is.

import type { FileEntry, TreePath } from "@moat/proto";
import { Refused } from "@moat/proto";
import type { Host } from "../host.ts";
import { parentOf } from "./model.ts";

/** The last part of a path. */
export function nameOf(path: TreePath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path below a directory. */
export function joined(directory: TreePath, name: string): TreePath {
  return directory === "" ? name : `${directory}/${name}`;
}

/** What is wrong with a name that was typed; null where nothing is. */
export function wrongName(host: Host, name: string, taken: boolean): string | null {
  const parts = name.trim().replace(/\/$/, "").split("/");
  if (name.trim() === "") return host.t("explorer.nameEmpty");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    return host.t("explorer.nameBad");
  return taken ? host.t("explorer.duplicateName") : null;
}

/** Tells why something could not be done. */
export function tell(host: Host, error: unknown): void {
  const report =
    error instanceof Refused
      ? error.report
      : { error: String((error as Error).message ?? error), causes: [], hint: null };
  host.notify({ level: "error", text: report.error, report });
}

/** Only the topmost of several paths: what lies below one of them goes with it. */
export function topmost(paths: readonly TreePath[]): TreePath[] {
  return paths.filter(
    (path) => !paths.some((above) => above !== path && path.startsWith(`${above}/`)),
  );
}

/** Moves files to the trash, and offers to bring them back. */
export async function remove(host: Host, paths: TreePath[]): Promise<void> {
  const all = topmost(paths);
  const first = all[0];
  if (first === undefined) return;
  const words = { name: nameOf(first), count: all.length };
  if (host.settings.get("files.confirmDelete")) {
    const yes = await host.confirm({
      title: host.t("explorer.deleteTitle", words),
      detail: host.t("explorer.deleteDetail"),
      confirm: host.t("explorer.deleteConfirm"),
      danger: true,
    });
    if (!yes) return;
  }
  const trashed: number[] = [];
  for (const path of all) {
    try {
      const reply = await host.client.ask({ service: "files", query: "delete", path });
      if (reply.reply === "trashed") trashed.push(reply.trash);
      host.fileRemoved(path);
    } catch (error) {
      tell(host, error);
    }
  }
  if (trashed.length === 0) return;
  host.notify({
    level: "info",
    text: host.t("explorer.trashed", { ...words, count: trashed.length }),
    actions: [{ title: host.t("common.undo"), run: () => void restore(host, trashed) }],
  });
}

async function restore(host: Host, trashed: number[]): Promise<void> {
  try {
    for (const trash of trashed.reverse())
      await host.client.ask({ service: "files", query: "restore", trash });
    host.notify({ level: "info", text: host.t("explorer.restored") });
  } catch (error) {
    tell(host, error);
  }
}

/** Gives something another path. */
export async function rename(host: Host, from: TreePath, to: TreePath): Promise<boolean> {
  if (from === to) return true;
  try {
    await host.client.ask({ service: "files", query: "rename", from, to });
    host.fileMoved(from, to);
    return true;
  } catch (error) {
    tell(host, error);
    return false;
  }
}

/** Moves several things into a directory, after asking. */
export async function move(host: Host, paths: TreePath[], to: TreePath): Promise<void> {
  const all = topmost(paths).filter((path) => parentOf(path) !== to);
  const first = all[0];
  if (first === undefined) return;
  const yes = await host.confirm({
    title: host.t("explorer.moveTitle", {
      name: nameOf(first),
      count: all.length,
      to: to === "" ? host.t("explorer.root") : nameOf(to),
    }),
    confirm: host.t("explorer.moveConfirm"),
  });
  if (!yes) return;
  for (const path of all) await rename(host, path, joined(to, nameOf(path)));
}

/** Makes a file or a directory. Gives its path. */
export async function create(
  host: Host,
  path: TreePath,
  node: "file" | "directory",
): Promise<boolean> {
  try {
    await host.client.ask({ service: "files", query: "create", path, node });
    if (node === "file") await host.openFile(path);
    return true;
  } catch (error) {
    tell(host, error);
    return false;
  }
}

/** The directory that something new is put into. */
export function directoryFor(entry: FileEntry | null): TreePath {
  if (!entry) return "";
  return entry.kind === "directory" ? entry.path : parentOf(entry.path);
}
