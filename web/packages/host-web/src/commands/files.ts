// SPDX-License-Identifier: Apache-2.0
// Commands about files.

import type { App } from "../app.ts";
import { compareWithDisk, saveAll, saveAs, saveDocument } from "../editor/saving.ts";
import { nameOf } from "../paths.ts";
import type { Runs } from "./all.ts";

/** Commands about files. */
export function fileCommands(app: App) {
  const path = () => app.host.activeFile();
  return {
    "workbench.action.files.newUntitledFile": async () => {
      await app.loadKit();
      const taken = new Set(app.documents.all().map((each) => each.path));
      let number = 1;
      while (taken.has(app.t("editor.untitled", { number }))) number++;
      const name = app.t("editor.untitled", { number });
      app.documents.begin(name);
      app.area.open({ kind: "file", path: name });
      const document = app.documents.get(name);
      if (document) document.users--;
    },
    "workbench.action.files.save": async () => {
      const document = app.document();
      if (document) await saveDocument(app, document);
    },
    "workbench.action.files.saveAs": async () => {
      const document = app.document();
      if (document) await saveAs(app, document);
    },
    "workbench.action.files.saveAll": async () => {
      await saveAll(app);
    },
    "workbench.action.files.revert": async () => {
      const document = app.document();
      if (document) await app.documents.revert(document);
    },
    "workbench.files.action.compareWithSaved": async () => {
      const document = app.document();
      if (!document?.model) return;
      if (document.conflict()?.current) {
        compareWithDisk(app, document);
        return;
      }
      const read = await app.client.ask({ service: "files", query: "read", path: document.path });
      if (read.reply !== "read" || read.content !== "text") return;
      app.host.showDiff({
        title: `${nameOf(document.path)} (${app.t("editor.onDisk")} ↔ ${app.t("editor.mine")})`,
        path: document.path,
        original: read.text,
        modified: document.model.getValue(),
        originalLabel: app.t("editor.onDisk"),
        modifiedLabel: app.t("editor.mine"),
        readOnly: false,
      });
    },
    "workbench.action.files.copyPathOfActiveFile": async () => {
      const own = path();
      if (own !== null) await navigator.clipboard.writeText(`${app.setup().workspace}/${own}`);
    },
    copyRelativeFilePath: async () => {
      const own = path();
      if (own !== null) await navigator.clipboard.writeText(own);
    },
    "moat.explorer.reveal": async (args) => {
      const own = typeof args === "string" ? args : path();
      app.layout.show("explorer");
      if (own !== null) await app.commands.run("moat.explorer.revealPath", own);
    },
  } satisfies Partial<Runs>;
}
