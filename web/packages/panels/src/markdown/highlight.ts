// SPDX-License-Identifier: Apache-2.0
// Colours for code in documents: comments, texts, numbers and key words, by a handful of families of languages. It is small
// on purpose; the editor has the real thing. It is linear in the length of the code.

/** What a stretch of code is. */
export type Colour = "comment" | "text" | "number" | "word" | "added" | "removed" | "place" | null;

/** A stretch of code in one colour. */
export interface Stretch {
  text: string;
  colour: Colour;
}

interface Family {
  line: string[];
  block: [string, string] | null;
  quotes: string;
  /** Quotes that end only where they are repeated three times. */
  triple: boolean;
  words: ReadonlySet<string>;
}

const CODE_MAX = 60_000;

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const C_LIKE: Family = {
  line: ["//"],
  block: ["/*", "*/"],
  quotes: "\"'`",
  triple: false,
  words: words(
    "abstract as async await bool boolean break byte case catch char class const continue debugger default defer delete do double else enum export extends extern false final finally float fn for from func function get go goto if impl implements import in instanceof int interface let long loop match mod module move mut namespace new nil null of override package private protected pub public readonly ref return satisfies self short signed sizeof static struct super switch template this throw throws trait true try type typedef typename typeof undefined union unsafe unsigned use using var virtual void volatile where while with yield",
  ),
};

const HASHED: Family = {
  line: ["#"],
  block: null,
  quotes: "\"'`",
  triple: true,
  words: words(
    "and as assert async await begin break case class continue def del do done elif else elsif end esac except export False fi finally for from function global if import in is lambda local module None nonlocal not or pass raise require rescue return self set super then True try unless until while with yield echo cd true false nil",
  ),
};

const DASHED: Family = {
  line: ["--"],
  block: null,
  quotes: "\"'",
  triple: false,
  words: words(
    "select from where and or not null is in insert into values update set delete create table index view drop alter add primary key foreign references join left right inner outer on group by order having limit offset union all distinct as case when then else end begin commit rollback local function return if elseif while do for SELECT FROM WHERE AND OR NOT NULL IS IN INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE INDEX VIEW DROP ALTER ADD PRIMARY KEY FOREIGN REFERENCES JOIN LEFT RIGHT INNER OUTER ON GROUP BY ORDER HAVING LIMIT OFFSET UNION ALL DISTINCT AS CASE WHEN THEN ELSE END BEGIN COMMIT ROLLBACK",
  ),
};

const DATA: Family = {
  line: ["#", "//"],
  block: ["/*", "*/"],
  quotes: "\"'",
  triple: false,
  words: words("true false null yes no on off"),
};

const FAMILIES: Record<string, Family> = {};
const name = (family: Family, names: string) =>
  names.split(" ").forEach((one) => (FAMILIES[one] = family));
name(
  C_LIKE,
  "js jsx javascript mjs ts tsx typescript rust rs go c h cpp c++ cc hpp cs c# csharp java kotlin kt swift scala dart php proto zig css scss less",
);
name(
  HASHED,
  "py python rb ruby sh bash zsh shell console fish perl pl r make makefile dockerfile elixir ex nix",
);
name(DASHED, "sql lua haskell hs ada elm");
name(DATA, "json jsonc json5 toml yaml yml ini conf cfg");

/** Colours a text of a language; a language that is not known stays as it is. */
export function colour(code: string, language: string): Stretch[] {
  const key = language.toLowerCase();
  if (code.length > CODE_MAX) return [{ text: code, colour: null }];
  if (key === "diff" || key === "patch") return diff(code);
  const family = FAMILIES[key];
  return family ? scan(code, family) : [{ text: code, colour: null }];
}

function diff(code: string): Stretch[] {
  return code.split(/(?<=\n)/u).map((line) => {
    if (/^(\+\+\+|---|@@|diff |index )/u.test(line)) return { text: line, colour: "place" };
    if (line.startsWith("+")) return { text: line, colour: "added" };
    if (line.startsWith("-")) return { text: line, colour: "removed" };
    return { text: line, colour: null };
  });
}

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)/uy;

function scan(code: string, family: Family): Stretch[] {
  const found: Stretch[] = [];
  let plainFrom = 0;
  let at = 0;
  const put = (to: number, colour: Colour) => {
    if (at > plainFrom) found.push({ text: code.slice(plainFrom, at), colour: null });
    found.push({ text: code.slice(at, to), colour });
    at = to;
    plainFrom = to;
  };
  while (at < code.length) {
    const end = commentEnd(code, at, family);
    const text =
      end === null && family.quotes.includes(code[at] ?? "") ? textEnd(code, at, family) : at;
    if (end !== null) put(end, "comment");
    else if (text > at + 1) put(text, "text");
    else if (/[\d]/u.test(code[at] ?? "")) put(matchEnd(NUMBER, code, at) ?? at + 1, "number");
    else {
      const to = matchEnd(WORD, code, at);
      if (to === null) at += 1;
      else if (family.words.has(code.slice(at, to))) put(to, "word");
      else at = to;
    }
  }
  if (plainFrom < code.length) found.push({ text: code.slice(plainFrom), colour: null });
  return found;
}

function matchEnd(pattern: RegExp, code: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.exec(code) ? pattern.lastIndex : null;
}

function commentEnd(code: string, at: number, family: Family): number | null {
  if (family.block && code.startsWith(family.block[0], at)) {
    const end = code.indexOf(family.block[1], at + family.block[0].length);
    return end < 0 ? code.length : end + family.block[1].length;
  }
  if (!family.line.some((mark) => code.startsWith(mark, at))) return null;
  // `#` and `//` within a word, such as in an address, begin no comment.
  if (at > 0 && !/[\s;{}()\],]/u.test(code[at - 1] ?? "")) return null;
  const end = code.indexOf("\n", at);
  return end < 0 ? code.length : end;
}

function textEnd(code: string, at: number, family: Family): number {
  const quote = code[at] ?? "";
  if (family.triple && code.startsWith(quote.repeat(3), at)) {
    const end = code.indexOf(quote.repeat(3), at + 3);
    return end < 0 ? code.length : end + 3;
  }
  for (let to = at + 1; to < code.length; to += 1) {
    const here = code[to];
    if (here === "\\") to += 1;
    else if (here === quote) return to + 1;
    // An apostrophe, or a lifetime of Rust, is no text: one that has no end in its line is let go.
    else if (here === "\n" && quote !== "`") return at + 1;
  }
  return quote === "`" ? code.length : at + 1;
}
