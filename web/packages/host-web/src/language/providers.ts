// SPDX-License-Identifier: Apache-2.0
// Has the editor ask the language servers: items, what stands under the pointer, definitions,
// uses, declarations, other names, layout, and what can be done about a problem.

import type { LanguageAnswer, LanguageWant } from "@moat/proto";
import { openWeb } from "@moat/panels/markdown/open.ts";
import type * as Monaco from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import type { Kit } from "../editor/kit.ts";
import { applyEdits } from "./apply.ts";
import { editsOf, itemKind, nested, rangeOf, spanOf, spotOf, withoutPictures } from "./convert.ts";
import type { Taken } from "./link.ts";
import { withModels } from "./peek.ts";
import { renamed } from "./rename.ts";

type Model = Monaco.editor.ITextModel;
type Item = Monaco.languages.CompletionItem & { moat?: { number: number; model: Model } };
type Of<A extends LanguageAnswer["answer"]> = Extract<LanguageAnswer, { answer: A }>;

const TRIGGERS: Record<string, string[]> = {
  python: [".", "[", '"', "'"],
  typescript: [".", '"', "'", "/", "@", "<", "#"],
  javascript: [".", '"', "'", "/", "@", "<", "#"],
  c: [".", ">", '"', "/", "<"],
  cpp: [".", ">", ":", '"', "/", "<"],
  "objective-c": [".", ">", ":", '"', "/", "<"],
  rust: [".", ":", "'"],
  go: [".", '"', "/"],
};

/** The name of the command that makes an action's edits. */
const ACT = "moat.language.act";

/** Registers everything that the editor asks, for the languages that servers know. */
export function registerProviders(app: App, kit: Kit, languages: readonly string[]): () => void {
  const { monaco } = kit;
  const link = app.language;
  const ask = async <A extends LanguageAnswer["answer"]>(
    model: Model,
    want: LanguageWant,
    expected: A,
    taken?: Taken,
  ): Promise<Of<A> | null> => {
    const answer = await link.ask(model, want, taken);
    return answer.answer === expected ? (answer as Of<A>) : null;
  };
  const find = async (model: Model, want: LanguageWant, taken: Taken) => {
    const located = await ask(model, want, "located", taken);
    if (!located) return null;
    if (located.places.length === 0 && located.outside.length > 0 && asksNow()) {
      const name = located.outside.join(", ");
      app.host.notify({ level: "info", text: app.t("language.outside", { name }), brief: true });
    }
    const places = await withModels(app, kit, located.places);
    return places.map(({ path, span }) => ({ uri: kit.uriOf(path), range: rangeOf(span) }));
  };
  const all = [
    ...languages.map((language) =>
      monaco.languages.registerCompletionItemProvider(language, {
        triggerCharacters: TRIGGERS[language] ?? ["."],
        async provideCompletionItems(model, position, context, token) {
          const typed = context.triggerCharacter ?? null;
          const want = { want: "complete", at: spotOf(position), typed } as const;
          const found = await ask(model, want, "completed", token);
          if (!found) return null;
          const word = model.getWordUntilPosition(position);
          const here = {
            startLineNumber: position.lineNumber,
            startColumn: word.startColumn,
            endLineNumber: position.lineNumber,
            endColumn: position.column,
          };
          const suggestions = found.items.map(
            (item): Item => ({
              label: item.detail ? { label: item.label, description: item.detail } : item.label,
              kind: itemKind(monaco, item.sort),
              insertText: item.insert,
              range: item.span ? rangeOf(item.span) : here,
              ...(item.snippet
                ? { insertTextRules: monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet }
                : {}),
              ...(item.filter ? { filterText: item.filter } : {}),
              ...(item.order ? { sortText: item.order } : {}),
              ...(item.deprecated ? { tags: [monaco.languages.CompletionItemTag.Deprecated] } : {}),
              ...(item.likeliest ? { preselect: true } : {}),
              ...(item.text ? { documentation: markdown(item.text) } : {}),
              ...(item.edits.length > 0 ? { additionalTextEdits: editsOf(item.edits) } : {}),
              moat: { number: item.number, model },
            }),
          );
          return { suggestions, incomplete: found.more };
        },
        async resolveCompletionItem(item: Item, token) {
          if (!item.moat) return item;
          const want = { want: "describe", item: item.moat.number } as const;
          const more = await ask(item.moat.model, want, "described", token);
          if (!more) return item;
          return {
            ...item,
            ...(more.detail ? { detail: more.detail } : {}),
            ...(more.text ? { documentation: markdown(more.text) } : {}),
            ...(more.edits.length > 0 ? { additionalTextEdits: editsOf(more.edits) } : {}),
          };
        },
      }),
    ),
    monaco.languages.registerHoverProvider([...languages], {
      async provideHover(model, position, token) {
        const found = await ask(model, { want: "hover", at: spotOf(position) }, "hovered", token);
        if (!found) return null;
        const contents = found.texts.map(markdown);
        return found.span ? { contents, range: rangeOf(found.span) } : { contents };
      },
    }),
    monaco.languages.registerDefinitionProvider([...languages], {
      provideDefinition: (model, position, token) =>
        find(model, { want: "definition", at: spotOf(position) }, token),
    }),
    monaco.languages.registerReferenceProvider([...languages], {
      provideReferences: (model, position, _context, token) =>
        find(model, { want: "references", at: spotOf(position) }, token),
    }),
    monaco.languages.registerDocumentSymbolProvider([...languages], {
      displayName: "moat",
      async provideDocumentSymbols(model, token) {
        const found = await ask(model, { want: "symbols" }, "symbols", token);
        return found ? nested(monaco, found.symbols) : null;
      },
    }),
    monaco.languages.registerRenameProvider([...languages], {
      async provideRenameEdits(model, position, name, token) {
        const found = await renamed((want) => link.ask(model, want, token), spotOf(position), name);
        if ("partial" in found) return { edits: [], rejectReason: app.t("language.partial") };
        // They are made here, so that files that are in no editor are changed and saved too.
        const why =
          "files" in found ? await applyEdits(app, found.files) : reason(app, found.answer);
        return { edits: [], ...(why ? { rejectReason: why } : {}) };
      },
    }),
    ...formatting(app, monaco, languages),
    monaco.languages.registerCodeActionProvider([...languages], {
      async provideCodeActions(model, range, _context, token) {
        const version = model.getVersionId();
        const found = await ask(model, { want: "actions", span: spanOf(range) }, "actions", token);
        const actions = found?.actions.map(({ number, title, kind, preferred }) => ({
          title,
          kind,
          isPreferred: preferred,
          command: { id: ACT, title, arguments: [model, version, number] },
        }));
        return { actions: actions ?? [], dispose: () => undefined };
      },
    }),
    monaco.editor.registerCommand(
      ACT,
      (_accessor, model: Model, version: number, action: number) => {
        void act(app, model, version, action);
      },
    ),
    monaco.editor.registerEditorOpener({
      openCodeEditor(_source, resource, at) {
        const place =
          at &&
          ("lineNumber" in at ? at : { lineNumber: at.startLineNumber, column: at.startColumn });
        const where = place ? { line: place.lineNumber, column: place.column } : {};
        void app.host.openFile(kit.pathOf(resource), where);
        return true;
      },
    }),
    monaco.editor.registerLinkOpener({
      open(resource) {
        if (/^https?$/.test(resource.scheme)) void openWeb(app.host, resource.toString(true));
        return true;
      },
    }),
  ];
  return () => all.forEach((each) => each.dispose());
}

