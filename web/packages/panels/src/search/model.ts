// SPDX-License-Identifier: Apache-2.0
// What a search found, by file and in order: what comes in, what is dismissed, and the rows that are shown of it.

import type { SearchHit, SearchLine, SearchSpec } from "@moat/proto";

/** What was found in one file. */
export interface FoundFile {
  path: string;
  lines: FoundLine[];
}

/** A line with matches. */
export interface FoundLine {
  key: string;
  line: number;
  text: string;
  matched: readonly (readonly [number, number])[];
  cut: number;
}

/** A row of the results. */
export type Row =
  | { kind: "file"; key: string; path: string; count: number; open: boolean }
  | { kind: "line"; key: string; path: string; line: FoundLine };

/** How a search stands. */
export type Standing = "idle" | "running" | "ended" | "failed";

/** Everything that a search found; each change makes a new one, so that it can be held in a signal. */
export interface Results {
  files: ReadonlyMap<string, FoundFile>;
  matches: number;
}

export const NOTHING: Results = { files: new Map(), matches: 0 };

/** Adds what came in. A file that was there already gets the new lines at its end. */
export function added(results: Results, hits: readonly SearchHit[]): Results {
  const files = new Map(results.files);
  let matches = results.matches;
  for (const hit of hits) {
    const before = files.get(hit.path)?.lines ?? [];
    const lines = hit.lines.map((line) => foundLine(hit.path, line));
    matches += lines.reduce((sum, line) => sum + line.matched.length, 0);
    files.set(hit.path, { path: hit.path, lines: [...before, ...lines] });
  }
  return { files, matches };
}

function foundLine(path: string, line: SearchLine): FoundLine {
  return {
    key: `${path}\n${line.line}`,
    line: line.line,
    text: line.text,
    matched: line.matched,
    cut: line.cut,
  };
}

/** Takes a file away. */
export function withoutFile(results: Results, path: string): Results {
  const gone = results.files.get(path);
  if (gone === undefined) return results;
  const files = new Map(results.files);
  files.delete(path);
  return { files, matches: results.matches - countOf(gone) };
}

/** Takes a line away, and its file with the last. */
export function withoutLine(results: Results, path: string, key: string): Results {
  const file = results.files.get(path);
  const line = file?.lines.find((one) => one.key === key);
  if (file === undefined || line === undefined) return results;
  if (file.lines.length === 1) return withoutFile(results, path);
  const files = new Map(results.files);
  files.set(path, { path, lines: file.lines.filter((one) => one !== line) });
  return { files, matches: results.matches - line.matched.length };
}

/** How many matches a file has. */
export function countOf(file: FoundFile): number {
  return file.lines.reduce((sum, line) => sum + line.matched.length, 0);
}

/** The rows, by path. */
export function rows(results: Results, closed: ReadonlySet<string>): Row[] {
  const found: Row[] = [];
  for (const file of [...results.files.values()].sort(byPath)) {
    const open = !closed.has(file.path);
    found.push({ kind: "file", key: file.path, path: file.path, count: countOf(file), open });
    if (open)
      for (const line of file.lines)
        found.push({ kind: "line", key: line.key, path: file.path, line });
  }
  return found;
}

function byPath(a: FoundFile, b: FoundFile): number {
  const [first, second] = [directoryOf(a.path), directoryOf(b.path)];
  if (first !== second) return first < second ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The globs of a field: parted by commas, a directory means what lies below it, and a bare name lies anywhere. */
export function globs(text: string): string[] {
  return text
    .split(/,(?![^{]*\})/u)
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .map((one) => {
      const whole = one.replace(/^\.\//u, "");
      if (whole.endsWith("/")) return `${anywhere(whole.slice(0, -1))}/**`;
      return anywhere(whole);
    });
}

function anywhere(glob: string): string {
  return glob.includes("/") || glob.startsWith("**") ? glob.replace(/^\//u, "") : `**/${glob}`;
}

/** What stands in the fields. */
export interface Fields {
  pattern: string;
  regex: boolean;
  case: boolean;
  word: boolean;
  include: string;
  exclude: string;
  ignored: boolean;
}

/** What is asked of the server. */
export function specOf(fields: Fields, alwaysExclude: string): SearchSpec {
  return {
    pattern: fields.pattern,
    regex: fields.regex,
    case: fields.case,
    word: fields.word,
    include: globs(fields.include),
    exclude: [...globs(fields.exclude), ...globs(alwaysExclude)],
    ignored: fields.ignored,
  };
}

/** A piece of a line: as it is, what matched, or what would stand there instead. */
export interface Piece {
  text: string;
  form: "plain" | "match" | "gone" | "new";
}

const LEAD_MOST = 40;

/** The pieces of a line. What stands far before the first match is left out, so that the match is seen. */
export function piecesOf(
  line: FoundLine,
  replacement: ((match: string) => string) | null,
): Piece[] {
  const found: Piece[] = [];
  const put = (text: string, form: Piece["form"]) => {
    if (text !== "") found.push({ text, form });
  };
  let at = leadFrom(line);
  // What was cut is only said where it is more than indentation.
  if (line.cut > 0 || line.text.slice(0, at).trim() !== "") put("…", "plain");
  for (const [begin, end] of line.matched) {
    if (begin < at) continue;
    put(line.text.slice(at, begin), "plain");
    const match = line.text.slice(begin, end);
    if (replacement === null) put(match, "match");
    else {
      put(match, "gone");
      put(replacement(match), "new");
    }
    at = end;
  }
  put(line.text.slice(at), "plain");
  return found;
}

function leadFrom(line: FoundLine): number {
  const indent = line.text.length - line.text.trimStart().length;
  const first = line.matched[0]?.[0] ?? 0;
  if (first - indent <= LEAD_MOST) return Math.min(indent, first);
  return first - LEAD_MOST / 2;
}

/** What would stand in the place of a match, as far as that can be said here: the server's expressions differ in corners. */
export function replacer(
  spec: Pick<SearchSpec, "pattern" | "regex" | "case">,
  text: string,
): (match: string) => string {
  if (!spec.regex) return () => text;
  let pattern: RegExp;
  try {
    pattern = new RegExp(spec.pattern, spec.case ? "u" : "iu");
  } catch {
    return () => text;
  }
  // In the server's words `${1}` and `$1` are the first group; here `$&` and the like would mean something too.
  const here = text.replace(/\$(?!\d|\{\d+\})/gu, "$$$$").replace(/\$\{(\d+)\}/gu, "$$$1");
  return (match) => match.replace(pattern, here);
}

/** The place where a line's first match is: the column counts from 1 in the whole line. */
export function columnOf(line: FoundLine): number {
  return line.cut + (line.matched[0]?.[0] ?? 0) + 1;
}
