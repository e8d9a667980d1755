// SPDX-License-Identifier: Apache-2.0
// Who changed the line of the cursor last, behind that line, where the user wants to see it. While a file has unsaved work its
// lines are not those that git knows, so nothing is said.

import { type BlameSource, createBlame } from "@moat/panels/scm/blame.ts";
import type { editor } from "monaco-editor/editor.js";
import { createRoot } from "solid-js";
import type { App } from "../app.ts";
import type { Kit } from "./kit.ts";

const WORDS_MOST = 160;
const sources = new WeakMap<App, BlameSource>();

function sourceOf(app: App): BlameSource {
  let source = sources.get(app);
  if (!source) {
    source = createRoot(() => createBlame(app.host));
    sources.set(app, source);
  }
  return source;
}

/** Shows it in an editor. Returns how to take it away. */
export function showBlame(
  app: App,
  kit: Kit,
  target: editor.ICodeEditor,
  path: string,
): () => void {
  const blame = sourceOf(app).blameFor(path);
  if (!blame) return () => {};
  const marks = target.createDecorationsCollection();
  const draw = () => {
    const line = target.getPosition()?.lineNumber;
    const words = line === undefined ? null : blame.say(line);
    const end = line === undefined ? undefined : target.getModel()?.getLineMaxColumn(line);
    if (line === undefined || words === null || end === undefined) {
      marks.clear();
      return;
    }
    marks.set([
      {
        range: new kit.monaco.Range(line, end, line, end),
        options: {
          showIfCollapsed: true,
          after: {
            content: shown(words),
            inlineClassName: "blame-note",
            cursorStops: kit.monaco.editor.InjectedTextCursorStops.None,
          },
        },
      },
    ]);
  };
  draw();
  const listening = target.onDidChangeCursorPosition(draw);
  return () => {
    listening.dispose();
    marks.clear();
  };
}

/** What a commit's author wrote, as one line without anything that is not seen. */
export function shown(words: string): string {
  const plain = words.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  const letters = [...plain];
  return letters.length > WORDS_MOST ? `${letters.slice(0, WORDS_MOST).join("")}…` : plain;
}
