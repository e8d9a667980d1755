// SPDX-License-Identifier: Apache-2.0
// Characters that a person cannot see, or that turn the order of what is seen. They are shown by their code point, so that
// a text never looks like something else than it is.

/** A piece of a text: as it is, or an odd character by its name. */
export type Piece = { odd: false; text: string } | { odd: true; name: string };

// Soft hyphen, Arabic letter mark, Mongolian vowel separator, zero-width space, marks and embeddings of direction,
// invisible operators, isolates, byte order mark, interlinear annotation, tags, and controls other than tab and line ends.
// A zero-width joiner and a variation selector are left: emoji and scripts of South Asia need them.
const ODD =
  /(?![\t\n\r])\p{Cc}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Whether a text has a character that has to be shown by its name. */
export function hasOdd(text: string): boolean {
  return text.search(ODD) >= 0;
}

/** Takes a text apart, so that odd characters can be shown. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ODD)) {
    if (match.index > from) found.push({ odd: false, text: text.slice(from, match.index) });
    found.push({ odd: true, name: nameOf(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ odd: false, text: text.slice(from) });
  return found;
}

/** A text with odd characters written out, for titles and places where only text can stand. */
export function legible(text: string): string {
  return text.replace(ODD, (one) => `⟨${nameOf(one)}⟩`);
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
