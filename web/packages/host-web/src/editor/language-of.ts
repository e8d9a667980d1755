// SPDX-License-Identifier: Apache-2.0
// Which language a file is in, by its name and its first line.

import * as monaco from "monaco-editor/editor.js";
import { nameOf } from "../paths.ts";

/** The editor's name of the language; `plaintext` where none is known. */
export function languageOf(path: string, firstLine: string): string {
  const name = nameOf(path).toLowerCase();
  let best = "plaintext";
  let length = 0;
  for (const language of monaco.languages.getLanguages()) {
    if (language.filenames?.some((each) => each.toLowerCase() === name)) return language.id;
    for (const end of language.extensions ?? []) {
      if (end.length > length && name.endsWith(end.toLowerCase())) {
        best = language.id;
        length = end.length;
      }
    }
  }
  if (length > 0) return best;
  for (const language of monaco.languages.getLanguages()) {
    if (language.firstLine && new RegExp(language.firstLine).test(firstLine)) return language.id;
  }
  return best;
}

/** The name of a language for people. */
export function languageTitle(id: string): string {
  if (id === "plaintext") return "Plain Text";
  const found = monaco.languages.getLanguages().find((each) => each.id === id);
  return found?.aliases?.[0] ?? id;
}
