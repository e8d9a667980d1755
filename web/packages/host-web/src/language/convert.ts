// SPDX-License-Identifier: Apache-2.0
// The protocol's places and names as the editor has them, and the other way round.

import type { FileSymbol, LanguageProblem, Span, SpanEdit, Spot, SymbolSort } from "@moat/proto";
import type * as Monaco from "monaco-editor/editor.js";

type Kinds = typeof Monaco.languages.CompletionItemKind;

/** A part of a text. */
export function rangeOf(span: Span): Monaco.IRange {
  return {
    startLineNumber: span.from.line,
    startColumn: span.from.column,
    endLineNumber: span.to.line,
    endColumn: span.to.column,
  };
}

/** A part of a text, for the server. */
export function spanOf(range: Monaco.IRange): Span {
  return {
    from: { line: range.startLineNumber, column: range.startColumn },
    to: { line: range.endLineNumber, column: range.endColumn },
  };
}

/** A place, for the server. */
export function spotOf(position: Monaco.IPosition): Spot {
  return { line: position.lineNumber, column: position.column };
}

/** Changes of a text. */
export function editsOf(edits: readonly SpanEdit[]): { range: Monaco.IRange; text: string }[] {
  return edits.map((edit) => ({ range: rangeOf(edit.span), text: edit.text }));
}

const ITEMS: Record<SymbolSort, keyof Kinds> = {
  text: "Text",
  file: "File",
  module: "Module",
  class: "Class",
  struct: "Struct",
  interface: "Interface",
  enum: "Enum",
  enum_member: "EnumMember",
  function: "Function",
  method: "Method",
  constructor: "Constructor",
  field: "Field",
  property: "Property",
  variable: "Variable",
  constant: "Constant",
  type_parameter: "TypeParameter",
  keyword: "Keyword",
  snippet: "Snippet",
  other: "Value",
};

/** What an item is. */
export function itemKind(
  monaco: typeof Monaco,
  sort: SymbolSort,
): Monaco.languages.CompletionItemKind {
  return monaco.languages.CompletionItemKind[ITEMS[sort]];
}

/** What a declaration is. */
export function symbolKind(monaco: typeof Monaco, sort: SymbolSort): Monaco.languages.SymbolKind {
  const name = ITEMS[sort] as string;
  const kinds = monaco.languages.SymbolKind as unknown as Record<
    string,
    Monaco.languages.SymbolKind
  >;
  return kinds[name] ?? monaco.languages.SymbolKind.Variable;
}

/** Declarations within each other. */
export function nested(
  monaco: typeof Monaco,
  symbols: readonly FileSymbol[],
): Monaco.languages.DocumentSymbol[] {
  const top: Monaco.languages.DocumentSymbol[] = [];
  const above: Monaco.languages.DocumentSymbol[] = [];
  for (const symbol of symbols) {
    const made: Monaco.languages.DocumentSymbol = {
      name: symbol.name,
      detail: symbol.detail ?? "",
      kind: symbolKind(monaco, symbol.sort),
      tags: [],
      range: rangeOf(symbol.span),
      selectionRange: rangeOf(symbol.name_span),
      children: [],
    };
    above.length = Math.min(above.length, symbol.depth);
    const parent = above[above.length - 1];
    (parent ? (parent.children ?? []) : top).push(made);
    above.push(made);
  }
  return top;
}

/** A problem as the editor marks it. */
export function markerOf(
  monaco: typeof Monaco,
  problem: LanguageProblem,
): Monaco.editor.IMarkerData {
  const { MarkerSeverity, MarkerTag } = monaco;
  const severities = {
    error: MarkerSeverity.Error,
    warning: MarkerSeverity.Warning,
    info: MarkerSeverity.Info,
    hint: MarkerSeverity.Hint,
  };
  const tags = [
    ...(problem.unused ? [MarkerTag.Unnecessary] : []),
    ...(problem.deprecated ? [MarkerTag.Deprecated] : []),
  ];
  return {
    ...rangeOf(problem.span),
    severity: severities[problem.severity],
    message: problem.message,
    source: problem.source,
    ...(problem.code ? { code: problem.code } : {}),
    ...(tags.length > 0 ? { tags } : {}),
  };
}

/**
 * Markdown that names no picture. A server's words may come from the repository, and a picture
 * is fetched when it is shown, which the page's policy would stop; code is left as it is.
 */
export function withoutPictures(markdown: string): string {
  let fence: string | null = null;
  return markdown
    .split("\n")
    .map((line) => {
      const mark = /^\s{0,3}(`{3,}(?!.*`)|~{3,})/.exec(line)?.[1];
      if (fence !== null) {
        if (mark?.startsWith(fence) && line.trim() === mark) fence = null;
        return line;
      }
      if (mark) {
        fence = mark;
        return line;
      }
      return line.replace(/(?<!`)(`+)(?!`)(?:.*?[^`])\1(?!`)|!\[/g, (found, code) =>
        code ? found : "!\\[",
      );
    })
    .join("\n");
}
