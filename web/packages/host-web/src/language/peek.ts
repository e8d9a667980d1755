// SPDX-License-Identifier: Apache-2.0
// Texts of files that are in no editor, so that places in them can be looked at in a list.

import type { Location } from "@moat/proto";
import type * as Monaco from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import type { Kit } from "../editor/kit.ts";

/** The most files whose text is read for one list. */
const FILES_MOST = 60;
const made = new Map<string, Monaco.editor.ITextModel>();

/** The places whose files can be shown; their texts are there afterwards. */
export async function withModels(
  app: App,
  kit: Kit,
  places: readonly Location[],
): Promise<Location[]> {
  const wanted = [...new Set(places.map((place) => place.path))].slice(0, FILES_MOST);
  for (const [path, model] of made) {
    // One that an editor has opened since is the editor's own.
    if (!model.isDisposed() && !model.isAttachedToEditor() && !wanted.includes(path))
      model.dispose();
    if (model.isDisposed()) made.delete(path);
  }
  const shown = await Promise.all(
    wanted.map(async (path) => ((await read(app, kit, path)) ? path : null)),
  );
  return places.filter((place) => shown.includes(place.path));
}

async function read(app: App, kit: Kit, path: string): Promise<boolean> {
  const uri = kit.uriOf(path);
  if (kit.monaco.editor.getModel(uri)) return true;
  try {
    const reply = await app.client.ask({ service: "files", query: "read", path });
    if (reply.reply !== "read" || reply.content !== "text") return false;
    if (!kit.monaco.editor.getModel(uri)) {
      const language = kit.languageOf(path, reply.text.slice(0, 200));
      made.set(path, kit.monaco.editor.createModel(reply.text, language, uri));
    }
    return true;
  } catch {
    return false;
  }
}
