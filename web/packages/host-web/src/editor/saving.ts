// SPDX-License-Identifier: Apache-2.0
// Saving, and the questions that come with it: where to, what was changed on disk, and what
// becomes of unsaved work.

import type { App } from "../app.ts";
import { nameOf } from "../paths.ts";
import type { Document } from "./document.ts";

/** Saves a document. Asks for a path, or what to do about a conflict, where that is needed. */
export async function saveDocument(app: App, document: Document): Promise<boolean> {
  if (document.untitled) return saveAs(app, document);
  const saved = await app.documents.save(document);
  if (saved.ok) return true;
  if (saved.conflict) return solveConflict(app, document);
  app.overlays.notify({
    level: "error",
    text: app.t("editor.saveFailed", { name: nameOf(document.path) }),
    ...(saved.report
      ? { report: { ...saved.report, causes: [saved.report.error, ...saved.report.causes] } }
      : {}),
    actions: [{ title: app.t("common.retry"), run: () => void saveDocument(app, document) }],
  });
  return false;
}

/** Saves everything that is unsaved. */
export async function saveAll(app: App): Promise<boolean> {
  let all = true;
  for (const document of app.documents.all())
    if (document.dirty() && !document.readOnly()) all = (await saveDocument(app, document)) && all;
  return all;
}

/** Asks for a path, and saves there. */
export async function saveAs(app: App, document: Document): Promise<boolean> {
  const path = await app.overlays.prompt({
    title: app.t("editor.saveAs"),
    value: document.path,
    placeholder: app.t("editor.saveAsPath"),
    validate: (value) => (badPath(value) ? app.t("explorer.nameBad") : null),
  });
  if (!path) return false;
  const from = document.path;
  const saved = await app.documents.saveAs(document, path);
  for (const tab of app.area.tabs()) {
    const input = tab.input();
    if (input.kind === "file" && input.path === from) tab.setInput({ kind: "file", path });
  }
  if (saved.ok) return true;
  if (saved.conflict) {
    const overwrite = await app.overlays.confirm({
      title: app.t("editor.exists"),
      confirm: app.t("editor.overwrite"),
      danger: true,
    });
    return overwrite && (await app.documents.save(document, { overwrite: true })).ok;
  }
  app.overlays.notify({
    level: "error",
    text: app.t("editor.saveFailed", { name: nameOf(path) }),
    ...(saved.report ? { report: saved.report } : {}),
  });
  return false;
}

function badPath(path: string): boolean {
  const parts = path.split("/");
  return path === "" || parts.some((part) => part === "" || part === "." || part === "..");
}

/** Asks what to do where the file on disk is not what it was. */
export async function solveConflict(app: App, document: Document): Promise<boolean> {
  const conflict = document.conflict();
  if (!conflict) return saveDocument(app, document);
  const name = nameOf(document.path);
  const gone = conflict.current === null;
  const answer = await app.overlays.choose({
    title: app.t(gone ? "editor.conflictGone" : "editor.conflictTitle", { name }),
    detail: app.t(gone ? "editor.conflictGoneDetail" : "editor.conflictDetail"),
    icon: "warning",
    tone: "warning",
    answers: [
      { id: "cancel", title: app.t("common.cancel") },
      ...(gone ? [] : [{ id: "take", title: app.t("editor.takeDisk") }]),
      {
        id: "overwrite",
        title: gone ? app.t("common.save") : app.t("editor.overwrite"),
        kind: gone ? "primary" : "danger",
      },
      ...(gone
        ? []
        : [{ id: "compare", title: app.t("editor.compare"), kind: "primary" as const }]),
    ],
  });
  if (answer === "compare") compareWithDisk(app, document);
  if (answer === "take") await app.documents.revert(document);
  if (answer !== "overwrite") return answer === "take";
  return (await app.documents.save(document, { overwrite: true })).ok;
}

/** Shows what is on disk beside what is typed. */
export function compareWithDisk(app: App, document: Document): void {
  app.host.showDiff({
    title: `${nameOf(document.path)} (${app.t("editor.onDisk")} ↔ ${app.t("editor.mine")})`,
    path: document.path,
    original: document.conflict()?.current?.text ?? "",
    modified: document.model?.getValue() ?? "",
    originalLabel: app.t("editor.onDisk"),
    modifiedLabel: app.t("editor.mine"),
    readOnly: false,
  });
}

/** Asks what becomes of unsaved work. False where nothing is to be closed. */
export async function mayLeave(app: App, document: Document): Promise<boolean> {
  if (!document.dirty()) return true;
  const answer = await app.overlays.choose({
    title: app.t("editor.saveTitle", { name: nameOf(document.path) }),
    detail: app.t("editor.saveDetail"),
    icon: "warning",
    tone: "warning",
    answers: [
      { id: "drop", title: app.t("editor.dontSave") },
      { id: "cancel", title: app.t("common.cancel") },
      { id: "save", title: app.t("common.save"), kind: "primary" },
    ],
  });
  if (answer === "save") return saveDocument(app, document);
  if (answer !== "drop") return false;
  await app.documents.revert(document);
  return true;
}
