// SPDX-License-Identifier: Apache-2.0
// The editor, put together from the parts that are used. It is loaded apart from the shell.

import "monaco-editor/features/anchorSelect/register.js";
import "monaco-editor/features/bracketMatching/register.js";
import "monaco-editor/features/caretOperations/register.js";
import "monaco-editor/features/clipboard/register.js";
import "monaco-editor/features/codeAction/register.js";
import "monaco-editor/features/codeEditor/register.js";
import "monaco-editor/features/codicon/register.js";
import "monaco-editor/features/comment/register.js";
import "monaco-editor/features/contextmenu/register.js";
import "monaco-editor/features/cursorUndo/register.js";
import "monaco-editor/features/diffEditor/register.js";
import "monaco-editor/features/dnd/register.js";
import "monaco-editor/features/documentSymbols/register.js";
import "monaco-editor/features/find/register.js";
import "monaco-editor/features/folding/register.js";
import "monaco-editor/features/format/register.js";
import "monaco-editor/features/gotoError/register.js";
import "monaco-editor/features/gotoSymbol/register.js";
import "monaco-editor/features/hover/register.js";
import "monaco-editor/features/inPlaceReplace/register.js";
import "monaco-editor/features/indentation/register.js";
import "monaco-editor/features/inlayHints/register.js";
import "monaco-editor/features/inlineCompletions/register.js";
import "monaco-editor/features/insertFinalNewLine/register.js";
import "monaco-editor/features/lineSelection/register.js";
import "monaco-editor/features/linesOperations/register.js";
import "monaco-editor/features/linkedEditing/register.js";
import "monaco-editor/features/links/register.js";
import "monaco-editor/features/longLinesHelper/register.js";
import "monaco-editor/features/middleScroll/register.js";
import "monaco-editor/features/multicursor/register.js";
import "monaco-editor/features/parameterHints/register.js";
import "monaco-editor/features/readOnlyMessage/register.js";
import "monaco-editor/features/referenceSearch/register.js";
import "monaco-editor/features/rename/register.js";
import "monaco-editor/features/semanticTokens/register.js";
import "monaco-editor/features/smartSelect/register.js";
import "monaco-editor/features/snippet/register.js";
import "monaco-editor/features/stickyScroll/register.js";
import "monaco-editor/features/suggest/register.js";
import "monaco-editor/features/toggleTabFocusMode/register.js";
import "monaco-editor/features/tokenization/register.js";
import "monaco-editor/features/unicodeHighlighter/register.js";
import "monaco-editor/features/wordHighlighter/register.js";
import "monaco-editor/features/wordOperations/register.js";
import "monaco-editor/features/wordPartOperations/register.js";
import "./languages.ts";
import * as monaco from "monaco-editor/editor.js";
import type { TextModels } from "./document.ts";
import { languageOf, languageTitle } from "./language-of.ts";
import { defineThemes } from "./themes.ts";

declare global {
  interface Window {
    MonacoEnvironment?: { getWorker(): Worker };
  }
}

self.MonacoEnvironment = {
  getWorker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
};

// The editor ends what it waited for by an error of this name, also where nobody waits any more: that is no fault.
addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Error && event.reason.name === "Canceled") event.preventDefault();
});

defineThemes(monaco);

/** Makes the texts of documents. */
export const models: TextModels = {
  create(path, text) {
    const uri = uriOf(path);
    const old = monaco.editor.getModel(uri);
    if (old) old.dispose();
    const model = monaco.editor.createModel(text, languageOf(path, firstLine(text)), uri);
    model.setEOL(monaco.editor.EndOfLineSequence.LF);
    model.detectIndentation(true, 4);
    return model;
  },
  replace(model, text) {
    replaceText(model as monaco.editor.ITextModel, text);
  },
};

/** The address by which the editor knows a file. */
export function uriOf(path: string): monaco.Uri {
  return monaco.Uri.from({ scheme: "file", path: `/${path}` });
}

/** The path that an address means. */
export function pathOf(uri: monaco.Uri): string {
  return uri.path.replace(/^\//, "");
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return text.slice(0, Math.min(end < 0 ? text.length : end, 200));
}

/** Replaces what differs alone, so that the cursor, folds and undo stay. */
function replaceText(model: monaco.editor.ITextModel, text: string): void {
  const before = model.getValue();
  let begin = 0;
  const least = Math.min(before.length, text.length);
  while (begin < least && before.charCodeAt(begin) === text.charCodeAt(begin)) begin++;
  let end = 0;
  while (
    end < least - begin &&
    before.charCodeAt(before.length - 1 - end) === text.charCodeAt(text.length - 1 - end)
  )
    end++;
  const from = model.getPositionAt(begin);
  const to = model.getPositionAt(before.length - end);
  model.pushStackElement();
  model.pushEditOperations(
    null,
    [
      {
        range: new monaco.Range(from.lineNumber, from.column, to.lineNumber, to.column),
        text: text.slice(begin, text.length - end),
      },
    ],
    () => null,
  );
  model.pushStackElement();
}

export { languageOf, languageTitle, monaco };