function formatting(
  app: App,
  monaco: typeof Monaco,
  languages: readonly string[],
): Monaco.IDisposable[] {
  const layout = async (
    model: Model,
    span: Monaco.IRange | null,
    { tabSize, insertSpaces }: Monaco.languages.FormattingOptions,
    taken: Taken,
  ) => {
    const part = span ? spanOf(span) : null;
    const want = { want: "format", span: part, tab: tabSize, spaces: insertSpaces } as const;
    const answer = await app.language.ask(model, want, taken);
    if (answer.answer === "edited") return editsOf(answer.files[0]?.edits ?? []);
    if (!taken.isCancellationRequested)
      app.host.notify({ level: "warning", text: reason(app, answer), brief: true });
    return null;
  };
  return [
    monaco.languages.registerDocumentFormattingEditProvider([...languages], {
      displayName: "moat",
      provideDocumentFormattingEdits: (model, options, token) =>
        layout(model, null, options, token),
    }),
    monaco.languages.registerDocumentRangeFormattingEditProvider([...languages], {
      displayName: "moat",
      provideDocumentRangeFormattingEdits: (model, range, options, token) =>
        layout(model, range, options, token),
    }),
  ];
}

async function act(app: App, model: Model, version: number, action: number): Promise<void> {
  const answer: LanguageAnswer =
    model.isDisposed() || model.getVersionId() !== version
      ? { answer: "stale" }
      : await app.language.ask(model, { want: "act", action });
  const why =
    answer.answer === "edited" ? await applyEdits(app, answer.files) : reason(app, answer);
  if (why) app.host.notify({ level: "warning", text: why, brief: true });
}

/** Why there is no answer, for people. */
function reason(app: App, answer: LanguageAnswer): string {
  if (answer.answer === "stale") return app.t("language.stale");
  return (answer.answer === "nothing" && answer.why) || app.t("language.nothing");
}

function markdown(text: string): Monaco.IMarkdownString {
  return { value: withoutPictures(text), isTrusted: false, supportHtml: false };
}

let pressed = 0;
const NOW_MS = 3000;
/** Whether a person asked just now, by a key or a click, and not by moving the pointer. */
const asksNow = () => performance.now() - pressed < NOW_MS;
for (const event of ["keydown", "mousedown"] as const)
  addEventListener(
    event,
    (it) => {
      if (!(it instanceof KeyboardEvent && ["Control", "Meta"].includes(it.key)))
        pressed = performance.now();
    },
    true,
  );
