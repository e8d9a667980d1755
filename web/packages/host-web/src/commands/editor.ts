// SPDX-License-Identifier: Apache-2.0
// Commands about the active editor: what its file is, and the agent's changes in it.

import type { Encoding } from "@moat/proto";
import type { App } from "../app.ts";
import { pendingLines } from "../editor/pending.ts";
import { pickServer } from "../language/follow.ts";
import { ENCODINGS, ENDINGS } from "../workbench/status.tsx";
import type { Runs } from "./all.ts";

const WIDTHS = [2, 4, 8];

/** Commands about the active editor. */
export function editorCommands(app: App) {
  const flip =
    (key: "editor.wordWrap" | "editor.minimap" | "editor.blame" | "diff.sideBySide") => () =>
      app.settings.set(key, !app.settings.get(key));
  const check = (on: boolean) => (on ? { icon: "check" as const } : {});
  const preview = (args: unknown, toSide: boolean) => {
    const path = typeof args === "string" ? args : app.host.activeFile();
    if (path) app.area.open({ kind: "markdown", path }, toSide ? { toSide } : {});
  };
  return {
    "editor.action.toggleWordWrap": flip("editor.wordWrap"),
    "editor.action.toggleMinimap": flip("editor.minimap"),
    "git.blame.toggleEditorDecoration": flip("editor.blame"),
    toggleDiffSideBySide: flip("diff.sideBySide"),
    "workbench.action.editor.changeLanguageMode": async () => {
      const kit = app.kit();
      const model = app.widget()?.editor.getModel();
      if (!kit || !model) return;
      const titles = kit.monaco.languages
        .getLanguages()
        .map((each) => ({
          value: each.id,
          label: kit.languageTitle(each.id),
          ...check(each.id === model.getLanguageId()),
        }))
        .sort((a, b) => a.label.localeCompare(b.label));
      const picked = await app.host.pick({
        placeholder: app.t("status.pickLanguage"),
        items: titles,
      });
      if (picked === null) return;
      kit.monaco.editor.setModelLanguage(model, picked);
      const cursor = app.cursor();
      if (cursor) app.setCursor({ ...cursor });
    },
    "moat.language.servers": () => pickServer(app),
    "workbench.action.editor.changeEOL": async () => {
      const document = app.document();
      if (!document?.model || document.readOnly()) return;
      const items = (["lf", "crlf"] as const).map((value) => ({
        value,
        label: ENDINGS[value],
        ...check(document.lineEnding() === value),
      }));
      const picked = await app.host.pick({ placeholder: app.t("status.pickEnding"), items });
      if (picked !== null) document.endLinesWith(picked);
    },
    "workbench.action.editor.changeEncoding": async () => {
      const document = app.document();
      if (!document?.model || document.readOnly()) return;
      const items = (Object.keys(ENCODINGS) as Encoding[]).map((value) => ({
        value,
        label: ENCODINGS[value],
        ...check(document.encoding() === value),
      }));
      const picked = await app.host.pick({ placeholder: app.t("status.pickEncoding"), items });
      if (picked !== null) document.encodeAs(picked);
    },
    "moat.editor.indentation": async () => {
      const model = app.widget()?.editor.getModel();
      if (!model) return;
      const now = model.getOptions();
      const items = [true, false].flatMap((spaces) =>
        WIDTHS.map((size) => ({
          value: { spaces, size },
          label: app.t(spaces ? "status.spaces" : "status.tabsOf", { size }),
          ...check(now.insertSpaces === spaces && now.tabSize === size),
        })),
      );
      const picked = await app.host.pick({ placeholder: app.t("status.pickIndent"), items });
      if (picked)
        model.updateOptions({
          insertSpaces: picked.spaces,
          tabSize: picked.size,
          indentSize: picked.size,
        });
    },
    "workbench.action.editor.nextChange": () => goPending(app, 1),
    "workbench.action.editor.previousChange": () => goPending(app, -1),
    "markdown.showPreviewToSide": (args) => preview(args, true),
    "markdown.showPreview": (args) => preview(args, false),
    "moat.pending.next": () => goPending(app, 1),
    "moat.pending.previous": () => goPending(app, -1),
    "moat.pending.keep": () => actOnPending(app, "keep"),
    "moat.pending.undo": () => actOnPending(app, "undo"),
  } satisfies Partial<Runs>;
}

function here(app: App) {
  const path = app.host.activeFile();
  const file = path === null ? undefined : app.pending().get(path);
  const lines = app.widget()?.editor.getModel()?.getLinesContent();
  return path !== null && file && lines ? { path, file, places: pendingLines(file, lines) } : null;
}

/** Goes to the next or the previous hunk, of this file or the one after it. */
function goPending(app: App, by: 1 | -1): void {
  const paths = [...app.pending().keys()].sort();
  if (paths.length === 0) return;
  const found = here(app);
  const line = app.cursor()?.line ?? 0;
  const next =
    by > 0
      ? found?.places.find((each) => each > line)
      : found?.places.findLast((each) => each < line);
  if (found && next !== undefined) {
    void app.host.openFile(found.path, { line: next });
    return;
  }
  const at = found ? paths.indexOf(found.path) + by : by > 0 ? 0 : -1;
  const path = paths[(at + paths.length) % paths.length];
  const hunks = path === undefined ? [] : (app.pending().get(path)?.hunks ?? []);
  const hunk = by > 0 ? hunks[0] : hunks[hunks.length - 1];
  const text = path === undefined ? null : app.host.openText(path);
  const file = path === undefined ? undefined : app.pending().get(path);
  const known = file && text !== null ? pendingLines(file, text.split("\n")) : [];
  const place =
    (by > 0 ? known[0] : known[known.length - 1]) ??
    Number(/^@@ -(\d+)/.exec(hunk?.text ?? "")?.[1] ?? 1);
  if (path !== undefined) void app.host.openFile(path, { line: place });
}

/** Keeps or undoes the hunk nearest to the cursor. */
function actOnPending(app: App, what: "keep" | "undo"): void {
  const found = here(app);
  const line = app.cursor()?.line ?? 1;
  if (!found || found.places.length === 0) return;
  let best = 0;
  found.places.forEach((place, index) => {
    if (Math.abs(place - line) < Math.abs((found.places[best] ?? 1) - line)) best = index;
  });
  const hunk = found.file.hunks[best];
  if (hunk) found.file[what]([hunk.number]);
}
