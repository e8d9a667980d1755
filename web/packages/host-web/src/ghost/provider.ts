// SPDX-License-Identifier: Apache-2.0
// Has the editor show as ghost text what may stand at the cursor.

import type { editor, IDisposable, languages, Position } from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import type { Kit } from "../editor/kit.ts";
import { languagesIn, windowAt } from "./around.ts";
import type { GhostQuestion } from "./ghost.ts";

/** How long somebody has to pause until anything is asked. A key in between begins it anew. */
const DEBOUNCE_MS = 50;
const RECENT_MOST = 8;

/** Begins to offer completions. Returns how to stop. */
export function offerGhosts(app: App, kit: Kit): IDisposable {
  return kit.monaco.languages.registerInlineCompletionsProvider(
    { pattern: "**" },
    {
      debounceDelayMs: DEBOUNCE_MS,
      provideInlineCompletions: async (model, position, context, token) => {
        const explicit =
          context.triggerKind === kit.monaco.languages.InlineCompletionTriggerKind.Explicit;
        if (!wanted(app, model, explicit)) return null;
        const gone = new AbortController();
        const listening = token.onCancellationRequested(() => gone.abort());
        try {
          return await offer(app, kit, { model, position, context, explicit, signal: gone.signal });
        } finally {
          listening.dispose();
        }
      },
      disposeInlineCompletions: () => undefined,
    },
  );
}

/** Whether anything is asked for this text. */
function wanted(app: App, model: editor.ITextModel, explicit: boolean): boolean {
  if (model.uri.scheme !== "file" || !app.connected()) return false;
  if (explicit) return true;
  const off = languagesIn(app.settings.get("completion.languagesOff"));
  return app.settings.get("completion.enabled") && !off.includes(model.getLanguageId());
}

interface Place {
  model: editor.ITextModel;
  position: Position;
  context: languages.InlineCompletionContext;
  explicit: boolean;
  signal: AbortSignal;
}

async function offer(
  app: App,
  kit: Kit,
  place: Place,
): Promise<languages.InlineCompletions | null> {
  const { model, position, context } = place;
  const path = kit.pathOf(model.uri);
  if (app.documents.get(path)?.readOnly()) return null;
  const offset = model.getOffsetAt(position);
  const { from, to } = windowAt(offset, model.getValueLength());
  const text = (begin: number, end: number) =>
    model.getValueInRange(
      kit.monaco.Range.fromPositions(model.getPositionAt(begin), model.getPositionAt(end)),
    );
  // What is chosen in the list of names counts as typed.
  const chosen = context.selectedSuggestionInfo;
  const begin = chosen
    ? model.getOffsetAt(kit.monaco.Range.getStartPosition(chosen.range))
    : offset;
  const question: GhostQuestion = {
    path,
    language: model.getLanguageId(),
    before: text(from, begin) + (chosen?.text ?? ""),
    after: text(offset, to),
    recent: app.recent().slice(0, RECENT_MOST),
    explicit: place.explicit,
  };
  const found = await app.ghost.suggest(question, place.signal);
  if (found === null || place.signal.aborted) return null;
  const range = chosen?.range ?? kit.monaco.Range.fromPositions(position);
  return { items: [{ insertText: (chosen?.text ?? "") + found, range }] };
}
