// SPDX-License-Identifier: Apache-2.0
// Makes foreign text safe to look at: what acts or cannot be seen is written out as a code, as
// the terminal front end does it. Nothing of a program, a repository or a model passes for
// something else.

/** What acts or hides; line feed and tab are neither. The same set as `moat_base::hides`. */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each stands for itself
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\ud800-\udfff]/gu;

/** Text with everything that hides written as `<U+XXXX>`. */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, code);
}

/** The same in one line. */
export function oneLine(text: string): string {
  return visible(text).replaceAll("\n", "<U+000A>");
}

function code(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `<U+${point.toString(16).toUpperCase().padStart(4, "0")}>`;
}

const PLAIN_WORD = /^[\p{L}\p{N}\-_./=:,@+%]+$/u;

/** An argument vector, each word as a shell would have to be given it. Nothing is shortened. */
export function words(argv: readonly string[]): string {
  return argv.map(quoted).join(" ");
}

/** A command in one line. Of a shell line that Moat itself has a shell read, only the line. */
export function commandLine(argv: readonly string[]): string {
  const [shell, flag, line] = argv;
  if (argv.length === 3 && shell === "/bin/sh" && flag === "-c" && line !== undefined) {
    return breaks(line) ? escaped(line) : line;
  }
  return words(argv);
}

/** One word, in quotes where a shell would need them. */
export function quoted(word: string): string {
  if (breaks(word)) return escaped(word);
  if (PLAIN_WORD.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function breaks(text: string): boolean {
  HIDDEN.lastIndex = 0;
  return /[\n\t]/.test(text) || HIDDEN.test(text);
}

/** Text in the quotes of shells that know escapes. */
function escaped(text: string): string {
  let shown = "$'";
  for (const character of text) {
    if (character === "\\" || character === "'") shown += `\\${character}`;
    else if (character === "\n") shown += "\\n";
    else if (character === "\t") shown += "\\t";
    else if (character === "\r") shown += "\\r";
    else if (breaks(character)) shown += escapeOf(character.codePointAt(0) ?? 0);
    else shown += character;
  }
  return `${shown}'`;
}

function escapeOf(point: number): string {
  const hex = point.toString(16);
  if (point < 0x80) return `\\x${hex.padStart(2, "0")}`;
  if (point < 0x10000) return `\\u${hex.padStart(4, "0")}`;
  return `\\U${hex.padStart(8, "0")}`;
}
