// SPDX-License-Identifier: Apache-2.0
// Makes the edits that a language server proposed, in the editors' texts. Files without unsaved
// work are saved afterwards, so that a new name is not half on disk.

import type { FileEdits } from "@moat/proto";
import type * as Monaco from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import type { Document } from "../editor/document.ts";
import { saveDocument } from "../editor/saving.ts";
import { editsOf } from "./convert.ts";

/** Makes all edits, or none. Returns why not, where they are not made. */
export async function applyEdits(app: App, files: readonly FileEdits[]): Promise<string | null> {
  const before = new Map(files.map(({ path }) => [path, versionOf(app.documents.get(path))]));
  const opened = await Promise.all(files.map(({ path }) => app.documents.open(path)));
  try {
    for (const document of opened) {
      const known = before.get(document.path);
      const changed = known !== undefined && known !== null && known !== versionOf(document);
      if (!document.model || document.readOnly() !== null || document.conflict() || changed)
        return app.t("language.cannotEdit", { name: document.path });
    }
    const clean = opened.filter((document) => !document.dirty());
    opened.forEach((document, index) => {
      const model = document.model as unknown as Monaco.editor.ITextModel;
      model.pushStackElement();
      model.pushEditOperations(null, editsOf(files[index]?.edits ?? []), () => null);
      model.pushStackElement();
    });
    if (files.length > 1) {
      await Promise.all(clean.map((document) => saveDocument(app, document)));
      app.host.notify({
        level: "info",
        text: app.t("language.edited", { count: files.length }),
        brief: true,
      });
    }
    return null;
  } finally {
    for (const document of opened) app.documents.release(document);
  }
}

function versionOf(document: Document | null): number | null {
  return (document?.model as unknown as Monaco.editor.ITextModel | null)?.getVersionId() ?? null;
}
