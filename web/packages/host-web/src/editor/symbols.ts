// SPDX-License-Identifier: Apache-2.0
// The outline of a file where no language server gives one: declarations found line by line,
// nested by their indentation.

/** A declaration. */
export interface Symbol {
  name: string;
  kind: "class" | "function" | "heading" | "other";
  /** From 1. */
  line: number;
  column: number;
  depth: number;
  /** The last line that belongs to it. */
  end: number;
}

interface Rule {
  test: RegExp;
  kind: Symbol["kind"];
}

const WORD = "([\\p{L}_$][\\p{L}\\p{N}_$]*)";
const rule = (text: string, kind: Symbol["kind"]): Rule => ({
  test: new RegExp(text.replaceAll("WORD", WORD), "u"),
  kind,
});

const C_LIKE = [
  rule(
    "^\\s*(?:export\\s+)?(?:public\\s+|private\\s+|protected\\s+|abstract\\s+|static\\s+|final\\s+|sealed\\s+)*(?:class|struct|interface|enum|union|namespace|record)\\s+WORD",
    "class",
  ),
  rule(
    "^(?:[\\w:<>,*&\\s\\[\\]]+?[\\s*&])WORD\\s*\\([^;{]*\\)\\s*(?:const\\s*)?(?:throws\\s+\\w+\\s*)?\\{?\\s*$",
    "function",
  ),
];

const RULES: Record<string, Rule[]> = {
  python: [
    rule("^\\s*class\\s+WORD", "class"),
    rule("^\\s*(?:async\\s+)?def\\s+WORD", "function"),
    rule("^([A-Z][A-Z0-9_]+)\\s*(?::[^=]+)?=", "other"),
  ],
  rust: [
    rule("^\\s*(?:pub(?:\\([^)]*\\))?\\s+)?(?:struct|enum|trait|union|mod)\\s+WORD", "class"),
    rule("^\\s*(?:unsafe\\s+)?impl(?:<[^>]*>)?\\s+(?:.*\\sfor\\s+)?WORD", "class"),
    rule(
      '^\\s*(?:pub(?:\\([^)]*\\))?\\s+)?(?:const\\s+|async\\s+|unsafe\\s+|extern\\s+"[^"]*"\\s+)*fn\\s+WORD',
      "function",
    ),
    rule("^\\s*(?:pub(?:\\([^)]*\\))?\\s+)?(?:const|static|type)\\s+WORD", "other"),
  ],
  typescript: [
    rule(
      "^\\s*(?:export\\s+)?(?:default\\s+)?(?:abstract\\s+)?(?:class|interface|enum|namespace|type)\\s+WORD",
      "class",
    ),
    rule("^\\s*(?:export\\s+)?(?:default\\s+)?(?:async\\s+)?function\\*?\\s+WORD", "function"),
    rule(
      "^\\s*(?:export\\s+)?const\\s+WORD\\s*=\\s*(?:async\\s*)?(?:\\([^)]*\\)|\\w+)\\s*(?::[^=]+)?=>",
      "function",
    ),
    rule(
      "^\\s+(?!if|for|while|switch|catch|return|function)(?:public\\s+|private\\s+|protected\\s+|readonly\\s+|static\\s+|async\\s+|override\\s+|get\\s+|set\\s+)*#?WORD\\s*\\([^)]*\\)\\s*(?::[^{]+)?\\{\\s*$",
      "function",
    ),
  ],
  go: [rule("^type\\s+WORD", "class"), rule("^func\\s+(?:\\([^)]*\\)\\s*)?WORD", "function")],
  ruby: [
    rule("^\\s*(?:class|module)\\s+WORD", "class"),
    rule("^\\s*def\\s+(?:self\\.)?WORD", "function"),
  ],
  php: [
    rule("^\\s*(?:abstract\\s+|final\\s+)?(?:class|interface|trait|enum)\\s+WORD", "class"),
    rule("^\\s*(?:public\\s+|private\\s+|protected\\s+|static\\s+)*function\\s+&?WORD", "function"),
  ],
  shell: [rule("^\\s*(?:function\\s+)?WORD\\s*\\(\\)\\s*\\{?", "function")],
  lua: [rule("^\\s*(?:local\\s+)?function\\s+([\\w.:]+)", "function")],
  swift: [
    rule(
      "^\\s*(?:public\\s+|private\\s+|open\\s+|final\\s+)*(?:class|struct|enum|protocol|extension|actor)\\s+WORD",
      "class",
    ),
    rule(
      "^\\s*(?:public\\s+|private\\s+|static\\s+|override\\s+|mutating\\s+)*func\\s+WORD",
      "function",
    ),
  ],
  kotlin: [
    rule("^\\s*(?:\\w+\\s+)*(?:class|interface|object)\\s+WORD", "class"),
    rule("^\\s*(?:\\w+\\s+)*fun\\s+(?:<[^>]*>\\s*)?(?:\\w+\\.)?WORD", "function"),
  ],
  markdown: [{ test: /^#{1,6}\s+(.+?)\s*#*\s*$/u, kind: "heading" }],
  toml: [{ test: /^\s*\[\[?([^\]]+)\]\]?/u, kind: "heading" }],
  ini: [{ test: /^\s*\[([^\]]+)\]/u, kind: "heading" }],
  makefile: [{ test: /^([\w./%-][^:=#\n]*?)\s*:(?!=)/u, kind: "function" }],
  css: [{ test: /^([.#@\w:[][^{;]*?)\s*\{\s*$/u, kind: "class" }],
  c: C_LIKE,
  cpp: C_LIKE,
  java: C_LIKE,
  csharp: C_LIKE,
};

const SAME: Record<string, string> = {
  javascript: "typescript",
  scss: "css",
  less: "css",
  dart: "java",
};
const KEYWORDS = new Set(["if", "for", "while", "switch", "return", "else", "catch"]);
const LINES_MOST = 20_000;

/** The declarations of a text. */
export function outlineOf(lines: readonly string[], language: string): Symbol[] {
  const rules = RULES[SAME[language] ?? language];
  if (!rules || lines.length > LINES_MOST) return [];
  const found: (Symbol & { indent: number })[] = [];
  let fenced = false;
  lines.forEach((text, index) => {
    if (language === "markdown" && /^\s*(```|~~~)/.test(text)) fenced = !fenced;
    if (fenced) return;
    for (const { test, kind } of rules) {
      const name = test.exec(text)?.[1];
      if (!name || KEYWORDS.has(name)) continue;
      const indent =
        kind === "heading" && language === "markdown"
          ? (/^#+/.exec(text)?.[0].length ?? 1) - 1
          : (/^\s*/.exec(text)?.[0].replaceAll("\t", "    ").length ?? 0);
      const column = text.indexOf(name) + 1;
      found.push({ name, kind, line: index + 1, column, depth: 0, end: lines.length, indent });
      break;
    }
  });
  const above: (Symbol & { indent: number })[] = [];
  for (const symbol of found) {
    while (above.length > 0 && (above[above.length - 1]?.indent ?? 0) >= symbol.indent) {
      const done = above.pop();
      if (done) done.end = symbol.line - 1;
    }
    symbol.depth = above.length;
    above.push(symbol);
  }
  return found.map(({ indent: _, ...symbol }) => symbol);
}

/** The declarations around a line, the outermost first. */
export function chainAt(outline: readonly Symbol[], line: number): Symbol[] {
  return outline.filter((each) => each.line <= line && line <= each.end);
}
